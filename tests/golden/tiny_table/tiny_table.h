/* The model tiny_table for cortex-m4, for C.
   Made by Thimble 0.1.0: changes are lost when the model is compiled again. */
#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Elements of the inputs and outputs. */
enum {
  tiny_table_input_size = 36,
  tiny_table_output_size = 2
};

/* The memory of the model, 204 bytes. It needs no initialisation. */
typedef struct {
  uint32_t words[51];
} tiny_table_model;

/* Fill the input, run, read the output. run() overwrites the input: fill it anew each time. */
int8_t* tiny_table_input(tiny_table_model* model);  /* int8[1,1,9,4] */
void tiny_table_run(tiny_table_model* model);
const float* tiny_table_output(tiny_table_model* model);  /* float32[1,2] */

#ifdef __cplusplus
}
#endif
