/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/language/test_glossary.c - `explain` knows every word of tables, views and round lines, in
 * any spelling, and tells its figure of the session. */
#include <glob.h>
#include <regex.h>
#include <string.h>

#include "base/file.h"
#include "history/event_log.h"
#include "history/metrics.h"
#include "shell/lab.h"
#include "report/client_table.h"
#include "shell/glossary/glossary.h"
#include "support/suite.h"
#include "train/round/settings.h"

#define COMPOSED "dataset blobs; model softmax; add-client 10 samples=40; inject byzantine 3,9; "

static struct shell_lab lab;

static void open_lab(void)
{
	shell_lab_open(&lab, FED_PLUGIN_DIR);
}
static void close_lab(void)
{
	shell_lab_close(&lab);
}

static const char *said(const char *line)
{
	return shell_lab_reply(&lab, line, FED_EXIT_OK);
}

/* Collecting ------------------------------------------------------------------------------ */

static unsigned collected;

/* A word of the screen (a format is none), which `explain` must know. */
static void take(const char *word, const char *where)
{
	char line[256];

	if (!*word || strchr(word, '%'))
		return;
	snprintf(line, sizeof line, "explain %s", word);
	ck_assert_msg(shell_lab_run(&lab, line) == FED_EXIT_OK, "%s: explain does not know `%s`", where,
	              word);
	collected++;
}

/* What the first group of a pattern matches in the source files of a folder. */
static void take_from_sources(const char *files, const char *pattern)
{
	regex_t compiled;
	glob_t found;

	ck_assert_int_eq(regcomp(&compiled, pattern, REG_EXTENDED), 0);
	ck_assert_int_eq(glob(files, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct fed_text page = {0};
		struct fed_error err;
		regmatch_t match[2];

		fed_assert_ok(fed_file_read(found.gl_pathv[i], 1 << 20, &page, &err), &err);
		for (const char *at = fed_text_str(&page); regexec(&compiled, at, 2, match, 0) == 0;
		     at += match[0].rm_eo) {
			char word[128];

			snprintf(word, sizeof word, "%.*s", (int)(match[1].rm_eo - match[1].rm_so),
			         at + match[1].rm_so);
			take(word, found.gl_pathv[i]);
		}
		fed_text_release(&page);
	}
	globfree(&found);
	regfree(&compiled);
}

START_TEST(titles_of_tables)
{
	static const char *const folders[] = {"commands", "commands/*", "output", "language"};

	collected = 0;
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		char files[512];

		snprintf(files, sizeof files, FED_SOURCE_DIR "/shell/%s/*.c", folders[i]);
		take_from_sources(files, "\\.title = \"([^\"]*)\"");
	}
	ck_assert_uint_gt(collected, 100);
}
END_TEST

START_TEST(titles_and_legends_of_views)
{
	collected = 0;
	take_from_sources(FED_SOURCE_DIR "/tui/views/*.c", "[{]\"([^\"]+)\", [0-9A-Z_]+, [0-9]+");
	ck_assert_uint_gt(collected, 50);
	take_from_sources(FED_SOURCE_DIR "/tui/views/update_map.c", "[{]\"([^\"]+)\", [0-9x]");
	take_from_sources(FED_SOURCE_DIR "/tui/views/client_page.c", "put_fact.*, \"([^\"]+)\"");
	for (const struct fed_field *row = fed_client_table_fields; row->type; row++)
		take(row->name, "the table of clients");
	for (size_t i = 0; fed_activity_names[i]; i++)
		take(fed_activity_names[i], "the states of clients");
	for (size_t i = 0; fed_verdict_kind_names[i]; i++)
		take(fed_verdict_kind_names[i], "the verdicts");
	for (size_t i = 0; fed_event_name(i); i++)
		take(fed_event_name(i), "the log");
}
END_TEST

/* The words of a line of text: letters, up to two blanks, a number or a mark. */
static void take_words(const char *line, const char *where)
{
	for (const char *at = line; *at;) {
		const size_t gap = strcspn(at, "abcdefghijklmnopqrstuvwxyz"),
					 n = strspn(at + gap, "abcdefghijklmnopqrstuvwxyz");
		static const char *const others[] = {"of", "by", "step", "off",   "us",
		                                     "ms", "s",  "k",    "honest"};
		char word[64];
		bool other = false;

		if (!n)
			break;
		snprintf(word, sizeof word, "%.*s", (int)n, at + gap);
		for (size_t i = 0; i < sizeof others / sizeof *others; i++)
			other |= strcmp(word, others[i]) == 0;
		if (!other)
			take(word, where);
		at += gap + n;
	}
}

START_TEST(words_of_round_lines)
{
	char copy[4096];

	said(COMPOSED "aggregator krum f=2");
	snprintf(copy, sizeof copy, "%s", said("round 1"));
	char *line = strstr(copy, "round 1 ");
	ck_assert_ptr_nonnull(line);
	collected = 0;
	take_words(line, "a round's line");
	ck_assert_uint_gt(collected, 9);
	take("step off by", "a round's line");
	take("attack success", "a round's line");
}
END_TEST

START_TEST(rows_of_status)
{
	static const char begun[] = COMPOSED "round 1; break accuracy>2; step; step";
	char copy[4096];

	said(begun);
	snprintf(copy, sizeof copy, "%s", said("status"));
	collected = 0;
	for (char *line = strtok(copy, "\n"); line; line = strtok(NULL, "\n")) {
		char *end = strstr(line + 2, "  ");

		if (!end || line[2] == ' ')
			continue;
		*end = '\0';
		take(line + 2, "status");
	}
	ck_assert_uint_gt(collected, 9);
}
END_TEST

START_TEST(settings_and_metrics)
{
	for (const struct fed_field *row = fed_metrics; row->type; row++)
		take(row->name, "the metrics");
	for (const struct fed_field *row = fed_settings_fields; row->type; row++)
		if (!(row->flags & FED_FIELD_HIDDEN))
			take(row->name, "the settings");
}
END_TEST

/* Asking ----------------------------------------------------------------------------------------
 */

START_TEST(spellings)
{
	static const struct {
		const char *typed, *shown;
	} cases[] = {
		{"explain FEDAVG", "aggregator fedavg (FedAvg): "},
		{"explain Multi Krum", "aggregator multi-krum (Multi-Krum): "},
		{"explain splitfed", "scheme split (SplitFed): "},
		{"explain Train  Loss", "metric train loss: "},
		{"explain codecs", "setting codec: "},
		{"explain losses", "metric loss: "},
		{"explain cos(step)", "column cosine: "},
		{"explain cosines", "column cosine: "},
		{"explain off by", "metric off by: "},
		{"explain smashed", "term smashed data: "},
		{"explain E", "setting epochs: "},
		{"explain b", "setting batch: "},
		{"explain server-wait", "metric server-wait: "},
		{"explain vertices", NULL},
		{"explain s", NULL},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (cases[i].shown)
			assert_shows(said(cases[i].typed), cases[i].shown);
		else
			shell_lab_reply(&lab, cases[i].typed, FED_EXIT_USAGE);
}
END_TEST

START_TEST(figures_of_the_session)
{
	assert_shows(said("explain precision"), "\nnow: no rounds yet; `round` makes one\n");
	assert_shows(said("explain cut"), "now: no cut, the scheme is sync; `scheme split` cuts");
	said(COMPOSED "aggregator krum f=2; round 2");
	assert_shows(said("explain version"), "\nnow: version 2\n");
	assert_shows(said("explain metrics"), "loss, round, clock, wall, test-accuracy, ");
	assert_shows(said("explain recall"), "\nnow: defence-recall 1 in version 2\n");
	assert_shows(said("explain verdict"),
	             "\nnow: 10 updates in version 2: 1 used, 0 suspect, 9 filtered\n");
	assert_shows(said("explain blamed"), "\nnow: 7 of 8 honest updates in version 2\n");
	assert_shows(said("explain norm"), " over 10 updates of version 2\n");
	assert_shows(said("explain cosine"), "\nnow: cos(step) -");
	assert_shows(said("explain E"), "\nnow: epochs = 1\n");
	assert_shows(said("explain group"), "\nnow: none in version 2\n"); /* krum makes none */
	/* words of the screen that are names of faults and rules, too */
	assert_shows(said("explain late"), "fault late: ");
	assert_shows(said("explain late"), "metric late: clients whose work was dropped");
	assert_shows(said("explain partition"), "column partition: how the pool's examples");
	assert_shows(said("explain class recall"), "`help evaluate` shows the command");
	assert_shows(said("explain C"), "now: 10 of 10 clients invited in the last round\n");
	said("reset; dataset blobs; model mlp hidden=8; add-client 2 samples=20; scheme split cut=2; "
	     "round 1");
	assert_shows(said("explain cut"), "\nnow: after layer 2 of 3\n");
	assert_shows(said("explain smashed data"), "\nnow: 8 numbers an example\n");
	assert_shows(said("explain head"), "\nnow: layers 1 to 2 of 3, 24 of 60 parameters\n");
	assert_shows(said("explain tail"), "\nnow: none, the last layers are the server's");
}
END_TEST

START_TEST(help_and_explain_point_to_each_other)
{
	assert_shows(said("explain krum"), "\n`help aggregator` shows the command\n");
	assert_shows(said("explain precision"), "\n`help plot` shows the command\n");
	assert_shows(said("explain round"), "\n`help round` shows the command of this name\n");
	assert_shows(said("help round"), "\n`explain round` says what it is");
	assert_lacks(said("help quit"), "`explain quit`");
	assert_shows(shell_lab_reply(&lab, "help krum", FED_EXIT_USAGE), "`explain krum` says");
	assert_shows(shell_lab_reply(&lab, "help kurm", FED_EXIT_USAGE), "did you mean krum?");
	assert_shows(shell_lab_reply(&lab, "explain tornament", FED_EXIT_USAGE), "mean tournament?");
	assert_shows(shell_lab_reply(&lab, "explain precison", FED_EXIT_USAGE), "mean precision?");
	assert_shows(shell_lab_reply(&lab, "explain momentun", FED_EXIT_USAGE), "mean momentum?");
}
END_TEST

/* Each row says something, or leads to a page that exists. */
START_TEST(rows_of_the_table)
{
	for (const struct fed_glossary_word *w = fed__glossary; w->word; w++) {
		if (w->page) {
			take(w->page, "a page");
			ck_assert_ptr_eq(w->doc, NULL);
			continue;
		}
		ck_assert_msg(w->kind && w->help && w->doc, "%s", w->word);
		ck_assert_msg(strlen(w->doc) > 100, "%s says little", w->word);
		const struct fed_field *metric;
		struct fed_error err;
		if (w->metric)
			fed_assert_ok(fed_metric_find(w->metric, &metric, &err), &err);
		if (w->setting)
			ck_assert_ptr_nonnull(fed_fields_find(fed_settings_fields, w->setting));
	}
}
END_TEST

FED_SUITE(glossary)
{
	Suite *suite = suite_create("glossary");
	TCase *tests = tcase_create("glossary");

	tcase_add_checked_fixture(tests, open_lab, close_lab);
	tcase_add_test(tests, titles_of_tables);
	tcase_add_test(tests, titles_and_legends_of_views);
	tcase_add_test(tests, words_of_round_lines);
	tcase_add_test(tests, rows_of_status);
	tcase_add_test(tests, settings_and_metrics);
	tcase_add_test(tests, spellings);
	tcase_add_test(tests, figures_of_the_session);
	tcase_add_test(tests, help_and_explain_point_to_each_other);
	tcase_add_test(tests, rows_of_the_table);
	suite_add_tcase(suite, tests);
	return suite;
}
