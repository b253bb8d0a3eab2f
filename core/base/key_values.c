/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/key_values.c - settings as a list of key=value texts.
 */
#include "base/key_values.h"

#include <string.h>

#include "base/mem.h"

int fed_key_values_add(struct fed_key_values *p, const char *key, const char *value,
                       struct fed_error *err)
{
	const char *v = value ? value : "yes";
	const size_t key_size = strlen(key) + 1, value_size = strlen(v) + 1;
	struct fed_assign *grown =
		fed_resize(p->assign, p->n * sizeof *grown, (p->n + 1) * sizeof *grown);

	if (!grown)
		return fed_fail_memory(err, sizeof *grown, "settings");
	p->assign = grown;
	/* One block for both strings; it begins with the key. */
	char *block = fed_alloc(key_size + value_size);
	if (!block)
		return fed_fail_memory(err, key_size + value_size, "settings");
	memcpy(block, key, key_size);
	memcpy(block + key_size, v, value_size);
	p->assign[p->n++] = (struct fed_assign){.key = block, .value = block + key_size};
	return FED_OK;
}

int fed_key_values_copy(struct fed_key_values *out, const struct fed_assign *from, size_t n,
                        struct fed_error *err)
{
	*out = (struct fed_key_values){0};
	for (size_t i = 0; i < n; i++) {
		if (fed_key_values_add(out, from[i].key, from[i].value, err)) {
			fed_key_values_release(out);
			return FED_FAIL;
		}
	}
	return FED_OK;
}

int fed_key_values_of(struct fed_key_values *out, const struct fed_field *rows, const void *state,
                      struct fed_error *err)
{
	int rc = FED_OK;
	struct fed_text value = {0};

	*out = (struct fed_key_values){0};
	for (const struct fed_field *row = rows; rc == FED_OK && row && row->type; row++) {
		if (!fed_field_settable(row))
			continue;
		if ((row->flags & FED_FIELD_LATER) && fed__field_is_default(row, state))
			continue;
		fed_text_clear(&value);
		fed_field_print(row, state, &value);
		rc = value.failed ? fed_fail_memory(err, value.len, "settings")
		                  : fed_key_values_add(out, row->name, fed_text_str(&value), err);
	}
	fed_text_release(&value);
	if (rc)
		fed_key_values_release(out);
	return rc;
}

void fed_key_values_release(struct fed_key_values *p)
{
	for (size_t i = 0; i < p->n; i++)
		fed_free((char *)p->assign[i].key);
	fed_free(p->assign);
	*p = (struct fed_key_values){0};
}

int fed_assign_cut(char *text, const char **name, struct fed_assign assign[FED_COLONS_MAX],
                   size_t *n, struct fed_error *err)
{
	char *rest = text;

	*name = strsep(&rest, ":");
	for (*n = 0; rest; ++*n) {
		char *value = strsep(&rest, ":");
		const char *key = strsep(&value, "=");

		if (*n == FED_COLONS_MAX)
			return fed_fail(err, "%s: more than %d parameters", *name, FED_COLONS_MAX);
		assign[*n] = (struct fed_assign){.key = key, .value = value};
	}
	return FED_OK;
}
