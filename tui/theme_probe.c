/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/theme_probe.c - parsing of COLORFGBG and of terminals' answers.
 */
#include "tui/theme_probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool fed_background_named(const char *colors)
{
	const char *last = colors ? strrchr(colors, ';') : NULL;
	const int background = last ? atoi(last + 1) : 0;

	return background == 7 || background >= 9;
}

/* Parse "ffff/8080/00", one to four digits each; false: malformed. */
static bool is_light(const char *text, bool *light)
{
	static const double share[] = {0.299, 0.587, 0.114}; /* of brightness (ITU-R BT.601) */
	double brightness = 0;

	for (int i = 0; i < 3; i++) {
		unsigned value;
		int digits = 0;

		if (sscanf(text, "%4x%n", &value, &digits) != 1)
			return false;
		brightness += share[i] * value / ((1u << 4 * digits) - 1);
		text += digits;
		if (i < 2 && *text++ != '/')
			return false;
	}
	*light = brightness > 0.5;
	return true;
}

/* The end of a colour answer that begins at s; NULL: none, or incomplete. */
static const char *end_of_color(const char *s)
{
	if (strncmp(s, "\033]11;", 5) != 0)
		return NULL;
	for (s += 5; *s; s++) {
		if (*s == '\a')
			return s + 1;
		if (*s == '\033')
			return s[1] == '\\' ? s + 2 : NULL;
	}
	return NULL;
}

static const char *end_of_attributes(const char *s)
{
	if (strncmp(s, "\033[?", 3) != 0)
		return NULL;
	s += 3 + strspn(s + 3, "0123456789;");
	return *s == 'c' ? s + 1 : NULL;
}

bool fed__background_answers(char *bytes, size_t *n, bool *light)
{
	char text[256], *to = bytes;
	const size_t len = *n < sizeof text - 1 ? *n : sizeof text - 1;
	bool last = false;

	memcpy(text, bytes, len);
	text[len] = 0;
	for (const char *s = text; s < text + len;) {
		const char *color = end_of_color(s), *attributes = end_of_attributes(s);

		if (color && strncmp(s + 5, "rgb:", 4) == 0)
			is_light(s + 9, light);
		if (color && strncmp(s + 5, "rgba:", 5) == 0)
			is_light(s + 10, light);
		last |= attributes != NULL;
		if (color || attributes)
			s = color ? color : attributes;
		else
			*to++ = *s++;
	}
	*n -= len - (size_t)(to - bytes);
	return last;
}
