/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/pictures/picture.c - one PNG or JPEG file, by its first bytes.
 */
#include "data/readers/pictures/picture.h"

#include <string.h>

#include "data/readers/encoding.h"
#include "data/source_internal.h"

/* What a file is that is neither; the names of picture files are often wrong. */
static const char *other_kind(const uint8_t *bytes, size_t n)
{
	static const struct {
		const char *mark, *name;
		size_t at, n;
	} kinds[] = {
		{"GIF8", "a GIF", 0, 4},      {"WEBP", "a WebP", 8, 4},      {"BM", "a BMP", 0, 2},
		{"II*\0", "a TIFF", 0, 4},    {"MM\0*", "a TIFF", 0, 4},     {"<", "a page of HTML", 0, 1},
		{"ftypheic", "a HEIC", 4, 8}, {"ftypavif", "an AVIF", 4, 8},
	};

	if (n == 0)
		return "empty";
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (n >= kinds[i].at + kinds[i].n &&
		    !memcmp(bytes + kinds[i].at, kinds[i].mark, kinds[i].n))
			return kinds[i].name;
	return "another kind of file";
}

static bool is_png(const uint8_t *bytes, size_t n)
{
	return n >= 8 && !memcmp(bytes, "\x89PNG\r\n\x1a\n", 8);
}

static bool is_jpeg(const uint8_t *bytes, size_t n)
{
	return n >= 3 && !memcmp(bytes, "\xff\xd8\xff", 3);
}

bool fed__picture_looks_so(const char *path)
{
	struct fed_error unused;
	char bytes[8];
	size_t n;

	return fed__text_peek(path, bytes, sizeof bytes, &n, &unused) == FED_OK &&
	       (is_png((const uint8_t *)bytes, n) || is_jpeg((const uint8_t *)bytes, n));
}

int fed__picture_head(const uint8_t *bytes, size_t n, struct fed_picture_head *head,
                      struct fed_error *err)
{
	int rc;

	*head = (struct fed_picture_head){.turn = 1};
	if (is_png(bytes, n))
		rc = fed__png_head(bytes, n, head, err);
	else if (is_jpeg(bytes, n))
		rc = fed__jpeg_head(bytes, n, head, err);
	else
		return fed_reject(err, "is neither PNG nor JPEG, but %s", other_kind(bytes, n));
	if (rc == FED_OK &&
	    (!head->height || !head->width || head->width > FED_PICTURE_PIXELS / head->height))
		return fed_reject(err, "claims %u x %u pixels; at most %llu are read", head->height,
		                  head->width, (unsigned long long)FED_PICTURE_PIXELS);
	return rc;
}

int fed__picture_pixels(const uint8_t *bytes, size_t n, const struct fed_picture_head *head,
                        uint8_t *pixels, struct fed_error *err)
{
	return head->kind == FED_PICTURE_PNG ? fed__png_pixels(bytes, n, head, pixels, err)
	                                     : fed__jpeg_pixels(bytes, n, head, pixels, err);
}
