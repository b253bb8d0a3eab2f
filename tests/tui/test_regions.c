/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tints, regions and examples as text of each palette and as SVG; the layout of a plane. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "support/suite.h"
#include "tui/widgets/plane.h"
#include "tui/widgets/svg.h"
#include "tui/widgets/tint.h"

enum { SURE = FED_TINT_SHADES - 1 };

static int channel(uint32_t rgb, int shift)
{
	return (int)(rgb >> shift & 0xFF);
}

static int distance(uint32_t a, uint32_t b)
{
	int sum = 0;

	for (int shift = 0; shift <= 16; shift += 8)
		sum += abs(channel(a, shift) - channel(b, shift));
	return sum;
}

static int lightness(uint32_t rgb)
{
	return channel(rgb, 0) + channel(rgb, 8) + channel(rgb, 16);
}

/* Every tint is told apart from those of other classes, grows away from the background with the
 * confidence, and marks stand out from their own region. */
/* Each of the fixed colours is its own nearest; what lies outside is clamped; signs are as dense as
 * the colour is bright. */
START_TEST(tints_of_pixels)
{
	for (unsigned number = 16; number < 256; number++) {
		const uint32_t rgb = fed_tint_rgb((uint16_t)(FED_TINT_PIXEL + number), false);
		const double part[3] = {(rgb >> 16) / 255.0, (rgb >> 8 & 0xFF) / 255.0,
		                        (rgb & 0xFF) / 255.0};
		const uint16_t nearest = fed_tint_pixel(part);

		ck_assert_uint_lt(nearest, FED_TINTS);
		ck_assert_uint_eq(fed__tint_256(nearest, true), nearest - FED_TINT_PIXEL);
		/* greys are in the cube, too */
		ck_assert_int_le(distance(fed_tint_rgb(nearest, false), rgb), 10);
	}
	ck_assert_uint_eq(fed_tint_rgb(fed_tint_pixel((const double[]){-1, 0, 0}), true), 0);
	ck_assert_uint_eq(fed_tint_rgb(fed_tint_pixel((const double[]){7, 1, 1}), true), 0xFFFFFF);
	ck_assert_uint_eq(fed_tint_rgb(fed_tint_pixel((const double[]){2, 0, 0}), true), 0xFF0000);
	ck_assert_int_eq(fed__tint_letter(fed_tint_pixel((const double[]){0, 0, 0})), ' ');
	ck_assert_int_eq(fed__tint_letter(fed_tint_pixel((const double[]){1, 1, 1})), '@');
	ck_assert(!fed__tint_is_mark(fed_tint_pixel((const double[]){1, 0, 0})));
}
END_TEST

START_TEST(tints_differ)
{
	const bool light = _i;

	for (unsigned c = 0; c < 8; c++) {
		const uint32_t sure = fed_tint_rgb(fed__tint(c, SURE), light),
					   mark = fed_tint_rgb(fed__tint(c, FED_TINT_MARK), light);

		for (unsigned other = 0; other < c; other++)
			ck_assert_int_gt(distance(sure, fed_tint_rgb(fed__tint(other, SURE), light)), 50);
		for (int shade = 1; shade <= SURE; shade++) {
			const int step = lightness(fed_tint_rgb(fed__tint(c, shade), light)) -
			                 lightness(fed_tint_rgb(fed__tint(c, shade - 1), light));
			ck_assert(light ? step < 0 : step > 0);
		}
		ck_assert_int_gt(distance(sure, mark), 90);
		ck_assert(fed__tint_is_mark(fed__tint(c, FED_TINT_MARK)));
		ck_assert_uint_ge(fed__tint_256(fed__tint(c, SURE), light), 16);
	}
	/* the first two are told apart with 256 colours at each confidence but the least */
	for (int shade = 2; shade <= SURE; shade++)
		ck_assert_uint_ne(fed__tint_256(fed__tint(0, shade), light),
		                  fed__tint_256(fed__tint(1, shade), light));
	ck_assert_uint_eq(fed__tint(26, 2), fed__tint(0, 2));
	ck_assert_uint_lt(fed__tint(25, FED_TINT_MARK), FED_TINT_PIXEL);
}
END_TEST

START_TEST(tints_are_letters_without_colours)
{
	ck_assert_int_eq(fed__tint_letter(fed__tint(0, SURE)), 'a');
	ck_assert_int_eq(fed__tint_letter(fed__tint(2, 1)), 'c');
	ck_assert_int_eq(fed__tint_letter(fed__tint(2, 0)), '.');
	ck_assert_int_eq(fed__tint_letter(fed__tint(3, FED_TINT_MARK)), 'D');
	ck_assert_int_eq(fed__tint_color(fed__tint(0, 0)), FED_COLOR_BLUE);
}
END_TEST

/* Two columns and two rows: blue over orange, unsure on the right, nothing known below it. */
static struct fed_decision halves[] = {
	{0, SURE, true}, {0, 0, true}, {1, SURE, true}, {1, 0, true},
	{1, SURE, true}, {1, 0, true}, {1, SURE, true}, {.known = false},
};
static const struct fed_regions regions = {.at = halves, .columns = 2, .rows = 4};
static const struct fed_placed_example examples[] = {
	{.x = 0.2f, .y = 0.1f, .class = 1, .wrong = {false, true}},
	{.x = 0.7f, .y = 0.8f, .class = 1},
	{.x = 1.2f, .y = 0.5f, .class = 1}, /* outside */
};

static void draw(struct fed_canvas *canvas)
{
	struct fed_error err;

	fed_assert_ok(fed__canvas_init(canvas, 4, 3, &err), &err);
	fed__canvas_write(canvas, 0, 0, "ok", (struct fed_style){0});
	fed__regions_put(canvas, 0, 1, 4, 2, &regions, examples, 3, FED_MODEL_AFTER);
}

START_TEST(regions_are_half_blocks_where_colours_suffice)
{
	static const struct {
		bool utf8;
		enum fed_palette palette;
		const char *text;
	} outputs[] = {
		{false, FED_PALETTE_NONE, "ok\nBa..\nbbB.\n"},
		{true, FED_PALETTE_NONE, "ok\nBa..\nbbB.\n"},
		{false, FED_PALETTE_TRUE,
	     "ok\n\033[0;1;33mB\033[0;34ma..\033[0m\n"
	     "\033[0;33mbb\033[0;1;33mB\033[0;33m.\033[0m\n"},
	};

	for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++) {
		struct fed_canvas canvas;
		struct fed_text text = {0};

		draw(&canvas);
		fed__canvas_text(&canvas, &text, outputs[i].utf8, outputs[i].palette);
		ck_assert_str_eq(fed_text_str(&text), outputs[i].text);
		fed_text_release(&text);
		fed__canvas_release(&canvas);
	}
}
END_TEST

/* "\033[0;48;2;r;g;b;38;2;r;g;bm" of a paper and an ink, or of 256 colours. */
static void put_wanted(struct fed_text *out, uint16_t paper, uint16_t ink, bool exact, bool bold)
{
	const uint32_t rgb[2] = {fed_tint_rgb(paper, false), fed_tint_rgb(ink, false)};

	fed_text_add(out, "\033[0%s", bold ? ";1" : "");
	for (int k = 0; k < 2; k++)
		if (exact)
			fed_text_add(out, ";%d;2;%d;%d;%d", k ? 38 : 48, channel(rgb[k], 16),
			             channel(rgb[k], 8), channel(rgb[k], 0));
		else
			fed_text_add(out, ";%d;5;%d", k ? 38 : 48, fed__tint_256(k ? ink : paper, false));
	fed_text_add(out, "m");
}

START_TEST(half_blocks_have_two_colours)
{
	const bool exact = _i;
	struct fed_canvas canvas;
	struct fed_text text = {0}, wanted = {0};

	draw(&canvas);
	fed__canvas_text(&canvas, &text, true, exact ? FED_PALETTE_TRUE : FED_PALETTE_256);
	fed_text_add(&wanted, "ok\n");
	put_wanted(&wanted, fed__tint(0, SURE), fed__tint(1, FED_TINT_MARK), exact, true);
	fed_text_add(&wanted, "×");
	put_wanted(&wanted, fed__tint(1, SURE), fed__tint(0, SURE), exact, false);
	fed_text_add(&wanted, "▀");
	put_wanted(&wanted, fed__tint(1, 0), fed__tint(0, 0), exact, false);
	fed_text_add(&wanted, "▀▀\033[0m\n");
	ck_assert_msg(strncmp(fed_text_str(&text), fed_text_str(&wanted), wanted.len) == 0,
	              "%s\nis not\n%s", fed_text_str(&text), fed_text_str(&wanted));
	ck_assert_ptr_nonnull(strstr(fed_text_str(&text), "•"));
	fed_text_release(&text);
	fed_text_release(&wanted);
	fed__canvas_release(&canvas);
}
END_TEST

/* In SVG a half is a rectangle, those beside each other of one tint are one, on white. */
START_TEST(regions_are_rectangles_in_svg)
{
	struct fed_canvas canvas;
	struct fed_text text = {0}, wanted = {0};

	draw(&canvas);
	fed__canvas_svg(&canvas, &text, FED_LOOK_TERMINAL);
	/* the lower half of the first row is sure of the second class, under one cell */
	fed_text_add(&wanted, "<rect x=\"9\" y=\"27\" width=\"9\" height=\"9\" fill=\"#%06x\"",
	             (unsigned)fed_tint_rgb(fed__tint(1, SURE), true));
	ck_assert_msg(strstr(fed_text_str(&text), fed_text_str(&wanted)), "%s", fed_text_str(&text));
	fed_text_clear(&wanted);
	/* the upper half of the second row: two cells */
	fed_text_add(&wanted, "<rect x=\"0\" y=\"36\" width=\"18\" height=\"9\" fill=\"#%06x\"",
	             (unsigned)fed_tint_rgb(fed__tint(1, SURE), true));
	ck_assert_msg(strstr(fed_text_str(&text), fed_text_str(&wanted)), "%s", fed_text_str(&text));
	fed_text_clear(&wanted);
	fed_text_add(&wanted, "fill=\"#%06x\" font-weight=\"bold\" textLength=\"9\">×</text>",
	             (unsigned)fed_tint_rgb(fed__tint(1, FED_TINT_MARK), true));
	ck_assert_msg(strstr(fed_text_str(&text), fed_text_str(&wanted)), "%s", fed_text_str(&text));
	ck_assert_ptr_null(strstr(fed_text_str(&text), "▀"));
	fed_text_release(&text);
	fed_text_release(&wanted);
	fed__canvas_release(&canvas);
}
END_TEST

START_TEST(a_picture_is_saved_by_its_ending)
{
	struct fed_temp temp;
	struct fed_canvas canvas;
	struct fed_text read = {0};
	struct fed_error err;

	fed_temp_make(&temp);
	draw(&canvas);
	fed_assert_ok(
		fed__canvas_save(&canvas, fed_temp_file(&temp, "a.svg"), false, FED_LOOK_TERMINAL, &err),
		&err);
	fed_assert_ok(fed_file_read(fed_temp_file(&temp, "a.svg"), 1 << 20, &read, &err), &err);
	ck_assert(strncmp(read.s, "<svg ", 5) == 0);
	fed_text_clear(&read);
	fed_assert_ok(
		fed__canvas_save(&canvas, fed_temp_file(&temp, "a.txt"), false, FED_LOOK_TERMINAL, &err),
		&err);
	fed_assert_ok(fed_file_read(fed_temp_file(&temp, "a.txt"), 1 << 20, &read, &err), &err);
	ck_assert_int_eq(strncmp(read.s, "ok\nBa..\n", 8), 0);
	ck_assert_int_eq(
		fed__canvas_save(&canvas, "/no/such/folder/a.svg", false, FED_LOOK_TERMINAL, &err),
		FED_FAIL);
	fed_text_release(&read);
	fed__canvas_release(&canvas);
	fed_temp_remove(&temp);
}
END_TEST

/* Of all sizes: nothing overlaps, all is inside, and tiles show all clients where they fit. */
START_TEST(a_layout_fits)
{
	for (int columns = 20; columns <= 200; columns += 7)
		for (int rows = 5; rows <= 60; rows += 5)
			for (uint32_t clients = 0; clients < 200; clients = 3 * clients + 1) {
				const double aspect = 0.3 + 0.1 * (columns % 30);
				struct fed_plane_layout l;

				fed__plane_lay_out(&l, columns, rows, aspect, clients);
				ck_assert(l.global_columns >= 1 && l.global_columns <= columns);
				ck_assert(l.global_rows >= 1 && l.global_rows + 2 <= rows);
				ck_assert_int_le(l.rows, rows);
				if (!l.across) {
					ck_assert(!clients || columns < 60 || rows < 10);
					continue;
				}
				ck_assert_int_ge(l.left, l.global_columns + 1);
				ck_assert_int_le(l.left + (l.across - 1) * l.step_columns + l.tile_columns,
				                 columns);
				ck_assert_int_le(1 + l.down * l.step_rows, rows);
				ck_assert(l.tile_columns < l.step_columns && l.tile_rows < l.step_rows);
				ck_assert_uint_le((uint32_t)((l.down - 1) * l.across), clients);
				const struct fed_decisions_wanted w = fed__plane_wanted(&l, 3, 1e9);
				ck_assert(w.columns == l.global_columns && w.rows == 2 * l.global_rows);
				ck_assert_uint_eq(w.clients, (uint32_t)(l.across * l.down));
			}
	struct fed_plane_layout l;
	fed__plane_lay_out(&l, 120, 36, 2, 10);
	ck_assert_int_ge(l.across * l.down, 10);
}
END_TEST

static void check_legend(uint32_t classes, int columns, bool tints, const char *wanted)
{
	const struct fed_dataset data = {.classes = classes};
	struct fed_canvas canvas;
	struct fed_text out = {0};
	struct fed_error err;

	fed_assert_ok(fed__canvas_init(&canvas, 60, 1, &err), &err);
	fed__regions_legend(&canvas, 0, 0, columns, &data, tints);
	fed__canvas_text(&canvas, &out, tints, FED_PALETTE_NONE);
	ck_assert_str_eq(fed_text_str(&out), wanted);
	fed_text_release(&out);
	fed__canvas_release(&canvas);
}

/* Marks as letters, which they are without colours. Classes are close together where they have no
 * room else; the cross is explained in any case, letters where all classes have room. */
START_TEST(legends_fit)
{
	check_legend(2, 60, true, "A 0  B 1  × wrong\n");
	check_legend(10, 60, true, "A 0  B 1  C 2  D 3  E 4  F 5  G 6  H 7  I 8  J 9  × wrong\n");
	check_legend(10, 37, true, "A0 B1 C2 D3 E4 F5 G6 H7 I8 J9 × wrong\n");
	check_legend(10, 20, true, "A0 B1 C2 D3 × wrong\n");
	check_legend(2, 40, false, "A 0  B 1  (a: answer, .: unsure)\n");
	check_legend(2, 29, false, "A0 B1 (a: answer, .: unsure)\n");
	check_legend(2, 27, false, "A 0  B 1\n");
}
END_TEST

FED_SUITE(regions)
{
	Suite *suite = suite_create("regions");
	TCase *tests = tcase_create("regions");

	tcase_add_test(tests, tints_of_pixels);
	tcase_add_loop_test(tests, tints_differ, 0, 2);
	tcase_add_test(tests, tints_are_letters_without_colours);
	tcase_add_test(tests, regions_are_half_blocks_where_colours_suffice);
	tcase_add_loop_test(tests, half_blocks_have_two_colours, 0, 2);
	tcase_add_test(tests, regions_are_rectangles_in_svg);
	tcase_add_test(tests, a_picture_is_saved_by_its_ending);
	tcase_add_test(tests, a_layout_fits);
	tcase_add_test(tests, legends_fit);
	suite_add_tcase(suite, tests);
	return suite;
}
