/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/leaf/leaf_windows.c - texts of one length, to predict the character behind each.
 */
#include <string.h>

#include "data/readers/leaf/leaf_check.h"
#include "data/readers/leaf/leaf_make.h"

/* Characters of a text, each counted in `count` unless that is NULL. */
static uint32_t read_text(const char *s, uint32_t *count)
{
	uint32_t n = 0, code = 0;
	size_t used;

	for (; (used = fed_utf8_next(s, strnlen(s, 4), &code)); s += used, n++)
		count[code]++;
	return n;
}

/* FED_FAIL with the user and the row of example i. */
static int fail_length(const struct fed_leaf *l, uint64_t i, uint32_t characters, uint32_t width,
                       struct fed_error *err)
{
	const struct fed_leaf_user *u = l->user;

	while (i >= u->x)
		i -= (u++)->x;
	return fed_fail(err,
	                "%.60s: user %.40s, row %llu of x: has %u characters, the first row of "
	                "all %u; make them of one length",
	                fed__leaf_base_name(l->files->file[u->file].path).s, fed_show(u->name).s,
	                (unsigned long long)i + 1, characters, width);
}

int fed__leaf_windows_choose(const struct fed_leaf *l, int64_t wanted, struct fed_vocabulary *v,
                             uint32_t *width, struct fed_dataset_notes *notes,
                             struct fed_error *err)
{
	const char *at = l->text.s;

	if (fed__vocabulary_init(v, wanted, false, err))
		return FED_FAIL;
	for (uint64_t i = 0; i < l->examples; i++, at += strlen(at) + 1) {
		const uint32_t characters = read_text(at, v->token);

		if (i == 0)
			*width = characters;
		if (characters != *width || characters == 0)
			return fail_length(l, i, characters, *width, err);
		v->token[l->label[i]]++;
	}
	return fed__vocabulary_choose(v, notes, err);
}

void fed__leaf_windows_fill(const struct fed_leaf *l, const struct fed_leaf_order *order,
                            const struct fed_vocabulary *v, struct fed_dataset *data)
{
	const size_t width = data->shape.dim[0];
	const char *at = l->text.s;

	data->tokens = true;
	data->scale = 1; /* a token is its byte */
	for (uint64_t i = 0; i < l->examples; i++, at++) {
		uint8_t *const to = data->bytes + order->id[i] * width;

		for (size_t k = 0; k < width; k++) {
			uint32_t code = 0;

			at += fed_utf8_next(at, strnlen(at, 4), &code);
			to[k] = (uint8_t)v->token[code];
		}
		data->label[order->id[i]] = (int32_t)v->token[l->label[i]];
	}
}
