/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/loader.h - loading of shared objects: plugins (private to plug/), and parts of fedsh.
 *
 * A library is either the file itself or a private copy of it, which stays valid when the file is
 * rebuilt, truncated or deleted.  Refusals of the file are FED_REJECT, lack of memory FED_FAIL.
 */
#ifndef FED_PLUG_LOADER_H
#define FED_PLUG_LOADER_H

#include "fedsh/plugin.h"

struct fed_library;

/* A part of fedsh itself that is loaded when it is needed, for the rest of the process: an object
 * that it exports. */
int fed_module_open(const char *path, const char *symbol, const void **object, struct fed_error *);

/* The file itself.  Inspects it first: a damaged object could kill the process inside dlopen. */
int fed__library_open(struct fed_library **, const char *path, struct fed_error *);
/* A private copy of the file, inspected like a library but not opened: for a worker process, which
 * may have the runtimes of sanitizers (sanitized), or until fed__library_load(). */
int fed__library_copy(struct fed_library **, const char *path, bool sanitized, struct fed_error *);
/* Open a copy in this process.  Inspection sees all that dlopen follows, but not what the object's
 * constructors do: another process has loaded it before. */
int fed__library_load(struct fed_library *, struct fed_error *);
/* Descriptor of the private copy or, opened now, of the file at this path; -1 if it cannot be. */
int fed__library_descriptor(struct fed_library *, const char *path);
void fed__library_close(struct fed_library *); /* NULL is fine */

/* The exported object of that name if it is inside the library itself; else NULL. */
const void *fed__library_symbol(const struct fed_library *, const char *name);
/* Whether [p, p + size) is mapped and readable as part of the library. */
bool fed__library_holds(const struct fed_library *, const void *p, size_t size);
/* Whether s is a string of the library that ends within `limit` bytes. */
bool fed__library_holds_string(const struct fed_library *, const char *s, size_t limit);

/* The addresses of the library's segments, from the first to behind the last. */
void fed__library_range(const struct fed_library *, uintptr_t *begin, uintptr_t *end);

#endif
