// The model tiny_table for C: every function calls its twin in tiny_table.hpp.
#include "tiny_table.h"

#include "tiny_table.hpp"

static_assert(sizeof(tiny_table_model) >= sizeof(tiny_table::Model));
static_assert(alignof(tiny_table_model) >= alignof(tiny_table::Model));

extern "C" {

int8_t* tiny_table_input(tiny_table_model* model) {
  return reinterpret_cast<tiny_table::Model*>(model)->input();
}

void tiny_table_run(tiny_table_model* model) {
  reinterpret_cast<tiny_table::Model*>(model)->run();
}

const float* tiny_table_output(tiny_table_model* model) {
  return reinterpret_cast<tiny_table::Model*>(model)->output();
}

}  // extern "C"
