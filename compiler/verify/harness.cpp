// The text of the test main, and the order of bytes in memory.
#include "compiler/verify/harness.hpp"

#include <fmt/format.h>

#include <cstring>

#include "codegen/context.hpp"
#include "compiler/error.hpp"

namespace thimble::compiler {

namespace {

// Byte position of each logical element in a buffer's memory.
std::vector<int64_t> positions(const Buffer& b) {
  const Shape& shape = b.type.shape;
  const int64_t size = size_of(b.type.element), n = element_count(shape);
  std::vector<int64_t> at(size_t(n), 0);
  if (b.layout == Layout::flat) {
    for (int64_t i = 0; i < n; ++i) at[size_t(i)] = i * size;
    return at;
  }
  // A row of planes begins with the left border of its first plane.
  const int64_t channels = b.channels, height = b.height, width = b.width;
  for (int64_t i = 0; i < n; ++i) {
    const int64_t x = i % width, y = i / width % height, c = i / (width * height) % channels,
                  image = i / (width * height * channels);
    const int64_t row = (image * height + y) * b.row_bytes;
    at[size_t(i)] =
        row + (b.layout == Layout::planes ? c * (width + b.border) + b.border + x : (x * channels + c) * size);
  }
  return at;
}

// The function that a probe build calls behind each kernel. Its own work is not counted.
constexpr char probe_text[] = R"(
namespace {{
board_file layers, force;
}}

extern "C" void {name}_probe(int32_t layer, int32_t output, void* rows, int32_t bytes) {{
  board_count_end();
  if (output == 0) {{
    const int32_t head[2] = {{layer, bytes}};
    board_write(layers, head, sizeof head);
    board_write(layers, rows, size_t(bytes));
    uint8_t replaced;
    board_read(force, &replaced, 1);
    if (replaced) board_read(force, rows, size_t(bytes));
  }}
  board_count_begin();
}}
)";

constexpr char main_begin[] = R"(
int main() {{
  const board_file inputs = board_open_read("inputs.bin"), outputs = board_open_write("outputs.bin");
{open}  for (int set = 0; set < {sets}; ++set) {{
{read}    if (set == 0) board_stack_paint();
    const uint32_t begun = board_ticks();
    board_count_begin();
    under_test.run();
    board_count_end();
    const uint32_t ended = board_ticks();
    if (set == 0) board_print_number("stack", board_stack_used());
    if (set == 0) board_print_number("ticks", (ended - begun) & board_tick_mask);
{write}  }}
  return 0;
}}
)";

}  // namespace

std::string harness_main(const Compiled& compiled, const CompileOptions& options, int sets, bool layers) {
  const Context c(compiled.program, compiled.plan, *options.target, options.emit);
  std::string text = fmt::format(
      "// Made by thimble verify.\n#include \"{}.hpp\"\n#include \"board.h\"\n#include \"count.h\"\n\nnamespace {{\n",
      c.name);
  text += options.emit.external_arena ? fmt::format("{0}::Arena arena;\n{0}::Model under_test(arena);\n}}\n", c.name)
                                      : fmt::format("{}::Model under_test;\n}}\n", c.name);
  if (layers) text += fmt::format(probe_text, fmt::arg("name", c.name));
  std::string read, write;
  for (const Port& port : c.inputs)
    read += fmt::format("    board_read(inputs, under_test.{0}(), sizeof under_test.{0}());\n", port.name);
  for (const Port& port : c.outputs)
    write += fmt::format("    board_write(outputs, under_test.{0}(), sizeof under_test.{0}());\n", port.name);
  const char* open =
      layers ? "  layers = board_open_write(\"layers.bin\");\n  force = board_open_read(\"force.bin\");\n" : "";
  return text + fmt::format(main_begin, fmt::arg("open", open), fmt::arg("sets", sets), fmt::arg("read", read),
                            fmt::arg("write", write));
}

std::vector<LayerRecord> parse_records(const std::vector<std::byte>& file) {
  std::vector<LayerRecord> records;
  for (size_t at = 0; at + 8 <= file.size();) {
    int32_t head[2];
    std::memcpy(head, file.data() + at, sizeof head);
    at += sizeof head;
    ensure(head[1] >= 0 && at + size_t(head[1]) <= file.size(), "layers.bin ends inside a record");
    records.push_back({head[0], {file.begin() + int64_t(at), file.begin() + int64_t(at) + head[1]}});
    at += size_t(head[1]);
  }
  return records;
}

std::vector<std::byte> logical_bytes(const Buffer& buffer, const std::vector<std::byte>& memory) {
  const size_t size = size_t(size_of(buffer.type.element));
  std::vector<std::byte> logical;
  for (int64_t at : positions(buffer))
    logical.insert(logical.end(), memory.begin() + at, memory.begin() + at + int64_t(size));
  return logical;
}

void place_logical(const Buffer& buffer, const std::vector<std::byte>& logical, std::vector<std::byte>& memory) {
  const int64_t size = size_of(buffer.type.element);
  const std::vector<int64_t> at = positions(buffer);
  for (size_t i = 0; i < at.size(); ++i) std::copy_n(logical.begin() + int64_t(i) * size, size, memory.begin() + at[i]);
}

}  // namespace thimble::compiler
