// The pipeline, readable top to bottom.
#include "compiler/compile.hpp"

#include <filesystem>

#include "codegen/names.hpp"
#include "compiler/cost.hpp"
#include "compiler/error.hpp"
#include "compiler/onnx/import.hpp"
#include "compiler/report.hpp"

namespace thimble::compiler {

namespace {

// Bytes. No microcontroller has more, offsets are int32, and the checker keeps a shadow of it all.
constexpr int64_t largest_arena = int64_t(1) << 28;

void check_limits(const Compiled& compiled, const CompileOptions& options) {
  if (options.ram_limit >= 0 && compiled.plan.arena_bytes > options.ram_limit)
    throw LimitError(
        options.model,
        fmt::format("the arena takes {} bytes, --ram allows {}", compiled.plan.arena_bytes, options.ram_limit),
        "What takes the space:\n" + to_string(memory_map(compiled.program, compiled.plan, options.plan.keep_input)));
  const Estimate flash = estimate(compiled.program, *options.target);
  if (options.flash_limit >= 0 && flash.code + flash.weights > options.flash_limit)
    throw LimitError(options.model,
                     fmt::format("weights take {} bytes and code about {}, --flash allows {}", flash.weights,
                                 flash.code, options.flash_limit),
                     "What takes the space:\n" + flash_table(compiled.program));
}

}  // namespace

Compiled compile_model(const CompileOptions& options) {
  Compiled compiled;
  LoadedModel model = load_model(options.model, options.load);
  compiled.files = model.files;
  compiled.model_hash = model.hash;
  compiled.notes = model.notes;
  compiled.graph = import_model(model);

  const ReportLines lines = run_pipeline(compiled.graph, options.passes);
  compiled.notes.insert(compiled.notes.end(), lines.begin(), lines.end());

  const std::string name =
      model_identifier(options.name.empty() ? std::filesystem::path(options.model).stem().string() : options.name);
  LoweringOptions lowering = options.lowering;
  lowering.choice.flash = options.flash_limit;
  compiled.program = lower(compiled.graph, name, *options.target, lowering);
  compiled.plan = plan(compiled.program, *options.target, options.plan);
  if (compiled.plan.arena_bytes > largest_arena)
    throw Error(options.model,
                fmt::format("the arena takes {} bytes, {} are the most", compiled.plan.arena_bytes, largest_arena),
                "The model is too large for a microcontroller.");
  check_plan(compiled.program, compiled.plan, *options.target, options.plan);
  check_limits(compiled, options);
  return compiled;
}

Bundle make_bundle(const Compiled& compiled, const CompileOptions& options) {
  EmitOptions emit_options = options.emit;
  emit_options.version = THIMBLE_VERSION;
  emit_options.model_hash = compiled.model_hash;
  emit_options.keep_input = options.plan.keep_input;
  emit_options.table_of_layers = options.lowering.choice.optimize == Optimize::size;
  return emit(compiled.program, compiled.plan, *options.target, emit_options);
}

}  // namespace thimble::compiler
