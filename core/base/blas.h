/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/blas.h - the one door to OpenBLAS and libxsmm.
 *
 * All matrices are row-major float32.  Every function is single-threaded and may be called from
 * several threads at once; the same call gives the same bits whichever thread makes it.
 */
#ifndef FED_BASE_BLAS_H
#define FED_BASE_BLAS_H

#include <stddef.h>

/* C (M,N) += A (M,K) B (K,N) */
void fed_gemm_nn(int m, int n, int k, const float *a, int lda, const float *b, int ldb, float *c,
                 int ldc);
/* C (M,N) += A' B, A is (K,M), B is (K,N) */
void fed_gemm_tn(int m, int n, int k, const float *a, int lda, const float *b, int ldb, float *c,
                 int ldc);
/* C (M,N) = A B', A is (M,K), B is (N,K).  scratch: fed_gemm_nt_scratch() floats. */
void fed_gemm_nt(int m, int n, int k, const float *a, int lda, const float *b, int ldb, float *c,
                 int ldc, float *scratch);
size_t fed_gemm_nt_scratch(int n, int k);

/* OpenBLAS 0.3.21 takes some processors for a Prescott (SSE3).  The name that OPENBLAS_CORETYPE
 * should have had when the library was loaded, or NULL when its choice is good or the user made
 * it.  The program sets it and executes itself again. */
const char *fed_blas_better_core(void);
/* Once, before any thread: one BLAS thread. */
void fed_blas_init(void);
/* "OpenBLAS 0.3.21 SkylakeX, libxsmm 1.17" for `fedsh --version`. */
const char *fed_blas_describe(void);

#endif
