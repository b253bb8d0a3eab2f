/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * room/member/work.c - the working thread of a member: it prepares, trains, evaluates.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/file.h"
#include "base/mem.h"
#include "room/member/internal.h"
#include "room/terms.h"
#include "session/composition.h"
#include "session/remote.h"
#include "train/client_work.h"

/* Preparation ------------------------------------------------------------------------------ */

/* Split "fashion:0-599 classes=10" into the name, the range of examples and the settings, in the
 * copy `text`; *last below *first: all. */
static size_t split_data(char *text, uint32_t *first, uint32_t *last, struct fed_assign *assign,
                         size_t most)
{
	char *rest = text, *word;
	size_t n = 0;

	*first = 1;
	*last = 0;
	(void)strsep(&rest, " ");
	char *colon = strrchr(text, ':');
	if (colon && sscanf(colon, ":%u-%u", first, last) == 2)
		*colon = '\0';
	while ((word = strsep(&rest, " ")) != NULL && n < most) {
		char *value = strchr(word, '=');

		if (!*word)
			continue;
		if (value)
			*value++ = '\0';
		assign[n++] = (struct fed_assign){word, value};
	}
	return n;
}

/* Take the server's form of data; *same: it is that of the present dataset. */
static int take_form(struct fed_join *j, const char *terms, size_t n, bool *same,
                     struct fed_error *err)
{
	struct fed_text text = {0};
	struct fed_data_form form;

	fed__terms_copy_data(terms, n, &text);
	*same = j->loaded && strcmp(fed_text_str(&text), fed_text_str(&j->form_text)) == 0;
	if (*same || text.failed || fed__terms_read_data(terms, n, &form, err)) {
		const bool failed = text.failed;

		fed_text_release(&text);
		return failed ? fed_fail_memory(err, n, "the terms") : *same ? FED_OK : FED_REJECT;
	}
	j->loaded = false;
	fed_data_form_release(&j->form);
	j->form = form;
	fed_text_release(&j->form_text);
	j->form_text = text;
	return FED_OK;
}

/* Whether the member has no data of its own, but a part of what the room's are made from. */
static bool is_sample(const struct fed_join *j)
{
	return strcmp(j->data, "sample") == 0;
}

/* What is to be loaded: as it was typed, or the room's own source. */
static char *specification(const struct fed_join *j, const char *terms, size_t n,
                           struct fed_error *err)
{
	char spec[512];

	if (is_sample(j) && !fed__room_value(terms, n, "data.source", spec, sizeof spec)) {
		fed_reject(err, "the room's data are a file of the server, so there is no sample of them "
		                "here; --data names data of your own");
		return NULL;
	}
	char *text = fed_strdup(is_sample(j) ? spec : j->data);
	if (!text)
		fed_fail_memory(err, sizeof spec, "the data");
	return text;
}

/* A part that depends on the member's name, so that members have different ones. */
static void choose_sample(const struct fed_join *j, uint32_t train, uint32_t *first, uint32_t *last)
{
	enum { MOST = 600, SHARE = 10 };
	const uint32_t tenth = train / SHARE ? train / SHARE : 1, n = tenth < MOST ? tenth : MOST;

	*first = fed_crc32(0, j->name, strlen(j->name)) % (train - n + 1);
	*last = *first + n - 1;
}

/* The examples that the member offers, of those for training. */
static int choose_examples(struct fed_join *j, uint32_t first, uint32_t last, struct fed_error *err)
{
	const struct fed_dataset *data = fed_session_parts(j->session)->data;

	if (is_sample(j) && data->train)
		choose_sample(j, data->train, &first, &last);
	if (first > last) {
		first = 0;
		last = data->train - 1;
	}
	if (last >= data->train)
		return fed_reject(err, "%s has %u examples for training, 0 to %u", data->name, data->train,
		                  data->train - 1);
	j->from = first;
	j->examples = last - first + 1;
	j->loaded = true;
	return FED_OK;
}

/* Load the member's data as the terms say, unless they are. */
static int load_data(struct fed_join *j, const char *terms, size_t n, struct fed_error *err)
{
	enum { SETTINGS = 16 };
	struct fed_assign assign[SETTINGS];
	const bool first_time = !fed_session_parts(j->session)->data;
	uint32_t first, last;
	bool same;
	int rc = take_form(j, terms, n, &same, err);

	if (rc || same)
		return rc;
	char *text = specification(j, terms, n, err);
	if (!text)
		return FED_REJECT;
	const size_t settings = split_data(text, &first, &last, assign, SETTINGS);
	if (first_time)
		rc = fed__terms_set_seed(terms, n, j->session, err);
	if (rc == FED_OK)
		rc = fed_session_dataset_by(j->session, &j->form, text, assign, settings, err);
	fed_free(text);
	return rc ? rc : choose_examples(j, first, last, err);
}

/* Show what the terms are. */
static void show_terms(struct fed_join *j)
{
	const struct fed_composition *c = fed_session_parts(j->session);

	pthread_mutex_lock(&j->lock);
	j->view.examples = j->examples;
	snprintf(j->view.model, sizeof j->view.model, "%s", c->model.entry->head->name);
	snprintf(j->view.scheme, sizeof j->view.scheme, "%s", c->scheme->name);
	snprintf(j->view.aggregator, sizeof j->view.aggregator, "%s", c->aggregator.entry->head->name);
	pthread_mutex_unlock(&j->lock);
}

/* Meet the terms (borrowed from a frame), and say whether they can be met. */
static void prepare(struct fed_join *j, const char *said, size_t n)
{
	struct fed_error why;
	struct fed_text text = {0}, copy = {0};

	fed__join_set(j, FED_JOIN_PREPARES, NULL);
	fed_text_put(&copy, said, n);
	const char *terms = fed_text_str(&copy);
	int rc = copy.failed ? fed_fail_memory(&why, n, "the terms") : FED_OK;
	if (rc == FED_OK)
		rc = load_data(j, terms, n, &why);
	if (rc == FED_OK)
		rc = fed__terms_apply(terms, n, j->session, &why);
	if (rc == FED_OK && j->client != FED_SERVER)
		rc = fed_session_become_client(j->session, j->client, j->from, j->examples, &why);
	if (rc) {
		fed__room_line(&text, "why", why.text);
		fed__join_set(j, FED_JOIN_UNFIT, why.text);
		fed__join_say(j, FED_ROOM_UNFIT, fed_text_str(&text));
	} else {
		show_terms(j);
		fed_text_add(&text, "examples=%u\n", j->examples);
		fed__join_set(j, j->client == FED_SERVER ? FED_JOIN_READY : FED_JOIN_IDLE, NULL);
		fed__join_say(j, FED_ROOM_READY, fed_text_str(&text));
	}
	fed_text_release(&copy);
	fed_text_release(&text);
}

static void become_client(struct fed_join *j, const char *text, size_t n)
{
	struct fed_error why;
	const uint32_t id = (uint32_t)fed__room_number(text, n, "client", FED_SERVER - 1, FED_SERVER);

	if (id == FED_SERVER || !j->loaded)
		return;
	if (fed_session_become_client(j->session, id, j->from, j->examples, &why)) {
		struct fed_text said = {0};

		fed__join_set(j, FED_JOIN_UNFIT, why.text);
		fed__room_line(&said, "why", why.text);
		fed__join_say(j, FED_ROOM_UNFIT, fed_text_str(&said));
		fed_text_release(&said);
		return;
	}
	j->client = id;
	pthread_mutex_lock(&j->lock);
	j->view.client = id;
	j->view.holdout = fed_clients_get(&fed_session_parts(j->session)->clients, id)->holdout;
	pthread_mutex_unlock(&j->lock);
	fed__join_set(j, FED_JOIN_IDLE, NULL);
	fed__join_renew_role(j);
}

/* The session began anew: what this client keeps of its own is of the one before. */
static void begin_anew(struct fed_join *j)
{
	struct fed_error unused;

	if (j->client != FED_SERVER)
		(void)fed_session_restart(j->session, &unused);
	pthread_mutex_lock(&j->lock);
	j->view.version = 0;
	j->view.loss = NAN;
	pthread_mutex_unlock(&j->lock);
}

static void hear(struct fed_join *j, unsigned kind, const char *text, size_t n)
{
	switch (kind) {
	case FED_ROOM_WELCOME:
		j->epoch = (uint32_t)fed__room_number(text, n, "epoch", UINT32_MAX, 0);
		if (fed__room_number(text, n, "anew", 1, 0))
			begin_anew(j);
		prepare(j, text, n);
		break;
	case FED_ROOM_TERMS:
		prepare(j, text, n);
		break;
	case FED_ROOM_CLIENT:
		become_client(j, text, n);
		break;
	case FED_ROOM_ROLE:
		fed__join_hear_role(j, text, n);
		break;
	case FED_ROOM_PEERS:
		fed__join_hear_peers(j, text, n);
		break;
	case FED_ROOM_CONSENT:
		fed__join_hear_consent(j, fed__room_number(text, n, "takes", 1, 0) == 1);
		break;
	default:
		break;
	}
}

/* Work --------------------------------------------------------------------------------------- */

/* Send an answer: a frame of this opening of the room. */
static int send_answer(struct fed_join *j, struct fed_envelope *answer, struct fed_error *err)
{
	struct fed_text frame = {0};

	if (fed__join_seals(j, answer)) {
		const int sealed = fed__join_seal(j, answer, err);
		if (sealed)
			return sealed;
	}
	answer->head.from = j->client;
	answer->head.id = (uint64_t)j->epoch << 32 | ++j->answers;
	int rc = fed_messenger_encode(answer, &frame, err);
	if (rc == FED_OK)
		rc = fed_network_send(j->network, 0, frame.s, frame.len, UINT64_MAX, err);
	fed_text_release(&frame);
	return rc;
}

/* Tell the server that no answer to a message will come. */
static void send_unable(struct fed_join *j, const struct fed_join_message *message, const char *why)
{
	struct fed_envelope asked;
	struct fed_text frame = {0};
	struct fed_error unused;

	if (fed_frame_head(message->bytes, message->len, &asked, &unused))
		return;
	const struct fed_message head = {.id = (uint64_t)j->epoch << 32 | ++j->answers,
	                                 .from = j->client,
	                                 .to = FED_SERVER,
	                                 .kind = FED_FRAME_UNABLE};
	if (fed_frame_put_text(&head, asked.round, why, strlen(why), &frame, &unused) == FED_OK)
		(void)fed_network_send(j->network, 0, frame.s, frame.len, UINT64_MAX, &unused);
	fed_text_release(&frame);
}

static void show_answer(struct fed_join *j, const struct fed_envelope *in,
                        const struct fed_envelope *answer)
{
	pthread_mutex_lock(&j->lock);
	j->view.version = in->version;
	if (fed_client_activity_of(in) == FED_CLIENT_TRAINS) {
		j->view.trainings +=
			answer->head.kind == FED_MESSAGE_UPDATE || answer->head.kind == FED_MESSAGE_HEAD;
		j->view.loss = answer->loss;
	} else {
		j->view.evaluations++;
	}
	pthread_mutex_unlock(&j->lock);
}

/* Begin or end what can be stopped. */
static void set_busy(struct fed_join *j, bool busy)
{
	pthread_mutex_lock(&j->lock);
	j->busy = busy;
	fed_session_clear_interrupt(j->session);
	pthread_mutex_unlock(&j->lock);
}

static void work(struct fed_join *j, struct fed_join_message *message)
{
	struct fed_federation *f = fed_session_working(j->session);
	struct fed_envelope in = {0}, answer = {0};
	struct fed_error why;
	bool answers = false;

	if (j->client == FED_SERVER)
		return;
	if (!fed_session_running(j->session)) {
		send_unable(j, message, "its session does not run");
		return;
	}
	int rc = fed__join_open_sealed(j, message, &why);
	if (rc == FED_OK)
		rc = fed_client_decode(f, j->client, message->bytes, message->len, &in, &why);
	if (rc == FED_OK) {
		fed__join_set(j,
		              fed_client_activity_of(&in) == FED_CLIENT_TRAINS ? FED_JOIN_TRAINS
		                                                               : FED_JOIN_EVALUATES,
		              NULL);
		set_busy(j, true);
		rc = fed_client_work(f, j->client, &in, &answer, &answers, &why);
		set_busy(j, false);
	}
	if (rc == FED_OK && answers) {
		show_answer(j, &in, &answer);
		rc = send_answer(j, &answer, &why);
		fed_envelope_release(&answer);
	}
	fed_envelope_release(&in);
	if (rc)
		send_unable(j, message, why.text);
	fed__join_set(j, FED_JOIN_IDLE, rc ? why.text : NULL);
}

/* The next message; false: the thread is to end. */
static bool next_message(struct fed_join *j, struct fed_join_message *out)
{
	pthread_mutex_lock(&j->lock);
	while (!j->ends && j->n_queue == 0)
		pthread_cond_wait(&j->changed, &j->lock);
	const bool ends = j->ends;
	if (!ends) {
		*out = j->queue[0];
		memmove(j->queue, j->queue + 1, --j->n_queue * sizeof *j->queue);
	}
	pthread_mutex_unlock(&j->lock);
	return !ends;
}

void *fed__join_work(void *ctx)
{
	struct fed_join *j = ctx;
	struct fed_join_message message;
	struct fed_error unused;
	const char *text;
	size_t n;

	while (next_message(j, &message)) {
		if (fed_frame_get_text(message.bytes, message.len, &text, &n, &unused) == FED_OK)
			hear(j, ((const unsigned char *)message.bytes)[4], text, n);
		else
			work(j, &message);
		fed_free(message.bytes);
	}
	return NULL;
}
