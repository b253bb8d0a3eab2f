/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * room/room.c - rooms: opening and closing one, its members, and what is done to them.
 */
#include <string.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "room/internal.h"
#include "room/terms.h"
#include "session/composition.h"
#include "session/remote.h"

const char *const fed_member_states[] = {"waits for approval", "prepares", "ready", "client",
                                         "does not fit",       "left",     "out"};

/* Members ---------------------------------------------------------------------------- */

uint32_t fed_room_members(const struct fed_room *r)
{
	return r->n;
}

const struct fed_member *fed_room_member(const struct fed_room *r, uint32_t i)
{
	return i < r->n ? &r->member[i] : NULL;
}

bool fed__room_peer(const struct fed_room *r, uint32_t i, struct fed_network_peer *peer)
{
	return i < r->n && fed_network_peer(r->network, r->member[i].peer, peer);
}

uint32_t fed_room_present(const struct fed_room *r)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->n; i++)
		n += r->member[i].state == FED_MEMBER_CLIENT;
	return n;
}

/* Between rounds -------------------------------------------------------------------------- */

/* Which client of the session each member is: it may have been replaced (restore, reset). */
static void find_clients(struct fed_room *r)
{
	for (uint32_t i = 0; i < r->n; i++) {
		struct fed_member *m = &r->member[i];
		const uint32_t id = fed_clients_find_key(&fed_session_parts(r->session)->clients, m->key);

		if (id == m->client)
			continue;
		m->client = id;
		if (m->state == FED_MEMBER_CLIENT)
			m->state = FED_MEMBER_READY;
	}
}

/* Members for the clients of a session that was restored: they may come back. */
static void expect_clients(struct fed_room *r)
{
	const struct fed_clients *c = &fed_session_parts(r->session)->clients;

	for (uint32_t i = 0; i < c->n_present; i++) {
		const struct fed_client *client = &c->client[c->present[i]];
		struct fed_member *m = fed_client_is_remote(c, c->present[i])
		                           ? fed__room_add(r, FED_NO_PEER, c->block[client->block].key)
		                           : NULL;

		if (!m)
			continue;
		m->client = c->present[i];
		m->state = FED_MEMBER_LEFT;
		m->approved = true;
		m->examples = client->count + client->holdout;
		snprintf(m->name, sizeof m->name, "%.*s", FED_MEMBER_NAME - 1,
		         client->name ? client->name : "");
		fed_key_fingerprint(m->key, m->fingerprint);
		fed_session_remote_away(r->session, m->client);
	}
}

/* Tell of the first member whose processor adds in another order than the server's, of each kind.
 * A program that says no set of ours promises no bits anyway. */
static void tell_isa(struct fed_room *r, const struct fed_member *m)
{
	const enum fed_isa here = fed_cpu_isa();
	enum fed_isa there = FED_ISA_PLAIN;

	while (there <= FED_ISA_AVX512 && strcmp(m->isa, fed_isa_name(there)) != 0)
		there++;
	if (there > FED_ISA_AVX512 || there == here || r->isas_told >> there & 1)
		return;
	r->isas_told |= 1u << there;
	fed_session_tell(
		r->session, FED_EVENT_NOTICE,
		"%s computes with %s and this program with %s, whose sums round otherwise: the "
		"bits of a simulation are not promised; FEDSH_ISA=%s in the environment of "
		"both makes them the same",
		m->name, m->isa, fed_isa_name(here), fed_isa_name(there < here ? there : here));
}

/* Make a member that is ready a client. */
static void seat(struct fed_room *r, struct fed_member *m)
{
	struct fed_error why;
	struct fed_text text = {0};
	int rc =
		m->client == FED_SERVER
			? fed_session_add_remote(r->session, m->name, m->key, m->examples, &m->client, &why)
			: fed_session_remote_here(r->session, m->client, m->examples, &why);

	if (rc && m->client == FED_SERVER) /* another client has the name */
		rc = fed_session_add_remote(r->session, NULL, m->key, m->examples, &m->client, &why);
	if (rc) {
		snprintf(m->why, sizeof m->why, "%.150s", why.text);
		m->state = FED_MEMBER_UNFIT;
		return;
	}
	m->state = FED_MEMBER_CLIENT;
	r->changed = true;
	fed_text_add(&text, "client=%u\n", m->client);
	fed__room_say(r, m->peer, FED_ROOM_CLIENT, fed_text_str(&text));
	fed_text_release(&text);
	fed__room_say_peers(r, m);
	fed__role_renew(r, m);
	fed_session_tell(r->session, FED_EVENT_NOTICE, "%s is client %u, with %s examples", m->name,
	                 m->client, fed_count(m->examples).s);
	tell_isa(r, m);
}

/* Whether members can be told what they need to prepare. */
static bool is_composed(const struct fed_session *s)
{
	const struct fed_composition *c = fed_session_parts(s);

	return c->data && c->net_built && c->aggregator.entry && c->transport.entry;
}

/* Welcome admitted members who have not been told the terms. */
static void greet(struct fed_room *r)
{
	for (uint32_t i = 0; i < r->n; i++) {
		struct fed_member *m = &r->member[i];

		if (!m->greeted && m->state != FED_MEMBER_WAITS && m->state <= FED_MEMBER_UNFIT)
			fed__room_welcome(r, m);
	}
}

/* Offer the terms again if the composition has changed; the answers may change who fits. */
static void offer_terms(struct fed_room *r)
{
	struct fed_text now = {0};

	fed__terms_put(r->session, &now);
	if (now.failed || strcmp(fed_text_str(&now), fed_text_str(&r->terms)) == 0) {
		fed_text_release(&now);
		return;
	}
	const bool first = r->terms.len == 0;
	fed_text_release(&r->terms);
	r->terms = now;
	if (first) {
		greet(r);
		return;
	}
	for (uint32_t i = 0; i < r->n; i++) {
		const enum fed_member_state state = r->member[i].state;

		if (state != FED_MEMBER_WAITS && state <= FED_MEMBER_UNFIT)
			fed__room_say(r, r->member[i].peer, FED_ROOM_TERMS, fed_text_str(&r->terms));
	}
}

void fed__room_settle(struct fed_room *r)
{
	struct fed_error unused;

	if (fed_session_open(r->session) || fed_session_use_network(r->session, &unused) ||
	    !is_composed(r->session))
		return;
	fed__room_check_silence(r);
	find_clients(r);
	offer_terms(r);
	for (uint32_t i = 0; i < r->n; i++) {
		struct fed_member *m = &r->member[i];

		if (m->state == FED_MEMBER_READY)
			seat(r, m);
		else if (m->state != FED_MEMBER_CLIENT)
			fed_session_remote_away(r->session, m->client);
	}
	fed__room_settle_peers(r);
}

static void take_events(struct fed_room *r, double timeout)
{
	struct fed_network_event event;

	for (; fed_network_next(r->network, timeout, &event); timeout = 0)
		fed__room_take_event(r, &event);
}

bool fed_room_idle(struct fed_room *r, double timeout)
{
	r->changed = false;
	take_events(r, timeout);
	fed__room_settle(r);
	return r->changed;
}

/* Opening and closing ------------------------------------------------------------------ */

static int copy_options(struct fed_room *r, const struct fed_room_options *o, struct fed_error *err)
{
	r->options = *o;
	r->options.code = NULL;
	r->options.endpoint = fed_strdup(o->endpoint);
	r->options.key_file = fed_strdup(o->key_file);
	return r->options.endpoint && r->options.key_file
	           ? FED_OK
	           : fed_fail_memory(err, strlen(o->endpoint), "the room");
}

static void free_room(struct fed_room *r)
{
	fed_network_free(r->network, 1);
	fed_key_pair_forget(&r->keys);
	fed__room_clear_news(r);
	fed_free(r->news);
	fed_free(r->member);
	fed_free((char *)(uintptr_t)r->options.endpoint);
	fed_free((char *)(uintptr_t)r->options.key_file);
	fed_text_release(&r->terms);
	fed_text_release(&r->peers);
	fed__recording_release(&r->recording);
	fed__role_release(&r->role);
	fed_free(r);
}

/* Answers to what was sent under another one are ignored. */
static int draw_epoch(struct fed_room *r, struct fed_error *err)
{
	return getentropy(&r->epoch, sizeof r->epoch)
	           ? fed_fail(err, "the system gives no random number for the room")
	           : FED_OK;
}

static void settle(void *ctx)
{
	fed__room_settle(ctx);
}

static int open_network(struct fed_room *r, struct fed_error *err)
{
	struct fed_network_limits limits = fed_network_default_limits;
	const struct fed_network_server server = {.endpoint = r->options.endpoint,
	                                          .keys = &r->keys,
	                                          .limits = &limits,
	                                          .tells_key = true,
	                                          .check = fed_frame_is_whole};

	limits.peers = r->options.most;
	if (limits.silent_after > r->options.patience)
		limits.silent_after = r->options.patience;
	const int rc = fed_network_serve(&r->network, &server, err);
	if (rc)
		return rc;
	fed__room_serve(r);
	return fed_session_set_network(r->session, &r->service, settle, r, err);
}

int fed_room_open(struct fed_room **out, struct fed_session *s, const struct fed_room_options *o,
                  struct fed_error *err)
{
	struct fed_error unused;

	if (o->code && strlen(o->code) >= FED_CODE_TEXT)
		return fed_reject(err, "a class code has three groups of four letters and digits");
	if (fed_session_check_closed(s, err))
		return FED_FAIL;
	struct fed_room *r = fed_alloc(sizeof *r);
	if (!r)
		return fed_fail_memory(err, sizeof *r, "a room");
	r->session = s;
	int rc = copy_options(r, o, err);
	if (rc == FED_OK)
		rc = fed_key_pair_of(o->key_file, &r->keys, err);
	if (rc == FED_OK && o->code && !fed_class_code_is_of(o->code, r->keys.open))
		rc =
			fed_reject(err,
		               "the class code %s is not one of this server's key, by which those who join "
		               "know the right server; `serve` alone makes a new one, and code= takes one "
		               "that this server has shown before",
		               fed_show(o->code).s);
	if (rc == FED_OK && o->code)
		snprintf(r->code, sizeof r->code, "%s", o->code);
	else if (rc == FED_OK)
		fed_class_code_make(r->keys.open, r->code);
	if (rc == FED_OK)
		rc = draw_epoch(r, err);
	if (rc == FED_OK)
		rc = open_network(r, err);
	if (rc == FED_OK && (rc = fed_session_complete(s, err)) != FED_OK)
		(void)fed_session_set_network(s, NULL, NULL, NULL, &unused);
	if (rc) {
		free_room(r);
		return rc;
	}
	fed__terms_put(s, &r->terms);
	expect_clients(r);
	*out = r;
	return FED_OK;
}

void fed_room_close(struct fed_room *r, const char *why)
{
	struct fed_text text = {0};
	struct fed_error unused;

	if (!r)
		return;
	take_events(r, 0); /* who has left is not told, nor waited for */
	fed__room_line(&text, "why", why ? why : "");
	for (uint32_t i = 0; why && i < r->n; i++)
		if (r->member[i].state <= FED_MEMBER_UNFIT)
			fed__room_say(r, r->member[i].peer, FED_ROOM_LEAVE, fed_text_str(&text));
	fed_text_release(&text);
	for (uint32_t i = 0; i < r->n; i++) {
		fed_session_remote_away(r->session, r->member[i].client);
		fed_session_remote_truth(r->session, r->member[i].client, FED_TRUTH_HONEST);
	}
	(void)fed_session_set_network(r->session, NULL, NULL, NULL, &unused);
	free_room(r);
}

int fed_room_renew(struct fed_room *r, bool same_clients, struct fed_error *err)
{
	if (draw_epoch(r, err) ||
	    (!same_clients && fed_session_set_network(r->session, &r->service, settle, r, err)))
		return FED_FAIL;
	fed__room_clear_news(r);
	fed_text_clear(&r->terms);
	for (uint32_t i = 0; i < r->n; i++) {
		struct fed_member *m = &r->member[i];

		m->asked = 0;
		m->greeted = false;
		m->anew = true;
		if (m->peer != FED_NO_PEER)
			fed_network_cancel(r->network, m->peer, 0);
		if (same_clients)
			continue;
		m->client = FED_SERVER;
		if (m->state > FED_MEMBER_WAITS && m->state <= FED_MEMBER_UNFIT)
			m->state = FED_MEMBER_PREPARES;
	}
	return FED_OK;
}

const char *fed_room_code(const struct fed_room *r)
{
	return r->code;
}

const char *fed_room_key(const struct fed_room *r)
{
	return r->keys.open;
}

const char *fed_room_endpoint(const struct fed_room *r)
{
	return r->options.endpoint;
}

const struct fed_room_options *fed_room_options(const struct fed_room *r)
{
	return &r->options;
}

int fed_room_descriptor(const struct fed_room *r)
{
	return fed_network_descriptor(r->network);
}

const struct fed_recording *fed_room_recording(const struct fed_room *r)
{
	return &r->recording;
}

/* The lecturer ----------------------------------------------------------------------------- */

static bool is_meant(const struct fed_member *m, const char *who)
{
	long long number;

	if (fed_same_name(who, "all") || strcmp(who, m->name) == 0)
		return true;
	return fed_parse_int(who, &number) && m->client != FED_SERVER && number == m->client;
}

/* Do something to the members that are meant and in one of these states. */
static int each_meant(struct fed_room *r, const char *who, unsigned states,
                      void (*act)(struct fed_room *, struct fed_member *, const char *why),
                      const char *why, uint32_t *n, struct fed_error *err)
{
	*n = 0;
	for (uint32_t i = 0; i < r->n; i++) {
		if (!is_meant(&r->member[i], who) || !(states >> r->member[i].state & 1))
			continue;
		act(r, &r->member[i], why);
		++*n;
	}
	return *n || fed_same_name(who, "all")
	           ? FED_OK
	           : fed_reject(err, "%s is no such member; `room` lists them", fed_show(who).s);
}

static void approve(struct fed_room *r, struct fed_member *m, const char *why)
{
	(void)why;
	fed__room_welcome(r, m);
}

int fed_room_approve(struct fed_room *r, const char *who, uint32_t *n, struct fed_error *err)
{
	return each_meant(r, who, 1u << FED_MEMBER_WAITS, approve, NULL, n, err);
}

static void kick(struct fed_room *r, struct fed_member *m, const char *why)
{
	struct fed_text text = {0}, said = {0};

	fed__room_lose(r, m, "it was sent out");
	m->state = FED_MEMBER_OUT;
	m->out_at = fed_wall_seconds(); /* its key is refused once it was told */
	fed_text_add(&said, "the lecturer sent you out%s%s", why && *why ? ": " : "", why ? why : "");
	fed__room_line(&text, "why", fed_text_str(&said));
	fed__room_say(r, m->peer, FED_ROOM_REFUSED, fed_text_str(&text));
	fed_text_release(&said);
	fed_text_release(&text);
}

int fed_room_kick(struct fed_room *r, const char *who, const char *why, uint32_t *n,
                  struct fed_error *err)
{
	return each_meant(r, who, ~(1u << FED_MEMBER_OUT), kick, why, n, err);
}

static void readmit(struct fed_room *r, struct fed_member *m, const char *why)
{
	struct fed_network_peer peer;

	(void)why;
	if (fed_network_peer(r->network, m->peer, &peer))
		fed_network_pardon(r->network, peer.key);
	m->out_at = 0;
	m->state = FED_MEMBER_LEFT;
}

int fed_room_readmit(struct fed_room *r, const char *who, uint32_t *n, struct fed_error *err)
{
	return each_meant(r, who, 1u << FED_MEMBER_OUT, readmit, NULL, n, err);
}

void fed_room_renew_code(struct fed_room *r)
{
	fed_class_code_make(r->keys.open, r->code);
}

static void say_all(struct fed_room *r, enum fed_room_message kind, const char *text)
{
	for (uint32_t i = 0; i < r->n; i++)
		if (r->member[i].state <= FED_MEMBER_UNFIT)
			fed__room_say(r, r->member[i].peer, kind, text);
}

void fed_room_stop_all(struct fed_room *r)
{
	say_all(r, FED_ROOM_STOP, NULL);
}

void fed_room_tell(struct fed_room *r, const char *words)
{
	struct fed_text text = {0};

	fed__room_line(&text, "text", words);
	say_all(r, FED_ROOM_TELL, fed_text_str(&text));
	fed_text_release(&text);
}
