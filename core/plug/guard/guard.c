/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/guard/guard.c - what all worker processes have in common.
 */
#include "plug/guard/guard.h"

#include "base/mem.h"

#define DEADLINE 10.0 /* seconds: what a hall waits for a loop that does not end */
#define MEMORY 4e9    /* bytes */

int fed__guard_init(struct fed_guard *g, const char *program, struct fed_error *err)
{
	*g = (struct fed_guard){.limits = {.deadline = DEADLINE, .memory = MEMORY}};
	pthread_mutex_init(&g->lock, NULL);
	if (!program)
		return FED_OK;
	g->program = fed_strdup(program);
	if (!g->program)
		return fed_fail_memory(err, sizeof *g, "the guard");
	g->on = true;
	return FED_OK;
}

int fed__guard_prepare(struct fed_guard *g, struct fed_error *err)
{
	return g->memory ? FED_OK : fed_shared_memory_init(&g->memory, err);
}

void fed__guard_release(struct fed_guard *g)
{
	fed_shared_memory_free(g->memory);
	fed_free(g->program);
	fed_text_release(&g->lines);
	*g = (struct fed_guard){0};
}

void fed__guard_print(struct fed_guard *g, const char *plugin, const char *line)
{
	pthread_mutex_lock(&g->lock);
	if (g->n_lines++ < FED_GUARD_LINES)
		fed_text_add(&g->lines, "%s: %s\n", plugin, line);
	pthread_mutex_unlock(&g->lock);
}

uint32_t fed_guard_read(struct fed_guard *g, struct fed_text *out)
{
	uint32_t more = 0;

	if (!g->program)
		return 0;
	pthread_mutex_lock(&g->lock);
	if (g->n_lines) {
		fed_text_put(out, fed_text_str(&g->lines), g->lines.len);
		fed_text_clear(&g->lines);
		more = g->n_lines > FED_GUARD_LINES ? g->n_lines - FED_GUARD_LINES : 0;
		g->n_lines = 0;
	}
	pthread_mutex_unlock(&g->lock);
	return more;
}
