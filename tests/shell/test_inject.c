/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/test_inject.c - inject, heal and faults, as they are typed and shown. */
#include <stdlib.h>
#include <string.h>

#include "lab.h"
#include "session/composition.h"
#include "support/suite.h"

#define SIX "dataset blobs; add-client 6 samples=20 device=phone link=4g; model softmax; "

static struct shell_lab lab;

static void open_lab(void)
{
	shell_lab_open(&lab, FED_PLUGIN_DIR);
	ck_assert_int_eq(shell_lab_run(&lab, SIX), FED_EXIT_OK);
}
static void close_lab(void)
{
	shell_lab_close(&lab);
}

static const char *said(const char *line, enum fed_exit wanted)
{
	return shell_lab_reply(&lab, line, wanted);
}

static void says(const char *line, const char *words)
{
	assert_shows(said(line, FED_EXIT_OK), words);
}

START_TEST(the_table_follows_the_versions)
{
	static const char before[] =
		"  number  fault      parameters                       clients  when               "
		"now            strikes\n"
		"       1  offline    -                                3        from version 1 on  "
		"active               0\n"
		"       2  byzantine  attack=alie knowledge=all z=1.5  0,1      versions 3 to 4    "
		"in 2 versions        0\n"
		"       3  straggler  factor=4                         0,2-5    version 1          "
		"active               -\n";
	static const char after[] =
		"  number  fault      parameters                       clients  when               "
		"now     strikes\n"
		"       1  offline    -                                3        from version 1 on  "
		"active        4\n"
		"       2  byzantine  attack=alie knowledge=all z=1.5  0,1      versions 3 to 4    "
		"over          4\n"
		"       3  straggler  factor=4                         0,2-5    version 1          "
		"over          -\n";

	says("faults", "no faults; `help inject` lists what can be injected\n");
	says("inject offline 3; inject byzantine 0,1 z=1.5 attack=alie at=3 for=2", "fault 2: ");
	says("inject straggler 0,2-5 factor=4 for=1", "fault 3: straggler factor=4 on clients 0,2-5, "
	                                              "version 1\n");
	ck_assert_str_eq(said("faults", FED_EXIT_OK), before);
	says("round 3", "fault 3: straggler factor=4 is over on clients 0,2-5\n");
	said("round", FED_EXIT_OK);
	ck_assert_str_eq(said("faults", FED_EXIT_OK), after);
	says("status", "faults      3, 1 of them active");
}
END_TEST

START_TEST(clients_show_their_faults)
{
	ck_assert_ptr_null(strstr(said("clients", FED_EXIT_OK), "faults"));
	said("inject flaky 1,2; inject crash 2 at=4; inject hang 3 for=1 p=0; round", FED_EXIT_OK);
	const char *text = said("clients", FED_EXIT_OK);
	ck_assert_ptr_nonnull(strstr(text, "loss  faults\n"));
	ck_assert_ptr_nonnull(strstr(text, "  flaky,(crash)\n"));
	ck_assert_ptr_null(strstr(text, "hang"));
	says("client 2", "faults        flaky,(crash)\n");
	ck_assert_ptr_null(strstr(said("client 3", FED_EXIT_OK), "faults"));
}
END_TEST

START_TEST(healing_says_whom)
{
	said("inject flaky all; inject straggler 1-3; inject flaky 5 p=0.1", FED_EXIT_OK);
	says("heal 1 fault=straggler", "fault 2: straggler factor=10 is healed on client 1\n");
	says("heal fault=3", "fault 3: flaky p=0.1 is healed on client 5\n");
	says("heal fault=flaky", "fault 1: flaky p=0.5 is healed on clients 0-5\n");
	says("heal fault=flaky", "no such fault to heal; `faults` lists all\n");
	says("heal", "fault 2: straggler factor=10 is healed on clients 2,3\n");
	says("faults", "no faults; ");
}
END_TEST

/* Errors are told once, in words that lead on; nothing was injected. */
START_TEST(mistakes_are_usage_errors)
{
	static const struct {
		const char *line, *words;
	} wrong[] = {
		{"inject", "inject: fault is missing"},
		{"inject straggler", "who is missing"},
		{"inject stragler 3", "did you mean straggler?"},
		{"inject straggler 3 4", "unexpected argument 4"},
		{"inject straggler 33", "33: there are 6 clients, from 0 to 5"},
		{"inject straggler 3 fctor=2", "straggler has no parameter fctor; did you mean factor?"},
		{"inject straggler 3 att=2", "did you mean at?"},
		{"inject straggler 3 at=-1", "at=-1: must be a whole number from 1 or next"},
		{"inject straggler 3 for=soon", "for=soon: must be"},
		{"inject straggler 3 factor", "factor needs a value: factor=VALUE"},
		{"inject alie 3", "alie is an attack; say `inject byzantine WHO attack=alie`"},
		{"heal flaky", "flaky is a fault; say `heal fault=flaky`"},
		{"heal fault=9", "there is no fault number 9"},
		{"explain straglers", "did you mean straggler?"},
	};

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		const char *text = said(wrong[i].line, FED_EXIT_USAGE);

		ck_assert_msg(strstr(text, wrong[i].words) != NULL, "%s: \"%s\" lacks \"%s\"",
		              wrong[i].line, text, wrong[i].words);
	}
	ck_assert_uint_eq(fed_session_parts(lab.shell.session)->faults.n, 0);
	ck_assert_ptr_null(strstr(fed_text_str(&lab.shell.journal), "inject"));
}
END_TEST

START_TEST(help_tells_each_fault)
{
	says("inject ?", "straggler     factor=             computes slowly\n");
	says("inject straggler ?", "fault straggler: computes slowly\n\nEach training takes");
	says("help faults", "faults: inject faults, and heal them\n  inject FAULT WHO");
	says("aggregator fedprox ?", "aggregator fedprox (FedProx): ");
	for (size_t k = 0; k < FED_FAULT_KINDS; k++) {
		char line[64];

		snprintf(line, sizeof line, "explain %s", fed_fault_types[k].name);
		says(line, fed_fault_types[k].doc);
	}
	says("explain lossy", "transport lossy"); /* the other one of this name */
}
END_TEST

/* The journal repeats everything, chosen clients included. */
START_TEST(a_replay_meets_the_same)
{
	said("round; inject flaky random:3 p=0.4; inject byzantine 20% at=4; round 4; heal 0; round",
	     FED_EXIT_OK);
	struct shell_lab again;
	shell_lab_open(&again, FED_PLUGIN_DIR);
	const struct fed_text *journal = &lab.shell.journal;
	ck_assert_int_eq(fed__shell_execute(&again.shell, journal->s, journal->len, NULL), FED_EXIT_OK);
	const struct fed_session *a = lab.shell.session, *b = again.shell.session;
	ck_assert_uint_eq(fed_session_version(b), 6);
	ck_assert_mem_eq(fed_session_params(a), fed_session_params(b),
	                 fed_session_parts(a)->net.dim * sizeof(float));
	ck_assert_uint_eq(fed_session_parts(a)->faults.fault[0].strikes,
	                  fed_session_parts(b)->faults.fault[0].strikes);
	shell_lab_close(&again);
}
END_TEST

START_TEST(faults_are_events)
{
	shell_lab_record_json(&lab);
	said("inject crash 2 for=1; round 2; heal", FED_EXIT_OK);
	const char *json = shell_lab_json(&lab);
	assert_shows(json, "\"event\":\"fault\",\"round\":0");
	assert_shows(json, "\"text\":\"fault 1: crash p=1 on client 2, version 1\"");
	assert_shows(json, "crash p=1 is over on client 2");
	says("log kind=fault", "fault 1: crash p=1 is healed on client 2");
	says("log kind=lost", "client 2");
}
END_TEST

FED_SUITE(inject)
{
	Suite *suite = suite_create("injecting");
	TCase *tests = tcase_create("faults");

	tcase_add_checked_fixture(tests, open_lab, close_lab);
	tcase_add_test(tests, the_table_follows_the_versions);
	tcase_add_test(tests, clients_show_their_faults);
	tcase_add_test(tests, healing_says_whom);
	tcase_add_test(tests, mistakes_are_usage_errors);
	tcase_add_test(tests, help_tells_each_fault);
	tcase_add_test(tests, a_replay_meets_the_same);
	tcase_add_test(tests, faults_are_events);
	suite_add_tcase(suite, tests);
	return suite;
}
