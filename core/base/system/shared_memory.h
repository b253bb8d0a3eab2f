/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/system/shared_memory.h - shared memory: blocks of one anonymous file that worker processes
 * map.
 *
 * The file is mapped once, over an address range that is never exceeded, and grows as blocks are
 * taken: blocks do not move.  Blocks are whole pages, zeroed.  Another process finds a block by its
 * offset in the file.  All functions may be called on any thread.
 */
#ifndef FED_BASE_SYSTEM_SHARED_MEMORY_H
#define FED_BASE_SYSTEM_SHARED_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fedsh/plugin.h"

#define FED_HUGE_PAGE ((size_t)1 << 21) /* bytes of one, on x86-64 and mostly elsewhere */

struct fed_shared_memory;

int fed_shared_memory_init(struct fed_shared_memory **, struct fed_error *);
void fed_shared_memory_free(struct fed_shared_memory *); /* NULL is fine */
/* Mapping of such a file over the largest range of addresses that the system allows, *range bytes,
 * none of which costs anything until it is used; munmap() ends it. NULL: refused, see errno. */
char *fed_shared_memory_map(int fd, bool writable, size_t *range);
/* Descriptor of the file, to be inherited by a worker process. */
int fed_shared_memory_descriptor(const struct fed_shared_memory *);

/* A block of at least so many bytes; NULL: no memory. */
void *fed_shared_memory_take(struct fed_shared_memory *, size_t bytes);
/* Return a block, whose memory goes back to the system.  NULL is fine. */
void fed_shared_memory_return(struct fed_shared_memory *, void *block);
/* Tests: the k-th mapping or block (1 = the next) is refused; 0 = none. */
void fed__shared_memory_fail_at(uint64_t k);
/* Whether that one is still to come. */
bool fed__shared_memory_fail_ahead(void);
/* Whether [p, p + bytes) lies in blocks of the file; *offset: where. */
bool fed_shared_memory_find(const struct fed_shared_memory *, const void *p, size_t bytes,
                            uint64_t *offset);

#endif
