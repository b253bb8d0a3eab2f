/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/local/training_wire.c - heads of datasets and trainings.
 */
#include "train/local/training_wire.h"

#include <string.h>

#include "plug/calls/call.h"
#include "train/local/internal.h"

struct fed_wire_dataset fed__wire_dataset_of(const struct fed_dataset *data)
{
	return (struct fed_wire_dataset){
		.shape = data->shape,
		.classes = data->classes,
		.outputs = data->outputs,
		.train = data->train,
		.test = data->test,
		.scale = data->scale,
		.tokens = data->tokens,
		.bytes = data->bytes,
		.values = data->values,
		.label = data->label,
		.target = data->target,
	};
}

struct fed_wire_training fed__wire_training_of(const struct fed_training *g)
{
	const struct fed_federation *f = g->trainer->federation;
	const struct fed_data_faults *faults = &g->data_faults;
	struct fed_wire_training head = {
		.client = g->client,
		.count = g->row.count,
		.version = g->version,
		.seed = g->seed,
		.plan = g->plan,
		.shift = g->row.shift,
		.shifted = g->row.shifted,
		.reports_rms = g->reports_rms,
		.begins_own = g->begins_own,
		.poisoned = faults->poison,
		.moved = faults->moved,
		.added = faults->shift,
		.moved_key = faults->moved_key,
		.poison_key = faults->poison_key,
		.broadcasts = fed_instance_broadcasts(f->aggregator),
		.kept = fed_client_vectors(f->aggregator),
		.returned = fed_returned_vectors(f->aggregator),
	};

	memcpy(head.local_layers, g->sharing ? f->sharing_text : "none",
	       g->sharing ? sizeof head.local_layers : sizeof "none");
	return head;
}

struct fed_training fed_wire_training_open(const struct fed_wire_training *head, uint32_t *examples)
{
	return (struct fed_training){
		.client = head->client,
		.row = {.examples = examples,
	            .count = head->count,
	            .shift = head->shift,
	            .shifted = head->shifted},
		.data_faults = {.moved = head->moved,
	                    .shift = head->added,
	                    .moved_key = head->moved_key,
	                    .poison_key = head->poison_key},
		.version = head->version,
		.plan = head->plan,
		.seed = head->seed,
		.reports_rms = head->reports_rms,
		.begins_own = head->begins_own,
	};
}
