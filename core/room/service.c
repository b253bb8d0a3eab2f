/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * room/service.c - the network service of a session's transport, fed by a room.
 */
#include <math.h>
#include <string.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "room/internal.h"
#include "session/remote.h"

/* Seconds in which a member that was sent out is told so. */
#define TOLD_SECONDS 2.0
/* Seconds that a program has to connect again; one that was ended does not. */
#define RECONNECT_SECONDS 3.0
/* Seconds after which one that was heard again is taken for the program that went. */
#define RETURN_SECONDS 1.0

/* Events of the network ----------------------------------------------------------------- */

/* A frame of the session from a member: for the transport, if it is the member's own and of this
 * opening of the room. */
static void take_frame(struct fed_room *r, struct fed_network_event *event)
{
	struct fed_member *m = fed__room_member_of(r, event->peer);
	struct fed_envelope frame;
	struct fed_error unused;

	if (fed_frame_head(event->bytes, event->len, &frame, &unused))
		return;
	const struct fed_message head = frame.head;
	if (head.kind >= FED_FRAME_TEXT) {
		fed__room_hears(r, event->peer, event->bytes, event->len);
		return;
	}
	if (!m || m->state != FED_MEMBER_CLIENT || head.from != m->client || head.to != FED_SERVER ||
	    head.id >> 32 != r->epoch)
		return;
	if (m->asked && frame.round == m->asked) {
		m->asked = 0;
		m->answered += head.kind == FED_MESSAGE_UPDATE || head.kind == FED_MESSAGE_HEAD ||
		               head.kind == FED_MESSAGE_SEALED;
		m->worked = fed_wall_seconds() - (m->has_it ? m->has_it_at : m->asked_at);
	}
	if (head.kind == FED_MESSAGE_UPDATE)
		fed__recording_answered(&r->recording, m->client, frame.round, event->when, event->len);
	struct fed_room_news *news = fed__room_add_news(r, FED_NEWS_ARRIVED);
	if (!news)
		return;
	news->event = *event;
	event->bytes = NULL;
}

/* Refuse the key of a member that was told that it is out. */
static void shut_out(struct fed_room *r, struct fed_member *m)
{
	if (m->out_at > 0)
		fed_network_refuse(r->network, m->peer);
	m->out_at = 0;
}

static void take_tag(struct fed_room *r, const struct fed_network_event *event, bool delivered)
{
	struct fed_member *m = fed__room_member_of(r, event->peer);
	struct fed_room_news *news;

	if (event->tag == UINT64_MAX) { /* a text */
		if (m && m->state == FED_MEMBER_OUT)
			shut_out(r, m);
		return;
	}
	if (m && delivered && !m->has_it) {
		m->has_it = true;
		m->has_it_at = fed_wall_seconds();
	}
	if (m && delivered)
		fed__recording_delivered(&r->recording, m->client, event->tag, event->when);
	else if (m)
		fed__recording_lost(&r->recording, m->client, event->text);
	news = fed__room_add_news(r, delivered ? FED_NEWS_DELIVERED : FED_NEWS_LOST);
	if (!news)
		return;
	news->news.id = event->tag;
	snprintf(news->why, sizeof news->why, "%.63s", event->text);
}

void fed__room_take_event(struct fed_room *r, struct fed_network_event *event)
{
	struct fed_member *m = fed__room_member_of(r, event->peer);

	switch (event->kind) {
	case FED_NETWORK_MESSAGE:
		take_frame(r, event);
		break;
	case FED_NETWORK_DELIVERED:
	case FED_NETWORK_LOST:
		take_tag(r, event, event->kind == FED_NETWORK_DELIVERED);
		break;
	case FED_NETWORK_BEGAN:
		if (m)
			m->lost = 0;
		if (m && m->state != FED_MEMBER_OUT && m->state != FED_MEMBER_LEFT &&
		    m->state != FED_MEMBER_WAITS)
			fed__room_lose(r, m, "its program began again");
		break;
	case FED_NETWORK_SILENT:
	case FED_NETWORK_BACK:
		if (m) {
			m->silent = event->kind == FED_NETWORK_SILENT;
			r->changed = true;
		}
		break;
	default:
		break;
	}
	fed_network_event_release(event);
}

/* A member that works and has gone without a word: it may return as what it was. */
static void lose_silently(struct fed_room *r, struct fed_member *m, const char *why)
{
	fed__room_lose(r, m, why);
	m->lost = fed_wall_seconds();
	fed_session_tell(r->session, FED_EVENT_NOTICE, "%s: %s; it may return", m->name, why);
}

static void check_connection(struct fed_room *r, struct fed_member *m,
                             const struct fed_network_peer *peer)
{
	const double now = fed_wall_seconds();

	if (peer->connected)
		m->unconnected = 0;
	else if (m->unconnected == 0)
		m->unconnected = now;
	const bool heard = m->lost > 0 && peer->connected && peer->heard > m->lost;
	m->returned = !heard ? 0 : m->returned > 0 ? m->returned : now;
	/* A program that began again says so meanwhile, and is another life of the member. */
	if (m->state == FED_MEMBER_LEFT && heard && now - m->returned > RETURN_SECONDS) {
		m->lost = 0;
		m->why[0] = '\0';
		fed__room_welcome(r, m); /* terms or epoch may be others than those that it was told */
	}
	if (m->state == FED_MEMBER_LEFT || m->state == FED_MEMBER_OUT || m->state == FED_MEMBER_WAITS)
		return;
	if (m->silent && now - peer->heard > r->options.patience)
		lose_silently(r, m, "nothing was heard from it");
	else if (m->unconnected > 0 && now - m->unconnected > RECONNECT_SECONDS)
		lose_silently(r, m, "its connection has ended");
}

void fed__room_check_silence(struct fed_room *r)
{
	struct fed_network_peer peer;

	for (uint32_t i = 0; i < r->n; i++) {
		struct fed_member *m = &r->member[i];

		if (m->state == FED_MEMBER_OUT && fed_wall_seconds() > m->out_at + TOLD_SECONDS)
			shut_out(r, m);
		if (fed_network_peer(r->network, m->peer, &peer))
			check_connection(r, m, &peer);
	}
}

/* The service -------------------------------------------------------------------------- */

/* Record that a model leaves for a training. */
static void record(struct fed_room *r, const struct fed_member *m,
                   const struct fed_message *message, const struct fed_envelope *frame, size_t len)
{
	struct fed_network_peer peer = {.round_trip = NAN};

	if (message->kind != FED_MESSAGE_MODEL && message->kind != FED_MESSAGE_START)
		return;
	(void)fed_network_peer(r->network, m->peer, &peer);
	fed__recording_sent(&r->recording,
	                    &(struct fed_recorded){
							.invitation = frame->round,
							.version = frame->version,
							.message = message->id,
							.client = m->client,
							.examples = m->examples,
							.sent = m->asked_at,
							.delivered = NAN,
							.answered = NAN,
							.round_trip = peer.round_trip,
							.flops = fed_session_training_flops(r->session, m->client),
							.bytes_down = len,
						});
}

/* What was heard of a client's going before it is asked something is not about that: it has come
 * back since. */
static void forget_gone(struct fed_room *r, uint32_t client)
{
	size_t kept = r->taken;

	for (size_t i = r->taken; i < r->n_news; i++)
		if (r->news[i].news.kind != FED_NEWS_GONE || r->news[i].news.client != client)
			r->news[kept++] = r->news[i];
	r->n_news = kept;
}

static int give(void *ctx, const struct fed_message *message, const void *bytes, size_t len,
                struct fed_error *err)
{
	struct fed_room *r = ctx;
	struct fed_member *m = fed__room_member_of_client(r, message->to);
	struct fed_envelope frame;

	if (!m || m->state != FED_MEMBER_CLIENT)
		return fed_reject(err, "it has left the room");
	if (fed_frame_head(bytes, len, &frame, err))
		return FED_FAIL;
	forget_gone(r, m->client);
	m->asked = frame.round;
	m->asked_at = fed_wall_seconds();
	m->has_it = false;
	record(r, m, message, &frame, len);
	return fed_network_send(r->network, m->peer, bytes, len, message->id, err);
}

static int take(void *ctx, double timeout, struct fed_network_news *out)
{
	struct fed_room *r = ctx;
	struct fed_network_event event;

	if (r->taken == r->n_news) {
		fed__room_clear_news(r);
		if (fed_network_next(r->network, timeout, &event))
			fed__room_take_event(r, &event);
		fed__room_check_silence(r);
	}
	if (r->taken == r->n_news)
		return 0;
	struct fed_room_news *news = &r->news[r->taken++];
	news->news.bytes = news->event.bytes;
	news->news.len = news->event.len;
	news->news.why = news->why;
	memcpy(out, &news->news, out->size < sizeof *out ? out->size : sizeof *out);
	return 1;
}

static double now(void *ctx)
{
	(void)ctx;
	return fed_wall_seconds();
}

void fed__room_serve(struct fed_room *r)
{
	r->service = (struct fed_network_service){
		.size = sizeof r->service, .ctx = r, .give = give, .take = take, .now = now};
}
