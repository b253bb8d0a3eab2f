/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/registry.h - the registry of plugins, and plugin instances.
 *
 * The loader reads a file's ELF headers before dlopen sees it (a truncated object would kill the
 * process), opens a private copy (the file may be rebuilt or deleted while loaded), checks the head
 * and the field table, and copies the plugin struct and the rows over zeroes.  It calls no plugin
 * function.
 *
 * A file that a user loads is opened by a worker process instead, if the registry has a guard
 * (plug/guard/guard.h); what the entry knows came over from there.
 *
 * An entry owns its rows and its library, which holds all strings of head and rows until the entry
 * is released.
 */
#ifndef FED_PLUG_REGISTRY_H
#define FED_PLUG_REGISTRY_H

#include <stdatomic.h>

#include "base/fields.h"
#include "fedsh/aggregator.h"
#include "fedsh/attack.h"
#include "fedsh/client_hooks.h"
#include "fedsh/codec.h"
#include "fedsh/explain.h"
#include "fedsh/host.h"
#include "fedsh/model.h"
#include "fedsh/selection.h"
#include "fedsh/transport.h"

struct fed_guard;
struct fed_library;
struct fed_worker;

#define FED_KIND_LAST FED_KIND_CODEC /* of enum fed_kind */

/* Work of a guarded plugin in its worker processes. */
struct fed_work {
	uint64_t calls, losses; /* losses: processes that ended in one */
	double seconds;         /* wall, in calls */
};

struct fed_entry {
	const struct fed_head *head; /* the first member of the copy below */
	char *path;                  /* of the file, absolute */
	bool builtin;                /* found in fedsh's own plugin folder */
	struct fed_guard *guard;     /* it runs in worker processes; NULL: inside */
	uint32_t users;              /* instances alive: it cannot be unloaded */
	uint32_t failures;           /* aggregations in a row in which it ended its worker process */
	atomic_uint client_failures; /* trainings and crafted updates in a row in which it failed */
	struct fed_work work;        /* of instances that are released */
	union {
		struct fed_head head;
		struct fed_aggregator aggregator;
		struct fed_transport transport;
		struct fed_model model;
		struct fed_attack attack;
		struct fed_selection selection;
		struct fed_codec codec;
	} copy;
	struct fed_field *fields;    /* head->fields: host-owned copies of the plugin's rows */
	struct fed_library *library; /* plug/loader.h */
	char *words;                 /* the strings of a guarded plugin's head and rows */
};

struct fed_registry;
int fed_registry_init(struct fed_registry **, struct fed_error *);
void fed_registry_free(struct fed_registry *);
/* Files are guarded from now on, by worker processes of this program; before any file is loaded. */
int fed_registry_guard(struct fed_registry *, const char *program, struct fed_error *);
/* The guard's settings; `program` is NULL when there is none. */
struct fed_guard *fed_registry_guard_of(const struct fed_registry *);

/* All *.so of a folder, in name order.  A file that cannot be loaded is skipped and reported to
 * bad(ctx, path, text).  FED_FAIL when the folder cannot be read or memory runs out. */
int fed_registry_scan(struct fed_registry *, const char *folder, bool builtin,
                      void (*bad)(void *ctx, const char *path, const char *text), void *ctx,
                      struct fed_error *);
/* `path` is kept in its absolute form.  Refuses: no such file, not ELF, other machine, truncated,
 * missing symbol, wrong magic, abi, kind, sizes, bad name or field row, a name that is taken by
 * another file of that kind. */
int fed_registry_load(struct fed_registry *, const char *path, const struct fed_entry **,
                      struct fed_error *);
/* The same, to run inside whatever the guard says. */
int fed_registry_load_trusted(struct fed_registry *, const char *path, const struct fed_entry **,
                              struct fed_error *);
/* The plugin in a file that is loaded as it is, without a registry: for a worker process, whose
 * path is an inherited descriptor.  Errors leave it out: the host names the file that the user
 * named. */
int fed_entry_open(struct fed_entry **, const char *path, struct fed_error *);
void fed__entry_free(struct fed_entry *); /* NULL is fine */
/* Descriptor of its file, or of the private copy, to be inherited; -1: it cannot be opened. */
int fed_entry_file(const struct fed_entry *);
/* An address in its file, where that is loaded in this process; NULL: it is not. */
const void *fed_entry_address(const struct fed_entry *);
/* Refuses while an instance is alive, and built-in plugins. */
int fed_registry_unload(struct fed_registry *, enum fed_kind, const char *name, struct fed_error *);
/* Load the entry's file again and replace the entry; unchanged on failure.  Refuses while an
 * instance is alive: the session releases its own, reloads and makes it again. */
int fed_registry_reload(struct fed_registry *, enum fed_kind, const char *name,
                        const struct fed_entry **, struct fed_error *);
/* Put back the entry that the last reload replaced, whose fresh one has no instance; false: it is
 * not there any more. */
bool fed_registry_take_back(struct fed_registry *, const struct fed_entry **);

/* On failure the error has the nearest name and the list of names. */
int fed_registry_find(const struct fed_registry *, enum fed_kind, const char *name,
                      const struct fed_entry **, struct fed_error *);
/* Entry i of a kind in name order; NULL past the last. */
const struct fed_entry *fed_registry_at(const struct fed_registry *, enum fed_kind, size_t i);
const char *fed_kind_name(enum fed_kind); /* "aggregator" */
int fed_kind_parse(const char *name, enum fed_kind *, struct fed_error *);

/* A plugin with its state struct: settings at their defaults, vectors not yet allocated. */
struct fed_instance {
	const struct fed_entry *entry;
	void *state;     /* head->state_size bytes; a valid pointer even when that is 0 */
	size_t dim;      /* of the vectors; 0 until fed_instance_size */
	double *vectors; /* the one allocation that holds all of them */
	struct fed_instance
		*after; /* the pre-aggregation that an aggregator works after (fed_alloc), or NULL */
	struct fed_worker *worker; /* where it runs, when it or its pre-aggregation is guarded */
	/* When an aggregation fails (plug/calls/aggregation.c); borrowed, NULL: the round fails. */
	const struct fed_substitute *substitute;
};

/* What becomes of an aggregation whose aggregator, a loaded plugin, fails. */
struct fed_substitute {
	struct fed_instance *instance; /* makes the step instead */
	bool skips;                    /* no step is made: the version has the model before it */
};
/* Failures in a row after which a plugin is set aside, until it is loaded again. */
enum { FED_FAILURES_MOST = 3 };
int fed_instance_init(struct fed_instance *, const struct fed_entry *, const struct fed_assign *,
                      size_t n, struct fed_error *);
void fed_instance_release(struct fed_instance *); /* zeroed is fine */
/* Add what the worker of an instance has done so far. */
void fed_instance_work(const struct fed_instance *, struct fed_work *sum);
/* Put a pre-aggregation (fed_alloc) before an aggregator that has no vectors yet; takes it, also on
 * failure. */
int fed__instance_set_after(struct fed_instance *, struct fed_instance *after, struct fed_error *);
/* Use this memory for the vectors, of fed_instance_vector_bytes(); it stays the caller's. */
void fed_instance_lend_vectors(struct fed_instance *, size_t dim, double *block);
size_t fed_instance_vector_bytes(const struct fed_instance *, size_t dim);
/* The same plugin with the same settings and an empty state; a zeroed one gives a zeroed one. */
int fed_instance_renew(struct fed_instance *out, const struct fed_instance *, struct fed_error *);
/* Allocate (or replace) the zeroed vectors for a model of dim parameters.  Unchanged on failure. */
int fed_instance_size(struct fed_instance *, size_t dim, struct fed_error *);
/* Zero the FED_TYPE_SCRATCH vectors. */
void fed__instance_zero_scratch(struct fed_instance *);
/* Global models of an aggregator; 1, unless it has several. */
uint32_t fed_instance_models(const struct fed_instance *);
/* Rows of FED_TYPE_BROADCAST that travel, in order; row k's vector [dim]. */
uint32_t fed_instance_broadcasts(const struct fed_instance *);
uint32_t fed_instance_broadcast_rows(const struct fed_instance *); /* of all */
/* Global model k >= 1 of several, [dim], to be set. */
double *fed_instance_model(struct fed_instance *, uint32_t k);
const double *fed_instance_broadcast(const struct fed_instance *, uint32_t k);

/* The state that persists over rounds, for checkpoints.  The k-th FED_PERSISTENT or FED_BROADCAST
 * vector [dim], in row order; NULL past the last or before fed_instance_size. */
double *fed_instance_persistent(const struct fed_instance *, uint32_t k);
/* The state struct, head->state_size bytes, with the pointers to vectors zeroed. */
void fed_instance_state_bytes(const struct fed_instance *, void *out);
/* Set the state from such bytes; the pointers remain those of this instance.  Refuses another
 * size. */
int fed_instance_set_state(struct fed_instance *, const void *bytes, size_t n, struct fed_error *);

/* A backup of state and persistent vectors, to roll back a round that fails.  A zeroed backup is
 * empty; the next backup reuses its memory. */
struct fed_instance_backup {
	void *state;
	double *kept; /* [rows][dim] */
	size_t dim;
	uint32_t rows;
};
int fed_instance_backup(const struct fed_instance *, struct fed_instance_backup *,
                        struct fed_error *);
/* Restore bit for bit; the instance must be the same and of the same dim. */
void fed_instance_rollback(struct fed_instance *, const struct fed_instance_backup *);
void fed_backup_release(struct fed_instance_backup *);

#endif
