/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/text.h - growing strings, formatting and parsing of numbers, UTF-8 for terminals.
 */
#ifndef FED_BASE_TEXT_H
#define FED_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A growing string.  {0} is valid and empty; s is NULL until something is appended.  When memory
 * runs out `failed` is set and the text unchanged: check it once, at the end. */
struct fed_text {
	char *s;
	size_t len, cap;
	bool failed;
};

__attribute__((format(printf, 2, 3))) void fed_text_add(struct fed_text *, const char *fmt, ...);
void fed_text_vadd(struct fed_text *, const char *fmt, va_list);
void fed_text_put(struct fed_text *, const char *s, size_t len);
/* Reserve this many bytes and a NUL behind the text; the caller writes them and adds to len.  NULL:
 * failed. */
char *fed_text_reserve(struct fed_text *, size_t most);
void fed_text_clear(struct fed_text *);            /* empty, not failed, memory kept */
void fed_text_release(struct fed_text *);          /* memory freed */
const char *fed_text_str(const struct fed_text *); /* never NULL */

/* Append s cleaned for a terminal or a log: control bytes and invalid UTF-8 become U+FFFD ('?'
 * unless utf8; letters then as fed_utf8_ascii() has them, _ in each column), newlines and tabs are
 * kept. */
void fed_text_put_clean(struct fed_text *, const char *s, size_t len, bool utf8);

/* A typed string cleaned and cut for an error: control characters and invalid UTF-8 become '?',
 * long strings end in "...".  Use it in place: fed_fail(err, "no %s", fed_show(typed).s). */
struct fed_shown {
	char s[100];
};
struct fed_shown fed_show(const char *s);
/* Likewise a finite number, formatted by fed_text_count(). */
struct fed_shown fed_count(double n);
/* A number with as many significant digits, zeros at its end kept: "0.3650" with 4. */
struct fed_shown fed_digits(double x, int digits);

/* Append the shortest form that fed_parse_real reads back to the same double; "nan", "inf". */
void fed__text_real(struct fed_text *, double x);
/* Append as text of HTML or XML, also in an attribute's double quotes. */
void fed_text_put_markup(struct fed_text *, const char *s);
/* Append as a JSON string with its quotes; as a JSON number (as fed__text_real; NaN and infinities
 * are null). */
void fed_text_json_string(struct fed_text *, const char *s);
void fed_text_json_number(struct fed_text *, double x);

/* "12,345,678"; "1.7 MB" (decimal units); "3 min 12 s"; "4.5 GFLOP" for display. */
void fed_text_count(struct fed_text *, double n);
void fed_text_bytes(struct fed_text *, double bytes);
void fed_text_seconds(struct fed_text *, double seconds);
void fed_text_si(struct fed_text *, double x, const char *unit);
/* For figures below one another, all of as many digits: a time as fed_text_seconds(), "5.00 s"; a
 * number by a format of one double, "%#.4g" for 4 digits, without a point at its end, NaN "-". */
void fed_text_clock(struct fed_text *, double seconds);
void fed_text_number(struct fed_text *, const char *fmt, double x);

/* The character at s and its bytes; 0 bytes when it is not valid UTF-8 (or len is 0). */
size_t fed_utf8_next(const char *s, size_t len, uint32_t *code);
/* Append a code point as UTF-8. */
void fed_text_put_code(struct fed_text *, uint32_t code);
/* Whether a character must not be sent to a terminal: control characters, C1, bidirectional
 * overrides. */
bool fed_utf8_control(uint32_t code);
/* What a character is in a word: none, a letter of a case, a letter of a script without cases, or a
 * mark that combines with the letter before it. */
enum fed_letter {
	FED_LETTER_NONE,
	FED_LETTER_UPPER,
	FED_LETTER_LOWER,
	FED_LETTER_CASELESS,
	FED_LETTER_MARK,
};
enum fed_letter fed_utf8_letter(uint32_t code);
/* What stands for a letter or mark where only ASCII can be shown: the letter without its accent, or
 * _; 0: the code is neither. */
char fed_utf8_ascii(uint32_t code);
/* Bytes of the letter of any script, or mark, at s; 0: it is none. */
size_t fed_letter_size(const char *s);
/* 0 for combining characters, 2 for wide ones, else 1. */
int fed_utf8_columns(uint32_t code);
/* The precomposed character of a letter and a combining character (e and an accent); 0 if there is
 * none. */
uint32_t fed_utf8_compose(uint32_t base, uint32_t mark);
/* Columns that s takes on a terminal (wide characters 2, combining 0), bytes of invalid UTF-8 1. */
int fed_text_width(const char *s);

/* The next item of a list "a,b\\,c", ended and its backslashes removed in place; NULL past the
 * last. A backslash protects a comma or a backslash. */
char *fed_list_next(char **rest);
/* Append an item to such a list. */
void fed_list_put(struct fed_text *, const char *item);

/* The name nearest to `typed` by edit distance with transpositions (case, - and _ are ignored): at
 * most a third of its length away, or with `typed` as a prefix; NULL if none.  name(ctx, i) is NULL
 * past the last. */
const char *fed_nearest(const char *typed, const char *(*name)(const void *ctx, size_t i),
                        const void *ctx);

/* Whether two names are the same, - and _ taken for one. */
bool fed_same_name(const char *a, const char *b);

/* Numbers are written with a point: the program sets LC_CTYPE and leaves LC_NUMERIC at "C".
 * Whole-string numbers: false on anything left over, overflow, NaN or an empty string.  Integers
 * also take 1e6, 10k and 2M when the value is whole. */
bool fed_parse_int(const char *s, long long *out);
bool fed_parse_real(const char *s, double *out);

#endif
