/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/look/timeline.c - the command `timeline`: the last rounds by client, in the size
 * of the screen.
 */
#include "base/mem.h"
#include "history/event_log.h"
#include "report/figures/figures.h"
#include "report/invitation_text.h"
#include "history/client_selector.h"
#include "session/composition.h"
#include "shell/output/print.h"
#include "shell/commands/look/client.h"
#include "tui/widgets/timeline.h"

/* Rows besides those of clients: versions, time, legend, the count of omitted clients, the prompt.
 */
#define OTHER_ROWS 5
#define ROWS_LEAST 4u
#define COLUMNS_MOST 160

/* "and 93 more clients; `timeline 20-40` shows others" */
static void print_rest(struct fed_shell *shell, uint32_t rest)
{
	struct fed_text text = {0};

	fed_text_count(&text, rest);
	fed__print(shell, "  and %s more; `timeline WHO` chooses\n", fed_text_str(&text));
	fed_text_release(&text);
}

static int draw(struct fed_shell *shell, struct fed_timeline *w, struct fed_error *err)
{
	struct fed_text drawing = {0};
	const struct fed_screen *screen = &shell->screen;

	fed__screen_measure(shell);
	const int columns = screen->columns < COLUMNS_MOST ? screen->columns : COLUMNS_MOST;
	const uint32_t capacity = screen->rows > OTHER_ROWS ? (uint32_t)(screen->rows - OTHER_ROWS) : 0;
	const uint32_t most = capacity > ROWS_LEAST ? capacity : ROWS_LEAST;
	const uint32_t rest = w->n > most ? w->n - most : 0;

	w->n -= rest;
	const int rc = fed_timeline_chart_text(w, columns, screen->utf8, fed__screen_palette(shell),
	                                       &drawing, err);
	if (rc == FED_OK) {
		fed__print_drawing(shell, &drawing);
		if (rest)
			print_rest(shell, rest);
	}
	fed_text_release(&drawing);
	return rc;
}

enum { FIGURE_ROWS = 200 }; /* clients on a page */

static int save(struct fed_shell *shell, struct fed_timeline *w, const struct fed_figure_form *form,
                struct fed_error *err)
{
	const uint32_t rest = w->n > FIGURE_ROWS ? w->n - FIGURE_ROWS : 0;
	struct fed_drawing d;

	w->n -= rest;
	if (fed__figure_begin(&d, shell, form, err) ||
	    fed__figure_end(&d, shell, form, fed_figure_timeline(w, form->title, &d, err), err))
		return FED_FAIL;
	if (rest)
		print_rest(shell, rest);
	return FED_OK;
}

static void say_no_rounds(struct fed_shell *shell)
{
	struct fed_text words = {0};

	fed_invitation_log_put_empty(shell->session, &words);
	fed__print(shell, "%s\n", fed_text_str(&words));
	fed_text_release(&words);
}

const struct fed_field fed__timeline_rows[] = {
	FED_ARG_TEXT(struct fed_timeline_args, who, FED_FIELD_POSITIONAL, "who",
                 "3, 1-5, 20%, random:3; without it all that took part"),
	FED_ARG_INT(struct fed_timeline_args, n, 0, 3, 1, 1e9, "the last N rounds"),
	FED_FIGURE_ROWS(struct fed_timeline_args, to),
	FED_END,
};
int fed__run_timeline(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_timeline_args *a = call->args;
	const struct fed_session *s = shell->session;
	const struct fed_composition *parts = fed_session_parts(s);
	uint64_t drawn = fed_session_draws(s); /* a copy: the session's random stream is not advanced */
	uint32_t *ids = NULL, n = 0;
	struct fed_timeline w;
	int rc = FED_OK;

	if (fed__figure_check_screen(shell, &a->to, err))
		return FED_FAIL;
	if (*a->who && fed_client_selector_parse(a->who, &parts->clients,
	                                         (uint64_t)parts->settings.seed, &drawn, &ids, &n, err))
		return FED_FAIL;
	if (fed_timeline_init(&w, s, (uint64_t)a->n, ids, n, err)) {
		fed_free(ids);
		return FED_FAIL;
	}
	if (!fed_session_event_log(s)->invitation_log.n)
		say_no_rounds(shell);
	else if (!w.n)
		fed__print(shell,
		           "none of these clients took part in the last rounds; n=20 looks back further\n");
	else if (w.to <= w.from)
		fed__print(
			shell,
			"no virtual time has passed; after `set client all device=phone link=4g` it does\n");
	else
		rc = *a->to.to ? save(shell, &w, &a->to, err) : draw(shell, &w, err);
	fed_timeline_release(&w);
	fed_free(ids);
	return rc;
}
