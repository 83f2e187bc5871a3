// Models made in a test, from ONNX's text form or as messages, written to a folder that goes with the test.
#pragma once
#include <onnx/defs/parser.h>
#include <onnx/onnx_pb.h>

#include <string>

#include "compiler/error.hpp"
#include "compiler/onnx/import.hpp"
#include "compiler/onnx/load.hpp"
#include "tests/temporary_folder.hpp"

namespace thimble::compiler::test {

// `graph` in ONNX's text form, with the functions that follow it: "graph (float[4] x) => (float[4] y) {...}".
inline onnx::ModelProto parsed(const std::string& graph, int opset = 13, int ir_version = 8) {
  const std::string header = "<ir_version: " + std::to_string(ir_version) +
                             ", opset_import: [\"\" : " + std::to_string(opset) + ", \"local\" : 1]>\n";
  onnx::ModelProto model;
  const auto status = onnx::OnnxParser::Parse(model, (header + graph).c_str());
  ensure(status.IsOK(), "test model: " + status.ErrorMessage());
  return model;
}

inline LoadedModel load(const onnx::ModelProto& model, const LoadOptions& options = {}) {
  const TemporaryFolder folder;
  return load_model(folder.write("model.onnx", model.SerializeAsString()), options);
}
inline LoadedModel load(const std::string& graph, int opset = 13) {
  return load(parsed(graph, opset));
}
inline Graph import(const onnx::ModelProto& model) {
  return import_model(load(model));
}
inline Graph import(const std::string& graph, int opset = 13) {
  return import(parsed(graph, opset));
}

}  // namespace thimble::compiler::test
