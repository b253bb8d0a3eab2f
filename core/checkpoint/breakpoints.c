/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/breakpoints.c - where runs stop, in a saved file: what a stop left undone, then the
 * breakpoints and a pause.
 */
#include "checkpoint/replay.h"
#include "session/internal.h"

/* Conditions ---------------------------------------------------------------------- */

/* The text, and the numbers that were taken from kept runs: those of their names may be others
 * now. */
static uint64_t size_condition(struct fed_condition *c)
{
	size_t n = 0;

	while (fed_condition_taken(c, n))
		n++;
	return fed_size_string(fed_condition_text(c)) + 4 + 8 * n;
}

static void save_condition(struct fed_saver *f, struct fed_condition *c)
{
	uint32_t n = 0;

	while (fed_condition_taken(c, n))
		n++;
	fed_put_string(f, fed_condition_text(c));
	fed_put_u32(f, n);
	for (uint32_t i = 0; i < n; i++)
		fed_put_f64(f, *fed_condition_taken(c, i));
}

/* Behind its text. */
static void load_taken(struct fed_loader *f, struct fed_condition *c)
{
	const uint32_t n = fed_get_u32(f);
	double *number;

	for (uint32_t i = 0; i < n && !f->failed; i++) {
		const double x = fed_get_f64(f);

		if ((number = fed_condition_taken(c, i)))
			*number = x;
		else
			fed_loader_fail(f, "%u numbers of kept runs, `%.40s` has %u", n, fed_condition_text(c),
			                i);
	}
	if (!f->failed && fed_condition_taken(c, n))
		fed_loader_fail(f, "%u numbers of kept runs, `%.40s` has more", n, fed_condition_text(c));
}

/* Stops --------------------------------------------------------------------------- */

static void save_rest(struct fed_saver *f, const struct fed_session *s)
{
	static const struct fed_rest none;
	const struct fed_rest *rest = &s->rest;

	if (!fed_rest_wants(rest, &s->history))
		rest = &none;
	fed_saver_begin(f, "rest",
	                8 + 1 + (rest->until ? size_condition(rest->until) : fed_size_string("")));
	fed_put_u64(f, rest->versions);
	fed_put_u8(f, rest->endless);
	if (rest->until)
		save_condition(f, rest->until);
	else
		fed_put_string(f, "");
	fed_saver_end(f);
}

static void save_breakpoints(struct fed_saver *f, const struct fed_debugger *d)
{
	uint64_t bytes = 1 + 8 + 8 + 4;

	for (size_t i = 0; i < d->n; i++)
		bytes += 8 + 8 + 1 + size_condition(d->point[i].when);
	fed_saver_begin(f, "breakpoints", bytes);
	fed_put_u8(f, d->pausing);
	fed_put_u64(f, d->pause);
	fed_put_u64(f, d->numbered);
	fed_put_u32(f, (uint32_t)d->n);
	for (size_t i = 0; i < d->n; i++) {
		fed_put_u64(f, d->point[i].number);
		fed_put_u64(f, d->point[i].hits);
		fed_put_u8(f, d->point[i].holds);
		save_condition(f, d->point[i].when);
	}
	fed_saver_end(f);
}

void fed_save_stops(struct fed_saver *f, const struct fed_session *s)
{
	save_rest(f, s);
	save_breakpoints(f, &s->debugger);
}

static int load_rest(struct fed_loader *f, struct fed_session *s)
{
	struct fed_rest *rest = &s->rest;
	struct fed_text until = {0};
	struct fed_error why;

	if (fed_loader_begin(f, "rest"))
		return FED_FAIL;
	rest->versions = fed_get_u64(f);
	rest->endless = fed_get_u8(f);
	fed_get_string(f, &until);
	if (!f->failed && until.len &&
	    fed_condition_parse(&rest->until, fed_text_str(&until), &s->runs, &why))
		fed_loader_fail(f, "%s", why.text);
	if (f->version >= 9 && rest->until)
		load_taken(f, rest->until);
	fed_text_release(&until);
	return fed_loader_end(f);
}

/* Numbers ascend, up to the last one that was given. */
static void load_breakpoint(struct fed_loader *f, struct fed_session *s, uint64_t last)
{
	struct fed_debugger *d = &s->debugger;
	uint64_t number = fed_get_u64(f);
	const uint64_t hits = fed_get_u64(f);
	const bool holds = fed_get_u8(f);
	struct fed_text text = {0};
	struct fed_error why;

	fed_get_string(f, &text);
	if (!f->failed && (number <= d->numbered || number > last))
		fed_loader_fail(f, "breakpoint %llu", (unsigned long long)number);
	if (!f->failed) {
		d->numbered = number - 1;
		if (fed_session_break(s, fed_text_str(&text), &number, &why))
			fed_loader_fail(f, "%s", why.text);
	}
	if (!f->failed) {
		d->point[d->n - 1].hits = hits;
		d->point[d->n - 1].holds = holds;
		load_taken(f, d->point[d->n - 1].when);
	}
	fed_text_release(&text);
}

static int load_breakpoints(struct fed_loader *f, struct fed_session *s)
{
	struct fed_debugger *d = &s->debugger;

	if (fed_loader_begin(f, "breakpoints"))
		return FED_FAIL;
	d->pausing = fed_get_u8(f);
	d->pause = fed_get_u64(f);
	const uint64_t last = fed_get_u64(f);
	const uint32_t n = fed_get_u32(f);
	for (uint32_t i = 0; i < n && !f->failed; i++)
		load_breakpoint(f, s, last);
	d->numbered = last;
	return fed_loader_end(f);
}

int fed_load_stops(struct fed_loader *f, struct fed_session *s)
{
	if (f->version >= 8 && load_rest(f, s))
		return FED_FAIL;
	return f->version >= 9 ? load_breakpoints(f, s) : FED_OK;
}
