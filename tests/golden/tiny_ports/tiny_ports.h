/* The model tiny_ports for host, for C.
   Made by Thimble 0.1.0: changes are lost when the model is compiled again. */
#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Elements of the inputs and outputs. */
enum {
  tiny_ports_input_left_size = 4,
  tiny_ports_input_right_size = 4,
  tiny_ports_output_value_1_size = 1,
  tiny_ports_output_sum_size = 4
};

/* The memory of the model, 16 bytes. It needs no initialisation.
   Models that never run at the same time may share it. */
typedef struct {
  uint64_t words[2];
} tiny_ports_model;

/* Fill the inputs, run, read the outputs. run() keeps the input. */
int8_t* tiny_ports_input_left(tiny_ports_model* model);   /* int8[4] */
int8_t* tiny_ports_input_right(tiny_ports_model* model);  /* int8[1,4] */
void tiny_ports_run(tiny_ports_model* model);
const float* tiny_ports_output_value_1(tiny_ports_model* model);  /* float32[] */
const int8_t* tiny_ports_output_sum(tiny_ports_model* model);     /* int8[1,4] */
int8_t tiny_ports_quantize_input_left(float real);
float tiny_ports_dequantize_input_left(int8_t stored);
int8_t tiny_ports_quantize_output_sum(float real);
float tiny_ports_dequantize_output_sum(int8_t stored);

/* The firmware defines this: see tiny_ports.hpp. */
void tiny_ports_after_layer(int32_t layer);

#ifdef __cplusplus
}
#endif
