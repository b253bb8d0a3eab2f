/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nn/kernels/kernels_sets.h - the sets of kernels that kernels.c selects from. */
#ifndef FED_NN_KERNELS_SETS_H
#define FED_NN_KERNELS_SETS_H

#include "nn/kernels/kernels.h"

extern const struct fed_kernels fed__kernels_plain;
extern const struct fed_kernels fed__kernels_avx2;   /* x86-64 only */
extern const struct fed_kernels fed__kernels_avx512; /* x86-64 only */

#endif
