/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/composition_log.c - compositions by version.
 */
#include "report/composition_log.h"

#include <string.h>

#include "base/mem.h"

int fed_composition_log_note(struct fed_composition_log *log, uint64_t version, const char *text,
                             struct fed_error *err)
{
	size_t n = log->n;

	while (n && log->span[n - 1].from >= version)
		n--;
	if (n && strcmp(log->span[n - 1].text, text) == 0) {
		while (log->n > n)
			fed_free(log->span[--log->n].text);
		return FED_OK;
	}
	char *copy = fed_strdup(text);
	if (copy && n == log->capacity) {
		const size_t capacity = n ? 2 * n : 4;
		struct fed_composition_span *grown =
			fed_resize(log->span, n * sizeof *grown, capacity * sizeof *grown);

		if (!grown) {
			fed_free(copy);
			copy = NULL;
		} else {
			log->span = grown;
			log->capacity = capacity;
		}
	}
	if (!copy)
		return fed_fail_memory(err, strlen(text), "the composition of a version");
	while (log->n > n)
		fed_free(log->span[--log->n].text);
	log->span[log->n++] = (struct fed_composition_span){version, copy};
	return FED_OK;
}

const struct fed_composition_span *fed__composition_log_at(const struct fed_composition_log *log,
                                                           uint64_t version)
{
	size_t n = log->n;

	while (n > 1 && log->span[n - 1].from > version)
		n--;
	return n ? &log->span[n - 1] : NULL;
}

void fed_composition_log_release(struct fed_composition_log *log)
{
	while (log->n)
		fed_free(log->span[--log->n].text);
	fed_free(log->span);
	*log = (struct fed_composition_log){.n = 0};
}
