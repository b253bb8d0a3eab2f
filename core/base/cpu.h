/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/cpu.h - instruction sets, processor count and the wall clock.
 */
#ifndef FED_BASE_CPU_H
#define FED_BASE_CPU_H

#include <stdbool.h>

enum fed_isa {
	FED_ISA_PLAIN, /* C alone */
	FED_ISA_AVX2,  /* with FMA */
	FED_ISA_AVX512 /* F, BW, DQ and VL, and an operating system that saves the registers */
};

/* The best instruction set of this machine, or the lower one of FEDSH_ISA=plain|avx2|avx512 in the
 * environment; detected once. */
enum fed_isa fed_cpu_isa(void);
/* Use no better one from now on, and vectors as a processor does that halves them or not; before
 * kernels are chosen. */
void fed_cpu_limit(enum fed_isa, bool halves);
const char *fed_isa_name(enum fed_isa);
/* Whether the processor has AVX-512 and multiplies its vectors in two halves (AMD Zen 4). */
bool fed_cpu_halves_vectors(void);
/* Processors that this process may run on, or its share of them; at least 1. */
int fed_cpu_count(void);
/* So many processes share them; before threads are started. */
void fed_cpu_share(int processes);
/* One pause of a loop that waits for another thread; `turn` counts from 0. */
void fed_cpu_relax(unsigned turn);
/* Seconds of a clock that only moves forward. */
double fed_wall_seconds(void);

#endif
