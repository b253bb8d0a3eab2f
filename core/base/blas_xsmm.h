/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/blas_xsmm.h - small matrix products by libxsmm, which generates machine code for each size.
 *
 * Private to base/blas.c.  Without the library, or on a processor that it does not serve, every
 * product is refused and OpenBLAS makes it.
 */
#ifndef FED_BASE_BLAS_XSMM_H
#define FED_BASE_BLAS_XSMM_H

#include <stdbool.h>

/* C (M,N) += A B, or = A B; with transpose_a A is (K,M), else (M,K).  false: not done. */
bool fed__xsmm_gemm(bool transpose_a, bool add, int m, int n, int k, const float *a, int lda,
                    const float *b, int ldb, float *c, int ldc);
void fed__xsmm_init(void);
/* "libxsmm 1.17", or NULL when products are refused. */
const char *fed__xsmm_describe(void);

#endif
