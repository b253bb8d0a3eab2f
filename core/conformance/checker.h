/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conformance/checker.h - the run in progress: its present check, and the memory that the plugin
 * gets (private to conformance/).
 *
 * A check is a function that calls the plugin and says what is wrong by fed__failed(); the first
 * failure counts.  Buffers lie between guard bytes and live until the check ends.
 */
#ifndef FED_CONFORMANCE_CHECKER_H
#define FED_CONFORMANCE_CHECKER_H

#include "base/text.h"
#include "conformance/conformance.h"

struct fed_buffer; /* checker.c */

struct fed_checker {
	const struct fed_entry *entry;
	struct fed_conformance_options options;
	void (*report)(void *ctx, const struct fed_conformance_result *);
	void *ctx;
	const char *check; /* the present one; NULL: none */
	enum fed_conformance_outcome outcome;
	struct fed_text given, got, expected;
	struct fed_text setting; /* the parameter that fed__each_end() has set; goes before `given` */
	struct fed_buffer *buffers;                /* of the present check */
	size_t number;                             /* of the checks that came by */
	void (*list)(void *ctx, const char *name); /* names are listed, nothing is run; or NULL */
	bool no_memory;                            /* the run cannot go on; `why` has the reason */
	struct fed_error why;
};

/* A check of a table, which ends with a NULL name. */
struct fed_check {
	const char *name;
	void (*run)(struct fed_checker *, void *ctx);
	bool needed; /* by those after it: it also runs, without a report, when one of them is asked for
	              */
};
/* Run the checks of a table and report each. */
void fed__run_checks(struct fed_checker *, const struct fed_check *, void *ctx);
void fed__checker_release(struct fed_checker *);

/* Describe the input of the next call; kept once the check has failed. */
__attribute__((format(printf, 2, 3))) void fed__given(struct fed_checker *, const char *fmt, ...);
/* The check fails, unless it has already. */
__attribute__((format(printf, 3, 4))) void fed__failed(struct fed_checker *, const char *expected,
                                                       const char *got, ...);
/* The check does not apply. */
__attribute__((format(printf, 2, 3))) void fed__skipped(struct fed_checker *, const char *why, ...);
/* A remark on a check that passes. */
__attribute__((format(printf, 2, 3))) void fed__remark(struct fed_checker *, const char *fmt, ...);
static inline bool fed_check_goes_on(const struct fed_checker *c)
{
	return c->outcome != FED_CONFORMANCE_FAILED && !c->no_memory;
}

/* Zeroed memory between guard bytes, at the start of a cache line; `what` names it in sentences
 * ("its state").  NULL: no memory, and the run ends.  Any pointer from here may be NULL then. */
void *fed__buffer(struct fed_checker *, const char *what, size_t bytes);
float *fed__floats(struct fed_checker *, const char *what, size_t n);
/* Declare a buffer an input, with its present content: the plugin may not change it. */
void fed__seal(struct fed_checker *, void *buffer);
/* Fail unless all sealed buffers are unchanged; unless all guard bytes are. */
void fed__check_seals(struct fed_checker *);
void fed__check_guards(struct fed_checker *);
/* Free the buffers of the present check. */
void fed__buffers_release(struct fed_checker *);

/* Fill with values of a stream: uniform in [lo, hi); normal with this deviation. */
void fed__fill_uniform(float *v, size_t n, uint64_t key, double lo, double hi);
void fed__fill_normal(float *v, size_t n, uint64_t key, double deviation);
/* Largest |a - b|, and where; infinite where only one of them is not finite. */
double fed__largest_difference(const float *a, const float *b, size_t n, size_t *where);
/* Index of the first number whose bits differ, or n. */
size_t fed__first_difference(const float *a, const float *b, size_t n);
/* Index of the first number that is not finite, or n. */
size_t fed__first_nonfinite(const float *v, size_t n);

/* Fail if the process holds more memory after 100 calls, again and again: a leak.  `what` names the
 * calls. */
void fed__check_growth(struct fed_checker *, const char *what, void (*call)(void *ctx), void *ctx);

/* Fail if a refusal has no words of the plugin's own, or a return code that is none
 * (plug/result_checks.c says both in texts of its own). */
void fed__check_words(struct fed_checker *, const struct fed_error *);

/* An instance whose state struct and vectors are guarded buffers of the present check. */
struct fed_guarded {
	struct fed_instance instance;
	void *state; /* the instance's own, which its release frees */
};
/* With the settings of the options and, if extra is not NULL, one more. */
int fed__guarded_init(struct fed_checker *, struct fed_guarded *, const struct fed_assign *extra,
                      size_t dim, struct fed_error *);
void fed__guarded_release(struct fed_guarded *); /* zeroed is fine */

/* Call try(c, ctx, setting) with each parameter at each of its ends (choices: each of them), the
 * others at their defaults; those in the options are left out.  The check's `given` names it. */
void fed__each_end(struct fed_checker *,
                   void (*try)(struct fed_checker *, void *ctx, const struct fed_assign *),
                   void *ctx);

/* The checks of each kind. */
void fed__check_aggregator(struct fed_checker *);
void fed__check_client_hooks(struct fed_checker *); /* of an aggregator, if it has any */
void fed__check_model(struct fed_checker *);
void fed__check_attack(struct fed_checker *);
void fed__check_poisoning(struct fed_checker *); /* of an attack on data */
void fed__check_transport(struct fed_checker *);
void fed__check_selection(struct fed_checker *);
void fed__check_codec(struct fed_checker *);

#endif
