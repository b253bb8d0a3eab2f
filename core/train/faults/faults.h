/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/faults/faults.h - table of injected faults: kind, clients, first and last version.
 *
 * A fault is injected into a set of clients and is active while from <= version < until.  Its
 * effect on a client depends on the seed, the fault's number, the client and the version or
 * invitation alone: faults have no state, so replays and restored sessions have the same effects.
 * (Attacks with a memory are the exception; the memory is saved with the session.)
 *
 * The session owns the table; the federation reads it where faults act
 * (train/round/message_faults.h, train/round/attacks.h, train/local/data_faults.h).  A NULL table
 * has no faults.  All functions are called from one thread.
 */
#ifndef FED_TRAIN_FAULTS_FAULTS_H
#define FED_TRAIN_FAULTS_FAULTS_H

#include <stdatomic.h>

#include "plug/registry.h"

enum fed_fault_kind {
	FED_FAULT_OFFLINE,
	FED_FAULT_FLAKY,
	FED_FAULT_CRASH,
	FED_FAULT_STRAGGLER,
	FED_FAULT_HANG,
	FED_FAULT_SLOW_LINK,
	FED_FAULT_LOSSY,
	FED_FAULT_PARTITION,
	FED_FAULT_DUPLICATE,
	FED_FAULT_LATE,
	FED_FAULT_CORRUPT,
	FED_FAULT_NAN,
	FED_FAULT_BYZANTINE,
	FED_FAULT_DATA_ARRIVES,
	FED_FAULT_DATA_EXPIRES,
	FED_FAULT_DRIFT,
	FED_FAULT_CHURN,
	FED_FAULT_KINDS
};

/* Parameters of all kinds of faults; the field rows of a kind show its own. */
struct fed_fault_args {
	double p;      /* probability, drawn at each occasion */
	double factor; /* how many times slower */
	int64_t versions, bits;
	double start, rate, keep; /* shares of the examples: at first, each version, at least */
	double join, leave;       /* probabilities, each version */
	int what;                 /* drift: enum fed_drift */
	int knowledge;            /* byzantine: enum fed_knowledge */
	char attack[32];          /* byzantine: the plugin's name */
};
enum fed_drift { FED_DRIFT_LABELS, FED_DRIFT_INPUTS };
enum fed_knowledge { FED_KNOWLEDGE_ALL, FED_KNOWLEDGE_PARTIAL };

struct fed_fault_type {
	const char *name, *help, *doc;
	const struct fed_field *fields; /* of struct fed_fault_args; may be empty, never NULL */
};
extern const struct fed_fault_type fed_fault_types[FED_FAULT_KINDS];
int fed_fault_find_type(const char *name, enum fed_fault_kind *, struct fed_error *);

/* Reference-counted attack plugin: trainings that run keep it alive when its fault is healed. */
struct fed_shared_attack {
	atomic_uint references;
	struct fed_instance instance;
};
/* The first reference.  Takes the instance on success; NULL: no memory. */
struct fed_shared_attack *fed_shared_attack_new(struct fed_instance *);
struct fed_shared_attack *fed__shared_attack_ref(struct fed_shared_attack *); /* NULL stays NULL */
void fed_shared_attack_unref(struct fed_shared_attack *);                     /* NULL is fine */

/* Memory of an attack for one client. */
struct fed_attack_memory {
	float *vector; /* [memory_dim]; NULL: zero, before its first version was complete */
	float *next;   /* as this version changed it, or NULL */
	uint32_t client;
};

struct fed_fault {
	enum fed_fault_kind kind;
	uint64_t number;      /* from 1, in the order of injection */
	uint64_t from, until; /* versions; until UINT64_MAX: until healed */
	bool dated;           /* from was chosen, not just the present version */
	uint64_t strikes;     /* how often it took effect */
	uint64_t settled;     /* the same, in committed versions */
	uint32_t *client;     /* [n] ids, ascending */
	uint32_t n;
	struct fed_fault_args args;
	struct fed_shared_attack *attack; /* byzantine; else NULL */
	struct fed_attack_memory *memory; /* [n_memories], by client */
	size_t n_memories, memory_dim;
};

struct fed_faults {
	struct fed_fault *fault; /* [n], by number */
	size_t n, capacity;
	uint64_t made;
	uint64_t seed;
};

/* Copy of a fault with the same effects: its own ids and memories, a reference to the attack, all
 * as of the last committed version.  release: zeroed is fine. */
int fed_fault_copy(struct fed_fault *, const struct fed_fault *, struct fed_error *);
void fed_fault_release(struct fed_fault *);

void fed_faults_release(struct fed_faults *); /* zeroed is fine */
int fed_faults_copy(struct fed_faults *, const struct fed_faults *, struct fed_error *);
/* Reserve capacity for one more, so that fed_faults_add cannot fail. */
int fed_faults_reserve(struct fed_faults *, struct fed_error *);
/* Takes fault->client, attack and memories; gives it the next number unless it has one (a restored
 * one).  The kind's rows must allow args. */
void fed_faults_add(struct fed_faults *, const struct fed_fault *);
/* Take these clients (ascending; NULL: all) out of all faults, or out of those of some kinds (bit
 * k: kind k); a fault without clients goes.  Returns how many (fault, client) pairs there were. */
uint64_t fed_faults_heal(struct fed_faults *, const uint32_t *client, uint32_t n, uint32_t kinds);
/* The same for the fault of this number alone. */
uint64_t fed_faults_heal_one(struct fed_faults *, uint64_t number, const uint32_t *client,
                             uint32_t n);
/* Working copy of an attack's memory of a client [dim], zero at first; committed with the version.
 * NULL: no memory. */
float *fed_fault_memory(struct fed_fault *, uint32_t client, size_t dim);
/* Commit or roll back what attacks remember and how often faults took effect, at a version's end.
 */
void fed_faults_commit(struct fed_faults *);
void fed__faults_rollback(struct fed_faults *);
/* Restart at version 0: clear the attacks' memory and the counts; undated faults begin. */
void fed_faults_forget(struct fed_faults *);
void fed_fault_forget(struct fed_fault *); /* clear its attack's memory */

/* The first active fault of a kind on a client behind `after` (NULL: from the start), or NULL. */
struct fed_fault *fed_fault_on(const struct fed_faults *, enum fed_fault_kind, uint32_t client,
                               uint64_t version, const struct fed_fault *after);
/* A number in [0, 1) of this fault, client and occasion (a version or an invitation). */
double fed__fault_draw(const struct fed_faults *, const struct fed_fault *, uint32_t client,
                       uint64_t occasion, uint32_t which);
/* The first of fed_fault_on that takes effect, with its probability p, at this occasion, or NULL.
 */
struct fed_fault *fed__fault_strikes(const struct fed_faults *, enum fed_fault_kind,
                                     uint32_t client, uint64_t version, uint64_t occasion);

/* Whether the client is present at this version: not away by churn. */
bool fed_faults_present(const struct fed_faults *, uint32_t client, uint64_t version);
/* Slow-down of a client: the product over active faults of FED_FAULT_STRAGGLER, _SLOW_LINK. */
double fed__faults_factor(const struct fed_faults *, enum fed_fault_kind, uint32_t client,
                          uint64_t version);
/* Window of a client's `count` examples at this version, [*first, *first + *n), *n >= 1 if count >=
 * 1: data arrive and expire in the order in which the client owns them. */
void fed__faults_window(const struct fed_faults *, uint32_t client, uint64_t version,
                        uint32_t count, uint32_t *first, uint32_t *n);
/* Whether a fault of this kind is in the table, active or not. */
bool fed__faults_any(const struct fed_faults *, enum fed_fault_kind);

#endif
