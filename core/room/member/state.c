/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * room/member/state.c - what a member shows of itself, and its texts to the server.
 */
#include <string.h>

#include "base/cpu.h"
#include "room/member/internal.h"

const char *const fed_membership_words[] = {
	"connects", "says hello", "waits for approval", "prepares",    "is ready", "waits for work",
	"trains",   "evaluates",  "does not fit",       "was refused", "has left",
};

/* What people see ------------------------------------------------------------------------ */

void fed__join_set(struct fed_join *j, enum fed_membership state, const char *why)
{
	pthread_mutex_lock(&j->lock);
	/* an end stays */
	if (j->view.state < FED_JOIN_REFUSED) {
		j->view.state = state;
		j->view.since = fed_wall_seconds();
		snprintf(j->view.why, sizeof j->view.why, "%s", why ? why : "");
	}
	pthread_mutex_unlock(&j->lock);
	fed_network_wake(j->network);
}

void fed_join_view(struct fed_join *j, struct fed_join_view *view)
{
	pthread_mutex_lock(&j->lock);
	*view = j->view;
	pthread_mutex_unlock(&j->lock);
	(void)fed_network_peer(j->network, 0, &view->server);
}

/* Sending ---------------------------------------------------------------------------------- */

void fed__join_say(struct fed_join *j, enum fed_room_message kind, const char *text)
{
	const struct fed_message head = {.from = FED_SERVER, .to = FED_SERVER, .kind = kind};
	struct fed_text frame = {0};
	struct fed_error unused;

	if (fed_frame_put_text(&head, 0, text, strlen(text), &frame, &unused) == FED_OK)
		(void)fed_network_send(j->network, 0, frame.s, frame.len, UINT64_MAX, &unused);
	fed_text_release(&frame);
}
