/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/encoding.h - text files of several encodings, as UTF-8; for core/data alone.
 */
#ifndef FED_DATA_READERS_ENCODING_H
#define FED_DATA_READERS_ENCODING_H

#include "base/fields.h"

enum fed_encoding {
	/* UTF-16 if it begins with a byte-order mark of it; else UTF-8, bytes that are none as
	 * Windows-1252. */
	FED_ENCODING_AUTO,
	FED_ENCODING_UTF_8,
	FED_ENCODING_UTF_16LE,
	FED_ENCODING_UTF_16BE,
	FED_ENCODING_WINDOWS_1252, /* and Latin-1, whose printable characters are among its */
};
extern const char *const fed__encoding_names[]; /* "auto", "utf-8", ..., NULL */
#define FED_ENCODING_HELP "how the file writes characters; auto: UTF-16 by its mark, else UTF-8"

/* What was found in a file read with FED_ENCODING_AUTO. */
struct fed_encoding_found {
	enum fed_encoding encoding; /* never auto */
	uint64_t odd;               /* bytes that are no UTF-8, taken as Windows-1252 */
	bool marked;                /* by a byte-order mark */
};

/* The whole of a text file, plain or compressed with gzip, as UTF-8 without a byte-order mark and
 * without bytes of 0.  FED_FAIL: it cannot be read, is larger than `limit` or is no text. */
int fed__text_read(struct fed_text *out, const char *path, uint64_t limit, enum fed_encoding,
                   struct fed_encoding_found *, struct fed_error *);
/* Up to n bytes of its beginning, as they are; fewer at its end. */
int fed__text_peek(const char *path, char *bytes, size_t n, size_t *got, struct fed_error *);
/* Append "windows-1252" or the like and why; false: nothing odd was found. */
bool fed__encoding_describe(const struct fed_encoding_found *, struct fed_text *out);

#endif
