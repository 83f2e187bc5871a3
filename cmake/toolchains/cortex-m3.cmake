# Cortex-M3, by name of the target.
set(THIMBLE_CORE_FLAGS "-mcpu=cortex-m3 -mfloat-abi=soft")
include(${CMAKE_CURRENT_LIST_DIR}/arm.cmake)
