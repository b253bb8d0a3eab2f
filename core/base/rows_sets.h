/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base/rows_sets.h - the sets of row kernels that rows.c selects from. */
#ifndef FED_BASE_ROWS_SETS_H
#define FED_BASE_ROWS_SETS_H

#include "base/rows.h"

extern const struct fed_rows_kernels fed__rows_plain;
extern const struct fed_rows_kernels fed__rows_avx2;   /* x86-64 only */
extern const struct fed_rows_kernels fed__rows_avx512; /* x86-64 only */

#endif
