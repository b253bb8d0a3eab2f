/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/widgets/styled_text.c - reading of SGR escapes.
 */
#include "tui/widgets/styled_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/widgets/tint.h"

enum {
	FOREGROUND = 30,
	INK = 38,   /* a colour beyond eight follows, of the character, */
	PAPER = 48, /* or behind it: */
	NUMBERED = 5,
	RED_GREEN_BLUE = 2,
	BRIGHT = 90,
};

/* Bytes of the escape at s; 0: there is none. */
static size_t escape_size(const char *s)
{
	if (s[0] != '\033' || s[1] != '[')
		return 0;
	const size_t n = 2 + strspn(s + 2, "0123456789;");

	return s[n] == 'm' ? n + 1 : 0;
}

/* The style after one number of an escape. */
static struct fed_style after(struct fed_style style, long code, struct fed_style plain)
{
	if (code == 0)
		return plain;
	if (code == INK || code == PAPER || code == INK + 1 || code == PAPER + 1)
		*(code < PAPER ? &style.ink : &style.paper) = 0;
	if (code == 1)
		style.bold = true;
	else if (code == 2 || (code >= BRIGHT && code < BRIGHT + 8))
		style.color = FED_COLOR_GREY;
	else if (code == 22)
		style.bold = false;
	else if (code == INK || code == INK + 1)
		style.color = plain.color;
	else if (code > FOREGROUND && code < FOREGROUND + FED_COLOR_GREY)
		style.color = (uint8_t)(code - FOREGROUND);
	return style;
}

/* The tint that has this colour; 0: none. */
static uint16_t tint_of(uint32_t rgb)
{
	for (unsigned tint = 1; tint < FED_TINTS; tint++)
		if (fed_tint_rgb((uint16_t)tint, false) == rgb)
			return (uint16_t)tint;
	return 0;
}

/* The next number of an escape, which ends at `end`; 0 behind the last. */
static long number(const char **at, const char *end)
{
	char *rest;

	if (*at >= end)
		return 0;
	const long value = strtol(*at, &rest, 10);
	*at = rest < end ? rest + 1 : end;
	return value;
}

/* The style after an escape of n bytes. */
static struct fed_style follow(struct fed_style style, const char *escape, size_t n,
                               struct fed_style plain)
{
	const char *at = escape + 2, *const end = escape + n - 1;

	do {
		const long code = number(&at, end);

		style = after(style, code, plain);
		if (code != INK && code != PAPER)
			continue;
		const long kind = number(&at, end);
		uint32_t rgb = 0;
		for (int i = 0; i < (kind == RED_GREEN_BLUE ? 3 : kind == NUMBERED ? 1 : 0); i++)
			rgb = rgb << 8 | (uint32_t)(number(&at, end) & 0xFF);
		if (kind == RED_GREEN_BLUE)
			*(code == INK ? &style.ink : &style.paper) = tint_of(rgb);
	} while (at < end);
	return style;
}

int fed__styled_write(struct fed_canvas *canvas, int column, int row, const char *text, int skipped,
                      struct fed_style plain)
{
	struct fed_style style = plain;
	char piece[256];

	while (*text) {
		const size_t escape = escape_size(text);

		if (escape) {
			style = follow(style, text, escape, plain);
			text += escape;
			continue;
		}
		uint32_t code;
		size_t n = fed_utf8_next(text, strlen(text), &code);
		const int columns = n ? fed_utf8_columns(code) : 1;
		if (skipped > 0) {
			skipped -= columns;
			text += n ? n : 1;
			continue;
		}
		for (n = 0; text[n] && n < sizeof piece - 1 && (n == 0 || !escape_size(text + n));)
			n++;
		while (n > 1 && n == sizeof piece - 1 && ((unsigned char)text[n] & 0xC0) == 0x80)
			n--; /* whole characters */
		snprintf(piece, sizeof piece, "%.*s", (int)n, text);
		column = fed__canvas_write(canvas, column, row, piece, style);
		text += n;
	}
	return column;
}

void fed__styled_plain(struct fed_text *out, const char *text)
{
	while (*text) {
		const size_t escape = escape_size(text);
		size_t n = escape ? 0 : 1;

		while (n && text[n] && text[n] != '\033')
			n++;
		fed_text_put(out, text, n);
		text += n + escape;
	}
}
