/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/composition.h - the composition of a session: dataset, plugins, scheme, settings,
 * clients, faults.
 *
 * No member points to another, so that a composition moves as one struct while no federation uses
 * it.  The results of a run (versions, history, costs) belong to the session.
 */
#ifndef FED_SESSION_COMPOSITION_H
#define FED_SESSION_COMPOSITION_H

#include "base/key_values.h"
#include "train/faults/faults.h"
#include "train/federation.h"

/* Name and settings of a dataset, from which it can be loaded again. */
struct fed_choice {
	char *name;                 /* NULL: not chosen yet; paths are absolute */
	struct fed_key_values args; /* its settings */
};

struct fed_composition {
	struct fed_settings settings;
	struct fed_dataset *data; /* owned; NULL until chosen */
	struct fed_choice dataset_choice;
	struct fed_instance model; /* entry NULL until chosen */
	struct fed_instance aggregator, transport;
	struct fed_instance selection; /* entry NULL: a uniform draw */
	const struct fed_scheme *scheme;
	void *scheme_state; /* owned */
	struct fed_net net; /* built when data and model are chosen */
	bool net_built;
	struct fed_clients clients; /* initialised when data is chosen */
	struct fed_faults faults;   /* injected into the clients */
};

/* A bare composition: default settings, the first scheme, nothing else. */
int fed__composition_init(struct fed_composition *, struct fed_error *);
void fed__composition_release(struct fed_composition *); /* zeroed is fine */

#endif
