/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/pictures/picture_missing.h - a format whose library fedsh was built without: both
 * functions of picture.h refuse the file.
 */
#ifndef FED_DATA_PICTURE_MISSING_H
#define FED_DATA_PICTURE_MISSING_H

#include "data/readers/pictures/picture.h"

#define FED_PICTURE_MISSING(head_of, pixels_of, words)                                 \
	int head_of(const uint8_t *bytes, size_t n, struct fed_picture_head *head,         \
	            struct fed_error *err)                                                 \
	{                                                                                  \
		(void)bytes, (void)n, (void)head;                                              \
		return fed_reject(err, words);                                                 \
	}                                                                                  \
	int pixels_of(const uint8_t *bytes, size_t n, const struct fed_picture_head *head, \
	              uint8_t *pixels, struct fed_error *err)                              \
	{                                                                                  \
		(void)bytes, (void)n, (void)head, (void)pixels;                                \
		return fed_reject(err, words);                                                 \
	}                                                                                  \
	_Static_assert(1, "a ; follows")

#endif
