/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/kernels/kernels_vector.h - vectors of FED_WIDTH floats for the kernels, by the compilers'
 * vector extension: one source for every instruction set.
 */
#ifndef FED_NN_KERNELS_VECTOR_H
#define FED_NN_KERNELS_VECTOR_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if FED_WIDTH >= 8
#include <immintrin.h>
#endif

typedef float vec __attribute__((vector_size(FED_WIDTH * 4)));
typedef float vec_anywhere __attribute__((vector_size(FED_WIDTH * 4), aligned(4), may_alias));

/* Tiles of registers are functions inlined for each size.  Sanitizers make each access to one a
 * check and a branch, and compilers then take minutes over them: there they are plain loops. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define INLINE static inline
#define UNROLL
#else
#define INLINE static inline __attribute__((always_inline))
/* Loops over registers, with bounds that are constants once inlined. */
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif
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

/* Force a value that is used several times into a register, where the compiler would reload it. */
INLINE vec in_register(vec v)
{
#ifdef __x86_64__
#if FED_WIDTH == 16
	__asm__("" : "+v"(v));
#else
	__asm__("" : "+x"(v));
#endif
#endif
	return v;
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
#elif FED_WIDTH == 8
INLINE __m256i first_lanes(uint32_t n)
{
	return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

INLINE vec load_some(const float *p, uint32_t n)
{
	return (vec)_mm256_maskload_ps(p, first_lanes(n));
}

INLINE void store_some(float *p, vec v, uint32_t n)
{
	_mm256_maskstore_ps(p, first_lanes(n), (__m256)v);
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

/* Bit i: lane i is not 0. */
INLINE uint64_t nonzero_lanes(vec v)
{
#if FED_WIDTH == 16
	return _mm512_cmp_ps_mask((__m512)v, _mm512_setzero_ps(), _CMP_NEQ_UQ);
#elif FED_WIDTH == 8
	return (uint64_t)_mm256_movemask_ps(_mm256_cmp_ps((__m256)v, _mm256_setzero_ps(), _CMP_NEQ_UQ));
#else
	uint64_t set = 0;

	for (int i = 0; i < FED_WIDTH; i++)
		set |= (uint64_t)(v[i] != 0) << i;
	return set;
#endif
}

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

/* From vectors a and b: their even parts, and their odd parts, of `part` lanes each; a's part
 * first, then b's, and so on.  Both are one instruction. */
#define EVEN(a, b, part) __builtin_shufflevector(a, b, LANES_##part(0))
#define ODD(a, b, part) __builtin_shufflevector(a, b, LANES_##part(part))
#if FED_WIDTH == 16
#define FROM(i) (i), (i) + 1
#define LANES_8(o)                                                                            \
	FROM(o), FROM(o + 2), FROM(o + 4), FROM(o + 6), FROM(o + 16), FROM(o + 18), FROM(o + 20), \
		FROM(o + 22)
#define LANES_4(o)                                                                             \
	FROM(o), FROM(o + 2), FROM(o + 16), FROM(o + 18), FROM(o + 8), FROM(o + 10), FROM(o + 24), \
		FROM(o + 26)
#define LANES_2(o)                                                                             \
	FROM(o), FROM(o + 16), FROM(o + 4), FROM(o + 20), FROM(o + 8), FROM(o + 24), FROM(o + 12), \
		FROM(o + 28)
#define LANES_1(o)                                                                             \
	(o), (o) + 16, (o) + 2, (o) + 18, (o) + 4, (o) + 20, (o) + 6, (o) + 22, (o) + 8, (o) + 24, \
		(o) + 10, (o) + 26, (o) + 12, (o) + 28, (o) + 14, (o) + 30
#elif FED_WIDTH == 8
#define LANES_4(o) (o), (o) + 1, (o) + 2, (o) + 3, (o) + 8, (o) + 9, (o) + 10, (o) + 11
#define LANES_2(o) (o), (o) + 1, (o) + 8, (o) + 9, (o) + 4, (o) + 5, (o) + 12, (o) + 13
#define LANES_1(o) (o), (o) + 8, (o) + 2, (o) + 10, (o) + 4, (o) + 12, (o) + 6, (o) + 14
#else
#define LANES_2(o) (o), (o) + 1, (o) + 4, (o) + 5
#define LANES_1(o) (o), (o) + 4, (o) + 2, (o) + 6
#endif

/* Lane i of the result is the sum over the lanes of v[i]: halves are added, then quarters, ... */
INLINE vec sum_lanes(const vec *v)
{
	vec t[FED_WIDTH];

	UNROLL
	for (int i = 0; i < FED_WIDTH; i++)
		t[i] = v[i];
#define FOLD(n)                   \
	UNROLL                        \
	for (int i = 0; i < (n); i++) \
		t[i] = EVEN(t[i], t[i + (n)], n) + ODD(t[i], t[i + (n)], n);
#if FED_WIDTH == 16
	FOLD(8)
#endif
#if FED_WIDTH >= 8
	FOLD(4)
#endif
	FOLD(2)
	FOLD(1)
#undef FOLD
	return t[0];
}

/* v[i][j] becomes v[j][i], by exchanging halves, then quarters, ... */
INLINE void transpose_square(vec *v)
{
#define EXCHANGE(n)                                     \
	UNROLL                                              \
	for (int i = 0; i < FED_WIDTH; i++)                 \
		if (!(i & (n))) {                               \
			const vec even = EVEN(v[i], v[i + (n)], n); \
			v[i + (n)] = ODD(v[i], v[i + (n)], n);      \
			v[i] = even;                                \
		}
#if FED_WIDTH == 16
	EXCHANGE(8)
#endif
#if FED_WIDTH >= 8
	EXCHANGE(4)
#endif
	EXCHANGE(2)
	EXCHANGE(1)
#undef EXCHANGE
}

/* v[j] (rows) is column j of the block `from` (rows, columns), at most FED_WIDTH of either. */
INLINE void load_transposed(const float *from, size_t line, size_t rows, size_t columns, vec *v)
{
	const uint32_t n = columns < FED_WIDTH ? (uint32_t)columns : FED_WIDTH;

	UNROLL
	for (size_t i = 0; i < FED_WIDTH; i++)
		v[i] = i < rows ? load_most(from + i * line, n) : (vec){0};
	transpose_square(v);
}

/* Rows of a tile of two vectors that fit the registers: 32 with AVX-512, else 16.  TILE_CASES is a
 * switch over 1 .. TILE_ROWS, by the user's CASE(n). */
#define TILE_SIX_CASES CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6)
#if FED_WIDTH == 16
#define TILE_ROWS 14
#define TILE_EIGHT_CASES CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14)
#define TILE_CASES TILE_SIX_CASES TILE_EIGHT_CASES
#else
#define TILE_ROWS 6
#define TILE_CASES TILE_SIX_CASES
#endif

/* Near-equal parts of n, none above most: the size of part i of `parts`. */
INLINE uint32_t part_of(uint32_t n, uint32_t parts, uint32_t i)
{
	return n / parts + (i < n % parts);
}

#endif
