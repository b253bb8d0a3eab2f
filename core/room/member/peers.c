/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * room/member/peers.c - heads that members seal for each other (network/seal.h), so that the server
 * which passes them on cannot read them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "room/member/internal.h"
#include "session/composition.h"
#include "train/schemes/split.h"

/* Versions that a head may be older than the round that it is for: that of the last round, or of
 * the one before, when its clients could not use that one. */
enum { OLDER_MOST = 2, PEERS_MOST = 10000 };

/* Keys --------------------------------------------------------------------------------------- */

static bool read_line(const char *line, size_t n, struct fed_seal_peer *peer)
{
	char text[24 + FED_KEY_TEXT], key[64];
	unsigned client;

	if (n >= sizeof text)
		return false;
	memcpy(text, line, n);
	text[n] = '\0';
	const bool here = sscanf(text, "peer.%u=%63s", &client, key) == 2;
	const bool gone = !here && sscanf(text, "gone.%u=%63s", &client, key) == 2;

	if ((!here && !gone) || strlen(key) != FED_KEY_TEXT - 1)
		return false;
	*peer = (struct fed_seal_peer){.client = client, .gone = gone};
	memcpy(peer->key, key, FED_KEY_TEXT);
	return true;
}

static void show_peers(struct fed_join *j)
{
	pthread_mutex_lock(&j->lock);
	j->view.peers = (uint32_t)j->n_peers;
	j->view.word[0] = '\0';
	if (j->n_peers)
		fed_seal_word(j->peer, j->n_peers, j->view.word);
	pthread_mutex_unlock(&j->lock);
	fed_network_wake(j->network);
}

void fed__join_hear_peers(struct fed_join *j, const char *text, size_t n)
{
	struct fed_seal_peer peer, *peers = NULL;
	size_t found = 0, lines = 0;

	for (size_t i = 0; i < n; i++)
		lines += text[i] == '\n';
	if (lines && lines <= PEERS_MOST)
		peers = fed_alloc_array(lines, sizeof *peers);
	for (size_t at = 0; peers && at < n;) {
		const char *end = memchr(text + at, '\n', n - at);
		const size_t length = end ? (size_t)(end - (text + at)) : n - at;

		if (end && read_line(text + at, length, &peer))
			peers[found++] = peer;
		at += length + 1;
	}
	fed_free(j->peer);
	j->peer = peers;
	j->n_peers = found;
	show_peers(j);
}

/* Whether the server has told this member's own key as it is: else others seal for another. */
static int check_own(const struct fed_join *j, struct fed_error *err)
{
	for (size_t i = 0; i < j->n_peers; i++)
		if (j->peer[i].client == j->client)
			return strcmp(j->peer[i].key, j->keys.open) == 0
			           ? FED_OK
			           : fed_reject(err, "the server tells the others another key than this "
			                             "client's, for whom they would seal the head");
	return fed_reject(err, "the server has not told the keys of the clients");
}

/* Sealing ------------------------------------------------------------------------------------ */

bool fed__join_seals(const struct fed_join *j, const struct fed_envelope *e)
{
	const struct fed_composition *c = fed_session_parts(j->session);

	return e->head.kind == FED_MESSAGE_HEAD && fed_split_seals(c->scheme, c->scheme_state);
}

int fed__join_seal(const struct fed_join *j, struct fed_envelope *head, struct fed_error *err)
{
	const struct fed_seal_about about = {
		.epoch = j->epoch, .sender = j->client, .version = head->version, .turn = head->round};
	struct fed_text frame = {0}, sealed = {0};
	int rc = check_own(j, err);

	if (rc == FED_OK)
		rc = fed_messenger_encode(head, &frame, err);
	if (rc == FED_OK) /* the numbers, as they would travel */
		rc = fed_seal(&j->keys, &about, j->peer, j->n_peers, frame.s + FED_FRAME_BYTES,
		              frame.len - FED_FRAME_BYTES, &sealed, err);
	struct fed_shared_vectors *nothing = rc == FED_OK ? fed_shared_vectors_new(0, 0) : NULL;
	struct fed_code *code =
		nothing ? fed_code_new((const unsigned char *)sealed.s, sealed.len) : NULL;
	if (rc == FED_OK && !code) {
		fed_shared_vectors_unref(nothing);
		rc = fed_fail_memory(err, sealed.len, "a sealed head");
	}
	if (rc == FED_OK) {
		fed_shared_vectors_unref(head->payload);
		head->payload = nothing;
		head->code = code;
		head->head.kind = FED_MESSAGE_SEALED;
	}
	fed_text_release(&frame);
	fed_text_release(&sealed);
	return rc;
}

/* Opening ------------------------------------------------------------------------------------ */

/* What a head must be about: this opening of the room, and a turn not long before this one. */
static int check_about(const struct fed_join *j, const struct fed_envelope *e,
                       const struct fed_seal_about *about, struct fed_error *err)
{
	if (about->epoch != j->epoch)
		return fed_reject(err, "it is of another session");
	if (about->version > e->version || about->version + OLDER_MOST < e->version)
		return fed_reject(err, "it is of version %llu, and this is version %llu",
		                  (unsigned long long)about->version, (unsigned long long)e->version);
	if (about->turn >= e->round)
		return fed_reject(err, "it is of turn %llu, and this is turn %llu",
		                  (unsigned long long)about->turn, (unsigned long long)e->round);
	return FED_OK;
}

/* Put the head in its place: a frame as of one that was not sealed. */
static int put_head(struct fed_join_message *message, const struct fed_envelope *sealed,
                    const void *bytes, size_t len, struct fed_error *err)
{
	const size_t dim = len / sizeof(float);
	struct fed_envelope head = *sealed;
	struct fed_text frame = {0};

	head.head.kind = FED_MESSAGE_HEAD;
	head.payload = fed_shared_vectors_new(dim ? 1 : 0, dim);
	if (!head.payload)
		return fed_fail_memory(err, len, "a head");
	if (dim)
		memcpy(head.payload->vector[0], bytes, dim * sizeof(float));
	bool finite = true;
	for (size_t i = 0; i < dim; i++)
		finite &= head.payload->vector[0][i] - head.payload->vector[0][i] == 0;
	int rc =
		finite ? fed_messenger_encode(&head, &frame, err) : fed_reject(err, "it is not finite");
	void *copy = rc == FED_OK ? fed_alloc(frame.len) : NULL;
	if (rc == FED_OK && !copy)
		rc = fed_fail_memory(err, frame.len, "a head");
	if (rc == FED_OK) {
		memcpy(copy, frame.s, frame.len);
		fed_free(message->bytes);
		*message = (struct fed_join_message){copy, frame.len};
	}
	fed_text_release(&frame);
	fed_shared_vectors_unref(head.payload);
	return rc;
}

int fed__join_open_sealed(const struct fed_join *j, struct fed_join_message *message,
                          struct fed_error *err)
{
	struct fed_envelope e;
	struct fed_seal_about about;
	struct fed_error why;
	void *bytes = NULL;
	size_t len = 0;

	if (fed_frame_head(message->bytes, message->len, &e, err) || e.head.kind != FED_MESSAGE_SEALED)
		return FED_OK;
	int rc = fed_seal_open(&j->keys, j->peer, j->n_peers, e.head.from, j->client,
	                       (const char *)message->bytes + FED_FRAME_BYTES,
	                       message->len - FED_FRAME_BYTES, &about, &bytes, &len, &why);
	if (rc == FED_OK)
		rc = check_about(j, &e, &about, &why);
	if (rc == FED_OK)
		rc = put_head(message, &e, bytes, len, &why);
	fed_free(bytes);
	return rc ? fed_error_set(err, rc, "cannot use the head of client %u: %s", e.head.from,
	                          why.text)
	          : FED_OK;
}
