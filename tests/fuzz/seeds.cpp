// Small models of tests/models, and tiny ones that hold what those do not.
#include "seeds.hpp"

#include <onnx/defs/parser.h>

#include <fstream>
#include <iterator>
#include <stdexcept>

namespace thimble::compiler::fuzz {

namespace {

constexpr const char* files[] = {"kws_int8", "mnist_float", "hand_keypoints_float", "mnist_resnet_int8", "sww_int8"};

constexpr const char* texts[] = {
    // Float convolution with everything around it.
    R"(<ir_version: 8, opset_import: ["" : 13]> graph (float[N,2,8,8] x) => (float[N,3] y)
       <float[3,2,3,3] w = {1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7,8,9,
                            1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7,8,9},
        float[3] b = {1,2,3}, float[3] scale = {1,2,3}, float[3] mean = {0,1,0}, float[3] variance = {1,1,2}> {
         c = Conv <auto_pad = "SAME_UPPER", strides = [2,2]> (x, w, b)
         n = BatchNormalization <epsilon = 0.001> (c, scale, b, mean, variance)
         r = Relu(n)
         p = MaxPool <kernel_shape = [2,2], strides = [2,2]> (r)
         a = AveragePool <kernel_shape = [2,2], pads = [0,0,1,1], count_include_pad = 1> (p)
         g = GlobalAveragePool(a)
         f = Flatten(g)
         y = Softmax <axis = 1> (f)
       })",
    // Shape arithmetic and moving of data.
    R"(<ir_version: 8, opset_import: ["" : 13]> graph (float[1,4,6] x) => (float[1,4,6] y)
       <int64[1] axes = {0}, int64[6] pads = {0,0,1,0,0,1}, int64 one = {1}, int64[2] rest = {4,6}> {
         s = Shape(x)
         batch = Gather(s, axes)
         target = Concat <axis = 0> (batch, rest)
         padded = Pad(x, pads)
         t = Transpose <perm = [0,2,1]> (x)
         back = Transpose <perm = [0,2,1]> (t)
         m = ReduceMean <axes = [2], keepdims = 1> (padded)
         d = Sub(back, m)
         q = Mul(d, d)
         h = Sigmoid(q)
         k = Tanh(h)
         c = Clip(k)
         u = Unsqueeze(c, axes)
         v = Squeeze(u, axes)
         y = Reshape(v, target)
       })",
    // Integers all the way, uint8 beside int8.
    R"(<ir_version: 8, opset_import: ["" : 13]> graph (int8[1,8] x) => (uint8[1,4] y)
       <float a = {0.5}, int8 za = {3}, float b = {0.25}, uint8 zb = {128}, int8[8,4] w = {
         1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32},
        float[4] ws = {0.1,0.2,0.3,0.4}, int8[4] wz = {0,0,0,0}> {
         xr = DequantizeLinear(x, a, za)
         wr = DequantizeLinear <axis = 1> (w, ws, wz)
         m = MatMul(xr, wr)
         s = Add(m, m)
         d = Div(s, a)
         y = QuantizeLinear(d, b, zb)
       })",
    // Gemm and casts.
    R"(<ir_version: 8, opset_import: ["" : 13]> graph (float[2,3] x, int32[2,2] z) => (float[2,2] y, float[2,2] o)
       <float[2,3] w = {1,2,3,4,5,6}, float[2] b = {1,-1}> {
         g = Gemm <alpha = 0.5, transB = 1> (x, w, b)
         i = Cast <to = 6> (z)
         c = Cast <to = 1> (i)
         y = Add(g, c)
         o = Identity(y)
       })",
    // A dimension that is given a number, which may not fit.
    R"(<ir_version: 8, opset_import: ["" : 17]> graph (float[N,3] x) => (float[M,3] y)
       <float[2,3] w = {1,2,3,4,5,6}> {
         s = Add(x, w)
         y = Mul(s, s)
       })"};

// Typed fields become raw bytes, as in the models from files.
void make_raw(onnx::TensorProto& t) {
  std::string raw;
  const auto append = [&](auto value) { raw.append(reinterpret_cast<const char*>(&value), sizeof value); };
  for (float v : t.float_data()) append(v);
  for (int64_t v : t.int64_data()) append(v);
  for (int32_t v : t.int32_data()) append(int8_t(v));  // int8 and uint8: the tiny models have no others
  t.clear_float_data();
  t.clear_int64_data();
  t.clear_int32_data();
  t.set_raw_data(raw);
}

}  // namespace

std::vector<Seed> all_seeds() {
  std::vector<Seed> seeds;
  for (const char* name : files) {
    std::ifstream in(std::string(THIMBLE_SOURCE_DIR) + "/tests/models/" + name + "/model.onnx", std::ios::binary);
    Seed seed{name, {}};
    if (!seed.model.ParseFromIstream(&in)) throw std::runtime_error(std::string("no seed ") + name);
    seeds.push_back(std::move(seed));
  }
  for (const char* text : texts) {
    Seed seed{"tiny " + std::to_string(seeds.size()), {}};
    const auto status = onnx::OnnxParser::Parse(seed.model, text);
    if (!status.IsOK()) throw std::runtime_error(seed.name + ": " + status.ErrorMessage());
    for (auto& t : *seed.model.mutable_graph()->mutable_initializer()) make_raw(t);
    seeds.push_back(std::move(seed));
  }
  return seeds;
}

}  // namespace thimble::compiler::fuzz
