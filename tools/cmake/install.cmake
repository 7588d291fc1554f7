# Installation: motec, the runtime's headers, and what find_package(mote) reads.
include(CMakePackageConfigHelpers)

set(mote_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/mote)
install(TARGETS motec EXPORT moteTargets RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS mote_runtime EXPORT moteTargets
        FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT moteTargets NAMESPACE mote:: DESTINATION ${mote_package_dir})

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/moteConfig.cmake.in moteConfig.cmake
                              INSTALL_DESTINATION ${mote_package_dir})
# The package serves cross-compiled projects of any pointer size.
write_basic_package_version_file(moteConfigVersion.cmake COMPATIBILITY SameMinorVersion
                                 ARCH_INDEPENDENT)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/moteConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/moteConfigVersion.cmake
              ${CMAKE_CURRENT_LIST_DIR}/MoteAddModel.cmake
        DESTINATION ${mote_package_dir})
