// Counts of a layer times the coefficients of its kernel.
#include "compiler/cost.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string_view>

namespace thimble::compiler {

namespace {

struct KernelCost {
  std::string_view family, kernel;  // kernel "": the code around the layers
  bool specialised;
  decltype(Counts{}.values()) instructions;  // per count
  int64_t code;                              // bytes of the body
};

constexpr KernelCost table[] = {
#include "compiler/cost_table.inc"
};

constexpr int64_t unknown_body = 1000, unknown_copy = 1500;  // bytes
constexpr int64_t unknown_frame = 800;
constexpr int64_t call_code = 40;  // bytes: arguments are loaded, and the rows of operands written, before the call

const KernelCost* find(const Target& target, std::string_view kernel, bool specialised) {
  const auto* const at = std::find_if(std::begin(table), std::end(table), [&](const KernelCost& c) {
    return c.family == target.cost_family && c.kernel == kernel && c.specialised == specialised;
  });
  return at == std::end(table) ? nullptr : at;
}

double elements(const Program& program, int buffer) {
  return double(element_count(program.buffers[size_t(buffer)].type.shape));
}

int64_t shape_member(const Layer& layer, std::string_view name, int64_t otherwise) {
  for (const Field& f : layer.shape)
    if (f.name == name) return std::get<int64_t>(f.value);
  return otherwise;
}

// Columns of the result whose window lies partly beside the image.
int64_t edge_columns(const Layer& layer) {
  const int64_t pad = shape_member(layer, "pad_left", 0), in_width = shape_member(layer, "in_width", 0),
                out_width = shape_member(layer, "out_width", 0), stride = shape_member(layer, "stride_x", 1),
                dilation = shape_member(layer, "dilation_x", 1),
                kernel = shape_member(layer, "kernel_width", 2 * pad + 1);  // none: a kernel for this size only
  int64_t columns = 0;
  for (int64_t x = 0; x < out_width; ++x) {
    const int64_t first = x * stride - pad;
    columns += first < 0 || first + (kernel - 1) * dilation >= in_width;
  }
  return columns;
}

// How many pixels a kernel computes at once. Where less are left it computes as many all the same.
int64_t pixels_at_once(std::string_view kernel) {
  if (kernel == "depthwise_fours") return 4;
  for (std::string_view of_six : {"_six", "_six_three", "_long", "_long_three", "_single"})
    if (kernel.ends_with(of_six)) return 6;
  return 1;
}

int64_t weight_bytes(const Program& program, const Layer& layer) {
  int64_t bytes = 0;
  for (const Field& f : layer.fields)
    if (const auto* array = std::get_if<Field::Array>(&f.value); array && f.name == "weights")
      bytes += int64_t(program.constants[size_t(array->constant)].bytes.size());
  return bytes;
}

}  // namespace

Counts counts_of(const Program& program, const Layer& layer) {
  Counts c{};
  for (const Operand& in : layer.inputs) c.reads += elements(program, in.buffer);
  for (int out : layer.outputs) c.results += elements(program, out);
  const Buffer& out = program.buffers[size_t(layer.outputs[0])];
  const bool flat = out.layout == Layout::flat;
  c.pixels = flat ? 1 : double(out.height) * out.width;
  c.lines = flat ? 1 : double(out.height) * out.channels;
  c.edges = flat ? 0 : c.lines * double(edge_columns(layer));
  c.rows = flat ? 1 : out.height;
  c.macs = layer.macs > 0
               ? double(layer.macs)
               : c.results * double(shape_member(layer, "kernel_height", 0) * shape_member(layer, "kernel_width", 0));
  c.gathered = flat ? c.macs / std::max(1.0, c.results) : c.macs / std::max(1, out.channels);
  c.calls = 1;
  const double blocks =
      flat ? double(shape_member(layer, "rows", 1)) : std::ceil(c.pixels / double(pixels_at_once(layer.kernel)));
  c.weights = blocks * double(weight_bytes(program, layer));
  return c;
}

double estimated_instructions(const Program& program, const Layer& layer, const Target& target) {
  const Counts counts = counts_of(program, layer);
  const KernelCost* cost = find(target, layer.kernel, layer.specialised);
  if (cost == nullptr && layer.specialised) cost = find(target, layer.kernel, false);
  if (cost == nullptr) return 4 * counts.macs + 10 * (counts.reads + counts.results);
  const auto values = counts.values();
  return std::inner_product(values.begin(), values.end(), cost->instructions.begin(), 0.0);
}

CodePiece body_of(const Layer& layer, const Target& target) {
  const KernelCost* cost = find(target, layer.kernel, layer.specialised);
  const int64_t bytes = cost ? cost->code : layer.specialised ? unknown_copy : unknown_body;
  return {layer.specialised ? layer.kernel + " " + shape_key(layer) : layer.kernel, bytes};
}

int64_t own_bytes(const Layer& layer) {
  // Of a shared shape, members that are the same in all layers take nothing, most others a byte.
  const size_t shape_bytes = layer.specialised ? 0 : layer.shape.size() / 2;
  return call_code + int64_t(layer.fields.size() * 4 + shape_bytes);
}

bool needs_float_library(const Program& program, const Target& target) {
  return !target.features.fpu && std::any_of(program.buffers.begin(), program.buffers.end(),
                                             [](const Buffer& b) { return b.type.element == ElementType::float32; });
}

int64_t frame_bytes(const Program& program, const Target& target) {
  const KernelCost *frame = find(target, "", false), *library = find(target, "float library", false);
  return (frame ? frame->code : unknown_frame) + (library && needs_float_library(program, target) ? library->code : 0);
}

double Estimate::total_instructions() const {
  return std::accumulate(instructions.begin(), instructions.end(), 0.0);
}

Estimate estimate(const Program& program, const Target& target) {
  Estimate e;
  e.code = frame_bytes(program, target);
  std::map<std::string, size_t> first;
  for (size_t i = 0; i < program.layers.size(); ++i) {
    const Layer& layer = program.layers[i];
    e.instructions.push_back(estimated_instructions(program, layer, target));
    e.calls += own_bytes(layer);
    const CodePiece body = body_of(layer, target);
    const auto [at, is_new] = first.emplace(body.name, i);
    if (is_new) e.code += body.bytes;
    e.bodies.push_back(at->second);
  }
  for (const ConstantArray& c : program.constants) (c.weights ? e.weights : e.calls) += int64_t(c.bytes.size());
  e.code += e.calls;
  return e;
}

}  // namespace thimble::compiler
