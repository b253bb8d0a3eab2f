/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * room/role_holders.c - members that have a role, or were offered it.
 */
#include "base/mem.h"
#include "room/internal.h"
#include "session/remote.h"

struct fed_role_holder *fed__role_holder_of(const struct fed_room *r, uint32_t peer)
{
	for (uint32_t i = 0; i < r->role.n; i++)
		if (r->role.holder[i].peer == peer)
			return &r->role.holder[i];
	return NULL;
}

void fed__role_release(struct fed_room_role *role)
{
	fed_free(role->holder);
	fed_text_release(&role->text);
	fed_text_release(&role->words);
	*role = (struct fed_room_role){0};
}

void fed__role_say(struct fed_room *r, uint32_t peer)
{
	fed__room_say(r, peer, FED_ROOM_ROLE, fed_text_str(&r->role.text));
}

void fed__role_mark(struct fed_room *r, const struct fed_member *m)
{
	const struct fed_role_holder *holder = fed__role_holder_of(r, m->peer);

	if (m->client == FED_SERVER || !r->role.byzantine)
		return;
	fed_session_remote_truth(r->session, m->client,
	                         r->role.secret ? m->drawn_from ? FED_TRUTH_SECRET : FED_TRUTH_HONEST
	                         : holder && holder->took ? FED_TRUTH_BYZANTINE
	                                                  : FED_TRUTH_HONEST);
}

void fed__role_renew(struct fed_room *r, const struct fed_member *m)
{
	fed__role_mark(r, m);
	if (fed__role_holder_of(r, m->peer))
		fed__role_say(r, m->peer);
}

void fed__role_hears(struct fed_room *r, struct fed_member *m, bool takes, const char *why)
{
	struct fed_role_holder *holder = fed__role_holder_of(r, m->peer);

	if (!holder)
		return;
	holder->took = takes;
	if (r->role.secret)
		return; /* not even that something came may be seen */
	m->consents = takes;
	fed__role_mark(r, m);
	r->changed = true;
	if (takes)
		fed_session_tell(r->session, FED_EVENT_NOTICE, "%s takes the role %s", m->name,
		                 fed_text_str(&r->role.words));
	else
		fed_session_tell(r->session, FED_EVENT_NOTICE, "%s does not take the role%s%s", m->name,
		                 *why ? ": " : "", fed_show(why).s);
}
