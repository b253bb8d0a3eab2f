/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/call.h - the only place that calls a plugin's functions.
 *
 * Whoever wants to run plugins elsewhere (in a helper process) changes call*.c alone.
 * Every call checks what came back: a step with a NaN or infinity, an unwritten output, a return
 * code out of range are failures that name the plugin and the index.
 */
#ifndef FED_PLUG_CALL_H
#define FED_PLUG_CALL_H

#include "base/text.h"
#include "plug/host.h"
#include "plug/registry.h"

int fed_call_build(const struct fed_instance *model, struct fed_builder *, struct fed_error *);

/* One aggregation (which must not move in memory), whatever the plugin's form: begin, add for each
 * update in its fixed order, then finish.  Streaming plugins see each update at once; for the
 * others, and behind a pre-aggregation, the rows are kept. */
struct fed_aggregation {
	struct fed_instance *instance;
	struct fed_round round;
	struct fed_workplace place;  /* what the plugin may call, and the pool */
	float *rows;                 /* [capacity][round.ld] of kept updates; NULL: they were lent */
	struct fed_update *update;   /* [capacity]; delta, base and returned are valid in add only
	                                (then NULL), unless the row is kept */
	struct fed_verdict *verdict; /* [capacity] */
	struct fed_trust *trust;     /* [capacity] */
	struct fed_verdict
		*mixed;    /* [capacity]: on the mixtures of a pre-aggregation; NULL without one */
	float **extra; /* [capacity]: copies of base and returned of kept rows */
	size_t n, capacity;
	bool lent;
	/* Where the only update of an asynchronous version stands, without an allocation. */
	struct fed_update only;
	struct fed_verdict only_verdict;
	struct fed_trust only_trust;
};
/* capacity: updates at most.  round.ld is filled in.  SCRATCH vectors are zero afterwards.  pool
 * NULL: all runs in this thread.  FED_REJECT: the plugin refuses such a round (too few clients for
 * its rule). */
int fed_aggregation_begin(struct fed_aggregation *, struct fed_instance *, const struct fed_round *,
                          size_t capacity, struct fed_pool *, struct fed_error *);
/* What such an aggregation holds until its release, without what finish takes. */
double fed_aggregation_bytes(const struct fed_instance *, size_t dim, size_t capacity);
/* What finish takes beside it: the mixtures of a pre-aggregation, and the scratch memory that the
 * plugins declare (scratch_bytes). */
double fed_finish_bytes(const struct fed_instance *, size_t dim, size_t capacity);
/* Whether all updates are kept until finish. */
bool fed_aggregation_keeps(const struct fed_instance *);
/* FED_REJECT: this update is left out (it has no verdict); the text says why.  What it points to is
 * copied if it is needed later, but not where the capacity is 1 and the plugin coordinate-wise:
 * then it stays where it is until finish. */
int fed_aggregation_add(struct fed_aggregation *, const struct fed_update *, struct fed_error *);
/* In place of begin and add: n updates whose deltas lie round->ld apart in one block.  They, and
 * all that they point to, stay where they are until release: nothing is copied.  Those that the
 * plugin refuses are left out, and told to refused(ctx, i, text). */
int fed_aggregation_lend(struct fed_aggregation *, struct fed_instance *, const struct fed_round *,
                         const struct fed_update *, size_t n, struct fed_pool *,
                         void (*refused)(void *ctx, size_t i, const char *text), void *ctx,
                         struct fed_error *);
/* out [dim].  Afterwards verdict and trust [0 .. n) stand for update[0 .. n): verdicts of the used
 * ones are weights that sum to 1, unless all are 0. */
int fed_aggregation_finish(struct fed_aggregation *, float *out, struct fed_error *);
void fed_aggregation_release(struct fed_aggregation *); /* also in the middle; zeroed is fine */
/* After a failure: whether some number that the aggregator wrote is not finite. */
bool fed_step_is_spoilt(const float *out, size_t dim);
/* Whether the plugin is a pre-aggregation: it stands in front of an aggregator
 * (fed_instance.after). */
bool fed_is_pre_aggregation(const struct fed_entry *);

/* A finished aggregation that is to be told, with its numbers. */
struct fed_telling {
	const struct fed_instance *instance;
	struct fed_round round; /* params are those after the step; ld and host are filled in */
	const struct fed_update *update;
	const struct fed_verdict *verdict; /* [n], as finish left them */
	const struct fed_verdict *mixed;   /* [n], the same; not looked at without a pre-aggregation */
	size_t n;
	const float *step; /* [dim] */
	struct fed_pool *pool;
	struct fed_text *lines; /* what is told is added here, a newline after each */
};
enum { FED_TOLD_LINES = 40, FED_TOLD_COLUMNS = 100 }; /* what is beyond is cut */
bool fed_tells(const struct fed_entry *);
/* The rule is told, or the pre-aggregation in front of it.  Control characters become '?'. */
int fed_call_tell(const struct fed_telling *, struct fed_error *);
int fed_call_tell_pre_aggregation(const struct fed_telling *, struct fed_error *);

/* plan, with its result checked against the ranges of struct fed_plan. */
int fed_call_plan(const struct fed_instance *aggregator, struct fed_plan *, struct fed_error *);
bool fed_has_local_gradient(const struct fed_instance *aggregator);
void fed_call_local_gradient(const struct fed_instance *aggregator, const struct fed_local *,
                             const float *w, float *g, size_t j0, size_t j1);
void fed_call_local_end(const struct fed_instance *aggregator, const struct fed_local *,
                        const float *w);
uint32_t fed_client_vectors(const struct fed_instance *aggregator);
uint32_t fed_returned_vectors(const struct fed_instance *aggregator);
/* How many updates make a version under scheme async: at least 1, also of a plugin that says 0. */
uint32_t fed_updates_per_step(const struct fed_instance *aggregator);

enum fed_attack_form { FED_ATTACK_ALONE, FED_ATTACK_TOGETHER, FED_ATTACK_ON_DATA };
enum fed_attack_form fed_attack_form(const struct fed_instance *attack);
bool fed_attack_remembers(const struct fed_instance *attack);
bool fed_attack_is_targeted(const struct fed_instance *attack);
/* out [dim]: preset to the honest update here.  What comes back may hold numbers that are not
 * finite: the gate is not the attacker's. */
int fed_call_craft(struct fed_instance *attack, const struct fed_attacker *, float *out,
                   struct fed_error *);
/* An out [dim] that was not written is a failure.  `work` and `distances` of the collusion are
 * provided here, the latter on the pool unless it is NULL. */
int fed_call_collude(struct fed_instance *attack, const struct fed_collusion *, struct fed_pool *,
                     float *out, struct fed_error *);
/* Whether the attack can change examples of this form (n = 0). */
int fed_call_suits(const struct fed_instance *attack, const struct fed_examples *,
                   struct fed_error *);
/* On any thread.  A label out of range is a failure. */
int fed_call_poison(const struct fed_instance *attack, const struct fed_examples *,
                    struct fed_error *);

int fed_call_open(struct fed_instance *transport, const struct fed_transport_host *,
                  struct fed_error *);
/* FED_REJECT: the transport will not carry this message. */
int fed_call_send(struct fed_instance *transport, const struct fed_transport_host *,
                  const struct fed_message *, struct fed_error *);
bool fed_is_simulated(const struct fed_instance *transport); /* it has no poll() */
int fed_call_poll(struct fed_instance *transport, const struct fed_transport_host *, double timeout,
                  struct fed_error *);
double fed_call_now(const struct fed_instance *transport, const struct fed_transport_host *);
void fed_call_close(struct fed_instance *transport, const struct fed_transport_host *);

#endif
