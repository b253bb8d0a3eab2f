/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/carried_state.h - the state of an instance while its plugin is loaded again.
 *
 * The new plugin gets the whole state when its struct still has the same size and the same rows;
 * else it gets the persistent vectors whose rows it still has.  Settings are the caller's: they go
 * by their texts (base/key_values.h).
 */
#ifndef FED_PLUG_CARRIED_STATE_H
#define FED_PLUG_CARRIED_STATE_H

#include "base/text.h"
#include "plug/registry.h"

struct fed_carried_state {
	struct fed_carried_row {
		char name[32];
		uint32_t type, offset, size;
		bool kept; /* one of the vectors in the backup */
	} * row;       /* [n] */
	size_t n, size;
	struct fed_instance_backup backup;
};

/* Copy what the instance holds; its pre-aggregation is not looked at. */
int fed_carried_state_init(struct fed_carried_state *, const struct fed_instance *,
                           struct fed_error *);
void fed_carried_state_release(struct fed_carried_state *); /* zeroed is fine */
/* Whether there is anything to carry: private members that are not zero, or persistent vectors. */
bool fed_carried_state_holds(const struct fed_carried_state *);
/* Whether the plugin of the instance has the same struct. */
bool fed_carried_state_fits(const struct fed_carried_state *, const struct fed_instance *);
/* Put the state into a new instance of the same plugin: whole if it fits, else the vectors of the
 * same name.  Appends the names of the vectors to `vectors`, "momentum, velocity". */
int fed_carried_state_put(const struct fed_carried_state *, struct fed_instance *,
                          struct fed_text *vectors, struct fed_error *);

#endif
