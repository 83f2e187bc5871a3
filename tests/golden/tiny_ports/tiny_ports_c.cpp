// The model tiny_ports for C: every function calls its twin in tiny_ports.hpp.
#include "tiny_ports.h"

#include "tiny_ports.hpp"

static_assert(sizeof(tiny_ports_model) >= sizeof(tiny_ports::Arena));
static_assert(alignof(tiny_ports_model) >= alignof(tiny_ports::Arena));

extern "C" {

int8_t* tiny_ports_input_left(tiny_ports_model* model) {
  return tiny_ports::Model(*reinterpret_cast<tiny_ports::Arena*>(model)).input_left();
}

int8_t* tiny_ports_input_right(tiny_ports_model* model) {
  return tiny_ports::Model(*reinterpret_cast<tiny_ports::Arena*>(model)).input_right();
}

void tiny_ports_run(tiny_ports_model* model) {
  tiny_ports::Model(*reinterpret_cast<tiny_ports::Arena*>(model)).run();
}

const float* tiny_ports_output_value_1(tiny_ports_model* model) {
  return tiny_ports::Model(*reinterpret_cast<tiny_ports::Arena*>(model)).output_value_1();
}

const int8_t* tiny_ports_output_sum(tiny_ports_model* model) {
  return tiny_ports::Model(*reinterpret_cast<tiny_ports::Arena*>(model)).output_sum();
}

int8_t tiny_ports_quantize_input_left(float real) {
  return tiny_ports::input_left::quantize(real);
}

float tiny_ports_dequantize_input_left(int8_t stored) {
  return tiny_ports::input_left::dequantize(stored);
}

int8_t tiny_ports_quantize_output_sum(float real) {
  return tiny_ports::output_sum::quantize(real);
}

float tiny_ports_dequantize_output_sum(int8_t stored) {
  return tiny_ports::output_sum::dequantize(stored);
}

}  // extern "C"
