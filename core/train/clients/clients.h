/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/clients/clients.h - the clients of a session: a row each, and nothing else while they are
 * idle.
 *
 * A client's id is its place in the order of joining, from 0; ids of removed clients are not
 * given again.  An idle client costs sizeof(struct fed_client) + 4 bytes beside its example ids.
 */
#ifndef FED_TRAIN_CLIENTS_CLIENTS_H
#define FED_TRAIN_CLIENTS_CLIENTS_H

#include "data/partition.h"
#include "net/shared_vectors.h"
#include "train/clients/device.h"

struct fed_client {
	const uint32_t *examples; /* [count], in its cohort's block; NULL once removed */
	float **kept;             /* client vectors of the aggregator, or NULL until it has trained */
	struct fed_shared_vectors
		*residual;    /* what a codec has not sent yet (train/clients/error_feedback.h), or NULL */
	uint64_t version; /* of the model it was last sent */
	uint32_t count;
	uint32_t block;
	uint32_t rounds; /* updates of it that were used */
	float loss;      /* its last mean local loss; NaN before */
	struct fed_shift shift;
	float device; /* FLOP per virtual second; 0: computing takes no time */
	struct fed_client_link link;
	uint8_t device_profile, link_profile; /* where they came from, or FED_NO_PROFILE */
	bool present, shifted;
};

/* One add-client: where its examples live and how they were dealt. */
struct fed_client_block {
	uint32_t *ids;
	uint64_t n_ids;
	uint32_t first, n; /* clients */
	bool shared;       /* the ids were not taken from the pool */
	struct fed_partition how;
};

struct fed_clients {
	struct fed_client *client; /* [n], by id, removed ones included */
	uint32_t n, capacity;
	uint32_t *present; /* [n_present] ids, ascending */
	uint32_t n_present;
	uint32_t most; /* examples of the largest client that ever joined */
	struct fed_client_block *block;
	uint32_t n_blocks;
	struct fed_example_pool pool;
	uint32_t kept_vectors; /* vectors in each client's `kept` */
	uint32_t equipped;     /* how often some were given another device or link */
};

int fed_clients_init(struct fed_clients *, uint32_t train, struct fed_error *);
void fed_clients_release(struct fed_clients *);
/* The same clients for another federation: rows of their own, which never trained, and the examples
 * of the originals, which must live longer.  None can join or leave. */
int fed_clients_borrow(struct fed_clients *, const struct fed_clients *, struct fed_error *);
/* Bytes that n more clients with `samples` each will take. */
uint64_t fed_clients_estimate(uint32_t n, int64_t samples);
/* The new ids are first .. first + n - 1; device and link NULL: the defaults.  Unchanged on
 * FED_FAIL. */
int fed_clients_add(struct fed_clients *, const struct fed_dataset *, uint32_t n,
                    const struct fed_partition *, const struct fed_device_spec *,
                    const struct fed_link_spec *, uint64_t seed, uint32_t *first,
                    struct fed_error *);
/* Give a client another device, another link; NULL: as it is. */
void fed_client_equip(struct fed_client *, uint32_t id, const struct fed_device_spec *,
                      const struct fed_link_spec *, uint64_t seed);
/* Their examples go back to the pool.  ids ascending, all present. */
void fed_clients_remove(struct fed_clients *, const uint32_t *ids, uint32_t n);
/* NULL unless present. */
struct fed_client *fed_clients_get(const struct fed_clients *, uint32_t id);
/* Examples of each class, [classes]; regression: one class. */
void fed_client_histogram(const struct fed_client *, const struct fed_dataset *, uint32_t *counts);
/* The vectors kept by a client for the aggregator, [vectors][dim], allocated zeroed at first. */
float **fed_client_kept(struct fed_client *, uint32_t vectors, size_t dim);
/* Forget all kept vectors (another aggregator or model). */
void fed_clients_forget(struct fed_clients *);
/* Forget all residuals (another model). */
void fed_clients_forget_residuals(struct fed_clients *);

#endif
