/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/output/test_redirect.c - output to files and programs, and tables as data. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "shell/lab.h"
#include "shell/output/print.h"
#include "support/suite.h"

static struct fed_temp temp;
static struct shell_lab lab;

static void open_lab(void)
{
	fed_temp_make(&temp);
	ck_assert_int_eq(chdir(temp.dir), 0);
	shell_lab_open(&lab, FED_PLUGIN_DIR);
	shell_lab_reply(&lab,
	                "set seed 1; dataset blobs train=800 test=50; add-client 4 samples=20 link=4g "
	                "device=phone; round 2",
	                FED_EXIT_OK);
}

static void close_lab(void)
{
	shell_lab_close(&lab);
	ck_assert_int_eq(chdir("/"), 0);
	fed_temp_remove(&temp);
}

/* The content of a file; the caller frees it. */
static char *content(const char *path)
{
	struct fed_text text = {0};
	struct fed_error err;

	fed_assert_ok(fed_file_read(path, 1 << 20, &text, &err), &err);
	char *s = strdup(fed_text_str(&text));
	fed_text_release(&text);
	return s;
}

static void assert_content(const char *path, const char *wanted)
{
	char *s = content(path);

	ck_assert_str_eq(s, wanted);
	free(s);
}

START_TEST(output_goes_to_files)
{
	ck_assert_str_eq(shell_lab_reply(&lab, "show lr > a.txt", FED_EXIT_OK), "");
	assert_content("a.txt", "lr = 0.1\n");
	shell_lab_reply(&lab, "show seed >> a.txt", FED_EXIT_OK);
	assert_content("a.txt", "lr = 0.1\nseed = 1\n");
	shell_lab_reply(&lab, "show epochs >a.txt; show lr >>a.txt; show lr >> new.txt", FED_EXIT_OK);
	assert_content("a.txt", "epochs = 1\nlr = 0.1\n");
	assert_content("new.txt", "lr = 0.1\n");
	shell_lab_reply(&lab, "show lr > 'my file; # 1.txt'; show lr > b\\ c", FED_EXIT_OK);
	assert_content("my file; # 1.txt", "lr = 0.1\n");
	assert_content("b c", "lr = 0.1\n");
	ck_assert_str_eq(shell_lab_reply(&lab, "show lr > /dev/null", FED_EXIT_OK), "");
	ck_assert_str_eq(shell_lab_reply(&lab, "show lr", FED_EXIT_OK), "lr = 0.1\n");
}
END_TEST

START_TEST(a_file_that_cannot_be_written_stops_the_command)
{
	const uint64_t version = fed_session_version(lab.shell.session);
	const size_t recorded = lab.shell.journal.len;

	shell_lab_reply(&lab, "show lr > a.txt", FED_EXIT_OK);
	assert_shows(shell_lab_reply(&lab, "round > no/such/folder", FED_EXIT_IO), "no/such/folder");
	assert_shows(shell_lab_reply(&lab, "round > .", FED_EXIT_IO), "not a regular file");
	ck_assert_uint_eq(fed_session_version(lab.shell.session), version);
	ck_assert_uint_eq(lab.shell.journal.len, recorded);
	/* The disk fills: the old file stays, and what the command did does, too. */
	fed__file_fail_at(2, 28);
	shell_lab_reply(&lab, "round > a.txt", FED_EXIT_IO);
	fed__file_fail_at(0, 0);
	assert_content("a.txt", "lr = 0.1\n");
	ck_assert_uint_eq(fed_session_version(lab.shell.session), version + 1);
	assert_shows(lab.shell.journal.s + recorded, "round\n");
	/* Words that are missing, or too many. */
	assert_shows(shell_lab_reply(&lab, "show lr >", FED_EXIT_USAGE), "needs a file");
	assert_shows(shell_lab_reply(&lab, "show lr |", FED_EXIT_USAGE), "needs a command");
	assert_shows(shell_lab_reply(&lab, "show lr > a | cat", FED_EXIT_USAGE), "not to both");
	assert_shows(shell_lab_reply(&lab, "show lr > a > b", FED_EXIT_USAGE), "one file");
	assert_shows(shell_lab_reply(&lab, "show nosuch > b", FED_EXIT_USAGE), "no setting nosuch");
}
END_TEST

/* A replay must not write files again. */
START_TEST(the_journal_has_the_command_alone)
{
	const size_t recorded = lab.shell.journal.len;

	shell_lab_reply(&lab, "round 2 > a.txt; set lr 0.2 >> a.txt; round | cat", FED_EXIT_OK);
	const char *journal = lab.shell.journal.s + recorded;
	assert_shows(journal, "\nround 2\nset lr 0.2\n#= 5 ");
	assert_shows(journal, "\nround\n");
	assert_lacks(journal, "a.txt");
	assert_lacks(journal, "cat");
	char *said = content("a.txt");
	assert_shows(said, "round 3 ");
	assert_shows(said, "round 4 ");
	assert_shows(said, "lr = 0.2");
	free(said);
}
END_TEST

/* > compares where the left side of a comparison lacks an operator. */
START_TEST(conditions_keep_their_operators)
{
	assert_shows(shell_lab_reply(&lab, "expect round > 1", FED_EXIT_OK), "holds: round 2 > 1");
	ck_assert_str_eq(shell_lab_reply(&lab, "expect round>1 > a.txt", FED_EXIT_OK), "");
	ck_assert_str_eq(
		shell_lab_reply(&lab, "expect round >= 1 and clock > 0 or round > 5 > b.txt", FED_EXIT_OK),
		"");
	char *said = content("b.txt");
	assert_shows(said, "holds: ");
	free(said);
	ck_assert_int_ne(access("1", F_OK), 0);
	shell_lab_reply(&lab, "break round > 9; break > c.txt", FED_EXIT_OK);
	said = content("c.txt");
	assert_shows(said, "round > 9");
	free(said);
	shell_lab_reply(&lab, "alias s show lr > d.txt; s", FED_EXIT_OK); /* its text */
	assert_content("d.txt", "lr = 0.1\n");
	shell_lab_reply(&lab, "alias l show lr; l > e.txt", FED_EXIT_OK);
	assert_content("e.txt", "lr = 0.1\n");
}
END_TEST

START_TEST(output_goes_to_programs)
{
	ck_assert_str_eq(shell_lab_reply(&lab, "show lr | tr a-z A-Z", FED_EXIT_OK), "LR = 0.1\n");
	ck_assert_str_eq(shell_lab_reply(&lab, "clients |grep -c '4g' ; show lr", FED_EXIT_OK),
	                 "4\nlr = 0.1\n");
	/* One that ends early ends nothing else. */
	ck_assert_str_eq(shell_lab_reply(&lab, "help | head -n 1 | cut -c 1-7", FED_EXIT_OK),
	                 "compose\n");
	shell_lab_reply(&lab, "round 3 | true", FED_EXIT_OK);
	ck_assert_uint_eq(fed_session_version(lab.shell.session), 5);
	/* Its failure is one of the line. */
	assert_shows(shell_lab_reply(&lab, "show lr | exit 3", FED_EXIT_FAILED), "ended with code 3");
	assert_shows(shell_lab_reply(&lab, "xyzzy | cat", FED_EXIT_USAGE), "no command xyzzy");
	shell_lab_reply(&lab, "show nosuch | cat", FED_EXIT_USAGE);
	/* A script as a whole. */
	FILE *script = fopen("made.fedsh", "w");
	ck_assert_ptr_nonnull(script);
	fputs("show lr\nshow seed > s.txt\nshow epochs | tr e E\n", script);
	fclose(script);
	ck_assert_str_eq(shell_lab_reply(&lab, "source made.fedsh | sort > all.txt", FED_EXIT_OK), "");
	assert_content("all.txt", "Epochs = 1\nlr = 0.1\n");
	assert_content("s.txt", "seed = 1\n");
}
END_TEST

START_TEST(tables_as_data)
{
	const char *said = shell_lab_reply(&lab, "costs --csv n=1", FED_EXIT_OK);

	assert_shows(said, "direction,messages,bytes,codec_none,saved,saved_share\nmodels down,");
	assert_shows(said, "\n\nclient,messages,bytes_up,bytes_down,saved,client_flops,server_flops\n");
	assert_lacks(said, "by client"); /* nothing but tables */
	assert_lacks(said, "kB");
	said = shell_lab_reply(&lab, "history --json 1", FED_EXIT_OK);
	ck_assert_msg(
		strncmp(said, "{\"v\":1,\"table\":\"history\",\"round\":2,\"test_accuracy\":0.", 53) == 0,
		"%s", said);
	ck_assert_ptr_eq(strchr(said, '\n') + 1, said + strlen(said));
	shell_lab_reply(&lab, "clients --csv 2 > c.csv", FED_EXIT_OK);
	char *csv = content("c.csv");
	assert_shows(csv, "client,examples,labels,partition,device,link,updates,loss\n2,20,");
	free(csv);
	assert_shows(shell_lab_reply(&lab, "plot round,clock --csv", FED_EXIT_OK),
	             "curve,round,value\nround,1,1\nround,2,2\nclock,1,0.");
	assert_shows(shell_lab_reply(&lab, "round --csv", FED_EXIT_USAGE), "prints no table");
	assert_shows(shell_lab_reply(&lab, "show lr --json", FED_EXIT_OK), "");
	ck_assert_int_eq(lab.shell.form, FED_FORM_TEXT);
}
END_TEST

/* The clients of a CSV table, in their order. */
static void assert_clients(const char *line, const char *wanted)
{
	const char *said = shell_lab_reply(&lab, line, FED_EXIT_OK);
	struct fed_text ids = {0};

	while (*said) {
		const size_t n = strcspn(said, "\n");

		if (*said >= '0' && *said <= '9')
			fed_text_add(&ids, "%s%.*s", ids.len ? " " : "", (int)strcspn(said, ",\n"), said);
		said += n + (said[n] != 0);
	}
	ck_assert_msg(strcmp(fed_text_str(&ids), wanted) == 0, "%s: %s, not %s", line,
	              fed_text_str(&ids), wanted);
	fed_text_release(&ids);
}

/* Clients 4 to 9 have more examples each than 0 to 3, and took no part. */
/* A table without rows is its titles; cells have no blanks of their own. */
START_TEST(empty_tables_as_data)
{
	static const char *const lines[][2] = {
		{"reset; clients --csv", "client,examples,"},
		{"faults --csv", "number,fault,"},
		{"history --csv", "round,"},
		{"break --csv", "break,"},
		{"keep --csv", "run,"},
	};

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		const char *said = shell_lab_reply(&lab, lines[i][0], FED_EXIT_OK);
		const char *table = strstr(said, lines[i][1]);

		ck_assert_msg(table && strchr(table, '\n') == table + strlen(table) - 1, "%s", said);
	}
	assert_shows(shell_lab_reply(&lab, "help --csv", FED_EXIT_OK),
	             "\nround,make one or more rounds\n");
}
END_TEST

START_TEST(clients_are_filtered_and_sorted)
{
	for (int i = 4; i < 10; i++) {
		char line[64];

		snprintf(line, sizeof line, "add-client 1 samples=%d", 10 * i);
		shell_lab_reply(&lab, line, FED_EXIT_OK);
	}
	assert_clients("clients --csv", "0 1 2 3 4 5 6 7 8 9");
	assert_clients("clients examples>=80 --csv", "8 9");
	assert_clients("clients 0-7 and examples > 40 and examples<70 --csv", "5 6");
	assert_clients("clients --csv sort=-examples n=3", "9 8 7");
	assert_clients("clients sort=examples 4-6 --csv", "4 5 6");
	assert_clients("clients updates==2 --csv columns=client", "0 1 2 3");
	assert_clients("clients state==idle or examples<30 n=5 --csv", "0 1 2 3 4");
	assert_clients("clients done --csv", "0 1 2 3");
	assert_shows(
		shell_lab_reply(&lab, "clients 2 columns=verdict,client,updates --csv", FED_EXIT_OK),
		"verdict,client,updates\nused,2,2\n");
	assert_shows(shell_lab_reply(&lab, "clients examples>1000", FED_EXIT_OK),
	             "no client passes the filter examples>1000");
	assert_shows(shell_lab_reply(&lab, "clients n=3", FED_EXIT_OK), "and 7 more");
	/* A selector is no left side of a comparison. */
	ck_assert_str_eq(shell_lab_reply(&lab, "clients 1-3 columns=client > a.txt", FED_EXIT_OK), "");
	ck_assert_int_eq(access("a.txt", F_OK), 0);
	ck_assert_str_eq(shell_lab_reply(&lab, "clients done > b.txt", FED_EXIT_OK), "");
	ck_assert_int_eq(access("b.txt", F_OK), 0);
	assert_shows(shell_lab_reply(&lab, "clients loss>", FED_EXIT_USAGE), "condition ends");
	assert_shows(shell_lab_reply(&lab, "clients los>2", FED_EXIT_USAGE), "did you mean loss?");
	assert_shows(shell_lab_reply(&lab, "clients sort=los", FED_EXIT_USAGE), "no figure");
	assert_shows(shell_lab_reply(&lab, "clients columns=clint", FED_EXIT_USAGE),
	             "did you mean client?");
	assert_shows(shell_lab_reply(&lab, "clients columns=loss,loss", FED_EXIT_USAGE), "twice");
}
END_TEST

START_TEST(csv_is_quoted_and_json_escaped)
{
	static const struct fed_table_column columns[] = {
		{.title = "name"},
		{.title = "cos(step)", .kind = FED_CELL_NUMBER},
	};
	static const enum fed_form forms[] = {FED_FORM_CSV, FED_FORM_JSON};
	static const char *const wanted[] = {
		"name,cos_step\n\"a \"\"b\"\", c\",0.30000000000000004\nd,\n-,inf\n",
		"{\"v\":1,\"table\":\"t\",\"name\":\"a \\\"b\\\", c\",\"cos_step\":0.30000000000000004}\n"
		"{\"v\":1,\"table\":\"t\",\"name\":\"d\",\"cos_step\":null}\n"
		"{\"v\":1,\"table\":\"t\",\"name\":\"-\",\"cos_step\":null}\n",
	};

	for (size_t k = 0; k < 2; k++) {
		struct fed_table table = {.name = "t", .column = columns, .columns = 2};
		const size_t before = strlen(shell_lab_said(&lab));

		lab.shell.form = forms[k];
		lab.shell.tables = 0;
		fed__table_cell(&table, "a \"b\", c");
		fed__table_real(&table, 0.1 + 0.2, "%.1f");
		fed__table_cell(&table, "d");
		fed__table_cell(&table, "-");
		fed__table_cell(&table, "-");
		fed__table_real(&table, __builtin_inf(), "%.1f");
		fed__table_print(&lab.shell, &table);
		ck_assert_str_eq(shell_lab_said(&lab) + before, wanted[k]);
	}
	lab.shell.form = FED_FORM_TEXT;
}
END_TEST

/* Of every command with tables some example prints rows as data; as text the others print none. */
START_TEST(commands_say_whether_they_have_tables)
{
	const struct fed_command *command = fed__command_at(&shell_lab_table, (size_t)_i, NULL);
	size_t tables = 0;

	static const char *const elsewhere[] = {"verify", "ranks", "room",
	                                        "votes"}; /* have a test there */

	if (!(command->flags & FED_COMMAND_TABLE))
		return;
	for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
		if (strcmp(command->name, elsewhere[i]) == 0)
			return;
	for (const char *const *example = command->examples; *example && !tables; example++) {
		struct shell_lab own;
		char line[4096];

		if (strstr(*example, "build") || strstr(*example, "scans"))
			continue;
		shell_lab_open(&own, FED_PLUGIN_DIR);
		snprintf(line, sizeof line, "%s --json", *example);
		shell_lab_run(&own, line); /* the last command may be another one */
		const char *last = strstr(shell_lab_said(&own), "{\"v\":1,\"table\":");
		tables = last != NULL;
		shell_lab_close(&own);
	}
	ck_assert_msg(tables, "%s prints no table", command->name);
}
END_TEST

FED_SUITE(redirect)
{
	Suite *suite = suite_create("redirect");
	TCase *tests = tcase_create("redirect");
	int n = 0;

	while (fed__command_at(&shell_lab_table, (size_t)n, NULL))
		n++;
	tcase_add_checked_fixture(tests, open_lab, close_lab);
	tcase_add_test(tests, output_goes_to_files);
	tcase_add_test(tests, a_file_that_cannot_be_written_stops_the_command);
	tcase_add_test(tests, the_journal_has_the_command_alone);
	tcase_add_test(tests, conditions_keep_their_operators);
	tcase_add_test(tests, output_goes_to_programs);
	tcase_add_test(tests, tables_as_data);
	tcase_add_test(tests, empty_tables_as_data);
	tcase_add_test(tests, clients_are_filtered_and_sorted);
	tcase_add_test(tests, csv_is_quoted_and_json_escaped);
	tcase_add_loop_test(tests, commands_say_whether_they_have_tables, 0, n);
	suite_add_tcase(suite, tests);
	return suite;
}
