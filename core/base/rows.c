/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/rows.c - selection of row kernels for the processor, and sorting networks.
 */
#include "base/rows.h"

#include "base/mem.h"
#include "base/rows_sets.h"

static const struct fed_rows_kernels *const sets[FED_ISA_AVX512 + 1] = {
	[FED_ISA_PLAIN] = &fed__rows_plain,
#ifdef __x86_64__
	[FED_ISA_AVX2] = &fed__rows_avx2,
	[FED_ISA_AVX512] = &fed__rows_avx512,
#endif
};

const struct fed_rows_kernels *fed__rows_kernels_of(enum fed_isa isa)
{
	return isa > fed_cpu_isa() ? NULL : sets[isa];
}

const struct fed_rows_kernels *fed_rows_kernels(void)
{
	const struct fed_rows_kernels *best = sets[fed_cpu_isa()];

	return best ? best : &fed__rows_plain;
}

/* The network's exchanges in order, those within whole runs left out; pair NULL: only count them.
 */
static size_t list_exchanges(size_t n, uint32_t (*pair)[2])
{
	size_t count = 0;

	for (size_t p = 1; p < n; p *= 2)
		for (size_t k = p; k >= 1; k /= 2)
			for (size_t j = k % p; j + k < n; j += 2 * k)
				for (size_t i = j; i < j + k && i + k < n; i++) {
					if (i / (2 * p) != (i + k) / (2 * p))
						continue;
					if (p < FED_ROWS_RUN && i / FED_ROWS_RUN < n / FED_ROWS_RUN)
						continue;
					if (pair) {
						pair[count][0] = (uint32_t)i;
						pair[count][1] = (uint32_t)(i + k);
					}
					count++;
				}
	return count;
}

/* Backwards from the wanted ranks: an exchange is needed when one of its two places is needed
 * later. */
static size_t keep_needed(uint32_t (*pair)[2], size_t count, bool *needed)
{
	size_t first = count;

	for (size_t k = count; k-- > 0;) {
		const uint32_t i = pair[k][0], j = pair[k][1];

		if (!needed[i] && !needed[j])
			continue;
		needed[i] = needed[j] = true;
		first--;
		pair[first][0] = i;
		pair[first][1] = j;
	}
	for (size_t k = first; k < count; k++) {
		pair[k - first][0] = pair[k][0];
		pair[k - first][1] = pair[k][1];
	}
	return count - first;
}

int fed_sorter_init(struct fed_sorter *s, size_t n, size_t lo, size_t hi, struct fed_error *err)
{
	const size_t count = list_exchanges(n, NULL), bytes = count * sizeof *s->pair;
	bool *needed = fed_alloc_array(n, sizeof *needed);

	*s = (struct fed_sorter){.runs = n / FED_ROWS_RUN,
	                         .pair = fed_alloc_array(count ? count : 1, sizeof *s->pair)};
	if (!needed || !s->pair) {
		fed_free(needed);
		fed_sorter_release(s);
		return fed_fail_memory(err, bytes + n, "a sorting network");
	}
	list_exchanges(n, s->pair);
	for (size_t i = lo; i <= hi; i++)
		needed[i] = true;
	s->n_pairs = keep_needed(s->pair, count, needed);
	fed_free(needed);
	return FED_OK;
}

void fed_sorter_release(struct fed_sorter *s)
{
	fed_free(s->pair);
	*s = (struct fed_sorter){0};
}
