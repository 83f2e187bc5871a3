// Sanitises, shortens and tells apart.
#include "codegen/names.hpp"

#include <algorithm>
#include <iterator>

namespace thimble::compiler {

namespace {

constexpr size_t longest = 32;

// C++ keywords up to C++20, alternative tokens, and macros that compilers define in their GNU modes.
constexpr std::string_view keywords[] = {"alignas",
                                         "alignof",
                                         "and",
                                         "and_eq",
                                         "asm",
                                         "auto",
                                         "bitand",
                                         "bitor",
                                         "bool",
                                         "break",
                                         "case",
                                         "catch",
                                         "char",
                                         "char16_t",
                                         "char32_t",
                                         "char8_t",
                                         "class",
                                         "co_await",
                                         "co_return",
                                         "co_yield",
                                         "compl",
                                         "concept",
                                         "const",
                                         "const_cast",
                                         "consteval",
                                         "constexpr",
                                         "constinit",
                                         "continue",
                                         "decltype",
                                         "default",
                                         "delete",
                                         "do",
                                         "double",
                                         "dynamic_cast",
                                         "else",
                                         "enum",
                                         "explicit",
                                         "export",
                                         "extern",
                                         "false",
                                         "float",
                                         "for",
                                         "friend",
                                         "goto",
                                         "i386",
                                         "if",
                                         "inline",
                                         "int",
                                         "linux",
                                         "long",
                                         "mutable",
                                         "namespace",
                                         "new",
                                         "noexcept",
                                         "not",
                                         "not_eq",
                                         "nullptr",
                                         "operator",
                                         "or",
                                         "or_eq",
                                         "private",
                                         "protected",
                                         "public",
                                         "register",
                                         "reinterpret_cast",
                                         "requires",
                                         "return",
                                         "short",
                                         "signed",
                                         "sizeof",
                                         "static",
                                         "static_assert",
                                         "static_cast",
                                         "struct",
                                         "switch",
                                         "template",
                                         "this",
                                         "thread_local",
                                         "throw",
                                         "true",
                                         "try",
                                         "typedef",
                                         "typeid",
                                         "typename",
                                         "union",
                                         "unix",
                                         "unsigned",
                                         "using",
                                         "virtual",
                                         "void",
                                         "volatile",
                                         "wchar_t",
                                         "while",
                                         "xor",
                                         "xor_eq"};

// Global names that a firmware is likely to have: a namespace must not be called so.
constexpr std::string_view global_names[] = {
    "abort", "abs",     "acos",  "asin",   "atan",  "atan2", "atof", "atoi",    "board",  "bsearch", "calloc",
    "ceil",  "cos",     "cosh",  "div",    "erf",   "exit",  "exp",  "fabs",    "floor",  "fmax",    "fmin",
    "fmod",  "free",    "gamma", "getenv", "index", "labs",  "log",  "log10",   "log2",   "main",    "malloc",
    "pow",   "printf",  "puts",  "qsort",  "raise", "rand",  "read", "realloc", "remove", "rename",  "rindex",
    "round", "select",  "setup", "signal", "sin",   "sinh",  "sqrt", "srand",   "std",    "system",  "tan",
    "tanh",  "thimble", "time",  "trunc",  "write", "y0",    "y1",   "yn",      "j0",     "j1",      "jn"};

template <size_t n>
bool is_one_of(const std::string& name, const std::string_view (&list)[n]) {
  return std::find(std::begin(list), std::end(list), name) != std::end(list);
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Letters, digits and single underscores between them; begins with a letter.
std::string sanitised(std::string_view name, const std::string& prefix) {
  std::string id;
  for (const char c : name) {
    if (is_letter(c) || is_digit(c))
      id += c;
    else if (!id.empty() && id.back() != '_')
      id += '_';
  }
  while (!id.empty() && id.back() == '_') id.pop_back();
  if (id.empty()) return prefix;
  if (!is_letter(id.front())) id = prefix + "_" + id;
  return is_one_of(id, keywords) ? id + "_" : id;
}

std::vector<std::string> path_of(std::string_view name) {
  name = first_name(name);
  std::vector<std::string> path{""};
  for (const char c : name) {
    if (c == '/')
      path.emplace_back();
    else
      path.back() += c;
  }
  path.erase(std::remove(path.begin(), path.end(), ""), path.end());
  if (path.empty()) path.emplace_back();
  return path;
}

// Leading folders, at most all but the last part, that every path with folders has; 0 when only one has any.
size_t shared_folders(const std::vector<std::vector<std::string>>& paths) {
  const std::vector<std::string>* first = nullptr;
  size_t shared = 0, seen = 0;
  for (const auto& path : paths) {
    if (path.size() == 1) continue;
    if (first == nullptr) first = &path, shared = path.size() - 1;
    const auto [at, ignored] = std::mismatch(path.begin(), path.end() - 1, first->begin(), first->end() - 1);
    shared = std::min(shared, size_t(at - path.begin()));
    ++seen;
  }
  return seen < 2 ? 0 : shared;
}

// At most `longest` characters, whole words where there are any.
std::string shortened(const std::string& name) {
  if (name.size() <= longest) return name;
  const size_t word_end = name.find_last_of("_/", longest);
  return name.substr(0, word_end == std::string::npos || word_end < longest / 2 ? longest : word_end);
}

std::string joined(const std::vector<std::string>& path, size_t from) {
  std::string name;
  for (size_t i = from; i < path.size(); ++i) name += (name.empty() ? "" : "/") + path[i];
  return name;
}

}  // namespace

std::string_view first_name(std::string_view name) {
  return name.substr(0, name.find(';'));
}

std::string model_identifier(std::string_view name) {
  const std::string id = sanitised(name, "model");
  return is_one_of(id, global_names) ? id + "_model" : id;
}

std::string Names::take(std::string_view name) {
  const std::string wish = sanitised(name, prefix_);
  std::string id = wish;
  for (int n = 2; !taken_.insert(id).second; ++n) id = wish + (wish.back() == '_' ? "" : "_") + std::to_string(n);
  return id;
}

std::vector<std::string> identifiers(const std::vector<std::string>& names, const std::string& prefix,
                                     std::set<std::string> taken) {
  std::vector<std::vector<std::string>> paths;
  for (const auto& name : names) paths.push_back(path_of(name));
  const size_t shared = shared_folders(paths);
  Names unique(prefix, std::move(taken));
  std::vector<std::string> ids;
  for (const auto& path : paths) {
    size_t from = std::min(shared, path.size() - 1);
    std::string name = joined(path, from);
    while (name.size() > longest && from + 1 < path.size()) name = joined(path, ++from);
    ids.push_back(unique.take(shortened(name)));
  }
  return ids;
}

}  // namespace thimble::compiler
