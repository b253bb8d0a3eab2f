# SPDX-License-Identifier: GPL-3.0-or-later
# fedsh-worker-checked: the worker process with the runtimes of the address and undefined-behaviour
# sanitizers, for `check-plugin`.  A plugin that is compiled with them loads into no other program.
# fedsh's own code is as it is everywhere: what is looked at is the plugin, in memory that knows its
# ends.  Without the runtimes the program is left out.
include(CheckCSourceCompiles)
set(checked_flags -fsanitize=address,undefined)
set(CMAKE_REQUIRED_FLAGS ${checked_flags})
set(CMAKE_REQUIRED_LINK_OPTIONS ${checked_flags})
check_c_source_compiles("int main(void) { return 0; }" FEDSH_HAS_SANITIZERS)
unset(CMAKE_REQUIRED_FLAGS)
unset(CMAKE_REQUIRED_LINK_OPTIONS)
if(FEDSH_SANITIZE)
	return() # its own worker is one
elseif(NOT FEDSH_HAS_SANITIZERS)
	message(STATUS "the sanitizers are not installed: check-plugin runs without them")
	return()
endif()

add_executable(fedsh-worker-checked core/worker/main.c)
target_link_options(fedsh-worker-checked PRIVATE ${checked_flags})
target_link_libraries(fedsh-worker-checked PRIVATE fed_worker fed_core_options)
set_target_properties(fedsh-worker-checked PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
install(TARGETS fedsh-worker-checked RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/fedsh)
