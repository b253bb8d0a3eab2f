/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network/seal.h - bytes that one peer sends to others through a server that cannot read them.
 *
 * The content is encrypted once, under a key of its own; that key, a digest of the content, and
 * what the content is about are sealed to each receiver (crypto_box: who opens them knows that the
 * sender made them for it).  The form is described in network/protocol.md.
 */
#ifndef FED_NETWORK_SEAL_H
#define FED_NETWORK_SEAL_H

#include "network/network.h"

struct fed_text;

/* A peer that may open it, or have made it. */
struct fed_seal_peer {
	uint32_t client;
	char key[FED_KEY_TEXT]; /* its public key */
	bool gone;              /* nothing is sealed to it; what it made is opened */
};
/* What sealed bytes are about: others than those expected are refused. */
struct fed_seal_about {
	uint32_t epoch, sender;
	uint64_t version, turn;
};

/* Bytes that sealing adds, for so many receivers. */
size_t fed_seal_bytes(size_t receivers);
/* Append the sealed bytes to `out`. */
int fed_seal(const struct fed_key_pair *, const struct fed_seal_about *,
             const struct fed_seal_peer *, size_t peers, const void *bytes, size_t len,
             struct fed_text *out, struct fed_error *);
/* Open what client `sender` sealed for client `self`: *out are the caller's `*len` bytes
 * (fed_free), *about what they are about.  FED_REJECT: they cannot be opened, and why. */
int fed_seal_open(const struct fed_key_pair *, const struct fed_seal_peer *, size_t peers,
                  uint32_t sender, uint32_t self, const void *sealed, size_t n,
                  struct fed_seal_about *about, void **out, size_t *len, struct fed_error *);
/* Two groups of four symbols that people compare: those who have the same list of peers have the
 * same. */
#define FED_SEAL_WORD 10
void fed_seal_word(const struct fed_seal_peer *, size_t peers, char out[FED_SEAL_WORD]);

#endif
