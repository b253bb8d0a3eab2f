/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/views/client_page.c - the page of one client: its properties and its invitations. */
#include <math.h>
#include <string.h>

#include "base/wrap.h"
#include "report/invitation_text.h"
#include "history/event_log.h"
#include "session/composition.h"
#include "session/inject.h"
#include "report/label_histogram.h"
#include "train/clients/names.h"
#include "tui/views/clients.h"

enum { LABEL = 14 };

static const struct fed_style plain, bold = {.bold = true};

/* Properties --------------------------------------------------------------------- */

static void put_fact(struct fed_canvas *canvas, int row, const char *name, const char *value)
{
	fed__canvas_fit(canvas, 0, row, LABEL - 1, false, name, (struct fed_style){FED_COLOR_GREY, 0});
	fed__canvas_fit(canvas, LABEL, row, canvas->columns - LABEL, false, value, plain);
}

/* Returns the rows taken. */
static int describe(struct fed_canvas *canvas, const struct fed_watched *w, uint32_t id,
                    struct fed_error *err)
{
	const struct fed_client *client = fed_clients_get(&fed_session_parts(w->session)->clients, id);
	struct fed_text text = {0};
	int row = 0;

	fed_client_put(&text, &fed_session_parts(w->session)->clients, id);
	if (!client)
		fed_text_add(&text, " was removed");
	fed__cells_line(canvas, row++, fed_text_str(&text), bold);
	fed_text_clear(&text);
	if (client && fed_client_put_data(&text, w->session, client, w->utf8, err)) {
		fed_text_release(&text);
		return FED_FAIL;
	}
	if (client) {
		put_fact(canvas, row++, "data", fed_text_str(&text));
		fed_text_clear(&text);
		fed_device_put(&text, client->device_profile, client->device);
		put_fact(canvas, row++, "device", fed_text_str(&text));
		fed_text_clear(&text);
		fed_link_put(&text, client->link_profile, &client->link);
		put_fact(canvas, row++, "link", fed_text_str(&text));
		fed_text_clear(&text);
		fed_text_add(&text, "%u", client->rounds);
		if (!isnan(client->loss))
			fed_text_add(&text, ", last loss %.4g", (double)client->loss);
		put_fact(canvas, row++, "updates used", fed_text_str(&text));
		fed_text_clear(&text);
		fed_client_put_faults(w->session, id, &text);
		if (text.len)
			put_fact(canvas, row++, "faults", fed_text_str(&text));
	}
	fed_text_release(&text);
	return row;
}

/* Invitations ----------------------------------------------------------------------- */

enum { VERSION, SENT, DOWN, DOWNLOAD, TRAINED, UP, UPLOAD, ENDED, FATE, COLUMNS };
static const struct fed_column columns[COLUMNS] = {
	[VERSION] = {"version", 7, 0, true},
	[SENT] = {"sent at", 11, 2, true},
	[DOWN] = {"bytes down", 10, 5, true},
	[DOWNLOAD] = {"download", 11, 6, true},
	[TRAINED] = {"trained", 11, 4, true},
	[UP] = {"bytes up", 8, 7, true},
	[UPLOAD] = {"upload", 11, 8, true},
	[ENDED] = {"ended at", 11, 3, true},
	[FATE] = {"what became of it", 24, 1, .stretchy = true},
};

static void put_seconds(struct fed_text *out, double seconds)
{
	if (isnan(seconds))
		fed_text_add(out, "-");
	else
		fed_text_clock(out, seconds);
}

static void put_bytes(struct fed_text *out, uint64_t bytes)
{
	if (bytes)
		fed_text_bytes(out, (double)bytes);
	else
		fed_text_add(out, "-");
}

static void put_cell(struct fed_text *out, int column, const struct fed_invitation_record *x,
                     const struct fed_event_log *r)
{
	switch (column) {
	case VERSION:
		fed_text_add(out, "%llu", (unsigned long long)x->version);
		break;
	case SENT:
		put_seconds(out, x->sent);
		break;
	case DOWN:
		put_bytes(out, x->bytes_down);
		break;
	case DOWNLOAD:
		put_seconds(out, x->received - x->sent);
		break;
	case TRAINED:
		put_seconds(out, fed_invitation_computed_seconds(x));
		break;
	case UP:
		put_bytes(out, x->bytes_up);
		break;
	case UPLOAD:
		put_seconds(out, x->state <= FED_INVITATION_REFUSED ? x->ended - x->left : NAN);
		break;
	case ENDED:
		put_seconds(out, x->ended);
		break;
	default:
		fed_invitation_put_outcome(x, r, out);
	}
}

/* The rows of an invitation: its outcome is wrapped within its column.  Painted from `row` on
 * unless canvas is NULL. */
static int put_invitation(struct fed_canvas *canvas, const struct fed_columns *c, int row,
                          const struct fed_invitation_record *x, const struct fed_event_log *r)
{
	struct fed_text text = {0}, line = {0};
	int rows = 0;

	for (int k = 0; canvas && k < FATE; k++) {
		fed_text_clear(&text);
		put_cell(&text, k, x, r);
		fed__columns_cell(c, canvas, (size_t)k, row, fed_text_str(&text), plain);
	}
	fed_text_clear(&text);
	put_cell(&line, FATE, x, r);
	fed_wrap_line(&text, fed_text_str(&line), line.len, c->width[FATE], 0);
	for (const char *at = fed_text_str(&text); rows == 0 || *at; rows++) {
		const char *end = strchr(at, '\n');

		fed_text_clear(&line);
		fed_text_put(&line, at, end ? (size_t)(end - at) : strlen(at));
		if (canvas && row + rows < canvas->rows)
			fed__columns_cell(c, canvas, FATE, row + rows, fed_text_str(&line), plain);
		at = end ? end + 1 : "";
	}
	fed_text_release(&line);
	fed_text_release(&text);
	return rows;
}

/* The first invitation of the last page. */
static uint32_t last_page(const struct fed_columns *c, const struct fed_invitation_record *x,
                          const struct fed_event_log *r, int rows)
{
	int all = 0;
	uint32_t first = 0;

	for (const struct fed_invitation_record *y = x; y;
	     y = fed_invitation_log_before(&r->invitation_log, y))
		all += put_invitation(NULL, c, 0, y, r);
	for (; x && all > rows; x = fed_invitation_log_before(&r->invitation_log, x), first++)
		all -= put_invitation(NULL, c, 0, x, r);
	return first;
}

static void put_invitations(struct fed_canvas *canvas, const struct fed_watched *w, uint32_t id,
                            int row, uint32_t *top)
{
	const struct fed_event_log *r = fed_session_event_log(w->session);
	const struct fed_invitation_record *x = fed_invitation_log_last(&r->invitation_log, id);
	struct fed_columns c;
	struct fed_text text = {0};
	uint32_t i = 0;

	if (!x) {
		fed_invitation_log_put_none(w->session, &text);
		fed__cells_line(canvas, row, fed_text_str(&text), plain);
		fed_text_release(&text);
		return;
	}
	fed__columns_fit(&c, columns, COLUMNS, 0, canvas->columns);
	const uint32_t most = last_page(&c, x, r, canvas->rows - row - 1);
	*top = *top < most ? *top : most;
	fed__columns_titles(&c, canvas, row++);
	for (; x && row < canvas->rows; x = fed_invitation_log_before(&r->invitation_log, x))
		if (i++ >= *top)
			row += put_invitation(canvas, &c, row, x, r);
	fed_text_release(&text);
}

int fed__client_page_paint(struct fed_canvas *canvas, const struct fed_watched *w, uint32_t client,
                           bool examples, uint32_t *top, struct fed_error *err)
{
	const int row = describe(canvas, w, client, err);

	if (row < 0)
		return FED_FAIL;
	if (examples && fed_clients_get(&fed_session_parts(w->session)->clients, client))
		fed__client_examples_paint(canvas, w, client, *top, row);
	else
		put_invitations(canvas, w, client, row + (canvas->rows > 2 * row), top);
	return FED_OK;
}
