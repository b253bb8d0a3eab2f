/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/kernels/kernels.c - selection of kernels for the processor.
 */
#include "nn/kernels/kernels.h"

#include "nn/kernels/kernels_sets.h"

static const struct fed_kernels *const sets[FED_ISA_AVX512 + 1] = {
	[FED_ISA_PLAIN] = &fed__kernels_plain,
#ifdef __x86_64__
	[FED_ISA_AVX2] = &fed__kernels_avx2,
	[FED_ISA_AVX512] = &fed__kernels_avx512,
#endif
};

const struct fed_kernels *fed__kernels_of(enum fed_isa isa)
{
	return isa > fed_cpu_isa() ? NULL : sets[isa];
}

const struct fed_kernels *fed_kernels(void)
{
	const struct fed_kernels *best = sets[fed_cpu_isa()];

	return best ? best : &fed__kernels_plain;
}
