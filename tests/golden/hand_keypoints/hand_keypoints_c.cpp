// The model hand_keypoints for C: every function calls its twin in hand_keypoints.hpp.
#include "hand_keypoints.h"

#include "hand_keypoints.hpp"

static_assert(sizeof(hand_keypoints_model) >= sizeof(hand_keypoints::Model));
static_assert(alignof(hand_keypoints_model) >= alignof(hand_keypoints::Model));

extern "C" {

float* hand_keypoints_input(hand_keypoints_model* model) {
  return reinterpret_cast<hand_keypoints::Model*>(model)->input();
}

void hand_keypoints_run(hand_keypoints_model* model) {
  reinterpret_cast<hand_keypoints::Model*>(model)->run();
}

const float* hand_keypoints_output(hand_keypoints_model* model) {
  return reinterpret_cast<hand_keypoints::Model*>(model)->output();
}

}  // extern "C"
