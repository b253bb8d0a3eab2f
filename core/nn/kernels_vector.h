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
#if FED_WIDTH == 16
#include <immintrin.h>
#endif

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

/* The first n of FED_WIDTH floats, zeros behind; and back.  n is in [1, FED_WIDTH]. */
#if FED_WIDTH == 16
INLINE vec load_some(const float *p, uint32_t n)
{
	return (vec)_mm512_maskz_loadu_ps((__mmask16)(0xffffu >> (16 - n)), p);
}

INLINE void store_some(float *p, vec v, uint32_t n)
{
	_mm512_mask_storeu_ps(p, (__mmask16)(0xffffu >> (16 - n)), (__m512)v);
}
#else
INLINE vec load_some(const float *p, uint32_t n)
{
	vec v = {0};

	memcpy(&v, p, n * sizeof *p);
	return v;
}

INLINE void store_some(float *p, vec v, uint32_t n)
{
	memcpy(p, &v, n * sizeof *p);
}
#endif

/* min(n, FED_WIDTH) floats. */
INLINE vec load_most(const float *p, uint32_t n)
{
	return n >= FED_WIDTH ? load(p) : load_some(p, n);
}

INLINE void store_most(float *p, vec v, uint32_t n)
{
	if (n >= FED_WIDTH)
		store(p, v);
	else
		store_some(p, v, n);
}

/* Lane i of the result is the sum over the lanes of v[i]: halves are added, then quarters, ... */
INLINE vec sum_lanes(const vec *v)
{
	vec t[FED_WIDTH];

	UNROLL for (int i = 0; i < FED_WIDTH; i++) t[i] = v[i];
#define FOLD(n, low, high)                                      \
	UNROLL for (int i = 0; i < (n); i++) t[i] =                 \
		__builtin_shufflevector(t[i], t[i + (n)], EXPAND low) + \
		__builtin_shufflevector(t[i], t[i + (n)], EXPAND high);
#define EXPAND(...) __VA_ARGS__
#if FED_WIDTH == 16
	FOLD(8, (0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23),
	     (8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31))
	FOLD(4, (0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27),
	     (4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31))
	FOLD(2, (0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29),
	     (2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31))
	FOLD(1, (0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30),
	     (1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31))
#elif FED_WIDTH == 8
	FOLD(4, (0, 1, 2, 3, 8, 9, 10, 11), (4, 5, 6, 7, 12, 13, 14, 15))
	FOLD(2, (0, 1, 8, 9, 4, 5, 12, 13), (2, 3, 10, 11, 6, 7, 14, 15))
	FOLD(1, (0, 8, 2, 10, 4, 12, 6, 14), (1, 9, 3, 11, 5, 13, 7, 15))
#else
	FOLD(2, (0, 1, 4, 5), (2, 3, 6, 7))
	FOLD(1, (0, 4, 2, 6), (1, 5, 3, 7))
#endif
#undef EXPAND
#undef FOLD
	return t[0];
}

/* Rows of a tile of two vectors that fit the registers: 32 with AVX-512, else 16. */
#if FED_WIDTH == 16
#define TILE_ROWS 14
#else
#define TILE_ROWS 6
#endif

/* Near-equal parts of n, none above most: the size of part i of `parts`. */
INLINE uint32_t part_of(uint32_t n, uint32_t parts, uint32_t i)
{
	return n / parts + (i < n % parts);
}

#endif
