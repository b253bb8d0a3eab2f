/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/schemes/schemes.c - list of the schemes.
 */
#include "train/schemes/schemes.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"

static const struct fed_scheme *const schemes[] = {&fed_scheme_sync, &fed__scheme_async,
                                                   &fed_scheme_split, &fed_scheme_vertical};

const struct fed_scheme *fed_scheme_at(size_t i)
{
	return i < sizeof schemes / sizeof *schemes ? schemes[i] : NULL;
}

static const char *scheme_name(const void *ctx, size_t i)
{
	const struct fed_scheme *s = fed_scheme_at(i);

	(void)ctx;
	return s ? s->name : NULL;
}

static int unknown(const char *name, struct fed_error *err)
{
	const struct fed_shown shown = fed_show(name);
	const char *near = fed_nearest(name, scheme_name, NULL);
	struct fed_text names = {0};

	if (near)
		return fed_fail(err, "no scheme is called %s; did you mean %s?", shown.s, near);
	for (size_t i = 0; fed_scheme_at(i); i++)
		fed_text_add(&names, "%s%s", i ? ", " : "", fed_scheme_at(i)->name);
	fed_error_set(err, FED_FAIL, "no scheme is called %s; there are %s", shown.s,
	              fed_text_str(&names));
	fed_text_release(&names);
	return FED_FAIL;
}

int fed_scheme_find(const char *name, const struct fed_scheme **out, struct fed_error *err)
{
	for (size_t i = 0; fed_scheme_at(i); i++) {
		if (strcmp(fed_scheme_at(i)->name, name) == 0) {
			*out = fed_scheme_at(i);
			return FED_OK;
		}
	}
	return unknown(name, err);
}

int fed_scheme_state_new(void **out, const struct fed_scheme *scheme,
                         const struct fed_assign *assign, size_t n, struct fed_error *err)
{
	static const struct fed_field no_fields[] = {FED_END};
	const struct fed_field *rows = scheme->fields ? scheme->fields : no_fields;
	const size_t bytes = scheme->state_size ? scheme->state_size : 1;
	void *state = fed_alloc(bytes);

	if (!state)
		return fed_fail_memory(err, bytes, "the scheme");
	fed_fields_default(rows, state);
	if (fed_fields_assign(rows, state, assign, n, err)) {
		fed_free(state);
		return FED_FAIL;
	}
	*out = state;
	return FED_OK;
}
