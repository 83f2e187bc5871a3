/* The model tiny_dense for cortex-m0plus, for C.
   Made by Thimble 0.1.0: changes are lost when the model is compiled again. */
#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Elements of the inputs and outputs. */
enum {
  tiny_dense_input_size = 3,
  tiny_dense_output_size = 2
};

/* The memory of the model, 12 bytes. It needs no initialisation. */
typedef struct {
  uint32_t words[3];
} tiny_dense_model;

/* Fill the input, run, read the output. run() overwrites the input: fill it anew each time. */
int8_t* tiny_dense_input(tiny_dense_model* model);  /* int8[1,3] */
void tiny_dense_run(tiny_dense_model* model);
const float* tiny_dense_output(tiny_dense_model* model);  /* float32[1,2] */
int8_t tiny_dense_quantize_input(float real);
float tiny_dense_dequantize_input(int8_t stored);

#ifdef __cplusplus
}
#endif
