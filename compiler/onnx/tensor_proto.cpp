// Reads TensorProto: raw bytes, or one of the typed fields.
#include "compiler/onnx/tensor_proto.hpp"

#include <onnx/onnx_pb.h>

#include <cmath>
#include <limits>

#include "compiler/error.hpp"

namespace thimble::compiler {

namespace {

using onnx::TensorProto;

constexpr int64_t largest_constant = int64_t(1) << 30;  // bytes

// Bits of one stored element; 0 where there is no fixed number.
int element_bits(int onnx_type) {
  switch (onnx_type) {
    case TensorProto::INT2:
    case TensorProto::UINT2:
      return 2;
    case TensorProto::INT4:
    case TensorProto::UINT4:
    case TensorProto::FLOAT4E2M1:
      return 4;
    case TensorProto::BOOL:
    case TensorProto::INT8:
    case TensorProto::UINT8:
    case TensorProto::FLOAT8E4M3FN:
    case TensorProto::FLOAT8E4M3FNUZ:
    case TensorProto::FLOAT8E5M2:
    case TensorProto::FLOAT8E5M2FNUZ:
    case TensorProto::FLOAT8E8M0:
      return 8;
    case TensorProto::INT16:
    case TensorProto::UINT16:
    case TensorProto::FLOAT16:
    case TensorProto::BFLOAT16:
      return 16;
    case TensorProto::INT32:
    case TensorProto::UINT32:
    case TensorProto::FLOAT:
      return 32;
    case TensorProto::INT64:
    case TensorProto::UINT64:
    case TensorProto::DOUBLE:
    case TensorProto::COMPLEX64:
      return 64;
    case TensorProto::COMPLEX128:
      return 128;
    default:
      return 0;
  }
}

float from_float16(uint16_t bits) {
  const double sign = bits & 0x8000 ? -1 : 1;
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  if (exponent == 31)
    return fraction ? std::numeric_limits<float>::quiet_NaN() : float(sign) * std::numeric_limits<float>::infinity();
  // Subnormals have exponent 1 and no leading 1.
  return float(sign * std::ldexp(exponent ? 1024 + fraction : fraction, (exponent ? exponent : 1) - 25));
}

float from_bfloat16(uint16_t bits) {
  const uint32_t wide = uint32_t(bits) << 16;
  float value;
  std::memcpy(&value, &wide, sizeof value);
  return value;
}

// Where the elements of one tensor come from and go to.
class Reader {
 public:
  Reader(const TensorProto& proto, Tensor& tensor, int64_t count, const std::string& where)
      : proto_(proto), tensor_(tensor), count_(count), where_(where) {}

  void read() {
    switch (proto_.data_type()) {
      case TensorProto::FLOAT:
        return copy<float, float>(proto_.float_data());
      case TensorProto::DOUBLE:
        return convert<double>(proto_.double_data(), [this](double v) { return narrowed(v); });
      case TensorProto::FLOAT16:
        return convert<uint16_t>(proto_.int32_data(), from_float16);
      case TensorProto::BFLOAT16:
        return convert<uint16_t>(proto_.int32_data(), from_bfloat16);
      case TensorProto::INT8:
        return copy<int8_t, int8_t>(proto_.int32_data());
      case TensorProto::UINT8:
        return copy<uint8_t, uint8_t>(proto_.int32_data());
      case TensorProto::INT16:
        return copy<int16_t, int16_t>(proto_.int32_data());
      case TensorProto::INT32:
        return copy<int32_t, int32_t>(proto_.int32_data());
      case TensorProto::INT64:
        return copy<int64_t, int64_t>(proto_.int64_data());
      case TensorProto::BOOL:
        return convert<uint8_t>(proto_.int32_data(), [](uint8_t v) { return uint8_t(v != 0); });
      case TensorProto::INT4:
        return unpack(4, true);
      case TensorProto::UINT4:
        return unpack(4, false);
      case TensorProto::INT2:
        return unpack(2, true);
      case TensorProto::UINT2:
        return unpack(2, false);
      default:
        throw InternalError("to_tensor: element type " + onnx_type_name(proto_.data_type()));
    }
  }

 private:
  template <class T>
  void set(int64_t i, T value) {
    std::memcpy(tensor_.bytes.data() + size_t(i) * sizeof(T), &value, sizeof(T));
  }

  void expect(int64_t found, int64_t wanted, const char* what) const {
    if (found != wanted)
      throw Error(where_, fmt::format("it holds {} {}, its dimensions call for {}", found, what, wanted),
                  "The model is damaged: export it again.");
  }

  // Element i as stored, of type S: from the raw bytes or the typed field.
  template <class S, class Field>
  S stored(const Field& field, int64_t i) const {
    if (proto_.has_raw_data()) {
      S value;
      std::memcpy(&value, proto_.raw_data().data() + size_t(i) * sizeof(S), sizeof(S));
      return value;
    }
    const auto value = field.Get(int(i));
    if constexpr (std::is_integral_v<S>)
      if (value < std::numeric_limits<S>::min() || value > std::numeric_limits<S>::max())
        throw Error(where_, fmt::format("element {} is {}, beyond {}", i, value, onnx_type_name(proto_.data_type())),
                    "The model is damaged: export it again.");
    return S(value);
  }

  template <class S, class Field, class F>
  void convert(const Field& field, F&& to_ours) {
    if (proto_.has_raw_data())
      expect(int64_t(proto_.raw_data().size()), count_ * int64_t(sizeof(S)), "bytes");
    else
      expect(field.size(), count_, "elements");
    for (int64_t i = 0; i < count_; ++i) set(i, to_ours(stored<S>(field, i)));
  }

  template <class S, class T, class Field>
  void copy(const Field& field) {
    convert<S>(field, [](S v) { return T(v); });
  }

  float narrowed(double v) const {
    if (std::isfinite(v) && std::abs(v) > double(std::numeric_limits<float>::max()))
      throw Error(where_, fmt::format("it holds {}, float32 reaches {}", v, std::numeric_limits<float>::max()),
                  "Thimble computes in float32: scale the model's constants down.");
    return float(v);
  }

  // Elements of `bits` bits, the first in the lowest bits of a byte.
  void unpack(int bits, bool is_signed) {
    const int per_byte = 8 / bits;
    const int64_t bytes = (count_ + per_byte - 1) / per_byte;
    expect(proto_.has_raw_data() ? int64_t(proto_.raw_data().size()) : proto_.int32_data_size(), bytes, "bytes");
    for (int64_t i = 0; i < count_; ++i) {
      const int64_t at = i / per_byte;
      const unsigned byte = uint8_t(proto_.has_raw_data() ? proto_.raw_data()[size_t(at)] : proto_.int32_data(int(at)));
      int value = int(byte >> (i % per_byte * bits) & ((1u << bits) - 1));
      if (is_signed && value >= 1 << (bits - 1)) value -= 1 << bits;
      set(i, uint8_t(value));
    }
  }

  const TensorProto& proto_;
  Tensor& tensor_;
  const int64_t count_;
  const std::string& where_;
};

}  // namespace

std::optional<ElementType> element_type(int onnx_type) {
  switch (onnx_type) {
    case TensorProto::FLOAT:
    case TensorProto::FLOAT16:
    case TensorProto::BFLOAT16:
    case TensorProto::DOUBLE:
      return ElementType::float32;
    case TensorProto::INT8:
    case TensorProto::INT4:
    case TensorProto::INT2:
      return ElementType::int8;
    case TensorProto::UINT8:
    case TensorProto::UINT4:
    case TensorProto::UINT2:
      return ElementType::uint8;
    case TensorProto::INT16:
      return ElementType::int16;
    case TensorProto::INT32:
      return ElementType::int32;
    case TensorProto::INT64:
      return ElementType::int64;
    case TensorProto::BOOL:
      return ElementType::boolean;
    default:
      return {};
  }
}

bool runs_as(int onnx_type) {
  return element_type(onnx_type) && element_bits(onnx_type) >= 8;
}

std::string onnx_type_name(int onnx_type) {
  if (!TensorProto::DataType_IsValid(onnx_type)) return fmt::format("number {}", onnx_type);
  std::string name = TensorProto::DataType_Name(TensorProto::DataType(onnx_type));
  for (char& c : name) c = char(std::tolower(static_cast<unsigned char>(c)));
  return name;
}

int64_t checked_element_count(const TensorProto& proto, const std::string& where) {
  int64_t count = 1;
  for (int64_t d : proto.dims())
    if (d < 0) throw Error(where, fmt::format("it has a dimension of {}", d), "The model is damaged: export it again.");
  for (int64_t d : proto.dims())
    if (d == 0) return 0;
  for (int64_t d : proto.dims())
    if (__builtin_mul_overflow(count, d, &count) || count > largest_constant)
      throw Error(where,
                  fmt::format("its dimensions [{}] call for more than {} elements", fmt::join(proto.dims(), ","),
                              largest_constant),
                  "Thimble takes constants of up to 1 GiB.");
  return count;
}

int64_t raw_bytes(int onnx_type, int64_t elements) {
  const int bits = element_bits(onnx_type);
  return bits >= 8 ? elements * (bits / 8) : (elements * bits + 7) / 8;
}

Tensor to_tensor(const TensorProto& proto, const std::string& where) {
  const auto element = element_type(proto.data_type());
  if (!element)
    throw Error(where, "its elements are of type " + onnx_type_name(proto.data_type()) + ", which is not supported",
                "Use float32, an integer type or bool.");
  const int64_t count = checked_element_count(proto, where);
  if (count * size_of(*element) > largest_constant)
    throw Error(where, fmt::format("it takes {} bytes, {} are the most", count * size_of(*element), largest_constant),
                "Thimble takes constants of up to 1 GiB.");
  Tensor tensor{{*element, {proto.dims().begin(), proto.dims().end()}, {}}, {}};
  // What the model holds is looked at before memory is taken for what it claims.
  const int64_t held =
      std::max<int64_t>({int64_t(proto.raw_data().size()) * 4, proto.float_data_size(), proto.int32_data_size() * 4,
                         proto.int64_data_size(), proto.double_data_size()});
  if (held < count)
    throw Error(where, fmt::format("it holds at most {} elements, its dimensions call for {}", held, count),
                "The model is damaged: export it again.");
  tensor.bytes.resize(size_t(count * size_of(*element)));
  Reader(proto, tensor, count, where).read();
  return tensor;
}

std::optional<TensorType> to_type(const onnx::TypeProto& type) {
  if (!type.has_tensor_type() || !type.tensor_type().has_shape()) return {};
  const auto element = element_type(type.tensor_type().elem_type());
  if (!element) return {};
  TensorType result{*element, {}, {}};
  for (const auto& d : type.tensor_type().shape().dim()) {
    if (!d.has_dim_value() || d.dim_value() < 0) return {};
    result.shape.push_back(d.dim_value());
  }
  return result;
}

}  // namespace thimble::compiler
