/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker/memory.h - shared memory as a worker process sees it.
 *
 * All of the file is mapped read-only, once.  What a request lets the plugin write is mapped once
 * more, between two pages that cannot be touched: a write past it is a fault.
 */
#ifndef FED_WORKER_MEMORY_H
#define FED_WORKER_MEMORY_H

#include "plug/guard/protocol.h"
#include "plug/wire.h"

enum { FED_WORKER_OUTPUTS = 8 }; /* mappings that are kept */

struct fed_worker_memory {
	int fd;
	const char *base; /* of the read-only mapping */
	size_t range;
	size_t page;
	struct fed_worker_window {
		uint64_t offset;
		size_t bytes;
		char *base; /* of the mapping, without the pages around it; NULL: free */
		uint64_t used;
		enum fed_fault_place beside; /* what a fault in the pages around it is */
	} window[FED_WORKER_OUTPUTS];
	uint64_t uses;
};

/* False: the file cannot be mapped. */
bool fed__worker_memory_init(struct fed_worker_memory *, int fd);
/* For fed_get_input() and its kind. */
struct fed_wire_memory fed__worker_inputs(struct fed_worker_memory *);
/* Block of the file that may be written; NULL: it cannot be mapped. */
void *fed__worker_window(struct fed_worker_memory *, uint64_t offset, size_t bytes,
                         enum fed_fault_place beside);
/* Where the values of an output are (fed_put_output()); NULL: not there. */
void *fed__get_output(struct fed_packet_reader *, struct fed_worker_memory *, size_t *bytes);
/* Where an address lies; called in a signal handler. */
enum fed_fault_place fed__worker_place(const struct fed_worker_memory *, uintptr_t address);

#endif
