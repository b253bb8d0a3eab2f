/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * room/members.c - the table of members, and texts to them.
 */
#include <string.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "room/internal.h"

struct fed_member *fed__room_member_of(const struct fed_room *r, uint32_t peer)
{
	for (uint32_t i = 0; i < r->n; i++)
		if (r->member[i].peer == peer)
			return &r->member[i];
	return NULL;
}

struct fed_member *fed__room_member_of_client(const struct fed_room *r, uint32_t client)
{
	for (uint32_t i = 0; i < r->n; i++)
		if (r->member[i].client == client)
			return &r->member[i];
	return NULL;
}

/* The member whose client was saved with this key, and whose program has not been heard yet. */
static struct fed_member *member_expected(const struct fed_room *r, const char *key)
{
	for (uint32_t i = 0; i < r->n; i++)
		if (r->member[i].peer == FED_NO_PEER && strcmp(r->member[i].key, key) == 0)
			return &r->member[i];
	return NULL;
}

struct fed_member *fed__room_recognise(struct fed_room *r, uint32_t peer)
{
	struct fed_member *m = fed__room_member_of(r, peer);
	struct fed_network_peer known;

	if (m || !fed_network_peer(r->network, peer, &known))
		return m;
	m = member_expected(r, known.key);
	if (m)
		m->peer = peer;
	return m;
}

struct fed_member *fed__room_add(struct fed_room *r, uint32_t peer, const char *key)
{
	struct fed_member *m;

	if (r->n == r->capacity) {
		const uint32_t more = r->capacity ? 2 * r->capacity : 16;
		struct fed_member *grown =
			fed_resize(r->member, r->capacity * sizeof *grown, more * sizeof *grown);

		if (!grown)
			return NULL;
		r->member = grown;
		r->capacity = more;
	}
	m = &r->member[r->n++];
	*m = (struct fed_member){
		.peer = peer, .client = FED_SERVER, .vote = FED_SERVER, .joined = fed_wall_seconds()};
	snprintf(m->key, sizeof m->key, "%s", key);
	return m;
}

void fed__room_say(struct fed_room *r, uint32_t peer, enum fed_room_message kind, const char *text)
{
	const struct fed_member *m = fed__room_member_of(r, peer);
	const struct fed_message head = {.from = FED_SERVER,
	                                 .to = m ? m->client : FED_SERVER,
	                                 .kind = kind,
	                                 .id = (uint64_t)r->epoch << 32 | (uint32_t)++r->tags};
	struct fed_text frame = {0};
	struct fed_error unused;

	if (!text)
		text = "";
	if (fed_frame_put_text(&head, 0, text, strlen(text), &frame, &unused) == FED_OK)
		(void)fed_network_send(r->network, peer, frame.s, frame.len, UINT64_MAX, &unused);
	fed_text_release(&frame);
}
