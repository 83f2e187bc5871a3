// `thimble bench`.
#include <fmt/format.h>

#include <atomic>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "compiler/commands/commands.hpp"
#include "compiler/error.hpp"
#include "compiler/report.hpp"
#include "compiler/verify/verify.hpp"

namespace thimble::compiler {

namespace {

using json = nlohmann::ordered_json;

// One model on one target.
struct Cell {
  std::string path, model;
  const Target* target;
  std::optional<Verification> measured;  // absent: it could not be built or run
  std::string problem;
};

// "kws" for kws.onnx; a file that is only called model is named after its folder.
std::string model_name(const std::string& path) {
  const std::filesystem::path p = std::filesystem::absolute(path);
  return p.stem() == "model" ? p.parent_path().filename().string() : p.stem().string();
}

void measure(const BenchCommand& command, Cell& cell) {
  CompileOptions options = command.compile;
  options.model = cell.path;
  options.target = cell.target;
  VerifyOptions how;
  how.execute.layers = command.layers;
  how.execute.timeout = command.timeout;
  how.data_sets_at_most = 1;
  how.compare_layers = false;
  try {
    cell.measured = verify_model(options, how);
    if (!cell.measured->passed())
      cell.problem = fmt::format("{} on {}: {} of {} values differ from {}", cell.model, cell.target->name,
                                 cell.measured->difference.total - cell.measured->difference.equal,
                                 cell.measured->difference.total, cell.measured->reference);
  } catch (const Error& e) {
    cell.problem = fmt::format("{} on {}: {}", cell.model, cell.target->name, e.what());
  }
}

std::vector<Cell> measure_all(const BenchCommand& command) {
  std::vector<Cell> cells;
  for (const std::string& path : command.models)
    for (const Target* target : command.targets) cells.push_back({path, model_name(path), target, {}, ""});
  std::atomic<size_t> next = 0;
  std::exception_ptr fault;
  std::mutex guard;
  const auto work = [&] {
    for (size_t i = next++; i < cells.size(); i = next++) try {
        measure(command, cells[i]);
      } catch (...) {
        const std::lock_guard<std::mutex> lock(guard);
        fault = std::current_exception();
      }
  };
  std::vector<std::thread> workers;
  for (int i = 0; i < std::max(1, command.jobs); ++i) workers.emplace_back(work);
  for (std::thread& w : workers) w.join();
  if (fault) std::rethrow_exception(fault);
  return cells;
}

std::string number(int64_t n) {
  return n >= 0 ? std::to_string(n) : "-";
}
std::string per_mac(int64_t instructions, int64_t macs) {
  return instructions >= 0 && macs > 0 ? fmt::format("{:.2f}", double(instructions) / double(macs)) : "-";
}

const std::vector<std::string> columns = {"model", "target",  "instructions", "per MAC", "cycles (modelled)",
                                          "code",  "weights", "arena",        "stack"};

// What the columns say of a cell.
std::vector<std::string> figures(const Cell& cell) {
  std::vector<std::string> row{cell.model, std::string(cell.target->name)};
  if (!cell.measured) {
    row.resize(columns.size(), "-");
    return row;
  }
  const Verification& v = *cell.measured;
  row.insert(row.end(), {number(v.instructions), per_mac(v.instructions, v.macs), number_text(v.cycles),
                         number(v.flash.code), number(v.flash.weights), number(v.arena), number(v.stack)});
  return row;
}

std::vector<size_t> widths_of(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const std::string& c : columns) widths.push_back(c.size());
  for (const auto& row : rows)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  return widths;
}

// Names to the left, numbers to the right.
std::string line_of(const std::vector<std::string>& row, const std::vector<size_t>& widths, const char* between) {
  std::string text;
  for (size_t i = 0; i < row.size(); ++i) {
    if (i > 0) text += between;
    text += i < 2 ? fmt::format("{:<{}}", row[i], widths[i]) : fmt::format("{:>{}}", row[i], widths[i]);
  }
  return text;
}

std::vector<std::string> toolchains(const std::vector<Cell>& cells) {
  std::vector<std::string> lines;
  for (const Cell& c : cells) {
    if (!c.measured) continue;
    const std::string line = fmt::format("{}: {}", c.target->name, c.measured->toolchain);
    if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(line);
  }
  return lines;
}

void print_markdown(const std::vector<Cell>& cells) {
  std::vector<std::vector<std::string>> rows;
  for (const Cell& c : cells) rows.push_back(figures(c));
  const std::vector<size_t> widths = widths_of(rows);
  fmt::print(
      "# Figures\n\nOne inference, as `thimble bench --markdown` prints it; a test compares. Instructions are counted "
      "in "
      "QEMU, exactly. Cycles are *modelled*\nfrom them (memory without wait states, no stalls), not measured on any "
      "chip. Code is all flash that is not weights. Code, weights, arena, stack: bytes.\n\n");
  fmt::print("| {} |\n|", line_of(columns, widths, " | "));
  for (size_t i = 0; i < columns.size(); ++i) fmt::print(" {}{} |", std::string(widths[i] - 1, '-'), i < 2 ? '-' : ':');
  fmt::print("\n");
  for (const auto& row : rows) fmt::print("| {} |\n", line_of(row, widths, " | "));
  fmt::print("\n");
  for (const std::string& line : toolchains(cells)) fmt::print("- {}\n", line);
}

void print_layers(const Cell& cell) {
  fmt::print("\n{} on {}\n{:>12} {:>8} {:>12} {:>12}  {:<26} layer\n", cell.model, cell.target->name, "instructions",
             "per MAC", "cycles", "estimated", "kernel");
  const Verification& v = *cell.measured;
  for (size_t i = 0; i < v.layers.size(); ++i) {
    const LayerFigures& l = v.layers[i];
    fmt::print("{:>12} {:>8} {:>12} {:>12.0f}  {:<26} {}\n", number(l.instructions), per_mac(l.instructions, l.macs),
               number_text(l.cycles), v.estimated.instructions[i], l.kernel + (l.specialised ? ", specialised" : ""),
               l.layer.substr(0, l.layer.find(';')));
  }
}

void print_text(const std::vector<Cell>& cells, bool layers) {
  std::vector<std::vector<std::string>> rows;
  for (const Cell& c : cells) rows.push_back(figures(c));
  const std::vector<size_t> widths = widths_of(rows);
  fmt::print("{}\n", line_of(columns, widths, "  "));
  for (const auto& row : rows) fmt::print("{}\n", line_of(row, widths, "  "));
  fmt::print("Cycles are modelled from the instructions: memory without wait states, no stalls.\n");
  for (const std::string& line : toolchains(cells)) fmt::print("{}\n", line);
  if (!layers) return;
  for (const Cell& c : cells)
    if (c.measured) print_layers(c);
}

json optional_json(const std::optional<int64_t>& n) {
  return n ? json(*n) : json();
}

json as_json(const Cell& cell) {
  json j = {{"model", cell.model}, {"target", cell.target->name}};
  if (!cell.problem.empty()) j["problem"] = cell.problem;
  if (!cell.measured) return j;
  const Verification& v = *cell.measured;
  j["macs"] = v.macs;
  j["instructions"] = v.instructions >= 0 ? json(v.instructions) : json();
  j["cycles_modelled"] = optional_json(v.cycles);
  j["flash"] = {{"code", v.flash.code}, {"weights", v.flash.weights}};
  j["ram"] = {{"arena", v.arena}, {"state", v.state}, {"stack", v.stack}};
  j["estimated"] = {{"instructions", std::llround(v.estimated.total_instructions())}, {"code", v.estimated.code}};
  j["toolchain"] = v.toolchain;
  if (v.layers.empty()) return j;
  j["layers"] = json::array();
  for (size_t i = 0; i < v.layers.size(); ++i) {
    const LayerFigures& l = v.layers[i];
    j["layers"].push_back({{"layer", l.layer},
                           {"kernel", l.kernel},
                           {"specialised", l.specialised},
                           {"macs", l.macs},
                           {"instructions", l.instructions},
                           {"estimated", std::llround(v.estimated.instructions[i])},
                           {"cycles_modelled", optional_json(l.cycles)}});
  }
  return j;
}

// Rows of the Markdown table in `path` by model and target.
std::map<std::pair<std::string, std::string>, std::vector<std::string>> read_table(const std::string& path) {
  std::ifstream in(path);
  if (!in) throw Error("--check", "'" + path + "' cannot be read", "Give a file that bench --markdown wrote.");
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> rows;
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("| ", 0) != 0 || line.rfind("| model ", 0) == 0 || line.rfind("| --", 0) == 0) continue;
    std::vector<std::string> row;
    std::istringstream cells(line.substr(1));
    for (std::string cell; std::getline(cells, cell, '|');) {
      std::istringstream words(cell);
      std::string word;
      words >> word;
      row.push_back(word);
    }
    if (row.size() == columns.size()) rows[{row[0], row[1]}] = row;
  }
  if (rows.empty()) throw Error("--check", "'" + path + "' has no rows", "Give a file that bench --markdown wrote.");
  return rows;
}

// Names every figure that is not the table's; true when there is none.
bool check(const std::vector<Cell>& cells, const std::string& path) {
  const auto table = read_table(path);
  int changed = 0;
  for (const Cell& cell : cells) {
    const std::vector<std::string> now = figures(cell);
    const auto row = table.find({now[0], now[1]});
    if (row == table.end()) {
      fmt::print("{} on {}: not in {}\n", now[0], now[1], path);
      ++changed;
      continue;
    }
    for (size_t i = 2; i < columns.size(); ++i) {
      if (row->second[i] == now[i]) continue;
      fmt::print("{} on {}: {} was {}, is {}\n", now[0], now[1], columns[i], row->second[i], now[i]);
      ++changed;
    }
  }
  if (changed > 0)
    fmt::print("{} figures are not those of {}. Where the change is meant, write the file anew with --markdown.\n",
               changed, path);
  else
    fmt::print("{} rows as in {}\n", cells.size(), path);
  return changed == 0;
}

}  // namespace

int run_bench(const BenchCommand& command) {
  const std::vector<Cell> cells = measure_all(command);
  for (const Cell& c : cells)
    if (!c.problem.empty()) fmt::print(stderr, "{}\n", c.problem);
  if (command.json) {
    json rows = json::array();
    for (const Cell& c : cells) rows.push_back(as_json(c));
    fmt::print("{}\n", rows.dump(2));
  } else if (command.markdown) {
    print_markdown(cells);
  } else if (command.check.empty()) {
    print_text(cells, command.layers);
  }
  const bool equal =
      std::all_of(cells.begin(), cells.end(), [](const Cell& c) { return !c.measured || c.measured->passed(); });
  const bool as_before = command.check.empty() || check(cells, command.check);
  return equal && as_before ? done : limit_exceeded;
}

}  // namespace thimble::compiler
