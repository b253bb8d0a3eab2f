/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * room/member/member.c - connection of a member to its room, and what comes from there.
 */
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "base/system/thread.h"
#include "room/member/internal.h"

static void say_hello(struct fed_join *j)
{
	struct fed_text text = {0};

	fed_text_add(&text, "protocol=%d\nabi=%u\n", FED_ROOM_PROTOCOL, FED_ABI);
	fed__room_line(&text, "program", "fedsh " FED_VERSION);
	fed__room_line(&text, "isa", fed_isa_name(fed_cpu_isa()));
	fed__room_line(&text, "code", j->code);
	fed_text_add(&text, "roles=%d\n", j->secret_roles);
	fed__room_line(&text, "name", j->name);
	fed__join_say(j, FED_ROOM_HELLO, fed_text_str(&text));
	fed_text_release(&text);
}

/* Receiving -------------------------------------------------------------------------------- */

/* Drop what waits for the working thread, and have it give up what it does. */
static void stop_work(struct fed_join *j, bool drop)
{
	pthread_mutex_lock(&j->lock);
	for (size_t i = 0; drop && i < j->n_queue; i++)
		fed_free(j->queue[i].bytes);
	if (drop)
		j->n_queue = 0;
	if (j->busy) {
		fed_session_interrupt(j->session);
		fed_session_interrupt(j->session);
	}
	pthread_mutex_unlock(&j->lock);
}

/* Hand a message over to the working thread. */
static void enqueue(struct fed_join *j, struct fed_network_event *event)
{
	pthread_mutex_lock(&j->lock);
	if (j->n_queue == j->queue_capacity) {
		const size_t more = j->queue_capacity ? 2 * j->queue_capacity : 16;
		struct fed_join_message *grown =
			fed_resize(j->queue, j->queue_capacity * sizeof *grown, more * sizeof *grown);

		if (!grown) {
			pthread_mutex_unlock(&j->lock);
			return; /* the server waits, as for a lost message */
		}
		j->queue = grown;
		j->queue_capacity = more;
	}
	j->queue[j->n_queue++] = (struct fed_join_message){event->bytes, event->len};
	event->bytes = NULL;
	pthread_cond_signal(&j->changed);
	pthread_mutex_unlock(&j->lock);
}

/* Texts that are heard at once; true: this one was. */
static bool hear_now(struct fed_join *j, unsigned kind, const char *text, size_t n)
{
	char why[200];

	fed__room_value(text, n, kind == FED_ROOM_TELL ? "text" : "why", why, sizeof why);
	switch (kind) {
	case FED_ROOM_WAIT:
		fed__join_set(j, FED_JOIN_WAITS, why);
		return true;
	case FED_ROOM_REFUSED:
	case FED_ROOM_LEAVE:
		stop_work(j, true);
		fed__join_set(j, kind == FED_ROOM_LEAVE ? FED_JOIN_ENDED : FED_JOIN_REFUSED, why);
		return true;
	case FED_ROOM_STOP:
		stop_work(j, false);
		return true;
	case FED_ROOM_TELL:
		pthread_mutex_lock(&j->lock);
		snprintf(j->view.told, sizeof j->view.told, "%s", why);
		pthread_mutex_unlock(&j->lock);
		return true;
	case FED_ROOM_ROLE:
		fed__join_show_role(j, text, n);
		return false; /* the working thread takes it, too */
	case FED_ROOM_CONSENT:
		return true; /* consent is the member's: the server's word for it is none */
	default:
		return false;
	}
}

static void hear(struct fed_join *j, struct fed_network_event *event)
{
	struct fed_error unused;
	const char *text;
	size_t n;

	if (fed_frame_get_text(event->bytes, event->len, &text, &n, &unused) == FED_OK &&
	    hear_now(j, ((const unsigned char *)event->bytes)[4], text, n))
		return;
	enqueue(j, event);
}

bool fed_join_step(struct fed_join *j, double timeout)
{
	struct fed_network_event event;
	bool over;

	if (fed_network_next(j->network, timeout, &event)) {
		switch (event.kind) {
		case FED_NETWORK_BEGAN: /* the server's program: also when it was started again */
			stop_work(j, true);
			fed__join_set(j, FED_JOIN_KNOCKS, NULL);
			say_hello(j);
			break;
		case FED_NETWORK_MESSAGE:
			hear(j, &event);
			break;
		case FED_NETWORK_SILENT:
		case FED_NETWORK_BACK:
		case FED_NETWORK_TROUBLE:
			pthread_mutex_lock(&j->lock);
			if (event.kind == FED_NETWORK_TROUBLE) {
				j->view.trouble = event.trouble;
				if (j->view.state == FED_JOIN_CONNECTS)
					snprintf(j->view.why, sizeof j->view.why, "%s", event.text);
			} else {
				j->view.silent = event.kind == FED_NETWORK_SILENT;
			}
			pthread_mutex_unlock(&j->lock);
			/* neither another key nor a refusal passes */
			if (event.kind == FED_NETWORK_TROUBLE && event.trouble == FED_TROUBLE_WRONG_KEY)
				fed__join_set(j, FED_JOIN_REFUSED, event.text);
			break;
		default:
			break;
		}
		fed_network_event_release(&event);
	}
	pthread_mutex_lock(&j->lock);
	over = j->view.state >= FED_JOIN_REFUSED;
	pthread_mutex_unlock(&j->lock);
	return !over;
}

/* Joining and leaving ------------------------------------------------------------------------ */

static int learn_key(const struct fed_join_options *o, char key[FED_KEY_TEXT],
                     enum fed_network_trouble *trouble, struct fed_error *err)
{
	enum { SECONDS = 5 };

	if (o->server_key)
		snprintf(key, FED_KEY_TEXT, "%s", o->server_key);
	else if (fed_network_ask_key(o->host, o->port, SECONDS, key, trouble, err))
		return FED_FAIL;
	if (fed_class_code_is_of(o->code, key))
		return FED_OK;
	*trouble = FED_TROUBLE_WRONG_KEY;
	return fed_fail(err,
	                "the class code %s is not of the server at %s: there is a mistake in it, or "
	                "this is another server",
	                fed_show(o->code).s, fed_show(o->host).s);
}

static int open_session(struct fed_join *j, const struct fed_join_options *o, struct fed_error *err)
{
	const struct fed_entry *unused;

	if (fed_session_new(&j->session, o->plugin_folder, (struct fed_sink){0}, err))
		return FED_FAIL;
	if (o->worker_program && fed_session_guard(j->session, o->worker_program, err))
		return FED_FAIL;
	for (size_t i = 0; i < o->loads; i++)
		if (fed_session_load(j->session, o->load[i], &unused, err))
			return FED_FAIL;
	return FED_OK;
}

static int connect_to(struct fed_join *j, const struct fed_join_options *o, const char *key,
                      struct fed_error *err)
{
	struct fed_text endpoint = {0};

	fed_text_add(&endpoint, "tcp://%s", fed_network_host_port(o->host, o->port).s);
	const struct fed_network_client client = {.endpoint = fed_text_str(&endpoint),
	                                          .server = key,
	                                          .keys = &j->keys,
	                                          .check = fed_frame_is_whole};
	const int rc = fed_network_connect(&j->network, &client, err);
	fed_text_release(&endpoint);
	return rc;
}

int fed_join_new(struct fed_join **out, const struct fed_join_options *o,
                 enum fed_network_trouble *trouble, struct fed_error *err)
{
	struct fed_join *j = fed_alloc(sizeof *j);
	char key[FED_KEY_TEXT];

	*trouble = FED_TROUBLE_NONE;
	if (!j)
		return fed_fail_memory(err, sizeof *j, "a member");
	pthread_mutex_init(&j->lock, NULL);
	pthread_cond_init(&j->changed, NULL);
	j->data = fed_strdup(o->data);
	j->code = fed_strdup(o->code);
	j->name = fed_strdup(o->name);
	j->client = FED_SERVER;
	j->secret_roles = o->secret_roles;
	j->view =
		(struct fed_join_view){.client = FED_SERVER, .loss = NAN, .since = fed_wall_seconds()};
	snprintf(j->view.name, sizeof j->view.name, "%s", o->name);
	int rc = j->data && j->code && j->name ? FED_OK : fed_fail_memory(err, 100, "a member");
	if (rc == FED_OK)
		rc = learn_key(o, key, trouble, err);
	if (rc == FED_OK)
		rc = fed_key_pair_of(o->key_file, &j->keys, err);
	if (rc == FED_OK)
		rc = open_session(j, o, err);
	if (rc == FED_OK)
		rc = connect_to(j, o, key, err);
	if (rc == FED_OK && fed_thread_start(&j->worker, fed__join_work, j))
		rc = fed_fail(err, "no thread for the member's work");
	j->working = rc == FED_OK;
	if (rc)
		fed_join_free(j, "it could not join");
	else
		*out = j;
	return rc;
}

void fed_join_consent(struct fed_join *j, bool takes)
{
	const struct fed_message head = {
		.from = FED_SERVER, .to = FED_SERVER, .kind = FED_ROOM_CONSENT};
	const char *text = takes ? "takes=1\n" : "takes=0\n";
	struct fed_network_event event = {0};
	struct fed_text frame = {0};
	struct fed_error unused;

	pthread_mutex_lock(&j->lock);
	j->view.asks = false;
	pthread_mutex_unlock(&j->lock);
	if (fed_frame_put_text(&head, 0, text, strlen(text), &frame, &unused) == FED_OK &&
	    (event.bytes = fed_alloc(frame.len)) != NULL) {
		memcpy(event.bytes, frame.s, frame.len);
		event.len = frame.len;
		enqueue(j, &event); /* for the working thread, which has the session */
	}
	fed_network_event_release(&event);
	fed_text_release(&frame);
}

void fed_join_vote(struct fed_join *j, uint32_t client)
{
	struct fed_text text = {0};

	fed_text_add(&text, "client=%u\n", client);
	fed__join_say(j, FED_ROOM_VOTE, fed_text_str(&text));
	fed_text_release(&text);
}

void fed_join_free(struct fed_join *j, const char *why)
{
	struct fed_text text = {0};

	if (!j)
		return;
	pthread_mutex_lock(&j->lock);
	const bool says =
		j->working && j->view.state > FED_JOIN_CONNECTS && j->view.state < FED_JOIN_REFUSED;
	pthread_mutex_unlock(&j->lock);
	if (says) {
		fed__room_line(&text, "why", why);
		fed__join_say(j, FED_ROOM_LEAVE, fed_text_str(&text));
		fed_text_release(&text);
	}
	if (j->working) {
		stop_work(j, true);
		pthread_mutex_lock(&j->lock);
		j->ends = true;
		pthread_cond_signal(&j->changed);
		pthread_mutex_unlock(&j->lock);
		pthread_join(j->worker, NULL);
	}
	fed_network_free(j->network, says ? 1 : 0);
	fed_session_free(j->session);
	fed_data_form_release(&j->form);
	fed_text_release(&j->form_text);
	fed_text_release(&j->role);
	fed_free(j->peer);
	for (size_t i = 0; i < j->n_queue; i++)
		fed_free(j->queue[i].bytes);
	fed_free(j->queue);
	fed_key_pair_forget(&j->keys);
	fed_free(j->data);
	fed_free(j->code);
	fed_free(j->name);
	pthread_cond_destroy(&j->changed);
	pthread_mutex_destroy(&j->lock);
	fed_free(j);
}
