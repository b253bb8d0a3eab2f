/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/composition.h - what a user composes: dataset, plugins, scheme, settings, clients,
 * faults.
 *
 * Nothing in it points to another member, so that a composition moves as one struct while no
 * federation runs on it.  What a run makes of it (versions, history, costs) is the session's.
 */
#ifndef FED_SESSION_COMPOSITION_H
#define FED_SESSION_COMPOSITION_H

#include "base/key_values.h"
#include "train/faults/faults.h"
#include "train/federation.h"

/* A dataset as it was typed: enough to make it again. */
struct fed_choice {
	char *name;                 /* NULL: not chosen yet; paths are absolute */
	struct fed_key_values args; /* what was given with it */
};

struct fed_composition {
	struct fed_settings settings;
	struct fed_dataset *data; /* owned; NULL until chosen */
	struct fed_choice dataset_choice;
	struct fed_instance model; /* entry NULL until chosen */
	struct fed_instance aggregator, transport;
	const struct fed_scheme *scheme;
	void *scheme_state; /* owned */
	struct fed_net net; /* built when data and model are there */
	bool net_built;
	struct fed_clients clients; /* initialised when data is there */
	struct fed_faults faults;   /* injected into them */
};

/* A bare one: default settings, the first scheme, nothing else. */
int fed_composition_init(struct fed_composition *, struct fed_error *);
void fed_composition_release(struct fed_composition *); /* zeroed is fine */

#endif
