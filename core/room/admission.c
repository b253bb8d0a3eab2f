/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * room/admission.c - the way of a member from its hello to a client, and out.
 */
#include <ctype.h>
#include <string.h>

#include "base/cpu.h"
#include "room/internal.h"
#include "session/remote.h"
#include "train/clients/names.h"

static void refuse(struct fed_room *r, uint32_t peer, const char *why)
{
	struct fed_text text = {0};

	fed__room_line(&text, "why", why);
	fed__room_say(r, peer, FED_ROOM_REFUSED, fed_text_str(&text));
	fed_text_release(&text);
}

void fed__room_welcome(struct fed_room *r, struct fed_member *m)
{
	struct fed_text text = {0};

	fed_network_admit(r->network, m->peer);
	m->approved = true;
	if (m->state != FED_MEMBER_CLIENT)
		m->state = FED_MEMBER_PREPARES;
	r->changed = true;
	m->greeted = r->terms.len > 0;
	m->why[0] = '\0';
	if (!m->greeted) {
		fed__room_say(r, m->peer, FED_ROOM_WAIT, "why=the lecturer chooses data and model\n");
		return;
	}
	fed_text_add(&text, "protocol=%d\nepoch=%u\nname=%s\nanew=%d\n", FED_ROOM_PROTOCOL, r->epoch,
	             m->name, m->anew);
	m->anew = false;
	fed_text_put(&text, r->terms.s, r->terms.len);
	fed__room_say(r, m->peer, FED_ROOM_WELCOME, fed_text_str(&text));
	fed_text_release(&text);
}

/* A name that no other member has, and that means no other: "Ada", "Ada-2", "member-3". */
static void choose_name(const struct fed_room *r, struct fed_member *m, const char *wanted)
{
	char said[FED_MEMBER_NAME + 8], first[FED_MEMBER_NAME], name[FED_MEMBER_NAME];
	struct fed_error unused;
	uint32_t again = 1;

	fed_client_name_of(wanted, first, sizeof first);
	if (isdigit((unsigned char)*wanted) || fed_same_name(first, "all") ||
	    (*first && fed_client_name_check(first, &unused))) {
		snprintf(said, sizeof said, "member-%s", wanted);
		fed_client_name_of(said, first, sizeof first);
	}
	if (!*first)
		snprintf(first, sizeof first, "anonymous");
	memcpy(name, first, sizeof name);
	for (uint32_t i = 0; i < r->n; i++) {
		if (&r->member[i] == m || strcmp(r->member[i].name, name) != 0)
			continue;
		snprintf(name, sizeof name, "%.28s-%u", first, ++again);
		i = UINT32_MAX; /* from the beginning */
	}
	memcpy(m->name, name, sizeof name);
}

/* Whether a hello is refused, and why; m: the member that says it, NULL: a stranger. */
static bool is_refused(const struct fed_room *r, const struct fed_member *m, const char *text,
                       size_t n, char *why, size_t size)
{
	const uint64_t protocol = fed__room_number(text, n, "protocol", UINT32_MAX, 0);
	char code[32];

	fed__room_value(text, n, "code", code, sizeof code);
	const bool probes_only = fed__room_number(text, n, "probe", 1, 0) && !*code;
	if (protocol != FED_ROOM_PROTOCOL)
		snprintf(why, size,
		         "the room speaks version %d of the protocol, and you speak version %llu: have the "
		         "same version of fedsh",
		         FED_ROOM_PROTOCOL, (unsigned long long)protocol);
	else if (m && m->state == FED_MEMBER_OUT)
		snprintf(why, size, "you were sent out of this room; the lecturer can readmit you");
	else if (!m && !probes_only && !fed_class_code_equal(code, r->code))
		snprintf(why, size,
		         "the class code is not that of this room; it is on the lecturer's screen");
	else if (!m && r->n >= r->options.most)
		snprintf(why, size, "the room is full: it has %u member%s", r->n, r->n == 1 ? "" : "s");
	else
		return false;
	return true;
}

/* What a hello says of its member. */
static void take_hello(struct fed_room *r, struct fed_member *m, const char *text, size_t n)
{
	char name[FED_MEMBER_NAME];

	fed__room_value(text, n, "name", name, sizeof name);
	if (!*m->name)
		choose_name(r, m, name);
	fed_key_fingerprint(m->key, m->fingerprint);
	fed__room_value(text, n, "program", m->program, sizeof m->program);
	fed__room_value(text, n, "isa", m->isa, sizeof m->isa);
	m->takes_secret = fed__room_number(text, n, "roles", 1, 0) == 1;
	m->silent = false;
	m->why[0] = '\0';
	m->lost = 0;
	m->asked = 0;
	r->changed = true;
}

static void hear_hello(struct fed_room *r, uint32_t peer, const char *text, size_t n)
{
	struct fed_member *m = fed__room_recognise(r, peer);
	struct fed_network_peer known;
	char why[160];

	if (is_refused(r, m, text, n, why, sizeof why)) {
		refuse(r, peer, why);
		return;
	}
	if (fed__room_number(text, n, "probe", 1, 0)) {
		fed__room_say(r, peer, FED_ROOM_TELL, "text=all well\n");
		return;
	}
	if (m && m->state == FED_MEMBER_CLIENT)
		fed__room_lose(r, m, "it joined again");
	if (!fed_network_peer(r->network, peer, &known))
		return;
	m = m ? m : fed__room_add(r, peer, known.key);
	if (!m)
		return;
	take_hello(r, m, text, n);
	if (r->options.strict && !m->approved) {
		m->state = FED_MEMBER_WAITS;
		fed_network_admit(r->network, peer); /* it knows the code, and may wait for long */
		fed__room_say(r, peer, FED_ROOM_WAIT, "why=the lecturer admits each member\n");
		fed_session_tell(r->session, FED_EVENT_NOTICE, "%s waits; `approve %s` admits", m->name,
		                 m->name);
		return;
	}
	fed__room_welcome(r, m);
}

static void hear_ready(struct fed_room *r, struct fed_member *m, const char *text, size_t n)
{
	enum { EXAMPLES_MOST = 100000000 };
	const uint64_t examples = fed__room_number(text, n, "examples", EXAMPLES_MOST, 0);

	if (!m->approved || m->state >= FED_MEMBER_LEFT || examples == 0)
		return;
	if (m->state == FED_MEMBER_CLIENT && examples == m->examples)
		return; /* the new terms suit it */
	m->examples = (uint32_t)examples;
	m->state = FED_MEMBER_READY;
	r->changed = true;
}

static void hear_unfit(struct fed_room *r, struct fed_member *m, const char *text, size_t n)
{
	char why[sizeof m->why];
	struct fed_text clean = {0};

	if (!m->approved)
		return;
	fed__room_value(text, n, "why", why, sizeof why);
	const bool told = m->state == FED_MEMBER_UNFIT;
	fed__room_lose(r, m, "its data do not fit");
	m->state = FED_MEMBER_UNFIT;
	fed_text_put_clean(&clean, why, strlen(why), true);
	snprintf(m->why, sizeof m->why, "%s", fed_text_str(&clean));
	fed_text_release(&clean);
	if (!told) /* new terms that suit it no better */
		fed_session_tell(r->session, FED_EVENT_NOTICE, "%s cannot take part: %s", m->name, m->why);
}

void fed__room_lose(struct fed_room *r, struct fed_member *m, const char *why)
{
	if (m->state == FED_MEMBER_CLIENT)
		fed__room_add_gone(r, m->client, why);
	if (m->asked)
		fed__recording_lost(&r->recording, m->client, why);
	m->asked = 0;
	fed_network_cancel(r->network, m->peer, 0);
	m->state = FED_MEMBER_LEFT;
	snprintf(m->why, sizeof m->why, "%s", why);
	r->changed = true;
}

static void hear_leave(struct fed_room *r, struct fed_member *m, const char *text, size_t n)
{
	char why[64];

	fed__room_value(text, n, "why", why, sizeof why);
	fed__room_lose(r, m, *why ? why : "it left");
	fed_session_tell(r->session, FED_EVENT_NOTICE, "%s has left", m->name);
}

static void hear_consent(struct fed_room *r, struct fed_member *m, const char *text, size_t n)
{
	char why[200];

	fed__room_value(text, n, "why", why, sizeof why);
	fed__role_hears(r, m, fed__room_number(text, n, "takes", 1, 0) == 1, why);
}

void fed__room_hears(struct fed_room *r, uint32_t peer, const void *bytes, size_t len)
{
	struct fed_member *m = fed__room_member_of(r, peer);
	struct fed_error unused;
	const char *text;
	size_t n;

	if (fed_frame_get_text(bytes, len, &text, &n, &unused))
		return;
	const unsigned kind = ((const unsigned char *)bytes)[4];
	if (kind == FED_ROOM_HELLO) {
		hear_hello(r, peer, text, n);
		return;
	}
	if (!m || m->state == FED_MEMBER_OUT)
		return;
	switch (kind) {
	case FED_ROOM_READY:
		hear_ready(r, m, text, n);
		break;
	case FED_ROOM_UNFIT:
		hear_unfit(r, m, text, n);
		break;
	case FED_ROOM_LEAVE:
		hear_leave(r, m, text, n);
		break;
	case FED_ROOM_CONSENT:
		hear_consent(r, m, text, n);
		break;
	case FED_ROOM_VOTE:
		if (m->client == FED_SERVER)
			break; /* it never took part */
		m->vote = (uint32_t)fed__room_number(text, n, "client", FED_SERVER - 1, FED_SERVER);
		r->changed = true;
		break;
	default:
		break;
	}
}
