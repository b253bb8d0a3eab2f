/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/views/view.h - a view of a session: a const table of functions that paint on a grid of cells.
 *
 * The watch (tui/watch.h) owns the terminal, the threads and the loop; a view knows none of them.
 * All its functions are called by one thread while the session stands still, between two events:
 * they may read everything, change nothing, and must be quick (a frame: under 5 ms with 1,000
 * clients, under 10 ms with 100,000; what costs more is kept in the state and made again only when
 * its stamp changed).  What a view wants done it asks for as a command line, as if it were typed.
 *
 * Order of calls: open, then any of the others, close.
 */
#ifndef FED_TUI_VIEWS_VIEW_H
#define FED_TUI_VIEWS_VIEW_H

#include "session/session.h"
#include "tui/widgets/canvas.h"

struct fed_messages;

/* What all views share. */
struct fed_watched {
	struct fed_session *session;
	bool utf8;
	bool busy; /* a run waits until the frame is painted: a slow picture may leave versions out */
	/* Clients that are marked: ascending, all present; for actions and to be shown as marked. */
	uint32_t *marked; /* [n_marked], room for marked_room */
	uint32_t n_marked, marked_capacity;
	/* Hand a command line to the shell; it runs after the key was handled, and its output goes to
	 * the log view.  Never blocks. */
	void (*command)(void *ctx, const char *line);
	void *ctx;
	struct fed_messages
		*messages; /* tui/views/messages.h: what commands and libraries printed; or NULL */
};

/* Keys beside code points. */
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
	FED_KEY_CLICK, /* the mouse, where it is on: the cell is in struct fed_press */
	FED_KEY_PASTE, /* what comes up to the end was not typed: views never see it */
	FED_KEY_PASTE_END,
};

struct fed_press {
	uint32_t code;     /* a code point or enum fed_key_code */
	int column, row;   /* FED_KEY_CLICK: the cell of the view's canvas */
	int columns, rows; /* of the view's canvas */
};

/* One row for each key of a view; `?` and the footer walk them. */
struct fed_key {
	uint32_t code;    /* 0 ends the table */
	uint32_t also;    /* a second key for the same, or 0 */
	const char *name; /* as people write it: "arrows", "<", "space" */
	const char *help; /* "sort by the next column", lower case, no full stop */
	/* FED_FAIL: the error is shown in the footer. */
	int (*press)(void *state, struct fed_watched *, const struct fed_press *, struct fed_error *);
	/* For the footer, which names the keys that matter now; NULL: never, 1 always. */
	bool (*matters)(const void *state, const struct fed_watched *);
};

struct fed_view {
	const char *name, *help; /* "clients"; one line */
	size_t state_size;       /* zeroed before open */
	const struct fed_key *keys;
	/* Optional. */
	int (*open)(void *state, struct fed_watched *, struct fed_error *);
	void (*close)(void *state);
	/* Changes whenever paint() would draw something else for the same size and keys. */
	uint64_t (*stamp)(const void *state, const struct fed_watched *);
	/* The canvas is blank, of any size from 1 x 1; what does not fit is left out, the least
	 * important first. */
	int (*paint)(void *state, struct fed_watched *, struct fed_canvas *, struct fed_error *);
	/* Optional: what `/` typed; "" takes the filter away.  FED_FAIL in words leaves it as it was.
	 */
	int (*filter)(void *state, struct fed_watched *, const char *text, struct fed_error *);
	/* Optional: the filter as it stands, for the title line. */
	const char *(*filtered)(const void *state);
	/* Optional, of the view that is shown: a version was just made, and its updates are there (they
	 * are not once the next round has begun).  Called at most as often as frames are painted. */
	void (*made)(void *state, struct fed_watched *);
};

/* In the order of their numbers, from 1; NULL past the last. */
const struct fed_view *fed_view_at(size_t i);
/* Its place by name. */
int fed_view_find(const char *name, size_t *at, struct fed_error *);

#endif
