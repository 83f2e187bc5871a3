# Cortex-M7 with single-precision FPU, by name of the target.
set(THIMBLE_CORE_FLAGS "-mcpu=cortex-m7 -mfpu=fpv5-sp-d16 -mfloat-abi=hard")
include(${CMAKE_CURRENT_LIST_DIR}/arm.cmake)
