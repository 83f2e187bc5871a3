// The product kernels for the layer runner.
#pragma once
#include "layer_runner.hpp"
#include "thimble/dense.hpp"
#include "thimble/matmul.hpp"

namespace thimble::compiler::test {

inline void run_matmul(const Call& c) {
  const auto constants = constants_of<thimble::MatMul<MatMulShape>>(c);
  if (c.in.size() == 1)
    thimble::matmul(constants, c.input<int8_t>(0), c.output<int8_t>());
  else
    thimble::matmul(constants, c.input<int8_t>(0), c.input<int8_t>(1), c.output<int8_t>());
}

inline void run_matmul_f32(const Call& c) {
  const auto constants = constants_of<thimble::MatMulF32<MatMulShape>>(c);
  if (c.in.size() == 1)
    thimble::matmul_f32(constants, c.input<float>(0), c.output<float>());
  else if (c.in.size() == 2)
    thimble::matmul_f32(constants, c.input<float>(0), c.input<float>(1), c.output<float>());
  else
    thimble::matmul_f32(constants, c.input<float>(0), c.input<float>(1), c.input<float>(2), c.output<float>());
}

inline const Kernels& product_kernels() {
  static const Kernels kernels = {
      {"dense",
       [](const Call& c) {
         thimble::dense(constants_of<thimble::Dense<DenseShape>>(c), c.input<int8_t>(0), c.output<int8_t>());
       }},
      {"dense_f32",
       [](const Call& c) {
         thimble::dense_f32(constants_of<thimble::DenseF32<DenseShape>>(c), c.input<float>(0), c.output<float>());
       }},
      {"matmul", run_matmul},
      {"matmul_f32", run_matmul_f32},
  };
  return kernels;
}

}  // namespace thimble::compiler::test
