/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nn/kernels/kernels_plain.c - the kernels for any processor. */
#include "nn/kernels/kernels_sets.h"

#define FED_WIDTH 4
#define FED_KERNELS_ISA FED_ISA_PLAIN
#define FED_KERNELS fed__kernels_plain
#include "nn/kernels/kernels_body.h"
