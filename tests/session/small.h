/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session/small.h - small sessions for tests, composed by lines of text.
 *
 *     dataset|model|aggregator|transport|select|scheme NAME key=value ...
 *     add N KIND SAMPLES [DEVICE [LINK]]      KIND: iid, noniid, ...; DEVICE: also reuse
 *     equip WHO DEVICE [LINK]
 *     remove WHO | set KEY VALUE | round N | restart | reset
 *     inject FAULT WHO key=value ... [at=V] [for=N] | heal [WHO|all] [FAULT]
 *     step [N] | continue | abort | break CONDITION
 */
#ifndef TESTS_SESSION_SMALL_H
#define TESTS_SESSION_SMALL_H

#include "session/internal.h"
#include "support/suite.h"

/* A sink that records the text of a session's events. */
struct heard {
	char text[8192];
	size_t len;
	unsigned count[FED_EVENT_KINDS]; /* by kind */
};

/* A bare session; heard may be NULL. */
void small_init(struct fed_session *, struct heard *);
/* Run one line; returns the result of the session's function. */
int small_try(struct fed_session *, const char *line, struct fed_error *);
/* Run lines, separated by ';', that must succeed. */
void small_do(struct fed_session *, const char *lines);
/* Initialise and compose: blobs, softmax, `aggregator`, 4 clients with 12 examples each. */
void small_compose(struct fed_session *, struct heard *, const char *aggregator);
/* The record of the last round, and a client; valid until the session changes. */
const struct fed_record *small_last(const struct fed_session *);
const struct fed_client *small_client(const struct fed_session *, uint32_t id);
/* Check that the line fails with an error that contains `words`. */
void small_refuses(struct fed_session *, const char *line, const char *words);

/* Check that parameters, records (except wall time) and costs are equal bit for bit. */
void small_same(const struct fed_session *, const struct fed_session *);

#endif
