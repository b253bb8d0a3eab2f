/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The forms of PNG and JPEG, turning, alpha, colours and scaling, each against numbers worked out
 * here.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/readers/pictures/picture.h"
#include "data/readers/pictures/resize.h"
#include "support/pictures.h"
#include "support/suite.h"

enum { MOST = 1 << 18 };

static uint8_t file[MOST];

static struct fed_picture_head head_of(size_t n)
{
	struct fed_picture_head head;
	struct fed_error err;

	fed_assert_ok(fed__picture_head(file, n, &head, &err), &err);
	return head;
}

static void pixels_of(size_t n, const struct fed_picture_head *head, uint8_t *out)
{
	struct fed_error err;

	fed_assert_ok(fed__picture_pixels(file, n, head, out, &err), &err);
}

static void tear_down(void)
{
	ck_assert_int_eq(fed__mem_live(), 0);
}

/* PNG --------------------------------------------------------------------------------------- */

static const uint8_t palette[] = {10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120};
static const uint8_t see_through[] = {255, 7};

static const struct png_form {
	struct picture_png p;
	const uint8_t *rows;
	uint8_t channels;
	const uint8_t *wanted;
} png_forms[] = {
	/* one bit: 1 0 1; two bits: 0 1 3; four bits: 1 15 0 */
	{{.height = 1, .width = 3, .depth = 1, .type = 0},
     (const uint8_t[]){0xa0},
     1,
     (const uint8_t[]){255, 0, 255}},
	{{.height = 1, .width = 3, .depth = 2, .type = 0},
     (const uint8_t[]){0x1c},
     1,
     (const uint8_t[]){0, 85, 255}},
	{{.height = 1, .width = 3, .depth = 4, .type = 0},
     (const uint8_t[]){0x1f, 0},
     1,
     (const uint8_t[]){17, 255, 0}},
	/* 16 bits: to the nearest of 8, 0x80ff / 257 = 128.5, 0x017f / 257 = 1.49 */
	{{.height = 1, .width = 3, .depth = 16, .type = 0},
     (const uint8_t[]){0xff, 0xff, 0x81, 0x00, 0x01, 0x7f},
     1,
     (const uint8_t[]){255, 128, 1}},
	{{.height = 1, .width = 1, .depth = 16, .type = 2},
     (const uint8_t[]){1, 1, 2, 2, 3, 3},
     3,
     (const uint8_t[]){1, 2, 3}},
	{{.height = 2, .width = 1, .depth = 8, .type = 2},
     (const uint8_t[]){1, 2, 3, 4, 5, 6},
     3,
     (const uint8_t[]){1, 2, 3, 4, 5, 6}},
	{{.height = 1, .width = 2, .depth = 8, .type = 4},
     (const uint8_t[]){1, 2, 3, 4},
     2,
     (const uint8_t[]){1, 2, 3, 4}},
	{{.height = 1, .width = 2, .depth = 8, .type = 6},
     (const uint8_t[]){1, 2, 3, 4, 5, 6, 7, 8},
     4,
     (const uint8_t[]){1, 2, 3, 4, 5, 6, 7, 8}},
	{{.height = 1, .width = 3, .depth = 2, .type = 3, .palette = palette, .palette_n = 12},
     (const uint8_t[]){0x34},
     3,
     (const uint8_t[]){10, 20, 30, 100, 110, 120, 40, 50, 60}},
	{{.height = 1,
      .width = 3,
      .depth = 8,
      .type = 3,
      .palette = palette,
      .palette_n = 12,
      .transparent = see_through,
      .transparent_n = 2},
     (const uint8_t[]){0, 1, 2},
     4,
     (const uint8_t[]){10, 20, 30, 255, 40, 50, 60, 7, 70, 80, 90, 255}},
};

START_TEST(forms_of_png)
{
	struct picture_png p = png_forms[_i].p;
	uint8_t pixels[64];

	p.rows = png_forms[_i].rows;
	const size_t n = picture_png(file, &p);
	const struct fed_picture_head head = head_of(n);
	ck_assert_uint_eq(head.height, p.height);
	ck_assert_uint_eq(head.width, p.width);
	ck_assert_uint_eq(head.channels, png_forms[_i].channels);
	ck_assert_int_eq(head.deep, p.depth == 16);
	pixels_of(n, &head, pixels);
	ck_assert_mem_eq(pixels, png_forms[_i].wanted, p.height * p.width * head.channels);
}
END_TEST

START_TEST(interlaced_png_is_as_the_other)
{
	uint8_t rows[11 * 13 * 3], plain[sizeof rows], woven[sizeof rows];
	struct picture_png p = {.height = 11, .width = 13, .depth = 8, .type = 2, .rows = rows};

	for (size_t i = 0; i < sizeof rows; i++)
		rows[i] = (uint8_t)(i * 37);
	size_t n = picture_png(file, &p);
	struct fed_picture_head head = head_of(n);
	pixels_of(n, &head, plain);
	p.interlaced = true;
	n = picture_png(file, &p);
	head = head_of(n);
	pixels_of(n, &head, woven);
	ck_assert_mem_eq(plain, rows, sizeof rows);
	ck_assert_mem_eq(woven, rows, sizeof rows);
}
END_TEST

/* JPEG -------------------------------------------------------------------------------------- */

/* Height, width and channels of flat blocks of 8 x 8, 2 x 3 of them: what JPEG keeps to a unit or
 * two. */
enum { BLOCK = 8, UP = 2, ACROSS = 3, HEIGHT = UP * BLOCK, WIDTH = ACROSS * BLOCK };

static uint8_t block_value(int y, int x, int c)
{
	return (uint8_t)(40 + 30 * (y * ACROSS + x) + 9 * c);
}

static size_t block_jpeg(uint8_t channels, bool progressive, uint8_t turn)
{
	static uint8_t pixels[HEIGHT * WIDTH * 4];
	const struct picture_jpeg p = {.height = HEIGHT,
	                               .width = WIDTH,
	                               .channels = channels,
	                               .pixels = pixels,
	                               .progressive = progressive,
	                               .turn = turn};

	for (int y = 0; y < HEIGHT; y++)
		for (int x = 0; x < WIDTH; x++)
			for (int c = 0; c < channels; c++)
				pixels[(y * WIDTH + x) * channels + c] = block_value(y / BLOCK, x / BLOCK, c);
	return picture_jpeg(file, MOST, &p);
}

START_TEST(forms_of_jpeg)
{
	static uint8_t pixels[HEIGHT * WIDTH * 3];
	const uint8_t channels = _i < 2 ? 1 : 3;
	const size_t n = block_jpeg(channels, _i % 2, 0);

	if (n == 0)
		return; /* built without the library */
	const struct fed_picture_head head = head_of(n);
	ck_assert_uint_eq(head.channels, channels);
	ck_assert_uint_eq(head.turn, 1);
	pixels_of(n, &head, pixels);
	for (int y = 0; y < HEIGHT; y++)
		for (int x = 0; x < WIDTH; x++)
			for (int c = 0; c < channels; c++)
				ck_assert_int_le(abs(pixels[(y * WIDTH + x) * channels + c] -
				                     block_value(y / BLOCK, x / BLOCK, c)),
				                 3);
}
END_TEST

/* Printing colours as Adobe's programs write them: inverted, so that each colour is its value times
 * that of black. */
START_TEST(cmyk_becomes_rgb)
{
	static uint8_t pixels[HEIGHT * WIDTH * 3];
	const size_t n = block_jpeg(4, false, 0);

	if (n == 0)
		return;
	const struct fed_picture_head head = head_of(n);
	ck_assert(head.cmyk);
	ck_assert_uint_eq(head.channels, 3);
	pixels_of(n, &head, pixels);
	for (int y = 0; y < UP; y++)
		for (int x = 0; x < ACROSS; x++)
			for (int c = 0; c < 3; c++) {
				const double light = block_value(y, x, 3) / 255.0;
				const uint8_t got = pixels[(y * BLOCK * WIDTH + x * BLOCK) * 3 + c];

				ck_assert_double_eq_tol(got, block_value(y, x, c) * light, 3);
			}
}
END_TEST

/* Where Exif says that the stored row 0 and column 0 are shown (its table of orientations). */
START_TEST(exif_turns_pictures)
{
	static uint8_t pixels[HEIGHT * WIDTH], turned[HEIGHT * WIDTH];
	const int turn = _i;
	const size_t n = block_jpeg(1, false, (uint8_t)turn);

	if (n == 0)
		return;
	const struct fed_picture_head head = head_of(n);
	ck_assert_uint_eq(head.turn, turn);
	pixels_of(n, &head, pixels);
	const struct fed_pixels from = {pixels, HEIGHT, WIDTH, 1};
	struct fed_pixels to = {.v = turned};
	fed__pixels_turn(&from, turn, &to);
	ck_assert_uint_eq(to.height, turn < 5 ? HEIGHT : WIDTH);
	ck_assert_uint_eq(to.width, turn < 5 ? WIDTH : HEIGHT);
	for (int r = 0; r < HEIGHT; r++)
		for (int c = 0; c < WIDTH; c++) {
			const int shown[9][2] = {{0, 0},
			                         {r, c},
			                         {r, WIDTH - 1 - c},
			                         {HEIGHT - 1 - r, WIDTH - 1 - c},
			                         {HEIGHT - 1 - r, c},
			                         {c, r},
			                         {c, HEIGHT - 1 - r},
			                         {WIDTH - 1 - c, HEIGHT - 1 - r},
			                         {WIDTH - 1 - c, r}};

			ck_assert_uint_eq(turned[shown[turn][0] * (int)to.width + shown[turn][1]],
			                  pixels[r * WIDTH + c]);
		}
}
END_TEST

START_TEST(a_cut_jpeg_is_damaged)
{
	static uint8_t pixels[HEIGHT * WIDTH * 3];
	const size_t n = block_jpeg(3, false, 0);
	struct fed_error err;

	if (n == 0)
		return;
	const struct fed_picture_head head = head_of(n);
	for (size_t cut = n - 2; cut > n / 2; cut -= 11) {
		struct fed_picture_head h = head;

		if (fed__picture_head(file, cut, &h, &err) == FED_OK)
			ck_assert_int_eq(fed__picture_pixels(file, cut, &h, pixels, &err), FED_REJECT);
		ck_assert_ptr_nonnull(strstr(err.text, "is a damaged JPEG"));
	}
}
END_TEST

/* Alpha and colours --------------------------------------------------------------------------- */

START_TEST(alpha_is_laid_on_a_ground)
{
	/* half of 100 on 255: (100 * 128 + 255 * 127) / 255 = 177.2 */
	static const uint8_t on[][3] = {{177, 255, 200}, {50, 0, 200}, {100, 30, 200}};
	uint8_t pixels[] = {100, 128, 30, 0, 200, 255};
	uint8_t colours[] = {100, 100, 100, 128, 30, 30, 30, 0};
	struct fed_pixels grey = {pixels, 1, 3, 2}, rgb = {colours, 2, 1, 4};

	fed__pixels_flatten(&grey, (enum fed_alpha)_i);
	ck_assert_uint_eq(grey.channels, 1);
	ck_assert_mem_eq(pixels, on[_i], 3);
	fed__pixels_flatten(&rgb, (enum fed_alpha)_i);
	ck_assert_uint_eq(rgb.channels, 3);
	for (int k = 0; k < 6; k++)
		ck_assert_uint_eq(colours[k], on[_i][k / 3]);
}
END_TEST

START_TEST(grey_and_colours)
{
	/* 0.299, 0.587, 0.114 of 255: 76.2, 149.7, 29.1 */
	uint8_t rgb[] = {255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255}, grey[4], back[12];
	const struct fed_pixels from = {rgb, 2, 2, 3}, other = {grey, 2, 2, 1};

	fed__pixels_recolour(&from, 1, grey);
	ck_assert_mem_eq(grey, ((uint8_t[]){76, 150, 29, 255}), 4);
	fed__pixels_recolour(&other, 3, back);
	for (int i = 0; i < 12; i++)
		ck_assert_uint_eq(back[i], grey[i / 3]);
}
END_TEST

/* Scaling ------------------------------------------------------------------------------------ */

static void scale(const uint8_t *v, uint32_t h, uint32_t w, uint8_t c, bool middle, uint8_t *out,
                  uint32_t to_h, uint32_t to_w)
{
	const struct fed_pixels from = {(uint8_t *)v, h, w, c}, to = {out, to_h, to_w, c};
	const struct fed_window window =
		middle ? fed__window_middle(&from, to_h, to_w) : fed__window_whole(&from);
	struct fed_error err;

	fed_assert_ok(fed__pixels_scale(&from, &window, &to, &err), &err);
}

START_TEST(down_is_the_mean_of_the_area)
{
	static const uint8_t v[] = {0, 10, 20, 30, 2, 12, 22, 32};
	uint8_t out[4];

	scale(v, 2, 4, 1, false, out, 1, 2); /* (0 + 10 + 2 + 12) / 4 */
	ck_assert_mem_eq(out, ((uint8_t[]){6, 26}), 2);
	scale(v, 1, 3, 1, false, out, 1, 2); /* 1.5 cells each: (0 + 10 / 2) / 1.5 = 3.3, 16.7 */
	ck_assert_mem_eq(out, ((uint8_t[]){3, 17}), 2);
	scale(v, 2, 2, 2, false, out, 1, 1); /* two channels: (0, 10) (20, 30) (2, 12) (22, 32) */
	ck_assert_mem_eq(out, ((uint8_t[]){11, 21}), 2);
	scale(v, 1, 4, 1, true, out, 1, 1); /* the middle square: from 1.5 to 2.5 */
	ck_assert_uint_eq(out[0], 15);
}
END_TEST

START_TEST(up_is_interpolated)
{
	static const uint8_t v[] = {0, 100};
	uint8_t out[8];

	/* centres of the cells at -0.25, 0.25, 0.75, 1.25 of the old ones */
	scale(v, 1, 2, 1, false, out, 1, 4);
	ck_assert_mem_eq(out, ((uint8_t[]){0, 25, 75, 100}), 4);
	scale(v, 2, 1, 1, false, out, 4, 1);
	ck_assert_mem_eq(out, ((uint8_t[]){0, 25, 75, 100}), 4);
	scale(v + 1, 1, 1, 1, false, out, 2, 3);
	for (int i = 0; i < 6; i++)
		ck_assert_uint_eq(out[i], 100);
}
END_TEST

/* Whatever the sizes: a flat picture stays flat, and the mean of the whole stays, within rounding,
 * where it is scaled down. */
START_TEST(flat_stays_flat_and_means_stay)
{
	static uint8_t v[40 * 40], out[60 * 60];

	for (uint32_t h = 1; h < 40; h += 7)
		for (uint32_t w = 1; w < 40; w += 5)
			for (uint32_t to = 1; to < 60; to += 6) {
				memset(v, 255, sizeof v);
				for (int middle = 0; middle < 2; middle++) {
					scale(v, h, w, 1, middle, out, to, 61 - to);
					for (uint32_t i = 0; i < to * (61 - to); i++)
						ck_assert_uint_eq(out[i], 255);
				}
				if (to > h || to > w)
					continue;
				double mean = 0, kept = 0;
				for (uint32_t i = 0; i < h * w; i++)
					mean += (double)(v[i] = (uint8_t)(i * 73)) / (h * w);
				scale(v, h, w, 1, false, out, to, to);
				for (uint32_t i = 0; i < to * to; i++)
					kept += (double)out[i] / (to * to);
				ck_assert_double_eq_tol(kept, mean, 0.6);
			}
}
END_TEST

FED_SUITE(picture_forms)
{
	Suite *suite = suite_create("picture_forms");
	TCase *tests = tcase_create("picture_forms");

	tcase_add_checked_fixture(tests, NULL, tear_down);
	tcase_add_loop_test(tests, forms_of_png, 0, sizeof png_forms / sizeof *png_forms);
	tcase_add_test(tests, interlaced_png_is_as_the_other);
	tcase_add_loop_test(tests, forms_of_jpeg, 0, 4);
	tcase_add_test(tests, cmyk_becomes_rgb);
	tcase_add_loop_test(tests, exif_turns_pictures, 1, 9);
	tcase_add_test(tests, a_cut_jpeg_is_damaged);
	tcase_add_loop_test(tests, alpha_is_laid_on_a_ground, 0, 3);
	tcase_add_test(tests, grey_and_colours);
	tcase_add_test(tests, down_is_the_mean_of_the_area);
	tcase_add_test(tests, up_is_interpolated);
	tcase_add_test(tests, flat_stays_flat_and_means_stay);
	if (FED_READS_PICTURES)
		suite_add_tcase(suite, tests);
	return suite;
}
