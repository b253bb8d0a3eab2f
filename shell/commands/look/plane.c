/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/look/plane.c - the command `plane`: decision regions of the global model and of
 * the clients' own, on the screen or in a file.
 */
#include "shell/commands/look/plane.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "history/client_selector.h"
#include "session/composition.h"
#include "report/figures/figures.h"
#include "shell/output/print.h"
#include "tui/terminal.h"
#include "tui/widgets/plane.h"

/* Size of the picture, and rows of the screen that it leaves to the prompt. */
enum { COLUMNS_MOST = 120, COLUMNS_LEAST = 20, ROWS_MOST = 35, ROWS_LEAST = 9, OTHER_ROWS = 2 };

const struct fed_field fed__plane_rows[] = {
	FED_ARG_TEXT(struct fed_plane_args, who, FED_FIELD_POSITIONAL, "who",
                 "one client, before and after its local training; without it the global model and "
                 "all clients"),
	FED_ARG_TEXT(struct fed_plane_args, through, 0, "",
                 "three test examples that the plane goes through, as 3,8,17, or `classes`, which "
                 "chooses one of each of three"),
	FED_FIGURE_ROWS(struct fed_plane_args, to),
	FED_END,
};

/* One client by its selector; *one false: the whole. */
static int find_client(const struct fed_shell *shell, const char *who, bool *one, uint32_t *place,
                       struct fed_error *err)
{
	const struct fed_session *s = shell->session;
	const struct fed_composition *parts = fed_session_parts(s);
	uint64_t drawn = fed_session_draws(s); /* a copy: the session's random stream is not advanced */
	uint32_t *ids = NULL, n = 0;

	*one = *who;
	*place = 0;
	if (!*one)
		return FED_OK;
	if (fed_client_selector_parse(who, &parts->clients, (uint64_t)parts->settings.seed, &drawn,
	                              &ids, &n, err))
		return FED_FAIL;
	const int rc = n == 1 ? fed_decisions_find(s, ids[0], place, err)
	                      : fed_fail(err, "%s are %u clients; choose one", fed_show(who).s, n);
	fed_free(ids);
	return rc;
}

/* "3,8,17" */
static int parse_through(const char *text, uint32_t through[3], struct fed_error *err)
{
	char behind;

	if (sscanf(text, "%u,%u,%u%c", &through[0], &through[1], &through[2], &behind) == 3)
		return FED_OK;
	return fed_fail(err, "through=%s is not three test examples; say through=3,8,17",
	                fed_show(text).s);
}

static int find_plane(const struct fed_session *s, const char *through, struct fed_input_plane *p,
                      struct fed_error *err)
{
	const struct fed_dataset *data = fed_session_parts(s)->data;
	uint32_t three[3];

	if (!data)
		return fed_fail(err, "there is no dataset yet; `dataset moons` chooses one");
	if (*through && (fed_same_name(through, "classes") ? fed_input_plane_choose(data, three, err)
	                                                   : parse_through(through, three, err)))
		return FED_FAIL;
	return fed_input_plane_init(p, data, *through ? three : NULL, err) ? FED_FAIL : FED_OK;
}

static int clamp(int x, int least, int most)
{
	return x < least ? least : x < most ? x : most;
}

static int save(struct fed_shell *shell, const struct fed_plane_drawing *of,
                const struct fed_figure_form *form, struct fed_error *err)
{
	struct fed_drawing d;

	if (fed__figure_begin(&d, shell, form, err))
		return FED_FAIL;
	return fed__figure_end(
		&d, shell, form,
		fed_figure_plane(shell->session, of->plane, of->one, of->place, form->title, &d, err), err);
}

static int draw(struct fed_shell *shell, struct fed_plane_drawing *d, struct fed_error *err)
{
	const struct fed_screen *screen = &shell->screen;
	struct fed_text drawing = {0};

	fed__screen_measure(shell);
	d->columns = clamp(screen->columns, COLUMNS_LEAST, COLUMNS_MOST);
	d->rows = clamp(screen->rows - OTHER_ROWS, ROWS_LEAST, ROWS_MOST);
	d->utf8 = screen->utf8;
	if (!screen->color)
		d->palette = FED_PALETTE_NONE;
	else if (shell->watching.watch) /* it reads the tints again, and knows its terminal */
		d->palette = FED_PALETTE_TRUE;
	else
		d->palette = fed_palette_with(fed_terminal_palette(getenv("TERM"), fileno(shell->out)),
		                              fed_palette_look(fed__screen_palette(shell)));
	const int rc = fed_plane_draw(d, shell->session, &drawing, err);
	if (rc == FED_OK)
		fed__print_drawing(shell, &drawing);
	fed_text_release(&drawing);
	return rc;
}

int fed__run_plane(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_plane_args *a = call->args;
	struct fed_input_plane plane = {0};
	struct fed_plane_drawing d = {.plane = &plane};
	int rc = fed__figure_check_screen(shell, &a->to, err);

	if (rc == FED_OK)
		rc = find_plane(shell->session, a->through, &plane, err);
	if (rc == FED_OK)
		rc = find_client(shell, a->who, &d.one, &d.place, err);
	if (rc == FED_OK)
		rc = *a->to.to ? save(shell, &d, &a->to, err) : draw(shell, &d, err);
	fed_input_plane_release(&plane);
	return rc ? FED_FAIL : FED_OK;
}
