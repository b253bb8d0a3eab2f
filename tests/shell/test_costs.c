/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/test_costs.c - what the bill shows, in a world of round numbers. */
#include <stdlib.h>
#include <string.h>

#include "lab.h"
#include "support/suite.h"

static struct shell_lab lab;
static char *json;
static size_t json_length;
static FILE *json_file;

/* 48 parameters and a frame's head are 256 bytes; 12 of them under top-k:0.25 are 160. */
static void open_world(void)
{
	shell_lab_open(&lab, FED_PLUGIN_DIR);
	json_file = open_memstream(&json, &json_length);
	lab.shell.json = json_file;
	ck_assert_int_eq(shell_lab_run(&lab, "dataset blobs classes=16; model softmax; "
	                                     "aggregator fedavg; transport local; "
	                                     "add-client 4 samples=50; set codec top-k:0.25"),
	                 FED_EXIT_OK);
}

static void close_world(void)
{
	shell_lab_close(&lab);
	fclose(json_file);
	free(json);
}

static const char *said(const char *line, enum fed_exit wanted)
{
	const size_t before = strlen(shell_lab_said(&lab));
	const enum fed_exit result = shell_lab_run(&lab, line);

	ck_assert_msg(result == wanted, "%s: %s", line, shell_lab_said(&lab) + before);
	return shell_lab_said(&lab) + before;
}

static void shows(const char *text, const char *words)
{
	ck_assert_msg(strstr(text, words) != NULL, "\"%s\" is not in:\n%s", words, text);
}

START_TEST(totals_and_clients)
{
	ck_assert_str_eq(said("bill", FED_EXIT_OK),
	                 "no rounds yet, so no costs; `round 5` makes some\n");
	said("round 2; set participants 1; round 1", FED_EXIT_OK);
	const char *bill = said("bill", FED_EXIT_OK);
	shows(bill, "over 3 rounds: clock ");
	shows(bill, "; 9 invited, 9 used, 0 refused, 0 lost, 0 late\n");
	shows(bill, "               messages   bytes  codec none  saved\n"
	            "  models down         9  2.3 kB      2.3 kB    0 B   0.0 %\n"
	            "  updates up          9  1.4 kB      2.3 kB  864 B  37.5 %\n"
	            "  all                18  3.7 kB      4.6 kB  864 B  18.8 %\n");
	shows(bill, "  86.4 kFLOP by clients, 864 FLOP by the server\n"
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
	const char *bill = said("bill 1,3 n=1 sort=saved", FED_EXIT_OK);
	ck_assert_ptr_null(strstr(bill, "over 2 rounds"));
	shows(bill, "  updates up          4   640 B      1.0 kB  384 B  37.5 %\n");
	shows(bill, "by client, most saved first\n");
	shows(bill, "\n       1         4 ");
	shows(bill, "  and 1 more; n=2 lists them\n");
	ck_assert_ptr_null(strstr(said("bill n=0", FED_EXIT_OK), "by client,"));
	shows(said("bill 9", FED_EXIT_USAGE), "9");
	shows(said("bill sort=price", FED_EXIT_USAGE), "bytes, up, down, messages, flops");
}
END_TEST

/* An idle client has a line of its own only when it is asked for. */
START_TEST(idle_clients)
{
	said("set participants 1; round 1", FED_EXIT_OK);
	shows(said("bill all n=4", FED_EXIT_OK), "         0    0 B    0 B    0 B     0 FLOP ");
	ck_assert_ptr_null(strstr(said("bill", FED_EXIT_OK), "         0    0 B "));
}
END_TEST

/* A figure of the line of JSON that begins like this. */
static double figure(const char *line, const char *key)
{
	char name[40];

	fflush(json_file);
	const char *at = strstr(json, line);
	ck_assert_msg(at != NULL, "%s is not in %s", line, json);
	snprintf(name, sizeof name, "\"%s\":", key);
	at = strstr(at, name);
	ck_assert_ptr_nonnull(at);
	return strtod(at + strlen(name), NULL);
}

#define ALL "{\"v\":1,\"event\":\"bill\",\"client\":null,"

START_TEST(lines_of_json)
{
	said("round 2; bill 1,3 n=1", FED_EXIT_OK);
	ck_assert_double_eq(figure(ALL, "messages_up"), 4);
	ck_assert_double_eq(figure(ALL, "bytes_up"), 640);
	ck_assert_double_eq(figure(ALL, "saved"), 384);
	ck_assert_double_eq(figure("{\"v\":1,\"event\":\"bill\",\"client\":1,", "bytes_down"), 512);
	ck_assert_ptr_null(strstr(json, "\"client\":3,\"messages"));
}
END_TEST

/* Each row is what the work costs when it is really done from here. */
START_TEST(against_another_scheme)
{
	static const char *const keys[] = {"bytes_up", "bytes_down", "client_flops", "server_flops"};
	static const char *const rows[] = {"\"event\":\"sweep\",\"key\":\"scheme\",\"value\":\"split\"",
	                                   "\"event\":\"sweep\",\"key\":\"scheme\",\"value\":\"sync\""};

	said("set codec none; model mlp hidden=4,4; scheme split cut=3", FED_EXIT_OK);
	const char *text = said("bill against=sync rounds=2", FED_EXIT_OK);
	shows(text, "  scheme  rounds  accuracy  FLOPs/client  server FLOPs  up/client  down/client  ");
	shows(text, "  split        2 ");
	shows(text, "  sync         2 ");
	said("round 2; bill n=0", FED_EXIT_OK);
	for (int i = 0; i < 4; i++)
		ck_assert_double_eq(figure(rows[0], keys[i]), figure(ALL, keys[i]));
	fclose(json_file);
	free(json);
	lab.shell.json = json_file = open_memstream(&json, &json_length);
	said("restart; bill against=sync rounds=2; scheme sync; round 2; bill n=0", FED_EXIT_OK);
	for (int i = 0; i < 4; i++)
		ck_assert_double_eq(figure(rows[1], keys[i]), figure(ALL, keys[i]));
	shows(said("bill against=sync until=accuracy>=0 rounds=3", FED_EXIT_OK), "  sync         1 ");
	shows(said("bill 1 against=sync", FED_EXIT_USAGE), "leave out 1");
	shows(said("bill rounds=3", FED_EXIT_USAGE), "costs against=sync rounds=5");
	shows(said("bill against=nonsense", FED_EXIT_USAGE), "nonsense");
}
END_TEST

START_TEST(codecs_are_explained)
{
	shows(said("explain int8", FED_EXIT_OK), "codec int8: ");
	shows(said("explain top-k", FED_EXIT_OK), "Seide et al.");
	shows(said("show codec", FED_EXIT_OK), "codec = top-k:0.25");
	shows(said("set codec topk:0.1", FED_EXIT_USAGE), "did you mean top-k?");
	shows(said("set error-feedback no; show error-feedback", FED_EXIT_OK), "error-feedback = no");
}
END_TEST

FED_SUITE(costs)
{
	Suite *suite = suite_create("bill");
	TCase *tests = tcase_create("bill");

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
