/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * room/status.c - a room at one moment, as a value.
 */
#include "room/status.h"

#include <math.h>
#include <string.h>

#include "base/cpu.h"
#include "base/mem.h"

#define ADDRESSES_EVERY 5.0 /* seconds between two looks for addresses */

/* Addresses -------------------------------------------------------------------------- */

/* The higher, the less likely others reach it. */
static int remoteness(const struct fed_room_address *a)
{
	return strcmp(a->interface, "lo") == 0 ? 2 : strcmp(a->kind, "virtual") == 0;
}

/* Insert an address behind those that are as likely. */
static void take_address(void *ctx, const char *interface, const char *address, const char *kind)
{
	struct fed_room_status *st = ctx;
	struct fed_room_address one;
	uint32_t at = st->addresses;

	snprintf(one.interface, sizeof one.interface, "%s", interface);
	snprintf(one.host, sizeof one.host, strchr(address, ':') ? "[%s]" : "%s", address);
	snprintf(one.kind, sizeof one.kind, "%s", kind);
	while (at > 0 && remoteness(&st->address[at - 1]) > remoteness(&one))
		at--;
	if (at == FED_ROOM_ADDRESSES)
		return;
	st->addresses += st->addresses < FED_ROOM_ADDRESSES;
	memmove(&st->address[at + 1], &st->address[at], (st->addresses - at - 1) * sizeof *st->address);
	st->address[at] = one;
}

/* Of "tcp://HOST:PORT": the port, and the host or all addresses of this machine. */
static void find_addresses(struct fed_room_status *st, const char *endpoint, double now)
{
	static const char scheme[] = "tcp://";
	const char *host = endpoint + strlen(scheme), *colon = strrchr(host, ':');

	if (!colon || (st->looked > 0 && now < st->looked + ADDRESSES_EVERY))
		return;
	st->looked = now;
	st->addresses = 0;
	snprintf(st->port, sizeof st->port, "%.7s", colon + 1);
	if (*host == '*') {
		fed_network_each_address(take_address, st, true);
		return;
	}
	st->address[0] = (struct fed_room_address){{0}, {0}, {0}};
	snprintf(st->address[0].host, sizeof st->address[0].host, "%.*s", (int)(colon - host), host);
	st->addresses = 1;
}

/* Members ---------------------------------------------------------------------------- */

static double share_of(uint64_t part, uint64_t whole)
{
	return whole ? fmin((double)part / (double)whole, 1) : NAN;
}

static void find_task(struct fed_member_status *m, double now)
{
	const struct fed_member *of = &m->member;

	m->task = FED_TASK_NONE;
	m->share = m->asked_for = NAN;
	if (!of->asked || of->state != FED_MEMBER_CLIENT)
		return;
	m->asked_for = fmax(now - of->asked_at, 0);
	if (!of->has_it) {
		m->task = FED_TASK_RECEIVES;
		m->share = share_of(m->peer.acknowledged, m->peer.outgoing);
	} else if (m->peer.arrived) {
		m->task = FED_TASK_SENDS;
		m->share = share_of(m->peer.arrived, m->peer.incoming);
	} else {
		m->task = FED_TASK_WORKS;
		m->share = of->worked > 0 ? fmax(now - of->has_it_at, 0) / of->worked : NAN;
	}
}

static void count(struct fed_room_status *st, const struct fed_member_status *m)
{
	const bool client = m->member.state == FED_MEMBER_CLIENT;

	st->in[m->member.state]++;
	st->silent += client && m->member.silent;
	st->asked += m->task != FED_TASK_NONE;
}

/* A vote counts unless its voter was sent out, or means itself. */
static int count_votes(struct fed_room_status *st, struct fed_error *err)
{
	uint32_t clients = 0;

	for (uint32_t i = 0; i < st->n; i++) {
		const uint32_t client = st->member[i].member.client;

		clients = client != FED_SERVER && client >= clients ? client + 1 : clients;
	}
	if (clients > st->tallied) {
		uint32_t *grown =
			fed_resize(st->tally, st->tallied * sizeof *grown, clients * sizeof *grown);

		if (!grown)
			return fed_fail_memory(err, clients * sizeof *grown, "the votes");
		st->tally = grown;
		st->tallied = clients;
	}
	for (uint32_t i = 0; i < st->tallied; i++)
		st->tally[i] = 0;
	for (uint32_t i = 0; i < st->n; i++) {
		const struct fed_member *voter = &st->member[i].member;

		if (voter->vote >= clients /* or none */ || voter->state == FED_MEMBER_OUT)
			continue;
		st->votes++;
		st->tally[voter->vote] += voter->vote != voter->client;
	}
	for (uint32_t i = 0; i < st->n; i++) {
		const uint32_t client = st->member[i].member.client;

		st->member[i].votes = client == FED_SERVER ? 0 : st->tally[client];
	}
	return FED_OK;
}

static int reserve(struct fed_room_status *st, uint32_t n, struct fed_error *err)
{
	if (n <= st->capacity)
		return FED_OK;
	struct fed_member_status *grown =
		fed_resize(st->member, st->capacity * sizeof *grown, 2 * (size_t)n * sizeof *grown);

	if (!grown)
		return fed_fail_memory(err, n * sizeof *grown, "the members of the room");
	st->member = grown;
	st->capacity = 2 * n;
	return FED_OK;
}

int fed_room_status(const struct fed_room *r, struct fed_room_status *st, struct fed_error *err)
{
	const double now = fed_wall_seconds();

	if (st->of != r || !r || strcmp(st->code, fed_room_code(r)) != 0) /* another room */
		st->looked = 0;
	st->open = r != NULL;
	st->of = r;
	st->n = st->silent = st->asked = st->votes = 0;
	memset(st->in, 0, sizeof st->in);
	if (!r)
		return FED_OK;
	if (reserve(st, fed_room_members(r), err))
		return FED_FAIL;
	st->strict = fed_room_options(r)->strict;
	snprintf(st->code, sizeof st->code, "%s", fed_room_code(r));
	fed_key_fingerprint(fed_room_key(r), st->fingerprint);
	find_addresses(st, fed_room_endpoint(r), now);
	for (; st->n < fed_room_members(r); st->n++) {
		struct fed_member_status *m = &st->member[st->n];

		*m = (struct fed_member_status){.member = *fed_room_member(r, st->n)};
		m->peer.round_trip = NAN;
		m->silence = fed__room_peer(r, st->n, &m->peer) ? fmax(now - m->peer.heard, 0) : NAN;
		find_task(m, now);
		count(st, m);
	}
	return count_votes(st, err);
}

void fed_room_status_release(struct fed_room_status *st)
{
	fed_free(st->member);
	fed_free(st->tally);
	*st = (struct fed_room_status){0};
}

/* Text ---------------------------------------------------------------------------------- */

static void put_count(struct fed_text *out, uint32_t n, const char *one, const char *more)
{
	if (n)
		fed_text_add(out, ", %u %s", n, n == 1 ? one : more);
}

void fed_room_put_counts(struct fed_text *out, const struct fed_room_status *st)
{
	const uint32_t prepare = st->in[FED_MEMBER_PREPARES] + st->in[FED_MEMBER_READY];

	fed_text_add(out, "%u here", st->in[FED_MEMBER_CLIENT]);
	put_count(out, st->silent, "of them silent", "of them silent");
	put_count(out, prepare, "prepares", "prepare");
	put_count(out, st->in[FED_MEMBER_WAITS], "waits for approval", "wait for approval");
	put_count(out, st->in[FED_MEMBER_UNFIT], "does not fit", "do not fit");
	put_count(out, st->in[FED_MEMBER_LEFT], "left", "left");
	put_count(out, st->in[FED_MEMBER_OUT], "sent out", "sent out");
}

void fed_room_put_asked(struct fed_text *out, const struct fed_room_status *st, uint32_t most)
{
	const uint32_t last = st->asked > most ? most : st->asked;
	uint32_t n = 0;

	for (uint32_t i = 0; i < st->n && n < last; i++) {
		if (st->member[i].task == FED_TASK_NONE)
			continue;
		n++;
		fed_text_add(out, "%s%s",
		             n == 1                           ? ""
		             : n == last && last == st->asked ? " and "
		                                              : ", ",
		             st->member[i].member.name);
	}
	if (st->asked > last)
		fed_text_add(out, " and %u more", st->asked - last);
}
