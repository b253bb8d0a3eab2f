/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/data_form.c - forms of datasets, and a dataset brought into one: classes and inputs by name,
 * scaling.  What does not fit is told in data_form_errors.c.
 */
#include "data/data_form.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/data_form_errors.h"
#include "data/source_internal.h"

/* Forms ---------------------------------------------------------------------------------- */

int fed_data_form_init(struct fed_data_form *form, bool class_names, bool inputs,
                       struct fed_error *err)
{
	double size = 1;

	for (uint32_t i = 0; i < form->shape.rank && i < 3; i++)
		size *= form->shape.dim[i];
	if (form->shape.rank < 1 || form->shape.rank > 3 || size < 1 || size > 1e9 ||
	    form->classes > FED_DATASET_MAX_CLASSES)
		return fed_reject(err, "no dataset has examples of %.3g numbers and %u classes", size,
		                  form->classes);
	if (class_names)
		form->class_name = fed_alloc_array(form->classes, sizeof *form->class_name);
	if (inputs) {
		form->input_name = fed_alloc_array((size_t)size, sizeof *form->input_name);
		form->scaling = fed_alloc_array((size_t)size, sizeof *form->scaling);
	}
	return (class_names && !form->class_name) || (inputs && (!form->input_name || !form->scaling))
	           ? fed_fail_memory(err, (size_t)size * sizeof *form->scaling, "a form of data")
	           : FED_OK;
}

void fed_data_form_release(struct fed_data_form *form)
{
	fed__names_free(form->class_name, form->classes);
	fed__names_free(form->input_name, fed_shape_size(&form->shape));
	fed_free(form->scaling);
	*form = (struct fed_data_form){0};
}

int fed__data_form_of(struct fed_data_form *form, const struct fed_dataset *data,
                      struct fed_error *err)
{
	const size_t size = fed_shape_size(&data->shape);
	int rc = FED_OK;

	*form = (struct fed_data_form){.shape = data->shape,
	                               .classes = data->classes,
	                               .outputs = data->outputs,
	                               .tokens = data->tokens,
	                               .bytes = data->bytes != NULL,
	                               .scale = data->bytes ? data->scale : 1};
	if (data->class_name)
		rc = fed__names_copy(&form->class_name, data->classes,
		                     (const char *const *)data->class_name, err);
	if (rc == FED_OK && data->input_name && data->scaling) {
		rc = fed__names_copy(&form->input_name, size, (const char *const *)data->input_name, err);
		form->scaling = fed_alloc_array(size, sizeof *form->scaling);
		if (rc == FED_OK && !form->scaling)
			rc = fed_fail_memory(err, size * sizeof *form->scaling, "a form of data");
		if (rc == FED_OK)
			memcpy(form->scaling, data->scaling, size * sizeof *form->scaling);
	}
	if (rc)
		fed_data_form_release(form);
	return rc;
}

/* Names by name ----------------------------------------------------------------------------- */

struct name_place {
	const char *name;
	uint32_t at;
};

static int by_name(const void *a, const void *b)
{
	const struct name_place *x = a, *y = b;
	const int order = strcmp(x->name, y->name);

	return order ? order : (x->at > y->at) - (x->at < y->at);
}

/* out[i]: where name[i] is among the n names of `in`, the first of equals; -1: nowhere. */
static int find_names(char *const *name, size_t k, char *const *in, size_t n, int64_t **out,
                      struct fed_error *err)
{
	struct name_place *sorted = fed_alloc_array(n + 1, sizeof *sorted);

	*out = fed_alloc_array(k + 1, sizeof **out);
	if (!sorted || !*out) {
		fed_free(sorted);
		return fed_fail_memory(err, (n + k) * sizeof *sorted, "names");
	}
	for (size_t i = 0; i < n; i++)
		sorted[i] = (struct name_place){in[i], (uint32_t)i};
	qsort(sorted, n, sizeof *sorted, by_name);
	for (size_t i = 0; i < k; i++) {
		size_t low = 0, high = n;

		while (low < high) {
			const size_t middle = (low + high) / 2;

			if (strcmp(sorted[middle].name, name[i]) < 0)
				low = middle + 1;
			else
				high = middle;
		}
		const bool found = low < n && strcmp(sorted[low].name, name[i]) == 0;

		(*out)[i] = found ? (int64_t)sorted[low].at : -1;
	}
	fed_free(sorted);
	return FED_OK;
}

/* Classes ---------------------------------------------------------------------------------- */

/* Classes that are numbered have their numbers as names. */
static int numbers_as_names(uint32_t n, char ***out, struct fed_error *err)
{
	*out = fed_alloc_array(n, sizeof **out);
	if (!*out)
		return fed_fail_memory(err, n * sizeof **out, "names");
	for (uint32_t k = 0; k < n; k++) {
		char number[12];

		snprintf(number, sizeof number, "%u", k);
		(*out)[k] = fed_strdup(number);
		if (!(*out)[k])
			return fed_fail_memory(err, sizeof number, "a name");
	}
	return FED_OK;
}

/* Which classes have an example. */
static int find_used(const struct fed_dataset *data, bool **out, struct fed_error *err)
{
	const size_t all = (size_t)data->train + data->test;

	*out = fed_alloc_array(data->classes, sizeof **out);
	if (!*out)
		return fed_fail_memory(err, data->classes, "classes");
	for (size_t i = 0; i < all; i++)
		(*out)[data->label[i]] = true;
	return FED_OK;
}

/* *out: the form's class of each of the dataset's.  Numbered classes of data whose form has names
 * are its classes in order. */
static int match_classes(const struct fed_dataset *data, const struct fed_data_form *form,
                         int64_t **out, struct fed_error *err)
{
	char **numbers = NULL;
	bool *used = NULL;
	int rc = FED_OK;

	if (!data->class_name) {
		*out = fed_alloc_array(data->classes, sizeof **out);
		rc = *out ? FED_OK : fed_fail_memory(err, data->classes, "classes");
		for (uint32_t k = 0; rc == FED_OK && k < data->classes; k++)
			(*out)[k] = k < form->classes ? (int64_t)k : -1;
	} else {
		if (!form->class_name)
			rc = numbers_as_names(form->classes, &numbers, err);
		if (rc == FED_OK)
			rc = find_names(data->class_name, data->classes,
			                form->class_name ? form->class_name : numbers, form->classes, out, err);
	}
	if (rc == FED_OK)
		rc = find_used(data, &used, err);
	for (uint32_t k = 0; rc == FED_OK && k < data->classes; k++)
		if (used[k] && (*out)[k] < 0)
			rc = fed__form_refuse_class(data, form, k, err);
	fed_free(used);
	fed__names_free(numbers, form->classes);
	return rc;
}

/* Inputs ----------------------------------------------------------------------------------- */

/* *out: the dataset's input of each of the form's, -1: an encoded text that does not occur here. */
static int match_inputs(const struct fed_dataset *data, const struct fed_data_form *form,
                        int64_t **out, struct fed_error *err)
{
	const size_t here = fed_shape_size(&data->shape), there = fed_shape_size(&form->shape);
	int64_t *back = NULL;

	if (here == there && (fed__form_is_nameless(data->input_name, here) ||
	                      fed__form_is_nameless(form->input_name, there))) {
		*out = fed_alloc_array(there, sizeof **out);
		for (size_t i = 0; *out && i < there; i++)
			(*out)[i] = (int64_t)i;
		return *out ? FED_OK : fed_fail_memory(err, there * sizeof **out, "columns");
	}
	int rc = find_names(form->input_name, there, data->input_name, here, out, err);
	for (size_t i = 0; rc == FED_OK && i < there; i++)
		if ((*out)[i] < 0)
			rc = fed__form_check_missing(data, form, i, err);
	if (rc == FED_OK)
		rc = find_names(data->input_name, here, form->input_name, there, &back, err);
	for (size_t i = 0; rc == FED_OK && i < here; i++)
		if (back[i] < 0)
			rc = fed__form_refuse_input(data, form, i, err);
	fed_free(back);
	return rc;
}

/* Whether inputs are the form's already, in order and scale. */
static bool same_inputs(const struct fed_dataset *data, const struct fed_data_form *form,
                        const int64_t *from)
{
	const size_t n = fed_shape_size(&form->shape);

	if (fed_shape_size(&data->shape) != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (from[i] != (int64_t)i || data->scaling[i].mean != form->scaling[i].mean ||
		    data->scaling[i].factor != form->scaling[i].factor)
			return false;
	return true;
}

/* x as the form scales it: back to the number of the table, then on. */
static float rescale(float x, const struct fed_scaling *was, const struct fed_scaling *is)
{
	const double number = was->factor != 0 ? x / was->factor + was->mean : was->mean;

	if (was->mean == is->mean && was->factor == is->factor)
		return x;
	return (float)((number - is->mean) * is->factor);
}

static int make_inputs(const struct fed_dataset *data, const struct fed_data_form *form,
                       const int64_t *from, float **out, struct fed_error *err)
{
	const size_t all = (size_t)data->train + data->test;
	const size_t here = fed_shape_size(&data->shape), there = fed_shape_size(&form->shape);

	*out = fed_alloc_floats(all * there);
	if (!*out)
		return fed_fail_memory(err, all * there * sizeof **out, "the examples");
	for (size_t e = 0; e < all; e++) {
		const float *x = data->values + e * here;
		float *y = *out + e * there;

		for (size_t i = 0; i < there; i++)
			if (from[i] >= 0)
				y[i] = rescale(x[from[i]], &data->scaling[from[i]], &form->scaling[i]);
	}
	return FED_OK;
}

/* Taking a form ----------------------------------------------------------------------------- */

/* All that changes, made before anything does. */
struct form_change {
	int64_t *class_of;          /* [classes of the dataset] */
	int64_t *from;              /* [inputs of the form], or NULL: inputs stay */
	float *values;              /* NULL: they stay */
	struct fed_data_form names; /* of the dataset from now on: names and scaling */
};

static int prepare_change(struct form_change *c, const struct fed_dataset *data,
                          const struct fed_data_form *form, struct fed_error *err)
{
	const bool table =
		data->values && data->input_name && data->scaling && form->input_name && form->scaling;
	int rc = FED_OK;

	if (table)
		rc = match_inputs(data, form, &c->from, err);
	if (rc == FED_OK && data->classes)
		rc = match_classes(data, form, &c->class_of, err);
	if (rc == FED_OK && c->from && !same_inputs(data, form, c->from))
		rc = make_inputs(data, form, c->from, &c->values, err);
	c->names = (struct fed_data_form){.shape = form->shape, .classes = form->classes};
	if (rc == FED_OK)
		rc = fed_data_form_init(&c->names, false, c->from != NULL, err);
	if (rc == FED_OK && form->class_name)
		rc = fed__names_copy(&c->names.class_name, form->classes,
		                     (const char *const *)form->class_name, err);
	if (rc == FED_OK && c->from) {
		fed_free(c->names.input_name);
		rc = fed__names_copy(&c->names.input_name, fed_shape_size(&form->shape),
		                     (const char *const *)form->input_name, err);
		memcpy(c->names.scaling, form->scaling,
		       fed_shape_size(&form->shape) * sizeof *form->scaling);
	}
	return rc;
}

static void commit_change(struct form_change *c, struct fed_dataset *data,
                          const struct fed_data_form *form)
{
	const size_t all = (size_t)data->train + data->test;

	if (data->classes) {
		for (size_t i = 0; i < all; i++)
			data->label[i] = (int32_t)c->class_of[data->label[i]];
		fed__names_free(data->class_name, data->classes);
		data->class_name = c->names.class_name;
		c->names.class_name = NULL;
	}
	if (c->from) {
		fed__names_free(data->input_name, fed_shape_size(&data->shape));
		fed_free(data->scaling);
		data->input_name = c->names.input_name;
		data->scaling = c->names.scaling;
		c->names.input_name = NULL;
		c->names.scaling = NULL;
	}
	if (c->values) {
		fed_free_floats(data->values);
		data->values = c->values;
		c->values = NULL;
	}
	if (data->bytes && form->bytes)
		data->scale = (float)form->scale;
	data->shape = form->shape;
	data->classes = form->classes;
	data->outputs = form->outputs;
	fed__dataset_seal(data);
}

int fed__dataset_take_form(struct fed_dataset *data, const struct fed_source *source,
                           const struct fed_data_form *form, struct fed_error *err)
{
	const bool table = data->input_name && data->scaling && form->input_name && form->scaling;
	struct form_change c = {0};
	int rc = fed__form_check_kind(data, source, form, err);

	if (rc == FED_OK && !table)
		rc = fed__form_check_shape(data, source, form, err);
	if (rc == FED_OK)
		rc = prepare_change(&c, data, form, err);
	if (rc == FED_OK)
		commit_change(&c, data, form);
	fed_free(c.class_of);
	fed_free(c.from);
	fed_free_floats(c.values);
	fed_data_form_release(&c.names);
	return rc;
}
