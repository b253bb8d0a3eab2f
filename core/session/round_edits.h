/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/round_edits.h - journal of the user's edits in an open round.
 *
 * A snapshot holds the session before the open round, and the edits with the steps at which they
 * were made (checkpoint/open_round.c); a replay of the round makes them again.  So each edit keeps
 * the new and the old values.  Without an open round an edit is made and not kept.
 */
#ifndef FED_SESSION_ROUND_EDITS_H
#define FED_SESSION_ROUND_EDITS_H

#include "train/faults/faults.h"
#include "train/federation.h"

struct fed_session;

enum fed_round_edit_kind {
	FED_EDIT_SETTINGS,
	FED_EDIT_INJECT,
	FED_EDIT_HEAL,
	FED_EDIT_EQUIP,
	FED_EDIT_KINDS
};

/* Selection of faults and clients to heal. */
struct fed_heal_edit {
	uint32_t kinds;   /* bit k: faults of kind k */
	uint64_t number;  /* 0: any */
	uint32_t *client; /* [n] ids, ascending; NULL: all */
	uint32_t n;
};

/* Device and link of a client. */
struct fed_equipment {
	uint32_t client;
	float device;
	struct fed_client_link link;
	uint8_t device_profile, link_profile;
};

struct fed_equipment fed_equipment_of(uint32_t client, const struct fed_client *);
/* Copy device and link to a client. */
void fed_equipment_give(const struct fed_equipment *, struct fed_client *);

struct fed_round_edit {
	enum fed_round_edit_kind kind;
	uint64_t steps; /* of the round before the edit */
	union {
		struct {
			struct fed_settings settings, settings_before;
		};
		struct fed_fault fault; /* at its injection */
		struct {
			struct fed_heal_edit selection;
			struct fed_faults before; /* all of them */
		} heal;
		struct {
			struct fed_equipment *after, *before; /* [n]; before: NULL until the edit is made */
			uint32_t n;
		} equip;
	};
};

struct fed_round_edits {
	struct fed_round_edit *edit; /* [n], in the order in which they were made */
	size_t n, capacity;
};

/* Make an edit, and add it to the journal if a round is open.  Takes its contents, also on
 * FED_FAIL, when nothing has changed.  *healed, when not NULL: pairs of a fault and a client. */
int fed_session_change(struct fed_session *, struct fed_round_edit *, uint64_t *healed,
                       struct fed_error *);
/* Add an edit of a saved file to the journal without making it; takes it, also on FED_FAIL. */
int fed_round_edits_add(struct fed_round_edits *, struct fed_round_edit *, struct fed_error *);
void fed_round_edit_release(struct fed_round_edit *);
void fed_round_edits_clear(struct fed_round_edits *); /* zeroed is fine */

#endif
