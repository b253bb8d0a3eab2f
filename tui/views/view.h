/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/views/view.h - a view of a session: a const table of functions that paint on a grid of cells.
 *
 * The watch (tui/watch.h) owns the terminal, the threads and the loop; a view knows none of them.
 * All its functions are called by one thread while the session is paused between two events: they
 * may read everything, must change nothing and be quick (a frame: under 5 ms with 1,000 clients,
 * under 10 ms with 100,000; costlier results are cached in the state until the stamp changes). To
 * change the session a view submits a command line, as if it were typed.
 *
 * Order of calls: open, then any of the others, close.
 */
#ifndef FED_TUI_VIEWS_VIEW_H
#define FED_TUI_VIEWS_VIEW_H

#include "session/session.h"
#include "tui/widgets/canvas.h"

struct fed_messages;
struct fed_room_source;
struct fed_travel;

/* The context of all views. */
struct fed_watched {
	struct fed_session *session;
	bool utf8;
	bool tints; /* the terminal has colours for them (tui/widgets/tint.h) */
	bool busy;  /* a run waits for this frame: a slow view may skip versions */
	/* Marked clients, ascending, all present: the targets of actions. */
	uint32_t *marked; /* [n_marked] */
	uint32_t n_marked, marked_capacity;
	/* Submit a command line; it runs after the key was handled, its output goes to the view `log`.
	 * Never blocks. */
	void (*command)(void *ctx, const char *line);
	/* Whether a line is a command that only looks at the session: it can be run again at another
	 * version.  Called while the session is paused; or NULL. */
	bool (*looks)(void *ctx, const char *line);
	void *ctx;
	const struct fed_travel *travel;    /* the session's history (travel/travel.h); or NULL */
	struct fed_messages *messages;      /* tui/views/messages.h; or NULL */
	const struct fed_room_source *room; /* of clients on other machines (room/status.h); or NULL */
};

/* Codes of keys that are no characters. */
enum fed_key_code {
	FED_KEY_UP = 0x200000, /* beyond Unicode */
	FED_KEY_DOWN,
	FED_KEY_LEFT,
	FED_KEY_RIGHT,
	FED_KEY_PAGE_UP,
	FED_KEY_PAGE_DOWN,
	FED_KEY_HOME,
	FED_KEY_END,
	FED_KEY_ENTER,
	FED_KEY_TAB,
	FED_KEY_BACK_TAB,
	FED_KEY_BACKSPACE,
	FED_KEY_DELETE,
	FED_KEY_ESCAPE,
	FED_KEY_CLICK, /* of the mouse; the cell is in struct fed_press */
	FED_KEY_PASTE, /* begin of pasted text, up to FED_KEY_PASTE_END; never passed to views */
	FED_KEY_PASTE_END,
};

struct fed_press {
	uint32_t code;     /* a code point or enum fed_key_code */
	int column, row;   /* FED_KEY_CLICK: the cell of the view's canvas */
	int columns, rows; /* of the view's canvas */
};

/* A key of a view; `?` and the footer list them. */
struct fed_key {
	uint32_t code;    /* 0 ends the table */
	uint32_t also;    /* a second key for the same, or 0 */
	const char *name; /* for people: "arrows", "<", "space" */
	const char *help; /* "sort by the next column", lower case, no full stop */
	/* FED_FAIL: the error is shown in the footer. */
	int (*press)(void *state, struct fed_watched *, const struct fed_press *, struct fed_error *);
	/* Whether the footer shows the key now; NULL: never. */
	bool (*matters)(const void *state, const struct fed_watched *);
};

struct fed_view {
	const char *name, *help; /* "clients"; one line */
	size_t state_size;       /* zeroed before open */
	const struct fed_key *keys;
	/* Optional. */
	int (*open)(void *state, struct fed_watched *, struct fed_error *);
	void (*close)(void *state);
	/* A hash that changes whenever paint() would draw something else at the same size; NULL: that
	 * of session and context (fed__stamp_of). */
	uint64_t (*stamp)(const void *state, const struct fed_watched *);
	/* Paint on a blank canvas of any size from 1 x 1; the least important parts are left out first.
	 */
	int (*paint)(void *state, struct fed_watched *, struct fed_canvas *, struct fed_error *);
	/* Optional: set the filter typed behind `/`; "" removes it. Unchanged on failure. */
	int (*filter)(void *state, struct fed_watched *, const char *text, struct fed_error *);
	/* Optional: the current filter, for the title line. */
	const char *(*filtered)(const void *state);
	/* Optional, called for the current view when a version was made: its updates are available
	 * (until the next round begins). At most once a frame. */
	void (*made)(void *state, struct fed_watched *);
};

/* View i, from 0 (number i + 1 on the screen); NULL past the last. */
const struct fed_view *fed__view_at(size_t i);
/* The stamp of a view, its own or that of session and context. */
uint64_t fed__view_stamp(const struct fed_view *, const void *state, const struct fed_watched *);
/* The index of a view by its name. */
int fed__view_find(const char *name, size_t *at, struct fed_error *);

#endif
