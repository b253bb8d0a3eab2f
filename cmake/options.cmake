# SPDX-License-Identifier: GPL-3.0-or-later
# How C is compiled here, as interface libraries that targets link privately.

# For all that is built, plugins among it.
add_library(fed_options INTERFACE)
# The same source must give the same bits: no contraction that depends on the inlining.
target_compile_options(fed_options INTERFACE -ffp-contract=off
	-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla
	-Wno-missing-field-initializers $<$<BOOL:${FEDSH_WERROR}>:-Werror>)

# For the program and its tests: the C library with its extensions (memfd_create, cpu sets).
add_library(fed_core_options INTERFACE)
target_link_libraries(fed_core_options INTERFACE fed_options)
target_compile_definitions(fed_core_options INTERFACE _GNU_SOURCE)

if(FEDSH_SANITIZE)
	target_compile_options(fed_options INTERFACE -fno-omit-frame-pointer)
	# What describes their globals holds addresses, two hundred thousand: known when they are linked,
	# not written at each start.
	target_link_options(fed_core_options INTERFACE
		$<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-no-pie>)
endif()
if(FEDSH_SANITIZE STREQUAL "address")
	target_compile_options(fed_options INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=undefined)
	target_link_options(fed_options INTERFACE -fsanitize=address,undefined)
elseif(FEDSH_SANITIZE STREQUAL "thread")
	target_compile_options(fed_options INTERFACE -fsanitize=thread)
	target_compile_definitions(fed_options INTERFACE
		$<$<C_COMPILER_ID:Clang>:__SANITIZE_THREAD__=1>) # as gcc does
	target_link_options(fed_options INTERFACE -fsanitize=thread)
elseif(FEDSH_SANITIZE STREQUAL "fuzzer")
	# Not undefined as well: with all three clang 14 takes hours over the kernels.
	target_compile_options(fed_options INTERFACE -fsanitize=address)
	target_link_options(fed_options INTERFACE -fsanitize=address)
	# Not in plugins: its counters would outlive one that is unloaded.
	target_compile_options(fed_core_options INTERFACE -fsanitize=fuzzer-no-link)
elseif(FEDSH_SANITIZE)
	message(FATAL_ERROR "FEDSH_SANITIZE=${FEDSH_SANITIZE}: use address, thread, fuzzer or nothing")
endif()
