/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The view `split`: layers, cuts that could be made and what they cost. */
#include <string.h>

#include "net/messenger.h"
#include "tui/glass.h"
#include "tui/views/split.h"

static const char lines[] = "dataset glyphs train=200 test=40;model mlp hidden=40,20;"
							"add 4 iid 30 1e6 4g;set batch 10";

START_TEST(golden_models)
{
	struct glass g;

	glass_init(&g, "");
	glass_open(&g, &fed__view_split);
	ck_assert_str_eq(glass_look(&g, 70, 1, true),
	                 "no model yet: `model mlp` makes one, and so does `round`\n");
	glass_press(&g, "up,down,page up,end,home");
	small_do(&g.session, lines);
	glass_golden(&g, "split-whole", 110, 20, true);
	glass_golden(&g, "split-whole-ascii", 60, 16, false);
	glass_press(&g, "end");
	glass_golden(&g, "split-whole-end", 40, 5, true);
	glass_release(&g);
	glass_init(&g, "dataset blobs train=40 test=10;model softmax");
	glass_open(&g, &fed__view_split);
	glass_look(&g, 70, 3, true);
	glass_shows(&g, "a model of one layer cannot be cut");
	glass_press(&g, "up,down,page up,end,home");
	glass_release(&g);
}
END_TEST

START_TEST(costs_add_up)
{
	struct fed_session s;

	small_init(&s, NULL);
	small_do(&s, lines);
	const struct fed_net *net = &s.parts.net;
	for (size_t cut = 1; cut < net->layers; cut++) {
		const struct fed_division one = {.at = {cut, net->layers}, .labels = true};
		const struct fed_crossing c = fed__crossing_at(&s, &one);
		const size_t width = fed_shape_size(&net->layer[cut].in);

		ck_assert_uint_eq(fed__width_at(net, cut), width);
		ck_assert_double_eq(c.down, (double)fed_frame_size(1, 10 * width));
		ck_assert_double_eq(c.up, c.down + 10 * sizeof(float)); /* a label each */
		ck_assert_int_eq(c.messages, 2);
		ck_assert_uint_eq(fed__params_of(net, 0, cut), net->layer[cut].offset);
		ck_assert_uint_eq(fed__params_of(net, 0, cut) + fed__params_of(net, cut, net->layers),
		                  net->dim);
		if (cut + 1 == net->layers)
			break;
		const struct fed_division two = {.at = {cut, cut + 1}, .labels = false};
		const struct fed_crossing both = fed__crossing_at(&s, &two);
		ck_assert_int_eq(both.messages, 4);
		ck_assert_double_eq(both.up, both.down); /* labels stay */
	}
	ck_assert_uint_eq(fed__batch_of(&s), 10);
	small_do(&s, "set batch 0"); /* all of a client's examples */
	ck_assert_uint_eq(fed__batch_of(&s), 30);
	small_do(&s, "set batch 500");
	ck_assert_uint_eq(fed__batch_of(&s), 30);
	fed__session_release(&s);
}
END_TEST

/* Under scheme split: who holds what, and what is told to cross is what was said to. */
START_TEST(a_model_that_is_cut)
{
	struct glass g;
	struct fed_division d;
	const struct fed_logged_event *past;
	uint64_t number;
	bool up;

	glass_init(&g, lines);
	small_do(&g.session, "scheme split cut=2");
	glass_open(&g, &fed__view_split);
	ck_assert(fed__division_of(&g.session, &d) && d.real && d.at[0] == 2);
	ck_assert_ptr_null(fed__last_crossing(&g.session, &up, &number));
	glass_look(&g, 100, 20, true);
	glass_shows(&g, "nothing has crossed the cut yet");
	small_do(&g.session, "step");
	for (int i = 0; i < 50 && !fed__last_crossing(&g.session, &up, &number); i++)
		small_do(&g.session, "step");
	past = fed__last_crossing(&g.session, &up, &number);
	ck_assert(past && up);
	ck_assert_double_eq((double)past->bytes, fed__crossing_at(&g.session, &d).up);
	glass_golden(&g, "split-cut", 90, 18, true);
	for (int i = 0; i < 50 && up; i++) {
		small_do(&g.session, "step");
		past = fed__last_crossing(&g.session, &up, &number);
	}
	ck_assert_double_eq((double)past->bytes, fed__crossing_at(&g.session, &d).down);
	small_do(&g.session, "continue");
	/* So far: what the history, and so --json, says. */
	struct fed_record total;
	struct fed_text want = {0};
	fed_history_total(&g.session.history, &total);
	fed_text_add(&want, "so far: ");
	fed_text_bytes(&want, total.bytes_up);
	fed_text_add(&want, " up, ");
	fed_text_bytes(&want, total.bytes_down);
	fed_text_add(&want, " down, ");
	fed_text_count(&want, total.messages);
	glass_look(&g, 100, 20, true);
	glass_shows(&g, fed_text_str(&want));
	fed_text_release(&want);
	glass_press(&g, "down,enter");
	ck_assert_str_eq(g.said, "set scheme.cut 3\n");
	small_do(&g.session, "scheme split labels=client cut=2,5;round 1");
	ck_assert(fed__division_of(&g.session, &d) && d.at[1] == 5 && !d.labels);
	glass_golden(&g, "split-tail", 90, 18, false);
	glass_release(&g);
}
END_TEST

FED_SUITE(view_split)
{
	Suite *suite = suite_create("view_split");
	TCase *tests = tcase_create("view_split");

	tcase_add_test(tests, golden_models);
	tcase_add_test(tests, costs_add_up);
	tcase_add_test(tests, a_model_that_is_cut);
	suite_add_tcase(suite, tests);
	return suite;
}
