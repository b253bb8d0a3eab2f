/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/sample.c - examples drawn from the dataset or from those of a client.
 */
#include "report/sample.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "session/composition.h"
#include "train/local/data_faults.h"

/* The stream's second number, apart from what `leakage` and `reconstruct` draw. */
#define SAMPLE_STREAM 0x73616d70u

/* Classes ----------------------------------------------------------------------------------- */

static const char *class_at(const void *ctx, size_t i)
{
	const struct fed_dataset *data = ctx;

	return data->class_name && i < data->classes ? data->class_name[i] : NULL;
}

int fed_sample_class(const struct fed_dataset *data, const char *word, int64_t *class,
                     struct fed_error *err)
{
	long long number;

	if (!data->classes)
		return fed_reject(err, "%s is a regression and has no classes", data->name);
	for (uint32_t c = 0; data->class_name && c < data->classes; c++)
		if (!strcmp(data->class_name[c], word)) {
			*class = c;
			return FED_OK;
		}
	if (!fed_parse_int(word, &number) || number < 0 || number >= data->classes) {
		const char *near = fed_nearest(word, class_at, data);

		return fed_reject(err, "%s has no class %s%s%s%s; there are %s (`dataset` lists them)",
		                  data->name, fed_show(word).s, near ? " (did you mean " : "",
		                  near ? near : "", near ? "?)" : "", fed_count(data->classes).s);
	}
	*class = number;
	return FED_OK;
}

static void put_class(const struct fed_dataset *data, int32_t class, struct fed_text *out)
{
	if (data->class_name)
		fed_text_add(out, "%s", data->class_name[class]);
	else
		fed_text_add(out, "%d", class);
}

void fed_sample_put_label(const struct fed_sample *sample, const struct fed_dataset *data,
                          uint32_t i, struct fed_text *out)
{
	if (!sample->label) {
		for (uint32_t k = 0; k < data->outputs; k++)
			fed_text_add(out, "%s%.4g", k ? ", " : "",
			             (double)sample->target[(size_t)i * data->outputs + k]);
		return;
	}
	put_class(data, sample->label[i], out);
	if (sample->seen[i] != sample->label[i]) {
		fed_text_add(out, ", told ");
		put_class(data, sample->seen[i], out);
	}
}

/* Append a token as a part of a text; `first`: none is before it. */
static void put_token(const struct fed_dataset *data, int32_t token, bool first,
                      struct fed_text *out)
{
	if (!data->class_name)
		fed_text_add(out, "%s%d", first ? "" : " ", token);
	else if (!strcmp(data->class_name[token], "\n"))
		fed_text_add(out, "\\n");
	else
		fed_text_add(out, "%s", data->class_name[token]);
}

void fed_sample_put_tokens(const struct fed_sample *sample, const struct fed_dataset *data,
                           uint32_t i, struct fed_text *out)
{
	const size_t size = fed_shape_size(&data->shape);
	const float *x = sample->x + i * size;

	for (size_t k = 0; k < size; k++)
		if (x[k] >= 0 && x[k] < data->classes)
			put_token(data, (int32_t)x[k], k == 0, out);
	fed_text_add(out, " -> ");
	put_token(data, sample->seen[i], true, out);
	if (sample->seen[i] != sample->label[i]) {
		fed_text_add(out, ", in truth ");
		put_token(data, sample->label[i], true, out);
	}
}

/* Drawing ------------------------------------------------------------------------------------ */

/* The examples to draw from: of a client, or a range of the dataset. */
struct among {
	const uint32_t *ids; /* NULL: all from `first` on */
	uint32_t first, n;
};

static uint32_t id_of(const struct among *a, uint32_t place)
{
	return a->ids ? a->ids[place] : a->first + place;
}

static int find_among(struct among *a, const struct fed_composition *parts,
                      const struct fed_sample_plan *plan, struct fed_error *err)
{
	const struct fed_dataset *data = parts->data;

	*a = plan->test ? (struct among){NULL, data->train, data->test}
	                : (struct among){NULL, 0, data->train};
	if (!plan->of_client)
		return a->n ? FED_OK : fed_reject(err, "%s has no test examples", data->name);
	const struct fed_client *row =
		parts->clients.n ? fed_clients_get(&parts->clients, plan->client) : NULL;
	if (!row)
		return fed_reject(err, "there is no client %u; `clients` lists those that are",
		                  plan->client);
	*a = (struct among){row->examples, 0, row->count};
	return a->n ? FED_OK : fed_reject(err, "client %u has no examples", plan->client);
}

/* The places of one class; all of them if it is -1. */
static int list_places(const struct among *a, const struct fed_dataset *data, int64_t class,
                       uint32_t **out, uint32_t *n, struct fed_error *err)
{
	uint32_t *place = fed_alloc_array(a->n, sizeof *place);

	if (!place)
		return fed_fail_memory(err, a->n * sizeof *place, "a sample");
	*n = 0;
	for (uint32_t i = 0; i < a->n; i++)
		if (class < 0 || data->label[id_of(a, i)] == class)
			place[(*n)++] = i;
	*out = place;
	if (*n)
		return FED_OK;

	struct fed_text name = {0};
	put_class(data, (int32_t) class, &name);
	fed_reject(err, "none of the %s examples is of class %s", fed_count(a->n).s,
	           fed_show(fed_text_str(&name)).s);
	fed_text_release(&name);
	return FED_REJECT;
}

/* Draw places, by class and then by place. */
static int choose(struct fed_sample *sample, const struct among *a,
                  const struct fed_composition *parts, const struct fed_sample_plan *plan,
                  struct fed_error *err)
{
	const uint64_t who = plan->of_client ? (uint64_t)plan->client + 1 : 0;
	struct fed_stream r = fed_stream_open((uint64_t)parts->settings.seed, FED_FOR_OBSERVER,
	                                      SAMPLE_STREAM + (plan->draw << 32), 2 * who + plan->test);
	uint32_t *place = NULL, n = 0;
	int rc = list_places(a, parts->data, plan->class, &place, &n, err);

	sample->among = a->n;
	sample->n = plan->n < n ? plan->n : n;
	if (rc == FED_OK)
		rc = fed_stream_choose(&r, n, sample->n, sample->place, err);
	for (uint32_t i = 0; rc == FED_OK && i < sample->n; i++) {
		const uint32_t drawn = place[sample->place[i]];
		const int32_t *label = parts->data->label;
		uint32_t at = i;

		for (; label && at > 0 && label[id_of(a, sample->place[at - 1])] > label[id_of(a, drawn)];
		     at--)
			sample->place[at] = sample->place[at - 1];
		sample->place[at] = drawn;
	}
	fed_free(place);
	return rc;
}

static int allocate(struct fed_sample *sample, const struct fed_dataset *data, uint32_t n,
                    struct fed_error *err)
{
	const size_t size = fed_shape_size(&data->shape);

	sample->place = fed_alloc_array(n, sizeof *sample->place);
	sample->x = fed_alloc_floats(n * size);
	if (data->classes) {
		sample->label = fed_alloc_array(n, sizeof *sample->label);
		sample->seen = fed_alloc_array(n, sizeof *sample->seen);
	} else {
		sample->target = fed_alloc_floats((size_t)n * data->outputs);
	}
	return sample->place && sample->x &&
	               (data->classes ? sample->label && sample->seen : !!sample->target)
	           ? FED_OK
	           : fed_fail_memory(err, n * size * sizeof *sample->x, "a sample");
}

/* What makes the client see something else than the dataset has. */
static void describe(struct fed_sample *sample, const struct fed_composition *parts,
                     const struct fed_sample_plan *plan, uint64_t version)
{
	const struct fed_client *row = fed_clients_get(&parts->clients, plan->client);
	struct fed_data_faults faults = fed_data_faults_for(&parts->faults, plan->client, version);
	struct fed_text *out = &sample->changed;

	if (row->shifted)
		fed_text_add(out, "inputs times %.4g plus %.4g (partition feature)",
		             (double)row->shift.gain, (double)row->shift.offset);
	if (faults.shift != 0)
		fed_text_add(out, "%sinputs plus %.4g (fault drift)", out->len ? "; " : "", faults.shift);
	if (faults.moved > 0)
		fed_text_add(out, "%s%.3g %% of the labels moved (fault drift)", out->len ? "; " : "",
		             100 * faults.moved);
	if (faults.poison)
		fed_text_add(out, "%spoisoned by %s", out->len ? "; " : "",
		             faults.poison->instance.entry->head->name);
	fed_data_faults_release(&faults);
}

/* Black and white of pictures: what bytes span, else what the sample does. */
static void find_range(struct fed_sample *sample, const struct fed_dataset *data)
{
	const size_t cells = sample->n * fed_shape_size(&data->shape);

	sample->low = 0;
	sample->high = data->scale * 255;
	if (data->bytes)
		return;
	sample->low = sample->high = sample->x[0];
	for (size_t i = 1; i < cells; i++) {
		sample->low = fminf(sample->low, sample->x[i]);
		sample->high = fmaxf(sample->high, sample->x[i]);
	}
	if (sample->high <= sample->low)
		sample->high = sample->low + 1;
}

static int gather(struct fed_sample *sample, const struct among *a, const struct fed_session *s,
                  const struct fed_sample_plan *plan, struct fed_error *err)
{
	const struct fed_composition *parts = fed_session_parts(s);
	const struct fed_dataset *data = parts->data;
	uint32_t id[FED_SAMPLE_MOST];
	int rc = FED_OK;

	for (uint32_t i = 0; i < sample->n; i++)
		id[i] = id_of(a, sample->place[i]);
	fed_dataset_gather(data, id, sample->n, NULL, sample->x, sample->label, sample->target);
	if (sample->seen)
		memcpy(sample->seen, sample->label, sample->n * sizeof *sample->seen);
	if (plan->of_client) {
		const struct fed_client *row = fed_clients_get(&parts->clients, plan->client);
		const struct fed_client_examples wanted = {
			.client = plan->client, .version = fed_session_version(s), .ids = id, .n = sample->n};

		rc = fed_client_sees(&parts->faults, data, row, &wanted, sample->x, sample->seen, err);
		describe(sample, parts, plan, fed_session_version(s));
	}
	find_range(sample, data);
	return rc == FED_OK && sample->changed.failed
	           ? fed_fail_memory(err, sample->changed.len, "a sample")
	           : rc;
}

int fed_sample_draw(struct fed_sample *sample, const struct fed_session *s,
                    const struct fed_sample_plan *plan, struct fed_error *err)
{
	const struct fed_composition *parts = fed_session_parts(s);
	struct among a;
	int rc = find_among(&a, parts, plan, err);

	*sample = (struct fed_sample){0};
	if (rc == FED_OK)
		rc = allocate(sample, parts->data, plan->n, err);
	if (rc == FED_OK)
		rc = choose(sample, &a, parts, plan, err);
	if (rc == FED_OK)
		rc = gather(sample, &a, s, plan, err);
	if (rc)
		fed_sample_release(sample);
	return rc;
}

void fed_sample_release(struct fed_sample *sample)
{
	fed_free(sample->place);
	fed_free_floats(sample->x);
	fed_free(sample->label);
	fed_free(sample->seen);
	fed_free_floats(sample->target);
	fed_text_release(&sample->changed);
	*sample = (struct fed_sample){0};
}
