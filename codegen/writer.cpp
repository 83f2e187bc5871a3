// Lines, literals and arrays of generated C++.
#include "codegen/writer.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include "compiler/error.hpp"

namespace thimble::compiler {

void Writer::line(std::string_view text) {
  if (!text.empty()) text_.append(depth_ * 2, ' ').append(text);
  text_ += '\n';
}

void Writer::list(const std::string& head, std::span<const std::string> items, const std::string& tail, size_t indent) {
  std::string current = head;
  bool first_of_line = true;
  for (size_t i = 0; i < items.size(); ++i) {
    const std::string piece = items[i] + (i + 1 == items.size() ? tail : ",");
    if (!first_of_line && depth_ * 2 + current.size() + 1 + piece.size() > line_length) {
      line(current);
      current = std::string(indent, ' ');
      first_of_line = true;
    }
    current += (first_of_line ? "" : " ") + piece;
    first_of_line = false;
  }
  line(items.empty() ? current + tail : current);
}

void Writer::commented(std::span<const Commented> lines) {
  const auto margin = [](const Commented& l) { return l.text.find_first_not_of(' '); };
  for (size_t i = 0; i < lines.size();) {
    if (lines[i].comment.empty()) {
      line(lines[i++].text);
      continue;
    }
    size_t end = i, column = 0;
    for (; end < lines.size() && !lines[end].comment.empty() && margin(lines[end]) == margin(lines[i]); ++end)
      column = std::max(column, lines[end].text.size());
    for (; i < end; ++i) line(fmt::format("{:<{}}  {}", lines[i].text, column, lines[i].comment));
  }
}

void Writer::comment(std::string_view text) {
  const size_t width = line_length - depth_ * 2 - 3;
  while (text.size() > width) {
    size_t end = text.rfind(' ', width);
    if (end == std::string_view::npos || end == 0) end = std::min(text.find(' '), text.size());
    line("// {}", text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (!text.empty()) line("// {}", text);
}

std::string float_literal(float value) {
  if (std::isnan(value)) return "__builtin_nanf(\"\")";
  if (std::isinf(value)) return value < 0 ? "-__builtin_inff()" : "__builtin_inff()";
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  std::string text(digits, end);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text + "f";
}

std::string grouped(int64_t value) {
  std::string text = std::to_string(value);
  const int64_t sign = value < 0 ? 1 : 0;
  for (int64_t at = int64_t(text.size()) - 3; at > sign; at -= 3) text.insert(size_t(at), ",");
  return text;
}

std::string string_literal(std::string_view text) {
  std::string literal = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      literal += '\\';
      literal += c;
    } else if (c >= ' ' && c <= '~') {
      literal += c;
    } else {
      literal += fmt::format("\\{:03o}", static_cast<unsigned char>(c));
    }
  }
  return literal + "\"";
}

std::string comment_text(std::string_view text) {
  std::string clean(text);
  for (char& c : clean)
    if (c < ' ' || c > '~') c = '?';
  // A backslash at the end of a line would carry the comment on.
  std::replace(clean.begin(), clean.end(), '\\', '/');
  return clean;
}

namespace {

template <class T>
T element_at(std::span<const std::byte> bytes, size_t i) {
  T value;
  std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
  return value;
}

std::string element_text(ElementType element, std::span<const std::byte> bytes, size_t i) {
  switch (element) {
    case ElementType::float32:
      return float_literal(element_at<float>(bytes, i));
    case ElementType::int8:
      return std::to_string(element_at<int8_t>(bytes, i));
    case ElementType::uint8:
    case ElementType::boolean:
      return std::to_string(element_at<uint8_t>(bytes, i));
    case ElementType::int16:
      return std::to_string(element_at<int16_t>(bytes, i));
    case ElementType::int32:
      return std::to_string(element_at<int32_t>(bytes, i));
    case ElementType::int64: {
      const auto value = element_at<int64_t>(bytes, i);
      // The magnitude of the lowest is no int64_t.
      return value == INT64_MIN ? "-9223372036854775807 - 1" : std::to_string(value);
    }
  }
  throw InternalError("array of an unknown element type");
}

}  // namespace

std::string array_text(ElementType element, std::span<const std::byte> bytes, size_t indent) {
  const size_t count = bytes.size() / size_t(size_of(element));
  const std::string margin(indent, ' ');
  std::string text, current = margin;
  for (size_t i = 0; i < count; ++i) {
    const std::string piece = element_text(element, bytes, i) + ",";
    if (current.size() > indent && current.size() + 1 + piece.size() > line_length) {
      text += current + '\n';
      current = margin;
    }
    if (current.size() > indent) current += ' ';
    current += piece;
  }
  return count == 0 ? text : text + current + '\n';
}

std::string_view cpp_type(ElementType element) {
  switch (element) {
    case ElementType::float32:
      return "float";
    case ElementType::int8:
      return "int8_t";
    case ElementType::uint8:
    case ElementType::boolean:
      return "uint8_t";
    case ElementType::int16:
      return "int16_t";
    case ElementType::int32:
      return "int32_t";
    case ElementType::int64:
      return "int64_t";
  }
  throw InternalError("unknown element type");
}

}  // namespace thimble::compiler
