/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/kernels/kernels_elementary.h - exponential and hyperbolic tangent of single numbers, in loops
 * that compilers vectorise.
 */
#ifndef FED_NN_KERNELS_ELEMENTARY_H
#define FED_NN_KERNELS_ELEMENTARY_H

#include <stdint.h>

/* Iterations are independent, also in place: lets the compiler vectorise. */
#ifdef __clang__
#define EACH _Pragma("clang loop vectorize(assume_safety)")
#else
#define EACH _Pragma("GCC ivdep")
#endif

union bits {
	float f;
	int32_t i;
};

/* e^x to 2 units in the last place; x beyond the range of normal floats is taken as its end.
 * Coefficients: Cephes, expf (Moshier 1992). */
static inline float exponential(float x)
{
	const float low = -87.3f, high = 88.3f;
	const float shift = 12582912.f; /* 1.5 * 2^23: adding it rounds to a whole number */

	x = x < low ? low : x;
	x = x > high ? high : x;
	const union bits rounded = {.f = x * 1.44269504f + shift};
	const float k = rounded.f - shift;
	const float r = (x - k * 0.693359375f) + k * 2.12194440e-4f;
	float p = 1.9875691500e-4f;
	p = p * r + 1.3981999507e-3f;
	p = p * r + 8.3334519073e-3f;
	p = p * r + 4.1665795894e-2f;
	p = p * r + 1.6666665459e-1f;
	p = p * r + 5.0000001201e-1f;
	p = p * (r * r) + r + 1;
	const union bits power = {.i = (int32_t)(((uint32_t)rounded.i + 127u) << 23)};
	return p * power.f;
}

/* Near 0 by a polynomial (Cephes, tanhf), else by the exponential of -2|x|. */
static inline float hyperbolic_tangent(float x)
{
	const float a = x < 0 ? -x : x;
	const float z = x * x;
	float p = -5.70498872745e-3f;
	p = p * z + 2.06390887954e-2f;
	p = p * z + -5.37397155531e-2f;
	p = p * z + 1.33314422036e-1f;
	p = p * z + -3.33332819422e-1f;
	p = p * z * x + x;
	const float e = exponential(-2 * a);
	const float far = (1 - e) / (1 + e);
	return a < 0.625f ? p : x < 0 ? -far : far;
}

#endif
