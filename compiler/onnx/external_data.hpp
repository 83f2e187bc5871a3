// Tensors whose bytes lie in files beside the model.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace onnx {
class ModelProto;
}

namespace thimble::compiler {

// Reads them into the model, from the folder of `model_path` or below, at most `largest` bytes in all. Adds the files
// read to `files`. Throws Error: a path that leaves the folder, a file that is missing, data that lie outside it.
void read_external_data(onnx::ModelProto& model, const std::string& model_path, int64_t largest,
                        std::vector<std::string>& files);

}  // namespace thimble::compiler
