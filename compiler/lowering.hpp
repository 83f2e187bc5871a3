// Turns graph nodes into layers. An op's lower() asks here for its operands in the layout its kernel reads.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "compiler/choose.hpp"
#include "compiler/ir/graph.hpp"
#include "compiler/program.hpp"
#include "targets/targets.hpp"

namespace thimble::compiler {

struct LoweringOptions {
  bool portable_kernels = false;  // no instruction-set kernels, the first alternatives, shared: the reference
  ChoiceOptions choice;
};

class Lowering {
 public:
  Lowering(const Target& target, LoweringOptions options) : target_(target), options_(options) {}

  const Target& target() const { return target_; }
  const LoweringOptions& options() const { return options_; }
  Program& program() { return program_; }
  // Features that kernels may use: none but the target's, none at all under portable_kernels.
  Features features() const { return options_.portable_kernels ? Features{} : target_.features; }

  // The layout `value` is stored in. Constants are flat.
  Layout layout_of(const Value* value) const;
  // The buffer that holds `value` in `layout`: where it lies, a view of it when the bytes are the same (one channel,
  // one pixel), or a conversion layer's result (made once). The value must not be a constant: read those with
  // value->constant.
  int input(const Value* value, Layout layout);
  // A new buffer for result `value`, stored in `layout`.
  int output(const Value* value, Layout layout);
  // `value` is the same bytes as `buffer`, seen as `layout` (Reshape, a Transpose that moves nothing).
  void alias(const Value* value, int buffer, Layout layout);
  // One image of a batch: a view of image n of an nhwc buffer, N = 1 in its type.
  int image(int buffer, int64_t n);
  // All images of an nhwc buffer as one row: a flat view whose shape is the order in memory. Gives `buffer` itself when
  // it holds one image or is flat.
  int one_row(int buffer);
  // The border that planes of `value` have, the largest of its readers'. 0 unless every reader of `value` reads planes
  // on this target, `value` is int8 of rank 4, N = 1, and no graph output.
  int32_t planes_border(const Value* value) const;
  // True when `value` has rank 3 or 4: nhwc makes sense.
  static bool spatial(const Value* value);
  // ONNX axes in the order they lie in memory: {0,1,2,3} for flat, {0,2,3,1} for nhwc.
  static std::vector<int> physical_axes(Layout layout, size_t rank);
  // True when storing `shape` with its axes in order `a` gives the same bytes as in order `b`: they differ in axes of
  // extent 1 only.
  static bool same_bytes(const Shape& shape, std::vector<int> a, std::vector<int> b);

  // A constant array; equal bytes of equal element type are stored once. Gives its index.
  int constant(ConstantArray array);
  // layer.name is made unique.
  void add(Layer layer);
  // A layer in several forms, of which one is chosen when all layers are known: same name, operands and results, other
  // kernels, constants and scratch. The first has to be safe on any target with these features.
  void add(std::vector<Layer> alternatives);

 private:
  friend Program lower(const Graph&, const std::string& name, const Target&, const LoweringOptions&);
  int new_buffer(const std::string& name, const TensorType& type, Layout layout, int32_t border = 0);
  std::string unique(const std::string& wish, std::map<std::string, int>& taken);

  const Target& target_;
  LoweringOptions options_;
  Program program_;
  std::vector<Alternatives> layers_;
  const Graph* graph_ = nullptr;
  std::map<const Value*, int> stored_;                        // where each value lies first
  std::map<std::pair<const Value*, Layout>, int> converted_;  // and in other layouts
  std::map<std::string, int> layer_names_, constant_names_;
};

Program lower(const Graph&, const std::string& name, const Target&, const LoweringOptions&);

}  // namespace thimble::compiler
