/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * support/tar.h - tar archives in memory, for tests and fuzz targets.
 */
#ifndef FED_TEST_TAR_H
#define FED_TEST_TAR_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Append a member at `to`: header, bytes and zeros up to a whole block; returns their number. type:
 * '0' a file, '5' a folder. */
static inline size_t tar_member(uint8_t *to, const char *name, char type, const void *bytes,
                                size_t n)
{
	const size_t padded = (n + 511) / 512 * 512;
	unsigned sum = 0;

	memset(to, 0, 512 + padded);
	snprintf((char *)to, 100, "%s", name);
	snprintf((char *)to + 100, 8, "0000644");
	snprintf((char *)to + 124, 12, "%011zo", n);
	memset(to + 148, ' ', 8);
	to[156] = (uint8_t)type;
	memcpy(to + 257,
	       "ustar\0"
	       "00",
	       8);
	for (int i = 0; i < 512; i++)
		sum += to[i];
	snprintf((char *)to + 148, 8, "%06o", sum);
	if (n)
		memcpy(to + 512, bytes, n);
	return 512 + padded;
}

/* The two empty blocks that end an archive. */
static inline size_t tar_end(uint8_t *to)
{
	memset(to, 0, 1024);
	return 1024;
}

#endif
