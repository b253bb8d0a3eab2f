/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Devices and links as they are typed: the spread that clients get at the prompt, losses, and the
 * server's own link on the screen.
 */
#include <string.h>

#include "base/file.h"
#include "session/composition.h"
#include "shell/lab.h"
#include "support/suite.h"

#define BLOBS "dataset blobs train=400 test=20; model softmax; "

static struct shell_lab lab;

static void set_up(void)
{
	shell_lab_open(&lab, FED_PLUGIN_DIR);
}

static void tear_down(void)
{
	shell_lab_close(&lab);
}

static float speed(uint32_t client)
{
	return fed_session_parts(lab.shell.session)->clients.client[client].device;
}

START_TEST(a_script_adds_clients_that_are_alike)
{
	assert_lacks(shell_lab_reply(&lab, BLOBS "add-client 3 samples=10 device=phone", FED_EXIT_OK),
	             "clients of one kind");
	ck_assert(speed(0) == 2e9f && speed(1) == 2e9f && speed(2) == 2e9f);
	shell_lab_reply(&lab,
	                "set device-spread 0.4; add-client 2 samples=10 device=phone; "
	                "add-client 1 samples=10 device=phone:0",
	                FED_EXIT_OK);
	ck_assert(speed(3) != 2e9f && speed(4) != 2e9f && speed(3) != speed(4));
	ck_assert(speed(5) == 2e9f);
	assert_shows(shell_lab_reply(&lab, "set device-spread 4", FED_EXIT_USAGE),
	             "give auto or a number from 0 to 3");
}
END_TEST

START_TEST(clients_of_one_profile_differ_at_the_prompt)
{
	char *journal;
	float there[3];

	lab.shell.lenient = true;
	assert_shows(shell_lab_reply(&lab, BLOBS "add-client 3 samples=10 device=phone", FED_EXIT_OK),
	             "clients of one kind differ");
	ck_assert(speed(0) != speed(1) && speed(1) != speed(2));
	assert_lacks(shell_lab_reply(&lab, "add-client 1 samples=10 device=iot", FED_EXIT_OK), "note");
	ck_assert(speed(3) != 1e8f);
	for (uint32_t i = 0; i < 3; i++)
		there[i] = speed(i);

	/* What was recorded says so before them: a replay makes the same clients in a script. */
	journal = strdup(fed_text_str(&lab.shell.journal));
	ck_assert_ptr_nonnull(strstr(journal, "set device-spread 0.2\nadd-client 3"));
	lab.shell.lenient = false;
	shell_lab_reply(&lab, "reset", FED_EXIT_OK);
	for (char *rest = journal, *line; (line = strsep(&rest, "\n"));)
		shell_lab_reply(&lab, line, FED_EXIT_OK);
	for (uint32_t i = 0; i < 3; i++)
		ck_assert(speed(i) == there[i]);
	free(journal);
}
END_TEST

START_TEST(what_has_no_speed_or_its_own_spread_sets_nothing)
{
	lab.shell.lenient = true;
	assert_lacks(shell_lab_reply(&lab,
	                             BLOBS "add-client 2 samples=10 device=ideal; "
	                                   "add-client 2 samples=10 device=phone:0.5",
	                             FED_EXIT_OK),
	             "note: speeds of clients");
	assert_shows(shell_lab_reply(&lab, "show device-spread", FED_EXIT_OK), "auto");
	/* A command that fails changes nothing. */
	shell_lab_reply(&lab, "add-client 2 samples=4000", FED_EXIT_FAILED);
	shell_lab_reply(&lab, "set client 77 device=phone", FED_EXIT_USAGE);
	assert_shows(shell_lab_reply(&lab, "show device-spread", FED_EXIT_OK), "auto");
	assert_shows(shell_lab_reply(&lab, "set client 0,1 link=4g", FED_EXIT_OK),
	             "note: speeds of clients");
	const struct fed_clients *c = &fed_session_parts(lab.shell.session)->clients;
	ck_assert(c->client[0].link.up != c->client[1].link.up);
}
END_TEST

START_TEST(a_link_with_losses_says_what_makes_them_happen)
{
	static const char hint[] = "of its messages under `transport lossy` only";

	lab.shell.lenient = true;
	assert_shows(shell_lab_reply(&lab, BLOBS "add-client 3 samples=10 link=3g", FED_EXIT_OK), hint);
	assert_shows(shell_lab_reply(&lab, "transport local; add-client 3 samples=10 link=3g", 0),
	             hint);
	assert_lacks(shell_lab_reply(&lab, "add-client 3 samples=10 link=lan", FED_EXIT_OK), hint);
	assert_lacks(shell_lab_reply(&lab, "transport lossy; add-client 3 samples=10 link=3g", 0),
	             hint);
}
END_TEST

START_TEST(the_servers_link_is_told)
{
	static const char compose[] = BLOBS "add-client 4 samples=10 device=ideal; ";

	shell_lab_reply(&lab, compose, FED_EXIT_OK);
	assert_lacks(shell_lab_reply(&lab, "round 2; costs", FED_EXIT_OK), "server's link");
	assert_shows(shell_lab_reply(&lab, "explain server-link", FED_EXIT_OK), "now: none");
	/* A frame of a model of 12 numbers has 112 bytes: down 3 wait 1, 2, 3 times 0.112 s, up none.
	 */
	assert_shows(shell_lab_reply(&lab, "set server-link 1k; round 1; costs", FED_EXIT_OK),
	             "messages waited 672 ms for the server's link, 28 ms in the mean");
	assert_shows(shell_lab_reply(&lab, "explain server-link", FED_EXIT_OK),
	             "in version 3: 8 messages waited 672 ms");
	const char *drawn = shell_lab_reply(&lab, "timeline n=1", FED_EXIT_OK);
	assert_shows(drawn, "queued");
	assert_shows(drawn, ":::");
	assert_shows(shell_lab_reply(&lab, "step 5", FED_EXIT_OK),
	             "a message of client 3 waits for the server's link");
	assert_shows(shell_lab_reply(&lab, "expect server-wait>0.6", FED_EXIT_OK), "ok");
	assert_shows(shell_lab_reply(&lab, "abort; set server-link 4g:1", FED_EXIT_USAGE),
	             "without a spread");
}
END_TEST

FED_SUITE(links)
{
	Suite *suite = suite_create("links");
	TCase *tests = tcase_create("links");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_script_adds_clients_that_are_alike);
	tcase_add_test(tests, clients_of_one_profile_differ_at_the_prompt);
	tcase_add_test(tests, what_has_no_speed_or_its_own_spread_sets_nothing);
	tcase_add_test(tests, a_link_with_losses_says_what_makes_them_happen);
	tcase_add_test(tests, the_servers_link_is_told);
	suite_add_tcase(suite, tests);
	return suite;
}
