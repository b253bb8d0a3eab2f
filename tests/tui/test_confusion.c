/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Drawings of confusion matrices: counts where they fit, shades where they do not.
 */
#include "tui/widgets/confusion.h"

#include <string.h>

#include "base/mem.h"
#include "support/suite.h"

static void draw(const struct fed_confusion *c, int width, bool utf8, struct fed_text *out)
{
	struct fed_error err;

	fed_text_clear(out);
	fed_assert_ok(fed_confusion_draw(c, width, utf8, false, out, &err), &err);
}

START_TEST(counts_stand_in_columns)
{
	const uint32_t count[] = {10, 0, 2, 3, 120, 0, 0, 7, 0};
	const char *const name[] = {"cat", "dog", "bird of paradise"};
	const struct fed_confusion c = {count, name, 3};
	struct fed_text t = {0};

	draw(&c, 80, false, &t);
	ck_assert_str_eq(fed_text_str(&t), "                   0   1   2\n"
	                                   "0 cat             10   .   2\n"
	                                   "1 dog              3 120   .\n"
	                                   "2 bird of para     .   7   .\n");
	fed_text_release(&t);
}
END_TEST

/* Every line has at most `width` columns; with 62 classes each is a shade. */
START_TEST(many_classes_are_shades)
{
	enum { K = 62 };
	uint32_t *count = fed_alloc_array(K * K, sizeof *count);
	const struct fed_confusion c = {count, NULL, K};
	struct fed_text t = {0};
	unsigned lines = 0;

	for (uint32_t k = 0; k < K; k++)
		count[k * K + k] = 99;
	count[1] = 99;
	for (int width = 66; width <= 80; width += 7)
		for (int utf8 = 0; utf8 < 2; utf8++) {
			draw(&c, width, utf8, &t);
			lines = 0;
			for (char *line = strtok(t.s, "\n"); line; line = strtok(NULL, "\n"), lines++)
				ck_assert_int_le(fed_text_width(line), width);
			ck_assert_uint_eq(lines, 1 + K);
		}
	draw(&c, 80, false, &t);
	ck_assert_ptr_nonnull(strstr(fed_text_str(&t), "\n 0  ++......"));
	ck_assert_ptr_nonnull(strstr(fed_text_str(&t), "\n 1  .#......"));
	draw(&c, 20, false, &t);
	ck_assert_ptr_nonnull(strstr(fed_text_str(&t), "46 more classes do not fit"));
	fed_text_release(&t);
	fed_free(count);
}
END_TEST

START_TEST(too_narrow_is_told)
{
	const uint32_t count[] = {1, 0, 0, 1};
	struct fed_text t = {0};
	struct fed_error err;

	ck_assert_int_eq(
		fed_confusion_draw(&(struct fed_confusion){count, NULL, 2}, 3, false, false, &t, &err),
		FED_FAIL);
	ck_assert_str_eq(err.text, "a confusion matrix takes at least 4 columns");
}
END_TEST

FED_SUITE(confusion)
{
	Suite *suite = suite_create("confusion");
	TCase *tests = tcase_create("confusion");

	tcase_add_test(tests, counts_stand_in_columns);
	tcase_add_test(tests, many_classes_are_shades);
	tcase_add_test(tests, too_narrow_is_told);
	suite_add_tcase(suite, tests);
	return suite;
}
