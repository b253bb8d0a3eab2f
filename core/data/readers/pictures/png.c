/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/pictures/png.c - PNG files (libpng).
 *
 * Palettes become colours, bits bytes, 16 bits 8; a transparent colour becomes alpha.  Gamma and
 * colour profiles are left alone: other programs of the field ignore them, too.
 */
#include "data/readers/pictures/picture.h"

#ifdef FED_HAVE_PNG

#include <png.h>
#include <string.h>

#include "base/mem.h"

enum { SIDE_MAX = 1 << 20, CHUNK_MAX = 1 << 22 };

struct png {
	const uint8_t *bytes;
	size_t n, at;
	png_structp read;
	png_infop info;
	struct fed_picture_head *head; /* to be filled, or NULL */
	const struct fed_picture_head *known;
	uint8_t *pixels;
	bool no_memory;
	char why[96]; /* in libpng's words */
};

static void on_error(png_structp read, png_const_charp text)
{
	struct png *p = png_get_error_ptr(read);

	snprintf(p->why, sizeof p->why, "%s", text);
	png_longjmp(read, 1);
}

static void on_warning(png_structp read, png_const_charp text)
{
	(void)read;
	(void)text;
}

static void on_read(png_structp read, png_bytep to, size_t n)
{
	struct png *p = png_get_io_ptr(read);

	if (n > p->n - p->at)
		png_error(read, "it ends too early");
	memcpy(to, p->bytes + p->at, n);
	p->at += n;
}

static png_voidp on_alloc(png_structp read, png_alloc_size_t n)
{
	struct png *p = png_get_mem_ptr(read);
	void *block = fed_alloc(n);

	p->no_memory = p->no_memory || !block;
	return block;
}

static void on_free(png_structp read, png_voidp block)
{
	(void)read;
	fed_free(block);
}

/* Read up to the pixels, with the transforms set. */
static void read_info(struct png *p)
{
	png_read_info(p->read, p->info);
	if (p->head) {
		const int type = png_get_color_type(p->read, p->info);
		const bool alpha =
			(type & PNG_COLOR_MASK_ALPHA) || png_get_valid(p->read, p->info, PNG_INFO_tRNS);

		p->head->kind = FED_PICTURE_PNG;
		p->head->height = png_get_image_height(p->read, p->info);
		p->head->width = png_get_image_width(p->read, p->info);
		p->head->deep = png_get_bit_depth(p->read, p->info) == 16;
		p->head->channels = (uint8_t)((type & PNG_COLOR_MASK_COLOR ? 3 : 1) + alpha);
	}
	png_set_expand(p->read);
	png_set_scale_16(p->read);
}

static void read_pixels(struct png *p)
{
	const size_t row = (size_t)p->known->width * p->known->channels;

	read_info(p);
	const int passes = png_set_interlace_handling(p->read);
	png_read_update_info(p->read, p->info);
	if (png_get_rowbytes(p->read, p->info) != row ||
	    png_get_image_height(p->read, p->info) != p->known->height)
		png_error(p->read, "its rows are not as its header says");
	for (int pass = 0; pass < passes; pass++)
		for (uint32_t y = 0; y < p->known->height; y++)
			png_read_row(p->read, p->pixels + y * row, NULL);
	png_read_end(p->read, NULL);
}

/* libpng leaves by longjmp: no variable of this function changes behind setjmp. */
static int guarded(struct png *p, void (*step)(struct png *))
{
	if (setjmp(png_jmpbuf(p->read)))
		return FED_FAIL;
	p->info = png_create_info_struct(p->read);
	if (!p->info)
		png_error(p->read, "out of memory");
	png_set_user_limits(p->read, SIDE_MAX, SIDE_MAX);
	png_set_chunk_malloc_max(p->read, CHUNK_MAX);
	png_set_read_fn(p->read, p, on_read);
	step(p);
	return FED_OK;
}

static int run(struct png *p, void (*step)(struct png *), struct fed_error *err)
{
	p->read = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, p, on_error, on_warning, p, on_alloc,
	                                   on_free);
	if (!p->read)
		return fed_fail_memory(err, p->n, "a picture");
	const int rc = guarded(p, step);
	png_destroy_read_struct(&p->read, &p->info, NULL);
	if (rc && p->no_memory)
		return fed_fail_memory(err, p->n, "a picture");
	return rc ? fed_reject(err, "is a damaged PNG (%s)", p->why) : FED_OK;
}

int fed__png_head(const uint8_t *bytes, size_t n, struct fed_picture_head *head,
                  struct fed_error *err)
{
	struct png p = {.bytes = bytes, .n = n, .head = head};

	return run(&p, read_info, err);
}

int fed__png_pixels(const uint8_t *bytes, size_t n, const struct fed_picture_head *head,
                    uint8_t *pixels, struct fed_error *err)
{
	struct png p = {.bytes = bytes, .n = n, .known = head, .pixels = pixels};

	return run(&p, read_pixels, err);
}

#else

#include "data/readers/pictures/picture_missing.h"

FED_PICTURE_MISSING(fed__png_head, fed__png_pixels,
                    "is PNG, which this fedsh was built without (libpng-dev)");

#endif
