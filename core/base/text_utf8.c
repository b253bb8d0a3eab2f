/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * UTF-8, and how wide its characters are.  The C library's wcwidth() knows only the characters of
 * the locale; a chart must come out the same in a test and on a terminal.
 */
#include <string.h>

#include "base/text.h"

struct range {
	uint32_t first, last;
};

/* Unicode 15: combining marks and other characters without a column of their own (the blocks
 * that people meet, not every script). */
static const struct range zero_wide[] = {
	{0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x05bf, 0x05bf},   {0x05c1, 0x05c2},
	{0x05c4, 0x05c5}, {0x0610, 0x061a}, {0x064b, 0x065f}, {0x0670, 0x0670},   {0x06d6, 0x06dc},
	{0x06df, 0x06e4}, {0x0900, 0x0902}, {0x093c, 0x093c}, {0x0941, 0x0948},   {0x094d, 0x094d},
	{0x0e31, 0x0e31}, {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e}, {0x1ab0, 0x1aff},   {0x1dc0, 0x1dff},
	{0x200b, 0x200f}, {0x2060, 0x2064}, {0x20d0, 0x20f0}, {0x302a, 0x302d},   {0x3099, 0x309a},
	{0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0xe0100, 0xe01ef},
};

/* Unicode 15, EastAsianWidth W and F. */
static const struct range two_wide[] = {
	{0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23ec},
	{0x25fd, 0x25fe},   {0x2614, 0x2615},   {0x2648, 0x2653},   {0x26aa, 0x26ab},
	{0x26bd, 0x26be},   {0x26c4, 0x26c5},   {0x2705, 0x2705},   {0x270a, 0x270b},
	{0x2728, 0x2728},   {0x274c, 0x274c},   {0x2753, 0x2755},   {0x2757, 0x2757},
	{0x2795, 0x2797},   {0x2b1b, 0x2b1c},   {0x2b50, 0x2b50},   {0x2e80, 0x303e},
	{0x3041, 0x3247},   {0x3250, 0x4dbf},   {0x4e00, 0xa4cf},   {0xa960, 0xa97c},
	{0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe10, 0xfe19},   {0xfe30, 0xfe6b},
	{0xff01, 0xff60},   {0xffe0, 0xffe6},   {0x16fe0, 0x18cff}, {0x1b000, 0x1b2fb},
	{0x1f18e, 0x1f19a}, {0x1f200, 0x1f320}, {0x1f32d, 0x1f335}, {0x1f337, 0x1f37c},
	{0x1f37e, 0x1f393}, {0x1f3a0, 0x1f3ca}, {0x1f3e0, 0x1f3f0}, {0x1f3f8, 0x1f43e},
	{0x1f440, 0x1f4fc}, {0x1f4ff, 0x1f53d}, {0x1f54b, 0x1f567}, {0x1f5fb, 0x1f64f},
	{0x1f680, 0x1f6c5}, {0x1f6d0, 0x1f6d2}, {0x1f6eb, 0x1f6ec}, {0x1f6f4, 0x1f6fc},
	{0x1f7e0, 0x1f7eb}, {0x1f90c, 0x1f9ff}, {0x1fa70, 0x1faff}, {0x20000, 0x3fffd},
};

static bool within(uint32_t code, const struct range *r, size_t n)
{
	size_t low = 0, high = n;

	while (low < high) {
		const size_t middle = (low + high) / 2;

		if (code > r[middle].last)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && code >= r[low].first;
}

size_t fed_utf8_next(const char *s, size_t len, uint32_t *code)
{
	/* By number of bytes: the smallest code that needs so many. */
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *b = (const unsigned char *)s;

	if (len == 0)
		return 0;
	if (b[0] < 0x80) {
		*code = b[0];
		return 1;
	}
	const size_t n = b[0] >= 0xf0 ? 4 : b[0] >= 0xe0 ? 3 : 2;
	if (b[0] < 0xc2 || b[0] > 0xf4 || n > len)
		return 0;
	uint32_t c = b[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((b[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (b[i] & 0x3f);
	}
	if (c < smallest[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*code = c;
	return n;
}

bool fed_utf8_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
}

int fed_utf8_columns(uint32_t code)
{
	if (within(code, zero_wide, sizeof zero_wide / sizeof *zero_wide))
		return 0;
	return within(code, two_wide, sizeof two_wide / sizeof *two_wide) ? 2 : 1;
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
	if (code < 0x80)
		fed_text_put(out, &(char){(char)code}, 1);
	else if (code < 0x800)
		fed_text_put(out, (char[]){(char)(0xC0 | code >> 6), (char)(0x80 | (code & 0x3F))}, 2);
	else if (code < 0x10000)
		fed_text_put(out,
		             (char[]){(char)(0xE0 | code >> 12), (char)(0x80 | (code >> 6 & 0x3F)),
		                      (char)(0x80 | (code & 0x3F))},
		             3);
	else
		fed_text_put(out,
		             (char[]){(char)(0xF0 | code >> 18), (char)(0x80 | (code >> 12 & 0x3F)),
		                      (char)(0x80 | (code >> 6 & 0x3F)), (char)(0x80 | (code & 0x3F))},
		             4);
}
