/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/views/log.c - the view `log`: events and messages in one list, the newest at the bottom. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/wrap.h"
#include "history/event_filter.h"
#include "session/composition.h"
#include "tui/views/cells.h"
#include "tui/views/messages.h"
#include "tui/views/views.h"

enum {
	EVENTS_MOST = 1 << 16, /* filtered events kept for scrolling */
	HANG = 2,              /* columns before the second row of a line */
	FILTER_MOST = 256,
};

/* A position between two lines: the number of listed events and of messages above it. */
struct log_position {
	size_t events;
	uint64_t messages;
};

struct log_view {
	struct fed_event_filter event_filter;
	char filter[FILTER_MOST];
	bool filter_made, chosen; /* event_filter is valid; it selects kinds, clients or versions */
	uint64_t *event;          /* [n] numbers of the filtered events, ascending */
	size_t n, capacity;
	uint64_t events_read; /* events read */
	bool fixed;           /* the last visible line is the one above `at`; else the newest */
	struct log_position at;
};

/* Lines ------------------------------------------------------------------ */

static int add_event(struct log_view *st, uint64_t number, struct fed_error *err)
{
	if (st->n == EVENTS_MOST) { /* drop the older half */
		const size_t gone = EVENTS_MOST / 2;

		memmove(st->event, st->event + gone, (st->n - gone) * sizeof *st->event);
		st->n -= gone;
		st->at.events -= st->at.events < gone ? st->at.events : gone;
	}
	if (st->n == st->capacity) {
		const size_t capacity = st->capacity ? 2 * st->capacity : 64, unit = sizeof *st->event;
		uint64_t *grown = fed_resize(st->event, st->capacity * unit, capacity * unit);

		if (!grown)
			return fed_fail_memory(err, capacity * unit, "the log");
		st->event = grown;
		st->capacity = capacity;
	}
	st->event[st->n++] = number;
	return FED_OK;
}

static int follow(struct log_view *st, const struct fed_watched *w, struct fed_error *err)
{
	static const struct fed_event_filter_spec any = {"", "", "", ""};
	const struct fed_session *s = w->session;
	const struct fed_composition *parts = fed_session_parts(s);
	const struct fed_event_log *r = fed_session_event_log(s);

	if (!st->filter_made &&
	    fed_event_filter_init(&st->event_filter, &any, &parts->clients,
	                          (uint64_t)parts->settings.seed, fed_session_draws(s), err))
		return FED_FAIL;
	st->filter_made = true;
	if (st->events_read + 1 < r->first)
		st->events_read = r->first - 1;
	while (st->events_read < r->n) {
		const struct fed_logged_event *e = fed_event_log_at(r, ++st->events_read);

		if (e && fed_event_filter_passes(&st->event_filter, r, e) &&
		    add_event(st, st->events_read, err))
			return FED_FAIL;
	}
	return FED_OK;
}

/* Whether the line above the position is a message, not an event. */
static bool is_message(const struct log_view *st, const struct fed_watched *w,
                       struct log_position at)
{
	struct fed_message_line about;

	if (!at.messages || !fed__messages_get(w->messages, at.messages, &about, NULL))
		return false;
	return !at.events || about.event >= st->event[at.events - 1];
}

/* Move one line up; false at the top. */
static bool step_up(const struct log_view *st, const struct fed_watched *w, struct log_position *at)
{
	if (is_message(st, w, *at))
		at->messages--;
	else if (at->events)
		at->events--;
	else
		return false;
	return true;
}

static bool step_down(const struct log_view *st, const struct fed_watched *w,
                      struct log_position *at)
{
	struct fed_message_line about;
	const bool message = at->messages < fed__messages_count(w->messages);
	const bool kept = message && fed__messages_get(w->messages, at->messages + 1, &about, NULL);

	if (at->events < st->n && (!kept || st->event[at->events] <= about.event))
		at->events++;
	else if (message)
		at->messages++;
	else
		return false;
	return true;
}

static struct log_position newest(const struct log_view *st, const struct fed_watched *w)
{
	return (struct log_position){st->n, fed__messages_count(w->messages)};
}

/* Painting ----------------------------------------------------------------------------------- */

static struct fed_style style_of(const struct fed_logged_event *e)
{
	switch ((enum fed_event_kind)e->kind) {
	case FED_EVENT_WARNING:
	case FED_EVENT_REFUSED:
	case FED_EVENT_LOST:
	case FED_EVENT_ABORTED:
		return (struct fed_style){.color = FED_COLOR_RED};
	case FED_EVENT_FAULT:
	case FED_EVENT_LATE:
	case FED_EVENT_MISSING:
		return (struct fed_style){.color = FED_COLOR_MAGENTA};
	case FED_EVENT_ROUND:
		return (struct fed_style){.color = FED_COLOR_GREEN};
	case FED_EVENT_NOTICE:
		return (struct fed_style){.color = FED_COLOR_GREY};
	default:
		return (struct fed_style){0};
	}
}

/* Whether messages of a stream tell what other lines tell, too. */
static bool is_hidden(enum fed_watch_stream stream)
{
	return stream == FED_STREAM_BEGIN || stream == FED_STREAM_PART || stream == FED_STREAM_HEADING;
}

/* The text of the line above a position; false: a message that the filter hides. */
static bool put_line(const struct log_view *st, const struct fed_watched *w, struct log_position at,
                     struct fed_text *text, struct fed_style *style)
{
	static const char *const before[FED_STREAMS] = {[FED_STREAM_LINE] = "> ",
	                                                [FED_STREAM_TYPED] = "> ",
	                                                [FED_STREAM_STDERR] = "stderr: ",
	                                                [FED_STREAM_CAPTION] = "# "};
	static const struct fed_style styles[FED_STREAMS] = {
		[FED_STREAM_ERROR] = {.color = FED_COLOR_RED},
		[FED_STREAM_LINE] = {.bold = true},
		[FED_STREAM_TYPED] = {.bold = true},
		[FED_STREAM_STDERR] = {.color = FED_COLOR_YELLOW},
		[FED_STREAM_CAPTION] = {.color = FED_COLOR_CYAN},
	};
	const struct fed_event_log *r = fed_session_event_log(w->session);
	struct fed_message_line about;

	if (!is_message(st, w, at)) {
		const struct fed_logged_event *e = fed_event_log_at(r, st->event[at.events - 1]);

		*style = e ? style_of(e) : (struct fed_style){0};
		if (e)
			fed_logged_event_put(text, r, e, &fed_session_parts(w->session)->clients);
		else
			fed_text_add(text, "(no longer kept)");
		return true;
	}
	if (st->chosen || !fed__messages_get(w->messages, at.messages, &about, NULL) ||
	    is_hidden(about.stream))
		return false;
	if (before[about.stream])
		fed_text_add(text, "%s", before[about.stream]);
	fed__messages_get(w->messages, at.messages, &about, text);
	*style = styles[about.stream];
	return !st->event_filter.text || strcasestr(fed_text_str(text), st->event_filter.text);
}

/* Wrap the text of a line; returns its rows, the text with a newline between them. */
static int wrap(struct fed_text *text, int columns)
{
	struct fed_text wrapped = {0};
	int rows = 1;

	fed_wrap_line(&wrapped, fed_text_str(text), text->len, columns, HANG);
	fed_text_release(text);
	*text = wrapped;
	for (const char *at = fed_text_str(text); (at = strchr(at, '\n')); at++)
		rows++;
	return rows;
}

/* Write the rows of a wrapped line, the last one at `row`. */
static void paint_line(struct fed_canvas *canvas, int row, int rows, const char *text,
                       struct fed_style style)
{
	struct fed_text one = {0};

	for (int k = 0; k < rows; k++) {
		const size_t n = strcspn(text, "\n");

		fed_text_clear(&one);
		fed_text_put(&one, text, n);
		if (row - rows + 1 + k >= 0)
			fed__cells_line(canvas, row - rows + 1 + k, fed_text_str(&one), style);
		text += n + (text[n] != 0);
	}
	fed_text_release(&one);
}

static uint64_t stamp_log(const void *state, const struct fed_watched *w)
{
	(void)state;
	return fed__stamp_with(fed_session_event_log(w->session)->n,
	                       w->messages ? fed__messages_count(w->messages) : 0);
}

static int paint_log(void *state, struct fed_watched *w, struct fed_canvas *canvas,
                     struct fed_error *err)
{
	struct log_view *st = state;
	struct fed_text text = {0};

	if (follow(st, w, err))
		return FED_FAIL;
	struct log_position at = st->fixed ? st->at : newest(st, w);
	int row = canvas->rows - 1;
	for (struct log_position above = at; row >= 0 && step_up(st, w, &above); at = above) {
		struct fed_style style;

		fed_text_clear(&text);
		if (!put_line(st, w, at, &text, &style))
			continue;
		const int rows = wrap(&text, canvas->columns);
		paint_line(canvas, row, rows, fed_text_str(&text), style);
		row -= rows;
	}
	if (row == canvas->rows - 1)
		fed__cells_line(canvas, 0, *st->filter ? "nothing matches" : "nothing happened yet",
		                (struct fed_style){.color = FED_COLOR_GREY});
	fed_text_release(&text);
	return FED_OK;
}

/* Keys ------------------------------------------------------------------------------------------
 */

/* Scroll by rows of the screen: whole lines, at least one. */
static void scroll(struct log_view *st, const struct fed_watched *w, int rows, int columns)
{
	struct log_position at = st->fixed ? st->at : newest(st, w);
	struct fed_text text = {0};
	struct fed_style unused;
	const int most = rows < 0 ? -rows : rows;

	for (int moved = 0; moved < most;) {
		struct log_position next = at;

		if (!(rows < 0 ? step_up(st, w, &next) : step_down(st, w, &next)))
			break;
		fed_text_clear(&text);
		if (put_line(st, w, rows < 0 ? at : next, &text, &unused)) {
			const int taken = wrap(&text, columns);
			if (moved && moved + taken > most)
				break;
			moved += taken;
		}
		at = next;
	}
	fed_text_release(&text);
	st->at = at;
	st->fixed = at.events < st->n || at.messages < fed__messages_count(w->messages);
}

static int press_move(void *state, struct fed_watched *w, const struct fed_press *press,
                      struct fed_error *err)
{
	struct log_view *st = state;
	const int page = press->rows > 1 ? press->rows - 1 : 1;

	(void)err;
	switch (press->code) {
	case FED_KEY_UP:
		scroll(st, w, -1, press->columns);
		break;
	case FED_KEY_DOWN:
		scroll(st, w, 1, press->columns);
		break;
	case FED_KEY_PAGE_UP:
		scroll(st, w, -page, press->columns);
		break;
	default:
		scroll(st, w, page, press->columns);
	}
	return FED_OK;
}

static int press_home(void *state, struct fed_watched *w, const struct fed_press *press,
                      struct fed_error *err)
{
	struct log_view *st = state;

	(void)err;
	st->at = (struct log_position){0};
	st->fixed = true;
	scroll(st, w, press->rows, press->columns);
	return FED_OK;
}

static int press_end(void *state, struct fed_watched *w, const struct fed_press *press,
                     struct fed_error *err)
{
	struct log_view *st = state;

	(void)w, (void)press, (void)err;
	st->fixed = false;
	return FED_OK;
}

static bool is_behind(const void *state, const struct fed_watched *w)
{
	const struct log_view *st = state;

	(void)w;
	return st->fixed;
}

/* Filter ------------------------------------------------------------------------------------------
 */

/* Parse "kind=lost client=3 some words"; words without a key are searched for in the text. */
static int parse_filter(struct fed_event_filter *event_filter, const struct fed_session *s,
                        const char *typed, bool *chosen, struct fed_error *err)
{
	const struct fed_composition *parts = fed_session_parts(s);
	char copy[FILTER_MOST], text[FILTER_MOST] = "", *rest = copy;
	struct fed_event_filter_spec words = {"", "", "", text};
	const struct {
		const char *key, **value;
	} keys[] = {{"kind=", &words.kind}, {"client=", &words.client}, {"version=", &words.version}};

	snprintf(copy, sizeof copy, "%s", typed);
	*chosen = false;
	while (rest) {
		const char *word = strsep(&rest, " ");
		size_t k = 0;

		while (k < 3 && strncmp(word, keys[k].key, strlen(keys[k].key)) != 0)
			k++;
		if (k < 3) {
			*keys[k].value = word + strlen(keys[k].key);
			*chosen = *chosen || strcmp(word, "kind=all") != 0;
		} else if (*word) {
			const size_t n = strlen(text);
			snprintf(text + n, sizeof text - n, "%s%s", n ? " " : "", word);
		}
	}
	return fed_event_filter_init(event_filter, &words, &parts->clients,
	                             (uint64_t)parts->settings.seed, fed_session_draws(s), err);
}

static int filter(void *state, struct fed_watched *w, const char *typed, struct fed_error *err)
{
	struct log_view *st = state;
	struct fed_event_filter event_filter;
	bool chosen;

	if (strlen(typed) >= sizeof st->filter)
		return fed_fail(err, "a filter has at most %d bytes", FILTER_MOST - 1);
	if (parse_filter(&event_filter, w->session, typed, &chosen, err))
		return FED_FAIL;
	fed_event_filter_release(&st->event_filter);
	st->event_filter = event_filter;
	st->filter_made = true;
	st->chosen = chosen;
	snprintf(st->filter, sizeof st->filter, "%s", typed);
	st->n = 0;
	st->events_read = 0;
	st->fixed = false;
	return FED_OK;
}

static const char *filtered(const void *state)
{
	const struct log_view *st = state;

	return st->filter;
}

static int press_all(void *state, struct fed_watched *w, const struct fed_press *press,
                     struct fed_error *err)
{
	const struct log_view *st = state;

	(void)press;
	return filter(state, w, strcmp(st->filter, "kind=all") == 0 ? "" : "kind=all", err);
}

static bool always(const void *state, const struct fed_watched *w)
{
	(void)state, (void)w;
	return true;
}

static void close(void *state)
{
	struct log_view *st = state;

	fed_event_filter_release(&st->event_filter);
	fed_free(st->event);
}

static const struct fed_key keys[] = {
	{FED_KEY_END, 0, "end", "follow", press_end, is_behind},
	{'a', 0, "a", "all events, or those outside rounds", press_all, always},
	{FED_KEY_UP, 0, "up", "a line back", press_move, NULL},
	{FED_KEY_DOWN, 0, "down", "a line on", press_move, NULL},
	{FED_KEY_PAGE_UP, 0, "page up", "a page back", press_move, NULL},
	{FED_KEY_PAGE_DOWN, 0, "page down", "a page on", press_move, NULL},
	{FED_KEY_HOME, 0, "home", "to the beginning", press_home, NULL},
	{0},
};

const struct fed_view fed__view_log = {
	.name = "log",
	.help = "what happened and what was printed; / kind=lost client=3 version=2- or words",
	.state_size = sizeof(struct log_view),
	.keys = keys,
	.close = close,
	.stamp = stamp_log,
	.paint = paint_log,
	.filter = filter,
	.filtered = filtered,
};
