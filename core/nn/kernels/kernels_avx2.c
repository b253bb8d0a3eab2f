/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nn/kernels/kernels_avx2.c - the kernels for AVX2 with FMA; empty where the compiler does not
 * support it. */
#include "nn/kernels/kernels_sets.h"

#if defined(__AVX2__) && defined(__FMA__)

#define FED_WIDTH 8
#define FED_KERNELS_ISA FED_ISA_AVX2
#define FED_KERNELS fed__kernels_avx2
#include "nn/kernels/kernels_body.h"

#endif
