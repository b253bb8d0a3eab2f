/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/output/test_table.c - the rows of the command table, and what binding makes of words. */
#include <string.h>

#include "data/partition.h"
#include "shell/lab.h"
#include "support/suite.h"

START_TEST(rows_are_well_formed)
{
	struct fed_error err;
	size_t n = 0;

	for (const struct fed_command *c; (c = fed__command_at(&shell_lab_table, n, NULL)); n++) {
		ck_assert_msg(c->help && c->run && c->examples && c->examples[0], "%s lacks a part",
		              c->name);
		ck_assert_msg(!strchr(c->help, '\n') && c->help[strlen(c->help) - 1] != '.',
		              "%s: help is one line without a full stop", c->name);
		if (c->args)
			ck_assert_msg(fed_fields_check(c->args, c->args_size, &err) == FED_OK, "%s: %s",
			              c->name, err.text);
		for (size_t k = 0; k < n; k++)
			ck_assert_str_ne(fed__command_at(&shell_lab_table, k, NULL)->name, c->name);
	}
	ck_assert_uint_gt(n, 30);
}
END_TEST

static const struct {
	const char *line;
	enum fed_exit result;
	const char *said; /* part of it */
} lines[] = {
	{"", FED_EXIT_OK, ""},
	{"statu", FED_EXIT_USAGE, "scripts spell it out: status"},
	{"add-clent 10", FED_EXIT_USAGE, "did you mean add-client?"},
	{"add_client 1 samples=3; remove-client 0", FED_EXIT_OK, "1 client removed"},
	{"bil", FED_EXIT_USAGE, "scripts spell it out: bill"},
	{"leakages", FED_EXIT_USAGE, "did you mean leakage?"},
	{"bill n=-1", FED_EXIT_USAGE, "error: bill: "},
	{"costs n=-1", FED_EXIT_USAGE, "error: costs: "},
	{"help bill", FED_EXIT_OK, "`bill` is the same command"},
	{"alias peek status", FED_EXIT_USAGE, "peek is a command"},
	{"set rounds 5", FED_EXIT_USAGE, "`round N` makes N rounds"},
	{"set rounds=5", FED_EXIT_USAGE, "`round N` makes N rounds"},
	{"xyzzy", FED_EXIT_USAGE, "`help` lists the commands"},
	{"add-client", FED_EXIT_USAGE, "n is missing"},
	{"add-client 0", FED_EXIT_USAGE, "from 1"},
	{"add-client -1", FED_EXIT_USAGE, "from 1"},
	{"add-client 10x", FED_EXIT_USAGE, "from 1"},
	{"add-client 1e30", FED_EXIT_USAGE, "from 1"},
	{"add-client ''", FED_EXIT_USAGE, "from 1"},
	{"add-client 5 nonid", FED_EXIT_USAGE, "noniid"},
	{"add-client 5 sampels=3", FED_EXIT_USAGE, "did you mean samples?"},
	{"add-client 5 samples", FED_EXIT_USAGE, "samples"},
	{"add-client 5 iid iid", FED_EXIT_USAGE, "unexpected argument"},
	{"add-client 5 samples=3 samples=4", FED_EXIT_USAGE, "given twice"},
	{"add-client 5 iid shards=3", FED_EXIT_USAGE, "belongs to partition shards"},
	{"add-client 5 shards=3 samples=30", FED_EXIT_OK, "shards"},
	{"add-client 5 alpha=0.1 samples=30", FED_EXIT_OK, "dirichlet"},
	{"add-client 20 dirichlet alpha=0.1 samples=20 reuse device=1e9", FED_EXIT_OK, "20 clients"},
	{"add-client 5 samples=9 device=phon", FED_EXIT_USAGE, "no device phon; did you mean phone?"},
	{"add-client 5 samples=9 link=5x", FED_EXIT_USAGE, "ideal, lan, wifi, 4g, 3g, satellite"},
	{"add-client 5 samples=9 device=phone:x", FED_EXIT_USAGE, "from 0 to 3"},
	{"add-client 5 samples=9 device=-1", FED_EXIT_USAGE, "FLOP/s"},
	{"add-client 3 samples=9 device=phone link=4g; clients", FED_EXIT_OK, "phone 2.0 GFLOP/s  4g "},
	{"dataset blobs; add-client 3 samples=9 link=3g; round 1", FED_EXIT_OK,
     "using local, which drops and delays no message; `transport lossy` does"},
	{"dataset blobs; add-client 3 samples=9 link=lan; round 1", FED_EXIT_OK, "using local\n"},
	{"add-client 9 samples=9; set client 3-7 link=3g device=iot", FED_EXIT_OK, "5 clients: "},
	{"add-client 9 samples=9; set client 0 device=1e6; show", FED_EXIT_OK, "8 laptop, 1 by number"},
	{"add-client 9 samples=9; set client 2,3 link=satelite", FED_EXIT_USAGE, "satellite"},
	{"add-client 9 samples=9; set client 2 lin=3g", FED_EXIT_USAGE, "link"},
	{"add-client 9 samples=9; set client 9 link=3g", FED_EXIT_USAGE, "9"},
	{"add-client 9 samples=9; set client 2", FED_EXIT_USAGE, "set client 3-7"},
	{"set client", FED_EXIT_USAGE, "set client 3-7"},
	{"explain device", FED_EXIT_OK, "100 MFLOP/s"},
	{"explain link", FED_EXIT_OK, "geostationary"},
	{"explain ideal", FED_EXIT_OK, "takes no time"},
	{"aggregator fedadm", FED_EXIT_USAGE, "fedadam"},
	{"aggregator fedadam eta=0.5", FED_EXIT_OK, "eta=0.5"},
	{"set lr_decay=0.5", FED_EXIT_OK, "lr-decay = 0.5"},
	{"aggregator fedadam bet1=0.5", FED_EXIT_USAGE, "did you mean beta1?"},
	{"model mlp hidden=8,x", FED_EXIT_USAGE, "8,x"},
	{"set lr", FED_EXIT_USAGE, "needs a value"},
	{"set lrr", FED_EXIT_USAGE, "did you mean lr"},
	{"add-client 2; round; evaluate width=8cm", FED_EXIT_USAGE, "width= is of a figure in a file"},
	{"add-client 2; round; timeline height=8cm", FED_EXIT_USAGE, "height= is of a figure"},
	{"add-client 2; round; updates map title=x", FED_EXIT_USAGE, "title= is of a figure"},
	{"add-client 2; round; clients width=8cm", FED_EXIT_USAGE, "width= is of a figure"},
	{"add-client 2; round; histogram loss font=Times", FED_EXIT_USAGE, "font= is of a figure"},
	{"add-client 2; round; plane width=8cm", FED_EXIT_USAGE, "width= is of a figure"},
	{"set figures", FED_EXIT_USAGE, "no setting figures"},
	{"set metrics macro-f2", FED_EXIT_USAGE, "did you mean macro-f1?"},
	{"set metrics class:x", FED_EXIT_USAGE, "number"},
	{"explain clients-worst", FED_EXIT_OK, "it takes `set holdout 0.2` before add-client"},
	{"add-client 4 samples=20; round 2; plot loss,attack-success,unseen-loss", FED_EXIT_OK,
     "attack-success has no values: `explain attack-success` says what it is; unseen-loss has no "
     "values: it takes `set unseen 20%`"},
	{"add-client 4 samples=20; round 2; plot clients-worst to=/nonexistent/x.svg", FED_EXIT_FAILED,
     "clients-worst has no values: it takes `set holdout 0.2`"},
	{"pretrain -1", FED_EXIT_USAGE, "-1 is not a valid number of passes"},
	{"set unseen 0.2; add-client 10 samples=20; round; evaluate unseen", FED_EXIT_OK,
     "each client has\n"},
	{"set lr=0.5 epochs=2; show lr", FED_EXIT_OK, "lr = 0.5"},
	{"set lr -1", FED_EXIT_USAGE, "-1"},
	{"show lrr", FED_EXIT_USAGE, "did you mean lr"},
	{"round", FED_EXIT_ROUND, "no clients"},
	{"run until accuracy>>1", FED_EXIT_USAGE, "run"},
	{"run for 3", FED_EXIT_USAGE, "until"},
	{"expect accuracy > 2", FED_EXIT_FAILED, "there were no rounds"},
	{"expect acuracy>2", FED_EXIT_USAGE, "accuracy"},
	{"add-client 10 samples=5; remove-client 99", FED_EXIT_USAGE, "99"},
	{"load /nonexistent.so", FED_EXIT_PLUGIN, "/nonexistent.so"},
	{"restore /nonexistent", FED_EXIT_IO, "/nonexistent"},
	{"restore /", FED_EXIT_IO, "directory"},
	{"source /dev/null", FED_EXIT_IO, "/dev/null"},
	{"explain fedagv", FED_EXIT_USAGE, "fedavg"},
	{"status ?", FED_EXIT_OK, "examples"},
	{"timing maybe", FED_EXIT_USAGE, "on"},
	{"dataset nosuch", FED_EXIT_USAGE, "nosuch"},
	{"alias round status", FED_EXIT_USAGE, "is a command"},
	{"alias a b; alias b a; a", FED_EXIT_USAGE, "deep"},
	{"status; xyzzy; keep", FED_EXIT_USAGE, "dataset"},
	{"info fedavg\033[31m", FED_EXIT_USAGE, "fedavg"},
};

START_TEST(lines_give_what_they_should)
{
	struct shell_lab lab;

	shell_lab_open(&lab, FED_PLUGIN_DIR);
	ck_assert_int_eq(shell_lab_run(&lab, "dataset blobs train=1000 test=50"), FED_EXIT_OK);
	const enum fed_exit result = shell_lab_run(&lab, lines[_i].line);
	const char *said = shell_lab_said(&lab);
	ck_assert_msg(result == lines[_i].result, "%s: %d, not %d\n%s", lines[_i].line, result,
	              lines[_i].result, said);
	ck_assert_msg(strstr(said, lines[_i].said) != NULL, "%s: %s", lines[_i].line, said);
	ck_assert_msg(!strchr(said, '\033'), "an escape came through");
	shell_lab_close(&lab);
}
END_TEST

START_TEST(prefixes_are_for_people)
{
	struct shell_lab lab;

	shell_lab_open(&lab, FED_PLUGIN_DIR);
	lab.shell.lenient = true;
	ck_assert_int_eq(shell_lab_run(&lab, "stat"), FED_EXIT_OK);
	ck_assert_ptr_nonnull(strstr(shell_lab_said(&lab), "status\n"));
	ck_assert_int_eq(shell_lab_run(&lab, "re"), FED_EXIT_USAGE);
	ck_assert_ptr_nonnull(strstr(shell_lab_said(&lab), "could be "));
	shell_lab_close(&lab);
}
END_TEST

START_TEST(partitions_are_explained)
{
	struct shell_lab lab;

	shell_lab_open(&lab, FED_PLUGIN_DIR);
	for (size_t i = 0; fed_partition_names[i]; i++) {
		char line[64];

		snprintf(line, sizeof line, "explain %s", fed_partition_names[i]);
		ck_assert_int_eq(shell_lab_run(&lab, line), FED_EXIT_OK);
	}
	ck_assert_ptr_null(strstr(shell_lab_said(&lab), "(null)"));
	shell_lab_close(&lab);
}
END_TEST

START_TEST(hostile_lines_are_refused)
{
	struct shell_lab lab;
	static char long_line[FED_LINE_MAX + 2];
	static const char nul[] = "status\0quit";

	shell_lab_open(&lab, FED_PLUGIN_DIR);
	memset(long_line, 'a', sizeof long_line);
	ck_assert_int_eq(fed__shell_execute(&lab.shell, long_line, sizeof long_line, NULL),
	                 FED_EXIT_USAGE);
	ck_assert_int_eq(fed__shell_execute(&lab.shell, long_line, FED_LINE_MAX, NULL), FED_EXIT_USAGE);
	ck_assert_int_eq(fed__shell_execute(&lab.shell, nul, sizeof nul - 1, NULL), FED_EXIT_USAGE);
	ck_assert_ptr_nonnull(strstr(shell_lab_said(&lab), "NUL byte at column 7"));
	ck_assert_uint_lt(lab.length, 4000);
	shell_lab_close(&lab);
}
END_TEST

FED_SUITE(table)
{
	Suite *suite = suite_create("table");
	TCase *tests = tcase_create("table");

	tcase_add_test(tests, rows_are_well_formed);
	tcase_add_loop_test(tests, lines_give_what_they_should, 0, (int)(sizeof lines / sizeof *lines));
	tcase_add_test(tests, prefixes_are_for_people);
	tcase_add_test(tests, partitions_are_explained);
	tcase_add_test(tests, hostile_lines_are_refused);
	suite_add_tcase(suite, tests);
	return suite;
}
