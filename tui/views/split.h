/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/views/split.h - cuts of a model for the view `split`: layers on each side and traffic across.
 */
#ifndef FED_TUI_VIEWS_SPLIT_H
#define FED_TUI_VIEWS_SPLIT_H

#include "tui/views/cells.h"

struct fed_net;

/* A division of the layers: [0, at[0]) and [at[1], layers) are the client's, those between the
 * server's. */
struct fed_division {
	size_t at[2];
	bool real;        /* the scheme's own cuts; else hypothetical ones */
	bool labels;      /* labels are sent with the activations */
	uint32_t parties; /* scheme vertical: each sends its share of the numbers at the cut; else 0 */
};

/* The cuts of the session's scheme; false: it does not cut. */
bool fed__division_of(const struct fed_session *, struct fed_division *);

/* Traffic of one batch: bytes on the wire in each direction, and messages. */
struct fed_crossing {
	double up, down;
	int messages;
};
struct fed_crossing fed__crossing_at(const struct fed_session *, const struct fed_division *);
/* Examples of a full batch. */
uint32_t fed__batch_of(const struct fed_session *);
/* Activations between layer at - 1 and layer at, for one example. */
size_t fed__width_at(const struct fed_net *, size_t at);
/* Parameters of layers [first, last). */
size_t fed__params_of(const struct fed_net *, size_t first, size_t last);

/* The event of the last activations or gradient sent, or NULL; *number: its number. */
const struct fed_logged_event *fed__last_crossing(const struct fed_session *, bool *up,
                                                  uint64_t *number);

#endif
