# Cortex-M4 with FPU, by name of the target.
set(THIMBLE_CORE_FLAGS "-mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard")
include(${CMAKE_CURRENT_LIST_DIR}/arm.cmake)
