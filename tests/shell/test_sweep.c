/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/test_sweep.c - what a sweep shows: its table, its lines of JSON, its chart. */
#include <stdlib.h>
#include <string.h>

#include "lab.h"
#include "support/suite.h"
#include "tui/widgets/chart.h"

static struct shell_lab lab;

/* 12 parameters and a frame's head are 112 bytes a message under two features and four classes. */
static void open_world(void)
{
	shell_lab_open(&lab, FED_PLUGIN_DIR);
	shell_lab_record_json(&lab);
	ck_assert_int_eq(shell_lab_run(&lab, "dataset blobs; model softmax; aggregator fedavg; "
	                                     "transport local; add-client 10 samples=50"),
	                 FED_EXIT_OK);
}

static void close_world(void)
{
	shell_lab_close(&lab);
}

static const char *said(const char *line, enum fed_exit wanted)
{
	return shell_lab_reply(&lab, line, wanted);
}

START_TEST(a_table)
{
	const char *text =
		said("sweep clients 5,10 rounds=2 metrics=client-flops,bytes-up,messages", FED_EXIT_OK);

	ck_assert_str_eq(text, "from version 0\n"
	                       "  clients  rounds  FLOPs/client  up/client  messages\n"
	                       "  5             2     9.6 kFLOP      224 B        20\n"
	                       "  10            2     4.8 kFLOP      224 B        40\n");
	text = said("sweep aggregator fedavg,krum:f=4 until=loss<0 rounds=1 metrics=messages",
	            FED_EXIT_OK);
	assert_shows(text, "  aggregator  rounds  messages\n"
	                   "  fedavg         > 1        20\n"
	                   "  krum:f=4    failed         -\n"
	                   "aggregator krum:f=4: aggregator krum: needs 2f + 2 < n");
}
END_TEST

START_TEST(json_lines)
{
	said("sweep lr 0.5,2 rounds=1; sweep epochs 3 rounds=2 until=loss<0; "
	     "tournament rounds=1 attacks=none aggregators=fedavg",
	     FED_EXIT_OK);
	const char *json = shell_lab_json(&lab);
	assert_shows(
		json, "{\"v\":1,\"event\":\"sweep\",\"key\":\"lr\",\"value\":\"0.5\",\"scheme\":\"sync\","
			  "\"rounds\":1,\"clients\":10,");
	assert_shows(json, "\"value\":\"2\",\"scheme\":\"sync\"");
	assert_shows(
		json,
		"\"key\":\"epochs\",\"value\":\"3\",\"scheme\":\"sync\",\"reached\":false,\"rounds\":2,"
		"\"clients\":10,\"round\":2,");
	assert_shows(json, ",\"client_flops\":144000,");
	assert_shows(
		json, "{\"v\":1,\"event\":\"tournament\",\"attack\":\"none\",\"aggregator\":\"fedavg\",");
}
END_TEST

/* What a chart was asked for, if `records`; the linker calls it in place of fed_chart_draw(). */
static char drawn[400];
static bool records;
int __real_fed_chart_draw(const struct fed_chart *, struct fed_text *, struct fed_error *);
int __wrap_fed_chart_draw(const struct fed_chart *, struct fed_text *, struct fed_error *);
int __wrap_fed_chart_draw(const struct fed_chart *plot, struct fed_text *out, struct fed_error *err)
{
	if (!records)
		return __real_fed_chart_draw(plot, out, err);
	int at = snprintf(drawn, sizeof drawn, "%s over %s", plot->title, plot->x_label);

	for (size_t k = 0; k < plot->n; k++) {
		const struct fed_plot_series *s = &plot->series[k];

		at += snprintf(drawn + at, sizeof drawn - (size_t)at, " [%s", s->name);
		for (size_t i = 0; i < s->n; i++)
			at += snprintf(drawn + at, sizeof drawn - (size_t)at, " (%g %g)", s->x[i], s->y[i]);
		at += snprintf(drawn + at, sizeof drawn - (size_t)at, "]");
	}
	return FED_OK;
}

START_TEST(charts)
{
	records = true;
	assert_shows(said("plot sweep messages", FED_EXIT_FAILED), "no sweep was played yet");
	said("sweep clients 5,10,20 rounds=2; plot sweep messages", FED_EXIT_OK);
	ck_assert_str_eq(drawn, "messages over clients [ (5 20) (10 40) (20 80)]");
	said("plot sweep bytes-up", FED_EXIT_OK);
	ck_assert_str_eq(drawn, "bytes-up of a client over clients [ (5 224) (10 224) (20 224)]");
	said("sweep aggregator fedavg,krum:f=4,median rounds=1; plot sweep used", FED_EXIT_OK);
	ck_assert_str_eq(drawn, "used over aggregator: 1 fedavg, 2 krum:f=4, 3 median"
	                        " [ (1 10) (2 nan) (3 10)]");
	said("plot sweep", FED_EXIT_OK);
	assert_shows(drawn, "test-accuracy over");
	assert_shows(said("plot accuracy loss", FED_EXIT_USAGE),
	             "joined by commas: plot accuracy,loss");
	assert_shows(said("sweep lr 0.1 metrics=acuracy", FED_EXIT_USAGE), "accuracy");
}
END_TEST

FED_SUITE(sweep)
{
	Suite *s = suite_create("sweep");
	TCase *c = tcase_create("sweep");

	tcase_add_checked_fixture(c, open_world, close_world);
	tcase_add_test(c, a_table);
	tcase_add_test(c, json_lines);
	tcase_add_test(c, charts);
	suite_add_tcase(s, c);
	return s;
}
