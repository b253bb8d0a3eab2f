/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * torturing/commands.c - commands drawn at random: examples, examples with mistakes, words of the
 * command table in random order, and nonsense.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "session/internal.h"
#include "shell/commands.h"
#include "shell/lines.h"
#include "torturing/torture.h"

enum { COMMANDS = 40, MOST_VERSIONS = 30 };

/* The versions, from the first on, that a scheme may have made whose rounds overlap: their
 * invitations end in others. */
static size_t overlapping(const struct fed_session *s, const char *line, size_t before)
{
	static const char *const makers[] = {"scheme", "async", "restore", "replay", "source"};
	const size_t n = s->history.n;

	for (size_t i = 0; i < sizeof makers / sizeof *makers; i++)
		if (strstr(line, makers[i]))
			return n;
	return s->parts.scheme->overlaps || n < before ? n : before;
}

/* Every invitation ended in one way, or is open. */
static void check_counts(const struct fed_session *s, const char *line, size_t overlapped)
{
	const struct fed_federation *f = &s->federation;
	const struct fed_record *r = &f->record;

	if (s->running && f->in_round)
		ck_assert_msg(
			f->started.n_open + r->invited ==
				r->reported + r->refused + r->lost + r->late + f->n_open,
			"after `%s` the open round counts %g invited, %g reported, %g refused, %g lost, "
			"%g late, %u open, %u before it",
			line, r->invited, r->reported, r->refused, r->lost, r->late, f->n_open,
			f->started.n_open);
	for (size_t i = s->history.n; i > overlapped && i + 3 > s->history.n; i--) {
		const struct fed_record *h = &s->history.record[i - 1];

		ck_assert_msg(
			h->invited == h->reported + h->refused + h->lost + h->late,
			"after `%s` version %g counts %g invited, %g reported, %g refused, %g lost, %g late",
			line, h->round, h->invited, h->reported, h->refused, h->lost, h->late);
	}
}

static const char *const words[] = {
	"0",
	"1",
	"-1",
	"3",
	"1e9",
	"1e-9",
	"nan",
	"inf",
	"0x10",
	"18446744073709551616",
	"all",
	"50%",
	"random:2",
	"1-3",
	"3-1",
	"group:none",
	"=",
	"==",
	"lr=",
	"=3",
	"p=0.5",
	"p=2",
	"attack=ipm",
	"for=2",
	"at=3",
	"f=1",
	"after=nnm",
	"\"",
	"'",
	"\\",
	"#",
	"$(x)",
	"`",
	"~",
	"/",
	"..",
	"/dev/null",
	"a.npz",
	"kind=all",
	"accuracy<0.5",
	"version>=3",
	"until",
	"and",
	"stop",
	"none",
	"default",
	"\xc3\xa9",
	"\xff",
	"\xe2\x80\x8b",
	"%s%n",
	"{}",
	"*",
	"?",
	"-",
	"--",
	"-h",
};

/* A command of the table with words of it and others. */
static void compose_line(struct torture *t, const struct shell_lines *all, struct fed_text *line)
{
	const struct shell_line *example = shell_lines_draw(all, &t->random);

	fed_text_add(line, "%s", example->command->name);
	for (uint32_t n = torture_below(t, 5); n > 0; n--) {
		const struct fed_field *row = example->command->args;
		uint32_t rows = 0;

		while (row && row[rows].type)
			rows++;
		if (rows && torture_below(t, 2))
			fed_text_add(line, " %s=%s", row[torture_below(t, rows)].name,
			             words[torture_below(t, sizeof words / sizeof *words)]);
		else
			fed_text_add(line, " %s", words[torture_below(t, sizeof words / sizeof *words)]);
	}
}

static void draw(struct torture *t, const struct shell_lines *all, struct fed_text *line)
{
	char spoilt[4096];

	fed_text_clear(line);
	switch (torture_below(t, 8)) {
	case 0:
		for (uint32_t n = 1 + torture_below(t, 60); n > 0; n--)
			fed_text_put(line, (char[]){(char)(1 + torture_below(t, 255))}, 1);
		break;
	case 1:
		shell_line_damage(spoilt, sizeof spoilt, shell_lines_draw(all, &t->random)->text,
		                  &t->random);
		fed_text_add(line, "%s", spoilt);
		break;
	case 2:
	case 3:
		compose_line(t, all, line);
		break;
	default:
		fed_text_add(line, "%s", shell_lines_draw(all, &t->random)->text);
	}
}

/* What would take long, wait for a terminal, or leave the folder. */
static bool is_left_out(const struct fed_session *s, const char *line)
{
	static const char *const never[] = {"build",  "new-plugin", "reconstruct", "watch",   "quit",
	                                    "accept", "!",          "load",        "edit",    "1e9",
	                                    "1e-9",   "run",        "untitled",    "fashion", "scans",
	                                    "markov", "1844",       "dashboard"};

	for (size_t i = 0; i < sizeof never / sizeof *never; i++)
		if (strstr(line, never[i]))
			return true;
	return fed_session_version(s) >= MOST_VERSIONS && strstr(line, "round");
}

void torture_commands(struct torture *t)
{
	struct fed_text line = {0}, before = {0}, after = {0};
	struct shell_lines all;
	struct shell_lab lab;
	size_t overlapped = 0;

	shell_lines_init(&all);
	shell_lab_open(&lab, FED_PLUGIN_DIR);
	const struct fed_session *s = lab.shell.session;
	shell_lab_run(&lab, "dataset blobs train=400 test=50; add-client 6 samples=20");
	for (int i = 0; i < COMMANDS; i++) {
		draw(t, &all, &line);
		if (is_left_out(s, fed_text_str(&line)))
			continue;
		const bool shown = torture_snapshot(s, &before);
		const size_t said = strlen(shell_lab_said(&lab));
		const bool one = !strpbrk(line.s, ";\n");
		const uint64_t version = fed_session_version(s);
		const size_t dim = s->parts.aggregator.dim;
		if (getenv("TORTURE_TELL"))
			fprintf(stderr, "%s\n", line.s);
		const enum fed_exit result = fed__shell_execute(&lab.shell, line.s, line.len, NULL);

		lab.shell.quit = false;
		s = lab.shell.session;
		overlapped = overlapping(s, line.s, overlapped);
		check_counts(s, line.s, overlapped);
		if (result == FED_EXIT_OK || !shown || !one || fed_session_version(s) != version)
			continue;
		/* An aggregator gets its vectors at its first round, and keeps them. */
		if (s->parts.aggregator.dim != dim)
			continue;
		ck_assert_msg(strlen(shell_lab_said(&lab)) > said, "`%s` failed with %d and said nothing",
		              line.s, (int)result);
		ck_assert_msg(strncmp(line.s, "step", 4) == 0 || strncmp(line.s, "replay", 6) == 0 ||
		                  strncmp(line.s, "source", 6) == 0 ||
		                  (torture_snapshot(s, &after) && torture_same(&before, &after)),
		              "`%s` failed with %d and changed the session: %s", line.s, (int)result,
		              shell_lab_said(&lab) + said);
	}
	fed_text_release(&line);
	fed_text_release(&before);
	fed_text_release(&after);
	shell_lab_close(&lab);
	shell_lines_release(&all);
}
