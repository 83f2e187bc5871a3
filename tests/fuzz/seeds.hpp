// The models that mutations start from.
#pragma once
#include <onnx/onnx_pb.h>

#include <string>
#include <vector>

namespace thimble::compiler::fuzz {

struct Seed {
  std::string name;
  onnx::ModelProto model;
};
std::vector<Seed> all_seeds();

}  // namespace thimble::compiler::fuzz
