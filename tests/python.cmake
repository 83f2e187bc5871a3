# Tests in Python, with ONNX Runtime as the oracle. THIMBLE_PYTHON is the interpreter that tests/run.sh prepared.
set(THIMBLE_PYTHON "" CACHE FILEPATH "Python with onnx, onnxruntime and numpy")
if(NOT THIMBLE_PYTHON)
  message(STATUS "THIMBLE_PYTHON is not set: the tests against ONNX Runtime are left out. tests/run.sh sets it.")
  return()
endif()

set(models ${CMAKE_CURRENT_SOURCE_DIR}/models)
set(integer_models kws_int8 vww_int8 ic_int8 ad_int8 sww_int8 mnist_resnet_int8)
set(float_models kws_float vww_float ic_float ad_float mnist_float hand_keypoints_float)
set(qemu_targets cortex-m0plus cortex-m3 cortex-m4 cortex-m7 cortex-m33 cortex-m55 rv32imc)

# The table of op cases in each executor.
foreach(executor interpreter host cortex-m4 cortex-m0plus rv32imc)
  add_test(NAME conformance_${executor} COMMAND ${THIMBLE_PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/conformance/run.py $<TARGET_FILE:thimble> ${CMAKE_SOURCE_DIR} ${executor})
endforeach()

# The node tests that come with ONNX.
add_test(NAME backend COMMAND ${THIMBLE_PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/conformance/backend.py $<TARGET_FILE:thimble> ${CMAKE_SOURCE_DIR})

# Whole models: integer outputs equal to the byte, floats within tolerance. The host runs first and leaves its hashes.
set(check_outputs ${THIMBLE_PYTHON} ${models}/check_outputs.py $<TARGET_FILE:thimble>)
foreach(target host ${qemu_targets})
  add_test(NAME models_int8_${target} COMMAND ${check_outputs} ${target} --hashes ${CMAKE_CURRENT_BINARY_DIR}/host_outputs.json ${integer_models})
  set_tests_properties(models_int8_${target} PROPERTIES FIXTURES_REQUIRED host_outputs)
endforeach()
set_tests_properties(models_int8_host PROPERTIES FIXTURES_REQUIRED "" FIXTURES_SETUP host_outputs)
foreach(target host cortex-m4 rv32imc)
  add_test(NAME models_float_${target} COMMAND ${check_outputs} ${target} ${float_models})
endforeach()

# Every layer, fed with ONNX Runtime's own tensors.
foreach(target host cortex-m4 rv32imc)
  add_test(NAME layers_int8_${target} COMMAND ${THIMBLE_PYTHON} ${models}/check_layers.py $<TARGET_FILE:thimble> ${target} ${integer_models})
endforeach()

# The table that is checked in: every model on every board.
set(measured_models ${integer_models} ${float_models})
list(TRANSFORM measured_models REPLACE "(.+)" "${models}/\\1/model.onnx")
add_test(NAME figures COMMAND thimble bench ${measured_models} --jobs 2 --check ${CMAKE_SOURCE_DIR}/docs/figures.md)

# What layers are estimated to cost, against what they do.
add_test(NAME costs COMMAND ${THIMBLE_PYTHON} ${models}/check_costs.py $<TARGET_FILE:thimble> ${integer_models} kws_float mnist_float)

add_test(NAME command_line COMMAND ${THIMBLE_PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/cli/check_cli.py $<TARGET_FILE:thimble>)

foreach(target host cortex-m4)
  add_test(NAME streaming_${target} COMMAND ${THIMBLE_PYTHON} ${models}/check_streaming.py $<TARGET_FILE:thimble> ${target})
endforeach()

add_test(NAME package COMMAND ${THIMBLE_PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/package/check_package.py ${CMAKE_BINARY_DIR} ${CMAKE_SOURCE_DIR})

add_test(NAME constant_channels COMMAND ${THIMBLE_PYTHON} ${models}/check_channels.py $<TARGET_FILE:thimble>)
