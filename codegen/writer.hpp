// Text of generated C++: indentation, line lengths, literals.
#pragma once
#include <fmt/format.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/ir/type.hpp"

namespace thimble::compiler {

constexpr size_t line_length = 120;

class Writer {
 public:
  // One line at the current indentation; an empty text gives an empty line.
  void line(std::string_view text = {});
  template <class First, class... Rest>
  void line(fmt::format_string<First, Rest...> format, First&& first, Rest&&... rest) {
    line(std::string_view(fmt::format(format, std::forward<First>(first), std::forward<Rest>(rest)...)));
  }
  // `head`, the items with commas between, `tail`: on one line, or broken behind commas with `indent` more blanks.
  void list(const std::string& head, std::span<const std::string> items, const std::string& tail, size_t indent = 4);
  // Lines with their trailing comments ("// rows") in one column, as far as neighbours are indented alike.
  struct Commented {
    std::string text, comment;
  };
  void commented(std::span<const Commented> lines);
  // A comment of any length, broken at blanks.
  void comment(std::string_view text);

  void indent() { ++depth_; }
  void outdent() { --depth_; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  size_t depth_ = 0;
};

// The shortest text that reads back as `value`, always a float: 1.0f, 0.1f, 1e-07f. No locale has a say.
std::string float_literal(float value);
// 12,345 for comments.
std::string grouped(int64_t value);
// A string literal; what is not printable ASCII is escaped.
std::string string_literal(std::string_view text);
// Fit for a comment of one line: control characters and bytes beyond ASCII become '?'.
std::string comment_text(std::string_view text);
// Elements of an array, row by row of at most line_length, behind `indent` blanks.
std::string array_text(ElementType element, std::span<const std::byte> bytes, size_t indent);
// The C++ type of stored elements: int8_t, float. Booleans are bytes of 0 and 1.
std::string_view cpp_type(ElementType element);

}  // namespace thimble::compiler
