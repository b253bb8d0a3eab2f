/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/calls/remote.h - calls of guarded plugins, in their worker processes (private to plug/).
 *
 * Each function stands for the one of call.h that dispatches to it, and gives the same results.  A
 * plugin that ends its worker fails the call; the next one begins with a new process.
 */
#ifndef FED_PLUG_CALLS_REMOTE_H
#define FED_PLUG_CALLS_REMOTE_H

#include "plug/calls/call.h"
#include "plug/guard/protocol.h"

/* Requests about an instance: remote_request.c.  The worker is entered by a request, and left by
 * fed__remote_leave() or a failure. */
struct fed_worker_host;
struct fed_packet_reader;
/* Begin one: the instance's state is put first. */
int fed__remote_request(const struct fed_instance *, enum fed_request, struct fed_error *);
/* Memory of its output, put next; NULL: none. */
void *fed__remote_output(const struct fed_instance *, size_t bytes, struct fed_error *);
/* Send it; `function` with its brackets.  The plugin's code and words, which name it. */
int fed__remote_send(const struct fed_instance *, const char *function,
                     const struct fed_worker_host *, struct fed_packet_reader *,
                     struct fed_error *);
void fed__remote_leave(const struct fed_instance *);
/* Tell the failure of a function that has no error, as a line that the plugin printed. */
void fed__remote_report(const struct fed_instance *, const struct fed_error *);

/* Aggregations: remote_aggregation.c. */
int fed__remote_begin(struct fed_aggregation *, struct fed_error *);
int fed__remote_add(struct fed_aggregation *, const struct fed_update *, struct fed_verdict *,
                    struct fed_error *);
int fed__remote_finish(struct fed_aggregation *, float *out, struct fed_error *);
void fed__remote_release(struct fed_aggregation *);
/* Rows of updates that are kept, in shared memory that the worker's next aggregation reuses. */
float *fed__remote_rows(const struct fed_instance *, size_t floats);
int fed__remote_tell(const struct fed_telling *, bool pre_aggregation, struct fed_error *);
/* A number by the state alone (enum fed_number); fallback: when the plugin fails. */
double fed__remote_number(const struct fed_instance *, uint32_t which, size_t n, size_t dim,
                          double fallback);

/* The others: remote_calls.c. */
int fed__remote_plan(const struct fed_instance *, struct fed_plan *, struct fed_error *);
int fed__remote_craft(struct fed_instance *, const struct fed_attacker *, float *out,
                      struct fed_error *);
int fed__remote_collude(struct fed_instance *, const struct fed_collusion *, int threads,
                        float *out, struct fed_error *);
int fed__remote_suits(const struct fed_instance *, const struct fed_examples *, struct fed_error *);
int fed__remote_poison(const struct fed_instance *, const struct fed_examples *,
                       struct fed_error *);
int fed__remote_local_gradient(const struct fed_instance *, const struct fed_local *,
                               const float *model, float *g, size_t j0, size_t j1,
                               struct fed_error *);
int fed__remote_local_end(const struct fed_instance *, const struct fed_local *, const float *model,
                          struct fed_error *);

/* remote_model.c */
int fed__remote_build(const struct fed_instance *, struct fed_builder *, struct fed_error *);

/* remote_transport.c.  number: the timeout of poll(), the result of now(); else NULL.  Code
 * and words are still to be checked, and get the plugin's name there. */
int fed__remote_transport(struct fed_instance *, enum fed_transport_call,
                          const struct fed_transport_host *, const struct fed_message *,
                          double *number, struct fed_error *);

#endif
