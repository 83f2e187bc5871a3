// The model tiny_dense for C: every function calls its twin in tiny_dense.hpp.
#include "tiny_dense.h"

#include "tiny_dense.hpp"

static_assert(sizeof(tiny_dense_model) >= sizeof(tiny_dense::Model));
static_assert(alignof(tiny_dense_model) >= alignof(tiny_dense::Model));

extern "C" {

int8_t* tiny_dense_input(tiny_dense_model* model) {
  return reinterpret_cast<tiny_dense::Model*>(model)->input();
}

void tiny_dense_run(tiny_dense_model* model) {
  reinterpret_cast<tiny_dense::Model*>(model)->run();
}

const float* tiny_dense_output(tiny_dense_model* model) {
  return reinterpret_cast<tiny_dense::Model*>(model)->output();
}

int8_t tiny_dense_quantize_input(float real) {
  return tiny_dense::input::quantize(real);
}

float tiny_dense_dequantize_input(int8_t stored) {
  return tiny_dense::input::dequantize(stored);
}

}  // extern "C"
