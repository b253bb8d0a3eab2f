/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The view that is shown, the notice and the prompt: what keys change and painting reads. */
#include <stdio.h>

#include "base/mem.h"
#include "tui/app_internal.h"

const struct fed_view *fed_stage_view(const struct fed_app *stage)
{
	return fed_view_at(stage->at);
}

int fed_stage_open(struct fed_app *stage, size_t at, struct fed_error *err)
{
	const struct fed_view *view = fed_view_at(at);

	if (!stage->state[at]) {
		void *state = fed_alloc(view->state_size ? view->state_size : 1);

		if (!state)
			return fed_fail_memory(err, view->state_size, "a view");
		if (view->open && view->open(state, &stage->watched, err)) {
			fed_free(state);
			return FED_FAIL;
		}
		stage->state[at] = state;
	}
	stage->at = at;
	stage->fresh = false;
	stage->made = 0;
	return FED_OK;
}

void fed_app_show(struct fed_app *stage, size_t i)
{
	struct fed_error err;

	if (fed_view_at(i) && fed_stage_open(stage, i, &err))
		fed_app_tell(stage, true, err.text);
}

bool fed_app_is_stale(const struct fed_app *stage)
{
	const struct fed_view *view = fed_stage_view(stage);

	return !stage->fresh ||
	       (view->stamp && view->stamp(stage->state[stage->at], &stage->watched) != stage->stamp);
}

void fed_app_tell(struct fed_app *stage, bool alarm, const char *text)
{
	snprintf(stage->notice, sizeof stage->notice, "%s", text);
	stage->alarm = alarm;
}

void fed_app_prompt(struct fed_app *stage, enum fed_prompting what, const char *line)
{
	static const char *const labels[] = {
		[FED_PROMPTING_COMMAND] = ":",
		[FED_PROMPTING_FILTER] = "/",
		[FED_PROMPTING_FILE] = "write to (.svg or text): ",
	};

	stage->prompting = what;
	fed_prompt_open(&stage->prompt, labels[what], line);
}
