/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/calls/call.h - calls of plugin functions, with checks of their results.
 *
 * No other file calls a plugin's functions.  Calls of a guarded plugin go to its worker process
 * (plug/calls/remote.h), with the same results.  Every call checks its result: a step with a NaN or
 * infinity, an unwritten output, a return code out of range are failures that name the plugin and
 * the index.
 */
#ifndef FED_PLUG_CALLS_CALL_H
#define FED_PLUG_CALLS_CALL_H

#include "base/text.h"
#include "plug/calls/host.h"
#include "plug/registry.h"

/* Whether what a client does with the plugin (own layers of a model, client hooks, poisoning) runs
 * in a worker process. */
bool fed_is_guarded_at_clients(const struct fed_instance *);
/* Whether a guarded plugin is set aside: it failed too often in a row, and is not called. */
bool fed_is_set_aside(const struct fed_entry *);
/* Set the error and return FED_FAIL where a guarded plugin has failed at clients (trainings,
 * crafted updates) FED_FAILURES_MOST times in a row: it is not called until it is loaded again.  On
 * any thread; NULL is fine. */
int fed_check_client_failures(const struct fed_instance *, struct fed_error *);
/* Count such a call of a guarded plugin, in the order of events. */
void fed_count_client_call(const struct fed_instance *, bool failed);
/* Add a training in a worker process to the work of a guarded plugin that it called; lost: the
 * plugin ended the process. */
void fed_count_training(const struct fed_instance *, double seconds, bool lost);
/* Set the error that the plugin is set aside; returns FED_FAIL. */
int fed__fail_set_aside(const struct fed_entry *, struct fed_error *);
int fed_call_build(const struct fed_instance *model, struct fed_builder *, struct fed_error *);
/* End the trial of a guarded model's own layers, which began with build(): FED_FAIL if one of their
 * functions ended its worker process, and how.  From then on such an end is reported as if the
 * plugin had printed it, and after FED_FAILURES_MOST in a row the layers are not called: they give
 * NaN. */
int fed_end_layer_trial(const struct fed_instance *model, struct fed_error *);

/* One aggregation (which must not move in memory), for any form of aggregator: begin, add for each
 * update in a fixed order, then finish.  Streaming plugins get each update at once; for others, and
 * behind a pre-aggregation, the rows are kept. */
struct fed_aggregation {
	struct fed_instance *instance;
	struct fed_round round;
	struct fed_aggregation_host place; /* the host functions of the plugin, and the pool */
	float *rows;                 /* [capacity][round.ld] of kept updates; NULL: borrowed (lend) */
	struct fed_update *update;   /* [capacity]; delta, base and returned are valid during add only
	                                (NULL after it), unless the row is kept */
	struct fed_verdict *verdict; /* [capacity] */
	struct fed_trust *trust;     /* [capacity] */
	struct fed_verdict
		*mixed;    /* [capacity]: on the mixtures of a pre-aggregation; NULL without one */
	float **extra; /* [capacity]: copies of base and returned of kept rows */
	size_t n, capacity;
	bool lent;
	/* When its aggregator may be replaced: */
	struct fed_aggregation *second; /* of the same updates by the substitute, or NULL */
	bool failed;                    /* the aggregator has; `second` or nothing makes the step */
	uint64_t started; /* of the worker process that has it open (plug/calls/remote.h); 0: none */
	size_t copies;    /* of that worker, which last until its end */
	/* Storage of the single update of an asynchronous version, which avoids an allocation. */
	struct fed_update only;
	struct fed_verdict only_verdict;
	struct fed_trust only_trust;
};
/* capacity: updates at most.  round.ld is set here.  SCRATCH vectors are zero afterwards.  pool
 * NULL: one thread.  FED_REJECT: the plugin refuses such a round (too few clients for its rule). */
int fed_aggregation_begin(struct fed_aggregation *, struct fed_instance *, const struct fed_round *,
                          size_t capacity, struct fed_pool *, struct fed_error *);
/* The same, but that the vectors of updates which are kept stay where they are, round->ld apart:
 * the caller keeps them valid until release. */
int fed_aggregation_borrow(struct fed_aggregation *, struct fed_instance *,
                           const struct fed_round *, size_t capacity, struct fed_pool *,
                           struct fed_error *);
/* Mixtures that the pre-aggregation makes of its updates. */
size_t fed_aggregation_mixtures(const struct fed_aggregation *);
/* Memory that such an aggregation holds until its release, without that of finish. */
double fed_aggregation_bytes(const struct fed_instance *, size_t dim, size_t capacity);
/* Additional memory of finish: the mixtures of a pre-aggregation, and the scratch memory that the
 * plugins declare (scratch_bytes). */
double fed_finish_bytes(const struct fed_instance *, size_t dim, size_t capacity);
/* Whether all updates are kept until finish. */
bool fed_aggregation_keeps(const struct fed_instance *);
/* Shared memory in which the aggregator's process reads updates where they lie; elsewhere they are
 * copied into it.  NULL: it runs inside, or copies all updates at any rate. */
struct fed_shared_memory;
struct fed_shared_memory *fed_update_memory(const struct fed_instance *);
/* FED_REJECT: this update is left out (it has no verdict), for the reason in the error.  Its
 * vectors are copied if they are needed later, except with a capacity of 1 and a coordinate-wise
 * plugin: then the caller keeps them valid until finish. */
int fed_aggregation_add(struct fed_aggregation *, const struct fed_update *, struct fed_error *);
/* Updates whose deltas are round->ld apart in one block.  The caller keeps them and their vectors
 * valid until the aggregation's release; nothing is copied. */
struct fed_lent_updates {
	const struct fed_update *update; /* [n] */
	size_t n;
	/* Receives the reasons for which the plugin leaves updates out. */
	void (*refused)(void *ctx, size_t i, const char *text);
	void *ctx;
};
/* In place of begin and add. */
int fed_aggregation_lend(struct fed_aggregation *, struct fed_instance *, const struct fed_round *,
                         const struct fed_lent_updates *, struct fed_pool *, struct fed_error *);
/* out [dim].  Afterwards verdict and trust [0 .. n) are those of update[0 .. n): the weights of the
 * used ones sum to 1, unless all are 0. */
int fed_aggregation_finish(struct fed_aggregation *, float *out, struct fed_error *);
void fed_aggregation_release(struct fed_aggregation *); /* also in the middle; zeroed is fine */
/* After a failure: whether the aggregator wrote a number that is not finite. */
bool fed_step_has_nonfinite(const float *out, size_t dim);
/* Whether the plugin is a pre-aggregation, which runs before an aggregator (fed_instance.after). */
bool fed_is_pre_aggregation(const struct fed_entry *);

/* The arguments of an aggregator's tell(), which explains a finished aggregation in lines of
 * text. */
struct fed_telling {
	const struct fed_instance *instance;
	struct fed_round round; /* params are those after the step; ld and host are set here */
	const struct fed_update *update;
	const struct fed_verdict *verdict; /* [n], as finish left them */
	const struct fed_verdict *mixed;   /* [n], the same; unused without a pre-aggregation */
	size_t n;
	const float *step; /* [dim] */
	struct fed_pool *pool;
	struct fed_text *lines; /* the lines are appended here, each with a newline */
};
enum { FED_TOLD_LINES = 40, FED_TOLD_COLUMNS = 100 }; /* limits; the rest is cut */
/* Whether the plugin has a tell(). */
bool fed__tells(const struct fed_entry *);
/* Call tell() of the aggregator, or of the pre-aggregation before it.  Control characters become
 * '?'. */
int fed_call_tell(const struct fed_telling *, struct fed_error *);
int fed_call_tell_pre_aggregation(const struct fed_telling *, struct fed_error *);

/* plan, with its result checked against the ranges of struct fed_plan. */
int fed_call_plan(const struct fed_instance *aggregator, struct fed_plan *, struct fed_error *);
/* Whether the rule asks more of a client than plain SGD as the settings say. */
bool fed_acts_at_clients(const struct fed_instance *aggregator);
bool fed_has_local_gradient(const struct fed_instance *aggregator);
int fed_call_local_gradient(const struct fed_instance *aggregator, const struct fed_local *,
                            const float *w, float *g, size_t j0, size_t j1, struct fed_error *);
int fed_call_local_end(const struct fed_instance *aggregator, const struct fed_local *,
                       const float *w, struct fed_error *);
uint32_t fed_client_vectors(const struct fed_instance *aggregator);
uint32_t fed_returned_vectors(const struct fed_instance *aggregator);
/* Number of updates of a version under scheme async: at least 1, also where the plugin returns
 * 0. */
/* Which of the client vectors is the client's own model, from 1; 0: none. */
uint32_t fed_own_model_vector(const struct fed_instance *aggregator);
uint32_t fed_updates_per_step(const struct fed_instance *aggregator);

enum fed_attack_form { FED_ATTACK_ALONE, FED_ATTACK_TOGETHER, FED_ATTACK_ON_DATA };
enum fed_attack_form fed_attack_form(const struct fed_instance *attack);
bool fed_attack_remembers(const struct fed_instance *attack);
bool fed_attack_is_targeted(const struct fed_instance *attack);
/* out [dim]: preset to the honest update here.  The result may be non-finite: the gate, not this
 * call, handles it. */
int fed_call_craft(struct fed_instance *attack, const struct fed_attacker *, float *out,
                   struct fed_error *);
/* An out [dim] that was not written is a failure.  `work` and `distances` of the collusion are set
 * here; distances run on the pool unless it is NULL. */
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
