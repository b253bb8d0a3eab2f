/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/round_edits.h - a journal of what a user changes while a round is open.
 *
 * A snapshot holds the session as it was before the open round, and these changes with the steps at
 * which they were made (checkpoint/open_round.c); replaying the round makes them again.  So each
 * change keeps what it put in and what was there before.  Where no round is open it is made and
 * forgotten.
 */
#ifndef FED_SESSION_ROUND_EDITS_H
#define FED_SESSION_ROUND_EDITS_H

#include "train/faults/faults.h"
#include "train/federation.h"

struct fed_session;

enum fed_round_edit_kind {
	FED_CHANGE_SETTINGS,
	FED_CHANGE_INJECT,
	FED_CHANGE_HEAL,
	FED_CHANGE_EQUIP,
	FED_CHANGE_KINDS
};

/* Whom to heal of what. */
struct fed_heal_edit {
	uint32_t kinds;   /* bit k: faults of kind k */
	uint64_t number;  /* 0: any */
	uint32_t *client; /* [n] ids, ascending; NULL: all */
	uint32_t n;
};

/* A client and what it computes and talks with. */
struct fed_equipment {
	uint32_t client;
	float device;
	struct fed_client_link link;
	uint8_t device_profile, link_profile;
};

struct fed_equipment fed_equipment_of(uint32_t client, const struct fed_client *);
void fed_equipment_give(const struct fed_equipment *, struct fed_client *);

struct fed_round_edit {
	enum fed_round_edit_kind kind;
	uint64_t steps; /* that the round had made before it */
	union {
		struct {
			struct fed_settings settings, settings_before;
		};
		struct fed_fault fault; /* as it was injected */
		struct {
			struct fed_heal_edit cure;
			struct fed_faults before; /* all of them */
		} heal;
		struct {
			struct fed_equipment *of, *before; /* [n]; before: NULL until it was made */
			uint32_t n;
		} equip;
	};
};

struct fed_round_edits {
	struct fed_round_edit *of; /* [n], in the order in which they were made */
	size_t n, capacity;
};

/* Make a change, and write it down if a round is open.  Takes what it holds, also on FED_FAIL, when
 * nothing has changed.  *healed, when not NULL: pairs of a fault and a client. */
int fed_session_change(struct fed_session *, struct fed_round_edit *, uint64_t *healed,
                       struct fed_error *);
/* Keep one that was read; takes it, also on FED_FAIL. */
int fed_round_edits_add(struct fed_round_edits *, struct fed_round_edit *, struct fed_error *);
void fed_round_edit_release(struct fed_round_edit *);
void fed_round_edits_clear(struct fed_round_edits *); /* zeroed is fine */

#endif
