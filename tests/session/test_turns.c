/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Scheme split, clients in turn: faults of the message with which a client hands its layers on.
 */
#include <check.h>
#include <math.h>
#include <string.h>

#include "report/invitation_text.h"
#include "session/small.h"
#include "train/schemes/split.h"

static const char *const relays[] = {"server", "peer"};
enum { RELAYS = sizeof relays / sizeof *relays };

static void compose(struct fed_session *s, struct heard *heard, const char *relay,
                    const char *faults)
{
	char line[80];

	small_compose(s, heard, "fedavg");
	snprintf(line, sizeof line, "model mlp hidden=5,4;scheme split cut=2 relay=%s", relay);
	small_do(s, line);
	if (faults)
		small_do(s, faults);
	small_do(s, "round 1");
}

static bool all_finite(const struct fed_session *s)
{
	for (size_t j = 0; j < s->parts.net.dim; j++)
		if (!isfinite(fed_session_params(s)[j]))
			return false;
	return true;
}

/* Whoever fails with its head is left out: the others go on with the one before. */
static const struct {
	const char *fault, *says;
	int refused, late;
} failures[] = {
	{"inject nan 2", "its head is not finite", 1, 0},
	{"inject byzantine 2 attack=nan", "", 1, 0},
	{"inject corrupt 2 bits=1", "", 1, 0},
	{"inject late 2", "the others go on without its head", 0, 1},
	{"inject partition 2", "the others go on without its head", 0, 1},
};
enum { FAILURES = sizeof failures / sizeof *failures };

START_TEST(a_head_that_fails_is_left_out)
{
	const int i = _i / RELAYS;
	struct heard heard;
	struct fed_session s;

	compose(&s, &heard, relays[_i % RELAYS], failures[i].fault);
	ck_assert_double_eq(small_last(&s)->invited, 4);
	ck_assert_double_eq(small_last(&s)->reported, 3);
	ck_assert_double_eq(small_last(&s)->refused, failures[i].refused);
	ck_assert_double_eq(small_last(&s)->late, failures[i].late);
	ck_assert_uint_eq(s.parts.faults.fault[0].strikes,
	                  i == 1 ? s.parts.faults.fault[0].strikes : 1);
	ck_assert_msg(strstr(heard.text, failures[i].says) != NULL, "%s", heard.text);
	ck_assert(all_finite(&s));
	ck_assert_uint_eq(s.federation.n_held, 0);
	small_do(&s, "heal;round 1");
	ck_assert_double_eq(small_last(&s)->reported, 4);
	fed__session_release(&s);
}
END_TEST

/* The second of two equal heads is seen, paid for and ignored. */
START_TEST(a_head_that_comes_twice_counts_once)
{
	struct fed_session once, twice;
	struct heard heard;

	compose(&once, NULL, "server", NULL);
	compose(&twice, &heard, "server", "inject duplicate 2");
	ck_assert_double_eq(small_last(&twice)->reported, 4);
	ck_assert_double_eq(small_last(&twice)->messages, small_last(&once)->messages + 1);
	ck_assert_uint_eq(heard.count[FED_EVENT_REFUSED], 1);
	ck_assert_mem_eq(fed_session_params(&once), fed_session_params(&twice),
	                 once.parts.net.dim * sizeof(float));
	fed__session_release(&once);
	fed__session_release(&twice);
}
END_TEST

/* Who comes after one that never answers is given its time. */
START_TEST(one_that_hangs_stops_no_other)
{
	struct fed_session s;
	char line[48];

	small_compose(&s, NULL, "fedavg");
	snprintf(line, sizeof line, "inject hang %d", _i);
	small_do(&s, "add 5 iid 4;model mlp hidden=5,4;scheme split cut=2");
	small_do(&s, line);
	small_do(&s, "round 1");
	ck_assert_double_eq(small_last(&s)->lost, 1);
	ck_assert_double_eq(small_last(&s)->reported, 8);
	fed__session_release(&s);
}
END_TEST

/* No aggregator judges a turn, and still its journey ends with the version. */
START_TEST(what_was_handed_on_is_told)
{
	struct fed_session s;

	compose(&s, NULL, relays[_i], "inject late 2");
	for (uint32_t id = 0; id < 4; id++) {
		const struct fed_invitation_record *x =
			fed_invitation_log_last(&s.event_log.invitation_log, id);
		struct fed_text fate = {0};

		fed_invitation_put_outcome(x, &s.event_log, &fate);
		if (id == 2)
			ck_assert_str_eq(fed_text_str(&fate), "late: the others go on without its head");
		else
			ck_assert_str_eq(fed_text_str(&fate), "passed its head on in version 1");
		ck_assert(id == 2 || x->until == fed_session_clock(&s));
		fed_text_release(&fate);
	}
	small_do(&s, "set relay server;set parallel v1;heal;round 1");
	ck_assert_double_gt((double)fed_invitation_log_last(&s.event_log.invitation_log, 1)->weight,
	                    0.2);
	fed__session_release(&s);
}
END_TEST

START_TEST(what_does_nothing_in_turn_is_told)
{
	struct heard heard;
	struct fed_session s;

	compose(&s, &heard, "server", "inject byzantine 1,2 attack=alie");
	ck_assert_msg(strstr(heard.text, "alie can do nothing where clients train in turn") != NULL,
	              "%s", heard.text);
	heard.len = 0;
	heard.text[0] = 0;
	small_do(&s, "set parallel v1;heal;inject byzantine 1,2 attack=alie");
	ck_assert_ptr_null(strstr(heard.text, "can do nothing"));
	small_do(&s, "set parallel off;inject duplicate 1");
	ck_assert_ptr_null(strstr(heard.text, "can do nothing"));
	small_do(&s, "set relay peer;inject duplicate 1");
	ck_assert_ptr_nonnull(strstr(heard.text, "duplicate can do nothing"));
	fed__session_release(&s);
}
END_TEST

/* A rule that was chosen, in any order. */
START_TEST(an_aggregator_without_work_is_told)
{
	static const struct {
		const char *lines;
		bool told;
	} cases[] = {
		{"aggregator median;scheme split", true},
		{"scheme split;aggregator krum", true},
		{"scheme split;aggregator fedavg", false},
		{"aggregator median;scheme split parallel=v2", false},
	};
	struct heard heard;
	struct fed_session s;

	small_compose(&s, &heard, "fedavg");
	small_do(&s, "model mlp hidden=5,4");
	small_do(&s, cases[_i].lines);
	ck_assert_msg(cases[_i].told == (strstr(heard.text, "nothing to combine") != NULL), "%s",
	              heard.text);
	fed__session_release(&s);
}
END_TEST

/* What does not go together, or not with this model, is refused at once, and nothing changes. */
START_TEST(settings_that_do_not_fit_are_refused)
{
	static const struct {
		const char *line, *words;
	} cases[] = {
		{"scheme split cut=9", "cut=1 to cut=4"},
		{"scheme split cut=3,2 labels=client", "leaves the server no layer"},
		{"scheme split cut=1,3", "labels=client two"},
		{"scheme split relay=peer parallel=v1", "relay=server"},
		{"scheme split smashed=batch", "or take smashed=single"},
		{"set scheme.cut 9", "cut=1 to cut=4"},
		{"set smashed batch", "parallel=v2, not off"},
	};
	struct fed_session s;

	small_compose(&s, NULL, "fedavg");
	small_do(&s, "model mlp hidden=5,4;scheme split cut=2");
	small_refuses(&s, cases[_i].line, cases[_i].words);
	ck_assert_int_eq(((const struct fed_split *)s.parts.scheme_state)->cut.v[0], 2);
	small_do(&s, "round 1");
	fed__session_release(&s);
}
END_TEST

/* relay=peer: who got the head in the last round of another run has it no more. */
START_TEST(a_run_from_the_beginning_costs_the_same)
{
	struct fed_session s;

	compose(&s, NULL, "peer", NULL);
	const struct fed_costs first = s.ledger.total;
	small_do(&s, "restart;round 1");
	ck_assert_mem_eq(&first, &s.ledger.total, sizeof first);
	small_do(&s, "model mlp hidden=5,4;round 1");
	ck_assert_mem_eq(&first, &s.ledger.total, sizeof first);
	fed__session_release(&s);
}
END_TEST

FED_SUITE(turns)
{
	Suite *s = suite_create("turns");
	TCase *c = tcase_create("turns");

	tcase_add_loop_test(c, a_head_that_fails_is_left_out, 0, FAILURES * RELAYS);
	tcase_add_test(c, a_head_that_comes_twice_counts_once);
	tcase_add_loop_test(c, one_that_hangs_stops_no_other, 0, 9);
	tcase_add_loop_test(c, what_was_handed_on_is_told, 0, RELAYS);
	tcase_add_test(c, what_does_nothing_in_turn_is_told);
	tcase_add_loop_test(c, an_aggregator_without_work_is_told, 0, 4);
	tcase_add_loop_test(c, settings_that_do_not_fit_are_refused, 0, 7);
	tcase_add_test(c, a_run_from_the_beginning_costs_the_same);
	suite_add_tcase(s, c);
	return s;
}
