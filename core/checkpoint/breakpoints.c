/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/breakpoints.c - saver and loader of the rest of a stopped run, the breakpoints and the
 * pause.
 */
#include "checkpoint/parts.h"

/* Numbers ascend up to last_number. */
static const struct fed_record_column breakpoint_columns[] = {
	FED_COLUMN(struct fed_breakpoint, number),
	FED_COLUMN(struct fed_breakpoint, hits),
	FED_COLUMN(struct fed_breakpoint, holds),
	FED_COLUMN_END,
};

/* Conditions ------------------------------------------------------------------------ */

/* The text (empty: none), then the numbers taken from kept runs, which may have changed since. */
static void put_condition(struct fed_saver *f, struct fed_condition *c)
{
	uint32_t n = 0;

	fed__put_string(f, c ? fed_condition_text(c) : "");
	while (c && fed_condition_taken(c, n))
		n++;
	fed_put_u32(f, n);
	for (uint32_t i = 0; i < n; i++)
		fed_put_f64(f, *fed_condition_taken(c, i));
}

/* The numbers that follow the text of a condition. */
static void get_numbers(struct fed_loader *f, struct fed_condition *c)
{
	const uint32_t n = fed_get_u32(f);
	double *number = NULL;
	uint32_t i = 0;

	for (; i < n && !f->failed && (number = fed_condition_taken(c, i)); i++)
		*number = fed_get_f64(f);
	if (!f->failed && (i < n || fed_condition_taken(c, n)))
		fed_loader_fail(f, "%u numbers of kept runs, and `%.40s` has others", n,
		                fed_condition_text(c));
}

/* Rest and breakpoints
 * ------------------------------------------------------------------------------ */

static void save_rest(struct fed_saver *f, const struct fed_session *s)
{
	static const struct fed_remaining_run none;
	const struct fed_remaining_run *rest = &s->rest;

	if (!fed_remaining_run_pending(rest, &s->history))
		rest = &none;
	fed_saver_begin(f, "rest");
	fed_put_u64(f, rest->versions);
	fed_put_u8(f, rest->endless);
	put_condition(f, rest->until);
	fed_saver_end(f);
}

static void load_rest(struct fed_loader *f, struct fed_session *s)
{
	struct fed_remaining_run *rest = &s->rest;
	struct fed_text until = {0};
	struct fed_error why;

	if (fed__loader_begin(f, "rest"))
		return;
	rest->versions = fed_get_u64(f);
	rest->endless = fed_get_flag(f);
	fed__get_string(f, &until);
	if (!f->failed && until.len && fed_condition_parse(&rest->until, until.s, &s->runs, &why))
		fed_loader_fail(f, "%s", why.text);
	if (rest->until)
		get_numbers(f, rest->until);
	else if (fed_get_u32(f))
		fed_loader_fail(f, "numbers of kept runs without a condition");
	fed_text_release(&until);
	fed_loader_end(f);
}

static void save_breakpoints(struct fed_saver *f, const struct fed_breakpoints *d)
{
	fed_saver_begin(f, "breakpoints");
	fed_put_u8(f, d->pausing);
	fed_put_u64(f, d->pause);
	fed_put_u64(f, d->last_number);
	fed_put_u32(f, (uint32_t)d->n);
	for (size_t i = 0; i < d->n; i++) {
		fed_put_row(f, breakpoint_columns, &d->point[i]);
		put_condition(f, d->point[i].when);
	}
	fed_saver_end(f);
}

static void load_breakpoint(struct fed_loader *f, struct fed_session *s, uint64_t last)
{
	struct fed_breakpoints *d = &s->breakpoints;
	struct fed_breakpoint saved = {0};
	struct fed_text text = {0};
	struct fed_error why;

	fed_get_row(f, breakpoint_columns, &saved);
	fed__get_string(f, &text);
	if (!f->failed && (saved.number <= d->last_number || saved.number > last))
		fed_loader_fail(f, "breakpoint %llu", (unsigned long long)saved.number);
	if (!f->failed) {
		d->last_number = saved.number - 1;
		if (fed_session_break(s, fed_text_str(&text), &saved.number, &why))
			fed_loader_fail(f, "%s", why.text);
	}
	if (!f->failed) {
		d->point[d->n - 1].hits = saved.hits;
		d->point[d->n - 1].holds = saved.holds;
		get_numbers(f, d->point[d->n - 1].when);
	}
	fed_text_release(&text);
}

static void load_breakpoints(struct fed_loader *f, struct fed_session *s)
{
	struct fed_breakpoints *d = &s->breakpoints;

	if (fed__loader_begin(f, "breakpoints"))
		return;
	d->pausing = fed_get_flag(f);
	d->pause = fed_get_u64(f);
	const uint64_t last = fed_get_u64(f);
	const uint32_t n = fed_get_u32(f);
	for (uint32_t i = 0; i < n && !f->failed; i++)
		load_breakpoint(f, s, last);
	d->last_number = last;
	fed_loader_end(f);
}

void fed__save_breakpoints(struct fed_saver *f, const struct fed_session *s)
{
	save_rest(f, s);
	save_breakpoints(f, &s->breakpoints);
}

void fed__load_breakpoints(struct fed_loader *f, struct fed_session *s)
{
	load_rest(f, s);
	load_breakpoints(f, s);
}
