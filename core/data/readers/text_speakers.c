/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/text_speakers.c - texts as characters, split by speaker or author.
 */
#include "data/readers/text_speakers.h"

#include <ctype.h>
#include <string.h>

#include "base/mem.h"

enum { NAME_MAX_BYTES = 40 };

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

static int speak(struct fed_speaker *v, const char *s, size_t len, struct fed_error *err)
{
	if (reserve_codes(v, len, err))
		return FED_FAIL;
	while (len > 0) {
		uint32_t code = 0;
		size_t used = fed_utf8_next(s, len, &code);

		if (used == 0) {
			code = (unsigned char)*s;
			used = 1;
		}
		if (code == '\n' || code == '\t' || (!fed_utf8_control(code) && code != 0xfeff))
			v->code[v->n++] = code;
		s += used;
		len -= used;
	}
	return FED_OK;
}

int fed__speakers_add_text(struct fed_speakers *v, const char *name, const char *s, size_t len,
                           struct fed_error *err)
{
	if (add_voice(v, name, strlen(name), err))
		return FED_FAIL;
	return speak(&v->speaker[v->n - 1], s, len, err);
}

/* Plays --------------------------------------------------------------------- */

/* Whether a line is a heading, which looks like a speaker: ACT I., SCENE II., IV. */
static bool is_heading(const char *s, size_t len)
{
	return (len >= 3 && !strncmp(s, "ACT", 3)) || (len >= 5 && !strncmp(s, "SCENE", 5)) ||
	       strspn(s, "IVXLC") >= len;
}

/* Every word begins with a capital; `shouted`: and has no small letters. */
static bool is_name(const char *s, size_t len, bool shouted)
{
	bool word = false;

	if (len < 2 || len > NAME_MAX_BYTES || is_heading(s, len))
		return false;
	for (size_t i = 0; i < len; i++) {
		const unsigned char c = (unsigned char)s[i];

		if (!isalpha(c) && !strchr(" '-", c))
			return false;
		if (islower(c) && (shouted || !word))
			return false;
		word = isalpha(c) || (word && c != ' ');
	}
	return true;
}

/* The bytes of a speaker's name at the start of a line, 0 if there is none; *rest is the offset
 * behind it. */
static size_t speaker_of(const char *line, size_t len, size_t *rest)
{
	for (size_t i = 0; i < len && i <= NAME_MAX_BYTES; i++) {
		if (line[i] != '.' && line[i] != ':')
			continue;
		size_t next = i + 1;
		while (next < len && strchr(" \t\r", line[next]))
			next++;
		if (next < len && next == i + 1)
			return 0;
		/* `First Citizen:` alone on its line; anything else in capitals */
		if (!is_name(line, i, line[i] == '.' || next < len))
			return 0;
		*rest = next;
		return i;
	}
	return 0;
}

static int find_speaker(struct fed_speakers *v, size_t first, const char *name, size_t len,
                        size_t *out, struct fed_error *err)
{
	for (*out = first; *out < v->n; ++*out)
		if (!strncmp(v->speaker[*out].name, name, len) && !v->speaker[*out].name[len])
			return FED_OK;
	return add_voice(v, name, len, err);
}

int fed__speakers_add_play(struct fed_speakers *v, const char *s, size_t len, struct fed_error *err)
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
		/* a line with only a name and blank lines are no speech */
		if (speaker != SIZE_MAX && from < line && strspn(s + from, " \t\r\n") < all - from &&
		    speak(&v->speaker[speaker], s + from, all - from, err))
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
