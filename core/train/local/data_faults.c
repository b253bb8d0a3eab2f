/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/local/data_faults.c - label drift, input shift and poisoning of gathered examples.
 */
#include "train/local/data_faults.h"

#include <math.h>

#include "base/random.h"
#include "plug/calls/call.h"

struct fed_data_faults fed_data_faults_for(const struct fed_faults *faults, uint32_t client,
                                           uint64_t version)
{
	struct fed_data_faults s = {0};
	const struct fed_fault *fault = NULL;

	while ((fault = fed_fault_on(faults, FED_FAULT_DRIFT, client, version, fault))) {
		const double change = fault->args.rate * (double)(version - fault->from);

		if (fault->args.what == FED_DRIFT_INPUTS) {
			s.shift += change;
		} else if (change > s.moved) {
			s.moved = fmin(change, 1);
			s.moved_key = fed_stream_key(faults->seed, FED_FOR_FAULT, fault->number, client);
		}
	}
	fault = NULL;
	while (!s.poison && (fault = fed_fault_on(faults, FED_FAULT_BYZANTINE, client, version, fault)))
		if (fed_attack_form(&fault->attack->instance) == FED_ATTACK_ON_DATA) {
			s.poison = fed__shared_attack_ref(fault->attack);
			s.poison_key = fed_stream_key(faults->seed, FED_FOR_FAULT, fault->number, client);
		}
	return s;
}

void fed_data_faults_release(struct fed_data_faults *s)
{
	fed_shared_attack_unref(s->poison);
	*s = (struct fed_data_faults){0};
}

static void move_labels(const struct fed_data_faults *s, uint32_t classes, const uint32_t *ids,
                        uint32_t n, int32_t *label)
{
	for (uint32_t i = 0; i < n; i++)
		if (fed_random_real(s->moved_key, ids[i]) < s->moved)
			label[i] = (label[i] + 1) % (int32_t)classes;
}

struct fed_examples fed_examples_of(const struct fed_dataset *data)
{
	const struct fed_shape *s = &data->shape;

	return (struct fed_examples){
		.height = s->rank > 1 ? s->dim[0] : 1,
		.width = s->rank > 1 ? s->dim[1] : s->dim[0],
		.channels = s->rank > 2 ? s->dim[2] : 1,
		.classes = data->classes,
		.tokens = data->tokens,
	};
}

int fed__poison_suits(const struct fed_faults *faults, const struct fed_dataset *data,
                      uint64_t version, struct fed_error *err)
{
	const struct fed_examples form = fed_examples_of(data);

	for (size_t i = 0; faults && i < faults->n; i++) {
		const struct fed_fault *fault = &faults->fault[i];
		struct fed_error why;

		if (!fault->attack || version < fault->from || version >= fault->until)
			continue;
		if (fed_call_suits(&fault->attack->instance, &form, &why))
			return fed_reject(err, "fault %llu: %s; heal its clients and inject another one",
			                  (unsigned long long)fault->number, why.text);
	}
	return FED_OK;
}

int fed__data_faults_apply(const struct fed_data_faults *s, const struct fed_dataset *data,
                           const uint32_t *ids, uint32_t n, float *x, int32_t *label,
                           struct fed_error *err)
{
	const size_t size = fed_shape_size(&data->shape);

	if (s->moved > 0 && label)
		move_labels(s, data->classes, ids, n, label);
	if (s->shift != 0)
		for (size_t j = 0; j < n * size; j++)
			x[j] += (float)s->shift;
	if (!s->poison)
		return FED_OK;
	struct fed_examples examples = fed_examples_of(data);
	examples.seed = s->poison_key;
	examples.n = n;
	examples.x = x;
	examples.label = label;
	examples.id = ids;
	return fed_call_poison(&s->poison->instance, &examples, err);
}

int fed_client_sees(const struct fed_faults *faults, const struct fed_dataset *data,
                    const struct fed_client *row, const struct fed_client_examples *e, float *x,
                    int32_t *label, struct fed_error *err)
{
	struct fed_data_faults active = fed_data_faults_for(faults, e->client, e->version);
	int rc = FED_OK;

	fed_dataset_gather(data, e->ids, e->n, row->shifted ? &row->shift : NULL, x, NULL, NULL);
	if (fed_data_faults_any(&active))
		rc = fed__data_faults_apply(&active, data, e->ids, e->n, x, label, err);
	fed_data_faults_release(&active);
	return rc;
}
