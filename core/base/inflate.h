/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/inflate.h - a whole gzip file unpacked at once, by libdeflate where fedsh was built with it:
 * twice as fast as a stream, for which the file and its contents are in memory together.
 */
#ifndef FED_BASE_INFLATE_H
#define FED_BASE_INFLATE_H

#include <stdbool.h>
#include <stddef.h>

/* The contents of the gzip file behind fd, of one member (*bytes: fed_free()); fd's offset is as
 * before.  false: without the library, or where the file is damaged, has several members, or is too
 * large for memory; then a stream says why. */
bool fed__inflate_file(int fd, unsigned char **bytes, size_t *n);

#endif
