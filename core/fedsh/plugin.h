/* SPDX-License-Identifier: 0BSD */
/*
 * fedsh/plugin.h - head of every plugin: kind, ABI, name, settings; errors and randomness.
 *
 * A plugin is one shared object that exports one constant, `fed_plugin`.  Its first member is
 * always a struct fed_head.  The loader looks at the head, and at nothing else, before it has
 * agreed to magic, abi and kind; it runs no plugin code to list, describe or complete a plugin.
 *
 * Growing the ABI: every struct that host and plugin exchange begins with its size (a plugin struct
 * with a head that has it), is passed by pointer, and takes new members at its tail.
 * - Plugin to host: the host copies min(size, its own sizeof) bytes over zeroes, so a member that
 *   an older plugin does not know reads as NULL.  Field rows are read at the plugin's own stride.
 * - Host to plugin: a member may be read or written when it lies within `size`; those of this
 *   header's ABI always do.  FED_HAS() asks for one that came later.  Never assign a whole struct
 *   of the host's, nor step through an array of them: the host's may be larger.
 * What is embedded in something else, or lies in an array, is final: fed_error, fed_list,
 * fed_shape, fed_tensor, fed_matrix, fed_path.  Of fed_link the plugin passes the size.  Anything
 * else raises FED_ABI.
 *
 * Threads and states, as each callback is tagged:
 * - [round thread]: calls of one instance come one after another and never overlap, on whichever
 *   thread plays the round;
 * - [any thread]: several calls at once, on different threads; what they do not share is named
 *   (disjoint tiles, other clients, other batches), and the state is read-only;
 * - between rounds: no round is open, settings may have changed since the last call;
 * - opens a round, in a round, ends a round: the round's vectors are valid until the call returns.
 * No callback is called while a plugin is listed, described, completed, loaded or unloaded.
 *
 * Memory: the host owns the state struct and every vector named in the field table; it allocates,
 * zeroes, checkpoints and frees them.  A plugin that uses only those never calls malloc.
 *
 * These headers carry no conditions (0BSD): a plugin built from them belongs to its author.
 */
#ifndef FEDSH_PLUGIN_H
#define FEDSH_PLUGIN_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
#error "fedsh plugins are C (C11 or later): the field rows use _Generic"
#endif

#define FED_MAGIC 0x31444546u /* "FED1" in a hex dump */
#define FED_ABI 1u

enum fed_kind {
	FED_KIND_AGGREGATOR = 1,
	FED_KIND_TRANSPORT,
	FED_KIND_MODEL,
	FED_KIND_ATTACK,
	FED_KIND_SELECTION,
	FED_KIND_CODEC,
};

struct fed_field;

struct fed_head {
	uint32_t magic, abi, kind;
	uint32_t size;                  /* sizeof the whole plugin struct, as compiled */
	uint32_t field_size;            /* sizeof(struct fed_field), as compiled: the rows' stride */
	uint32_t state_size;            /* sizeof the state struct; 0 if it has none */
	const char *name;               /* what the user types: [a-z][a-z0-9-]*, at most 31 bytes */
	const char *help;               /* one line, lower case, no full stop */
	const char *doc;                /* formula, what it is for, source; `explain` shows it */
	const struct fed_field *fields; /* ends with FED_END; NULL if none */
	const char *version;            /* of the plugin, "1.2-3-gabc"; `info` shows it; NULL if none */
};

/* The plugin's version: define it before the first #include, or with the compiler
 * (-DFED_PLUGIN_VERSION='"1.2"'). */
#ifndef FED_PLUGIN_VERSION
#define FED_PLUGIN_VERSION NULL
#endif

/* Whether a struct of the host has this member. */
#define FED_HAS(p, member) \
	((p)->size >= (size_t)((const char *)&(p)->member - (const char *)(p)) + sizeof(p)->member)

/* The head of a plugin struct of type T whose state struct is S. */
#define FED_HEAD(T, kind_, S, name_, help_, doc_, fields_)                                 \
	{                                                                                      \
		.magic = FED_MAGIC, .abi = FED_ABI, .kind = (kind_), .size = sizeof(T),            \
		.field_size = sizeof(struct fed_field), .state_size = sizeof(S), .name = (name_),  \
		.help = (help_), .doc = (doc_), .fields = (fields_), .version = FED_PLUGIN_VERSION \
	}

#define FED_PLUGIN __attribute__((visibility("default"))) const

/* Errors ---------------------------------------------------------------- */

enum fed_rc {
	FED_OK = 0,
	FED_REJECT = 1, /* this input is refused, the round goes on */
	FED_FAIL = -1,  /* the call failed, the round stops */
};

/* Message of a failed call: unchanged on FED_OK; else one clause that reads well after "NAME: ". */
struct fed_error {
	char text[360];
};

__attribute__((format(printf, 3, 4))) static inline int fed_error_set(struct fed_error *err, int rc,
                                                                      const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->text, sizeof err->text, fmt, ap);
	va_end(ap);
	return rc;
}
#define fed_fail(err, ...) fed_error_set(err, FED_FAIL, __VA_ARGS__)
#define fed_reject(err, ...) fed_error_set(err, FED_REJECT, __VA_ARGS__)

/* Fields: one row per member that a user can set or that the host keeps --- */

enum fed_type {
	FED_TYPE_END,
	FED_TYPE_INT,     /* int64_t in [min, max]; choice[0], if any, is the word for the value min */
	FED_TYPE_REAL,    /* double in [min, max], never NaN */
	FED_TYPE_CHOICE,  /* int: index into choice[] */
	FED_TYPE_FLAG,    /* bool: the bare name switches it on; or name=yes, name=no */
	FED_TYPE_TEXT,    /* char[size], at most size - 1 bytes, no control characters */
	FED_TYPE_LIST,    /* struct fed_list: integers in [min, max], typed "200,200" */
	FED_TYPE_SCRATCH, /* double *: dim values, zero at each begin(); not settable */
	FED_TYPE_PERSISTENT, /* double *: dim values, live across rounds and are checkpointed */
	FED_TYPE_BROADCAST,  /* double *: as PERSISTENT; clients get a float copy with the model */
};

/* The setting came after sessions were saved: it is saved only when it is not the default, with
 * which the plugin does what it did before it. */
enum { FED_FIELD_LATER = 32 };

#define FED_LIST_MAX 16
struct fed_list {
	int64_t n, v[FED_LIST_MAX];
};

struct fed_field {
	const char *name, *help; /* the user may type - for _ */
	uint32_t type;           /* enum fed_type */
	uint32_t offset;         /* of the member in the state struct */
	uint32_t size;           /* sizeof the member */
	uint32_t flags;          /* 0 or FED_FIELD_LATER; the host refuses a plugin with others */
	double def, min, max;
	const char *const *choice; /* names, NULL at the end */
	const char *text;          /* default of TEXT and LIST, as typed; NULL is empty */
	const char *hint;          /* what completes a TEXT: "path", "who", "aggregator", ... or NULL */
};

/* _Generic refuses to compile when the member has another C type. */
/* clang-format off */
#define FED_ROW(S, m, ctype, t, ...)                                                               \
	{ .name = #m, .type = (t), .size = sizeof(((S *)0)->m),                                        \
	  .offset = (uint32_t)(offsetof(S, m) + 0 * sizeof(_Generic(((S *)0)->m, ctype: (char)0))),    \
	  __VA_ARGS__ }
/* clang-format on */
#define FED_INT(S, m, d, lo, hi, h) \
	FED_ROW(S, m, int64_t, FED_TYPE_INT, .def = (d), .min = (lo), .max = (hi), .help = (h))
/* As FED_INT; words is a NULL-ended array whose first entry stands for the value lo ("all"). */
#define FED_INT_WORD(S, m, d, lo, hi, words, h)                                                   \
	FED_ROW(S, m, int64_t, FED_TYPE_INT, .def = (d), .min = (lo), .max = (hi), .choice = (words), \
	        .help = (h))
#define FED_REAL(S, m, d, lo, hi, h) \
	FED_ROW(S, m, double, FED_TYPE_REAL, .def = (d), .min = (lo), .max = (hi), .help = (h))
#define FED_CHOICE(S, m, d, names, h) \
	FED_ROW(S, m, int, FED_TYPE_CHOICE, .def = (d), .choice = (names), .help = (h))
#define FED_FLAG(S, m, h) FED_ROW(S, m, bool, FED_TYPE_FLAG, .help = (h))
#define FED_TEXT(S, m, d, hint_, h) \
	FED_ROW(S, m, char *, FED_TYPE_TEXT, .text = (d), .hint = (hint_), .help = (h))
#define FED_LIST(S, m, d, lo, hi, h)                                                     \
	FED_ROW(S, m, struct fed_list, FED_TYPE_LIST, .text = (d), .min = (lo), .max = (hi), \
	        .help = (h))
#define FED_SCRATCH(S, m, h) FED_ROW(S, m, double *, FED_TYPE_SCRATCH, .help = (h))
#define FED_PERSISTENT(S, m, h) FED_ROW(S, m, double *, FED_TYPE_PERSISTENT, .help = (h))
#define FED_BROADCAST(S, m, h) FED_ROW(S, m, double *, FED_TYPE_BROADCAST, .help = (h))
#define FED_END              \
	{                        \
		.type = FED_TYPE_END \
	}

/* Randomness: the k-th number of the stream `key`, independent of the order of calls (SplitMix64,
 * Steele, Lea, Flood 2014, addressed by counter). */
static inline uint64_t fed_random(uint64_t key, uint64_t k)
{
	uint64_t z = key + (k + 1) * 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* As a double in [0, 1). */
static inline double fed_random_real(uint64_t key, uint64_t k)
{
	return (double)(fed_random(key, k) >> 11) * 0x1p-53;
}

#endif
