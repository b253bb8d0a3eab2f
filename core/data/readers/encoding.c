/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/encoding.c - text files of several encodings, as UTF-8.
 */
#include "data/readers/encoding.h"

#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "data/source_internal.h"

const char *const fed__encoding_names[] = {"auto",     "utf-8",        "utf-16le",
                                           "utf-16be", "windows-1252", NULL};

/* Reading ------------------------------------------------------------------------------ */

static int too_large(const char *path, uint64_t limit, struct fed_error *err)
{
	struct fed_text most = {0};

	fed_text_bytes(&most, (double)limit);
	fed_fail(err, "%s: holds more than %s", fed_show(path).s,
	         most.failed ? "is allowed" : fed_text_str(&most));
	fed_text_release(&most);
	return FED_FAIL;
}

/* The bytes of a file, unpacked; what a small file unpacks to may not take all memory. */
static int read_bytes(struct fed_text *out, const char *path, uint64_t limit, struct fed_error *err)
{
	const double half = fed_mem_available() / 2;
	struct fed_reader *reader;
	size_t got = 1;
	int rc = FED_OK;

	if (fed_reader_open(&reader, path, err))
		return FED_FAIL;
	if (half < (double)limit)
		limit = (uint64_t)half;
	while (rc == FED_OK && got > 0) {
		const size_t block = (size_t)1 << 16;
		char *to = fed_text_reserve(out, block);

		rc = to ? fed_reader_some(reader, to, block, &got, err)
		        : fed_fail_memory(err, out->len, "a text");
		if (rc == FED_OK)
			out->len += got;
		if (rc == FED_OK && out->len > limit)
			rc = too_large(path, limit, err);
	}
	fed_reader_free(reader);
	if (rc == FED_OK)
		out->s[out->len] = '\0';
	return rc;
}

int fed__text_peek(const char *path, char *bytes, size_t n, size_t *got, struct fed_error *err)
{
	struct fed_reader *reader;

	if (fed_reader_open(&reader, path, err))
		return FED_FAIL;
	const int rc = fed_reader_some(reader, bytes, n, got, err);
	fed_reader_free(reader);
	return rc;
}

/* Whether it is a text ------------------------------------------------------------------ */

static bool is_control(unsigned char c)
{
	return c < 0x20 && !(c >= '\t' && c <= '\r') && c != 0x1a && c != 0x1b;
}

/* "; is it UTF-16? encoding=utf-16le" where every other byte is 0. */
static const char *zeros_hint(const struct fed_text *text)
{
	const size_t n = text->len < 4096 ? text->len : 4096;
	size_t zeros[2] = {0};

	for (size_t i = 0; i < n; i++)
		zeros[i % 2] += text->s[i] == 0;
	if (zeros[1] > n / 5 && zeros[0] < zeros[1] / 8)
		return "; if it is UTF-16 without a mark, say encoding=utf-16le";
	if (zeros[0] > n / 5 && zeros[1] < zeros[0] / 8)
		return "; if it is UTF-16 without a mark, say encoding=utf-16be";
	return "";
}

/* One control character in ten is no text; a few are left by printers and old editors. */
static int check_text(const struct fed_text *text, const char *name, bool wide,
                      struct fed_error *err)
{
	const char *nul = memchr(text->s, 0, text->len);
	size_t controls = 0;

	if (nul)
		return fed_fail(err, "%.80s: is not a text: %s %zu is 0%s", fed_show(name).s,
		                wide ? "of its UTF-8 byte" : "byte", (size_t)(nul - text->s),
		                wide ? "" : zeros_hint(text));
	for (size_t i = 0; i < text->len; i++)
		controls += is_control((unsigned char)text->s[i]);
	if (controls > text->len / 10)
		return fed_fail(err, "%.80s: is not a text: %zu of %zu bytes are control characters",
		                fed_show(name).s, controls, text->len);
	return FED_OK;
}

/* Decoding ------------------------------------------------------------------------------ */

/* Windows-1252: characters of the bytes 0x80 to 0x9f; the five without one stay control characters,
 * as browsers read them. */
static uint32_t windows_1252(unsigned char c)
{
	static const uint16_t high[32] = {
		0x20ac, 0x81,   0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
		0x2039, 0x0152, 0x8d,   0x017d, 0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
		0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d,   0x017e, 0x0178};

	return c >= 0x80 && c < 0xa0 ? high[c - 0x80] : c;
}

static size_t ascii_run(const char *s, size_t n)
{
	size_t i = 0;
	uint64_t word;

	for (; n - i >= sizeof word; i += sizeof word) {
		memcpy(&word, s + i, sizeof word);
		if (word & 0x8080808080808080u)
			break;
	}
	while (i < n && !((unsigned char)s[i] & 0x80))
		i++;
	return i;
}

/* Bytes that are UTF-8 stay, unless all are taken as Windows-1252; others are counted.  A text of
 * others only is Windows-1252. */
static void decode_bytes(const char *s, size_t n, struct fed_encoding_found *found,
                         struct fed_text *out)
{
	const bool windows = found->encoding == FED_ENCODING_WINDOWS_1252;
	uint64_t wide = 0;

	while (n > 0) {
		uint32_t code;
		size_t used = ascii_run(s, n);

		fed_text_put(out, s, used);
		s += used;
		n -= used;
		if (n == 0)
			break;
		used = windows ? 0 : fed_utf8_next(s, n, &code);
		if (used > 0) {
			fed_text_put(out, s, used);
			wide++;
		} else {
			fed_text_put_code(out, windows_1252((unsigned char)*s));
			found->odd++;
			used = 1;
		}
		s += used;
		n -= used;
	}
	if (found->odd && !wide && !found->marked)
		found->encoding = FED_ENCODING_WINDOWS_1252;
}

static void decode_utf16(const unsigned char *s, size_t n, bool big, struct fed_text *out)
{
	for (size_t i = 0; i + 1 < n; i += 2) {
		uint32_t code = (uint32_t)s[i + big] | (uint32_t)s[i + !big] << 8;

		if (code >= 0xd800 && code < 0xdc00 && i + 3 < n) {
			const uint32_t low = (uint32_t)s[i + 2 + big] | (uint32_t)s[i + 2 + !big] << 8;

			if (low >= 0xdc00 && low < 0xe000) {
				code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
				i += 2;
			}
		}
		fed_text_put_code(out, code >= 0xd800 && code < 0xe000 ? 0xfffd : code);
	}
}

/* The encoding by the byte-order mark, whose bytes are *skip. */
static enum fed_encoding by_mark(const struct fed_text *text, size_t *skip)
{
	*skip = 2;
	if (text->len >= 2 && !memcmp(text->s, "\xff\xfe", 2))
		return FED_ENCODING_UTF_16LE;
	if (text->len >= 2 && !memcmp(text->s, "\xfe\xff", 2))
		return FED_ENCODING_UTF_16BE;
	*skip = text->len >= 3 && !memcmp(text->s, "\xef\xbb\xbf", 3) ? 3 : 0;
	return FED_ENCODING_UTF_8;
}

static int decode(struct fed_text *out, const struct fed_text *raw, const char *name,
                  enum fed_encoding told, struct fed_encoding_found *found, struct fed_error *err)
{
	size_t skip;
	const enum fed_encoding marked = by_mark(raw, &skip);

	*found = (struct fed_encoding_found){told ? told : marked, 0, skip > 0};
	if (marked != found->encoding)
		skip = 0; /* the user knows better */
	const bool wide =
		found->encoding == FED_ENCODING_UTF_16LE || found->encoding == FED_ENCODING_UTF_16BE;

	if (!wide && check_text(raw, name, false, err))
		return FED_FAIL;
	if (wide && raw->len % 2)
		return fed_fail(err, "%.80s: is not UTF-16: it has %zu bytes, an odd number",
		                fed_show(name).s, raw->len);
	if (wide)
		decode_utf16((const unsigned char *)raw->s + skip, raw->len - skip,
		             found->encoding == FED_ENCODING_UTF_16BE, out);
	else
		decode_bytes(raw->s + skip, raw->len - skip, found, out);
	if (out->failed)
		return fed_fail_memory(err, raw->len, "a text");
	if (told == FED_ENCODING_UTF_8 && found->odd)
		return fed_fail(err,
		                "%.80s: is not UTF-8: it has %llu invalid byte%s; say encoding=auto or "
		                "encoding=windows-1252",
		                fed_show(name).s, (unsigned long long)found->odd,
		                found->odd == 1 ? "" : "s");
	if (out->len == 0)
		return fed_fail(err, "%.80s: is empty but for a byte-order mark", fed_show(name).s);
	return wide ? check_text(out, name, true, err) : FED_OK;
}

int fed__text_read(struct fed_text *out, const char *path, uint64_t limit, enum fed_encoding told,
                   struct fed_encoding_found *found, struct fed_error *err)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	struct fed_text raw = {0};
	int rc = read_bytes(&raw, path, limit, err);

	*found = (struct fed_encoding_found){FED_ENCODING_UTF_8, 0, false};
	if (rc == FED_OK && raw.len == 0)
		rc = fed_fail(err, "%.80s: is empty", fed_show(name).s);
	if (rc == FED_OK && told <= FED_ENCODING_UTF_8 && ascii_run(raw.s, raw.len) == raw.len) {
		rc = check_text(&raw, name, false, err);
		if (rc == FED_OK) {
			*out = raw; /* nothing to decode */
			return FED_OK;
		}
	}
	if (rc == FED_OK)
		rc = decode(out, &raw, name, told, found, err);
	fed_text_release(&raw);
	if (rc)
		fed_text_release(out);
	return rc;
}

bool fed__text_looks_so(const char *path)
{
	struct fed_error unused;
	struct fed_text text = {0};
	char bytes[4096];
	size_t n = 0, skip;
	bool so = false;

	if (fed__text_peek(path, bytes, sizeof bytes, &n, &unused) == FED_OK && n > 0) {
		fed_text_put(&text, bytes, n);
		so = !text.failed && (by_mark(&text, &skip) != FED_ENCODING_UTF_8 ||
		                      check_text(&text, "", false, &unused) == FED_OK);
	}
	fed_text_release(&text);
	return so;
}

bool fed__encoding_describe(const struct fed_encoding_found *found, struct fed_text *out)
{
	if (found->encoding == FED_ENCODING_WINDOWS_1252)
		fed_text_add(out, "windows-1252");
	else if (found->encoding != FED_ENCODING_UTF_8)
		fed_text_add(out, "%s%s", fed__encoding_names[found->encoding],
		             found->marked ? ", by its mark" : "");
	else if (found->odd)
		fed_text_add(out, "%s bytes are no UTF-8 and were read as Windows-1252",
		             fed_count((double)found->odd).s);
	else
		return false;
	return true;
}
