// Elementwise layers keep their operand's layout.
#include "compiler/ops/elementwise.hpp"

namespace thimble::compiler {

Layer elementwise_layer(Lowering& lowering, const Node& node, const std::string& kernel, const std::string& header,
                        const std::string& constants_struct) {
  const Value* in = node.inputs[0];
  const Value* out = node.outputs[0];
  const Layout layout = lowering.layout_of(in);
  Layer layer;
  layer.name = node.name;
  layer.kernel = kernel;
  layer.headers = {header};
  layer.constants_struct = constants_struct;
  const bool same_size = size_of(in->type.element) == size_of(out->type.element);
  layer.inputs = {
      {lowering.one_row(lowering.input(in, layout)), same_size ? Overwrite::same_place : Overwrite::nothing}};
  layer.outputs = {lowering.one_row(lowering.output(out, layout))};
  layer.band = BandContract{};
  const Buffer& made = lowering.program().buffers[size_t(layer.outputs[0])];
  layer.fields = {{"row_elements", made.row_bytes / size_of(out->type.element)}};
  return layer;
}

}  // namespace thimble::compiler
