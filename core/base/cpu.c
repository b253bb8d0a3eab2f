/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/cpu.c - instruction sets, processor count and the wall clock.
 */
#include "base/cpu.h"

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *const isa_name[] = {"plain", "avx2", "avx512"};

const char *fed_isa_name(enum fed_isa isa)
{
	return isa_name[isa];
}

/* The best set by the compiler's builtins, which also check (xgetbv) that the operating system
 * saves the registers. */
static enum fed_isa best_isa(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_cpu_init();
	const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
	const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	                    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");

	return avx2 ? avx512 ? FED_ISA_AVX512 : FED_ISA_AVX2 : FED_ISA_PLAIN;
#else
	return FED_ISA_PLAIN;
#endif
}

/* The best set, lowered by FEDSH_ISA; an unknown name changes nothing. */
static enum fed_isa detect_isa(void)
{
	const enum fed_isa most = best_isa();
	const char *wanted = getenv("FEDSH_ISA");

	for (enum fed_isa isa = FED_ISA_PLAIN; wanted && isa < most; isa++)
		if (strcmp(wanted, isa_name[isa]) == 0)
			return isa;
	return most;
}

static atomic_int known_isa; /* isa + 1; every thread that detects it finds the same */

enum fed_isa fed_cpu_isa(void)
{
	int isa = atomic_load_explicit(&known_isa, memory_order_relaxed);

	if (isa == 0) {
		isa = (int)detect_isa() + 1;
		atomic_store_explicit(&known_isa, isa, memory_order_relaxed);
	}
	return (enum fed_isa)(isa - 1);
}

static atomic_int known_halves; /* 1: no, 2: yes */

void fed_cpu_limit(enum fed_isa most, bool halves)
{
	if (fed_cpu_isa() > most)
		atomic_store(&known_isa, (int)most + 1);
	atomic_store(&known_halves, 1 + halves);
}

/* Family 25 of AMD: Zen 3, without AVX-512, and Zen 4. */
static bool detect_halves(void)
{
#if defined(__x86_64__) || defined(__i386__)
	unsigned a, b, c, d;

	__builtin_cpu_init();
	if (!__builtin_cpu_is("amd") || !__builtin_cpu_supports("avx512f") ||
	    !__get_cpuid(1, &a, &b, &c, &d))
		return false;
	return (a >> 8 & 15) + (a >> 20 & 255) == 25;
#else
	return false;
#endif
}

bool fed_cpu_halves_vectors(void)
{
	int halves = atomic_load_explicit(&known_halves, memory_order_relaxed);

	if (halves == 0) {
		halves = 1 + detect_halves();
		atomic_store_explicit(&known_halves, halves, memory_order_relaxed);
	}
	return halves == 2;
}

static atomic_int sharers;

void fed_cpu_share(int processes)
{
	atomic_store(&sharers, processes);
}

static int count_processors(void)
{
	/* The kernel refuses a set that is too small for the machine. */
	for (int most = 1024; most <= 1 << 20; most *= 4) {
		cpu_set_t *set = CPU_ALLOC((size_t)most);
		const size_t size = CPU_ALLOC_SIZE((size_t)most);
		int n = 0;

		if (!set)
			break;
		if (sched_getaffinity(0, size, set) == 0)
			n = CPU_COUNT_S(size, set);
		CPU_FREE(set);
		if (n > 0)
			return n;
	}
	return 1;
}

int fed_cpu_count(void)
{
	const int all = count_processors(), n = atomic_load(&sharers);

	return n > 1 && all > n ? all / n : n > 1 ? 1 : all;
}

void fed_cpu_relax(unsigned turn)
{
#ifdef __x86_64__
	__builtin_ia32_pause();
#endif
	if (turn % 64 == 63)
		sched_yield();
}

double fed_wall_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
