/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * room/roles.c - roles at the server: who is asked or drawn, votes, the end.
 */
#include "room/roles.h"

#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "room/internal.h"
#include "session/composition.h"
#include "session/inject.h"
#include "session/remote.h"
#include "train/faults/faults.h"

/* What is said -------------------------------------------------------------------------------- */

static int write_role(struct fed_room_role *role, const struct fed_role_order *o,
                      struct fed_error *err)
{
	char key[48];
	const char *attack = o->fault;

	for (size_t i = 0; i < o->n; i++)
		if (fed_same_name(o->assign[i].key, "attack") && o->assign[i].value)
			attack = o->assign[i].value;
	fed__room_line(&role->text, "fault", o->fault);
	fed__room_line(&role->text, "attack", attack);
	fed_text_add(&role->text, "asks=%d\n", !o->secret);
	fed_text_add(&role->words, "%s", o->fault);
	for (size_t i = 0; i < o->n; i++) {
		const char *value = o->assign[i].value ? o->assign[i].value : "yes";

		snprintf(key, sizeof key, "set.%.40s", o->assign[i].key);
		fed__room_line(&role->text, key, value);
		fed_text_add(&role->words, " %s=%s", o->assign[i].key, value);
	}
	return role->text.failed || role->words.failed
	           ? fed_fail_memory(err, o->n * sizeof key, "the role")
	           : FED_OK;
}

static bool acts_at_client(enum fed_fault_kind kind)
{
	return kind == FED_FAULT_BYZANTINE || kind == FED_FAULT_DRIFT ||
	       kind == FED_FAULT_DATA_ARRIVES || kind == FED_FAULT_DATA_EXPIRES;
}

/* A role begins at once, and `reveal` ends it: `inject` alone takes versions. */
static int check_settings(const struct fed_role_order *o, struct fed_error *err)
{
	for (size_t i = 0; i < o->n; i++)
		if (fed_same_name(o->assign[i].key, "at") || fed_same_name(o->assign[i].key, "for"))
			return fed_reject(err,
			                  "a role begins with the next round and lasts until `reveal`, "
			                  "without %s=",
			                  o->assign[i].key);
	return FED_OK;
}

static int check_fault(struct fed_room *r, const struct fed_role_order *o, struct fed_error *err)
{
	const struct fed_injection in = {
		.fault = o->fault, .who = "all", .assign = o->assign, .n = o->n};
	struct fed_fault fault;
	int rc;

	if (check_settings(o, err) || fed_session_read_fault(r->session, &in, &fault, err))
		return FED_REJECT;
	if (!acts_at_client(fault.kind))
		rc =
			fed_reject(err,
		               "%s acts at the server's door: `inject %s WHO`; roles are byzantine, drift, "
		               "data-arrives and data-expires",
		               fed_fault_types[fault.kind].name, fed_fault_types[fault.kind].name);
	else if (fault.attack && fed_attack_form(&fault.attack->instance) == FED_ATTACK_TOGETHER)
		rc =
			fed_reject(err,
		               "%s needs the updates of the other attackers, which a member does not have; "
		               "sign-flip and others attack alone",
		               fault.args.attack);
	else
		rc = FED_OK;
	r->role.byzantine = fault.kind == FED_FAULT_BYZANTINE;
	fed_fault_release(&fault);
	return rc;
}

/* Choice ----------------------------------------------------------------------------------------
 */

static bool is_candidate(const struct fed_member *m, bool secret)
{
	return m->state == FED_MEMBER_CLIENT && (!secret || m->takes_secret);
}

static bool is_named(const struct fed_member *m, const char *who)
{
	long long number;

	return fed_same_name(who, "all") || strcmp(who, m->name) == 0 ||
	       (fed_parse_int(who, &number) && number == (long long)m->client);
}

/* A uniform number below n, of the system's randomness: no seed tells it. */
static int draw_below(uint32_t n, uint32_t *out, struct fed_error *err)
{
	uint64_t x;

	if (getentropy(&x, sizeof x))
		return fed_fail(err, "the system gives no random number for the lots");
	*out = (uint32_t)(x % n); /* off by less than 1e-9 from uniform */
	return FED_OK;
}

static int draw_holders(struct fed_room *r, uint32_t wanted, bool secret, struct fed_error *err)
{
	struct fed_room_role *role = &r->role;
	uint32_t n = 0, at = 0;

	for (uint32_t i = 0; i < r->n; i++)
		if ((r->member[i].drawn_from = is_candidate(&r->member[i], secret)))
			role->holder[n++] = (struct fed_role_holder){.peer = r->member[i].peer};
	if (wanted == 0 || wanted > n)
		return fed_reject(err, "%u of the %u clients here can be drawn%s; %s", n,
		                  fed_room_present(r),
		                  secret ? " for a secret role (those that joined with --roles)" : "",
		                  n ? "draw one or more of these" : "wait until some have joined");
	for (uint32_t i = 0; i < wanted; i++) {
		if (draw_below(n - i, &at, err))
			return FED_FAIL;
		const struct fed_role_holder drawn = role->holder[i + at];
		role->holder[i + at] = role->holder[i];
		role->holder[i] = drawn;
	}
	role->n = wanted;
	return FED_OK;
}

static int choose_holders(struct fed_room *r, const struct fed_role_order *o, struct fed_error *err)
{
	struct fed_room_role *role = &r->role;
	unsigned wanted;
	char rest;

	role->holder = fed_alloc_array(r->n + 1, sizeof *role->holder);
	if (!role->holder)
		return fed_fail_memory(err, r->n * sizeof *role->holder, "the role");
	if (sscanf(o->who, "random:%u%c", &wanted, &rest) == 1)
		return draw_holders(r, wanted, o->secret, err);
	if (o->secret)
		return fed_reject(err, "a secret role is drawn by lot, random:1, so that no one is named");
	for (uint32_t i = 0; i < r->n; i++)
		if (is_candidate(&r->member[i], false) && is_named(&r->member[i], o->who))
			role->holder[role->n++] = (struct fed_role_holder){.peer = r->member[i].peer};
	return role->n ? FED_OK
	               : fed_reject(err, "%s is no client that is here; `room` lists them",
	                            fed_show(o->who).s);
}

/* Tell the room that there may be attackers, and by which numbers they are named. */
static void announce(struct fed_room *r)
{
	struct fed_text text = {0};

	fed_text_add(&text, "some of those who agreed may attack now; v and a number votes:");
	for (uint32_t i = 0; i < r->n; i++)
		if (r->member[i].state == FED_MEMBER_CLIENT)
			fed_text_add(&text, " %u %s", r->member[i].client, r->member[i].name);
	fed_room_tell(r, fed_text_str(&text));
	fed_text_release(&text);
}

int fed_room_give_role(struct fed_room *r, const struct fed_role_order *o, uint32_t *n,
                       struct fed_error *err)
{
	*n = 0;
	if (r->role.given)
		return fed_reject(err, "a role is given already; `reveal` ends it");
	if (check_fault(r, o, err)) {
		fed__role_release(&r->role);
		return FED_REJECT;
	}
	r->role.secret = o->secret;
	int rc = choose_holders(r, o, err);
	if (rc == FED_OK)
		rc = write_role(&r->role, o, err);
	if (rc) {
		fed__role_release(&r->role);
		return rc;
	}
	r->role.given = true;
	for (uint32_t i = 0; i < r->n; i++) {
		r->member[i].vote = FED_SERVER;
		fed__role_mark(r, &r->member[i]);
	}
	for (uint32_t i = 0; i < r->role.n; i++)
		fed__role_say(r, r->role.holder[i].peer);
	if (o->secret)
		announce(r);
	*n = r->role.n;
	return FED_OK;
}

/* Votes --------------------------------------------------------------------------------------- */

static bool votes(const struct fed_member *m)
{
	return m->vote != FED_SERVER && m->state != FED_MEMBER_OUT;
}

uint32_t fed_room_voters(const struct fed_room *r)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->n; i++)
		n += votes(&r->member[i]);
	return n;
}

uint32_t fed_room_votes(const struct fed_room *r, uint32_t client)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->n; i++)
		n += votes(&r->member[i]) && r->member[i].vote == client && r->member[i].client != client;
	return n;
}

int fed_room_reveal(struct fed_room *r, struct fed_text *out, struct fed_error *err)
{
	if (!r->role.given)
		return fed_reject(err, "no role is given; `role` gives one");
	for (uint32_t i = 0; i < r->role.n; i++) {
		const struct fed_role_holder *holder = &r->role.holder[i];
		const struct fed_member *m = fed__room_member_of(r, holder->peer);
		const uint32_t others = fed_room_voters(r) - (m && votes(m));

		if (!m)
			continue;
		fed_text_add(out, "%s, client %u, %s the role %s; ", m->name, m->client,
		             holder->took ? "had" : "did not take", fed_text_str(&r->role.words));
		if (others)
			fed_text_add(out, "%u of %u others who voted found it\n", fed_room_votes(r, m->client),
			             others);
		else
			fed_text_add(out, "no one else voted\n");
		fed__room_say(r, m->peer, FED_ROOM_ROLE, "");
	}
	fed_room_tell(r, fed_text_str(out));
	for (uint32_t i = 0; i < r->n; i++) {
		const struct fed_role_holder *holder = fed__role_holder_of(r, r->member[i].peer);

		fed_session_remote_tell(r->session, r->member[i].client,
		                        r->role.byzantine && holder && holder->took);
		r->member[i].vote = FED_SERVER;
		r->member[i].consents = r->member[i].drawn_from = false;
	}
	fed__role_release(&r->role);
	return FED_OK;
}
