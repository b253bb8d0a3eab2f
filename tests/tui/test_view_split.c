/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The view `split`: layers, cuts that could be made and what they cost. */
#include <string.h>

#include "net/post.h"
#include "tui/glass.h"
#include "tui/view_split.h"

static const char lines[] = "dataset glyphs train=200 test=40;model mlp hidden=40,20;"
							"add 4 iid 30 1e6 4g;set batch 10";

START_TEST(golden_models)
{
	struct glass g;

	glass_init(&g, "");
	glass_open(&g, &fed_view_split);
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
	glass_open(&g, &fed_view_split);
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
	const struct fed_net *net = &s.net;
	for (size_t cut = 1; cut < net->layers; cut++) {
		const struct fed_division one = {.at = {cut, net->layers}, .labels = true};
		const struct fed_crossing c = fed_crossing_at(&s, &one);
		const size_t width = fed_shape_size(&net->layer[cut].in);

		ck_assert_uint_eq(fed_width_at(net, cut), width);
		ck_assert_double_eq(c.down, (double)fed_frame_size(1, 10 * width));
		ck_assert_double_eq(c.up, c.down + 10 * sizeof(float)); /* a label each */
		ck_assert_int_eq(c.messages, 2);
		ck_assert_uint_eq(fed_params_of(net, 0, cut), net->layer[cut].offset);
		ck_assert_uint_eq(fed_params_of(net, 0, cut) + fed_params_of(net, cut, net->layers),
		                  net->dim);
		if (cut + 1 == net->layers)
			break;
		const struct fed_division two = {.at = {cut, cut + 1}, .labels = false};
		const struct fed_crossing both = fed_crossing_at(&s, &two);
		ck_assert_int_eq(both.messages, 4);
		ck_assert_double_eq(both.up, both.down); /* labels stay */
	}
	ck_assert_uint_eq(fed_batch_of(&s), 10);
	small_do(&s, "set batch 0"); /* all of a client's examples */
	ck_assert_uint_eq(fed_batch_of(&s), 30);
	small_do(&s, "set batch 500");
	ck_assert_uint_eq(fed_batch_of(&s), 30);
	fed_session_release(&s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("view_split");
	TCase *tests = tcase_create("view_split");

	tcase_add_test(tests, golden_models);
	tcase_add_test(tests, costs_add_up);
	suite_add_tcase(suite, tests);
	return fed_run_suite(suite);
}
