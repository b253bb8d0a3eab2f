/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/test_walk.c - random walks over all commands: what only looks and what fails leaves the
 * session as it was, byte for byte, and the journal of a walk makes the same session again. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/random.h"
#include "checkpoint/checkpoint.h"
#include "lab.h"
#include "session/internal.h"
#include "shell/commands.h"
#include "support/suite.h"

enum { WALKS = FED_SANITIZED ? 6 : 12 };
enum { STEPS = 60, MOST_LINES = 600, MOST_TRIES = 8, MOST_VERSIONS = 60 };

/* The state ---------------------------------------------------------------------------- */

/* A session's snapshot; it must be possible to take one. */
static void take(const struct fed_session *s, struct fed_text *out)
{
	struct fed_error err = {""};

	fed_text_clear(out);
	fed_assert_ok(fed__snapshot_take(s, out, &err), &err);
}

static void forget_wall(struct fed_history *h)
{
	for (size_t i = 0; i < h->n; i++)
		h->record[i].wall = 0;
}

/* Real seconds are all that a replay does not repeat. */
static void forget_walls(struct fed_session *s)
{
	forget_wall(&s->history);
	for (size_t i = 0; i < s->runs.n; i++)
		forget_wall(&s->runs.run[i].history);
	s->progress.record.wall = s->federation.record.wall = s->federation.started.record.wall = 0;
}

static bool same(const struct fed_text *a, const struct fed_text *b)
{
	return a->len == b->len && (a->len == 0 || memcmp(a->s, b->s, a->len) == 0);
}

/* The first byte in which two snapshots differ. */
static size_t first_difference(const struct fed_text *a, const struct fed_text *b)
{
	size_t i = 0;

	while (i < a->len && i < b->len && a->s[i] == b->s[i])
		i++;
	return i;
}

/* The lines ---------------------------------------------------------------------------- */

/* Commands that the examples lack: random choices by those that look, and quick ones. */
static const char *const more_lines[] = {
	"tournament rounds=1 attacks=sign-flip aggregators=fedavg byzantine=50%",
	"tournament rounds=1 attacks=ipm aggregators=fedavg byzantine=random:2",
	"clients 50%",
	"costs random:2",
	"timeline random:2",
	"remove-client 30%",
	"inject flaky random:2 p=0.3",
	"heal 50%",
	"set client 50% link=3g",
	"sweep lr 0.01,0.1 rounds=1",
	"leakage examples=20",
	"add-client 6 noniid samples=20",
	"add-client 4 samples=20",
	"round",
	"round 2",
	"run until version>=3",
	"step 3",
	"step",
	"continue",
	"export out.npz",
	"import out.npz",
	"dataset blobs train=800 test=50",
	"dataset glyphs train=100 test=20",
	"model linear",
	"model gru",
	"show seed",
	"set seed 7",
	"load " FED_BUILD_DIR "/fixtures/versioned_1.so",
	"unload versioned",
};

/* Left out: they end the program, start a compiler, or would take long. */
static const char *const left_out[] = {
	"quit",          "build",           "new-plugin",      "reconstruct",    "run until accuracy",
	"run until clo", "add-client 1000", "dataset fashion", "round 20",       "dataset scans",
	"round 50",      "costs against",   "sweep epochs",    "dataset markov",
};

static bool is_left_out(const char *line)
{
	for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
		if (strncmp(line, left_out[i], strlen(left_out[i])) == 0)
			return true;
	return false;
}

struct line {
	const struct fed_command *command;
	char *text;
};
struct lines {
	struct line of[MOST_LINES];
	size_t n;
};

/* Its commands, one by one. */
static void add_lines(struct lines *all, const char *text)
{
	struct fed_words words = {0};
	struct fed_error err;
	size_t used;

	for (size_t left = strlen(text); left; text += used, left -= used) {
		const struct fed_command *command;

		fed_assert_ok(fed__words_split(&words, text, left, &used, &err), &err);
		if (!words.n)
			continue;
		char *line =
			strndup(text + words.word[0].begin, words.word[words.n - 1].end - words.word[0].begin);
		ck_assert_uint_lt(all->n, MOST_LINES);
		if (is_left_out(line) ||
		    fed__command_find(&shell_lab_table, fed__words_at(&words, 0), false, &command, &err))
			free(line);
		else
			all->of[all->n++] = (struct line){command, line};
	}
	fed__words_release(&words);
}

static void lines_init(struct lines *all)
{
	all->n = 0;
	for (size_t i = 0; fed__command_at(&shell_lab_table, i, NULL); i++) {
		const struct fed_command *c = fed__command_at(&shell_lab_table, i, NULL);

		for (const char *const *example = c->examples; *example; example++)
			add_lines(all, *example);
	}
	for (size_t i = 0; i < sizeof more_lines / sizeof *more_lines; i++)
		add_lines(all, more_lines[i]);
}

static void lines_release(struct lines *all)
{
	for (size_t i = 0; i < all->n; i++)
		free(all->of[i].text);
}

/* Each command is as probable as the others, however many lines it has. */
static const struct line *draw_line(const struct lines *all, struct fed_stream *random)
{
	const struct line *of_command[MOST_LINES];
	size_t commands = 0, n;

	while (fed__command_at(&shell_lab_table, commands, NULL))
		commands++;
	do {
		const uint32_t k = fed_stream_below(random, (uint32_t)commands);

		n = 0;
		for (size_t i = 0; i < all->n; i++)
			if (all->of[i].command == fed__command_at(&shell_lab_table, k, NULL))
				of_command[n++] = &all->of[i];
	} while (n == 0); /* all its lines were left out */
	return of_command[fed_stream_below(random, (uint32_t)n)];
}

/* A mistake: the last word is missing, there is one too many, or a number is out of its range. */
static void damage(char *out, size_t size, const char *line, struct fed_stream *random)
{
	const char *last = strrchr(line, ' '), *digit = strpbrk(line, "0123456789");

	switch (fed_stream_below(random, 3)) {
	case 0:
		snprintf(out, size, "%.*s", (int)(last ? last - line : 1), line);
		break;
	case 1:
		snprintf(out, size, "%s xyzzy", line);
		break;
	default:
		snprintf(out, size, "%.*s-99999%s", (int)(digit ? digit - line : 0), line,
		         digit ? digit : line);
	}
}

/* The walk ------------------------------------------------------------------------------ */

struct walk {
	struct shell_lab lab;
	struct fed_text before, after;
	uint64_t looks, mistakes;
};

/* What a replay must find as it was is written once; a script that is being recorded cannot be
 * played. */
static bool is_possible(const struct walk *w, const struct line *line)
{
	const char *name = line->command->name, *last = strrchr(line->text, ' ');
	const bool writes = strcmp(name, "save") == 0 || strcmp(name, "export") == 0;

	if ((line->command->flags & FED_COMMAND_RUNS) && w->lab.shell.record)
		return false;
	if (writes && last && access(last + 1, F_OK) == 0)
		return false;
	if (strcmp(name, "run") == 0 || strcmp(name, "round") == 0 || strcmp(name, "continue") == 0)
		return fed_session_version(w->lab.shell.session) < MOST_VERSIONS;
	return true;
}

/* Run it; a command that looked or failed must have changed nothing. */
static void go(struct walk *w, const struct fed_command *command, const char *line)
{
	struct fed_shell *shell = &w->lab.shell;

	take(shell->session, &w->before);
	const size_t recorded = shell->journal.len;
	const enum fed_exit result = shell_lab_run(&w->lab, line);
	const bool ran = command->flags & FED_COMMAND_RUNS,
			   looks = !(command->flags & FED_COMMAND_CHANGES);

	shell->quit = false;
	if (ran || (!looks && result == FED_EXIT_OK) || shell->journal.len != recorded)
		return;
	w->looks += looks;
	w->mistakes += result != FED_EXIT_OK;
	take(shell->session, &w->after);
	ck_assert_msg(
		same(&w->before, &w->after),
		"`%s` (exit code %d) changed the session: %zu bytes, then %zu; they differ at %zu", line,
		result, w->before.len, w->after.len, first_difference(&w->before, &w->after));
}

/* The journal in a fresh session. */
static void replay(struct walk *w)
{
	struct fed_shell *shell = &w->lab.shell;
	struct shell_lab again;

	shell_lab_open(&again, FED_PLUGIN_DIR);
	for (const char *at = fed_text_str(&shell->journal); *at;) {
		const size_t n = strcspn(at, "\n");

		fed__shell_execute(&again.shell, at, n, NULL); /* an abort among them may be in vain */
		at += n + (at[n] != 0);
	}
	forget_walls(shell->session);
	forget_walls(again.shell.session);
	take(shell->session, &w->before);
	take(again.shell.session, &w->after);
	ck_assert_msg(same(&w->before, &w->after),
	              "the replay differs: %zu bytes, then %zu; they differ at %zu\n%s", w->before.len,
	              w->after.len, first_difference(&w->before, &w->after),
	              fed_text_str(&shell->journal));
	shell_lab_close(&again);
}

static void walk_init(struct walk *w)
{
	*w = (struct walk){0};
	shell_lab_open(&w->lab, FED_PLUGIN_DIR);
}

static void walk_release(struct walk *w)
{
	fed_text_release(&w->before);
	fed_text_release(&w->after);
	shell_lab_close(&w->lab);
}

static void walk_on(struct walk *w, const struct lines *all, struct fed_stream *random, int steps)
{
	static const char small[] = "dataset blobs train=800 test=50";
	char line[4096];

	while (steps-- > 0) {
		const struct line *next = draw_line(all, random);

		/* The default dataset takes its time. */
		if (!fed_session_parts(w->lab.shell.session)->data && fed_stream_below(random, 4))
			shell_lab_run(&w->lab, small);

		for (int i = 0; i < MOST_TRIES && !is_possible(w, next); i++)
			next = draw_line(all, random);
		if (!is_possible(w, next))
			continue;
		if (fed_stream_below(random, 4) == 0)
			damage(line, sizeof line, next->text, random);
		else
			snprintf(line, sizeof line, "%s", next->text);
		go(w, next->command, line);
	}
}

static struct fed_temp temp;

static void set_up(void)
{
	fed_temp_make(&temp);
	ck_assert_int_eq(chdir(temp.dir), 0);
}

static void tear_down(void)
{
	ck_assert_int_eq(chdir("/"), 0);
	fed_temp_remove(&temp);
}

START_TEST(walks_replay)
{
	struct fed_stream random = fed_stream_open((uint64_t)_i, FED_FOR_OBSERVER, 0, 0);
	struct lines all;
	struct walk w;

	lines_init(&all);
	walk_init(&w);
	shell_lab_run(&w.lab, "set seed 5; dataset blobs train=800 test=50; add-client 8 samples=20");
	walk_on(&w, &all, &random, STEPS);
	ck_assert_uint_gt(w.looks + w.mistakes, STEPS / 4);
	replay(&w);
	walk_release(&w);
	lines_release(&all);
}
END_TEST

/* Every command that looks, and a mistake in each command, where nothing was chosen yet, and where
 * a model was that does not fit the default dataset. */
START_TEST(a_bare_session_stays_bare)
{
	static const char *const begun[] = {"", "model gru", "dataset blobs train=300 test=50",
	                                    "dataset blobs train=300 test=50; add-client 4 samples=20"};
	struct lines all;
	struct walk w;

	lines_init(&all);
	walk_init(&w);
	shell_lab_run(&w.lab, begun[_i]);
	for (size_t i = 0; i < all.n; i++) {
		const struct fed_command *c = all.of[i].command;
		char line[4096];

		snprintf(line, sizeof line, "%s%s", all.of[i].text,
		         c->flags & FED_COMMAND_CHANGES ? " xyzzy" : "");
		if (i && all.of[i - 1].command == c)
			continue; /* one of each is enough: the default dataset takes its time */
		if (!(c->flags & FED_COMMAND_RUNS) && is_possible(&w, &all.of[i]))
			go(&w, c, line);
	}
	ck_assert_uint_gt(w.looks, 30);
	ck_assert_uint_gt(w.mistakes, 30);
	walk_release(&w);
	lines_release(&all);
}
END_TEST

/* Plugins outlive a reset: what is recorded after it names them, and a replay loads them anew. */
START_TEST(a_replay_loads_its_plugins)
{
	static const char *const lines[] = {
		"load " FED_BUILD_DIR "/fixtures/versioned_1.so",
		"reset",
		"dataset blobs",
		"aggregator versioned",
		"record made.fedsh",
		"record stop",
		"replay made.fedsh",
	};
	struct walk w;

	walk_init(&w);
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		ck_assert_msg(shell_lab_run(&w.lab, lines[i]) == FED_EXIT_OK, "%s\n%s", lines[i],
		              shell_lab_said(&w.lab));
	replay(&w);
	walk_release(&w);
}
END_TEST

FED_SUITE(walk)
{
	Suite *suite = suite_create("walk");
	TCase *tests = tcase_create("walk");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, a_bare_session_stays_bare, 0, 4);
	tcase_add_loop_test(tests, walks_replay, 0, WALKS);
	tcase_add_test(tests, a_replay_loads_its_plugins);
	suite_add_tcase(suite, tests);
	return suite;
}
