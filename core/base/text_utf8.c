/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/text_utf8.c - UTF-8 decoding, cleaning and display width, by utf8proc's tables.
 *
 * The C library's wcwidth() depends on the locale; a chart must be the same in a test and on a
 * terminal.
 */
#include <string.h>
#include <utf8proc.h>

#include "base/text.h"

size_t fed_utf8_next(const char *s, size_t len, uint32_t *code)
{
	const size_t longest = 4; /* of a character: utf8proc takes signed lengths */
	utf8proc_int32_t c;
	const utf8proc_ssize_t n = utf8proc_iterate(
		(const utf8proc_uint8_t *)s, (utf8proc_ssize_t)(len < longest ? len : longest), &c);

	if (n <= 0)
		return 0;
	*code = (uint32_t)c;
	return (size_t)n;
}

bool fed_utf8_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
}

enum fed_letter fed_utf8_letter(uint32_t code)
{
	switch (utf8proc_category((utf8proc_int32_t)code)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LT:
		return FED_LETTER_UPPER;
	case UTF8PROC_CATEGORY_LL:
		return FED_LETTER_LOWER;
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
		return FED_LETTER_CASELESS;
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
		return FED_LETTER_MARK;
	default:
		return FED_LETTER_NONE;
	}
}

char fed_utf8_ascii(uint32_t code)
{
	utf8proc_int32_t parts[8];
	int unused = 0;

	if (fed_utf8_letter(code) == FED_LETTER_NONE)
		return 0;
	const utf8proc_ssize_t n =
		utf8proc_decompose_char((utf8proc_int32_t)code, parts, sizeof parts / sizeof *parts,
	                            UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT, &unused);
	return n > 0 && parts[0] < 0x80 ? (char)parts[0] : '_';
}

/* A letter in a place that shows ASCII alone: as many columns as it has. */
static void put_ascii_letter(struct fed_text *t, uint32_t code)
{
	const char letter = fed_utf8_ascii(code);

	for (int k = 0; k < fed_utf8_columns(code); k++)
		fed_text_put(t, &letter, 1);
}

size_t fed_letter_size(const char *s)
{
	uint32_t code;
	const size_t longest = 4, n = fed_utf8_next(s, strnlen(s, longest), &code);

	return n && fed_utf8_letter(code) != FED_LETTER_NONE ? n : 0;
}

/* Corrections to utf8proc: a control character is shown as one replacement; and after terminals and
 * wcwidth() spacing marks (Devanagari's vowel signs) take a column, and the vowels and finals of a
 * decomposed Hangul syllable share its first letter's two. */
int fed_utf8_columns(uint32_t code)
{
	const utf8proc_property_t *const p = utf8proc_get_property((utf8proc_int32_t)code);

	if (fed_utf8_control(code) || p->category == UTF8PROC_CATEGORY_MC)
		return 1;
	if (p->boundclass == UTF8PROC_BOUNDCLASS_V || p->boundclass == UTF8PROC_BOUNDCLASS_T)
		return 0;
	return p->charwidth;
}

uint32_t fed_utf8_compose(uint32_t base, uint32_t mark)
{
	utf8proc_int32_t codes[] = {(utf8proc_int32_t)base, (utf8proc_int32_t)mark};
	const utf8proc_ssize_t n =
		utf8proc_normalize_utf32(codes, 2, UTF8PROC_STABLE | UTF8PROC_COMPOSE);

	return n == 1 ? (uint32_t)codes[0] : 0;
}

int fed_text_width(const char *s)
{
	size_t left = strlen(s);
	int columns = 0;

	while (left > 0) {
		uint32_t code;
		const size_t n = fed_utf8_next(s, left, &code);

		columns += n > 0 ? fed_utf8_columns(code) : 1;
		s += n > 0 ? n : 1;
		left -= n > 0 ? n : 1;
	}
	return columns;
}

void fed_text_put_code(struct fed_text *out, uint32_t code)
{
	utf8proc_uint8_t bytes[4];
	const utf8proc_ssize_t n = utf8proc_encode_char((utf8proc_int32_t)code, bytes);

	fed_text_put(out, (const char *)bytes, (size_t)n);
}

void fed_text_put_clean(struct fed_text *t, const char *s, size_t len, bool utf8)
{
	const char *replacement = utf8 ? "\uFFFD" : "?";

	for (size_t i = 0; i < len;) {
		uint32_t code;
		const size_t n = fed_utf8_next(s + i, len - i, &code);
		const bool shown = n > 0 && (code == '\n' || code == '\t' || !fed_utf8_control(code)) &&
		                   (utf8 || code < 0x80);

		if (shown)
			fed_text_put(t, s + i, n);
		else if (n > 0 && !utf8 && fed_utf8_ascii(code))
			put_ascii_letter(t, code);
		else
			fed_text_put(t, replacement, strlen(replacement));
		i += n > 0 ? n : 1;
	}
}

struct fed_shown fed_show(const char *s)
{
	static const char cut[] = "...";
	struct fed_shown out = {""};
	const size_t capacity = sizeof out.s - sizeof cut;
	/* the rest is not shown, so a megabyte of input costs nothing */
	const size_t len = strnlen(s, sizeof out.s);
	size_t at = 0;

	for (size_t i = 0; i < len;) {
		uint32_t code;
		const size_t n = fed_utf8_next(s + i, len - i, &code);
		const bool shown = n > 0 && !fed_utf8_control(code);

		if (at + (shown ? n : 1) > capacity) {
			memcpy(out.s + at, cut, sizeof cut);
			return out;
		}
		if (shown)
			memcpy(out.s + at, s + i, n);
		else
			out.s[at] = '?';
		at += shown ? n : 1;
		i += n > 0 ? n : 1;
	}
	return out;
}

void fed_text_put_markup(struct fed_text *t, const char *s)
{
	for (; *s; s++) {
		const char *name = *s == '<'   ? "&lt;"
		                   : *s == '>' ? "&gt;"
		                   : *s == '&' ? "&amp;"
		                   : *s == '"' ? "&quot;"
		                               : NULL;

		if (name)
			fed_text_put(t, name, strlen(name));
		else if ((unsigned char)*s >= ' ' || *s == '\n' || *s == '\t') /* no other is allowed */
			fed_text_put(t, s, 1);
	}
}

void fed_text_json_string(struct fed_text *t, const char *s)
{
	const size_t len = strlen(s);

	fed_text_put(t, "\"", 1);
	for (size_t i = 0; i < len;) {
		uint32_t code;
		const size_t n = fed_utf8_next(s + i, len - i, &code);

		if (n == 0)
			fed_text_add(t, "\uFFFD");
		else if (code == '"' || code == '\\')
			fed_text_add(t, "\\%c", (char)code);
		else if (code == '\n')
			fed_text_put(t, "\\n", 2);
		else if (code == '\t')
			fed_text_put(t, "\\t", 2);
		else if (code < 0x20 || code == 0x7f)
			fed_text_add(t, "\\u%04x", (unsigned)code);
		else
			fed_text_put(t, s + i, n);
		i += n > 0 ? n : 1;
	}
	fed_text_put(t, "\"", 1);
}
