/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/mem.h - memory allocation of the core, with counting and fault injection for tests.
 *
 * All functions but one return zeroed memory or NULL; nothing here exits.  Memory of one family is
 * freed by the same family.
 */
#ifndef FED_BASE_MEM_H
#define FED_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fedsh/plugin.h"

void *fed_alloc(size_t bytes);
/* n * size bytes; NULL when the product overflows. */
void *fed_alloc_array(size_t n, size_t size);
/* As realloc; what is beyond old_bytes is zeroed.  On NULL the old block is unchanged. */
void *fed_resize(void *block, size_t old_bytes, size_t bytes);
/* A copy of n items; NULL without memory, or of none. */
void *fed_copy_array(const void *, size_t n, size_t size);
char *fed_strdup(const char *s);
void fed_free(void *block);

/* Float vectors: 64-byte aligned, on huge pages where they are large. */
float *fed_alloc_floats(size_t n);
/* The same of any content, for who sets all of it: pages take memory when they are written. */
float *fed_alloc_floats_unset(size_t n);
void fed_free_floats(float *v);

/* Bytes that can still be allocated: free memory of the machine, within the limits of control
 * groups and of the address space, plus freed blocks of the C library.  Infinite where unknown. */
double fed_mem_available(void);

/* "out of memory (n bytes for WHAT)"; returns FED_FAIL. */
int fed_fail_memory(struct fed_error *err, size_t bytes, const char *what);

/* Tests: from now on the k-th allocation (1 = the next) of all threads fails; 0 = none. */
void fed__mem_fail_at(uint64_t k);
/* Whether that allocation is still to come. */
bool fed__mem_fail_ahead(void);
/* Tests: the folder that holds /proc and /sys; "" is the root. */
void fed__mem_root(const char *folder);
/* Blocks of both families allocated and not freed. */
int64_t fed__mem_live(void);

#endif
