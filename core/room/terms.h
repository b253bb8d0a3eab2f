/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * room/terms.h - the terms of a room: what clients must have in common with the server before they
 * train, as lines KEY=VALUE.
 *
 * They are the form of the data (data/data_form.h): shape, classes, columns with their scaling,
 * vocabulary; the model, the scheme, the aggregator with its settings, all settings of training,
 * the seed, and the plugins that act at clients with their digests.  They hold no program: what a
 * client lacks it is told, and loads itself.
 */
#ifndef FED_ROOM_TERMS_H
#define FED_ROOM_TERMS_H

#include "data/data_form.h"
#include "session/session.h"

/* Append the terms of a session whose composition is complete. */
void fed__terms_put(const struct fed_session *, struct fed_text *);
void fed__terms_put_data(const struct fed_dataset *, struct fed_text *);
/* The form of the server's data, to be released.  FED_REJECT: the lines are damaged. */
int fed__terms_read_data(const char *terms, size_t n, struct fed_data_form *, struct fed_error *);
/* Append the lines on which a client's dataset depends: the form, the seed. */
void fed__terms_copy_data(const char *terms, size_t n, struct fed_text *);
/* Set the seed alone. */
int fed__terms_set_seed(const char *terms, size_t n, struct fed_session *, struct fed_error *);
/* Compose a client's session by the terms (ended by a 0): model, scheme, aggregator, settings; what
 * is so already stays, with what the client keeps for it.  FED_REJECT: the
 * terms cannot be met, and err says what is missing. */
int fed__terms_apply(const char *terms, size_t n, struct fed_session *, struct fed_error *);

#endif
