/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/pictures/jpeg.c - JPEG files (libjpeg-turbo, or another libjpeg).
 *
 * The library goes on where data are missing, and fills in grey: what it warns of counts as damage.
 */
#include "data/readers/pictures/picture.h"

#ifdef FED_HAVE_JPEG

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

#include "base/mem.h"

enum { SCANS_MAX = 200 /* of a progressive file: each goes over all pixels */ };

struct jpeg {
	struct jpeg_decompress_struct d;
	struct jpeg_error_mgr errors;
	struct jpeg_progress_mgr progress;
	jmp_buf leave;
	const uint8_t *bytes;
	size_t n;
	struct fed_picture_head *head; /* to be filled, or NULL */
	const struct fed_picture_head *known;
	uint8_t *pixels, *row; /* row: of CMYK */
	bool no_memory;
	char why[JMSG_LENGTH_MAX]; /* in the library's words */
};

static void on_error(j_common_ptr common)
{
	struct jpeg *j = common->client_data;

	j->no_memory = common->err->msg_code == JERR_OUT_OF_MEMORY;
	common->err->format_message(common, j->why);
	longjmp(j->leave, 1);
}

/* What files have that other programs show without a word. */
static bool is_harmless(int code)
{
	return code == JWRN_EXTRANEOUS_DATA || code == JWRN_ADOBE_XFORM || code == JWRN_JFIF_MAJOR;
}

static void on_message(j_common_ptr common, int level)
{
	if (level < 0 && !is_harmless(common->err->msg_code))
		on_error(common);
}

static void on_output(j_common_ptr common)
{
	(void)common;
}

static void on_progress(j_common_ptr common)
{
	struct jpeg *j = common->client_data;

	if (j->d.input_scan_number > SCANS_MAX) {
		snprintf(j->why, sizeof j->why, "it has more than %d scans", SCANS_MAX);
		longjmp(j->leave, 1);
	}
}

/* Exif ------------------------------------------------------------------------------------- */

static uint32_t number(const uint8_t *s, int n, bool little)
{
	uint32_t x = 0;

	for (int i = 0; i < n; i++)
		x = x << 8 | s[little ? n - 1 - i : i];
	return x;
}

/* The orientation, tag 0x0112 of the first directory (CIPA, Exif 2.3, 4.6.4); 1 if there is none.
 */
static uint8_t exif_turn(const uint8_t *s, size_t n)
{
	if (n < 14 || memcmp(s, "Exif\0\0", 6) != 0)
		return 1;
	s += 6;
	n -= 6;
	const bool little = s[0] == 'I';
	const uint32_t at = number(s + 4, 4, little);
	if (at > n || n - at < 2)
		return 1;
	const uint32_t entries = number(s + at, 2, little);
	for (uint32_t i = 0; i < entries && n - at - 2 >= 12 * ((size_t)i + 1); i++) {
		const uint8_t *entry = s + at + 2 + 12 * (size_t)i;
		const uint32_t turn = number(entry + 8, 2, little);

		if (number(entry, 2, little) == 0x0112)
			return turn >= 1 && turn <= 8 ? (uint8_t)turn : 1;
	}
	return 1;
}

/* Reading ---------------------------------------------------------------------------------- */

static void read_head(struct jpeg *j)
{
	enum { APP1 = JPEG_APP0 + 1, APP1_MOST = 0xffff };

	jpeg_mem_src(&j->d, j->bytes, (unsigned long)j->n);
	if (j->head)
		jpeg_save_markers(&j->d, APP1, APP1_MOST);
	jpeg_read_header(&j->d, TRUE);
	if (!j->head)
		return;
	const bool grey = j->d.jpeg_color_space == JCS_GRAYSCALE;
	j->head->kind = FED_PICTURE_JPEG;
	j->head->height = j->d.image_height;
	j->head->width = j->d.image_width;
	j->head->channels = grey ? 1 : 3;
	j->head->cmyk = j->d.jpeg_color_space == JCS_CMYK || j->d.jpeg_color_space == JCS_YCCK;
	j->head->turn = 1;
	for (jpeg_saved_marker_ptr m = j->d.marker_list; m; m = m->next)
		if (j->head->turn == 1)
			j->head->turn = exif_turn(m->data, m->data_length);
}

/* Adobe's programs store the printing colours inverted. */
static void from_cmyk(const uint8_t *cmyk, uint32_t n, bool inverted, uint8_t *rgb)
{
	for (uint32_t i = 0; i < n; i++, cmyk += 4, rgb += 3)
		for (int k = 0; k < 3; k++) {
			const unsigned colour = inverted ? cmyk[k] : 255u - cmyk[k];
			const unsigned light = inverted ? cmyk[3] : 255u - cmyk[3];

			rgb[k] = (uint8_t)((colour * light + 127) / 255);
		}
}

static void read_pixels(struct jpeg *j)
{
	const size_t row = (size_t)j->known->width * j->known->channels;

	read_head(j);
	j->d.out_color_space = j->known->cmyk            ? JCS_CMYK
	                       : j->known->channels == 1 ? JCS_GRAYSCALE
	                                                 : JCS_RGB;
	jpeg_start_decompress(&j->d);
	if (j->d.output_width != j->known->width || j->d.output_height != j->known->height)
		ERREXIT(&j->d, JERR_BAD_LENGTH);
	while (j->d.output_scanline < j->d.output_height) {
		uint8_t *out = j->pixels + j->d.output_scanline * row, *to = j->row ? j->row : out;

		jpeg_read_scanlines(&j->d, &to, 1);
		if (j->row)
			from_cmyk(j->row, j->known->width, j->d.saw_Adobe_marker, out);
	}
	jpeg_finish_decompress(&j->d);
}

/* The library leaves by longjmp: no variable of this function changes behind setjmp. */
static int guarded(struct jpeg *j, void (*step)(struct jpeg *))
{
	if (setjmp(j->leave))
		return FED_FAIL;
	jpeg_create_decompress(&j->d);
	j->d.progress = &j->progress;
	step(j);
	return FED_OK;
}

static int run(struct jpeg *j, void (*step)(struct jpeg *), struct fed_error *err)
{
	j->d.err = jpeg_std_error(&j->errors);
	j->errors.error_exit = on_error;
	j->errors.emit_message = on_message;
	j->errors.output_message = on_output;
	j->progress.progress_monitor = on_progress;
	j->d.client_data = j;
	const int rc = guarded(j, step);
	jpeg_destroy_decompress(&j->d);
	if (rc && j->no_memory)
		return fed_fail_memory(err, j->n, "a picture");
	return rc ? fed_reject(err, "is a damaged JPEG (%.120s)", j->why) : FED_OK;
}

int fed__jpeg_head(const uint8_t *bytes, size_t n, struct fed_picture_head *head,
                   struct fed_error *err)
{
	struct jpeg j = {.bytes = bytes, .n = n, .head = head};

	return run(&j, read_head, err);
}

int fed__jpeg_pixels(const uint8_t *bytes, size_t n, const struct fed_picture_head *head,
                     uint8_t *pixels, struct fed_error *err)
{
	struct jpeg j = {.bytes = bytes, .n = n, .known = head, .pixels = pixels};

	if (head->cmyk) {
		j.row = fed_alloc_array(head->width, 4);
		if (!j.row)
			return fed_fail_memory(err, head->width, "a picture");
	}
	const int rc = run(&j, read_pixels, err);
	fed_free(j.row);
	return rc;
}

#else

#include "data/readers/pictures/picture_missing.h"

FED_PICTURE_MISSING(fed__jpeg_head, fed__jpeg_pixels,
                    "is JPEG, which this fedsh was built without (libjpeg-dev)");

#endif
