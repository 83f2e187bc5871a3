/* The model hand_keypoints for cortex-m4, for C.
   Made by Thimble 0.1.0: changes are lost when the model is compiled again. */
#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Elements of the inputs and outputs. */
enum {
  hand_keypoints_input_size = 42,
  hand_keypoints_output_size = 3
};

/* The memory of the model, 248 bytes. It needs no initialisation. */
typedef struct {
  uint32_t words[62];
} hand_keypoints_model;

/* Fill the input, run, read the output. run() overwrites the input: fill it anew each time. */
float* hand_keypoints_input(hand_keypoints_model* model);  /* float32[1,42] */
void hand_keypoints_run(hand_keypoints_model* model);
const float* hand_keypoints_output(hand_keypoints_model* model);  /* float32[1,3] */

#ifdef __cplusplus
}
#endif
