// Compilers, linkers and QEMU behind one function each.
#include "compiler/verify/firmware.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "compiler/embedded.hpp"
#include "compiler/error.hpp"
#include "compiler/verify/map_file.hpp"
#include "compiler/verify/process.hpp"

namespace thimble::compiler {

namespace fs = std::filesystem;

namespace {

std::string read_text(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

void write_board_files(const fs::path& folder) {
  for (const EmbeddedFile& f : embedded_files()) {
    if (f.path.substr(0, 7) != "boards/") continue;
    const fs::path path = folder / f.path;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << f.text;
  }
}

std::string first_lines(const std::string& text, int count) {
  size_t end = 0;
  for (int i = 0; i < count && end != std::string::npos && end < text.size(); ++i)
    end = text.find('\n', end) == std::string::npos ? std::string::npos : text.find('\n', end) + 1;
  return text.substr(0, end);
}

void must_succeed(const std::vector<std::string>& argv, const std::string& folder, const std::string& what) {
  const ProcessResult r = run_process(argv, folder, 300);
  if (r.status == 0) return;
  throw Error(what, fmt::format("{} ended with status {}:\n{}", argv[0], r.status, first_lines(r.output, 12)),
              "See the messages above, and the files in " + folder + ".");
}

std::vector<std::string> with(std::vector<std::string> base, const std::vector<std::string>& more) {
  base.insert(base.end(), more.begin(), more.end());
  return base;
}

// The C compiler beside a C++ compiler: arm-none-eabi-g++ -> arm-none-eabi-gcc.
std::string c_compiler(std::string_view cpp) {
  return std::string(cpp.substr(0, cpp.size() - 2)) + "cc";
}

std::string version_line(const Target& target) {
  const std::string text = run_process({std::string(target.compiler), "--version"}, ".", 30).output;
  return text.substr(0, text.find('\n')) + ", " + std::string(target.flags);
}

enum class Part { model, test_main, board };
struct Object {
  std::string path;
  Part part;
};

std::vector<Object> compile_objects(const Target& target, const fs::path& bundle, const fs::path& main_cpp,
                                    const fs::path& work, const std::vector<std::string>& extra) {
  const fs::path boards = work / "boards", board = boards / target.board;
  const std::vector<std::string> flags = with(split_words(target.flags), extra);
  std::vector<Object> objects;
  const auto compile = [&](const fs::path& source, Part part, bool c) {
    const std::string object = (work / (source.filename().string() + ".o")).string();
    std::vector<std::string> argv{c ? c_compiler(target.compiler) : std::string(target.compiler)};
    argv = with(argv, flags);
    if (!c) argv = with(argv, {"-std=c++17", "-fno-exceptions", "-fno-rtti", "-Wall", "-Wextra"});
    argv = with(argv, {"-I" + bundle.string(), "-I" + board.string(), "-I" + boards.string(), "-c", source.string(),
                       "-o", object});
    must_succeed(argv, work.string(), source.filename().string());
    objects.push_back({object, part});
  };
  std::vector<fs::path> sources;
  for (const auto& entry : fs::directory_iterator(bundle))
    if (entry.path().extension() == ".cpp") sources.push_back(entry.path());
  std::sort(sources.begin(), sources.end());
  for (const fs::path& source : sources) compile(source, Part::model, false);
  compile(main_cpp, Part::test_main, false);
  std::vector<fs::path> board_sources;
  for (const auto& entry : fs::directory_iterator(board))
    if (entry.path().extension() == ".c") board_sources.push_back(entry.path());
  if (!target.linker_script.empty()) board_sources.push_back(boards / "semihost_files.c");
  std::sort(board_sources.begin(), board_sources.end());
  for (const fs::path& source : board_sources) compile(source, Part::board, true);
  return objects;
}

// Flash of the model: its own objects in the firmware, and what they pull from the compiler's libraries, as it lies in
// `without_board`: the board pulls parts of its own.
FirmwareSizes sizes_from(const std::string& firmware, const std::string& without_board,
                         const std::vector<Object>& objects) {
  FirmwareSizes sizes;
  const auto own = [&](const LinkedSection& s) {
    return std::find_if(objects.begin(), objects.end(), [&](const Object& o) { return o.path == s.object; });
  };
  for (const LinkedSection& s : parse_map(firmware))
    if (const auto object = own(s); object != objects.end() && object->part == Part::model)
      (s.object.find("_weights.cpp.o") != std::string::npos ? sizes.weights : sizes.code) += s.bytes;
  for (const LinkedSection& s : parse_map(without_board))
    if (own(s) == objects.end()) sizes.code += s.bytes;
  return sizes;
}

// QEMU's plugin, built with the host's C compiler; empty when there is none.
std::string build_plugin(const std::string& folder) {
  const std::string compiler = program_exists("cc") ? "cc" : "gcc";
  if (!program_exists(compiler)) return "";
  const std::string plugin = folder + "/icount_plugin.so";
  return run_process({compiler, "-O2", "-shared", "-fPIC", "-o", plugin, folder + "/boards/icount_plugin.c"}, folder,
                     60)
                     .status == 0
             ? plugin
             : "";
}

std::vector<std::string> qemu_command(const Target& target, const std::string& program) {
  return with(split_words(target.qemu),
              {"-display", "none", "-chardev", "stdio,id=semihost", "-monitor", "none", "-serial", "none", "-nic",
               "none", "-semihosting-config", "enable=on,target=native,chardev=semihost", "-kernel", program});
}

// A line for each region: its instructions, and those of each kind.
std::vector<InstructionCounts> read_counts(const std::string& path) {
  std::istringstream in(read_text(path));
  std::vector<InstructionCounts> counts;
  for (InstructionCounts c; in >> c.total;) {
    InstructionKinds kinds;
    for (int64_t& n : kinds) in >> n;
    c.kinds = kinds;
    counts.push_back(c);
  }
  return counts;
}

// Links `objects` to firmware.program and measures it.
void link_program(const Target& target, const std::vector<Object>& objects, Firmware& firmware,
                  const std::vector<std::string>& extra_flags) {
  const bool measured = !target.linker_script.empty();
  const auto link = [&](const std::string& program, bool board, const std::vector<std::string>& options) {
    std::vector<std::string> argv = with(with({std::string(target.compiler)}, split_words(target.flags)), extra_flags);
    for (const Object& o : objects)
      if (board || o.part != Part::board) argv.push_back(o.path);
    const std::string boards = firmware.folder + "/boards";
    if (measured)
      argv = with(argv, {"-nostartfiles", "-L" + boards + "/" + std::string(target.board), "-L" + boards,
                         "-T" + std::string(target.linker_script), "-Wl,--gc-sections", "-Wl,--no-warn-rwx-segments",
                         "-Wl,-Map=" + program + ".map"});
    argv = with(with(argv, options), split_words(target.libraries));
    must_succeed(with(argv, {"-o", program}), firmware.folder, "linking for " + std::string(target.name));
  };
  link(firmware.program, true, {});
  if (!measured) return;
  const std::string without_board = firmware.program + "_without_board";
  link(without_board, false, {"-Wl,--entry=main", "-Wl,--unresolved-symbols=ignore-all"});
  firmware.sizes = sizes_from(read_text(firmware.program + ".map"), read_text(without_board + ".map"), objects);
}

}  // namespace

Firmware build_firmware(const Target& target, const std::string& bundle_folder, const std::string& main_cpp,
                        const std::string& work_folder, const std::vector<std::string>& extra_flags) {
  if (!program_exists(std::string(target.compiler)))
    throw Error("target " + std::string(target.name),
                "its compiler " + std::string(target.compiler) + " is not on PATH",
                "Install it, or choose another target.");
  const fs::path work = fs::absolute(work_folder), bundle = fs::absolute(bundle_folder);
  write_board_files(work);
  Firmware firmware{work.string(), (work / "firmware").string(), {}, version_line(target)};
  const std::vector<Object> objects = compile_objects(target, bundle, fs::absolute(main_cpp), work, extra_flags);
  link_program(target, objects, firmware, extra_flags);
  return firmware;
}

RunResult run_firmware(const Target& target, const Firmware& firmware, int seconds) {
  RunResult result;
  std::vector<std::string> argv{firmware.program};
  const std::string counts = firmware.folder + "/counts.txt";
  std::string plugin;
  if (!target.qemu.empty()) {
    argv = qemu_command(target, firmware.program);
    if (!program_exists(argv[0]))
      throw Error("target " + std::string(target.name), argv[0] + " is not on PATH",
                  "Install QEMU, or verify on the host.");
    plugin = build_plugin(firmware.folder);
    argv = with(argv, plugin.empty() ? std::vector<std::string>{"-icount", "shift=0"}
                                     : std::vector<std::string>{"-plugin", plugin + ",out=" + counts});
  }
  const ProcessResult run = run_process(argv, firmware.folder, seconds);
  if (run.timed_out)
    throw Error("running for " + std::string(target.name), fmt::format("it did not end within {} seconds", seconds),
                "Give more with --timeout.");
  if (run.status != 0)
    throw Error("running for " + std::string(target.name),
                fmt::format("the program ended with status {}:\n{}", run.status, first_lines(run.output, 12)),
                "This is a bug of Thimble or of the board's files.");
  result.output = run.output;
  result.counter = target.qemu.empty() ? "none" : plugin.empty() ? "QEMU -icount, timer ticks" : "QEMU plugin";
  if (!plugin.empty())
    result.instructions = read_counts(counts);
  else if (const auto ticks = printed_number(run.output, "ticks"); ticks && !target.qemu.empty())
    result.instructions = {{int64_t(double(*ticks) * target.instructions_per_tick), {}}};
  return result;
}

std::optional<int64_t> printed_number(const std::string& output, const std::string& name) {
  const std::string key = name + "=";
  for (size_t at = output.find(key); at != std::string::npos; at = output.find(key, at + 1))
    if (at == 0 || output[at - 1] == '\n') return std::stoll(output.substr(at + key.size()));
  return {};
}

}  // namespace thimble::compiler
