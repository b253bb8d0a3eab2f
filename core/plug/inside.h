/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/inside.h - the plugins that users loaded to run inside (trusted): whose code is at an
 * address, for a handler of fatal signals.
 */
#ifndef FED_PLUG_INSIDE_H
#define FED_PLUG_INSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fed_entry;

/* Record an entry whose library is open in this process; remove it before that is closed. The
 * table is small: plugins that it has no place for are not found. */
void fed__inside_add(const struct fed_entry *);
void fed__inside_remove(const struct fed_entry *);

/* Where in a plugin a thread was. */
struct fed_inside {
	const struct fed_entry *entry;
	const char *function; /* that fedsh had called, as "reduce"; NULL: not known */
	uintptr_t offset;     /* of the innermost address in it, in its file as linked */
};
/* The i-th of them; NULL: there are fewer. Async-signal-safe. */
const struct fed_entry *fed_inside_at(size_t i);
/* Find the plugin that an instruction, and then return addresses, lead into. `whole`: they lead to
 * the thread's beginning. false: none of them does. Async-signal-safe. */
bool fed_inside_find(const void *const address[], int n, bool whole, struct fed_inside *);

#endif
