/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * room/member/probe.c - a hello that asks whether the room would admit.
 */
#include "room/member/probe.h"

#include <string.h>
#include <unistd.h>

#include "base/cpu.h"
#include "room/messages.h"

static int say_hello(struct fed_network *network, const char *code, struct fed_error *err)
{
	const struct fed_message head = {.from = FED_SERVER, .to = FED_SERVER, .kind = FED_ROOM_HELLO};
	struct fed_text text = {0}, frame = {0};

	fed_text_add(&text, "protocol=%d\nprobe=1\nname=probe\n", FED_ROOM_PROTOCOL);
	fed__room_line(&text, "code", code);
	int rc = fed_frame_put_text(&head, 0, fed_text_str(&text), text.len, &frame, err);
	if (rc == FED_OK)
		rc = fed_network_send(network, 0, frame.s, frame.len, 1, err);
	fed_text_release(&text);
	fed_text_release(&frame);
	return rc;
}

/* The room's answer to the hello; false: it is another message. */
static bool hear(const struct fed_network_event *event, enum fed_probe_result *result,
                 struct fed_error *err)
{
	struct fed_error unused;
	const char *text;
	char why[200];
	size_t n;

	if (fed_frame_get_text(event->bytes, event->len, &text, &n, &unused))
		return false;
	const unsigned kind = ((const unsigned char *)event->bytes)[4];
	if (kind != FED_ROOM_TELL && kind != FED_ROOM_REFUSED)
		return false;
	fed__room_value(text, n, kind == FED_ROOM_TELL ? "text" : "why", why, sizeof why);
	fed_fail(err, "%s", why);
	*result = kind == FED_ROOM_TELL ? FED_PROBE_WELL : FED_PROBE_REFUSED;
	return true;
}

static enum fed_probe_result converse(struct fed_network *network, const struct fed_room_probe *o,
                                      enum fed_network_trouble *trouble, struct fed_error *err)
{
	const double end = fed_wall_seconds() + o->timeout;
	enum fed_probe_result result = FED_PROBE_SILENT;
	struct fed_network_event event;
	bool done = false, connected = false;

	while (!done && fed_wall_seconds() < end) {
		if (!fed_network_next(network, end - fed_wall_seconds(), &event))
			continue;
		if (event.kind == FED_NETWORK_BEGAN) {
			connected = true;
			done = say_hello(network, o->code, err) != FED_OK;
		} else if (event.kind == FED_NETWORK_MESSAGE) {
			done = hear(&event, &result, err);
		} else if (event.kind == FED_NETWORK_TROUBLE && event.trouble != FED_TROUBLE_NONE) {
			*trouble = event.trouble;
			fed_fail(err, "%s", event.text);
			result = FED_PROBE_TROUBLE;
			done = true;
		}
		fed_network_event_release(&event);
	}
	if (done)
		return result;
	if (!connected) {
		*trouble = FED_TROUBLE_NO_ANSWER;
		fed_fail(err, "%s, port %u: nothing answers there", fed_show(o->host).s, o->port);
		return FED_PROBE_TROUBLE;
	}
	fed_fail(err, "the room is there and does not answer: its fedsh is busy or stopped");
	return FED_PROBE_SILENT;
}

enum fed_probe_result fed_room_probe(const struct fed_room_probe *o,
                                     enum fed_network_trouble *trouble, struct fed_error *err)
{
	struct fed_text endpoint = {0};
	struct fed_key_pair keys;
	struct fed_network *network;
	enum fed_probe_result result = FED_PROBE_SILENT;

	*trouble = FED_TROUBLE_NONE;
	if (fed_key_pair_of(o->key_file, &keys, err))
		return FED_PROBE_SILENT;
	(void)unlink(o->key_file);
	fed_text_add(&endpoint, "tcp://%s", fed_network_host_port(o->host, o->port).s);
	const struct fed_network_client client = {.endpoint = fed_text_str(&endpoint),
	                                          .server = o->server_key,
	                                          .keys = &keys,
	                                          .check = fed_frame_is_whole};
	if (fed_network_connect(&network, &client, err) == FED_OK) {
		result = converse(network, o, trouble, err);
		fed_network_free(network, 0);
	}
	fed_key_pair_forget(&keys);
	fed_text_release(&endpoint);
	return result;
}
