/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/views/room_head.c - the head of the view `room`: address and code in large letters, counts,
 * the round. */
#include "tui/views/room_head.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "session/composition.h"
#include "tui/views/cells.h"
#include "tui/widgets/big_text.h"

enum {
	LINES = 3,        /* how to join, counts, the round */
	LARGE_SHARE = 45, /* percent of the rows that large letters may take */
	NAMES_MOST = 12,
};

static const struct fed_style bold = {.bold = true}, grey = {.color = FED_COLOR_GREY}, plain = {0},
							  code_style = {.color = FED_COLOR_GREEN, .bold = true},
							  address_style = {.color = FED_COLOR_CYAN, .bold = true};

/* How to join ------------------------------------------------------------------------ */

static const struct fed_room_address *address_of(const struct fed_room_head *head,
                                                 const struct fed_room_status *room)
{
	return room->addresses ? &room->address[head->address % room->addresses] : NULL;
}

static void put_endpoint(struct fed_text *out, const struct fed_room_head *head,
                         const struct fed_room_status *room)
{
	const struct fed_room_address *a = address_of(head, room);

	fed_text_add(out, "%s:%s", a ? a->host : "HOST", room->port);
}

/* "fedsh join 10.0.0.5:5555 K7QX-MRT2-W9ZB  wlan0, wifi; 1 of 3 addresses", the code in a row of
 * its own if there is no other way; returns the rows used. */
static int put_join(const struct fed_room_head *head, const struct fed_room_status *room,
                    struct fed_canvas *canvas, int row)
{
	const struct fed_room_address *a = address_of(head, room);
	struct fed_text text = {0};

	fed_text_add(&text, "fedsh join ");
	put_endpoint(&text, head, room);
	const int width = fed_text_width(fed_text_str(&text)) + 1 + (int)strlen(room->code);
	const int rows = 1 + (width > canvas->columns);
	if (rows > 1)
		fed__cells_line(canvas, row + 1, room->code, bold);
	else
		fed_text_add(&text, " %s", room->code);
	fed__cells_line(canvas, row, fed_text_str(&text), bold);
	fed_text_clear(&text);
	if (a && *a->interface)
		fed_text_add(&text, "%s%s%s", a->interface, *a->kind ? ", " : "", a->kind);
	if (room->addresses > 1)
		fed_text_add(&text, "%s%u of %u addresses", text.len ? "; " : "",
		             head->address % room->addresses + 1, room->addresses);
	if (width + 2 + fed_text_width(fed_text_str(&text)) <= canvas->columns)
		fed__canvas_write(canvas, width + 2, row, fed_text_str(&text), grey);
	fed_text_release(&text);
	return rows;
}

/* The largest scale at which a text fits; 0: it does not. */
static int scale_of(const char *text, int columns, int rows, bool utf8)
{
	for (int scale = 2; scale > 0; scale--) {
		const int width = fed__big_text_columns(text, scale);

		if (width > 0 && width <= columns && fed__big_text_rows(scale, utf8) <= rows)
			return scale;
	}
	return 0;
}

/* Address and code, or the code alone; returns the rows used. */
static int put_large(const struct fed_room_head *head, const struct fed_room_status *room,
                     const struct fed_watched *w, struct fed_canvas *canvas, int most)
{
	struct fed_text address = {0};
	int row = 0;

	put_endpoint(&address, head, room);
	int scale = scale_of(room->code, canvas->columns, most / 2, w->utf8);
	const int beside = scale_of(fed_text_str(&address), canvas->columns, most / 2, w->utf8);
	scale = scale < beside ? scale : beside;
	if (scale) {
		fed__big_text_put(canvas, 0, 0, fed_text_str(&address), scale, w->utf8, address_style);
		row = fed__big_text_rows(scale, w->utf8);
		row += !w->utf8 || scale == 2; /* a blank row, where the last one is not half blank */
	} else {
		scale = scale_of(room->code, canvas->columns, most, w->utf8);
	}
	if (scale) {
		fed__big_text_put(canvas, 0, row, room->code, scale, w->utf8, code_style);
		row += fed__big_text_rows(scale, w->utf8);
		row += !w->utf8 || scale == 2;
	}
	fed_text_release(&address);
	return row;
}

/* Who is there ---------------------------------------------------------------------------- */

/* Returns the rows used: at most two. */
static int put_counts(const struct fed_room_status *room, struct fed_canvas *canvas, int row,
                      bool roomy)
{
	const struct fed_style style = room->in[FED_MEMBER_WAITS] ? bold : plain;
	struct fed_text text = {0};

	fed_room_put_counts(&text, room);
	if (room->strict)
		fed_text_add(&text, "; the room is strict");
	char *rest = NULL;
	for (char *at = text.s; roomy && at && *at; at++)
		if (*at == ' ' && at > text.s && strchr(",;", at[-1]) && at - text.s <= canvas->columns)
			rest = at;
	if (rest && fed_text_width(fed_text_str(&text)) > canvas->columns) {
		*rest = '\0';
		fed__cells_line(canvas, row + 1, rest + 1, style);
	} else {
		rest = NULL;
	}
	fed__cells_line(canvas, row, fed_text_str(&text), style);
	fed_text_release(&text);
	return rest ? 2 : 1;
}

/* The round --------------------------------------------------------------------------------- */

bool fed__room_round_times(const struct fed_session *s, double *elapsed, double *left)
{
	*elapsed = *left = NAN;
	if (!fed_session_open(s))
		return false;
	const struct fed_federation *f = fed_session_federation(s);
	const double now = fed_session_time(s) - f->evaluation_seconds; /* as the event queue has it */

	*elapsed = fmax(now - f->started.clock, 0);
	for (size_t i = 0; f->deadline && i < f->clock.n; i++) {
		const struct fed_queued_event *due = &f->clock.heap[i];

		if (due->kind == FED_QUEUED_DEADLINE && due->ref == f->deadline)
			*left = fmax(due->when - now, 0);
	}
	return true;
}

/* Clients of the open round that have answered; some updates wait for those before them. */
static double answered(const struct fed_session *s)
{
	const struct fed_reports *r = &fed_session_federation(s)->reports;
	double n = fed_session_status(s).round.reported;

	for (uint32_t i = 0; i < r->n; i++)
		n += !r->of[i].moved;
	return n;
}

/* "round 7: 12 of 23 answered in 12.4 s, deadline in 47.6 s; waits for Ada, Bo and 3 more": as many
 * names as fit. */
static void put_round(const struct fed_room_status *room, const struct fed_watched *w,
                      struct fed_canvas *canvas, int row)
{
	const struct fed_session_status st = fed_session_status(w->session);
	struct fed_text text = {0}, names = {0};
	double elapsed, left;

	if (!fed__room_round_times(w->session, &elapsed, &left)) {
		if (st.version)
			fed_text_add(&text, "round %s is made; ", fed_count((double)st.version).s);
		fed_text_add(&text, "no round is open; press r for one");
		fed__cells_line(canvas, row, fed_text_str(&text), grey);
		fed_text_release(&text);
		return;
	}
	fed_text_add(&text, "round %s: %s of %s answered, ", fed_count((double)st.version + 1).s,
	             fed_count(answered(w->session)).s, fed_count(st.round.invited).s);
	fed_text_seconds(&text, elapsed);
	if (!isnan(left)) {
		fed_text_add(&text, ", deadline in ");
		fed_text_seconds(&text, left);
	}
	const int rest = canvas->columns - fed_text_width(fed_text_str(&text));
	static const char waits[] = "; waits for ";
	for (uint32_t most = NAMES_MOST; room->asked && most > 0; most--) {
		fed_text_clear(&names);
		fed_room_put_asked(&names, room, most);
		if ((int)sizeof waits - 1 + fed_text_width(fed_text_str(&names)) <= rest) {
			fed_text_add(&text, "%s%s", waits, fed_text_str(&names));
			break;
		}
	}
	fed__cells_line(canvas, row, fed_text_str(&text), bold);
	fed_text_release(&text);
	fed_text_release(&names);
}

int fed__room_head_paint(const struct fed_room_head *head, const struct fed_room_status *room,
                         const struct fed_watched *w, struct fed_canvas *canvas)
{
	const int rows = canvas->rows;
	int row = 0;

	if (!head->small)
		row = put_large(head, room, w, canvas, rows * LARGE_SHARE / 100 - LINES);
	const int lines = rows - row < 2 ? 0 : rows - row < 5 ? 1 : rows - row < 8 ? 2 : LINES;
	if (lines == LINES)
		row += put_join(head, room, canvas, row);
	if (lines > 0)
		row += put_counts(room, canvas, row, rows - row > 10);
	if (lines > 1)
		put_round(room, w, canvas, row++);
	return row;
}
