/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cluster/arithmetic.h - arithmetic of a round on ranks: what a core makes, what travels, what rank
 * 0 takes.
 *
 * Trainings, messages and sums go on at the same time, so a round takes as long as the slowest of
 * the three: trainings, ceil(N / cores) one after another; bytes of the busier direction at rank 0;
 * rank 0's own time, N times that of an update.
 */
#ifndef FED_CLUSTER_ARITHMETIC_H
#define FED_CLUSTER_ARITHMETIC_H

#include "data/dataset.h"
#include "nn/net.h"

/* A round. */
struct fed_round_shape {
	double participants, examples, epochs; /* examples of a client, on average */
	double second_example;                 /* seconds of a core for an example of a training */
	double second_update;                  /* seconds of rank 0 for an update */
	double model;                          /* bytes that go to each rank once a round */
	double job, update;                    /* bytes of a training, there and back */
};

struct fed_round_rates {
	double training, network, rank0; /* seconds of a round, if there were nothing else */
	double seconds;
	double efficiency; /* share of the ranks' time in trainings */
};
struct fed_round_rates fed_round_rates(const struct fed_round_shape *, double ranks, double threads,
                                       double bytes_second);

/* Seconds of one core for an example, forward, backward and its share of a step of `batch`:
 * measured now. */
int fed_measure_example(const struct fed_net *, const struct fed_dataset *, uint32_t batch,
                        double *seconds, struct fed_error *);
/* Seconds of rank 0 for an update of `dim` numbers, which passes through its memory about four
 * times: received, checked, added to a sum of doubles; and a message. */
int fed_measure_update(size_t dim, double *seconds, struct fed_error *);

#endif
