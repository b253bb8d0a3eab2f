/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/blas.h - matrix products by OpenBLAS and libxsmm.
 *
 * All matrices are row-major float32.  Every function is single-threaded and may be called from
 * several threads at once; the same call gives the same bits whichever thread makes it.
 */
#ifndef FED_BASE_BLAS_H
#define FED_BASE_BLAS_H

#include <stddef.h>

#include "base/cpu.h"
#include "fedsh/plugin.h"

/* C (M,N) += A (M,K) B (K,N) */
void fed_gemm_nn(int m, int n, int k, const float *a, int lda, const float *b, int ldb, float *c,
                 int ldc);
/* C (M,N) = A B */
void fed_gemm_nn_set(int m, int n, int k, const float *a, int lda, const float *b, int ldb,
                     float *c, int ldc);
/* C (M,N) += A' B, A is (K,M), B is (K,N) */
void fed_gemm_tn(int m, int n, int k, const float *a, int lda, const float *b, int ldb, float *c,
                 int ldc);
/* C (M,N) = A B', A is (M,K), B is (N,K).  scratch: fed_gemm_nt_scratch() floats. */
void fed_gemm_nt(int m, int n, int k, const float *a, int lda, const float *b, int ldb, float *c,
                 int ldc, float *scratch);
size_t fed_gemm_nt_scratch(int n, int k);

/* A better value of OPENBLAS_CORETYPE than what OpenBLAS chose at load, which takes some processors
 * for a Prescott (SSE3, version 0.3.21); NULL when the choice is good or the user made it.  The
 * program sets the variable and executes itself again. */
const char *fed_blas_better_core(void);
/* Sets one BLAS thread.  Called once, before any thread starts. */
void fed_blas_init(void);
/* Name of the kernels that OpenBLAS has chosen: "SkylakeX". */
const char *fed_blas_core(void);
/* The kernels that suit every processor with an instruction set. */
const char *fed_blas_core_for(enum fed_isa);
/* Let libxsmm and OpenBLAS choose again: for the instruction set that there is now (fed_cpu_limit),
 * and these kernels.  After fed_blas_init(), before any product.  FED_REJECT: this OpenBLAS cannot.
 */
int fed_blas_choose(const char *core, struct fed_error *);
/* "OpenBLAS 0.3.21 SkylakeX, libxsmm 1.17" for `fedsh --version`. */
const char *fed_blas_describe(void);

#endif
