/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base/rows_avx2.c - the row kernels for AVX2; empty where the compiler does not support it. */
#include "base/rows_sets.h"

#ifdef __AVX2__

#define FED_WIDTH 8
#define FED_SIDE 3 /* rows of a block of products that fits the registers */
#define FED_ROWS_ISA FED_ISA_AVX2
#define FED_ROWS fed__rows_avx2
#include "base/rows_body.h"

#endif
