// Binds the symbolic dimensions of a model's inputs to numbers.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "compiler/ir/type.hpp"

namespace onnx {
class ModelProto;
}

namespace thimble::compiler {

// After it every input has a static shape; each must have a rank, as ONNX's checker asks. `dimensions` are bound by
// name, `shapes` by input; a leading dimension that stays open becomes 1, with a line in `notes`. Throws Error at
// `where`: dimensions that stay open (all of them), names that the model does not have, numbers that contradict. Types
// that depend on what was open are forgotten: infer again.
void bind_dimensions(onnx::ModelProto& model, const std::map<std::string, int64_t>& dimensions,
                     const std::map<std::string, Shape>& shapes, const std::string& where,
                     std::vector<std::string>& notes);

}  // namespace thimble::compiler
