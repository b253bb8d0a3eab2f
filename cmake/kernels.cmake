# SPDX-License-Identifier: GPL-3.0-or-later
# One source of inner loops (core/nn/kernels/kernels_body.h, core/base/rows_body.h), an object for each
# instruction set: chosen at run time, and fused multiply-adds are the same wherever they run.
set(kernel_flags -O3 -ffp-contract=fast -fno-math-errno -fno-trapping-math)
if(FEDSH_SANITIZE STREQUAL "address" AND CMAKE_C_COMPILER_ID MATCHES "Clang")
	list(APPEND kernel_flags -fno-sanitize=undefined) # clang 14 takes hours over them
elseif(FEDSH_SANITIZE)
	list(APPEND kernel_flags -O2) # vectors are written out; more takes longer than it saves
endif()
# Under the sanitizers those that run on few machines alone take the least time to compile.
set(seldom)
if(FEDSH_SANITIZE)
	set(seldom -O1)
endif()
# fed_kernels(INSTRUCTION-SET [FLAG...])
function(fed_kernels isa)
	set_source_files_properties(core/nn/kernels/kernels_${isa}.c core/base/rows_${isa}.c PROPERTIES
		COMPILE_OPTIONS "${kernel_flags};${ARGN}" SKIP_PRECOMPILE_HEADERS ON)
endfunction()
fed_kernels(plain ${seldom})
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
	fed_kernels(avx2 ${seldom} -mavx2 -mfma)
	fed_kernels(avx512 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mprefer-vector-width=512)
endif()
