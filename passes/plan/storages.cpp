// Readers and writers of storages.
#include "passes/plan/storages.hpp"

#include <algorithm>

namespace thimble::compiler {

namespace {

void note(std::vector<int>& layers, int layer) {
  if (layers.empty() || layers.back() != layer) layers.push_back(layer);
}

bool all_within(const std::vector<int>& layers, int first, int last) {
  return std::all_of(layers.begin(), layers.end(), [&](int i) { return first <= i && i <= last; });
}

}  // namespace

std::vector<StorageUse> storage_uses(const Program& program) {
  std::vector<StorageUse> uses(program.buffers.size());
  const auto of = [&](int buffer) -> StorageUse& { return uses[size_t(storage_of(program, buffer))]; };
  for (int in : program.inputs) of(in).input = true;
  for (int out : program.outputs) of(out).output = true;
  for (size_t i = 0; i < program.layers.size(); ++i) {
    for (const Operand& in : program.layers[i].inputs) note(of(in.buffer).readers, int(i));
    for (int out : program.layers[i].outputs) note(of(out).writers, int(i));
  }
  return uses;
}

bool has_rows_of_storage(const Program& program, int buffer) {
  const Buffer& b = program.buffers[size_t(buffer)];
  const Buffer& storage = program.buffers[size_t(storage_of(program, buffer))];
  return b.view_offset == 0 && b.height == storage.height && b.row_bytes == storage.row_bytes &&
         b.layout == storage.layout && b.bytes == storage.bytes;
}

bool inside(const StorageUse& use, int first, int last) {
  return !use.input && !use.output && !use.writers.empty() && all_within(use.writers, first, last) &&
         all_within(use.readers, first, last);
}

}  // namespace thimble::compiler
