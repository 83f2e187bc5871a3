// Names to layers, and what a layer must be like to run row by row.
#include "passes/plan/regions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "compiler/error.hpp"
#include "passes/plan/storages.hpp"

namespace thimble::compiler {

namespace {

std::string list_of_layers(const Program& program) {
  std::string text = "Give two of these, by number or by name:";
  for (size_t i = 0; i < program.layers.size(); ++i)
    text += fmt::format("\n{:>4}  {:<28}  {}", i, program.layers[i].kernel, program.layers[i].name);
  return text;
}

int find_layer(const Program& program, const std::string& name) {
  for (size_t i = 0; i < program.layers.size(); ++i)
    if (program.layers[i].name == name) return int(i);
  int index = -1;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
  const int count = int(program.layers.size());
  if (error != std::errc() || end != name.data() + name.size())
    throw Error("--stream", "the model has no layer '" + name + "'", list_of_layers(program));
  if (index < 0 || index >= count)
    throw Error("--stream", fmt::format("there is no layer {}: the model has {}", index, count),
                list_of_layers(program));
  return index;
}

class RegionCheck {
 public:
  RegionCheck(const Program& program, const std::vector<StorageUse>& uses, const Region& region)
      : program_(program), uses_(uses), region_(region) {}

  void run() const {
    for (int i = region_.first; i <= region_.last; ++i) {
      const Layer& layer = program_.layers[size_t(i)];
      if (!layer.band) refuse(i, "its kernel " + layer.kernel + " needs whole values, not rows");
      if (layer.outputs.size() != 1) refuse(i, fmt::format("it makes {} values, not one", layer.outputs.size()));
      if (made_here(storage_of(program_, layer.outputs[0]))) check_made(i, layer.outputs[0]);
      for (const Operand& in : layer.inputs) check_read(i, in.buffer);
    }
  }

 private:
  [[noreturn]] void refuse(int layer, const std::string& reason) const {
    throw Error(
        "layer '" + program_.layers[size_t(layer)].name + "'",
        fmt::format("it cannot run row by row in the region '{}'..'{}': {}",
                    program_.layers[size_t(region_.first)].name, program_.layers[size_t(region_.last)].name, reason),
        "Let --stream end before this layer or begin after it.");
  }

  // Whether layers of the region make the storage and read it.
  bool made_here(int storage) const {
    const auto here = [&](int i) { return region_.first <= i && i <= region_.last; };
    const StorageUse& use = uses_[size_t(storage)];
    return std::any_of(use.writers.begin(), use.writers.end(), here) &&
           std::any_of(use.readers.begin(), use.readers.end(), here);
  }

  void check_made(int layer, int buffer) const {
    const int storage = storage_of(program_, buffer);
    const Buffer& b = program_.buffers[size_t(storage)];
    if (uses_[size_t(storage)].writers.size() != 1 || !has_rows_of_storage(program_, buffer))
      refuse(layer, "it makes a part of '" + b.name + "', which the region reads");
    if (b.bytes != int64_t(b.height) * b.row_bytes + b.tail_bytes)
      refuse(layer, "its result '" + b.name + "' holds several images");
  }

  void check_read(int layer, int buffer) const {
    if (made_here(storage_of(program_, buffer)) && !has_rows_of_storage(program_, buffer))
      refuse(layer, "it reads '" + program_.buffers[size_t(buffer)].name + "', whose rows are not those of '" +
                        program_.buffers[size_t(storage_of(program_, buffer))].name + "'");
  }

  const Program& program_;
  const std::vector<StorageUse>& uses_;
  const Region& region_;
};

}  // namespace

std::vector<Region> find_regions(const Program& program, const PlanOptions& options) {
  if (options.band_rows < 0)
    throw Error("--band-rows", fmt::format("{} rows cannot be made at a time", options.band_rows),
                "Give 1 or more, or 0 to let the planner choose.");
  const std::vector<StorageUse> uses = storage_uses(program);
  std::vector<Region> regions;
  for (const auto& [first, last] : options.stream) {
    const Region region{find_layer(program, first), find_layer(program, last), options.band_rows};
    if (region.first > region.last)
      throw Error(
          "--stream",
          fmt::format("layer '{}' (index {}) runs after '{}' (index {})", first, region.first, last, region.last),
          "Name the earlier layer first.");
    RegionCheck(program, uses, region).run();
    regions.push_back(region);
  }
  std::sort(regions.begin(), regions.end(), [](const Region& a, const Region& b) { return a.first < b.first; });
  for (size_t i = 1; i < regions.size(); ++i) {
    if (regions[i - 1].last < regions[i].first) continue;
    throw Error("--stream",
                fmt::format("two regions share layer '{}' (index {})", program.layers[size_t(regions[i].first)].name,
                            regions[i].first),
                "Name regions that do not overlap.");
  }
  return regions;
}

}  // namespace thimble::compiler
