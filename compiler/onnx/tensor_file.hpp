// Tensors in files: ONNX's .pb (a TensorProto) and NumPy's .npy.
#pragma once
#include <string>

#include "compiler/ir/tensor.hpp"

namespace thimble::compiler {

// Chosen by the extension, .pb or .npy. Throws Error naming the file: missing, cut short, of an unsupported element
// type, not little-endian or not row-major.
Tensor read_tensor(const std::string& path);
void write_tensor(const std::string& path, const std::string& name, const Tensor& tensor);

}  // namespace thimble::compiler
