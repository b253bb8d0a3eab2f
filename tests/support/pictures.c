/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * support/pictures.c - PNG and JPEG files for tests.
 */
#include "support/pictures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* PNG --------------------------------------------------------------------------------------- */

static size_t put_u32(uint8_t *to, uint32_t x)
{
	for (int k = 0; k < 4; k++)
		to[k] = (uint8_t)(x >> (24 - 8 * k));
	return 4;
}

static size_t put_chunk(uint8_t *to, const char *name, const void *bytes, size_t n)
{
	put_u32(to, (uint32_t)n);
	memcpy(to + 4, name, 4);
	if (n)
		memcpy(to + 8, bytes, n);
	put_u32(to + 8 + n, (uint32_t)crc32(0, to + 4, (unsigned)n + 4));
	return n + 12;
}

static size_t bits_of(const struct picture_png *p)
{
	static const int channels[] = {[0] = 1, [2] = 3, [3] = 1, [4] = 2, [6] = 4};

	return (size_t)p->depth * (size_t)channels[p->type];
}

/* Rows behind their filter bytes; returns the bytes. */
static size_t put_rows(uint8_t *to, const struct picture_png *p)
{
	const size_t row = (bits_of(p) * p->width + 7) / 8;

	for (uint32_t y = 0; y < p->height; y++) {
		to[y * (row + 1)] = 0;
		memcpy(to + y * (row + 1) + 1, p->rows + y * row, row);
	}
	return p->height * (row + 1);
}

/* The seven passes of Adam7 (PNG specification, 8.2). */
static size_t put_passes(uint8_t *to, const struct picture_png *p)
{
	static const uint8_t y0[] = {0, 0, 4, 0, 2, 0, 1}, x0[] = {0, 4, 0, 2, 0, 1, 0};
	static const uint8_t dy[] = {8, 8, 8, 4, 4, 2, 2}, dx[] = {8, 8, 4, 4, 2, 2, 1};
	const size_t pixel = bits_of(p) / 8;
	uint8_t *at = to;

	for (int k = 0; k < 7; k++)
		for (uint32_t y = y0[k]; y < p->height && x0[k] < p->width; y += dy[k]) {
			*at++ = 0;
			for (uint32_t x = x0[k]; x < p->width; x += dx[k], at += pixel)
				memcpy(at, p->rows + ((size_t)y * p->width + x) * pixel, pixel);
		}
	return (size_t)(at - to);
}

size_t picture_png(uint8_t *to, const struct picture_png *p)
{
	const size_t most = (size_t)p->height * (2 * (bits_of(p) * p->width / 8 + 8) + 8) + 64;
	uint8_t *rows = malloc(most), *packed = malloc(2 * most + 64), head[13];
	uLongf n = 2 * most + 64;
	uint8_t *at = to;

	memcpy(at, "\x89PNG\r\n\x1a\n", 8);
	at += 8;
	put_u32(head, p->width);
	put_u32(head + 4, p->height);
	memcpy(head + 8, (uint8_t[]){p->depth, p->type, 0, 0, p->interlaced}, 5);
	at += put_chunk(at, "IHDR", head, sizeof head);
	if (p->palette)
		at += put_chunk(at, "PLTE", p->palette, p->palette_n);
	if (p->transparent)
		at += put_chunk(at, "tRNS", p->transparent, p->transparent_n);
	compress(packed, &n, rows, p->interlaced ? put_passes(rows, p) : put_rows(rows, p));
	at += put_chunk(at, "IDAT", packed, n);
	at += put_chunk(at, "IEND", NULL, 0);
	free(rows);
	free(packed);
	return (size_t)(at - to);
}

/* JPEG -------------------------------------------------------------------------------------- */

#ifdef FED_HAVE_JPEG

#include <jpeglib.h>

/* An Exif marker with the orientation alone, little-endian. */
static void put_exif(struct jpeg_compress_struct *c, uint8_t turn)
{
	uint8_t exif[32] = {'E', 'x', 'i', 'f',  0,    0, 'I', 'I', 42, 0, 8, 0,   0,
	                    0,   1,   0,   0x12, 0x01, 3, 0,   1,   0,  0, 0, turn};

	jpeg_write_marker(c, JPEG_APP0 + 1, exif, sizeof exif);
}

size_t picture_jpeg(uint8_t *to, size_t most, const struct picture_jpeg *p)
{
	struct jpeg_compress_struct c;
	struct jpeg_error_mgr errors;
	unsigned char *out = NULL;
	unsigned long n = 0;

	c.err = jpeg_std_error(&errors);
	jpeg_create_compress(&c);
	jpeg_mem_dest(&c, &out, &n);
	c.image_width = p->width;
	c.image_height = p->height;
	c.input_components = p->channels;
	c.in_color_space = p->channels == 1 ? JCS_GRAYSCALE : p->channels == 3 ? JCS_RGB : JCS_CMYK;
	jpeg_set_defaults(&c);
	if (p->channels == 4)
		jpeg_set_colorspace(&c, JCS_CMYK);
	jpeg_set_quality(&c, p->quality ? p->quality : 100, TRUE);
	if (p->progressive)
		jpeg_simple_progression(&c);
	jpeg_start_compress(&c, TRUE);
	if (p->turn)
		put_exif(&c, p->turn);
	while (c.next_scanline < c.image_height) {
		JSAMPROW row = (JSAMPROW)(p->pixels + (size_t)c.next_scanline * p->width * p->channels);
		jpeg_write_scanlines(&c, &row, 1);
	}
	jpeg_finish_compress(&c);
	jpeg_destroy_compress(&c);
	if (n > most)
		n = 0;
	memcpy(to, out, n);
	free(out);
	return n;
}

#else

size_t picture_jpeg(uint8_t *to, size_t most, const struct picture_jpeg *p)
{
	(void)to;
	(void)most;
	(void)p;
	return 0;
}

#endif
