# thimble_add_model(TARGET <target> MODEL <file.onnx> FOR <thimble target> [NAME <identifier>] [OPTIONS <compile options>...])
#
# Compiles the model when the firmware is built, and adds the generated sources and their folder to <target>, which then includes
# "<identifier>.hpp". NAME defaults to the file's name as a C++ identifier. OPTIONS go to `thimble compile`: --ram 20000, --self-test ...
# The model is compiled again exactly when it, its external data, the options or Thimble itself change.
function(thimble_add_model)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "TARGET;MODEL;FOR;NAME" "OPTIONS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "thimble_add_model: unknown arguments: ${arg_UNPARSED_ARGUMENTS}. It takes TARGET, MODEL, FOR, NAME and OPTIONS.")
  endif()
  foreach(required TARGET MODEL FOR)
    if(NOT arg_${required})
      message(FATAL_ERROR "thimble_add_model: ${required} is missing. Call thimble_add_model(TARGET app MODEL kws.onnx FOR cortex-m4).")
    endif()
  endforeach()
  if(NOT TARGET ${arg_TARGET})
    message(FATAL_ERROR "thimble_add_model: there is no target '${arg_TARGET}'. Add it with add_executable or add_library first.")
  endif()
  get_filename_component(model "${arg_MODEL}" ABSOLUTE)
  if(NOT EXISTS "${model}")
    message(FATAL_ERROR "thimble_add_model: the model ${model} does not exist. Give its path, relative to this CMakeLists.txt or absolute.")
  endif()
  if(NOT arg_NAME)
    get_filename_component(arg_NAME "${model}" NAME_WE)
    string(MAKE_C_IDENTIFIER "${arg_NAME}" arg_NAME)
  endif()

  set(bundle "${CMAKE_CURRENT_BINARY_DIR}/thimble/${arg_NAME}")
  set(sources "${bundle}/${arg_NAME}.cpp" "${bundle}/${arg_NAME}_weights.cpp" "${bundle}/${arg_NAME}_c.cpp")
  if("--self-test" IN_LIST arg_OPTIONS)
    list(APPEND sources "${bundle}/${arg_NAME}_selftest.cpp")
  endif()
  # Headers are outputs too, so that sources that include them wait for the model to be compiled again.
  set(headers "${bundle}/${arg_NAME}.hpp" "${bundle}/${arg_NAME}.h")
  set(depfile "${CMAKE_CURRENT_BINARY_DIR}/thimble/${arg_NAME}.d")
  add_custom_command(
    OUTPUT ${sources} ${headers}
    COMMAND Thimble::thimble compile "${model}" --target ${arg_FOR} --name ${arg_NAME} --output "${bundle}" --depfile "${depfile}" ${arg_OPTIONS}
    DEPENDS "${model}" Thimble::thimble
    DEPFILE "${depfile}"
    COMMENT "Compiling ${arg_MODEL} for ${arg_FOR}"
    VERBATIM)
  target_sources(${arg_TARGET} PRIVATE ${sources} ${headers})
  target_include_directories(${arg_TARGET} PRIVATE "${bundle}")
  target_compile_features(${arg_TARGET} PRIVATE cxx_std_17)
endfunction()
