/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/local/training_wire.h - heads of trainings in packets to a worker process or a rank.
 *
 * A job is bytes: with the dataset, the model's plugin and these values any process makes the same
 * update.
 */
#ifndef FED_TRAIN_LOCAL_TRAINING_WIRE_H
#define FED_TRAIN_LOCAL_TRAINING_WIRE_H

#include "data/dataset.h"
#include "fedsh/client_hooks.h"
#include "plug/guard/build_wire.h"
#include "train/round/local_layers.h"

/* Dataset: its arrays lie in shared memory, where they are not NULL. */
struct fed_wire_dataset {
	struct fed_shape shape;
	uint32_t classes, outputs, train, test;
	float scale;
	bool tokens;
	bool bytes, values, label, target; /* arrays that it has, whose inputs follow in this order */
};
struct fed_wire_dataset fed__wire_dataset_of(const struct fed_dataset *);

/* Job of a client; its example ids follow. */
struct fed_wire_training {
	uint32_t client, count;
	uint64_t version, seed;
	struct fed_plan plan;
	struct fed_shift shift;
	bool shifted, reports_rms, begins_own;
	/* data faults */
	bool poisoned;
	double moved, added;
	uint64_t moved_key, poison_key;
	uint32_t broadcasts, kept, returned; /* vectors */
	char local_layers[FED_LOCAL_LAYERS_TEXT];
};

/* The head of a training's job, and what it says, without what the head only counts or names:
 * trainer, poison, sharing and vectors are the caller's. */
struct fed_training;
struct fed_wire_training fed__wire_training_of(const struct fed_training *);
struct fed_training fed_wire_training_open(const struct fed_wire_training *, uint32_t *examples);

/* What it gives back beside the vectors. */
struct fed_wire_trained {
	uint32_t steps, chosen;
	double loss, squares, first_loss;
};

/* What became of a training at a rank; its vectors follow when it is complete. */
struct fed_wire_outcome {
	bool complete, stopped, no_memory, failed, plugin_failed;
	bool coded; /* the delta is sent as its code */
	bool kept, own;
	uint32_t left; /* vectors */
	struct fed_error why;
};

#endif
