// The model tiny_stream for C: every function calls its twin in tiny_stream.hpp.
#include "tiny_stream.h"

#include "tiny_stream.hpp"

static_assert(sizeof(tiny_stream_model) >= sizeof(tiny_stream::Model));
static_assert(alignof(tiny_stream_model) >= alignof(tiny_stream::Model));

extern "C" {

int8_t* tiny_stream_input(tiny_stream_model* model) {
  return reinterpret_cast<tiny_stream::Model*>(model)->input();
}

void tiny_stream_run(tiny_stream_model* model) {
  reinterpret_cast<tiny_stream::Model*>(model)->run();
}

const float* tiny_stream_output(tiny_stream_model* model) {
  return reinterpret_cast<tiny_stream::Model*>(model)->output();
}

}  // extern "C"
