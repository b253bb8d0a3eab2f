/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/wire.h - values of plugin calls in packets between fedsh and its worker processes.
 *
 * What one side puts, the other gets in the same order.  A vector is the offset of its bytes in the
 * shared memory (guard/protocol.h): fedsh writes it with fed_put_input(), the worker finds it with
 * a fed_wire_memory.
 */
#ifndef FED_PLUG_WIRE_H
#define FED_PLUG_WIRE_H

#include "plug/guard/packet.h"
#include "plug/calls/host.h"
#include "plug/registry.h"

struct fed_worker;

/* A worker's view of the shared memory: the address of bytes that may be read; NULL: they are not
 * in it. */
struct fed_wire_memory {
	const void *(*at)(void *ctx, uint64_t offset, size_t bytes);
	void *ctx;
};
const void *fed_get_input(struct fed_packet_reader *, const struct fed_wire_memory *, size_t bytes);

/* Descriptor: head, rows and what the kind has, from a worker that has loaded the file.  get makes
 * an entry's head, fields and copy, whose strings
 * stay in `words`, the entry's; functions that the plugin has are set to one that fails, so that
 * they can be asked for but not called. */
void fed_put_descriptor(struct fed_packet *, const struct fed_entry *);
int fed__get_descriptor(struct fed_packet_reader *, struct fed_entry *, struct fed_error *);

/* State of an instance, and of the pre-aggregation before it.  get refuses another size. */
void fed_put_state(struct fed_packet *, const struct fed_instance *);
int fed_get_state(struct fed_packet_reader *, struct fed_instance *, struct fed_error *);

/* Round, without its host; ld is what it is at the other end. */
void fed__put_round(struct fed_worker *, const struct fed_round *);
struct fed_round fed_get_round(struct fed_packet_reader *, const struct fed_wire_memory *);

/* Updates, with their returned vectors.  block: the rows, round->ld apart, when they lie in one
 * block; NULL: anywhere.  get: `returned` [n][vectors] are pointers of the caller's. */
void fed__put_updates(struct fed_worker *, const struct fed_round *, const float *block,
                      const struct fed_update *, size_t n, uint32_t vectors);
void fed_get_updates(struct fed_packet_reader *, const struct fed_wire_memory *,
                     const struct fed_round *, struct fed_update *, size_t n,
                     const float **returned, uint32_t vectors);

void fed_put_verdicts(struct fed_packet *, const struct fed_verdict *, size_t n);
void fed_get_verdicts(struct fed_packet_reader *, struct fed_verdict *, size_t n);
void fed_put_trusts(struct fed_packet *, const struct fed_trust *, size_t n);
void fed__get_trusts(struct fed_packet_reader *, struct fed_trust *, size_t n);

#endif
