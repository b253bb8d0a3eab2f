# SPDX-License-Identifier: GPL-3.0-or-later
# Headers that are read once for many files, in the sanitized builds, a third of whose compiling it is.
# Release reads each file by itself, so that one which misses an include is met there.
set(fed_headers_base <errno.h> <inttypes.h> <math.h> <stdarg.h> <stdatomic.h> <stdbool.h> <stdio.h>
	<stdlib.h> <string.h> <base/file.h> <base/mem.h> <base/random.h> <base/text.h>)
set(fed_headers_of_base ${fed_headers_base}) # utf8proc comes with definitions
set(fed_headers_train ${fed_headers_base} <train/federation.h>)
set(fed_headers_session ${fed_headers_base} <session/composition.h> <session/session.h>
	<history/event_log.h> <history/invitation_log.h> <history/metrics.h>)
set(fed_headers_tui ${fed_headers_session}) # and curses
set(fed_headers_shell ${fed_headers_session} <shell/language/command.h> <shell/output/print.h>)
set(fed_headers_test_computing_code ${fed_headers_train} <support/suite.h>)
set(fed_headers_test_code ${fed_headers_session} <session/internal.h> <support/suite.h>)

# ccache compiles what uses such a file anew each time unless it may look at what that was made from.
if(FEDSH_SANITIZE AND CMAKE_C_COMPILER_LAUNCHER MATCHES "ccache$")
	set(CMAKE_C_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=pch_defines,time_macros
		${CMAKE_C_COMPILER_LAUNCHER})
endif()

# fed_precompile(TARGET SET): the first target with a set makes it, those behind it use it.
function(fed_precompile target headers)
	if(NOT FEDSH_SANITIZE)
		return()
	endif()
	get_property(maker GLOBAL PROPERTY fed_makes_${headers})
	if(maker)
		target_precompile_headers(${target} REUSE_FROM ${maker})
	else()
		set_property(GLOBAL PROPERTY fed_makes_${headers} ${target})
		target_precompile_headers(${target} PRIVATE ${${headers}})
	endif()
	# for ccache
	target_compile_options(${target} PRIVATE $<$<C_COMPILER_ID:GNU>:-fpch-preprocess>
		$<$<C_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>)
endfunction()
