/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/leaf/leaf_windows.c - texts of one length, to predict the character behind each.
 */
#include <stdarg.h>
#include <string.h>

#include "data/readers/leaf/leaf_check.h"
#include "data/readers/leaf/leaf_make.h"

/* Characters of a text, which are counted; false: it is no UTF-8, as a lone half of a pair. */
static bool read_text(const char *s, uint32_t *count, uint32_t *characters)
{
	uint32_t code = 0;
	size_t used;

	for (*characters = 0; (used = fed_utf8_next(s, strnlen(s, 4), &code)); s += used)
		count[code]++, ++*characters;
	return *s == '\0';
}

/* FED_FAIL with the file, user and row of example i. */
__attribute__((format(printf, 4, 5))) static int
fail_text(const struct fed_leaf *l, uint64_t i, struct fed_error *err, const char *fmt, ...)
{
	const struct fed_leaf_user *u = l->user;
	struct fed_text why = {0};
	va_list ap;

	va_start(ap, fmt);
	fed_text_vadd(&why, fmt, ap);
	va_end(ap);
	while (i >= u->x)
		i -= (u++)->x;
	fed_fail(err, "%.60s: user %.40s, row %llu of x: %s",
	         fed__leaf_base_name(l->files->file[u->file].path).s, fed_show(u->name).s,
	         (unsigned long long)i + 1, fed_text_str(&why));
	fed_text_release(&why);
	return FED_FAIL;
}

int fed__leaf_windows_choose(const struct fed_leaf *l, int64_t wanted, struct fed_vocabulary *v,
                             uint32_t *width, struct fed_dataset_notes *notes,
                             struct fed_error *err)
{
	const char *at = l->text.s;

	if (fed__vocabulary_init(v, wanted, false, err))
		return FED_FAIL;
	for (uint64_t i = 0; i < l->examples; i++, at += strlen(at) + 1) {
		uint32_t characters;

		if (!read_text(at, v->token, &characters))
			return fail_text(l, i, err, "is no UTF-8; convert the file to UTF-8");
		if (i == 0)
			*width = characters;
		if (characters != *width || characters == 0)
			return fail_text(l, i, err,
			                 "has %u characters, the first row of all %u; make them of one length",
			                 characters, *width);
		v->token[l->label[i]]++;
	}
	return fed__vocabulary_choose(v, l->making, notes, err);
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
