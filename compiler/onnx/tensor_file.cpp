// .pb by ONNX's protobuf messages; .npy, version 1.0, by hand: a magic number, a header that is a Python dictionary,
// the bytes.
#include "compiler/onnx/tensor_file.hpp"

#include <onnx/onnx_pb.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "compiler/error.hpp"
#include "compiler/onnx/tensor_proto.hpp"

namespace thimble::compiler {

namespace {

struct Known {
  ElementType element;
  int onnx;
  const char* numpy;
};
constexpr Known known[] = {{ElementType::float32, 1, "<f4"}, {ElementType::uint8, 2, "|u1"},
                           {ElementType::int8, 3, "|i1"},    {ElementType::int16, 5, "<i2"},
                           {ElementType::int32, 6, "<i4"},   {ElementType::int64, 7, "<i8"},
                           {ElementType::boolean, 9, "|b1"}};

std::string read_bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw Error(path, "the file cannot be read", "Check the path.");
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

Tensor made(const std::string& path, ElementType element, Shape shape, std::string_view bytes) {
  Tensor t{{element, std::move(shape), {}}, {}};
  if (int64_t(bytes.size()) != byte_size(t.type))
    throw Error(
        path,
        fmt::format("it holds {} bytes, its type {} takes {}", bytes.size(), to_string(t.type), byte_size(t.type)),
        "The file is damaged: make it again.");
  t.bytes.resize(bytes.size());
  if (!bytes.empty()) std::memcpy(t.bytes.data(), bytes.data(), bytes.size());
  return t;
}

Tensor read_pb(const std::string& path) {
  onnx::TensorProto proto;
  if (!proto.ParseFromString(read_bytes(path)))
    throw Error(path, "it is not a TensorProto", "Give a .pb file as ONNX test data has them, or a .npy file.");
  return to_tensor(proto, path);
}

Tensor read_npy(const std::string& path) {
  const std::string bytes = read_bytes(path);
  if (bytes.size() < 12 || bytes.compare(0, 6, "\x93NUMPY") != 0)
    throw Error(path, "it does not begin as a .npy file", "Save it with numpy.save.");
  const auto byte = [&](size_t i) { return size_t(uint8_t(bytes[i])); };
  const bool long_header = bytes[6] >= 2;
  const size_t at = long_header ? 12 : 10;
  const size_t length = byte(8) | byte(9) << 8 | (long_header ? byte(10) << 16 | byte(11) << 24 : 0);
  if (bytes.size() < at + length)
    throw Error(path, fmt::format("its header of {} bytes is cut short at {}", length, bytes.size() - at),
                "The file is damaged: make it again.");
  const std::string header = bytes.substr(at, length);
  std::smatch descr, shape;
  if (!std::regex_search(header, descr, std::regex("'descr': *'([^']*)'")) ||
      !std::regex_search(header, shape, std::regex("'shape': *\\(([0-9, ]*)\\)")))
    throw Error(path, "its header has no 'descr' and 'shape'", "Save it with numpy.save.");
  if (header.find("'fortran_order': False") == std::string::npos)
    throw Error(path, "it is not in row-major order", "Save it with numpy.ascontiguousarray.");
  Shape dims;
  std::istringstream numbers(shape[1].str());
  for (std::string d; std::getline(numbers, d, ',');)
    if (d.find_first_of("0123456789") != std::string::npos) dims.push_back(std::stoll(d));
  for (const Known& k : known)
    if (descr[1] == k.numpy) return made(path, k.element, dims, std::string_view(bytes).substr(at + length));
  throw Error(path, "elements of type '" + descr[1].str() + "' are not supported",
              "Use float32, an integer or bool, little-endian.");
}

const Known& facts(ElementType element) {
  for (const Known& k : known)
    if (k.element == element) return k;
  throw InternalError("tensor files: unknown element type");
}

std::string npy_text(const Tensor& t) {
  const std::string shape = fmt::format("{}{}", fmt::join(t.type.shape, ", "), t.type.shape.size() == 1 ? "," : "");
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", facts(t.type.element).numpy, shape);
  header.resize((10 + header.size() + 1 + 63) / 64 * 64 - 10 - 1, ' ');
  header += '\n';
  std::string text = "\x93NUMPY";
  text += {char(1), char(0), char(header.size() & 255), char(header.size() >> 8)};
  return text + header + std::string(reinterpret_cast<const char*>(t.bytes.data()), t.bytes.size());
}

}  // namespace

Tensor read_tensor(const std::string& path) {
  const std::string extension = std::filesystem::path(path).extension();
  if (extension == ".pb") return read_pb(path);
  if (extension == ".npy") return read_npy(path);
  throw Error(path, "the extension is '" + extension + "'", "Give a .npy or .pb file.");
}

void write_tensor(const std::string& path, const std::string& name, const Tensor& t) {
  std::string text;
  if (std::filesystem::path(path).extension() == ".pb") {
    onnx::TensorProto proto;
    proto.set_name(name);
    proto.set_data_type(facts(t.type.element).onnx);
    for (int64_t d : t.type.shape) proto.add_dims(d);
    proto.set_raw_data(t.bytes.data(), t.bytes.size());
    text = proto.SerializeAsString();
  } else {
    text = npy_text(t);
  }
  std::ofstream out(path, std::ios::binary);
  if (!(out << text)) throw Error(path, "the file cannot be written", "Check the folder and its permissions.");
}

}  // namespace thimble::compiler
