/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nn/kernels/kernels_avx512.c - the kernels for AVX-512; empty where the compiler does not support
 * it. */
#include "nn/kernels/kernels_sets.h"

#ifdef __AVX512F__

#define FED_WIDTH 16
#define FED_KERNELS_ISA FED_ISA_AVX512
#define FED_KERNELS fed__kernels_avx512
#include "nn/kernels/kernels_body.h"

#endif
