// Chooses the fixed-point multipliers of an integer layer, so that it agrees with ONNX Runtime on as many accumulators
// as can be.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "compiler/ir/type.hpp"
#include "compiler/op.hpp"
#include "compiler/program.hpp"
#include "thimble/requantize.hpp"

namespace thimble::compiler {

// ONNX Runtime's result: clamp(round_half_even(float(acc) * scale) + zero_point, low, high), with float32 arithmetic.
int32_t reference_requantize(int64_t acc, float scale, int32_t zero_point, int32_t low, int32_t high);

// One output channel: scale = input scale * weight scale / output scale in float32, and the accumulators that can
// occur.
struct ChannelRange {
  float scale;
  int64_t lowest, highest;
};

struct ChosenOutputStage {
  OutputStage stage;
  std::vector<int32_t> multipliers;  // one a channel, positive
  int exact_channels = 0;            // that agree with reference_requantize on every reachable accumulator
};

// `low` and `high` are stored numbers, the activation's clamp included. Throws Error at `where` when a scale is not
// positive and finite, or an accumulator can leave int32.
ChosenOutputStage choose_output_stage(std::span<const ChannelRange> channels, int32_t zero_point, int32_t low,
                                      int32_t high, const std::string& where);

// Stored range of an int8 or uint8 result clipped to real numbers `clamp`: {low, high}.
struct StoredRange {
  int32_t low, high;
};
StoredRange stored_range(const Storage& storage, const ClampRange& clamp);

// The stage as fields of a layer's constants, in the order of OutputStage.
std::vector<Field> output_stage_fields(const OutputStage& stage);

// Counts the layer's exact channels, and says so in its note: "61 of 64 channels equal ONNX Runtime on every reachable
// accumulator".
void note_exactness(const ChosenOutputStage& chosen, Layer& layer);

// Ends the layer's constants with the stage, and notes the exactness.
void add_output_stage(const ChosenOutputStage& chosen, Layer& layer);

}  // namespace thimble::compiler
