/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/blas.c - matrix products: small ones by libxsmm, others by OpenBLAS.
 *
 * The only file that includes cblas.h.
 */
#include "base/blas.h"

#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/blas_xsmm.h"
#include "base/cpu.h"

/* Multiply-adds of a product up to which generated code without packing wins; above, packing into
 * cache blocks does (measured on AVX-512, 2 MB of L2). */
#define SMALL_PRODUCT (1 << 25)

static bool is_small(int m, int n, int k)
{
	return (double)m * n * k <= SMALL_PRODUCT;
}

void fed_gemm_nn(int m, int n, int k, const float *a, int lda, const float *b, int ldb, float *c,
                 int ldc)
{
	if (is_small(m, n, k) && fed__xsmm_gemm(false, true, m, n, k, a, lda, b, ldb, c, ldc))
		return;
	cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, a, lda, b, ldb, 1, c, ldc);
}

void fed_gemm_nn_set(int m, int n, int k, const float *a, int lda, const float *b, int ldb,
                     float *c, int ldc)
{
	if (is_small(m, n, k) && fed__xsmm_gemm(false, false, m, n, k, a, lda, b, ldb, c, ldc))
		return;
	cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, a, lda, b, ldb, 0, c, ldc);
}

void fed_gemm_tn(int m, int n, int k, const float *a, int lda, const float *b, int ldb, float *c,
                 int ldc)
{
	if (is_small(m, n, k) && fed__xsmm_gemm(true, true, m, n, k, a, lda, b, ldb, c, ldc))
		return;
	cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, m, n, k, 1, a, lda, b, ldb, 1, c, ldc);
}

/* to (K,N) = from (N,K) transposed, in blocks that stay in the first cache. */
static void transpose(int n, int k, const float *from, int ld, float *to)
{
	enum { BLOCK = 16 };

	for (int i0 = 0; i0 < n; i0 += BLOCK)
		for (int j0 = 0; j0 < k; j0 += BLOCK) {
			const int i1 = i0 + BLOCK < n ? i0 + BLOCK : n;
			const int j1 = j0 + BLOCK < k ? j0 + BLOCK : k;
			for (int j = j0; j < j1; j++)
				for (int i = i0; i < i1; i++)
					to[(size_t)j * (size_t)n + (size_t)i] =
						from[(size_t)i * (size_t)ld + (size_t)j];
		}
}

void fed_gemm_nt(int m, int n, int k, const float *a, int lda, const float *b, int ldb, float *c,
                 int ldc, float *scratch)
{
	if (is_small(m, n, k) && fed__xsmm_describe()) {
		transpose(n, k, b, ldb, scratch);
		for (int i = 0; i < m; i++)
			memset(c + (size_t)i * (size_t)ldc, 0, (size_t)n * sizeof *c);
		fed_gemm_nn(m, n, k, a, lda, scratch, n, c, ldc);
		return;
	}
	cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, 1, a, lda, b, ldb, 0, c, ldc);
}

size_t fed_gemm_nt_scratch(int n, int k)
{
	return (size_t)n * (size_t)k;
}

/* Cores that OpenBLAS falls back to on processors that it does not know. */
static bool is_old_core(const char *core)
{
	static const char *const old[] = {
		"Prescott",   "Core2",     "Penryn",       "Dunnington", "Atom",   "Nehalem",
		"Athlon",     "Opteron",   "Opteron_SSE3", "Barcelona",  "Bobcat", "Katmai",
		"Coppermine", "Northwood", "Banias",       "Nano",       "Generic"};

	for (size_t i = 0; i < sizeof old / sizeof *old; i++)
		if (strcasecmp(core, old[i]) == 0)
			return true;
	return false;
}

const char *fed_blas_core_for(enum fed_isa isa)
{
	static const char *const core[] = {
		[FED_ISA_PLAIN] = "Prescott", [FED_ISA_AVX2] = "Haswell", [FED_ISA_AVX512] = "SkylakeX"};

	return core[isa];
}

const char *fed_blas_better_core(void)
{
	const enum fed_isa isa = fed_cpu_isa();

	if (getenv("OPENBLAS_CORETYPE") || !is_old_core(openblas_get_corename()))
		return NULL;
	return isa == FED_ISA_PLAIN ? NULL : fed_blas_core_for(isa);
}

const char *fed_blas_core(void)
{
	return openblas_get_corename();
}

/* What OpenBLAS itself calls when it is loaded and unloaded; in no header. */
void gotoblas_dynamic_init(void) __attribute__((weak));
void gotoblas_dynamic_quit(void) __attribute__((weak));

int fed_blas_choose(const char *core, struct fed_error *err)
{
	fed__xsmm_init();
	if (strcasecmp(core, openblas_get_corename()) == 0)
		return FED_OK;
	setenv("OPENBLAS_CORETYPE", core, 1);
	if (gotoblas_dynamic_init && gotoblas_dynamic_quit) {
		gotoblas_dynamic_quit();
		gotoblas_dynamic_init();
		openblas_set_num_threads(1);
	}
	if (strcasecmp(core, openblas_get_corename()) == 0)
		return FED_OK;
	return fed_reject(err,
	                  "OpenBLAS computes with its kernels for %s here, and for %s elsewhere; "
	                  "start all ranks with OPENBLAS_CORETYPE=%s",
	                  openblas_get_corename(), core, core);
}

void fed_blas_init(void)
{
	openblas_set_num_threads(1);
	fed__xsmm_init();
}

const char *fed_blas_describe(void)
{
	static char text[128];
	char version[64] = "OpenBLAS";
	const char *xsmm = fed__xsmm_describe();

	/* "OpenBLAS 0.3.21 NO_AFFINITY ...": the first two words */
	sscanf(openblas_get_config(), "%*s %50s", version);
	snprintf(text, sizeof text, "OpenBLAS %s %s%s%s", version, openblas_get_corename(),
	         xsmm ? ", " : "", xsmm ? xsmm : "");
	return text;
}
