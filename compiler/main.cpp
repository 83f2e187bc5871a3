// The command line.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <filesystem>

#include "compiler/commands/commands.hpp"
#include "compiler/error.hpp"

using namespace thimble::compiler;

namespace {

struct Words {  // options that need reading before they are options of the compiler
  std::string target = "host";
  std::vector<std::string> dims, shapes, stream;
  std::string arena = "member", optimize = "speed", specialise = "chosen";
  int alternative = -1;
};

const Target* target_named(const std::string& name) {
  if (const Target* t = find_target(name)) return t;
  std::string all;
  for (const Target& t : targets()) all += (all.empty() ? "" : ", ") + std::string(t.name);
  throw Error("--target", "'" + name + "' is not a target", "Choose one of: " + all + ".");
}

std::pair<std::string, std::string> split_at(const std::string& text, char mark, const std::string& option) {
  const size_t at = text.find(mark);
  if (at == std::string::npos || at == 0 || at + 1 == text.size())
    throw Error(option, "'" + text + "' is not of the form NAME" + mark + "VALUE", "See the examples under -h.");
  return {text.substr(0, at), text.substr(at + 1)};
}

int64_t positive(const std::string& text, const std::string& option) {
  if (text.empty() || text.size() > 9 || text.find_first_not_of("0123456789") != std::string::npos ||
      std::stoll(text) == 0)
    throw Error(option, "'" + text + "' is not a positive number", "Give a size such as 1 or 96.");
  return std::stoll(text);
}

void settle(CompileOptions& options, const Words& words) {
  options.target = target_named(words.target);
  for (const std::string& dim : words.dims) {
    const auto [name, value] = split_at(dim, '=', "--dim");
    options.load.dimensions[name] = positive(value, "--dim");
  }
  for (const std::string& shape : words.shapes) {
    const auto [name, value] = split_at(shape, '=', "--shape");
    Shape sizes;
    for (const std::string& size : CLI::detail::split(value, 'x')) sizes.push_back(positive(size, "--shape"));
    options.load.shapes[name] = sizes;
  }
  for (const std::string& region : words.stream) options.plan.stream.push_back(split_at(region, ':', "--stream"));
  options.emit.external_arena = words.arena == "external";
  ChoiceOptions& choice = options.lowering.choice;
  choice.optimize = *optimize_named(words.optimize);
  if (words.specialise != "chosen") choice.specialise = words.specialise == "all";
  if (words.alternative >= 0) choice.alternative = size_t(words.alternative);
  options.passes.dump = [](const std::string& text) { fmt::print(stderr, "{}", text); };
}

// Those of that name, or all that a board counts instructions on.
std::vector<const Target*> targets_named(const std::vector<std::string>& names) {
  std::vector<const Target*> chosen;
  for (const std::string& name : names) chosen.push_back(target_named(name));
  if (!names.empty()) return chosen;
  for (const Target& t : targets())
    if (!t.qemu.empty()) chosen.push_back(&t);
  return chosen;
}

void add_model(CLI::App* app, CompileOptions& options, Words& words) {
  app->add_option("model", options.model, "The .onnx file")->required();
  app->add_option("--dim", words.dims, "Bind a symbolic dimension: batch=1");
  app->add_option("--shape", words.shapes, "Bind an input's shape: input=1x3x96x96");
}

// How flash is spent.
void add_choice(CLI::App* app, CompileOptions& options, Words& words) {
  app->add_option("--flash", options.flash_limit,
                  "Use no more bytes of flash than this, code as estimated; fail when that cannot be");
  app->add_option("--optimize", words.optimize,
                  "Where flash buys instructions, spend it where it saves any to speak of (speed), much (balanced), or "
                  "hardly ever (size)")
      ->check(CLI::IsMember({"speed", "balanced", "size"}))
      ->capture_default_str();
  app->add_option("--specialise", words.specialise,
                  "Layers whose sizes are constants of the code: as --optimize chooses, none, all")
      ->check(CLI::IsMember({"chosen", "none", "all"}))
      ->capture_default_str();
  app->add_option("--alternative", words.alternative,
                  "Of the kernels that a layer could have take this one, or its last, instead of choosing; 0 is the "
                  "plainest");
}

void add_compile(CLI::App* app, CompileOptions& options, Words& words) {
  add_model(app, options, words);
  app->add_option("-t,--target", words.target, "The core to compile for; `thimble targets` lists them")
      ->capture_default_str();
  app->add_option("--name", options.name, "C++ name of the model; default: the file's name");
  app->add_option("--ram", options.ram_limit, "Fail when the arena takes more bytes than this");
  add_choice(app, options, words);
  app->add_flag("--keep-input", options.plan.keep_input, "A run leaves the input as it was");
  app->add_option("--stream", words.stream,
                  "Run layers FIRST:LAST row by row, with rings of rows between them (names or numbers; a name that is "
                  "none makes an error that lists them)");
  app->add_option("--band-rows", options.plan.band_rows,
                  "Rows that --stream makes at a time; 0: one, or two where that saves instructions")
      ->capture_default_str();
  app->add_flag("--portable", options.lowering.portable_kernels, "Use no instruction-set kernels");
  app->add_option("--dump-after", options.passes.dump_after, "Print the graph after this pass");
  app->add_flag("--check-passes", options.passes.check_passes,
                "Run the interpreter after each pass and name the first that changes a result");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Thimble compiles ONNX models to C++ for microcontrollers.\nExample: thimble compile kws.onnx --target cortex-m4 "
      "-o kws/");
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("thimble ") + THIMBLE_VERSION);
  Words words;

  static CompileCommand compile;
  CLI::App* c = app.add_subcommand(
      "compile",
      "Write a model's C++ sources\nExamples:\n  thimble compile kws.onnx --target cortex-m4 -o kws/\n  thimble "
      "compile kws.onnx --target cortex-m0plus --ram 16000 --flash 60000 --self-test");
  add_compile(c, compile.compile, words);
  c->add_option("-o,--output", compile.output, "Folder of the bundle; default: the model's name");
  c->add_option("--depfile", compile.depfile, "Write a Makefile rule of the files read, for the build system");
  c->add_option("--arena", words.arena, "Where the arena lies: in the Model object (member), or handed in (external)")
      ->check(CLI::IsMember({"member", "external"}))
      ->capture_default_str();
  c->add_option("--weights-section", compile.compile.emit.weights_section, "Linker section of the weights");
  c->add_flag("--self-test", compile.self_test, "Add a stored input and the checksum of its output");
  c->add_flag("--hook", compile.compile.emit.layer_hook, "Call a function of yours after each layer");
  c->add_flag("--json", compile.json, "Print figures as JSON");

  static InspectCommand inspect;
  CLI::App* i = app.add_subcommand("inspect",
                                   "Say what is in a model: ops, sizes, MACs, what is not supported, RAM per target; "
                                   "write no code\nExample: thimble inspect kws.onnx --json");
  add_model(i, inspect.compile, words);
  add_choice(i, inspect.compile, words);
  i->add_option("-t,--target", inspect.targets, "Targets to give figures for; default: all");
  i->add_flag("--json", inspect.json, "Print it as JSON");

  static VerifyCommand verify;
  CLI::App* v = app.add_subcommand(
      "verify",
      "Build the generated code, run it on the host or in QEMU, and compare\nExamples:\n  thimble verify kws.onnx "
      "--target cortex-m4\n  thimble verify kws.onnx --target rv32imc --layers --json");
  add_compile(v, verify.compile, words);
  v->add_option(
      "--data", verify.data,
      "Folders with input_*.pb and output_*.pb; default: test_data_set_* beside the model, else made-up inputs");
  v->add_option("--reference", verify.reference,
                "Folder of NAME.npy with the values of the model's tensors: with --layers, each layer is fed from them "
                "and compared");
  v->add_flag("--layers", verify.layers, "Compare every layer, and count its instructions");
  v->add_option("--keep", verify.keep, "Build in this folder and leave it");
  v->add_option("--flags", verify.flags, "More compiler flags, such as -fsanitize=address");
  v->add_option("--timeout", verify.timeout, "Seconds that one run may take")->capture_default_str();
  v->add_flag("--json", verify.json, "Print it as JSON");

  static BenchCommand bench;
  static std::vector<std::string> bench_targets;
  CLI::App* b = app.add_subcommand(
      "bench",
      "Measure models on targets, in QEMU: instructions, flash, RAM\nExamples:\n  thimble bench kws.onnx vww.onnx\n  "
      "thimble bench kws.onnx --target cortex-m4 --target rv32imc --layers");
  b->add_option("models", bench.models, "The .onnx files")->required();
  b->add_option("-t,--target", bench_targets, "Targets to measure on; default: all that have a board");
  add_choice(b, bench.compile, words);
  b->add_flag("--layers", bench.layers, "Also list each layer");
  b->add_option("--check", bench.check,
                "Compare with the table in this file, which --markdown wrote, and name each figure that changed");
  b->add_option("--jobs", bench.jobs, "Models measured at a time")->capture_default_str();
  b->add_option("--timeout", bench.timeout, "Seconds that one run may take")->capture_default_str();
  b->add_flag("--json", bench.json, "Print it as JSON");
  b->add_flag("--markdown", bench.markdown, "Print it as Markdown");

  static RunCommand once;
  CLI::App* r =
      app.add_subcommand("run",
                         "Run a model on this machine\nExamples:\n  thimble run kws.onnx --data test_data_set_0 --out "
                         "results/\n  thimble run kws.onnx --input input_1=word.npy --npy");
  add_compile(r, once.compile, words);
  r->add_option("--data", once.data, "Folder with input_*.pb");
  r->add_option("--input", once.inputs, "An input: name=file.npy or name=file.pb");
  r->add_option("--out", once.output, "Folder for the outputs")->capture_default_str();
  r->add_flag("--npy", once.npy, "Write NAME.npy instead of output_0.pb");
  r->add_flag("--interpreter", once.interpreter,
              "Evaluate the model's graph in double precision instead of running generated code");

  static bool json = false, markdown = false;
  CLI::App* t = app.add_subcommand("targets", "List the targets\nExample: thimble targets --json");
  t->add_flag("--json", json, "Print them as JSON");
  CLI::App* o = app.add_subcommand("ops", "List the operators\nExample: thimble ops");
  o->add_flag("--json", json, "Print them as JSON");
  o->add_flag("--markdown", markdown, "Print docs/operators.md");

  try {
    app.parse(argc, argv);
    if (c->parsed()) return settle(compile.compile, words), run_compile(compile);
    if (i->parsed()) return settle(inspect.compile, words), run_inspect(inspect);
    if (v->parsed()) return settle(verify.compile, words), run_verify(verify);
    if (b->parsed()) {
      settle(bench.compile, words);
      bench.targets = targets_named(bench_targets);
      return run_bench(bench);
    }
    if (r->parsed()) return settle(once.compile, words), run_model(once);
    if (t->parsed()) return list_targets(json);
    return list_ops(json, markdown);
  } catch (const CLI::Success& e) {
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    fmt::print(stderr, "command line: {}. See thimble {} -h.\n", e.what(),
               app.get_subcommands().empty() ? "" : app.get_subcommands()[0]->get_name());
    return input_at_fault;
  } catch (const LimitError& e) {
    fmt::print(stderr, "{}\n", e.what());
    return limit_exceeded;
  } catch (const Error& e) {
    fmt::print(stderr, "{}\n", e.what());
    return input_at_fault;
  } catch (const std::filesystem::filesystem_error& e) {
    fmt::print(stderr, "{}: {}. Check the path and its permissions.\n", e.path1().string(), e.code().message());
    return input_at_fault;
  } catch (const std::exception& e) {
    fmt::print(stderr, "This is a bug of Thimble's: {}. Please report it, with the model if you can.\n", e.what());
    return internal_fault;
  }
}
