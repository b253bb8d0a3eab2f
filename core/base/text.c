/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/text.c - growing strings.
 */
#include "base/text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

/* Reserve `more` bytes and the final NUL. */
static bool reserve_text(struct fed_text *t, size_t more)
{
	if (t->failed)
		return false;
	size_t need;
	if (__builtin_add_overflow(t->len, more, &need) || need > SIZE_MAX / 4) {
		t->failed = true;
		return false;
	}
	if (++need <= t->cap)
		return true;
	size_t cap = t->cap ? t->cap : 32;
	while (cap < need)
		cap *= 2;
	char *s = fed_resize(t->s, t->cap, cap);
	if (!s) {
		t->failed = true;
		return false;
	}
	t->s = s;
	t->cap = cap;
	return true;
}

char *fed_text_reserve(struct fed_text *t, size_t most)
{
	return reserve_text(t, most) ? t->s + t->len : NULL;
}

void fed_text_put(struct fed_text *t, const char *s, size_t len)
{
	if (!reserve_text(t, len))
		return;
	if (len > 0)
		memcpy(t->s + t->len, s, len);
	t->len += len;
	t->s[t->len] = '\0';
}

void fed_text_vadd(struct fed_text *t, const char *fmt, va_list args)
{
	char small[256];
	va_list again;

	va_copy(again, args);
	const int n = vsnprintf(small, sizeof small, fmt, args);
	if (n < 0)
		t->failed = true;
	else if ((size_t)n < sizeof small)
		fed_text_put(t, small, (size_t)n);
	else if (reserve_text(t, (size_t)n)) {
		vsnprintf(t->s + t->len, (size_t)n + 1, fmt, again);
		t->len += (size_t)n;
	}
	va_end(again);
}

void fed_text_add(struct fed_text *t, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fed_text_vadd(t, fmt, args);
	va_end(args);
}

void fed_text_clear(struct fed_text *t)
{
	t->len = 0;
	t->failed = false;
	if (t->s)
		t->s[0] = '\0';
}

void fed_text_release(struct fed_text *t)
{
	fed_free(t->s);
	*t = (struct fed_text){0};
}

const char *fed_text_str(const struct fed_text *t)
{
	return t->s ? t->s : "";
}

/* Lists ------------------------------------------------------------------ */

char *fed_list_next(char **rest)
{
	char *item = *rest, *from = item, *to = item;

	if (!item)
		return NULL;
	for (; *from && *from != ','; from++) {
		if (*from == '\\' && (from[1] == ',' || from[1] == '\\'))
			from++;
		*to++ = *from;
	}
	*rest = *from ? from + 1 : NULL;
	*to = '\0';
	return item;
}

void fed_list_put(struct fed_text *out, const char *item)
{
	if (out->len)
		fed_text_put(out, ",", 1);
	for (; *item; item++) {
		if (*item == ',' || *item == '\\')
			fed_text_put(out, "\\", 1);
		fed_text_put(out, item, 1);
	}
}
