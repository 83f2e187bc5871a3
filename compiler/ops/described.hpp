// How an op's messages name a node.
#pragma once
#include <string>

#include "compiler/ir/graph.hpp"

namespace thimble::compiler {

// "Conv 'block1/conv'"
inline std::string described(const Op& op, const std::string& node) {
  return std::string(op.name()) + " '" + node + "'";
}
inline std::string described(const Node& node) {
  return described(*node.op, node.name);
}

}  // namespace thimble::compiler
