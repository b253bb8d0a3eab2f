/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/kernels_vector.h - vectors of FED_WIDTH floats for the kernels' source, by the compilers'
 * vector extension: one text for every instruction set.
 */
#ifndef FED_NN_KERNELS_VECTOR_H
#define FED_NN_KERNELS_VECTOR_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef float vec __attribute__((vector_size(FED_WIDTH * 4)));
typedef float vec_anywhere __attribute__((vector_size(FED_WIDTH * 4), aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline))

/* Loops over registers, with bounds that are constants once inlined. */
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

INLINE vec load(const float *p)
{
	return *(const vec_anywhere *)p;
}

INLINE void store(float *p, vec v)
{
	*(vec_anywhere *)p = v;
}

INLINE vec splat(float x)
{
	return x - (vec){0};
}

/* Near-equal parts of n, none above most: the size of part i of `parts`. */
INLINE uint32_t part_of(uint32_t n, uint32_t parts, uint32_t i)
{
	return n / parts + (i < n % parts);
}

#endif
