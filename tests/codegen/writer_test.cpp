// Literals, lists and arrays of generated text.
#include "codegen/writer.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>

using namespace thimble::compiler;

TEST_CASE("float literals are floats in C++") {
  CHECK(float_literal(1.0f) == "1.0f");
  CHECK(float_literal(-0.0f) == "-0.0f");
  CHECK(float_literal(0.1f) == "0.1f");
  CHECK(float_literal(1e-7f) == "1e-07f");
  CHECK(float_literal(3e38f) == "3e+38f");
  CHECK(float_literal(16777216.0f) == "16777216.0f");
  CHECK(float_literal(std::numeric_limits<float>::infinity()) == "__builtin_inff()");
  CHECK(float_literal(-std::numeric_limits<float>::infinity()) == "-__builtin_inff()");
  CHECK(float_literal(std::nanf("")) == "__builtin_nanf(\"\")");
}

TEST_CASE("float literals read back as the same float") {
  std::mt19937 random(1);
  for (int i = 0; i < 20000; ++i) {
    const uint32_t bits = random();
    float value;
    std::memcpy(&value, &bits, 4);
    if (!std::isfinite(value)) continue;
    const std::string text = float_literal(value);
    REQUIRE(text.back() == 'f');
    REQUIRE(std::strtof(text.c_str(), nullptr) == value);
  }
}

TEST_CASE("numbers in comments are grouped by thousands") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1000) == "1,000");
  CHECK(grouped(1234567) == "1,234,567");
  CHECK(grouped(-123) == "-123");
  CHECK(grouped(-1234) == "-1,234");
}

TEST_CASE("strings and comments cannot break out of their place") {
  CHECK(string_literal("a\"b\\c\n") == "\"a\\\"b\\\\c\\012\"");
  CHECK(string_literal("\xc3\xa9"
                       "1") == "\"\\303\\2511\"");
  CHECK(comment_text("one\ntwo\\") == "one?two/");
}

TEST_CASE("arrays keep to the line length") {
  std::vector<int8_t> values(1000, -128);
  const std::string text = array_text(ElementType::int8, std::as_bytes(std::span(values)), 4);
  size_t lines = 0, longest = 0;
  for (size_t at = 0; at < text.size(); ++lines) {
    const size_t end = text.find('\n', at);
    longest = std::max(longest, end - at);
    at = end + 1;
  }
  // "    -128," and " -128," after it: 4 + 19 * 6 - 1 = 117 columns.
  CHECK(longest == 117);
  CHECK(lines == (1000 + 18) / 19);
}

TEST_CASE("arrays of every element type") {
  const auto text = [](ElementType element, const auto& values) {
    return array_text(element, std::as_bytes(std::span(values)), 0);
  };
  CHECK(text(ElementType::float32, std::vector<float>{1, -0.5f}) == "1.0f, -0.5f,\n");
  CHECK(text(ElementType::uint8, std::vector<uint8_t>{255, 0}) == "255, 0,\n");
  CHECK(text(ElementType::boolean, std::vector<uint8_t>{1, 0}) == "1, 0,\n");
  CHECK(text(ElementType::int16, std::vector<int16_t>{-32768}) == "-32768,\n");
  CHECK(text(ElementType::int32, std::vector<int32_t>{INT32_MIN, 7}) == "-2147483648, 7,\n");
  CHECK(text(ElementType::int64, std::vector<int64_t>{INT64_MIN, 1}) == "-9223372036854775807 - 1, 1,\n");
  CHECK(text(ElementType::int8, std::vector<int8_t>{}).empty());
}

TEST_CASE("lists break behind commas only when they must") {
  Writer w;
  w.list("f(", std::vector<std::string>{"a", "b"}, ");");
  w.list("g(", std::vector<std::string>{}, ");");
  w.list("h(", std::vector<std::string>(3, std::string(50, 'x')), ");");
  const std::string x(50, 'x');
  CHECK(w.text() == "f(a, b);\ng();\nh(" + x + ", " + x + ",\n    " + x + ");\n");
}

TEST_CASE("trailing comments share a column, long comments are broken") {
  Writer w;
  w.indent();
  w.commented(std::vector<Writer::Commented>{
      {"1,", "// one"}, {"1000,", "// many"}, {"{", ""}, {"  12345678,", "// x"}, {"},", "// y"}});
  CHECK(w.text() == "  1,     // one\n  1000,  // many\n  {\n    12345678,  // x\n  },  // y\n");
  Writer long_one;
  std::string words;
  for (int i = 0; i < 40; ++i) words += "word ";
  long_one.comment(words);
  CHECK(long_one.text().find('\n') <= line_length);
}
