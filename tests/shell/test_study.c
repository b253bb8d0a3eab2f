/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The commands `study`, `runs`, `diff` and `plot study`, in one shell and from one to the next.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "shell/lab.h"
#include "support/html.h"
#include "support/suite.h"

#define CLIENTS "dataset blobs train=400 test=60; model softmax; add-client 6 noniid samples=40"
#define GRID "{ aggregator = fedavg, median; partition = iid, noniid; seed = 1..3 }"

static struct shell_lab lab;

static void open_lab(void)
{
	shell_lab_open(&lab, FED_PLUGIN_DIR);
}
static void close_lab(void)
{
	shell_lab_close(&lab);
}

static struct fed_temp temp;

/* Write the page or the table of a study, and read it. */
static char *written(const char *format, const char *file)
{
	struct fed_text bytes = {0};
	struct fed_error err = {""};
	char line[400];

	snprintf(line, sizeof line, format, fed_temp_file(&temp, file));
	shell_lab_reply(&lab, line, FED_EXIT_OK);
	fed_assert_ok(fed_file_read(temp.file, 1 << 24, &bytes, &err), &err);
	fed_text_put(&bytes, "", 1);
	return bytes.s;
}

static const char *said(const char *line)
{
	return shell_lab_reply(&lab, line, FED_EXIT_OK);
}

static void says(const char *line, const char *words)
{
	const char *text = said(line);

	ck_assert_msg(strstr(text, words), "`%s` does not say `%s`: %s", line, words, text);
}

static void refuses(const char *line, const char *words)
{
	const size_t before = strlen(shell_lab_said(&lab));
	const enum fed_exit code = shell_lab_run(&lab, line);

	ck_assert_msg(code != FED_EXIT_OK, "`%s` is taken", line);
	ck_assert_msg(strstr(shell_lab_said(&lab) + before, words), "`%s` does not say `%s`: %s", line,
	              words, shell_lab_said(&lab) + before);
}

START_TEST(from_the_line_to_the_table)
{
	said(CLIENTS);
	says("study first " GRID " rounds=2", "study first: 12 of 12 runs; 2 rounds each");
	says("study first", "{ aggregator = fedavg, median; partition = iid, noniid; seed = 1, 2, 3 }");
	says("study first table loss by aggregator", "difference");
	says("study first table by partition,aggregator", "* is the best of its row");
	says("study first table accuracy,loss by seed --csv", "seed,test_loss,sd,runs,best");
	says("study first table bytes-up by aggregator --json", "\"table\":\"study\"");
	says("runs", "first");
	says("runs first --csv", "run,aggregator,partition,seed,rounds,accuracy,loss,seconds");
	says("plot study first loss by aggregator --csv", "curve,round,mean,sd,runs");
	says("plot study first accuracy by aggregator", "aggregator=median");
	says("plot study first accuracy by aggregator", "each curve is the mean of 6 runs\n");
	says("plot study first accuracy by aggregator,partition,seed", "each curve is one run\n");
	says("study first table accuracy by aggregator", "test-accuracy  ");
	ck_assert_ptr_null(
		strstr(said("study first table accuracy by aggregator,partition"), "test-accuracy  "));
	lab.shell.screen.width = 48; /* too narrow for both beside each other: none is left out */
	says("study first table accuracy by aggregator,partition", "aggregator  partition  test-acc");
	lab.shell.screen.width = 0;
	says("study first table accuracy by aggregator --csv", "aggregator,test_accuracy,");
	says("diff first/0 first/1", "6 noniid samples=40");
	says("diff first/0 first/0", "all rounds are the same, bit for bit");
	says("status", "version");
	says("history", "no rounds yet"); /* the session stays */
}
END_TEST

/* A run of a study, typed by hand: nothing differs. */
START_TEST(by_hand_nothing_differs)
{
	said(CLIENTS);
	said("study second { aggregator = median; partition = iid; seed = 7 } rounds=3");
	said("reset; set seed 7; dataset blobs train=400 test=60; model softmax; add-client 6 iid "
	     "samples=40; aggregator median; round 3");
	says("diff second/0 now", "the compositions are the same");
	says("diff second/0 now", "all rounds are the same, bit for bit");
	said("keep mine; set lr 0.3; round");
	says("diff second/0 now", "the rounds that both have are the same");
	char *text = strdup(said("diff mine now")); /* each with what it was made with */
	ck_assert_msg(strstr(text, "\n  lr        0.1   0.3\n"), "%s", text);
	ck_assert_ptr_null(strstr(text, "seed"));
	free(text);
	says("diff second/0 mine", "the compositions are the same");
}
END_TEST

/* What a kept run was composed of is saved, undone and restored with it; also of one that was put
 * aside when the composition had changed already. */
START_TEST(kept_runs_have_their_composition)
{
	char line[300];

	fed_temp_make(&temp);
	said(CLIENTS "; round; model mlp hidden=3; round; keep second");
	says("diff last second", "model             softmax  mlp");
	snprintf(line, sizeof line, "save %s", fed_temp_file(&temp, "kept"));
	said(line);
	said("model softmax; undo");
	says("diff last second", "model             softmax  mlp");
	snprintf(line, sizeof line, "reset; restore %s", temp.file);
	said(line);
	says("diff last second", "model             softmax  mlp");
	says("diff second now", "the compositions are the same");
	said("baseline local rounds=1");
	says("diff local now", "what local was composed of is not known");
	fed_temp_remove(&temp);
}
END_TEST

/* The page has figures and tables and loads nothing; the commands that it ends with make the same
 * study in another session. */
START_TEST(a_page_says_how_to_repeat_it)
{
	struct shell_lab other;

	fed_temp_make(&temp);
	said(CLIENTS "; inject straggler 1 factor=3; study sixth " GRID " rounds=3");
	char *html = written("report %s study=sixth", "page.html");
	ck_assert_uint_eq(fed_walk_html(html, "svg"), 2);
	ck_assert_uint_eq(fed_walk_html(html, "script") + fed_walk_html(html, "img"), 0);
	assert_shows(html, "straggler factor=3 on 1");
	assert_shows(html, "Student's t");
	assert_shows(html, "<td>aggregator median</td>");
	assert_shows(html, "aggregator=median partition=noniid</text>");
	char *table = strdup(said("study sixth table loss by aggregator,partition,seed --csv"));
	said("study sixth delete");
	char *at = strstr(html, "<pre>") + 5;
	*strstr(at, "</pre>") = 0;
	shell_lab_open(&other, FED_PLUGIN_DIR);
	for (char *line = strtok(at, "\n"); line; line = strtok(NULL, "\n"))
		shell_lab_reply(&other, line, FED_EXIT_OK);
	ck_assert_str_eq(said("study sixth table loss by aggregator,partition,seed --csv"), table);
	shell_lab_close(&other);
	fed_free(html);
	free(table);
	fed_temp_remove(&temp);
}
END_TEST

/* A row for each round of each run, the same number of cells in each, with its level and what the
 * run was composed of. */
START_TEST(a_table_of_all_rounds)
{
	unsigned lines = 0, medians = 0, cells = 0;

	fed_temp_make(&temp);
	said(CLIENTS "; study seventh { aggregator = fedavg, median; seed = 1..3 } rounds=4");
	char *csv = written("export %s study=seventh", "all.csv");
	assert_shows(csv, "study,run,factor.aggregator,factor.seed,failed,round,");
	for (char *at = csv, *end; (end = strchr(at, '\n')); at = end + 1, lines++) {
		unsigned n = 0;
		bool quoted = false;

		for (const char *c = at; c < end; c++) {
			quoted ^= *c == '"';
			n += *c == ',' && !quoted;
		}
		cells = lines ? cells : n;
		ck_assert_uint_eq(n, cells);
		*end = 0;
		medians += strstr(at, ",median,") && strstr(at, "aggregator median ");
		ck_assert(!lines || strstr(at, ",fedsh " FED_VERSION ","));
	}
	ck_assert_uint_eq(lines, 1 + 6 * 4);
	ck_assert_uint_eq(medians, 3 * 4);
	char *json = written("export %s study=seventh", "all.jsonl");
	assert_shows(json, "{\"study\":\"seventh\",\"run\":5,\"factor.aggregator\":\"median\",");
	refuses("export all.npz study=seventh", "written as .csv or .jsonl");
	refuses("report all.html study=sevent", "did you mean seventh?");
	refuses("report all.html by=seed", "for the page of a study");
	fed_free(csv);
	fed_free(json);
	fed_temp_remove(&temp);
}
END_TEST

/* What only looks does not write: a file of an earlier program, with fewer columns, stays as it is
 * and is read. */
START_TEST(looking_writes_nothing)
{
	struct fed_text before = {0}, after = {0};
	struct fed_error err = {""};
	char path[300];

	said("set readonly on");
	says("runs", "no runs are kept");
	snprintf(path, sizeof path, "%s/fedsh/studies.db", getenv("XDG_DATA_HOME"));
	ck_assert_int_eq(access(path, F_OK), -1);
	fed_assert_ok(
		fed_file_read(FED_SOURCE_DIR "/tests/fixtures/studies_early.db", 1 << 20, &before, &err),
		&err);
	mkdir(getenv("XDG_DATA_HOME"), 0700);
	*strrchr(path, '/') = 0;
	mkdir(path, 0700);
	strcat(path, "/studies.db");
	FILE *f = fopen(path, "w");
	ck_assert_uint_eq(fwrite(before.s, 1, before.len, f), before.len);
	fclose(f);
	says("runs", "early");
	says("runs early", "0.2");
	says("study early table loss by lr --csv", "\n0.2,");
	says("study early table staleness by lr --csv", "\n0.2,,,0,"); /* no value, and no 0 */
	says("diff early/0 early/1", "lr        0.1");
	fed_assert_ok(fed_file_read(path, 1 << 20, &after, &err), &err);
	ck_assert_uint_eq(before.len, after.len);
	ck_assert_mem_eq(before.s, after.s, before.len);
	fed_text_release(&before);
	fed_text_release(&after);
}
END_TEST

/* What is missing is made by another session, from the file alone. */
START_TEST(another_session_goes_on)
{
	struct shell_lab other;

	said(CLIENTS " device=phone:0.5 link=4g:0.3");
	said("study third " GRID " rounds=2");
	char *before = strdup(said("study third table loss by aggregator,partition,seed --csv"));
	char *clock = strdup(said("study third table clock by aggregator,partition,seed --csv"));
	for (int run = 0; run < 12; run += 3) {
		char line[64];

		snprintf(line, sizeof line, "runs delete third/%d", run);
		said(line);
	}
	says("study third", "8 of 12 runs");
	shell_lab_open(&other, FED_PLUGIN_DIR);
	shell_lab_reply(&other, "study third continue", FED_EXIT_OK);
	says("study third", "12 of 12 runs");
	ck_assert_str_eq(said("study third table loss by aggregator,partition,seed --csv"), before);
	ck_assert_str_eq(said("study third table clock by aggregator,partition,seed --csv"), clock);
	free(before);
	free(clock);
	shell_lab_close(&other);
}
END_TEST

START_TEST(what_is_kept_can_be_deleted)
{
	said(CLIENTS);
	said("study fourth { lr = 0.1, 0.2 } rounds=1; round; keep mine");
	says("runs", "mine");
	says("runs delete mine", "is kept no more");
	refuses("runs delete mine", "there is no study mine");
	says("runs delete fourth/1", "`study fourth continue` makes it again");
	refuses("runs delete fourth/9", "not the number of a run");
	refuses("runs delete fourth/1", "run 1 of study fourth is not made yet");
	says("study fourth delete", "is deleted with its 1 run");
	refuses("study fourth", "there is no study");
	said("study fourth { lr = 0.1, 0.2 } rounds=1");
	says("runs delete fourth", "is deleted with its 2 runs");
	says("study", "no studies are kept");
	says("runs", "no runs are kept");
}
END_TEST

START_TEST(refusals)
{
	static const char *const rows[][2] = {
		{"study fifth table", "no study is kept yet"},
		{"study fifth { lr = 0.1 }", "there are no clients"},
		{CLIENTS "; study 5th { lr = 0.1 }", "cannot be a study's name"},
		{"study fifth { lr = 0.1", "the brace { at column 13 has no end"},
		{"study fifth { lr = }", "empty level"},
		{"study fifth { lr = 0.1, x }", "lr"},
		{"study fifth { aggregator = fedavgg }", "fedavg"},
		{"study fifth table", "there is no study fifth"},
		{"study fifth continue", "there is no study fifth"},
		{"study fifth { lr = 0.1 } rounds=1; study fifth { lr = 0.2 } rounds=1", "other factors"},
		{"study fift", "did you mean fifth"},
		{"study fifth tabel", "neither { FACTORS } nor table"},
		{"study fifth table loss by lrr", "did you mean lr"},
		{"study fifth table lss", "loss"},
		{"study fifth table loss lr", "is not METRIC by FACTOR"},
		{"study fifth continue now", "unexpected argument"},
		{"plot study", "plot which study"},
		{"plot study fifth loss width=8cm", "width= is of a figure in a file"},
		{"study { lr = 0.1 }", "a study needs a name before its factors"},
		{"runs fifth/0", "names one run; `runs fifth` lists"},
		{"diff now", "now is compared with what"},
		{"study sixth { aggregator = krum:f=99 } rounds=1", "it failed because: aggreg"},
		{"runs delete", "delete what"},
		{"diff fifth/7", "has no run 7"},
		{"diff fifth/x", "not the number of a run"},
		{"diff nothing", "no run is kept as nothing"},
		{"set readonly on; study sixth { lr = 0.1 } rounds=1", "readonly is on"},
		{"study fifth delete", "readonly is on"},
		{"runs delete fifth", "readonly is on"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		refuses(rows[i][0], rows[i][1]);
	says("study fifth", "1 of 1 run;");
}
END_TEST

FED_SUITE(study)
{
	Suite *s = suite_create("study");
	TCase *c = tcase_create("study");

	tcase_add_checked_fixture(c, open_lab, close_lab);
#ifdef FED_HAVE_SQLITE
	tcase_add_test(c, from_the_line_to_the_table);
	tcase_add_test(c, by_hand_nothing_differs);
	tcase_add_test(c, kept_runs_have_their_composition);
	tcase_add_test(c, a_page_says_how_to_repeat_it);
	tcase_add_test(c, a_table_of_all_rounds);
	tcase_add_test(c, looking_writes_nothing);
	tcase_add_test(c, another_session_goes_on);
	tcase_add_test(c, what_is_kept_can_be_deleted);
	tcase_add_test(c, refusals);
#endif
	suite_add_tcase(s, c);
	return s;
}
