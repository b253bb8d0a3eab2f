/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/shown.h"

int formats_show(void *text, const struct fed_stored_tensor *t, struct fed_error *err)
{
	struct fed_text *out = text;

	(void)err;
	fed_text_add(out, "%.*s(", (int)t->name_length, t->name);
	for (uint32_t k = 0; k < t->rank; k++)
		fed_text_add(out, "%s%d", k ? "," : "", (int)t->shape[k]);
	fed_text_add(out, ")=%g,%g;", fed_stored_number(t, 0), fed_stored_number(t, t->n - 1));
	return FED_OK;
}
