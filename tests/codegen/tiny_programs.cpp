// The programs' buffers, layers and places.
#include "tests/codegen/tiny_programs.hpp"

#include <cstring>

namespace thimble::compiler::test {

namespace {

template <class T>
ConstantArray array(const std::string& name, const std::string& comment, const std::vector<T>& values, bool weights) {
  ConstantArray a{name, comment, element_type_of<T>(), std::vector<std::byte>(values.size() * sizeof(T)), weights};
  std::memcpy(a.bytes.data(), values.data(), a.bytes.size());
  return a;
}

std::vector<int8_t> some_table() {
  std::vector<int8_t> table(256);
  for (int i = 0; i < 256; ++i) table[size_t(i)] = int8_t(i * 7 + 3);
  return table;
}

Buffer flat(const std::string& name, TensorType type) {
  Buffer b;
  b.name = name;
  b.type = std::move(type);
  b.bytes = byte_size(b.type);
  b.row_bytes = int32_t(b.bytes);
  return b;
}

Buffer rows(const std::string& name, int32_t channels, int32_t height, int32_t width) {
  Buffer b = flat(name, {ElementType::int8, {1, channels, height, width}, {}});
  b.layout = Layout::nhwc;
  b.channels = channels;
  b.height = height;
  b.width = width;
  b.row_bytes = channels * width;
  return b;
}

EmitOptions plain_options() {
  EmitOptions options;
  options.version = "0.1.0";
  options.model_hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  return options;
}

// Every storage and scratch in a place of its own.
void place_all(TinyProgram& t) {
  const auto reserve = [&](int64_t bytes) {
    const int64_t at = t.plan.arena_bytes;
    t.plan.arena_bytes += (bytes + 3) / 4 * 4;
    return at;
  };
  for (int i = 0; i < int(t.program.buffers.size()); ++i) {
    const Buffer& b = t.program.buffers[size_t(i)];
    if (!b.view_of) t.plan.buffers.push_back({i, reserve(b.bytes), b.bytes, 0});
  }
  for (const Layer& layer : t.program.layers)
    t.plan.scratch_offsets.push_back(layer.takes_scratch ? reserve(layer.scratch_bytes) : -1);
}

Layer dense_layer(const std::string& name, int64_t inputs, int64_t outputs, int weights, std::optional<int> bias,
                  int in, int out) {
  Layer l;
  l.name = name;
  l.kernel = "dense";
  l.headers = {"rows.hpp"};
  l.constants_struct = "Dense";
  l.fields = {{"inputs", inputs},
              {"outputs", outputs},
              {"range.low", int64_t(-1000)},
              {"range.high", int64_t(1000)},
              {"scale", 0.5f},
              {"weights", Field::Array{weights}},
              {"bias", Field::Null{}}};
  if (bias) l.fields.back().value = Field::Array{*bias};
  l.inputs = {{in}};
  l.outputs = {out};
  l.macs = inputs * outputs;
  return l;
}

Layer window_layer(const std::string& name, const Buffer& in, int32_t window, int32_t stride, int32_t pad, int weights,
                   int from, int to) {
  Layer l;
  l.name = name;
  l.kernel = "window_sum";
  l.headers = {"rows.hpp"};
  l.constants_struct = "Window";
  l.shape_struct = "WindowShape";
  l.shape = {{"in_height", int64_t(in.height)},
             {"row_bytes", int64_t(in.row_bytes)},
             {"window", int64_t(window)},
             {"stride", int64_t(stride)},
             {"pad_top", int64_t(pad)}};
  l.fields = {{"weights", Field::Array{weights}}, {"bias", int64_t(5)}};
  l.inputs = {{from}};
  l.outputs = {to};
  l.band = BandContract{};
  l.band->window = window;
  l.band->stride = stride;
  l.band->pad_top = pad;
  l.takes_scratch = true;
  l.scratch_bytes = in.row_bytes;
  return l;
}

// image -> first -> second, added to first -> strided -> looked up -> dense.
TinyProgram stages(const std::string& name) {
  TinyProgram t;
  t.target = find_target("cortex-m4");
  t.options = plain_options();
  Program& p = t.program;
  p.name = name;
  p.constants = {
      array<int8_t>("taps", "int8 [3]", {3, -7, 11}, true),
      array<int8_t>("sigmoid", "sigmoid of each int8", some_table(), false),
      array<float>("head_weights", "float32 [2][20], a row for each output", std::vector<float>(40, 0.125f), true)};
  for (size_t i = 0; i < 40; ++i) {
    const float w = float(int(i * 13 % 17) - 8) / 16;
    std::memcpy(p.constants[2].bytes.data() + i * 4, &w, 4);
  }
  p.buffers = {flat("image", {ElementType::int8, {1, 1, 9, 4}, {}}),
               rows("image_nhwc", 1, 9, 4),
               rows("model/block/first", 1, 9, 4),
               rows("model/block/second", 1, 9, 4),
               rows("model/block/sum", 1, 9, 4),
               rows("model/strided", 1, 5, 4),
               rows("model/sigmoid", 1, 5, 4),
               flat("model/sigmoid_flat", {ElementType::int8, {1, 20}, {}}),
               flat("scores", {ElementType::float32, {1, 2}, {}})};
  p.buffers[1].view_of = 0;
  p.buffers[7].view_of = 6;
  p.layers = {window_layer("model/block/first", p.buffers[1], 3, 1, 1, 0, 1, 2),
              window_layer("model/block/second", p.buffers[2], 3, 1, 1, 0, 2, 3)};
  Layer add;
  add.name = "model/block/add";
  add.kernel = "add_rows";
  add.headers = {"rows.hpp"};
  add.constants_struct = "AddRows";
  add.fields = {{"row_bytes", int64_t(4)}};
  add.inputs = {{3}, {2}};
  add.outputs = {4};
  add.band = BandContract{};
  p.layers.push_back(add);
  p.layers.push_back(window_layer("model/strided", p.buffers[4], 3, 2, 1, 0, 4, 5));
  Layer lookup;
  lookup.name = "model/sigmoid";
  lookup.kernel = "lookup";
  lookup.headers = {"rows.hpp"};
  lookup.constants_struct = "Lookup";
  lookup.fields = {{"row_bytes", int64_t(4)}, {"table", Field::Array{1}}};
  lookup.inputs = {{5}};
  lookup.outputs = {6};
  lookup.band = BandContract{};
  lookup.note = "a chain of 3 operators as one table";
  p.layers.push_back(lookup);
  p.layers.push_back(dense_layer("model/head", 20, 2, 2, {}, 7, 8));
  p.inputs = {0};
  p.outputs = {8};
  return t;
}

}  // namespace

TinyProgram tiny_dense() {
  TinyProgram t;
  t.target = find_target("cortex-m0plus");
  t.options = plain_options();
  Program& p = t.program;
  p.name = "tiny_dense";
  p.constants = {array<float>("weights", "float32 [2][3]", {1.0f, 0.1f, -2.5f, 1e-7f, 16777216.0f, 3.0f}, true),
                 array<float>("bias", "float32 [2]", {-1.0f, 0.25f}, true)};
  p.buffers = {flat("x", {ElementType::int8, {1, 3}, Quantization{{0.05f}, {-3}}}),
               flat("y", {ElementType::float32, {1, 2}, {}})};
  p.layers = {dense_layer("dense", 3, 2, 0, 1, 0, 1)};
  p.inputs = {0};
  p.outputs = {1};
  place_all(t);
  return t;
}

TinyProgram tiny_whole() {
  TinyProgram t = stages("tiny_whole");
  place_all(t);
  return t;
}

TinyProgram tiny_table() {
  TinyProgram t = stages("tiny_table");
  place_all(t);
  t.options.table_of_layers = true;
  t.options.c_header = false;
  return t;
}

TinyProgram tiny_stream() {
  TinyProgram t = stages("tiny_stream");
  t.program.layers[0].specialised = true;
  t.plan.regions = {{0, 4, 2}};
  place_all(t);
  // Bands of 2 rows read through windows of 3: the first value needs 4 rows at once, the sum, read with a stride of 2,
  // needs 5. Rings lie in the places of the whole values.
  const std::pair<int, int32_t> rings[] = {{2, 4}, {3, 2}, {4, 5}, {5, 2}};
  for (Placement& place : t.plan.buffers)
    for (const auto& [buffer, ring_rows] : rings)
      if (place.buffer == buffer) {
        place.ring_rows = ring_rows;
        place.bytes = ring_rows * 4;
      }
  return t;
}

TinyProgram tiny_ports() {
  TinyProgram t;
  t.target = find_target("host");
  t.options = plain_options();
  t.options.keep_input = true;
  t.options.external_arena = true;
  t.options.layer_hook = true;
  t.options.weights_section = ".weights";
  Program& p = t.program;
  p.name = "tiny_ports";
  p.constants = {array<float>("w", "float32 [1][4]", {1.0f, 2.0f, 3.0f, 4.0f}, true)};
  p.buffers = {flat("left", {ElementType::int8, {4}, Quantization{{0.5f}, {0}}}),
               flat("input.right", {ElementType::int8, {1, 4}, {}}), flat("1", {ElementType::float32, {}, {}}),
               flat("sum", {ElementType::int8, {1, 4}, Quantization{{0.25f}, {-128}}})};
  p.layers = {dense_layer("weigh", 4, 1, 0, {}, 0, 2)};
  Layer add;
  add.name = "add";
  add.kernel = "add_rows";
  add.headers = {"rows.hpp"};
  add.constants_struct = "AddRows";
  add.fields = {{"row_bytes", int64_t(4)}};
  add.inputs = {{0}, {1}};
  add.outputs = {3};
  add.band = BandContract{};
  p.layers.push_back(add);
  p.inputs = {0, 1};
  p.outputs = {2, 3};
  place_all(t);
  const auto bytes = [](std::vector<int8_t> v) {
    std::vector<std::byte> b(v.size());
    std::memcpy(b.data(), v.data(), v.size());
    return b;
  };
  const float weighed = 0.5f * (1 + 4 + 9 - 16);
  SelfTest test{{bytes({1, 2, 3, -4}), bytes({10, 20, 30, 40})}, {std::vector<std::byte>(4), bytes({11, 22, 33, 36})}};
  std::memcpy(test.outputs[0].data(), &weighed, 4);
  t.options.self_test = test;
  return t;
}

}  // namespace thimble::compiler::test
