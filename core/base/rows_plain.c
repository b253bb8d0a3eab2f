/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base/rows_plain.c - the row kernels for any processor. */
#include "base/rows_sets.h"

#define FED_WIDTH 4
#define FED_SIDE 3 /* rows of a block of products that fits the registers */
#define FED_ROWS_ISA FED_ISA_PLAIN
#define FED_ROWS fed__rows_plain
#include "base/rows_body.h"
