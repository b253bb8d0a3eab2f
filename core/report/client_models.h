/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/client_models.h - the clients' own models, as far as their updates are known.
 *
 * A client's own model is the model of its round and the update that the server got of it: what the
 * client trained, or, of a Byzantine one, what it made of that. Between two rounds these are the
 * updates of the last version, and the model before is the version before it; in an open round they
 * are those that have arrived, and the model before is the present version.
 */
#ifndef FED_REPORT_CLIENT_MODELS_H
#define FED_REPORT_CLIENT_MODELS_H

#include "session/session.h"

struct fed_client_verdict;

struct fed_client_models {
	size_t n;
	bool arrived;                             /* the updates are those of the open round so far */
	const struct fed_client_verdict **update; /* [n] by client; NULL: none are known */
	size_t dim;                               /* 0: there is no model */
	const float *global; /* [dim] the global model, before the first round as it will begin; NULL:
	                        there is none */
	const float *before; /* [dim] the model that the updates changed */
	float *own;          /* [dim] memory for one of them */
	float *memory;
	const struct fed_session *session;
	struct fed_sharing *sharing; /* NULL: there are no local layers */
};

int fed_client_models_init(struct fed_client_models *, const struct fed_session *,
                           struct fed_error *);
void fed_client_models_release(struct fed_client_models *); /* zeroed is fine */
/* The model that a client uses, [dim]: its own where there are such models
 * (fed_session_has_own_models), else the global one.  Valid as below. */
const float *fed_client_models_used(struct fed_client_models *, uint32_t client);
/* The model that sent update i, [dim]; of several global models the one that its client chose.
 * Valid until the next one is asked for. */
const float *fed_client_models_own(struct fed_client_models *, size_t i);

/* Updates that are shown of a session, in the order of their arrival, or none. */
struct fed_shown_updates {
	const struct fed_client_verdict *of; /* [n] */
	size_t n;
	bool arrived;
};
struct fed_shown_updates fed__shown_updates(const struct fed_session *);

#endif
