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
#include "lines.h"
#include "session/internal.h"
#include "shell/commands.h"
#include "support/suite.h"

enum { WALKS = FED_THREAD_SANITIZED ? 3 : FED_SANITIZED ? 6 : 12 };
enum { STEPS = 60, MOST_TRIES = 8, MOST_VERSIONS = 60 };

/* The state ---------------------------------------------------------------------------- */

/* A session's snapshot; it must be possible to take one. */
static void take(const struct fed_session *s, struct fed_text *out)
{
	struct fed_error err = {""};

	fed_text_clear(out);
	fed_assert_ok(fed_snapshot_take(s, out, &err), &err);
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

/* The walk ------------------------------------------------------------------------------ */

struct walk {
	struct shell_lab lab;
	struct fed_text before, after, journal;
	uint64_t looks, mistakes;
};

/* What a replay must find as it was is written once; a script that is being recorded cannot be
 * played. */
static bool is_possible(const struct walk *w, const struct shell_line *line)
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

/* Run it; one that looked, failed, or had others run that did, must have changed nothing: what
 * changes the session changes the journal. */
static void go(struct walk *w, const struct fed_command *command, const char *line)
{
	struct fed_shell *shell = &w->lab.shell;

	take(shell->session, &w->before);
	fed_text_clear(&w->journal);
	fed_text_add(&w->journal, "%s", fed_text_str(&shell->journal));
	const enum fed_exit result = shell_lab_run(&w->lab, line);
	const bool looks = !(command->flags & FED_COMMAND_CHANGES);

	shell->quit = false;
	if ((!looks && result == FED_EXIT_OK) || !same(&shell->journal, &w->journal))
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
	fed_text_release(&w->journal);
	shell_lab_close(&w->lab);
}

static void walk_on(struct walk *w, const struct shell_lines *all, struct fed_stream *random,
                    int steps)
{
	static const char small[] = "dataset blobs train=800 test=50";
	char line[4096];

	while (steps-- > 0) {
		const struct shell_line *next = shell_lines_draw(all, random);

		/* The default dataset takes its time. */
		if (!fed_session_parts(w->lab.shell.session)->data && fed_stream_below(random, 4))
			shell_lab_run(&w->lab, small);

		for (int i = 0; i < MOST_TRIES && !is_possible(w, next); i++)
			next = shell_lines_draw(all, random);
		if (!is_possible(w, next))
			continue;
		if (fed_stream_below(random, 4) == 0)
			shell_line_damage(line, sizeof line, next->text, random);
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
	struct shell_lines all;
	struct walk w;

	shell_lines_init(&all);
	walk_init(&w);
	shell_lab_run(&w.lab, "set seed 5; dataset blobs train=800 test=50; add-client 8 samples=20");
	walk_on(&w, &all, &random, STEPS);
	ck_assert_uint_gt(w.looks + w.mistakes, STEPS / 4);
	replay(&w);
	walk_release(&w);
	shell_lines_release(&all);
}
END_TEST

/* Every command that looks, and a mistake in each command, where nothing was chosen yet, and where
 * a model was that does not fit the default dataset. */
START_TEST(a_bare_session_stays_bare)
{
	static const char *const begun[] = {"", "model gru", "dataset blobs train=300 test=50",
	                                    "dataset blobs train=300 test=50; add-client 4 samples=20"};
	struct shell_lines all;
	struct walk w;

	shell_lines_init(&all);
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
	shell_lines_release(&all);
}
END_TEST

/* A run that fails before it made anything leaves what an earlier one left to `continue`; one that
 * made a version, or found a round open, does not. */
START_TEST(a_failed_run_leaves_what_was_left)
{
	static const struct {
		const char *failing;
		bool left;
	} runs[] = {
		{"round 7", true},  {"run until version>=3", true},
		{"continue", true}, {"step", true},
		{"step 99", true},  {"aggregator krum f=2; step; inject crash 0-4; continue", false},
	};
	struct walk w;

	walk_init(&w);
	shell_lab_run(&w.lab,
	              "dataset blobs train=300 test=50; add-client 8 samples=20; pause; round 3;"
	              "aggregator krum f=3");
	ck_assert_int_ne(shell_lab_run(&w.lab, runs[_i].failing), FED_EXIT_OK);
	replay(&w);
	ck_assert_msg(fed_session_status(w.lab.shell.session).left.some == runs[_i].left, "%s",
	              runs[_i].failing);
	shell_lab_run(&w.lab, "abort; aggregator fedavg; continue; round");
	replay(&w);
	walk_release(&w);
}
END_TEST

/* Plugins that were loaded or unloaded since outlive an `undo`, and a replay has them, too. */
START_TEST(an_undo_records_the_plugins)
{
	static const char versioned[] = "load " FED_BUILD_DIR "/fixtures/versioned_1.so";
	static const char begun[] =
		"dataset blobs train=300 test=50; add-client 4 samples=20; round; reset";
	static const char *const lines[][3] = {
		{begun, versioned, "undo 2; aggregator versioned; round"},
		{versioned, begun, "unload versioned; undo 2; round; undo; redo; plugins"},
		{begun, versioned, "undo 2; redo; unload versioned; undo; redo; undo 3; round"},
	};
	struct walk w;

	walk_init(&w);
	for (size_t i = 0; i < 3; i++)
		ck_assert_msg(shell_lab_run(&w.lab, lines[_i][i]) == FED_EXIT_OK, "%s\n%s", lines[_i][i],
		              shell_lab_said(&w.lab));
	replay(&w);
	walk_release(&w);
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
	/* Drawing the default dataset is most of the first two. */
	tcase_add_loop_test(tests, a_bare_session_stays_bare, FED_THREAD_SANITIZED ? 2 : FED_SANITIZED,
	                    4);
	tcase_add_loop_test(tests, walks_replay, 0, WALKS);
	tcase_add_loop_test(tests, a_failed_run_leaves_what_was_left, 0, 6);
	tcase_add_loop_test(tests, an_undo_records_the_plugins, 0, 3);
	tcase_add_test(tests, a_replay_loads_its_plugins);
	suite_add_tcase(suite, tests);
	return suite;
}
