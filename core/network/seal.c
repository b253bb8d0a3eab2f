/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network/seal.c - form of sealed bytes: the sender's public key, a nonce, how many receivers; of
 * each its number and its box; the content.
 */
#include "network/seal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "network/keys.h"
#include "network/sockets.h"

enum {
	KEY = FED_SEAL_KEY,
	NONCE_AT = KEY,
	COUNT_AT = NONCE_AT + FED_SEAL_NONCE,
	BOXES_AT = COUNT_AT + 4,
	ABOUT = 32, /* bytes of what a box says of the content */
	BOXED = ABOUT + KEY + FED_SEAL_DIGEST,
	BOX = 4 + BOXED + FED_SEAL_MAC, /* with the number of its receiver */
};

size_t fed_seal_bytes(size_t receivers)
{
	return BOXES_AT + receivers * BOX + FED_SEAL_MAC;
}

static void put(uint8_t *at, unsigned bytes, uint64_t x)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = (uint8_t)(x >> (8 * i));
}

static uint64_t get(const uint8_t *at, unsigned bytes)
{
	uint64_t x = 0;

	for (unsigned i = 0; i < bytes; i++)
		x |= (uint64_t)at[i] << (8 * i);
	return x;
}

static void put_about(uint8_t *at, const struct fed_seal_about *about, uint32_t receiver)
{
	put(at, 4, about->epoch);
	put(at + 4, 4, about->sender);
	put(at + 8, 4, receiver);
	put(at + 12, 4, 0);
	put(at + 16, 8, about->version);
	put(at + 24, 8, about->turn);
}

static const struct fed_seal_peer *peer_of(const struct fed_seal_peer *peer, size_t n,
                                           uint32_t client)
{
	for (size_t i = 0; i < n; i++)
		if (peer[i].client == client)
			return &peer[i];
	return NULL;
}

/* Sealing --------------------------------------------------------------------------- */

static int put_box(const struct fed_key_pair *keys, const struct fed_seal_about *about,
                   const struct fed_seal_peer *to, const uint8_t *nonce, uint8_t boxed[BOXED],
                   uint8_t *at, struct fed_error *err)
{
	put(at, 4, to->client);
	put_about(boxed, about, to->client);
	return fed__keys_box(keys, to->key, nonce, boxed, BOXED, at + 4)
	           ? FED_OK
	           : fed_reject(err, "the public key of client %u is none", to->client);
}

int fed_seal(const struct fed_key_pair *keys, const struct fed_seal_about *about,
             const struct fed_seal_peer *peer, size_t peers, const void *bytes, size_t len,
             struct fed_text *out, struct fed_error *err)
{
	const size_t start = out->len;
	uint8_t boxed[BOXED], *content_key = boxed + ABOUT;
	size_t n = 0;
	int rc = FED_OK;

	for (size_t i = 0; i < peers; i++)
		n += !peer[i].gone;
	uint8_t *at = (uint8_t *)fed_text_reserve(out, fed_seal_bytes(n) + len);
	if (!at)
		return fed_fail_memory(err, len, "a sealed message");
	uint8_t *nonce = at + NONCE_AT, *box = at + BOXES_AT, *content = box + n * BOX;
	fed__key_bytes(keys->open, at);
	fed__keys_random(nonce, FED_SEAL_NONCE);
	fed__keys_random(content_key, KEY);
	put(at + COUNT_AT, 4, n);
	fed__keys_encrypt(content_key, nonce, bytes, len, content);
	fed__keys_digest(content, len + FED_SEAL_MAC, boxed + ABOUT + KEY);
	for (size_t i = 0; i < peers && rc == FED_OK; i++) {
		if (peer[i].gone)
			continue;
		rc = put_box(keys, about, &peer[i], nonce, boxed, box, err);
		box += BOX;
	}
	fed__keys_forget(boxed, sizeof boxed);
	if (rc == FED_OK)
		out->len = start + fed_seal_bytes(n) + len;
	out->s[out->len] = '\0';
	return rc;
}

/* Opening --------------------------------------------------------------------------- */

/* The box of this receiver, or NULL. */
static const uint8_t *find_box(const uint8_t *sealed, uint64_t boxes, uint32_t receiver)
{
	for (uint64_t i = 0; i < boxes; i++)
		if (get(sealed + BOXES_AT + i * BOX, 4) == receiver)
			return sealed + BOXES_AT + i * BOX + 4;
	return NULL;
}

/* Open the box: what the content is about, its key and its digest. */
static int open_box(const struct fed_key_pair *keys, const struct fed_seal_peer *sender,
                    uint32_t self, const uint8_t *sealed, uint64_t boxes, uint8_t boxed[BOXED],
                    struct fed_error *err)
{
	uint8_t key[KEY];
	const uint8_t *box = find_box(sealed, boxes, self);

	if (!sender || !fed__key_bytes(sender->key, key))
		return fed_reject(err, "the server has not told the key of its sender");
	if (memcmp(key, sealed, KEY) != 0)
		return fed_reject(err, "it is sealed by another key than that of client %u",
		                  sender->client);
	if (!box)
		return fed_reject(err, "it is not sealed for client %u", self);
	if (!fed__keys_open_box(keys, sender->key, sealed + NONCE_AT, box, BOXED, boxed))
		return fed_reject(err, "it does not open with this client's key");
	if (get(boxed + 4, 4) != sender->client || get(boxed + 8, 4) != self)
		return fed_reject(err, "it is from client %u to client %u", (unsigned)get(boxed + 4, 4),
		                  (unsigned)get(boxed + 8, 4));
	return FED_OK;
}

/* Decrypt the content of a box that is open. */
static int open_content(const uint8_t *boxed, const uint8_t *nonce, const uint8_t *content,
                        size_t n, void **out, size_t *len, struct fed_error *err)
{
	uint8_t digest[FED_SEAL_DIGEST];

	fed__keys_digest(content, n, digest);
	if (memcmp(digest, boxed + ABOUT + KEY, sizeof digest) != 0)
		return fed_reject(err, "its content is not that which was sealed");
	*len = n - FED_SEAL_MAC;
	*out = fed_alloc(*len ? *len : 1);
	if (!*out)
		return fed_fail_memory(err, *len, "a sealed message");
	if (fed__keys_decrypt(boxed + ABOUT, nonce, content, n, *out))
		return FED_OK;
	fed_free(*out);
	*out = NULL;
	return fed_reject(err, "its content does not open");
}

int fed_seal_open(const struct fed_key_pair *keys, const struct fed_seal_peer *peer, size_t peers,
                  uint32_t sender, uint32_t self, const void *bytes, size_t n,
                  struct fed_seal_about *about, void **out, size_t *len, struct fed_error *err)
{
	const uint8_t *sealed = bytes;
	uint8_t boxed[BOXED];

	*out = NULL;
	*len = 0;
	const uint64_t boxes = n >= fed_seal_bytes(0) ? get(sealed + COUNT_AT, 4) : UINT64_MAX;
	if (boxes > n / BOX || n < fed_seal_bytes((size_t)boxes))
		return fed_reject(err, "its %zu bytes are none that were sealed", n);
	int rc = open_box(keys, peer_of(peer, peers, sender), self, sealed, boxes, boxed, err);
	const size_t from = BOXES_AT + (size_t)boxes * BOX;
	if (rc == FED_OK)
		rc = open_content(boxed, sealed + NONCE_AT, sealed + from, n - from, out, len, err);
	if (rc == FED_OK)
		*about = (struct fed_seal_about){.epoch = (uint32_t)get(boxed, 4),
		                                 .sender = sender,
		                                 .version = get(boxed + 16, 8),
		                                 .turn = get(boxed + 24, 8)};
	fed__keys_forget(boxed, sizeof boxed);
	return rc;
}

/* What people compare ----------------------------------------------------------------- */

static int by_client(const void *a, const void *b)
{
	const struct fed_seal_peer *first = a, *second = b;

	return first->client < second->client ? -1 : first->client > second->client;
}

void fed_seal_word(const struct fed_seal_peer *peer, size_t peers, char out[FED_SEAL_WORD])
{
	struct fed_seal_peer *sorted = fed_alloc_array(peers ? peers : 1, sizeof *sorted);
	struct fed_text all = {0};

	*out = '\0';
	if (sorted && peers) {
		memcpy(sorted, peer, peers * sizeof *sorted);
		qsort(sorted, peers, sizeof *sorted, by_client);
	}
	for (size_t i = 0; sorted && i < peers; i++)
		fed_text_add(&all, "%u %s\n", sorted[i].client, sorted[i].key);
	if (sorted && !all.failed)
		fed__keys_word(fed_text_str(&all), all.len, out);
	fed_text_release(&all);
	fed_free(sorted);
}
