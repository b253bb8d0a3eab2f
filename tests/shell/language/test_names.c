/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/language/test_names.c - names of clients in any script: given, shown, selected, kept. */
#include <string.h>

#include "report/client_table.h"
#include "session/composition.h"
#include "shell/lab.h"
#include "shell/language/complete.h"
#include "support/suite.h"
#include "train/clients/names.h"

static struct shell_lab lab;

static void set_up(void)
{
	shell_lab_open(&lab, FED_PLUGIN_DIR);
	shell_lab_reply(&lab, "dataset blobs train=400 test=40; model softmax", FED_EXIT_OK);
}

static void tear_down(void)
{
	shell_lab_close(&lab);
}

static const char *name_of(uint32_t id)
{
	const char *name = fed_client_name(&fed_session_parts(lab.shell.session)->clients, id);

	return name ? name : "";
}

START_TEST(several_clients_get_numbers_or_a_list)
{
	shell_lab_reply(&lab, "add-client 2 samples=20 name=서울", FED_EXIT_OK);
	shell_lab_reply(&lab, "add-client 3 samples=20 name=Ada,Zoë,мир", FED_EXIT_OK);
	shell_lab_reply(&lab, "add-client 2 samples=20 name=서울", FED_EXIT_OK);
	shell_lab_reply(&lab, "add-client 1 samples=20", FED_EXIT_OK);
	static const char *const expected[] = {"서울-1", "서울-2", "Ada",    "Zoë",
	                                       "мир",    "서울-3", "서울-4", ""};
	for (uint32_t id = 0; id < 8; id++)
		ck_assert_str_eq(name_of(id), expected[id]);
}
END_TEST

static const char *const refused[][2] = {
	{"add-client 2 name=a,b,c", "3 names for 2 clients"},
	{"add-client 1 name=7", "begins with a letter"},
	{"add-client 1 name=1-5", "begins with a letter"},
	{"add-client 1 name='a b'", "begins with a letter"},
	{"add-client 1 name=20%", "begins with a letter"},
	{"add-client 1 name=all", "in a selection it has a meaning"},
	{"add-client 1 name=random", "in a selection it has a meaning"},
	{"add-client 1 name=lost", "in a selection it has a meaning"},
	{"add-client 2 name=x,x", "stands twice"},
	{"add-client 1 name=한국어", "is the name of client 0 already"},
	{"set client 1 name=한국어", "is the name of client 0 already"},
	{"set client 0,1 name=x,y,z", "3 names for 2 clients"},
	{"remove-client 한국", "did you mean `한국어`?"},
	{"client 한국", "did you mean `한국어`?"},
};

START_TEST(a_wrong_name_changes_nothing)
{
	lab.shell.screen.utf8 = true;
	shell_lab_reply(&lab, "add-client 1 samples=20 name=한국어; add-client 1 samples=20",
	                FED_EXIT_OK);
	ck_assert_int_ne(shell_lab_run(&lab, refused[_i][0]), FED_EXIT_OK);
	assert_shows(shell_lab_said(&lab), refused[_i][1]);
	const struct fed_clients *c = &fed_session_parts(lab.shell.session)->clients;
	ck_assert_uint_eq(c->n, 2);
	ck_assert_uint_eq(c->pool.left, 360);
	ck_assert_str_eq(name_of(0), "한국어");
	ck_assert_str_eq(name_of(1), "");
}
END_TEST

/* A word that a filter takes alone is no name. */
START_TEST(words_of_filters_are_no_names)
{
	struct fed_client_table table = {.n = 0};
	struct fed_error err;

	shell_lab_reply(&lab, "add-client 2 samples=20", FED_EXIT_OK);
	for (const char *const *list = fed_activity_names; list;
	     list = list == fed_activity_names ? fed_verdict_kind_names : NULL)
		for (size_t i = 0; list[i]; i++)
			ck_assert_msg(fed_client_name_check(list[i], &err) != FED_OK, "%s", list[i]);
	for (const struct fed_field *f = fed_client_table_fields; f->type; f++)
		if (fed_client_table_filter(&table, lab.shell.session, f->name, &err) == FED_OK)
			ck_assert_msg(fed_client_name_check(f->name, &err) != FED_OK, "%s", f->name);
	fed_client_table_release(&table);
}
END_TEST

static const char *const shown[] = {
	"clients",
	"clients 한국어",
	"updates",
	"timeline",
	"costs",
	"client 한국어",
	"updates map",
	"clients --json",
	"log kind=all",
	"plane 한국어",
	"reconstruct 한국어 from=update",
};

START_TEST(a_name_is_shown_and_selects)
{
	lab.shell.screen.utf8 = true;
	shell_lab_reply(&lab,
	                "add-client 2 samples=20 name=가나,한국어 device=phone link=4g; "
	                "inject byzantine 한국어; round 2",
	                FED_EXIT_OK);
	assert_shows(shell_lab_reply(&lab, shown[_i], FED_EXIT_OK), "한국어");
	assert_lacks(shell_lab_said(&lab), "?");
	assert_lacks(shell_lab_reply(&lab, "clients 가나 columns=client,name", FED_EXIT_OK),
	             "1  한국어");
	assert_shows(shell_lab_reply(&lab, "faults", FED_EXIT_OK), "byzantine");
}
END_TEST

/* Wide letters take two columns: what follows stands below its title. */
START_TEST(columns_stay_aligned)
{
	lab.shell.screen.utf8 = true;
	shell_lab_reply(&lab, "add-client 2 samples=20 name=한국어,abcdef", FED_EXIT_OK);
	const char *said = shell_lab_reply(&lab, "clients columns=client,name,examples", FED_EXIT_OK);
	assert_shows(said, "  client  name    examples\n"
	                   "       0  한국어        20\n"
	                   "       1  abcdef        20\n");
	lab.shell.screen.utf8 = false;
	said = shell_lab_reply(&lab, "clients columns=client,name,examples", FED_EXIT_OK);
	assert_shows(said, "       0  ______        20\n");
}
END_TEST

START_TEST(names_are_saved_restored_and_undone)
{
	struct fed_temp temp;
	struct fed_text line = {0};

	fed_temp_make(&temp);
	shell_lab_reply(&lab, "add-client 3 samples=20 name=한국어,b,c; round 1", FED_EXIT_OK);
	shell_lab_reply(&lab, "set client 1,2 name=c,b", FED_EXIT_OK);
	fed_text_add(&line, "save %s/made", temp.dir);
	shell_lab_reply(&lab, fed_text_str(&line), FED_EXIT_OK);
	shell_lab_reply(&lab, "remove-client b; set client 한국어 name=", FED_EXIT_OK);
	ck_assert_str_eq(name_of(0), "");
	ck_assert_str_eq(name_of(2), "");
	fed_text_clear(&line);
	fed_text_add(&line, "restore %s/made", temp.dir);
	shell_lab_reply(&lab, fed_text_str(&line), FED_EXIT_OK);
	ck_assert_str_eq(name_of(0), "한국어");
	ck_assert_str_eq(name_of(1), "c");
	ck_assert_str_eq(name_of(2), "b");
	shell_lab_reply(&lab, "reset", FED_EXIT_OK);
	shell_lab_reply(&lab, "undo", FED_EXIT_OK);
	ck_assert_str_eq(name_of(0), "한국어");
	fed_text_release(&line);
	fed_temp_remove(&temp);
}
END_TEST

/* In an open round, too; what the round computes stays the same. */
START_TEST(a_client_is_renamed_at_any_time)
{
	shell_lab_reply(&lab, "add-client 2 samples=20 name=a,b; step 2; set client a name=c",
	                FED_EXIT_OK);
	shell_lab_reply(&lab, "abort", FED_EXIT_OK);
	ck_assert_str_eq(name_of(0), "c");
	shell_lab_reply(&lab, "clients c and examples>1", FED_EXIT_OK);
}
END_TEST

/* Owners of the data lend their names, with a dash for what a name cannot have. */
START_TEST(natural_clients_are_named_after_their_owners)
{
	static const char table[] = "owner,x,label\n"
								"Ana Lee,1,a\nAna Lee,2,b\nAna Lee,3,a\nAna Lee,4,b\n"
								"all,1,a\nall,2,b\nall,3,a\nall,4,b\n"
								"7,1,a\n7,2,b\n7,3,a\n7,4,b\n"
								"부산,1,a\n부산,2,b\n부산,3,a\n부산,4,b\n";
	struct fed_temp temp;
	struct fed_text line = {0};

	fed_temp_make(&temp);
	fed_temp_write(&temp, "owned.csv", table, sizeof table - 1);
	fed_text_add(&line, "dataset %s/owned.csv client=owner; add-client 4 natural", temp.dir);
	shell_lab_reply(&lab, fed_text_str(&line), FED_EXIT_OK);
	bool seen[3] = {false};
	for (uint32_t id = 0; id < 4; id++) {
		seen[0] |= strcmp(name_of(id), "Ana-Lee") == 0;
		seen[1] |= strcmp(name_of(id), "부산") == 0;
		seen[2] |= strcmp(name_of(id), "all") == 0 || strcmp(name_of(id), "7") == 0;
	}
	ck_assert(seen[0] && seen[1] && !seen[2]);
	fed_text_release(&line);
	fed_temp_remove(&temp);
}
END_TEST

START_TEST(a_name_is_completed)
{
	static const char typed[] = "inject byzantine 0,한";
	struct fed_candidates found;

	shell_lab_reply(&lab, "add-client 2 samples=20 name=한국어,b", FED_EXIT_OK);
	fed__complete(&lab.shell, typed, sizeof typed - 1, &found);
	ck_assert_uint_eq(found.n, 1);
	ck_assert_str_eq(found.text[0], "0,한국어");
	fed__candidates_release(&found);
}
END_TEST

/* In conditions a name stands for the number, in lists it is beside it. */
START_TEST(conditions_and_lists_know_names)
{
	struct fed_text line = {0};
	struct fed_temp temp;

	fed_temp_make(&temp);
	lab.shell.screen.utf8 = true;
	shell_lab_reply(&lab, "add-client 3 samples=20; add-client 3 samples=20 name=한국어,Ada,x-3",
	                FED_EXIT_OK);
	const char *said =
		shell_lab_reply(&lab, "break client==x-3,event==trained; break", FED_EXIT_OK);
	assert_shows(said, "client==5,event==trained\n");
	said = shell_lab_reply(&lab, "inject offline 1-4; faults --csv", FED_EXIT_OK);
	assert_shows(said, "on clients 1,2,3 한국어,4 Ada, from version 1 on");
	assert_shows(said, ",\"1,2,3 한국어,4 Ada\",");
	shell_lab_reply(&lab, "heal all", FED_EXIT_OK);
	said = shell_lab_reply(&lab, "round 1", FED_EXIT_OK);
	assert_shows(said, "event trained");
	said = shell_lab_reply(&lab, "continue; clients client!=Ada and client!=1 columns=client --csv",
	                       FED_EXIT_OK);
	assert_shows(said, "client\n0\n2\n3\n5\n");
	said = shell_lab_reply(&lab, "clients client==한국어 columns=client --csv", FED_EXIT_OK);
	assert_shows(said, "client\n3\n");
	assert_shows(shell_lab_reply(&lab, "clients client==Adb", FED_EXIT_USAGE), "did you mean Ada?");
	assert_shows(shell_lab_reply(&lab, "break client>Ada", FED_EXIT_USAGE), "== and != alone");
	/* The number stays true; a name is gone with its client. */
	fed_text_add(&line, "remove-client x-3; save %s/made; break delete all; restore %s/made; break",
	             temp.dir, temp.dir);
	assert_shows(shell_lab_reply(&lab, fed_text_str(&line), FED_EXIT_OK),
	             "client==5,event==trained\n");
	assert_shows(shell_lab_reply(&lab, "break client==x-3", FED_EXIT_USAGE), "no client is called");
	fed_text_release(&line);
	fed_temp_remove(&temp);
}
END_TEST

START_TEST(events_as_json_have_names)
{
	shell_lab_reply(&lab, "add-client 2 samples=20 name=한국어,Ada; inject offline 0", FED_EXIT_OK);
	shell_lab_record_json(&lab);
	shell_lab_reply(&lab, "round 1", FED_EXIT_OK);
	assert_shows(shell_lab_json(&lab), "\"client\":0,\"name\":\"한국어\",\"text\":\"the client");
}
END_TEST

FED_SUITE(names)
{
	Suite *suite = suite_create("names");
	TCase *names = tcase_create("names");

	tcase_add_checked_fixture(names, set_up, tear_down);
	tcase_add_test(names, several_clients_get_numbers_or_a_list);
	tcase_add_loop_test(names, a_wrong_name_changes_nothing, 0, sizeof refused / sizeof *refused);
	tcase_add_test(names, words_of_filters_are_no_names);
	tcase_add_loop_test(names, a_name_is_shown_and_selects, 0, sizeof shown / sizeof *shown);
	tcase_add_test(names, columns_stay_aligned);
	tcase_add_test(names, names_are_saved_restored_and_undone);
	tcase_add_test(names, a_client_is_renamed_at_any_time);
	tcase_add_test(names, natural_clients_are_named_after_their_owners);
	tcase_add_test(names, a_name_is_completed);
	tcase_add_test(names, conditions_and_lists_know_names);
	tcase_add_test(names, events_as_json_have_names);
	suite_add_tcase(suite, names);
	return suite;
}
