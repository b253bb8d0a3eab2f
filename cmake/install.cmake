# SPDX-License-Identifier: GPL-3.0-or-later
# What goes where on `cmake --install`, and what a plugin outside the tree compiles against.
# Nothing installed knows its prefix: the tree can be moved.
include(CMakePackageConfigHelpers)

set(FED_PLUGIN_INSTALL ${CMAKE_INSTALL_LIBDIR}/fedsh/plugins)
set(FED_PC_INSTALL ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
set(FED_PACKAGE_INSTALL ${CMAKE_INSTALL_LIBDIR}/cmake/fedsh)

# Headers, as the target fedsh::plugin of the CMake package.
add_library(fedsh_plugin INTERFACE)
set_target_properties(fedsh_plugin PROPERTIES EXPORT_NAME plugin)
target_compile_features(fedsh_plugin INTERFACE c_std_11)
target_include_directories(fedsh_plugin INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
install(TARGETS fedsh_plugin EXPORT fedshTargets)
install(EXPORT fedshTargets NAMESPACE fedsh:: DESTINATION ${FED_PACKAGE_INSTALL})
install(DIRECTORY core/fedsh/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/fedsh
	FILES_MATCHING PATTERN "*.h")
configure_package_config_file(cmake/fedshConfig.cmake.in ${CMAKE_BINARY_DIR}/fedshConfig.cmake
	INSTALL_DESTINATION ${FED_PACKAGE_INSTALL} PATH_VARS FED_PLUGIN_INSTALL)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/fedshConfigVersion.cmake
	COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/fedshConfig.cmake ${CMAKE_BINARY_DIR}/fedshConfigVersion.cmake
	DESTINATION ${FED_PACKAGE_INSTALL})

# pkg-config, installed and for the build tree (PKG_CONFIG_PATH=build).
file(RELATIVE_PATH up /prefix/${FED_PC_INSTALL} /prefix)
string(REGEX REPLACE "/$" "" up "/${up}")
set(FED_PC_PREFIX ${up})
set(FED_PC_INCLUDEDIR ${CMAKE_INSTALL_INCLUDEDIR})
set(FED_PC_PLUGINDIR ${FED_PLUGIN_INSTALL})
configure_file(cmake/fedsh.pc.in ${CMAKE_BINARY_DIR}/installed/fedsh.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/installed/fedsh.pc DESTINATION ${FED_PC_INSTALL})
set(FED_PC_PREFIX "")
set(FED_PC_INCLUDEDIR include)
set(FED_PC_PLUGINDIR plugins)
configure_file(cmake/fedsh.pc.in ${CMAKE_BINARY_DIR}/fedsh.pc @ONLY)

# Lessons and the man pages.
install(DIRECTORY sessions/ DESTINATION ${CMAKE_INSTALL_DATADIR}/fedsh/sessions
	FILES_MATCHING PATTERN "*.fedsh")
if(EXISTS ${CMAKE_SOURCE_DIR}/shell/fedsh.1)
	install(FILES shell/fedsh.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endif()
install(FILES plugins/fedsh-plugin.7 DESTINATION ${CMAKE_INSTALL_MANDIR}/man7)

# An installed fedsh finds its plugins from where its own executable lies.
if(TARGET fed_shell)
	file(RELATIVE_PATH from_bin /prefix/${CMAKE_INSTALL_BINDIR} /prefix/${FED_PLUGIN_INSTALL})
	file(RELATIVE_PATH worker_from_bin /prefix/${CMAKE_INSTALL_BINDIR}
		/prefix/${CMAKE_INSTALL_LIBEXECDIR}/fedsh/fedsh-worker)
	file(RELATIVE_PATH sessions_from_bin /prefix/${CMAKE_INSTALL_BINDIR}
		/prefix/${CMAKE_INSTALL_DATADIR}/fedsh/sessions)
	target_compile_definitions(fed_shell PUBLIC FED_PLUGINS_FROM_BIN="${from_bin}"
		FED_SESSIONS_FROM_BIN="${sessions_from_bin}"
		FED_WORKER_FROM_BIN="${worker_from_bin}")
endif()
