/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * room/peers.c - public keys of the members, told to all of them where they seal the head for each
 * other (split learning with relay=peer).
 *
 * Members have the keys from the server, which could name others: what they compare is
 * fed_seal_word() on their screens.
 */
#include <string.h>

#include "room/internal.h"
#include "session/composition.h"
#include "train/schemes/split.h"

static bool seals(const struct fed_room *r)
{
	const struct fed_composition *c = fed_session_parts(r->session);

	return c->scheme && fed_split_seals(c->scheme, c->scheme_state);
}

/* A line for each client; of one that was sent out: what it sealed is opened, no more. */
static void put_peers(const struct fed_room *r, struct fed_text *out)
{
	for (uint32_t i = 0; i < r->n; i++) {
		const struct fed_member *m = &r->member[i];

		if (m->client != FED_SERVER)
			fed_text_add(out, "%s.%u=%s\n", m->state == FED_MEMBER_OUT ? "gone" : "peer", m->client,
			             m->key);
	}
}

void fed__room_say_peers(struct fed_room *r, const struct fed_member *m)
{
	if (r->peers.len)
		fed__room_say(r, m->peer, FED_ROOM_PEERS, fed_text_str(&r->peers));
}

void fed__room_settle_peers(struct fed_room *r)
{
	struct fed_text now = {0};

	if (seals(r))
		put_peers(r, &now);
	if (now.failed || strcmp(fed_text_str(&now), fed_text_str(&r->peers)) == 0) {
		fed_text_release(&now);
		return;
	}
	fed_text_release(&r->peers);
	r->peers = now;
	for (uint32_t i = 0; i < r->n; i++)
		if (r->member[i].state == FED_MEMBER_CLIENT)
			fed__room_say(r, r->member[i].peer, FED_ROOM_PEERS, fed_text_str(&r->peers));
}
