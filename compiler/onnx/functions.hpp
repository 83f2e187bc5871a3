// Functions in a model: those it brings along, and the bodies that ONNX gives for its own composite ops.
#pragma once
#include <string>

namespace onnx {
class ModelProto;
}

namespace thimble::compiler {

// Throws Error at `where` when functions call each other in a circle, or the model would have more than
// `largest_model_nodes` nodes with all of them inlined. Must hold before ONNX's library sees the model, which follows
// calls without a limit.
constexpr long largest_model_nodes = 20'000;
void check_expansion(const onnx::ModelProto& model, const std::string& where);

// Puts the bodies of the model's functions in place of their calls.
void inline_model_functions(onnx::ModelProto& model);

// Puts ONNX's body in place of each node of the main graph whose op Thimble does not have, where all ops of that body
// are ones it has. The model's types must be inferred. True when it changed the model: infer again.
bool inline_onnx_functions(onnx::ModelProto& model);

}  // namespace thimble::compiler
