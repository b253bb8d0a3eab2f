/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Figures that commands write: what is in them, and what is refused. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "shell/lab.h"
#include "support/suite.h"

static struct shell_lab lab;
static struct fed_temp temp;

static void open_world(void)
{
	fed_temp_make(&temp);
	shell_lab_open(&lab, FED_PLUGIN_DIR);
}

static void close_world(void)
{
	shell_lab_close(&lab);
	fed_temp_remove(&temp);
}

static const char *said(const char *line, enum fed_exit wanted)
{
	return shell_lab_reply(&lab, line, wanted);
}

/* The file that `COMMAND to=FILE ...` writes. */
static void written_by(const char *command, const char *name, struct fed_text *out)
{
	struct fed_error err;
	char line[500];

	snprintf(line, sizeof line, "%s to=%s", command, fed_temp_file(&temp, name));
	assert_shows(said(line, FED_EXIT_OK), "wrote ");
	fed_text_clear(out);
	fed_assert_ok(fed_file_read(fed_temp_file(&temp, name), 1 << 24, out, &err), &err);
	fed_text_put(out, "", 1);
}

static void compose(void)
{
	said(
		"dataset moons train=300 test=90; transport lossy; model mlp hidden=8; add-client 6 noniid "
		"samples=30; set client all device=phone link=wifi; set client 0 name=Ada; inject "
		"byzantine 1 "
		"; aggregator krum f=1; round 3",
		FED_EXIT_OK);
}

/* Sum and number of the whole numbers that are texts of this size. */
static double sum_of_texts(const char *svg, const char *size, size_t *n)
{
	double sum = 0;

	*n = 0;
	for (const char *at = svg; (at = strstr(at, "<text ")); at++) {
		const char *end = strchr(at, '>'), *found = strstr(at, size);

		if (!end || !found || found > end)
			continue;
		sum += strtod(end + 1, NULL);
		++*n;
	}
	return sum;
}

START_TEST(each_chart_is_written_as_a_figure)
{
	static const struct {
		const char *command, *shows[3];
	} cases[] = {
		{"plot accuracy", {">accuracy</text>", ">round</text>", "<polyline"}},
		{"plot loss,train-loss log against=clock", {">test-loss</text>", ">train-loss</text>"}},
		{"timeline", {">compute</text>", ">virtual seconds</text>", ">0 Ada</text>"}},
		{"updates map", {">honest", ">step</text>", ">first component"}},
		{"plane", {">global model</text>", ">class 1</text>", "crispEdges"}},
		{"plane 2", {">before local training</text>", ">after local training</text>"}},
		{"evaluate", {">true class</text>", ">answer of the model</text>"}},
		{"clients all", {">client</text>", ">0 Ada</text>", ">class</text>"}},
		{"histogram examples", {">examples</text>", ">clients</text>"}},
		{"histogram compute", {">compute (virtual seconds)</text>", ">updates</text>"}},
	};
	struct fed_text svg = {0};

	compose();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		written_by(cases[i].command, "f.svg", &svg);
		for (size_t k = 0; k < 3 && cases[i].shows[k]; k++)
			assert_shows(svg.s, cases[i].shows[k]);
		assert_lacks(svg.s, "nan");
		assert_lacks(svg.s, "inf\"");
	}
	fed_text_release(&svg);
}
END_TEST

/* The numbers in the cells of the confusion matrix are the test examples, those of labels all that
 * the clients have. */
START_TEST(cells_have_all_examples)
{
	struct fed_text svg = {0};
	size_t n;

	compose();
	written_by("evaluate", "c.svg", &svg);
	ck_assert_double_eq(sum_of_texts(svg.s, "font-size=\"6\"", &n), 90);
	written_by("clients all", "l.svg", &svg);
	ck_assert_double_eq(sum_of_texts(svg.s, "font-size=\"6\"", &n), 6 * 30);
	fed_text_release(&svg);
}
END_TEST

/* Kept runs are curves of their own, named by the run where one metric is drawn. */
START_TEST(kept_runs_are_drawn_over_one_another)
{
	struct fed_text svg = {0};

	compose();
	said("keep first; restart; round 2", FED_EXIT_OK);
	written_by("plot accuracy", "p.svg", &svg);
	assert_shows(svg.s, ">first</text>");
	assert_shows(svg.s, ">present run</text>");
	written_by("plot accuracy,loss", "p.svg", &svg);
	assert_shows(svg.s, ">first.test-loss</text>");
	said("sweep aggregator fedavg,median rounds=1", FED_EXIT_OK);
	written_by("plot sweep accuracy", "s.svg", &svg);
	assert_shows(svg.s, ">median</text>");
	said("tournament rounds=1 attacks=none,ipm aggregators=fedavg,median", FED_EXIT_OK);
	written_by("plot tournament", "t.svg", &svg);
	assert_shows(svg.s, ">ipm</text>");
	fed_text_release(&svg);
}
END_TEST

START_TEST(sizes_and_titles_are_taken)
{
	struct fed_text svg = {0};
	char line[500];

	compose();
	snprintf(line, sizeof line,
	         "plot accuracy to=%s width=7.2cm height=50mm title=\"a < b\" font=Times",
	         fed_temp_file(&temp, "f.svg"));
	assert_shows(said(line, FED_EXIT_OK), "(7.2 x 5.0 cm)");
	written_by("plot accuracy width=144pt", "g.svg", &svg);
	assert_shows(svg.s, "width=\"144pt\"");
	struct fed_error err;
	fed_text_clear(&svg);
	fed_assert_ok(fed_file_read(fed_temp_file(&temp, "f.svg"), 1 << 20, &svg, &err), &err);
	fed_text_put(&svg, "", 1);
	assert_shows(svg.s, ">a &lt; b</text>");
	assert_shows(svg.s, "font-family=\"Times\"");
	fed_text_release(&svg);
}
END_TEST

START_TEST(refusals_have_words)
{
	static const struct {
		const char *line, *says;
		enum fed_exit code;
	} cases[] = {
		{"plot accuracy to=x.gif", "the ending says how a figure is written", FED_EXIT_USAGE},
		{"plot accuracy to=/no/such/folder/x.svg", "/no/such/folder/x.svg", FED_EXIT_IO},
		{"plot accuracy to=x.svg width=long", "width=long is no length", FED_EXIT_USAGE},
		{"plot accuracy to=x.svg height=-3cm", "height=-3cm is no length", FED_EXIT_USAGE},
		{"plot accuracy to=x.svg width=1km", "width=1km is no length", FED_EXIT_USAGE},
		{"plot accuracy to=x.svg width=900cm", "more than 200cm", FED_EXIT_USAGE},
		{"updates to=x.svg", "`updates map to=x.svg`", FED_EXIT_USAGE},
		{"evaluate all to=x.svg", "leave all out", FED_EXIT_USAGE},
	};

	compose();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_shows(said(cases[i].line, cases[i].code), cases[i].says);
	ck_assert_int_ne(shell_lab_run(&lab, "plot accuracy to=x.svg width=1cm"), FED_EXIT_OK);
	said("reset; dataset linear train=60 test=20; add-client 2 samples=10; round 1", FED_EXIT_OK);
	ck_assert_int_ne(shell_lab_run(&lab, "clients all to=x.svg"), FED_EXIT_OK);
	assert_shows(shell_lab_said(&lab), "have no classes");
}
END_TEST

FED_SUITE(figures)
{
	Suite *suite = suite_create("figures");
	TCase *tests = tcase_create("figures");

	tcase_add_checked_fixture(tests, open_world, close_world);
	tcase_add_test(tests, each_chart_is_written_as_a_figure);
	tcase_add_test(tests, cells_have_all_examples);
	tcase_add_test(tests, kept_runs_are_drawn_over_one_another);
	tcase_add_test(tests, sizes_and_titles_are_taken);
	tcase_add_test(tests, refusals_have_words);
	suite_add_tcase(suite, tests);
	return suite;
}
