/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/blas_xsmm.c - small matrix products; the only file that includes libxsmm.
 */
#include "base/blas_xsmm.h"

#include <stddef.h>

#include "base/cpu.h"

#ifdef FED_HAVE_XSMM

#include <libxsmm.h>

static bool serves;

void fed__xsmm_init(void)
{
	const enum fed_isa isa = fed_cpu_isa();

	serves = isa != FED_ISA_PLAIN;
	if (!serves)
		return;
	libxsmm_init();
	if (isa == FED_ISA_AVX2)
		libxsmm_set_target_arch("hsw");
}

/* libxsmm is column-major: its A is our B, and its (N,M) result is our C. */
bool fed__xsmm_gemm(bool transpose_a, bool add, int m, int n, int k, const float *a, int lda,
                    const float *b, int ldb, float *c, int ldc)
{
	if (!serves)
		return false;
	const int flags = transpose_a ? LIBXSMM_GEMM_FLAG_TRANS_B : LIBXSMM_GEMM_FLAG_NONE;
	const float one = 1, old = add ? 1 : 0;
	const libxsmm_smmfunction product =
		libxsmm_smmdispatch(n, m, k, &ldb, &lda, &ldc, &one, &old, &flags, NULL);

	if (!product)
		return false;
	product(b, a, c);
	return true;
}

const char *fed__xsmm_describe(void)
{
	return serves ? "libxsmm " LIBXSMM_VERSION : NULL;
}

#else

void fed__xsmm_init(void)
{
}

bool fed__xsmm_gemm(bool transpose_a, bool add, int m, int n, int k, const float *a, int lda,
                    const float *b, int ldb, float *c, int ldc)
{
	(void)transpose_a, (void)add, (void)m, (void)n, (void)k, (void)a, (void)lda, (void)b, (void)ldb;
	(void)c, (void)ldc;
	return false;
}

const char *fed__xsmm_describe(void)
{
	return NULL;
}

#endif
