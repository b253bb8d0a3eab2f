/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/kernels.c - which kernels this processor gets.
 */
#include "nn/kernels.h"

#include "nn/kernels_sets.h"

const struct fed_kernels *fed_kernels_of(enum fed_isa isa)
{
	if (isa > fed_cpu_isa())
		return NULL;
	switch (isa) {
#ifdef __x86_64__
	case FED_ISA_AVX512:
		return &fed_kernels_avx512;
	case FED_ISA_AVX2:
		return &fed_kernels_avx2;
#else
	case FED_ISA_AVX512:
	case FED_ISA_AVX2:
		return NULL;
#endif
	case FED_ISA_PLAIN:
		return &fed_kernels_plain;
	}
	return NULL;
}

const struct fed_kernels *fed_kernels(void)
{
	const struct fed_kernels *best = fed_kernels_of(fed_cpu_isa());

	return best ? best : &fed_kernels_plain;
}
