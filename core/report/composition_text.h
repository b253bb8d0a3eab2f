/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/composition_text.h - all that the figures of a run depend on, as lines KEY=VALUE.
 */
#ifndef FED_REPORT_COMPOSITION_TEXT_H
#define FED_REPORT_COMPOSITION_TEXT_H

#include "session/session.h"

struct fed_clients;

/* Append the composition: dataset, plugins, scheme, settings, clients, faults; settings that change
 * no figure (threads) are left out.  from: the clients whose blocks a borrowed copy's clients are
 * of (fed_clients_borrow), or NULL. */
void fed_composition_put(const struct fed_session *, const struct fed_clients *from,
                         struct fed_text *);

/* Append the part of it on which a client's training depends, beside its examples: model, scheme,
 * aggregator, settings. */
void fed_composition_put_training(const struct fed_session *, struct fed_text *);

/* Append the text with the program before it, "program=fedsh 0.1.0", and its plugins behind it, as
 * "plugins=aggregator fedavg 20480 1a2b3c4d; ..." from the lines of session/plugin_digests.h. */
void fed_composition_join(const char *program, const char *composition, const char *plugins,
                          struct fed_text *);

/* A line of such a text. */
struct fed_composition_line {
	const char *key, *value; /* not ended */
	size_t key_bytes, value_bytes;
};
/* The next line, false past the last; *rest begins as the text. */
bool fed_composition_next(const char **rest, struct fed_composition_line *);
/* The line with the key of another one; false: there is none. */
bool fed_composition_find(const char *text, const struct fed_composition_line *key,
                          struct fed_composition_line *);

#endif
