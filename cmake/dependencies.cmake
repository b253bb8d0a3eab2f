# SPDX-License-Identifier: GPL-3.0-or-later
# What fedsh is built with.  Debian's names of the packages are in .ci/setup.bash.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
pkg_check_modules(READLINE REQUIRED IMPORTED_TARGET readline)
pkg_check_modules(CURSES REQUIRED IMPORTED_TARGET ncursesw)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(LIBZIP REQUIRED IMPORTED_TARGET libzip)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(YAJL REQUIRED IMPORTED_TARGET yajl)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(ZMQ REQUIRED IMPORTED_TARGET libzmq)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)

# For folders of pictures; without them fedsh says so when it meets such a file.
# -DCMAKE_DISABLE_FIND_PACKAGE_PNG=ON builds as where there is none.
foreach(library PNG JPEG)
	string(TOLOWER lib${library} name)
	if(NOT CMAKE_DISABLE_FIND_PACKAGE_${library})
		pkg_check_modules(${library} IMPORTED_TARGET ${name})
	endif()
	if(NOT ${library}_FOUND)
		message(STATUS "no ${library} library is installed: such pictures are not read")
	endif()
endforeach()

# For archives of pictures, which it unpacks twice as fast as zlib does, and for checksums.
if(NOT CMAKE_DISABLE_FIND_PACKAGE_DEFLATE)
	pkg_check_modules(DEFLATE IMPORTED_TARGET libdeflate)
endif()
if(NOT DEFLATE_FOUND)
	message(STATUS "libdeflate is not installed: archives are unpacked by zlib")
endif()

# For figures as PDF and PNG; without it they are SVG.
pkg_check_modules(CAIRO IMPORTED_TARGET cairo cairo-pdf)
if(NOT CAIRO_FOUND)
	message(STATUS "cairo is not installed: figures are written as SVG, not as PDF or PNG")
endif()

# For `study`, which keeps its runs; without it the command says so.
pkg_check_modules(SQLITE IMPORTED_TARGET sqlite3)
if(NOT SQLITE_FOUND)
	message(STATUS "sqlite3 is not installed: studies are not kept")
endif()

# For `--mpi`: a module for each MPI library; without one the option says so.
pkg_check_modules(OPENMPI IMPORTED_TARGET ompi-c)
pkg_check_modules(MPICH IMPORTED_TARGET mpich)
if(NOT OPENMPI_FOUND AND NOT MPICH_FOUND)
	message(STATUS "no MPI library is installed: sessions do not run on several machines")
endif()

# OpenBLAS: the pthread build, since Debian's serial one gives wrong results when several threads
# call it at once.
find_library(OPENBLAS_LIBRARY NAMES openblas
	PATHS /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/openblas-pthread NO_DEFAULT_PATH)
find_library(OPENBLAS_LIBRARY NAMES openblas REQUIRED)
find_path(OPENBLAS_INCLUDE cblas.h
	PATHS /usr/include/${CMAKE_LIBRARY_ARCHITECTURE}/openblas-pthread NO_DEFAULT_PATH)
find_path(OPENBLAS_INCLUDE cblas.h PATH_SUFFIXES openblas REQUIRED)
add_library(fed_blas INTERFACE)
target_include_directories(fed_blas INTERFACE ${OPENBLAS_INCLUDE})
target_link_libraries(fed_blas INTERFACE ${OPENBLAS_LIBRARY})

# libxsmm, where there is one; its generated code is unknown to the sanitizers.
find_library(XSMM_LIBRARY NAMES xsmm)
find_path(XSMM_INCLUDE libxsmm.h)
if(FEDSH_XSMM AND XSMM_LIBRARY AND XSMM_INCLUDE AND NOT FEDSH_SANITIZE)
	target_compile_definitions(fed_blas INTERFACE FED_HAVE_XSMM=1)
	target_include_directories(fed_blas INTERFACE ${XSMM_INCLUDE})
	target_link_libraries(fed_blas INTERFACE ${XSMM_LIBRARY})
elseif(FEDSH_XSMM AND NOT FEDSH_SANITIZE)
	message(STATUS "libxsmm is not installed: matrix products are OpenBLAS's alone")
endif()

# Without these some tests are left out; tests/CMakeLists.txt says which.
if(FEDSH_TESTS)
	pkg_check_modules(CHECK IMPORTED_TARGET check)
	pkg_check_modules(VTERM IMPORTED_TARGET vterm)
endif()
