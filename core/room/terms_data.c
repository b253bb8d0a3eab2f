/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * room/terms_data.c - the form of the server's data as lines of the terms.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "report/composition_text.h"
#include "room/messages.h"
#include "room/terms.h"

/* Writing -------------------------------------------------------------------------- */

/* Whether a dataset's specification begins with the name of a source, which others have, too: it is
 * no path of this machine. */
static bool is_named(const char *spec)
{
	const struct fed_source *source;

	for (size_t i = 0; spec && (source = fed_source_at(i)); i++) {
		const size_t n = strlen(source->name);

		if (strncmp(spec, source->name, n) == 0 && (!spec[n] || spec[n] == ' '))
			return true;
	}
	return false;
}

void fed__terms_put_data(const struct fed_dataset *data, struct fed_text *out)
{
	const size_t inputs = fed_shape_size(&data->shape);
	char key[40];

	fed__room_line(out, "data.name", data->name);
	if (is_named(data->spec))
		fed__room_line(out, "data.source", data->spec);
	fed_text_add(out, "data.shape=");
	for (uint32_t i = 0; i < data->shape.rank; i++)
		fed_text_add(out, "%s%u", i ? "x" : "", data->shape.dim[i]);
	fed_text_add(out, "\ndata.classes=%u\ndata.outputs=%u\ndata.tokens=%u\ndata.bytes=%d\n",
	             data->classes, data->outputs, data->tokens, data->bytes != NULL);
	fed_text_add(out, "data.scale=%.9g\n", data->bytes ? (double)data->scale : 1.0);
	for (uint32_t k = 0; data->class_name && k < data->classes; k++) {
		snprintf(key, sizeof key, "data.class-%u", k);
		fed__room_line(out, key, data->class_name[k]);
	}
	for (size_t i = 0; data->input_name && data->scaling && i < inputs; i++) {
		struct fed_text value = {0};

		fed_text_add(&value, "%.17g %.17g %s", data->scaling[i].mean, data->scaling[i].factor,
		             data->input_name[i]);
		snprintf(key, sizeof key, "data.input-%zu", i);
		fed__room_line(out, key, fed_text_str(&value));
		out->failed |= value.failed;
		fed_text_release(&value);
	}
}

/* Reading -------------------------------------------------------------------------- */

static int fail_terms(const char *key, struct fed_error *err)
{
	return fed_reject(err, "the server's terms are damaged: %s; have the same version of fedsh",
	                  key);
}

/* "28x28x1" */
static bool read_shape(const char *text, struct fed_shape *shape)
{
	char *end;

	for (shape->rank = 0; shape->rank < 3; text = end + 1) {
		const unsigned long n = strtoul(text, &end, 10);

		if (end == text || n == 0 || n > UINT32_MAX)
			return false;
		shape->dim[shape->rank++] = (uint32_t)n;
		if (*end != 'x')
			return *end == '\0';
	}
	return false;
}

static int read_sizes(const char *terms, size_t n, struct fed_data_form *form,
                      struct fed_error *err)
{
	char shape[64], scale[40];

	*form = (struct fed_data_form){0};
	fed__room_value(terms, n, "data.shape", shape, sizeof shape);
	fed__room_value(terms, n, "data.scale", scale, sizeof scale);
	if (!read_shape(shape, &form->shape))
		return fail_terms("data.shape", err);
	form->classes = (uint32_t)fed__room_number(terms, n, "data.classes", UINT32_MAX, 0);
	form->outputs = (uint32_t)fed__room_number(terms, n, "data.outputs", UINT32_MAX, 0);
	form->tokens = fed__room_number(terms, n, "data.tokens", 1, 0) == 1;
	form->bytes = fed__room_number(terms, n, "data.bytes", 1, 0) == 1;
	if (!fed_parse_real(scale, &form->scale) || form->outputs == 0)
		return fail_terms("data.scale", err);
	return FED_OK;
}

/* The number behind "data.class-"; false: the key is another. */
static bool is_numbered(const struct fed_composition_line *line, const char *prefix, size_t *number)
{
	const size_t n = strlen(prefix);

	if (line->key_bytes <= n || memcmp(line->key, prefix, n) != 0)
		return false;
	*number = strtoul(line->key + n, NULL, 10);
	return true;
}

static bool take_name(char **name, const char *text, size_t n)
{
	if (*name)
		return false; /* twice */
	*name = fed_alloc(n + 1);
	if (*name)
		memcpy(*name, text, n);
	return *name != NULL;
}

/* "MEAN FACTOR NAME" */
static bool take_input(struct fed_data_form *form, size_t i,
                       const struct fed_composition_line *line)
{
	const char *end = line->value + line->value_bytes;
	char *at;

	form->scaling[i].mean = strtod(line->value, &at);
	if (at >= end || *at != ' ')
		return false;
	form->scaling[i].factor = strtod(at + 1, &at);
	return at < end && *at == ' ' &&
	       take_name(&form->input_name[i], at + 1, (size_t)(end - at - 1));
}

static bool is_complete(char *const *name, size_t n)
{
	for (size_t i = 0; name && i < n; i++)
		if (!name[i])
			return false;
	return true;
}

static int read_names(const char *terms, struct fed_data_form *form, struct fed_error *err)
{
	const size_t inputs = fed_shape_size(&form->shape);
	struct fed_composition_line line;
	bool right = true;
	size_t i;

	while (right && fed_composition_next(&terms, &line)) {
		if (form->class_name && is_numbered(&line, "data.class-", &i))
			right =
				i < form->classes && take_name(&form->class_name[i], line.value, line.value_bytes);
		else if (form->input_name && is_numbered(&line, "data.input-", &i))
			right = i < inputs && take_input(form, i, &line);
	}
	if (!right || !is_complete(form->class_name, form->classes) ||
	    !is_complete(form->input_name, inputs))
		return fail_terms("names of classes or columns", err);
	return FED_OK;
}

int fed__terms_read_data(const char *terms, size_t n, struct fed_data_form *form,
                         struct fed_error *err)
{
	char *text = fed_alloc(n + 1), unused[2];

	*form = (struct fed_data_form){0};
	if (!text)
		return fed_fail_memory(err, n, "the terms");
	memcpy(text, terms, n);
	int rc = read_sizes(terms, n, form, err);
	if (rc == FED_OK)
		rc = fed_data_form_init(
			form, fed__room_value(terms, n, "data.class-0", unused, sizeof unused),
			fed__room_value(terms, n, "data.input-0", unused, sizeof unused), err);
	if (rc == FED_OK)
		rc = read_names(text, form, err);
	fed_free(text);
	if (rc)
		fed_data_form_release(form);
	return rc;
}

void fed__terms_copy_data(const char *terms, size_t n, struct fed_text *out)
{
	for (size_t at = 0; at < n;) {
		const char *end = memchr(terms + at, '\n', n - at);
		const size_t line = end ? (size_t)(end - (terms + at)) + 1 : n - at;

		if (line > 5 &&
		    (memcmp(terms + at, "data.", 5) == 0 || memcmp(terms + at, "seed=", 5) == 0))
			fed_text_put(out, terms + at, line);
		at += line;
	}
}
