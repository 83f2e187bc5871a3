# Cortex-M55, by name of the target.
set(THIMBLE_CORE_FLAGS "-mcpu=cortex-m55 -mfloat-abi=hard")
include(${CMAKE_CURRENT_LIST_DIR}/arm.cmake)
