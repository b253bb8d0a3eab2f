/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/test_costs.c - what `costs` shows, in a world of round numbers. */
#include <stdlib.h>
#include <string.h>

#include "lab.h"
#include "support/suite.h"

static struct shell_lab lab;

/* 48 parameters and a frame's head are 256 bytes; 12 of them under top-k:0.25 are 160. */
static void open_world(void)
{
	shell_lab_open(&lab, FED_PLUGIN_DIR);
	shell_lab_record_json(&lab);
	ck_assert_int_eq(shell_lab_run(&lab, "dataset blobs classes=16; model softmax; "
	                                     "aggregator fedavg; transport local; "
	                                     "add-client 4 samples=50; set codec top-k:0.25"),
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

START_TEST(totals_and_clients)
{
	ck_assert_str_eq(said("costs", FED_EXIT_OK),
	                 "no rounds yet, so no costs; `round 5` makes some\n");
	said("round 2; set participants 1; round 1", FED_EXIT_OK);
	const char *costs = said("bill", FED_EXIT_OK); /* the synonym */
	assert_shows(costs, "over 3 rounds: clock ");
	assert_shows(costs, "; 9 invited, 9 used, 0 refused, 0 lost, 0 late\n");
	assert_shows(costs, "               messages   bytes  codec none  saved\n"
	                    "  models down         9  2.3 kB      2.3 kB    0 B   0.0 %\n"
	                    "  updates up          9  1.4 kB      2.3 kB  864 B  37.5 %\n"
	                    "  all                18  3.7 kB      4.6 kB  864 B  18.8 %\n");
	assert_shows(costs, "  86.4 kFLOP by clients, 864 FLOP by the server\n"
	                    "by client, most bytes first\n"
	                    "  client  messages     up   down  saved    training  aggregation\n"
	                    "       3         6  480 B  768 B  288 B  28.8 kFLOP     288 FLOP\n"
	                    "       0         4  320 B  512 B  192 B  19.2 kFLOP     192 FLOP\n"
	                    "       1         4  320 B  512 B  192 B  19.2 kFLOP     192 FLOP\n"
	                    "       2         4  320 B  512 B  192 B  19.2 kFLOP     192 FLOP\n");
}
END_TEST

START_TEST(some_clients)
{
	said("round 2", FED_EXIT_OK);
	const char *costs = said("costs 1,3 n=1 sort=saved", FED_EXIT_OK);
	ck_assert_ptr_null(strstr(costs, "over 2 rounds"));
	assert_shows(costs, "  updates up          4   640 B      1.0 kB  384 B  37.5 %\n");
	assert_shows(costs, "by client, most saved first\n");
	assert_shows(costs, "\n       1         4 ");
	assert_shows(costs, "  and 1 more; n=2 lists them\n");
	ck_assert_ptr_null(strstr(said("costs n=0", FED_EXIT_OK), "by client,"));
	assert_shows(said("costs 9", FED_EXIT_USAGE), "9");
	assert_shows(said("costs sort=price", FED_EXIT_USAGE), "bytes, up, down, messages, flops");
}
END_TEST

/* An idle client has a line of its own only when it is asked for. */
START_TEST(idle_clients)
{
	said("set participants 1; round 1", FED_EXIT_OK);
	assert_shows(said("costs all n=4", FED_EXIT_OK), "         0    0 B    0 B    0 B     0 FLOP ");
	ck_assert_ptr_null(strstr(said("costs", FED_EXIT_OK), "         0    0 B "));
}
END_TEST

/* A figure of the line of JSON that begins like this. */
static double figure(const char *line, const char *key)
{
	char name[40];

	const char *json = shell_lab_json(&lab), *at = strstr(json, line);
	ck_assert_msg(at != NULL, "%s is not in %s", line, json);
	snprintf(name, sizeof name, "\"%s\":", key);
	at = strstr(at, name);
	ck_assert_ptr_nonnull(at);
	return strtod(at + strlen(name), NULL);
}

#define ALL "{\"v\":1,\"event\":\"costs\",\"client\":null,"

START_TEST(lines_of_json)
{
	said("round 2; costs 1,3 n=1", FED_EXIT_OK);
	ck_assert_double_eq(figure(ALL, "messages_up"), 4);
	ck_assert_double_eq(figure(ALL, "bytes_up"), 640);
	ck_assert_double_eq(figure(ALL, "saved"), 384);
	ck_assert_double_eq(figure("{\"v\":1,\"event\":\"costs\",\"client\":1,", "bytes_down"), 512);
	ck_assert_ptr_null(strstr(shell_lab_json(&lab), "\"client\":3,\"messages"));
}
END_TEST

/* Each row is what the work costs when it is really done from here. */
START_TEST(against_another_scheme)
{
	static const char *const keys[] = {"bytes_up", "bytes_down", "client_flops", "server_flops"};
	static const char *const rows[] = {"\"event\":\"sweep\",\"key\":\"scheme\",\"value\":\"split\"",
	                                   "\"event\":\"sweep\",\"key\":\"scheme\",\"value\":\"sync\""};

	said("set codec none; model mlp hidden=4,4; scheme split cut=3", FED_EXIT_OK);
	const char *text = said("costs against=sync rounds=2", FED_EXIT_OK);
	assert_shows(
		text, "  scheme  rounds  accuracy  FLOPs/client  server FLOPs  up/client  down/client  ");
	assert_shows(text, "  split        2 ");
	assert_shows(text, "  sync         2 ");
	said("round 2; costs n=0", FED_EXIT_OK);
	for (int i = 0; i < 4; i++)
		ck_assert_double_eq(figure(rows[0], keys[i]), figure(ALL, keys[i]));
	shell_lab_record_json(&lab);
	said("restart; costs against=sync rounds=2; scheme sync; round 2; costs n=0", FED_EXIT_OK);
	for (int i = 0; i < 4; i++)
		ck_assert_double_eq(figure(rows[1], keys[i]), figure(ALL, keys[i]));
	assert_shows(said("costs against=sync until=accuracy>=0 rounds=3", FED_EXIT_OK),
	             "  sync         1 ");
	assert_shows(said("costs 1 against=sync", FED_EXIT_USAGE), "leave out 1");
	assert_shows(said("costs rounds=3", FED_EXIT_USAGE), "costs against=sync rounds=5");
	assert_shows(said("costs against=nonsense", FED_EXIT_USAGE), "nonsense");
}
END_TEST

START_TEST(codecs_are_explained)
{
	assert_shows(said("explain int8", FED_EXIT_OK), "codec int8: ");
	assert_shows(said("explain top-k", FED_EXIT_OK), "Seide et al.");
	assert_shows(said("show codec", FED_EXIT_OK), "codec = top-k:0.25");
	assert_shows(said("set codec up=int8 down=fp16", FED_EXIT_OK), "codec = up=int8,down=fp16");
	assert_shows(said("set codec up=int8 down=zip", FED_EXIT_USAGE), "no codec is called zip");
	assert_shows(said("explain codec", FED_EXIT_OK), "compresses the model on its way down");
	assert_shows(said("explain none", FED_EXIT_OK), "codec none: ");
	assert_shows(said("explain selection", FED_EXIT_OK), "power-of-choice");
	assert_shows(said("explain powersgd", FED_EXIT_OK), "orthogonalise P");
	assert_shows(said("info qsgd", FED_EXIT_OK), "unbiased: clients keep no residual");
	assert_shows(said("info power-of-choice", FED_EXIT_OK),
	             "knows of the clients their samples, their last losses; updates weigh the same");
	assert_shows(said("info uniform", FED_EXIT_OK), "knows of the clients nothing");
	assert_shows(said("set codec topk:0.1", FED_EXIT_USAGE), "did you mean top-k?");
	assert_shows(said("set error-feedback no; show error-feedback", FED_EXIT_OK),
	             "error-feedback = no");
}
END_TEST

FED_SUITE(costs)
{
	Suite *suite = suite_create("costs");
	TCase *tests = tcase_create("costs");

	tcase_add_checked_fixture(tests, open_world, close_world);
	tcase_add_test(tests, totals_and_clients);
	tcase_add_test(tests, some_clients);
	tcase_add_test(tests, idle_clients);
	tcase_add_test(tests, lines_of_json);
	tcase_add_test(tests, against_another_scheme);
	tcase_add_test(tests, codecs_are_explained);
	suite_add_tcase(suite, tests);
	return suite;
}
