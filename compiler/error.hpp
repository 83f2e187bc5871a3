// The errors a user can cause. A message reads "where: what is wrong, with both numbers. What to do."
#pragma once
#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace thimble::compiler {

// The model, a file or the command line is at fault: exit code 1.
class Error : public std::runtime_error {
 public:
  // `where` names the file, node or option; `what` holds the numbers; `remedy` is a whole sentence.
  Error(const std::string& where, const std::string& what, const std::string& remedy)
      : std::runtime_error(where + ": " + what + ". " + remedy) {}
  // Several problems of one kind, one a line, told together.
  explicit Error(const std::vector<std::string>& messages) : std::runtime_error(join(messages)) {}

 private:
  static std::string join(const std::vector<std::string>& messages) {
    std::string all;
    for (const auto& m : messages) all += (all.empty() ? "" : "\n") + m;
    return all;
  }
};

// A limit such as --ram is exceeded, or verify found a difference: exit code 2.
class LimitError : public Error {
  using Error::Error;
};

// A broken invariant of Thimble's own: exit code 3.
class InternalError : public std::logic_error {
 public:
  explicit InternalError(const std::string& what) : std::logic_error(what) {}
};

inline void ensure(bool holds, const std::string& what) {
  if (!holds) throw InternalError(what);
}

}  // namespace thimble::compiler
