/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network/keys.h - random numbers that no other can guess, from the operating system by libsodium:
 * never those of a session's streams, which can be repeated from the seed.
 */
#ifndef FED_NETWORK_KEYS_H
#define FED_NETWORK_KEYS_H

#include <stdint.h>

/* Once before the others; any thread. */
void fed__keys_begin(void);
/* A random number that is not 0: a life. */
uint32_t fed__keys_life(void);

#endif
