// Integer layers whose outputs are weighted sums of their input channels, seen alike: Conv (one group, or one for each
// input channel) and Gemm with constant weights and bias. What constant-channel elimination asks of them.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/ir/graph.hpp"

namespace thimble::compiler {

using ChannelConstants = std::vector<std::optional<int32_t>>;  // stored number, for channels that always hold it

struct SummingLayer {
  bool depthwise = false;
  int64_t outputs = 0, inputs = 0;  // channels
  int64_t taps = 0;                 // of the kernel
  std::vector<int8_t> weights;      // [output][input, or 1 when depthwise][tap]
  std::vector<int64_t> bias;        // [output]
  std::vector<float> scales;        // [output]: input scale * weight scale / output scale
  int32_t zero_in = 0, zero_out = 0, low = 0, high = 0;
  // The places an output can have, told by which taps lie inside the image there: one row of flags a kind of place.
  // Taps outside carry the zero point, so they add nothing.
  std::vector<std::vector<uint8_t>> places;

  // Whether input channel `input` takes part in output `output` at all, by its weights.
  bool reads(int64_t output, int64_t input) const;
  // What input channel `input` adds to output `output` when it always holds `stored`; nullopt when that differs from
  // place to place.
  std::optional<int64_t> contribution(int64_t output, int64_t input, int32_t stored) const;
  // The stored number that output channel `output` always has, for these inputs; nullopt when it varies. Rounded as
  // ONNX Runtime does.
  std::optional<int32_t> constant_output(int64_t output, const ChannelConstants& in) const;

 private:
  const int8_t* filter(int64_t output, int64_t input) const;
  int64_t contribution_at(const std::vector<uint8_t>& place, int64_t output, int64_t input, int32_t stored) const;
};

// nullopt for every other node, and for layers that are not integer ones on int8.
std::optional<SummingLayer> summing_layer(const Node&);

// The same layer with only these output and input channels, in front of `node`, reading `input`; `added` goes to the
// bias of each kept output. Depthwise: kept_in are the groups. Its result has a new name.
Node* with_channels(Graph&, Node& node, Value* input, const std::vector<int64_t>& kept_out,
                    const std::vector<int64_t>& kept_in, const std::vector<int64_t>& added);

}  // namespace thimble::compiler
