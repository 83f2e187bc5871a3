// What takes the space, as text.
#pragma once
#include <string>

#include "compiler/program.hpp"
#include "passes/plan/plan.hpp"

namespace thimble::compiler {

std::string memory_table(const Program& program, const Plan& plan);  // the arena's storages, one a line, by offset
std::string flash_table(const Program& program);                     // the constant arrays, the largest first
int64_t constant_bytes(const Program& program);                      // weights and tables

}  // namespace thimble::compiler
