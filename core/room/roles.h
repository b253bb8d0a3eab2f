/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * room/roles.h - roles: members that attack, or whose data change, in their own programs.
 *
 * A role is a fault that acts at the client.  The server says which, with its settings, and the
 * member's program injects it into the member's own session: the same code and the same bits as in
 * a simulation.  A member is asked for its consent; or the role is secret: it is drawn by lot among
 * those that have agreed to secret roles before (`fedsh join --roles`), all members are told that
 * there may be attackers, and nothing here tells who it is before it is revealed.
 */
#ifndef FED_ROOM_ROLES_H
#define FED_ROOM_ROLES_H

#include "room/room.h"

struct fed_role_order {
	const char *fault, *who; /* a member's name, a client's number, all, random:N */
	bool secret;
	const struct fed_assign *assign; /* [n] settings of the fault, and of its attack */
	size_t n;
};
/* Give a role; *n: members that it was offered or given to.  FED_REJECT: no member can have it, or
 * one is given already. */
int fed_room_give_role(struct fed_room *, const struct fed_role_order *, uint32_t *n,
                       struct fed_error *);
/* End the role; append who had it, and how many found each.  FED_REJECT: none is given. */
int fed_room_reveal(struct fed_room *, struct fed_text *, struct fed_error *);
/* Members that have voted; and of them those that take the client for an attacker, where a member
 * does not count for itself. */
uint32_t fed_room_voters(const struct fed_room *);
uint32_t fed_room_votes(const struct fed_room *, uint32_t client);

#endif
