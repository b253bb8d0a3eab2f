/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conformance/run_checks.c - the checks of a table, one after the other, and their reports.
 */
#include "base/mem.h"
#include "conformance/checker.h"

static void clear_texts(struct fed_checker *c)
{
	fed_text_clear(&c->given);
	fed_text_clear(&c->got);
	fed_text_clear(&c->expected);
	fed_text_clear(&c->setting);
}

/* Replace line breaks: a text of a result is one line. */
static const char *one_line(struct fed_text *text)
{
	for (size_t i = 0; i < text->len; i++)
		if (text->s[i] == '\n')
			text->s[i] = ' ';
	return fed_text_str(text);
}

static void report(struct fed_checker *c)
{
	const struct fed_conformance_result result = {
		.check = c->check,
		.outcome = c->outcome,
		.given = one_line(&c->given),
		.got = one_line(&c->got),
		.expected = one_line(&c->expected),
	};

	if (c->given.failed || c->got.failed || c->expected.failed || c->setting.failed) {
		c->no_memory = true;
		fed_fail_memory(&c->why, 0, "the texts of a check");
	} else if (c->report) {
		c->report(c->ctx, &result);
	}
}

void fed__run_checks(struct fed_checker *c, const struct fed_check *check, void *ctx)
{
	for (; check->name && !c->no_memory; check++) {
		const bool wanted = c->options.only == 0 || c->options.only == ++c->number;

		if (c->list)
			c->list(c->ctx, check->name);
		if (c->list || (!wanted && !check->needed))
			continue;
		c->check = check->name;
		c->outcome = FED_CONFORMANCE_PASSED;
		clear_texts(c);
		check->run(c, ctx);
		fed__buffers_release(c);
		if (!c->no_memory && wanted)
			report(c);
	}
	c->check = NULL;
}

void fed__checker_release(struct fed_checker *c)
{
	fed__buffers_release(c);
	fed_text_release(&c->given);
	fed_text_release(&c->got);
	fed_text_release(&c->expected);
	fed_text_release(&c->setting);
}
