/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/inject.h - faults as a user meets them: injected into clients, and healed.
 *
 * A user counts versions as rounds do, from 1: version V is the one that is being made when a fault
 * with at=V begins; the federation then still has V - 1.  Faults belong to the composition: a
 * restart meets them again, at the versions that were asked for or else from the first one on; a
 * client that leaves drops out of them.
 */
#ifndef FED_SESSION_INJECT_H
#define FED_SESSION_INJECT_H

#include "session/session.h"

struct fed_injection {
	const char *fault, *who;
	const struct fed_assign *assign; /* [n] parameters of the fault, and of its attack */
	size_t n;
	uint64_t at;       /* version being made when it begins; 0: the next one */
	uint64_t versions; /* for so many; 0: until healed */
};

/* All or nothing.  What was injected is told as an event, what can have no effect as a notice. */
int fed_session_inject(struct fed_session *, const struct fed_injection *, struct fed_error *);
/* who NULL: all clients; which, a fault's name or number, NULL: all faults.  *healed counts pairs
 * of a fault and a client; each fault that is healed is told. */
int fed_session_heal(struct fed_session *, const char *who, const char *which, uint64_t *healed,
                     struct fed_error *);

/* Append "byzantine attack=alie knowledge=all z=1.5". */
void fed_fault_put(const struct fed_fault *, struct fed_text *);
void fed_fault_put_args(const struct fed_fault *, struct fed_text *);
/* Append "version 3", "versions 3 to 5", "from version 3 on". */
void fed_fault_put_versions(const struct fed_fault *, struct fed_text *);

enum fed_fault_phase { FED_FAULT_AHEAD, FED_FAULT_ACTIVE, FED_FAULT_OVER };
/* In the version that is made next. */
enum fed_fault_phase fed_fault_phase(const struct fed_session *, const struct fed_fault *);
/* Append the names of a client's faults, "straggler,(offline)": those in brackets are still to
 * come, those that are over are left out. */
void fed_client_put_faults(const struct fed_session *, uint32_t client, struct fed_text *);
/* Whether it strikes now and then, so that its strikes are counted; else it is there all the time.
 */
bool fed_fault_counts(const struct fed_fault *);

#endif
