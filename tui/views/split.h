/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/views/split.h - a model that is cut, or could be: who holds which layers and what crosses.
 */
#ifndef FED_TUI_VIEWS_SPLIT_H
#define FED_TUI_VIEWS_SPLIT_H

#include "tui/views/cells.h"

/* Layers [0, at[0]) and [at[1], layers) are the client's, those between the server's. */
struct fed_division {
	size_t at[2];
	bool real;   /* scheme split cuts so; else it is one that could be made */
	bool labels; /* they cross with the activations */
};

/* How the session's scheme cuts the model; false: it does not. */
bool fed_division_of(const struct fed_session *, struct fed_division *);

/* What crosses for each batch of B examples: bytes on the wire and messages. */
struct fed_crossing {
	double up, down;
	int messages;
};
struct fed_crossing fed_crossing_at(const struct fed_session *, const struct fed_division *);
/* Examples of a full batch. */
uint32_t fed_batch_of(const struct fed_session *);
/* Numbers between layer at - 1 and layer at, one example. */
size_t fed_width_at(const struct fed_net *, size_t at);
/* Parameters of layers [first, last). */
size_t fed_params_of(const struct fed_net *, size_t first, size_t last);

/* The last activations or gradient that left, or NULL; *number: the event's. */
const struct fed_logged_event *fed_last_crossing(const struct fed_session *, bool *up,
                                                 uint64_t *number);

#endif
