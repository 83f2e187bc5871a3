// Tables of RAM and flash.
#include "compiler/report.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace thimble::compiler {

std::string memory_table(const Program& program, const Plan& plan) {
  std::vector<Placement> rows = plan.buffers;
  std::sort(rows.begin(), rows.end(), [](const Placement& a, const Placement& b) {
    return std::pair(a.offset, a.buffer) < std::pair(b.offset, b.buffer);
  });
  std::string text = fmt::format("{:>9} {:>9}  value\n", "offset", "bytes");
  for (const Placement& p : rows)
    text += fmt::format("{:>9} {:>9}  {}\n", p.offset, p.bytes, program.buffers[size_t(p.buffer)].name);
  for (size_t i = 0; i < plan.scratch_offsets.size(); ++i)
    if (plan.scratch_offsets[i] >= 0)
      text += fmt::format("{:>9} {:>9}  scratch of {}\n", plan.scratch_offsets[i], program.layers[i].scratch_bytes,
                          program.layers[i].name);
  return text;
}

std::string flash_table(const Program& program) {
  std::vector<const ConstantArray*> rows;
  for (const ConstantArray& c : program.constants) rows.push_back(&c);
  std::stable_sort(rows.begin(), rows.end(),
                   [](const ConstantArray* a, const ConstantArray* b) { return a->bytes.size() > b->bytes.size(); });
  std::string text = fmt::format("{:>9}  constant\n", "bytes");
  for (const ConstantArray* c : rows) text += fmt::format("{:>9}  {} ({})\n", c->bytes.size(), c->name, c->comment);
  return text;
}

int64_t constant_bytes(const Program& program) {
  int64_t n = 0;
  for (const ConstantArray& c : program.constants) n += int64_t(c.bytes.size());
  return n;
}

}  // namespace thimble::compiler
