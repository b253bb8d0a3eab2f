/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Small sessions for the tests of session/, composed by lines of text.
 *
 *     dataset|model|aggregator|transport|scheme NAME key=value ...
 *     add N KIND SAMPLES [DEVICE [LINK]]      KIND: iid, noniid, ...
 *     equip WHO DEVICE [LINK]
 *     remove WHO | set KEY VALUE | round N | restart | reset
 *     inject FAULT WHO key=value ... [at=V] [for=N] | heal [WHO|all] [FAULT]
 *     step [N] | continue | abort | break CONDITION
 */
#ifndef TESTS_SESSION_SMALL_H
#define TESTS_SESSION_SMALL_H

#include "session/internal.h"
#include "support/suite.h"

/* What a session said, line after line. */
struct heard {
	char text[8192];
	size_t len;
	unsigned count[FED_EVENT_KINDS]; /* by kind */
};

/* A bare session; heard may be NULL. */
void small_init(struct fed_session *, struct heard *);
/* One line; what the session's function returns. */
int small_try(struct fed_session *, const char *line, struct fed_error *);
/* Lines that must succeed, parted by ';'. */
void small_do(struct fed_session *, const char *lines);
/* Blobs, softmax, `aggregator`, 4 clients with 12 examples each. */
void small_compose(struct fed_session *, struct heard *, const char *aggregator);
/* The line must fail with text that has `words` in it. */
void small_refuses(struct fed_session *, const char *line, const char *words);

/* The same parameters, records (wall apart) and costs, bit for bit. */
void small_same(const struct fed_session *, const struct fed_session *);

#endif
