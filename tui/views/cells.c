/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/views/cells.c - clipped text, layout of table columns, stamps. */
#include "tui/views/cells.h"

#include <string.h>

#include "session/composition.h"

enum { GAP = 2 };

void fed__cells_line(struct fed_canvas *canvas, int row, const char *text, struct fed_style style)
{
	fed__canvas_fit(canvas, 0, row, canvas->columns, false, text, style);
}

/* Bytes of text that fit into a row, broken at a space if there is one. */
static size_t row_of(const char *text, int columns)
{
	size_t at = 0, space = 0;
	int used = 0;

	while (text[at]) {
		uint32_t code;
		const size_t n = fed_utf8_next(text + at, strlen(text + at), &code);

		used += n ? fed_utf8_columns(code) : 1;
		if (used > columns)
			return space ? space : at ? at : 1;
		if (text[at] == ' ')
			space = at;
		at += n ? n : 1;
	}
	return at;
}

void fed__cells_say(struct fed_canvas *canvas, int row, const char *text, struct fed_style style)
{
	struct fed_text line = {0};

	for (; *text && row < canvas->rows; row++) {
		const bool last = row + 1 == canvas->rows;
		const size_t n = last ? strlen(text) : row_of(text, canvas->columns);

		fed_text_clear(&line);
		fed_text_put(&line, text, n);
		fed__cells_line(canvas, row, fed_text_str(&line), style);
		text += n;
		text += *text == ' ';
	}
	fed_text_release(&line);
}

/* Columns ------------------------------------------------------------------------ */

static int width_of(const struct fed_column *c)
{
	const int title = fed_text_width(c->title);

	return c->width > title ? c->width : title;
}

void fed__columns_fit(struct fed_columns *t, const struct fed_column *column, size_t n, int left,
                      int right)
{
	int capacity = right - left, at = left;
	size_t last = n;

	*t = (struct fed_columns){.column = column, .n = n < FED_COLUMNS_MAX ? n : FED_COLUMNS_MAX};
	for (size_t k = 0; k < t->n; k++)
		t->at[k] = -1;
	for (int rank = 0; rank < FED_COLUMNS_MAX && (rank == 0 || capacity < right - left); rank++)
		for (size_t k = 0; k < t->n; k++) {
			const int need = width_of(&column[k]) + (capacity < right - left ? GAP : 0);

			if (column[k].rank != rank || need > capacity)
				continue;
			t->at[k] = 0;
			capacity -= need;
		}
	for (size_t k = 0; k < t->n; k++) {
		const bool alone = capacity == right - left && column[k].rank == 0; /* cut, not left out */

		if (t->at[k] < 0 && !alone)
			continue;
		t->at[k] = at;
		t->width[k] = alone ? capacity : width_of(&column[k]);
		at += t->width[k] + GAP;
		last = k;
	}
	if (last < t->n && column[last].stretchy)
		t->width[last] = right - t->at[last];
}

void fed__columns_cell(const struct fed_columns *t, struct fed_canvas *canvas, size_t k, int row,
                       const char *text, struct fed_style style)
{
	if (t->at[k] >= 0)
		fed__canvas_fit(canvas, t->at[k], row, t->width[k], t->column[k].right, text, style);
}

void fed__columns_titles(const struct fed_columns *t, struct fed_canvas *canvas, int row)
{
	for (size_t k = 0; k < t->n; k++)
		fed__columns_cell(t, canvas, k, row, t->column[k].title, (struct fed_style){.bold = true});
}

void fed__scroll_to(uint32_t *top, uint32_t at, uint32_t rows, uint32_t n)
{
	if (*top + rows > n)
		*top = n > rows ? n - rows : 0;
	if (at < *top)
		*top = at;
	if (rows && at >= *top + rows)
		*top = at - rows + 1;
}

/* Stamps --------------------------------------------------------------------------- */

uint64_t fed__stamp_with(uint64_t stamp, uint64_t value)
{
	return fed_random(stamp, value);
}

uint64_t fed__stamp_of(const struct fed_watched *w)
{
	const struct fed_session *s = w->session;
	const struct fed_session_status st = fed_session_status(s);
	const struct fed_composition *parts = fed_session_parts(s);
	const uint64_t values[] = {
		st.events,
		st.restarts,
		st.version,
		st.round.steps,
		st.phase == FED_PHASE_OPEN,
		st.rounds,
		st.kept_runs,
		parts->clients.n,
		st.clients,
		parts->clients.equipped,
		parts->faults.made,
		st.faults,
		(uintptr_t)parts->data,
		(uintptr_t)parts->net.layer,
		(uintptr_t)parts->scheme,
		w->utf8,
		w->n_marked,
	};
	uint64_t stamp = 0;

	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		stamp = fed__stamp_with(stamp, values[i]);
	for (uint32_t i = 0; i < w->n_marked; i++)
		stamp += w->marked[i] * (uint64_t)0x9e3779b97f4a7c15u;
	return stamp;
}
