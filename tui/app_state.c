/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/app_state.c - current view, notice and prompt: state that keys change and painting reads. */
#include <stdio.h>

#include "base/mem.h"
#include "tui/app_internal.h"

const struct fed_view *fed__app_view(const struct fed_app *app)
{
	return fed__view_at(app->at);
}

int fed__app_open(struct fed_app *app, size_t at, struct fed_error *err)
{
	const struct fed_view *view = fed__view_at(at);

	if (!app->state[at]) {
		void *state = fed_alloc(view->state_size ? view->state_size : 1);

		if (!state)
			return fed_fail_memory(err, view->state_size, "a view");
		if (view->open && view->open(state, &app->watched, err)) {
			fed_free(state);
			return FED_FAIL;
		}
		app->state[at] = state;
	}
	app->at = at;
	app->fresh = false;
	app->notified = 0;
	return FED_OK;
}

void fed__app_show(struct fed_app *app, size_t i)
{
	struct fed_error err;

	fed__pane_close(&app->pane);
	if (fed__view_at(i) && fed__app_open(app, i, &err))
		fed__app_notice(app, true, err.text);
}

bool fed__app_is_stale(const struct fed_app *app)
{
	const struct fed_view *view = fed__app_view(app);

	return !app->fresh || fed__view_stamp(view, app->state[app->at], &app->watched) != app->stamp;
}

void fed__app_notice(struct fed_app *app, bool alarm, const char *text)
{
	snprintf(app->notice, sizeof app->notice, "%s", text);
	app->alarm = alarm;
}

void fed__app_prompt(struct fed_app *app, enum fed_prompting what, const char *line)
{
	static const char *const labels[] = {
		[FED_PROMPTING_COMMAND] = ":",
		[FED_PROMPTING_FILTER] = "/",
		[FED_PROMPTING_FILE] = "write to (.svg or text): ",
	};

	app->prompting = what;
	fed__prompt_open(&app->prompt, labels[what], line);
}

void fed__app_ask(struct fed_app *app)
{
	app->asked = true;
	app->replied = false;
	app->printed = 0;
}
