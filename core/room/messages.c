/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * room/messages.c - lines KEY=VALUE of the text messages.
 */
#include "room/messages.h"

#include <string.h>

void fed__room_line(struct fed_text *out, const char *key, const char *value)
{
	fed_text_add(out, "%s=", key);
	for (const char *at = value; *at; at++)
		fed_text_put(out, (unsigned char)*at < ' ' ? " " : at, 1);
	fed_text_add(out, "\n");
}

bool fed__room_value(const char *text, size_t n, const char *key, char *out, size_t size)
{
	const size_t length = strlen(key);

	out[0] = '\0';
	for (size_t at = 0; at < n;) {
		const char *end = memchr(text + at, '\n', n - at);
		const size_t line = end ? (size_t)(end - (text + at)) : n - at;

		if (line > length && memcmp(text + at, key, length) == 0 && text[at + length] == '=') {
			const size_t value = line - length - 1, taken = value < size ? value : size - 1;

			memcpy(out, text + at + length + 1, taken);
			out[taken] = '\0';
			return true;
		}
		at += line + 1;
	}
	return false;
}

uint64_t fed__room_number(const char *text, size_t n, const char *key, uint64_t most,
                          uint64_t otherwise)
{
	char value[24];
	long long x;

	if (!fed__room_value(text, n, key, value, sizeof value) || !fed_parse_int(value, &x) || x < 0 ||
	    (uint64_t)x > most)
		return otherwise;
	return (uint64_t)x;
}
