// C++ identifiers from the model's names.
#pragma once
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace thimble::compiler {

// The name of the generated namespace and files for a model file's stem or the user's --name: letters, digits and
// single underscores, no keyword, no name of the C library or of ours.
std::string model_identifier(std::string_view name);

// The name of a node or value up to the first semicolon: converters join the names of all that they fused.
std::string_view first_name(std::string_view name);

// Hands out unique identifiers.
class Names {
 public:
  // `prefix` is put before a name that does not begin with a letter: "layer" makes "layer_12" of "12".
  explicit Names(std::string prefix, std::set<std::string> taken = {})
      : prefix_(std::move(prefix)), taken_(std::move(taken)) {}
  std::string take(std::string_view name);

 private:
  std::string prefix_;
  std::set<std::string> taken_;
};

// Identifiers for all of `names`, in their order: unique, none of `taken`, short where the model's are long. The
// folders that all names share ("model/block/") are left out, and more of the leading ones where a name is still long.
std::vector<std::string> identifiers(const std::vector<std::string>& names, const std::string& prefix,
                                     std::set<std::string> taken = {});

}  // namespace thimble::compiler
