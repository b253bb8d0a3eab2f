/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/dataset_rows.c - what a dataset is, as rows of a table.
 */
#include "report/dataset_rows.h"

#include "base/mem.h"

enum { NAMES_SHOWN = 10 }; /* of classes, users, features */

/* "and 12 more" behind a list. */
static void put_more(size_t n, struct fed_text *out)
{
	if (n > NAMES_SHOWN)
		fed_text_add(out, " and %s more", fed_count((double)(n - NAMES_SHOWN)).s);
}

static void put_inputs(const struct fed_dataset *data, struct fed_text *out)
{
	const uint32_t *dim = data->shape.dim;
	const size_t size = fed_shape_size(&data->shape);

	if (data->shape.rank > 1) {
		fed_text_add(out, "%ux%u pixels", dim[0], dim[1]);
		if (data->shape.rank > 2 && dim[2] > 1)
			fed_text_add(out, " in %u channels", dim[2]);
		return;
	}
	fed_text_add(out, "%u %s%s", dim[0], data->tokens ? "token" : "feature",
	             dim[0] == 1 ? "" : "s");
	for (size_t i = 0; data->input_name && i < size && i < NAMES_SHOWN; i++)
		fed_text_add(out, "%s%s", i ? ", " : ": ", data->input_name[i]);
	if (data->input_name)
		put_more(size, out);
}

/* "3: no (20), yes (28)", the numbers of training examples of each. */
static int put_counts(uint32_t n, char *const *name, const uint32_t *of, const int32_t *label,
                      uint32_t examples, struct fed_text *out, struct fed_error *err)
{
	uint32_t *count = fed_alloc_array(n, sizeof *count);

	if (!count)
		return fed_fail_memory(err, n * sizeof *count, "counts of examples");
	for (uint32_t i = 0; i < examples; i++)
		count[of ? of[i] : (uint32_t)label[i]]++;
	fed_text_add(out, "%s: ", fed_count(n).s);
	for (uint32_t k = 0; k < n && k < NAMES_SHOWN; k++) {
		fed_text_add(out, "%s", k ? ", " : "");
		if (name)
			fed_text_add(out, "%s (%s)", name[k], fed_count(count[k]).s);
		else
			fed_text_add(out, "%u (%s)", k, fed_count(count[k]).s);
	}
	put_more(n, out);
	fed_free(count);
	return FED_OK;
}

static void put_targets(const struct fed_dataset *data, struct fed_text *out)
{
	const size_t n = (size_t)data->train * data->outputs;
	float low = data->target[0], high = low;

	for (size_t i = 1; i < n; i++) {
		low = data->target[i] < low ? data->target[i] : low;
		high = data->target[i] > high ? data->target[i] : high;
	}
	fed_text_add(out, "%u, in training from %.6g to %.6g", data->outputs, (double)low,
	             (double)high);
}

static int give(struct fed_text *text, const char *subject, fed_dataset_row *take, void *ctx,
                struct fed_error *err)
{
	const int rc = text->failed ? fed_fail_memory(err, 256, "the dataset's rows") : FED_OK;

	if (rc == FED_OK)
		take(ctx, subject, fed_text_str(text), NULL);
	fed_text_clear(text);
	return rc;
}

static int put_rows(const struct fed_dataset *data, struct fed_text *text, fed_dataset_row *take,
                    void *ctx, struct fed_error *err)
{
	fed_text_add(text, "%s training, ", fed_count(data->train).s);
	fed_text_add(text, "%s test", fed_count(data->test).s);
	if (give(text, "examples", take, ctx, err))
		return FED_FAIL;
	put_inputs(data, text);
	if (give(text, "each", take, ctx, err))
		return FED_FAIL;
	if (data->bytes && !data->tokens) {
		fed_text_add(text, "bytes, 0 to 255 as 0 to %.4g", 255 * (double)data->scale);
		if (give(text, "values", take, ctx, err))
			return FED_FAIL;
	}
	if (data->classes &&
	    put_counts(data->classes, data->class_name, NULL, data->label, data->train, text, err))
		return FED_FAIL;
	if (!data->classes)
		put_targets(data, text);
	if (give(text, data->classes ? "classes" : "targets", take, ctx, err))
		return FED_FAIL;
	if (!data->owner)
		return FED_OK;
	if (put_counts(data->owners, data->owner_name, data->owner, NULL, data->train, text, err))
		return FED_FAIL;
	return give(text, "users", take, ctx, err);
}

int fed_dataset_rows(const struct fed_dataset *data, fed_dataset_row *take, void *ctx,
                     struct fed_error *err)
{
	struct fed_text text = {0};
	const int rc = put_rows(data, &text, take, ctx, err);

	fed_text_release(&text);
	for (size_t i = 0; rc == FED_OK && i < data->notes.n; i++)
		take(ctx, data->notes.note[i].subject, data->notes.note[i].found,
		     data->notes.note[i].overrule);
	return rc;
}
