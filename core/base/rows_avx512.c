/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base/rows_avx512.c - the row kernels for AVX-512; empty where the compiler does not support
 * it. */
#include "base/rows_sets.h"

#ifdef __AVX512F__

#define FED_WIDTH 16
#define FED_SIDE 5 /* rows of a block of products that fits the registers */
#define FED_ROWS_ISA FED_ISA_AVX512
#define FED_ROWS fed__rows_avx512
#include "base/rows_body.h"

#endif
