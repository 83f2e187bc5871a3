// Runs a program's layers on the host through the runtime's kernels, whole or in bands, as generated code would.
#pragma once
#include <catch2/catch.hpp>
#include <cstring>
#include <functional>
#include <map>
#include <random>

#include "compiler/import_node.hpp"
#include "compiler/interpret.hpp"
#include "compiler/lowering.hpp"
#include "thimble/rows.hpp"

namespace thimble::compiler::test {

// One kernel call: the buffers it reads and writes, as rows and as pointers.
struct Call {
  const Program& program;
  const Layer& layer;
  std::vector<RowView> in;
  RowRing out;
  int32_t y0, y1;
  void* scratch;

  template <class T>
  const T* input(size_t i) const {
    return reinterpret_cast<const T*>(in.at(i).base);
  }
  template <class T>
  T* output() const {
    return reinterpret_cast<T*>(out.base);
  }
  ElementType input_element(size_t i) const { return program.buffers[size_t(layer.inputs.at(i).buffer)].type.element; }
  ElementType output_element() const { return program.buffers[size_t(layer.outputs.at(0))].type.element; }
};

// The layer's constants: the fields laid out as the struct's members are.
template <class Constants>
Constants constants_of(const Call& call) {
  alignas(Constants) std::byte bytes[sizeof(Constants)] = {};
  size_t at = 0;
  const auto put = [&](const auto& member) {
    at = (at + sizeof(member) - 1) / sizeof(member) * sizeof(member);
    REQUIRE(at + sizeof(member) <= sizeof(Constants));
    std::memcpy(bytes + at, &member, sizeof(member));
    at += sizeof(member);
  };
  std::vector<Field> fields = call.layer.shape;
  fields.insert(fields.end(), call.layer.fields.begin(), call.layer.fields.end());
  for (const Field& f : fields) {
    if (const auto* integer = std::get_if<int64_t>(&f.value)) put(int32_t(*integer));
    if (const auto* real = std::get_if<float>(&f.value)) put(*real);
    if (const auto* array = std::get_if<Field::Array>(&f.value))
      put(static_cast<const void*>(call.program.constants.at(size_t(array->constant)).bytes.data()));
    if (std::holds_alternative<Field::Null>(f.value)) put(static_cast<const void*>(nullptr));
  }
  REQUIRE((at + alignof(Constants) - 1) / alignof(Constants) * alignof(Constants) == sizeof(Constants));
  Constants constants;
  std::memcpy(static_cast<void*>(&constants), bytes, sizeof(constants));
  return constants;
}

using Kernels = std::map<std::string, std::function<void(const Call&)>>;

// Runs all layers; band_rows 0 runs each layer at once. Every storage is its own allocation, filled with noise first.
class LayerRunner {
 public:
  explicit LayerRunner(const Program& program) : program_(program) {
    for (const Buffer& b : program.buffers) storages_.emplace_back(b.view_of ? 0 : size_t(b.bytes), std::byte(0xA5));
  }
  void set_input(size_t i, const Tensor& t) { std::memcpy(at(program_.inputs.at(i)), t.bytes.data(), t.bytes.size()); }
  Tensor output(size_t i) {
    const Buffer& b = program_.buffers[size_t(program_.outputs.at(i))];
    Tensor t{b.type, std::vector<std::byte>(size_t(b.bytes))};
    std::memcpy(t.bytes.data(), at(program_.outputs.at(i)), t.bytes.size());
    return t;
  }
  void run(const Kernels& kernels, int32_t band_rows) {
    for (const Layer& layer : program_.layers) {
      INFO("layer " << layer.name << ", kernel " << layer.kernel);
      REQUIRE(kernels.count(layer.kernel) == 1);
      std::vector<std::byte> scratch(size_t(layer.scratch_bytes), std::byte(0x5A));
      Call call{program_, layer, {}, {}, 0, 1, scratch.data()};
      for (const Operand& o : layer.inputs) {
        const Buffer& b = program_.buffers[size_t(o.buffer)];
        call.in.push_back({at(o.buffer), b.row_bytes, b.height});
      }
      const Buffer& out = program_.buffers[size_t(layer.outputs.at(0))];
      call.out = {at(layer.outputs[0]), out.row_bytes, out.height};
      const int32_t step = !layer.band || band_rows == 0 ? out.height : band_rows;
      for (call.y0 = 0; call.y0 < out.height; call.y0 = call.y1) {
        call.y1 = std::min(call.y0 + step, out.height);
        kernels.at(layer.kernel)(call);
      }
    }
  }

 private:
  uint8_t* at(int buffer) {
    const Buffer& b = program_.buffers[size_t(buffer)];
    return reinterpret_cast<uint8_t*>(storages_[size_t(storage_of(program_, buffer))].data()) + b.view_offset;
  }
  const Program& program_;
  std::vector<std::vector<std::byte>> storages_;
};

// A core with no feature: its layers are the portable kernels'.
inline const Target& plain_target() {
  static const Target target = [] {
    Target t{};
    t.name = "plain";
    return t;
  }();
  return target;
}

// Stored numbers over the whole range of small types; reals in [-4, 4].
inline Tensor random_tensor(const TensorType& type, std::mt19937& random) {
  Tensor t{type, std::vector<std::byte>(size_t(byte_size(type)))};
  with_element(type.element, [&](auto zero) {
    using T = decltype(zero);
    for (size_t i = 0; i < t.bytes.size() / sizeof(T); ++i) {
      T v;
      if constexpr (std::is_floating_point_v<T>)
        v = std::uniform_real_distribution<T>(-4, 4)(random);
      else
        v = type.element == ElementType::boolean ? T(random() % 2)
                                                 : T(int32_t(random() % 256) - (std::is_signed_v<T> ? 128 : 0));
      std::memcpy(t.bytes.data() + i * sizeof(T), &v, sizeof(T));
    }
  });
  return t;
}

// Greatest difference of stored integers, or of reals relative to the largest expected magnitude (at least 1).
inline double difference(const Tensor& got, const Tensor& expected) {
  REQUIRE(got.type.shape == expected.type.shape);
  REQUIRE(got.type.element == expected.type.element);
  double worst = 0, scale = 1;
  TensorType plain = expected.type;
  plain.quantization.reset();
  const RealTensor a = to_real({plain, got.bytes}), b = to_real({plain, expected.bytes});
  if (plain.element == ElementType::float32)
    for (double v : b.values) scale = std::max(scale, std::abs(v));
  for (size_t i = 0; i < a.values.size(); ++i)
    if (a.values[i] != b.values[i]) worst = std::max(worst, std::abs(a.values[i] - b.values[i]) / scale);
  return worst;
}

// Lowers the graph and compares its outputs with the interpreter's, whole and in bands of one and two rows.
inline Program check_lowered(const Graph& graph, const Kernels& kernels, double tolerance, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::map<std::string, Tensor> inputs;
  for (const Value* v : graph.inputs) inputs.emplace(v->name, random_tensor(v->type, random));
  const std::map<std::string, Tensor> expected = interpret(graph, inputs);
  Program program = lower(graph, "test", plain_target(), {});
  INFO(print(graph));
  for (int32_t band_rows : {0, 1, 2}) {
    LayerRunner runner(program);
    for (size_t i = 0; i < graph.inputs.size(); ++i) runner.set_input(i, inputs.at(graph.inputs[i]->name));
    runner.run(kernels, band_rows);
    for (size_t i = 0; i < graph.outputs.size(); ++i) {
      INFO("output " << i << ", bands of " << band_rows);
      CHECK(difference(runner.output(i), expected.at(graph.outputs[i]->name)) <= tolerance);
    }
  }
  return program;
}

// A graph of one node over inputs of these types.
inline Graph one_node(OpPtr op, const std::vector<TensorType>& inputs, std::optional<Storage> stored_as = {}) {
  Graph g;
  g.name = "test";
  std::vector<Value*> values;
  for (size_t i = 0; i < inputs.size(); ++i) values.push_back(g.add_input("x" + std::to_string(i), inputs[i]));
  Node* n = g.append({std::move(op), values, "node", {"y"}, std::move(stored_as)});
  g.outputs = {n->outputs[0]};
  return g;
}

}  // namespace thimble::compiler::test
