// Picks one of the forms of each layer: among the alternatives that its op offers, and whether its shape is constants
// of the code.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "compiler/program.hpp"
#include "targets/targets.hpp"

namespace thimble::compiler {

// What flash is spent on. A form that takes more of it than the smallest is taken when it saves enough instructions.
enum class Optimize : uint8_t { speed, balanced, size };
std::optional<Optimize> optimize_named(std::string_view);

struct ChoiceOptions {
  Optimize optimize = Optimize::speed;
  int64_t flash = -1;                      // bytes of code, tables and weights that must do; -1: no limit
  std::optional<bool> specialise = {};     // set: shapes are constants of all layers, or of none
  std::optional<size_t> alternative = {};  // set: this one of each layer, or its last
};

// One layer's alternatives: same operands and results, other kernels, constants, scratch. The first is always safe.
using Alternatives = std::vector<Layer>;

// Gives the program its layers, in the order of `layers`, and drops the constants that none of them reads.
void choose(Program&, std::vector<Alternatives> layers, const Target&, const ChoiceOptions&);

}  // namespace thimble::compiler
