/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conformance/checker.c - the texts of the present check; the ends of each parameter.
 */
#include "conformance/checker.h"

#include <stdarg.h>
#include <string.h>

#include "base/mem.h"

void fed__given(struct fed_checker *c, const char *fmt, ...)
{
	va_list ap;

	if (c->outcome == FED_CONFORMANCE_FAILED)
		return;
	fed_text_clear(&c->given);
	if (c->setting.len)
		fed_text_add(&c->given, "%s; ", fed_text_str(&c->setting));
	va_start(ap, fmt);
	fed_text_vadd(&c->given, fmt, ap);
	va_end(ap);
}

void fed__failed(struct fed_checker *c, const char *expected, const char *got, ...)
{
	va_list ap;

	if (c->outcome == FED_CONFORMANCE_FAILED)
		return;
	c->outcome = FED_CONFORMANCE_FAILED;
	fed_text_clear(&c->expected);
	fed_text_add(&c->expected, "%s", expected);
	fed_text_clear(&c->got);
	va_start(ap, got);
	fed_text_vadd(&c->got, got, ap);
	va_end(ap);
}

void fed__skipped(struct fed_checker *c, const char *why, ...)
{
	va_list ap;

	if (c->outcome == FED_CONFORMANCE_FAILED)
		return;
	c->outcome = FED_CONFORMANCE_SKIPPED;
	fed_text_clear(&c->got);
	va_start(ap, why);
	fed_text_vadd(&c->got, why, ap);
	va_end(ap);
}

void fed__remark(struct fed_checker *c, const char *fmt, ...)
{
	va_list ap;

	if (c->outcome == FED_CONFORMANCE_FAILED)
		return;
	fed_text_clear(&c->got);
	va_start(ap, fmt);
	fed_text_vadd(&c->got, fmt, ap);
	va_end(ap);
}

void fed__check_words(struct fed_checker *c, const struct fed_error *err)
{
	if (strstr(err->text, "which is none of FED_OK"))
		fed__failed(c, "FED_OK, FED_REJECT or FED_FAIL", "%s", err->text);
	else if (strstr(err->text, "failed and gave no reason"))
		fed__failed(c, "a refusal with a reason: fed_reject(err, \"why\"), fed_fail(err, \"why\")",
		            "%s", err->text);
}

/* Parameters -------------------------------------------------------------- */

static bool is_assigned(const struct fed_checker *c, const struct fed_field *row)
{
	for (size_t i = 0; i < c->options.n_assign; i++)
		if (fed_same_name(c->options.assign[i].key, row->name))
			return true;
	return false;
}

/* Write end k of a row into a state struct; false past the last. */
static bool write_end(const struct fed_field *row, void *state, size_t k)
{
	void *member = (char *)state + row->offset;
	const double end = k == 0 ? row->min : row->max;

	switch (row->type) {
	case FED_TYPE_INT:
		memcpy(member, &(int64_t){(int64_t)end}, sizeof(int64_t));
		return k < 2;
	case FED_TYPE_REAL:
		memcpy(member, &end, sizeof end);
		return k < 2;
	case FED_TYPE_CHOICE:
		memcpy(member, &(int){(int)k}, sizeof(int));
		return row->choice[k] != NULL;
	case FED_TYPE_FLAG:
		memcpy(member, &(bool){k == 0}, sizeof(bool));
		return k < 2;
	case FED_TYPE_LIST:
		memcpy(member, &(struct fed_list){.n = 1, .v = {(int64_t)end}}, sizeof(struct fed_list));
		return k < 2;
	default:
		return false; /* texts have no ends, vectors no values */
	}
}

void fed__each_end(struct fed_checker *c,
                   void (*try)(struct fed_checker *, void *ctx, const struct fed_assign *),
                   void *ctx)
{
	const struct fed_head *head = c->entry->head;
	void *state = fed_alloc(head->state_size ? head->state_size : 1);
	struct fed_text value = {0};

	if (!state) {
		c->no_memory = true;
		fed_fail_memory(&c->why, head->state_size, "a plugin's state");
		return;
	}
	for (const struct fed_field *row = head->fields; row->type != FED_TYPE_END; row++)
		for (size_t k = 0; fed_check_goes_on(c) && !is_assigned(c, row); k++) {
			if (!write_end(row, state, k))
				break;
			fed_text_clear(&value);
			fed_field_print(row, state, &value);
			fed_text_clear(&c->setting);
			fed_field_key(row, &c->setting);
			fed_text_add(&c->setting, "=%s", fed_text_str(&value));
			fed__given(c, "the other parameters at their defaults");
			try(c, ctx, &(struct fed_assign){row->name, fed_text_str(&value)});
		}
	fed_text_clear(&c->setting);
	fed_text_release(&value);
	fed_free(state);
}
