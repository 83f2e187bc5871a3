// The weights of the model hand_keypoints.
#pragma once
#include <stdint.h>

namespace hand_keypoints::weights {

extern const float Relu_5_weights[840];
extern const float Relu_5_bias[20];
extern const float Relu_10_weights[200];
extern const float Relu_10_bias[10];
extern const float Add_16_weights[30];
extern const float Add_16_bias[3];

}  // namespace hand_keypoints::weights
