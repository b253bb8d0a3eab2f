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

enum fed_change_kind {
	FED_CHANGE_SETTINGS,
	FED_CHANGE_INJECT,
	FED_CHANGE_HEAL,
	FED_CHANGE_EQUIP,
	FED_CHANGE_KINDS
};

/* Whom to heal of what. */
struct fed_cure {
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

struct fed_change {
	enum fed_change_kind kind;
	uint64_t steps; /* that the round had made before it */
	union {
		struct {
			struct fed_settings settings, settings_before;
		};
		struct fed_fault fault; /* as it was injected */
		struct {
			struct fed_cure cure;
			struct fed_faults before; /* all of them */
		} heal;
		struct {
			struct fed_equipment *of, *before; /* [n]; before: NULL until it was made */
			uint32_t n;
		} equip;
	};
};

struct fed_changes {
	struct fed_change *of; /* [n], in the order in which they were made */
	size_t n, room;
};

/* Make a change, and write it down if a round is open.  Takes what it holds, also on FED_FAIL, when
 * nothing has changed.  *healed, when not NULL: pairs of a fault and a client. */
int fed_session_change(struct fed_session *, struct fed_change *, uint64_t *healed,
                       struct fed_error *);
/* Keep one that was read; takes it, also on FED_FAIL. */
int fed_changes_add(struct fed_changes *, struct fed_change *, struct fed_error *);
void fed_change_release(struct fed_change *);
void fed_changes_clear(struct fed_changes *); /* zeroed is fine */

#endif
