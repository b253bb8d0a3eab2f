/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/text_speakers.c - texts as characters, split by speaker or author.
 */
#include "data/readers/text_speakers.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"

enum {
	NAME_MAX_LETTERS = 40,
	NAME_MAX_CASELESS = 12, /* of a script without capitals, where a colon is all there is to see */
};

static int add_voice(struct fed_speakers *v, const char *name, size_t len, struct fed_error *err)
{
	if (v->n == v->capacity) {
		const size_t capacity = v->capacity ? 2 * v->capacity : 64;
		struct fed_speaker *grown =
			fed_resize(v->speaker, v->capacity * sizeof *grown, capacity * sizeof *grown);

		if (!grown)
			return fed_fail_memory(err, capacity * sizeof *grown, "the speakers");
		v->speaker = grown;
		v->capacity = capacity;
	}
	char *copy = fed_alloc(len + 1);
	if (!copy)
		return fed_fail_memory(err, len + 1, "a speaker");
	memcpy(copy, name, len);
	v->speaker[v->n++] = (struct fed_speaker){.name = copy};
	return FED_OK;
}

/* Reserve for `more` bytes, at most one character each. */
static int reserve_codes(struct fed_speaker *v, size_t more, struct fed_error *err)
{
	if (more <= v->capacity - v->n)
		return FED_OK;
	const size_t capacity = v->n + more > 2 * v->capacity ? v->n + more : 2 * v->capacity;
	uint32_t *grown = fed_resize(v->code, v->capacity * sizeof *grown, capacity * sizeof *grown);
	if (!grown)
		return fed_fail_memory(err, capacity * sizeof *grown, "a text");
	v->code = grown;
	v->capacity = capacity;
	return FED_OK;
}

static int speak(struct fed_speaker *v, const char *s, size_t len, bool bytes,
                 struct fed_error *err)
{
	if (reserve_codes(v, len, err))
		return FED_FAIL;
	while (len > 0) {
		uint32_t code = 0;
		size_t used = fed_utf8_next(s, len, &code);

		used += used == 0; /* not met: the text is UTF-8 */
		if (code == '\n' || code == '\t' || (!fed_utf8_control(code) && code != 0xfeff)) {
			for (size_t i = 0; bytes && i < used; i++)
				v->code[v->n++] = (unsigned char)s[i];
			if (!bytes)
				v->code[v->n++] = code;
		}
		s += used;
		len -= used;
	}
	return FED_OK;
}

int fed__speakers_add_text(struct fed_speakers *v, const char *name, const char *s, size_t len,
                           bool bytes, struct fed_error *err)
{
	if (add_voice(v, name, strlen(name), err))
		return FED_FAIL;
	return speak(&v->speaker[v->n - 1], s, len, bytes, err);
}

/* Plays --------------------------------------------------------------------- */

/* Whether the text begins with this word. */
static bool begins(const char *s, size_t len, const char *word)
{
	const size_t n = strlen(word);
	uint32_t next = 0;

	if (len < n || strncmp(s, word, n) != 0)
		return false;
	return fed_utf8_next(s + n, len - n, &next) == 0 || fed_utf8_letter(next) == FED_LETTER_NONE;
}

/* Whether a line is a heading, which looks like a speaker: ACT I., SCENE II., IV. */
static bool is_heading(const char *s, size_t len)
{
	return begins(s, len, "ACT") || begins(s, len, "SCENE") || strspn(s, "IVXLC") >= len;
}

/* Where the last word of s begins. */
static size_t last_word(const char *s, size_t len)
{
	while (len > 0 && s[len - 1] != ' ')
		len--;
	return len;
}

/* Whether a word is one that a full stop ends: MR, ST. */
static bool is_title_word(const char *word, size_t len)
{
	static const char *const titles[] = {"mr",  "mrs",  "ms",  "dr",  "st",  "sr",  "jr",   "prof",
	                                     "lt",  "capt", "col", "gen", "sgt", "rev", "mme",  "mlle",
	                                     "hon", "maj",  "frl", "fr",  "hr",  "sra", "srta", "dra"};

	for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
		if (strlen(titles[i]) == len && !strncasecmp(word, titles[i], len))
			return true;
	return false;
}

/* Whether a full stop at the end of s belongs to its last word: MR., ST., an initial. */
static bool is_title(const char *s, size_t len)
{
	const size_t from = last_word(s, len);
	uint32_t code = 0;

	return is_title_word(s + from, len - from) ||
	       (fed_utf8_next(s + from, len - from, &code) == len - from &&
	        fed_utf8_letter(code) == FED_LETTER_UPPER);
}

/* Whether s ends in a title and the single letter that it belongs to: MR. X, of which the full stop
 * behind it ends the name, unless more capitals follow: MR. J. SMITH. */
static bool is_whole(const char *s, size_t len, const char *rest, size_t rest_len)
{
	const size_t from = last_word(s, len);
	size_t letters = 0, at = 0;

	if (is_title_word(s + from, len - from) || from < 3 || s[from - 2] != '.')
		return false;
	const size_t before = last_word(s, from - 2);
	if (!is_title_word(s + before, from - 2 - before) || s[before + 1] >= 'a')
		return false;
	while (at < rest_len && rest[at] == ' ')
		at++;
	for (uint32_t code = 0; at < rest_len; letters++) {
		const size_t used = fed_utf8_next(rest + at, rest_len - at, &code);

		if (used == 0 || fed_utf8_letter(code) != FED_LETTER_UPPER)
			break;
		at += used;
	}
	const bool stop = at < rest_len && (rest[at] == '.' || rest[at] == ':');
	return !(stop || (letters > 1 && at < rest_len && rest[at] == ' '));
}

/* What else stands in a name: blanks, hyphens, apostrophes, a middle dot. */
static bool joins_words(uint32_t code)
{
	return code == ' ' || code == '-' || code == '\'' || code == 0x2019 || code == 0xb7 ||
	       code == 0x30fb;
}

/* Every word begins with a capital; `shouted`: and has no small letters.  Letters without a case
 * are capitals before a colon. */
static bool is_name(const char *s, size_t len, bool shouted, bool colon)
{
	size_t letters = 0, caseless = 0;
	bool word = false;

	if (is_heading(s, len))
		return false;
	for (size_t i = 0; i < len; letters++) {
		uint32_t code = 0;
		const size_t used = fed_utf8_next(s + i, len - i, &code);
		const enum fed_letter letter = fed_utf8_letter(code);

		if (used == 0 || letters == NAME_MAX_LETTERS)
			return false;
		if (letter == FED_LETTER_NONE && !joins_words(code) && !(code == '.' && is_title(s, i)))
			return false;
		if (letter == FED_LETTER_LOWER && (shouted || !word))
			return false;
		caseless += letter == FED_LETTER_CASELESS;
		word = letter != FED_LETTER_NONE || (word && code != ' ');
		i += used;
	}
	if (caseless > 0)
		return colon && letters <= NAME_MAX_CASELESS;
	return letters >= 2;
}

/* Whether a capital follows the blanks from here on. */
static bool capital_follows(const char *s, size_t len)
{
	uint32_t code = 0;
	size_t i = 0;

	while (i < len && s[i] == ' ')
		i++;
	return i > 0 && fed_utf8_next(s + i, len - i, &code) > 0 &&
	       fed_utf8_letter(code) == FED_LETTER_UPPER;
}

/* The bytes of the mark that may end a name: a full stop, a colon, a wide colon; else 0. */
static size_t name_end(const char *s, size_t len)
{
	static const char wide[] = "\xef\xbc\x9a";

	if (*s == '.' || *s == ':')
		return 1;
	return len >= 3 && !memcmp(s, wide, 3) ? 3 : 0;
}

/* The bytes of a speaker's name at the start of a line, 0 if there is none; *rest is the offset
 * behind it. */
static size_t speaker_of(const char *line, size_t len, size_t *rest)
{
	bool title = false;
	size_t all = len;

	for (size_t i = 0; i < len && i <= 4 * NAME_MAX_LETTERS; i++) {
		const size_t mark = name_end(line + i, len - i);
		size_t next = i + mark;

		if (mark == 0)
			continue;
		if (line[i] == '.' && is_title(line, i) && capital_follows(line + next, len - next) &&
		    !is_whole(line, i, line + next, len - next)) {
			title = true;
			continue;
		}
		while (next < len && strchr(" \t\r", line[next]))
			next++;
		if (next < len && next == i + 1 && mark == 1)
			return 0;
		/* `First Citizen:` alone on its line; anything else in capitals */
		if (!is_name(line, i, line[i] == '.' || next < len, line[i] != '.'))
			return 0;
		*rest = next;
		return i;
	}
	/* MR. X alone */
	while (all > 0 && strchr(" \t\r", line[all - 1]))
		all--;
	*rest = len;
	return title && is_name(line, all, true, false) ? all : 0;
}

static int find_speaker(struct fed_speakers *v, size_t first, const char *name, size_t len,
                        size_t *out, struct fed_error *err)
{
	for (*out = first; *out < v->n; ++*out)
		if (!strncmp(v->speaker[*out].name, name, len) && !v->speaker[*out].name[len])
			return FED_OK;
	return add_voice(v, name, len, err);
}

int fed__speakers_add_play(struct fed_speakers *v, const char *s, size_t len, bool bytes,
                           struct fed_error *err)
{
	const size_t first = v->n;
	size_t speaker = SIZE_MAX;

	while (len > 0) {
		const char *end = memchr(s, '\n', len);
		const size_t line = end ? (size_t)(end - s) : len, all = end ? line + 1 : line;
		size_t from = 0;
		const size_t name = speaker_of(s, line, &from);

		if (name > 0 && find_speaker(v, first, s, name, &speaker, err))
			return FED_FAIL;
		if (name == 0)
			from = 0;
		/* a line with only a name and blank lines are no speech */
		const bool words = from < line && strspn(s + from, " \t\r\n") < all - from;

		if (words && speaker == SIZE_MAX)
			v->before++;
		else if (words && speak(&v->speaker[speaker], s + from, all - from, bytes, err))
			return FED_FAIL;
		s += all;
		len -= all;
	}
	return FED_OK;
}

void fed__speakers_release(struct fed_speakers *v)
{
	for (size_t i = 0; i < v->n; i++) {
		fed_free(v->speaker[i].name);
		fed_free(v->speaker[i].code);
	}
	fed_free(v->speaker);
	*v = (struct fed_speakers){0};
}
