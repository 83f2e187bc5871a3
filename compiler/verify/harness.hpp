// The test main around a generated model: reads inputs, runs, writes outputs; with a probe, each layer's output too.
#pragma once
#include <string>
#include <vector>

#include "compiler/compile.hpp"

namespace thimble::compiler {

// Reads inputs.bin (for each of `sets` data sets, every input in order), writes outputs.bin likewise, counts each run,
// and prints "stack=". With `layers` the model is a probe build: each call of a layer's kernel is one counted region
// and one record in layers.bin (int32 layer, int32 bytes, the rows it made), and when force.bin has a 1 for the call,
// the bytes behind it replace those rows before the next layer runs.
std::string harness_main(const Compiled& compiled, const CompileOptions& options, int sets, bool layers);

// One record of layers.bin.
struct LayerRecord {
  int layer;
  std::vector<std::byte> bytes;
};
std::vector<LayerRecord> parse_records(const std::vector<std::byte>& file);

// Elements of a buffer in ONNX's axis order, from its bytes in memory; and back, for bytes that start as `memory`.
std::vector<std::byte> logical_bytes(const Buffer& buffer, const std::vector<std::byte>& memory);
void place_logical(const Buffer& buffer, const std::vector<std::byte>& logical, std::vector<std::byte>& memory);

}  // namespace thimble::compiler
