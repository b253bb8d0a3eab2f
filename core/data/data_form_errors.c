/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/data_form_errors.c - why a dataset does not fit a form, and what to do.
 */
#include "data/data_form_errors.h"

#include <string.h>

/* Kind ----------------------------------------------------------------------------------- */

static bool can_set(const struct fed_source *source, const char *key)
{
	return fed_fields_find(source->fields, key) != NULL;
}

int fed__form_check_kind(const struct fed_dataset *data, const struct fed_source *source,
                         const struct fed_data_form *form, struct fed_error *err)
{
	static const char *const kinds[] = {"targets of a regression", "classes"};
	const bool classes = data->classes != 0, wanted = form->classes != 0;

	if (data->tokens != form->tokens)
		return fed_reject(err, "%s is %s text, and the server's data are %s", data->name,
		                  data->tokens ? "a" : "no", form->tokens ? "one" : "none");
	if (classes != wanted)
		return fed_reject(err, "the labels of %s are %s, and the server's are %s%s", data->name,
		                  kinds[classes], kinds[wanted],
		                  !can_set(source, "task") ? ""
		                  : wanted                 ? "; task=classes makes them so"
		                                           : "; task=regression makes them so");
	if (!classes && data->outputs != form->outputs)
		return fed_reject(err, "an example of %s has %u targets, and one of the server's %u",
		                  data->name, data->outputs, form->outputs);
	return FED_OK;
}

/* Shape ----------------------------------------------------------------------------------- */

/* "28x28x1", "13" */
static struct fed_shown shown_shape(const struct fed_shape *shape)
{
	struct fed_shown out = {""};
	size_t n = 0;

	for (uint32_t i = 0; i < shape->rank && n < sizeof out.s; i++)
		n += (size_t)snprintf(out.s + n, sizeof out.s - n, "%s%u", i ? "x" : "", shape->dim[i]);
	return out;
}

/* Settings of the source that change what differs, "size=28x28 colour=grey"; "": none. */
static struct fed_shown advised(const struct fed_dataset *data, const struct fed_source *source,
                                const struct fed_data_form *form)
{
	const struct fed_shape *here = &data->shape, *there = &form->shape;
	struct fed_shown out = {""};
	size_t n = 0;
	bool all = here->rank == there->rank;

	if (form->tokens && all && can_set(source, "window")) {
		snprintf(out.s, sizeof out.s, "window=%u", there->dim[0]);
		return out;
	}
	all = all && here->rank == 3;
	if (all && (here->dim[0] != there->dim[0] || here->dim[1] != there->dim[1])) {
		all = can_set(source, "size") && can_set(source, "fit");
		n += (size_t)snprintf(out.s, sizeof out.s, "size=%ux%u", there->dim[0], there->dim[1]);
	}
	if (all && here->dim[2] != there->dim[2]) {
		all = can_set(source, "colour") && (there->dim[2] == 1 || there->dim[2] == 3);
		snprintf(out.s + n, sizeof out.s - n, "%scolour=%s", n ? " " : "",
		         there->dim[2] == 1 ? "grey" : "rgb");
	}
	if (!all)
		out.s[0] = '\0';
	return out;
}

int fed__form_check_shape(const struct fed_dataset *data, const struct fed_source *source,
                          const struct fed_data_form *form, struct fed_error *err)
{
	const struct fed_shown here = shown_shape(&data->shape), there = shown_shape(&form->shape);

	if (strcmp(here.s, there.s) == 0)
		return FED_OK;
	const struct fed_shown settings = advised(data, source, form);
	if (*settings.s)
		return fed_reject(err,
		                  "examples of %s are of shape %s, and the server's are of %s; %s "
		                  "makes them fit",
		                  data->name, here.s, there.s, settings.s);
	return fed_reject(err, "examples of %s are of shape %s, and the server's are of %s%s",
	                  data->name, here.s, there.s,
	                  data->shape.rank == 3 && form->shape.rank == 3
	                      ? "; a folder of these pictures as PNG files can be scaled, with size="
	                      : "; take data of that shape");
}

/* Names ----------------------------------------------------------------------------------- */

bool fed__form_is_nameless(char *const *name, size_t n)
{
	size_t k = 0;

	while (k < n && strncmp(name[k], "column ", 7) == 0)
		k++;
	return k == n;
}

/* "cat, dog and 12 others", at most so many bytes. */
static struct fed_text list_names(char *const *name, size_t n)
{
	enum { MOST = 150 };
	struct fed_text out = {0};

	for (size_t i = 0; i < n; i++) {
		if (i && i + 1 < n && out.len + strlen(name[i]) > MOST) {
			fed_text_add(&out, " and %zu others", n - i);
			break;
		}
		fed_text_add(&out, "%s%.40s", i == 0 ? "" : i + 1 < n ? ", " : " and ", name[i]);
	}
	return out;
}

struct class_names {
	char *const *name;
	size_t n;
};

static const char *name_at(const void *ctx, size_t i)
{
	const struct class_names *names = ctx;

	return i < names->n ? names->name[i] : NULL;
}

int fed__form_refuse_class(const struct fed_dataset *data, const struct fed_data_form *form,
                           uint32_t class, struct fed_error *err)
{
	const struct class_names names = {form->class_name, form->class_name ? form->classes : 0};

	char number[12];

	snprintf(number, sizeof number, "%u", class);
	const char *name = data->class_name ? data->class_name[class] : number;
	if (!form->class_name)
		return fed_reject(err,
		                  "the label %.40s in %s is none of the server's, which are the numbers 0 "
		                  "to %u; rename it, or leave its examples out",
		                  name, data->name, form->classes - 1);
	const char *near = fed_nearest(name, name_at, &names);
	struct fed_text list = list_names(form->class_name, form->classes);
	fed_reject(err,
	           "the label %.40s in %s is none of the server's, which are %s; rename it%s%.40s, or "
	           "leave its examples out",
	           name, data->name, fed_text_str(&list), near ? " to " : "", near ? near : "");
	fed_text_release(&list);
	return FED_REJECT;
}

/* Bytes of the column's name in "colour=red"; 0: it has none. */
static size_t column_bytes(const char *input)
{
	const char *end = strchr(input, '=');

	return end ? (size_t)(end - input) : 0;
}

/* Whether an input is the column `name` itself (whole), or one of its texts. */
static bool has_column(char *const *input, size_t n, const char *name, size_t bytes, bool whole)
{
	for (size_t i = 0; i < n; i++)
		if (strncmp(input[i], name, bytes) == 0 && input[i][bytes] == (whole ? '\0' : '='))
			return true;
	return false;
}

int fed__form_check_missing(const struct fed_dataset *data, const struct fed_data_form *form,
                            size_t input, struct fed_error *err)
{
	const char *name = form->input_name[input];
	const size_t here = fed_shape_size(&data->shape), bytes = column_bytes(name);

	if (bytes && has_column(data->input_name, here, name, bytes, false))
		return FED_OK;
	if (bytes && has_column(data->input_name, here, name, bytes, true))
		return fed_reject(err,
		                  "the column %.*s of %s is of numbers, and the server's of texts; "
		                  "encode=%.*s makes it so",
		                  (int)bytes, name, data->name, (int)bytes, name);
	if (!bytes && has_column(data->input_name, here, name, strlen(name), false))
		return fed_reject(err,
		                  "the column %.60s of %s is of texts, and the server's of numbers; leave "
		                  "out encode= for it",
		                  name, data->name);
	if (fed__form_is_nameless(data->input_name, here))
		return fed_reject(err,
		                  "the columns of %s have no names, and are %zu, and the server's are %zu; "
		                  "write the names into the first row",
		                  data->name, here, fed_shape_size(&form->shape));
	struct fed_text list = list_names(data->input_name, here);
	fed_reject(err, "%s has no column %.60s, which the server's table has; it has %s", data->name,
	           name, fed_text_str(&list));
	fed_text_release(&list);
	return FED_REJECT;
}

int fed__form_refuse_input(const struct fed_dataset *data, const struct fed_data_form *form,
                           size_t input, struct fed_error *err)
{
	const char *name = data->input_name[input];
	const size_t there = fed_shape_size(&form->shape), bytes = column_bytes(name);

	if (bytes && has_column(form->input_name, there, name, bytes, false))
		return fed_reject(
			err,
			"the text %.40s in column %.*s of %s is none of the server's; missing=%.40s "
			"leaves such rows out",
			name + bytes + 1, (int)bytes, name, data->name, name + bytes + 1);
	const int length = bytes ? (int)bytes : 60;
	return fed_reject(err,
	                  "%s has a column %.*s, which the server's table has not; drop=%.*s leaves it "
	                  "out",
	                  data->name, length, name, length, name);
}
