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
	if (!program)
		return FED_OK;
	g->program = fed_strdup(program);
	if (!g->program)
		return fed_fail_memory(err, sizeof *g, "the guard");
	if (fed_shared_memory_init(&g->memory, err)) {
		fed__guard_release(g);
		return FED_FAIL;
	}
	g->on = true;
	return FED_OK;
}

void fed__guard_release(struct fed_guard *g)
{
	fed_shared_memory_free(g->memory);
	fed_free(g->program);
	*g = (struct fed_guard){0};
}
