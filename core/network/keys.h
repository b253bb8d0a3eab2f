/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network/keys.h - what others need of libsodium: random numbers that no other can guess, never
 * those of a session's streams, which can be repeated from the seed; boxes; digests.
 */
#ifndef FED_NETWORK_KEYS_H
#define FED_NETWORK_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fed_key_pair;

enum { FED_SEAL_KEY = 32, FED_SEAL_NONCE = 24, FED_SEAL_MAC = 16, FED_SEAL_DIGEST = 32 };

/* Once before the others; any thread. */
void fed__keys_begin(void);
/* A random number that is not 0: a life. */
uint32_t fed__keys_life(void);
void fed__keys_random(uint8_t *out, size_t n);
void fed__keys_forget(void *, size_t n); /* overwrite it in memory */

/* A box for who has this public key (crypto_box): n + FED_SEAL_MAC bytes; false: the key is none.
 */
bool fed__keys_box(const struct fed_key_pair *, const char *to, const uint8_t *nonce,
                   const uint8_t *in, size_t n, uint8_t *out);
/* Open a box with n bytes in it that who has this public key made; false: it is not that. */
bool fed__keys_open_box(const struct fed_key_pair *, const char *from, const uint8_t *nonce,
                        const uint8_t *box, size_t n, uint8_t *out);
/* Encrypt under a key (crypto_secretbox): n + FED_SEAL_MAC bytes; and back, of n bytes in all. */
void fed__keys_encrypt(const uint8_t *key, const uint8_t *nonce, const void *in, size_t n,
                       uint8_t *out);
bool fed__keys_decrypt(const uint8_t *key, const uint8_t *nonce, const uint8_t *in, size_t n,
                       void *out);
/* BLAKE2b, 32 bytes long. */
void fed__keys_digest(const uint8_t *, size_t n, uint8_t out[FED_SEAL_DIGEST]);
/* Two groups of four symbols: the first 40 bits of the digest. */
void fed__keys_word(const char *, size_t n, char out[10]);

#endif
