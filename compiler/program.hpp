// The lowered model as data: buffers, constants, layers. Reports, the planner and the code generator read the same
// data.
#pragma once
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "compiler/ir/tensor.hpp"
#include "thimble/band.pack.hpp"

namespace thimble::compiler {

// How a value lies in memory. `flat` is row-major in ONNX's axis order. `nhwc` is for values of rank 3 or 4,
// [N,C,L] or [N,C,H,W]: rows of pixels of channels (a rank-3 value has height L and width 1). `planes` is for int8
// values of rank 4 with N = 1: a row is [channel][border + width], the border's bytes serving two planes.
enum class Layout : uint8_t { flat, nhwc, planes };

struct Buffer {
  std::string name;  // the model's value
  TensorType type;   // logical, in ONNX's axis order
  Layout layout = Layout::flat;
  int32_t height = 1, width = 1, channels = 1;  // of one image, for nhwc and planes
  int32_t row_bytes = 0;                        // bytes of one row; a flat buffer is one row
  int64_t bytes = 0;                            // rows of all images, and `tail` bytes behind
  int32_t border = 0;                           // planes: pixels between two
  int32_t tail_bytes = 0;                       // planes: border bytes behind the last row
  // A view shares storage: it lies `view_offset` bytes into buffer `view_of` (which is no view itself).
  std::optional<int> view_of;
  int64_t view_offset = 0;
};

// Packed weights, tables and other constants, as they lie in flash.
struct ConstantArray {
  std::string name;     // "conv1_weights"
  std::string comment;  // shape, layout and meaning, one line, for the generated code
  ElementType element;  // int8, uint8, int16, int32 or float32
  std::vector<std::byte> bytes;
  bool weights = true;  // false: a table or a padding row, counted as code

  template <class T>
  static ConstantArray of(std::string name, std::string comment, const std::vector<T>& values, bool weights) {
    ConstantArray c{std::move(name), std::move(comment), element_type_of<T>(), {}, weights};
    c.bytes.resize(values.size() * sizeof(T));
    if (!values.empty()) std::memcpy(c.bytes.data(), values.data(), c.bytes.size());
    return c;
  }
};

// One member of a layer's constants, in the order of the runtime struct.
struct Field {
  struct Array {
    int constant;
  };                 // index into Program::constants: emitted as a pointer
  struct Null {};    // a null pointer
  std::string name;  // "out.shift": member `shift` of the nested struct `out`
  std::variant<int64_t, float, Array, Null> value;
};

// Where the result of a layer may lie over an operand. The planner overlaps buffers only as this allows.
enum class Overwrite : uint8_t {
  nothing,     // the operand must stay whole until the layer is done
  same_place,  // exact in place: the result may have the very same address
};

struct Operand {
  int buffer;
  Overwrite overwrite = Overwrite::nothing;  // inputs only
};

// One kernel call with its constants.
//   banded:  kernel(constants, const Rows& in..., const Rows& out, y0, y1[, scratch])   out is rows of one image
//   flat:    kernel(constants, const T* in..., T* out...[, scratch])
struct Layer {
  std::string name;                  // the model's node
  std::string kernel;                // function in namespace thimble: "conv2d"
  std::vector<std::string> headers;  // runtime headers the call needs: "conv.hpp"
  std::string
      constants_struct;  // "Conv2d": a struct in namespace thimble; a template over its Shape when shape_struct is set
  std::string shape_struct;   // "ConvShape": base of the constants whose members may be static constexpr; empty: none
  std::vector<Field> shape;   // members of shape_struct, integers
  bool specialised = false;   // shape_struct gives way to a struct whose members are static constexpr
  std::vector<Field> fields;  // members of constants_struct
  std::vector<Operand> inputs;
  std::vector<int> outputs;          // buffers
  std::optional<BandContract> band;  // set: the kernel is banded over the rows of outputs[0]
  bool takes_scratch = false;        // the call has a scratch argument
  int64_t scratch_bytes = 0;         // live during the call, 4-byte aligned, contents unspecified
  int64_t macs = 0;
  int alternatives = 1;  // kernels that it was chosen from
  // Multipliers of an integer layer, and how many of them make it equal ONNX Runtime on every reachable accumulator.
  int64_t multipliers = 0, exact_multipliers = 0;
  std::string note;  // for the report: variant chosen and why, channels proved equal to ONNX Runtime
};

// Equal for layers whose shapes are: specialised, they are one struct, and the copies of a kernel for them one copy.
inline std::string shape_key(const Layer& layer) {
  std::string key = layer.shape_struct;
  for (const Field& f : layer.shape) key += " " + f.name + "=" + std::to_string(std::get<int64_t>(f.value));
  return key;
}

struct Program {
  std::string name;  // C++ identifier of the model
  std::vector<Buffer> buffers;
  std::vector<ConstantArray> constants;
  std::vector<Layer> layers;         // in execution order
  std::vector<int> inputs, outputs;  // buffers; never views of each other's bytes unless the model says so
  int64_t macs() const {
    int64_t n = 0;
    for (const auto& l : layers) n += l.macs;
    return n;
  }
  int64_t multipliers() const {
    int64_t n = 0;
    for (const auto& l : layers) n += l.multipliers;
    return n;
  }
  int64_t exact_multipliers() const {
    int64_t n = 0;
    for (const auto& l : layers) n += l.exact_multipliers;
    return n;
  }
  int64_t weight_bytes() const {
    int64_t n = 0;
    for (const auto& c : constants)
      if (c.weights) n += int64_t(c.bytes.size());
    return n;
  }
};

// Buffer that owns the storage of `buffer`.
inline int storage_of(const Program& p, int buffer) {
  return p.buffers[buffer].view_of.value_or(buffer);
}

}  // namespace thimble::compiler
