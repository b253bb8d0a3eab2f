/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/scheme.c - the schemes by name.
 */
#include <string.h>

#include "base/text.h"
#include "train/federation.h"

static const struct fed_scheme *const schemes[] = {&fed_scheme_sync};

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

int fed_scheme_find(const char *name, const struct fed_scheme **out, struct fed_error *err)
{
	struct fed_text names = {0};

	for (size_t i = 0; fed_scheme_at(i); i++) {
		if (strcmp(fed_scheme_at(i)->name, name) == 0) {
			*out = fed_scheme_at(i);
			return FED_OK;
		}
		fed_text_add(&names, "%s%s", i ? ", " : "", fed_scheme_at(i)->name);
	}
	const char *near = fed_nearest(name, scheme_name, NULL);
	if (near)
		fed_say(err, FED_FAIL, "there is no scheme of that name: did you mean `%s`?", near);
	else
		fed_say(err, FED_FAIL, "there is no scheme of that name: there is %s",
		        fed_text_str(&names));
	fed_text_release(&names);
	return FED_FAIL;
}
