// The recorded input of the model tiny_ports, and the check of its output.
#include "tiny_ports_selftest.hpp"

#include "thimble/self_test.hpp"

namespace tiny_ports {

namespace recorded {

alignas(4) constexpr int8_t input_left[4] = {
    1, 2, 3, -4,
};

alignas(4) constexpr int8_t input_right[4] = {
    10, 20, 30, 40,
};

constexpr float output_value_1[1] = {
    -1.0f,
};

}  // namespace recorded

bool self_test(Model& model) {
  __builtin_memcpy(model.input_left(), recorded::input_left, sizeof recorded::input_left);
  __builtin_memcpy(model.input_right(), recorded::input_right, sizeof recorded::input_right);
  model.run();
  return thimble::close(model.output_value_1(), recorded::output_value_1, output_value_1::size) &&
         thimble::checksum(model.output_sum(), sizeof model.output_sum()) == 0x5e7276ed;
}

}  // namespace tiny_ports
