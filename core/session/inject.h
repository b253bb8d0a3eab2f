/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/inject.h - injection and healing of faults, with versions as users count them.
 *
 * Users count the versions that rounds make, from 1: a fault with at=V begins in the round that
 * makes version V, while the federation has V - 1.  Faults belong to the composition: a restart
 * repeats them, at the versions given or else from the first on; a client that leaves is removed
 * from them.
 */
#ifndef FED_SESSION_INJECT_H
#define FED_SESSION_INJECT_H

#include "session/session.h"

struct fed_fault;

struct fed_injection {
	const char *fault, *who;
	const struct fed_assign *assign; /* [n] parameters of the fault, and of its attack */
	size_t n;
	uint64_t at;       /* version being made when it begins; 0: the next one */
	uint64_t versions; /* for so many; 0: until healed */
};

/* Inject a fault, or change nothing.  Sends an event, and a notice if the fault can have no effect.
 */
int fed_session_inject(struct fed_session *, const struct fed_injection *, struct fed_error *);
/* Heal clients (who NULL: all) of a fault by name or number (which NULL: all).  *healed counts
 * pairs of a fault and a client; sends an event for each fault healed. */
int fed_session_heal(struct fed_session *, const char *who, const char *which, uint64_t *healed,
                     struct fed_error *);

/* Read and check a fault as fed_session_inject() would, without its clients and versions; to be
 * released. */
int fed_session_read_fault(const struct fed_session *, const struct fed_injection *,
                           struct fed_fault *, struct fed_error *);

/* Append "byzantine attack=alie knowledge=all z=1.5". */
void fed__fault_put(const struct fed_fault *, struct fed_text *);
void fed_fault_put_args(const struct fed_fault *, struct fed_text *);
/* Append "version 3", "versions 3 to 5", "from version 3 on". */
void fed_fault_put_versions(const struct fed_fault *, struct fed_text *);

enum fed_fault_phase { FED_FAULT_AHEAD, FED_FAULT_ACTIVE, FED_FAULT_OVER };
/* The phase of a fault in the next version. */
enum fed_fault_phase fed_fault_phase(const struct fed_session *, const struct fed_fault *);
/* Append the names of a client's faults, "straggler,(offline)": brackets mark faults that have not
 * begun; those that are over are left out. */
void fed_client_put_faults(const struct fed_session *, uint32_t client, struct fed_text *);
/* True for a fault that strikes at single events, which are counted; false for a permanent one. */
bool fed_fault_counts(const struct fed_fault *);

#endif
