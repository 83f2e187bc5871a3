// What the emitters of one bundle share: the program, its plan, and the C++ names of all that is in it.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "codegen/emit.hpp"
#include "codegen/writer.hpp"
#include "passes/plan/schedule.hpp"

namespace thimble::compiler {

// An input or output of the model.
struct Port {
  int buffer;
  bool is_input;
  std::string name;  // of its accessor and its namespace: "input", or "input_left" where there are several
};

// What the layers that share the code for a shape_struct have of it. Members that are equal in all of them are
// constants of the code, as if it were written for this model; the others are as narrow as their values allow.
struct CommonShape {
  struct Member {
    size_t field;  // index in Layer::shape
    int64_t lowest, highest;
    std::string_view type() const;  // "uint8_t"
    int bytes() const;
  };
  std::string name;             // "CommonConvShape"
  size_t layer;                 // one of them
  std::vector<Member> members;  // that each layer has its own of, in the order of the struct: the widest first
};

struct Context {
  Context(const Program&, const Plan&, const Target&, const EmitOptions&);

  const Program& program;
  const Plan& plan;
  const Target& target;
  const EmitOptions& options;

  std::string name;                 // of the model: its namespace, and its files' names begin with it
  std::vector<std::string> values;  // per buffer
  std::vector<std::string> layers;  // per layer
  std::vector<size_t> shapes;       // per layer: the first layer of the same shape, whose struct it uses
  std::map<std::string, CommonShape> common_shapes;  // by shape_struct
  std::vector<std::string> arrays;                   // per constant array
  std::vector<Port> inputs, outputs;

  const Buffer& buffer(int i) const { return program.buffers[size_t(i)]; }
  int64_t offset(int buffer) const;     // bytes into the arena
  int32_t ring_rows(int buffer) const;  // rows that are in memory at a time
  const Region* region_of(int layer) const;
  const std::string& shape_name(size_t layer) const;  // of its struct, where its constants have one
  // "thimble::Conv<shapes::CommonConvShape>"
  std::string constants_type(size_t layer) const;
  int alignment() const;  // bytes, of the arena
  // "weights::conv1_weights" or "tables::exp"
  std::string array_expression(int constant) const;
  std::vector<Port> ports() const;  // inputs, then outputs
};

// "const input::Array& in", "output::Array& out": of the run that copies.
std::vector<std::string> copying_parameters(const Context&);
std::string parameter_name(const Port&);

std::string type_text(const TensorType&);  // int8[1,12]
// Quantized with one scale in an element type small enough for a float to hold every step.
bool has_steps(const TensorType&);

// One per file of the bundle.
std::string emit_api(const Context&);             // <name>.hpp
std::string emit_model(const Context&);           // <name>.cpp
std::string emit_weights_header(const Context&);  // <name>_weights.hpp
std::string emit_weights(const Context&);         // <name>_weights.cpp
std::string emit_c_header(const Context&);        // <name>.h
std::string emit_c(const Context&);               // <name>_c.cpp
std::string emit_self_test_header(const Context&);
std::string emit_self_test(const Context&);

// Parts of <name>.cpp.
void emit_memory_map(Writer&, const Context&);
void emit_shapes(Writer&, const Context&);
void emit_layer_constants(Writer&, const Context&);
void emit_inference(Writer&, const Context&);
// `alignas(4) const int8_t name[12] = {...};` with its comment.
void emit_array(Writer&, const ConstantArray&, const std::string& name, const std::string& specifiers);

// Text of the runtime headers in `wanted` ("thimble/conv.hpp") and of all they include.
void add_runtime_headers(Bundle&, const std::vector<std::string>& wanted);
// What <name>.cpp includes of the runtime, sorted.
std::vector<std::string> runtime_headers(const Context&);

}  // namespace thimble::compiler
