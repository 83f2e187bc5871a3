# Finds what Thimble builds with. ONNX is a package where new enough, else the build that tools/build_onnx.sh made
# once outside the checkout, else its source by FetchContent. Sets THIMBLE_ONNX_LIBRARIES.
find_package(fmt REQUIRED)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)

set(THIMBLE_ONNX_VERSION 1.23.2)
if(DEFINED ENV{XDG_CACHE_HOME})
  set(thimble_cache "$ENV{XDG_CACHE_HOME}")
else()
  set(thimble_cache "$ENV{HOME}/.cache")
endif()
set(THIMBLE_ONNX_ROOT "${thimble_cache}/thimble/onnx-${THIMBLE_ONNX_VERSION}"
    CACHE PATH "ONNX as built by tools/build_onnx.sh")
unset(thimble_cache)

find_package(ONNX ${THIMBLE_ONNX_VERSION} CONFIG QUIET NO_CMAKE_PACKAGE_REGISTRY)
if(ONNX_FOUND)
  message(STATUS "ONNX ${ONNX_VERSION}: package at ${ONNX_DIR}")
  set(THIMBLE_ONNX_LIBRARIES ONNX::onnx)
elseif(EXISTS "${THIMBLE_ONNX_ROOT}/built_with.txt")
  # The last file that tools/build_onnx.sh writes: the build is whole.
  find_package(Protobuf REQUIRED)
  file(STRINGS "${THIMBLE_ONNX_ROOT}/built_with.txt" built_with REGEX "^protobuf ")
  if(NOT built_with STREQUAL "protobuf ${Protobuf_VERSION}")
    message(FATAL_ERROR "${THIMBLE_ONNX_ROOT} was built with ${built_with}, here is protobuf ${Protobuf_VERSION}. "
                        "Run tools/build_onnx.sh, which builds it again.")
  endif()
  message(STATUS "ONNX ${THIMBLE_ONNX_VERSION}: ${THIMBLE_ONNX_ROOT}")
  add_library(thimble_onnx INTERFACE)
  target_include_directories(thimble_onnx SYSTEM INTERFACE "${THIMBLE_ONNX_ROOT}/include")
  target_compile_definitions(thimble_onnx INTERFACE ONNX_ML=1 ONNX_NAMESPACE=onnx)
  target_link_libraries(thimble_onnx INTERFACE "${THIMBLE_ONNX_ROOT}/lib/libonnx.a"
                                               "${THIMBLE_ONNX_ROOT}/lib/libonnx_proto.a" protobuf::libprotobuf)
  set(THIMBLE_ONNX_LIBRARIES thimble_onnx)
elseif(CMAKE_VERSION VERSION_LESS 3.26)
  message(FATAL_ERROR "ONNX ${THIMBLE_ONNX_VERSION} is neither installed nor built in ${THIMBLE_ONNX_ROOT}, and its own "
                      "build needs CMake 3.26 (this is ${CMAKE_VERSION}). Run tools/build_onnx.sh once.")
else()
  # FETCHCONTENT_SOURCE_DIR_ONNX may name a source tree that is here already.
  include(FetchContent)
  set(ONNX_ML ON CACHE BOOL "" FORCE)
  set(ONNX_USE_UNITY_BUILD ON CACHE BOOL "" FORCE)
  FetchContent_Declare(
    onnx
    GIT_REPOSITORY https://github.com/onnx/onnx.git
    GIT_TAG v${THIMBLE_ONNX_VERSION}
    GIT_SHALLOW ON
    SYSTEM)
  FetchContent_MakeAvailable(onnx)
  set(THIMBLE_ONNX_LIBRARIES onnx)
endif()
