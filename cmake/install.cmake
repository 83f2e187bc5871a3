# cmake --install: the program, the CMake package, toolchain files and boards.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Thimble)
configure_package_config_file(
  cmake/ThimbleConfig.cmake.in ThimbleConfig.cmake
  INSTALL_DESTINATION ${package_dir}
  PATH_VARS CMAKE_INSTALL_BINDIR CMAKE_INSTALL_DATADIR)
# The package holds a program of the build machine and scripts: it serves projects of any pointer size.
write_basic_package_version_file(ThimbleConfigVersion.cmake COMPATIBILITY SameMajorVersion ARCH_INDEPENDENT)
install(TARGETS thimble)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/ThimbleConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/ThimbleConfigVersion.cmake
              cmake/ThimbleAddModel.cmake
        DESTINATION ${package_dir})
install(DIRECTORY cmake/toolchains DESTINATION ${CMAKE_INSTALL_DATADIR}/thimble)
install(DIRECTORY targets/boards DESTINATION ${CMAKE_INSTALL_DATADIR}/thimble)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
