// A model file to a checked ModelProto: functions inlined, dimensions bound, types of all values inferred.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "compiler/ir/type.hpp"

namespace onnx {
class ModelProto;
}

namespace thimble::compiler {

struct LoadOptions {
  std::map<std::string, int64_t> dimensions;  // --dim name=value: symbolic dimensions
  std::map<std::string, Shape> shapes;        // --shape input=1x3x32x32
  int64_t largest_model = 256 << 20;          // bytes of the file and its external data together
};

struct LoadedModel {
  std::string path;
  std::shared_ptr<const onnx::ModelProto> proto;
  std::vector<std::string> notes;  // for the user: dimensions that became 1, types that became float32
  std::vector<std::string> files;  // read: the model, then its external data
  std::string hash;                // SHA-256 of the model file, in hexadecimal
};

// Throws Error: the file is missing, too large, no ONNX model, not what ONNX's checker accepts, reads files outside its
// folder, or leaves dimensions open.
LoadedModel load_model(const std::string& path, const LoadOptions& options);

}  // namespace thimble::compiler
