// The model tiny_whole for C: every function calls its twin in tiny_whole.hpp.
#include "tiny_whole.h"

#include "tiny_whole.hpp"

static_assert(sizeof(tiny_whole_model) >= sizeof(tiny_whole::Model));
static_assert(alignof(tiny_whole_model) >= alignof(tiny_whole::Model));

extern "C" {

int8_t* tiny_whole_input(tiny_whole_model* model) {
  return reinterpret_cast<tiny_whole::Model*>(model)->input();
}

void tiny_whole_run(tiny_whole_model* model) {
  reinterpret_cast<tiny_whole::Model*>(model)->run();
}

const float* tiny_whole_output(tiny_whole_model* model) {
  return reinterpret_cast<tiny_whole::Model*>(model)->output();
}

}  // extern "C"
