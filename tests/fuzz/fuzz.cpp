// Compiles mutated model files: each gives code or a clear error, in bounded time and memory, and each class of error
// is reached. Meant for a build with THIMBLE_SANITIZE. usage: thimble_fuzz [COUNT [SEED]]      thimble_fuzz --case
// NUMBER: one of them, told in full
#include <fmt/format.h>
#include <onnx/onnx_pb.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <vector>

#include "compiler/compile.hpp"
#include "compiler/error.hpp"
#include "mutate.hpp"
#include "seeds.hpp"

// Memory is bounded: an allocation beyond the largest constant that Thimble takes ends the program.
extern "C" const char* __asan_default_options() {
  return "max_allocation_size_mb=1100:detect_leaks=0:handle_abort=1";
}

extern "C" const char* __ubsan_default_options() {
  return "abort_on_error=1:print_stacktrace=1";
}
// Absent without sanitizers.
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*)());

using namespace thimble::compiler;
using namespace thimble::compiler::fuzz;

namespace {

constexpr int slowest = 60;  // seconds that one model may take, sanitizers and a busy machine included

struct ErrorClass {
  const char* name;
  const char* part;  // of the message; the first row that fits counts
  const char* other_part = "";
};
constexpr ErrorClass error_classes[] = {
    {"file: no model", "are no ONNX model"},
    {"file: no graph", "it holds no graph"},
    {"file: too large", " are the most. Thimble makes code for microcontrollers: the model is too large"},
    {"versions: IR", "its IR version is"},
    {"versions: opset", "its opset is"},
    {"external data: place", "External data must lie in the model's own folder"},
    {"external data: numbers", "of its external data is"},
    {"external data: size", "its external data "},
    {"tensor: dimensions", "call for more than"},
    {"tensor: negative dimension", "it has a dimension of -"},
    {"tensor: amount of data", ", its dimensions call for"},
    {"tensor: number beyond type", ", beyond "},
    {"tensor: number beyond float32", "float32 reaches"},
    {"functions: recursion", "calls itself"},
    {"functions: growth", "with its functions inlined"},
    {"inference", "its shapes do not fit together"},
    {"checker: order, cycles", "topologically sorted"},
    {"checker: assigned twice", "single static assignment"},
    {"checker: no such op", "No Op registered for"},
    {"checker: attribute", "ONNX's checker refuses it", "ttribute"},
    {"checker: types, shapes", "ONNX's checker refuses it", "nference"},
    {"checker: other", "ONNX's checker refuses it"},
    {"dimensions: open", "dimensions are open"},
    {"dimensions: numbers", "Dimensions are 1 or more"},
    {"dimensions: names", "no input of the model has such a dimension"},
    {"import: several problems", " problems"},
    {"import: no such op", "Thimble does not have this op"},
    {"import: subgraph", "ops with subgraphs are not supported"},
    {"import: domain", "ops of domain"},
    {"import: type", "which is not supported. Use tensors of"},
    {"import: input", ": input '"},
    {"import: not constant", "is not known at compile time"},
    {"import: declared output", ": the model declares it"},
    {"import: output", "output"},
    {"limit: RAM", "the arena takes"},
    {"limit: flash", "--flash allows"},
};
// Errors that an op's own import, shape rule or lowering gives are as many as there are ops: they count together.
constexpr const char* of_ops = "ops' own errors";

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    if (line.empty() || line[0] != ' ') lines.push_back(line);  // what is indented is a table
  return lines;
}

struct Case {
  std::string seed, mutations;
  std::string file;  // the bytes
  CompileOptions options;
  bool outside_weights = true;
};

Case make_case(uint64_t number, const std::vector<Seed>& seeds) {
  Random r(number);
  const Seed& seed = seeds[size_t(r.below(int(seeds.size())))];
  Case made;
  made.seed = seed.name;
  onnx::ModelProto model = seed.model;
  if (r.one_in(4)) {
    made.mutations = "bytes";
    made.file = model.SerializeAsString();
    for (int i = r.below(3); i >= 0; --i)
      if (!made.file.empty()) made.outside_weights = mutate_bytes(made.file, model, r) && made.outside_weights;
  } else {
    for (int i = r.one_in(3) ? r.below(3) : 0; i >= 0; --i) {
      const auto& some = r.one_in(2) ? node_mutations() : value_mutations();
      const Mutation& m = some[size_t(r.below(int(some.size())))];
      m.apply(model, r);
      made.mutations += (made.mutations.empty() ? "" : ", ") + std::string(m.name);
      made.outside_weights = made.outside_weights && !m.weights;
    }
    made.file = model.SerializeAsString();
  }
  made.options.target = &targets()[size_t(r.below(int(targets().size())))];
  if (r.one_in(40)) made.options.load.largest_model = r.below(int(made.file.size()) + 1);
  for (const auto& input : model.graph().input())
    for (const auto& d : input.type().tensor_type().shape().dim())
      if (!d.dim_param().empty() && r.one_in(2)) made.options.load.dimensions[d.dim_param()] = r.below(6);
  if (r.one_in(40)) made.options.load.dimensions["none"] = 1;
  if (r.one_in(6)) made.options.ram_limit = r.below(4000);
  if (r.one_in(6)) made.options.flash_limit = r.below(4000);
  return made;
}

// A message that lists several problems is of each one's class.
std::set<std::string> classes_of(const std::string& message) {
  std::set<std::string> found;
  for (const std::string& line : lines_of(message)) {
    const auto fits = [&](const ErrorClass& c) {
      return line.find(c.part) != std::string::npos && line.find(c.other_part) != std::string::npos;
    };
    const auto c = std::find_if(std::begin(error_classes), std::end(error_classes), fits);
    found.insert(c == std::end(error_classes) ? of_ops : c->name);
  }
  return found;
}

struct Outcome {
  std::set<std::string> classes;  // of error, or "code"
  std::string message;            // of the error
  bool failed = false;            // neither code nor a clear error
};

Outcome outcome_of(const Case& c, const std::string& path) {
  std::ofstream(path, std::ios::binary) << c.file;
  CompileOptions options = c.options;
  options.model = path;
  try {
    const Compiled compiled = compile_model(options);
    make_bundle(compiled, options);
    return {{"code"}, "", false};
  } catch (const Error& e) {
    const std::string message = e.what();
    // where: what. What to do.
    const bool clear = message.find(": ") != std::string::npos && message.back() != ' ' && message.size() < 200'000;
    return {classes_of(message), message, !clear};
  } catch (const std::exception& e) {
    return {{"FAILED"}, e.what(), true};
  }
}

uint64_t running = 0;

// Says which case it was, also when a sanitizer ends the program.
extern "C" void tell_case() {
  const std::string text = fmt::format("case {}: `thimble_fuzz --case {}` shows it alone\n", running, running);
  if (write(STDERR_FILENO, text.data(), text.size()) < 0) _exit(1);
}

void too_slow(int) {
  tell_case();
  const std::string text = fmt::format("it takes longer than {} s\n", slowest);
  _exit(write(STDERR_FILENO, text.data(), text.size()) < 0 ? 2 : 1);
}

int run_one(uint64_t number, const std::vector<Seed>& seeds, const std::string& path) {
  const Case c = make_case(number, seeds);
  fmt::print("case {}: {}: {}; target {}; the file is {}\n", number, c.seed, c.mutations, c.options.target->name, path);
  const Outcome o = outcome_of(c, path);
  fmt::print("{}\n{}\n", fmt::join(o.classes, "; "), o.message);
  return o.failed;
}

int run_all(uint64_t first, uint64_t count, const std::vector<Seed>& seeds, const std::string& path) {
  std::map<std::string, int> outcomes;
  uint64_t outside = 0, failures = 0;
  double longest = 0;
  for (running = first; running < first + count; ++running) {
    const Case c = make_case(running, seeds);
    outside += c.outside_weights;
    alarm(slowest);
    const auto start = std::chrono::steady_clock::now();
    const Outcome o = outcome_of(c, path);
    longest = std::max(longest, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    alarm(0);
    for (const std::string& name : o.classes) ++outcomes[name];
    failures += o.failed;
    if (o.failed) fmt::print("case {}: {}: {}\n  {}\n", running, c.seed, c.mutations, o.message);
  }

  fmt::print("{} mutated models, {:.1f} % of them outside the weights' bytes; the slowest took {:.1f} s\n", count,
             100.0 * double(outside) / double(count), longest);
  fmt::print("  {:<32} {}\n", "code", outcomes["code"]);
  std::vector<std::string> missing;
  for (const ErrorClass& c : error_classes) {
    fmt::print("  {:<32} {}\n", c.name, outcomes[c.name]);
    if (outcomes[c.name] == 0) missing.push_back(c.name);
  }
  fmt::print("  {:<32} {}\n", of_ops, outcomes[of_ops]);
  if (count >= 2000 && !missing.empty()) fmt::print("not reached: {}\n", fmt::join(missing, "; "));
  if (10 * outside < 7 * count) fmt::print("too few mutations outside the weights\n");
  if (failures > 0) fmt::print("{} failed\n", failures);
  return failures > 0 || 10 * outside < 7 * count || (count >= 2000 && !missing.empty());
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<Seed> seeds = all_seeds();
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / fmt::format("thimble-fuzz-{}", getpid());
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "weights.bin") << std::string(4096, 'w');
  const std::string path = (folder / "case.onnx").string();
  signal(SIGALRM, too_slow);
  if (__sanitizer_set_death_callback) __sanitizer_set_death_callback(tell_case);
  // A case is named by its number alone: SEED sets where the numbers start.
  const auto number = [&](int i, uint64_t if_absent) { return argc > i ? std::stoull(argv[i]) : if_absent; };
  if (argc > 1 && std::string(argv[1]) == "--case") return run_one(number(2, 0), seeds, path);
  const int result = run_all(number(2, 1) * 1'000'000, number(1, 2000), seeds, path);
  std::filesystem::remove_all(folder);
  return result;
}
