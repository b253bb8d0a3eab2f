/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/script/lessons.c - reading of the list of lessons.
 */
#include "shell/script/lessons.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "shell/language/line.h"
#include "shell/script/caption.h"

#define ENDING ".fedsh"

enum { TITLE_LINES = 8 }; /* at the script's beginning */

/* The name of a lesson's file: digits, a dash, the ending. *digits: how many. */
static bool is_lesson(const char *name, size_t *digits)
{
	const size_t n = strlen(name), ending = sizeof ENDING - 1;

	*digits = strspn(name, "0123456789");
	return *digits && *digits < sizeof((struct fed_lesson *)0)->number && name[*digits] == '-' &&
	       n > *digits + 1 + ending && strcmp(name + n - ending, ENDING) == 0;
}

/* "Lesson 7: one bad client" is listed as "one bad client". */
static const char *without_number(const char *title)
{
	const char *colon = strchr(title, ':');

	return strncmp(title, "Lesson ", 7) == 0 && colon ? colon + 1 + strspn(colon + 1, " ") : title;
}

static char *read_title(const char *path, const char *name)
{
	struct fed_caption caption = {0};
	struct fed_text line = {0};
	struct fed_error unused;
	uint64_t size;
	FILE *f = fed_file_readable(path, &size, &unused) == FED_OK ? fopen(path, "re") : NULL;

	for (int i = 0; f && i < TITLE_LINES && !caption.titled && fed__line_read(f, &line); i++)
		if (fed__caption_take(&caption, fed_text_str(&line)) != FED_CAPTION_TAKEN)
			break;
	char *title = fed_strdup(caption.titled ? without_number(fed_text_str(&caption.title)) : name);
	if (f)
		fclose(f);
	fed_text_release(&line);
	fed__caption_release(&caption);
	return title;
}

/* Without memory the lesson is left out. */
static void add_lesson(struct fed_lessons *l, const char *folder, const char *name, size_t digits)
{
	const size_t unit = sizeof *l->lesson;
	struct fed_lesson *grown = fed_resize(l->lesson, l->n * unit, (l->n + 1) * unit);
	const size_t zeros = strspn(name, "0");
	const size_t skipped = zeros < digits ? zeros : digits - 1;
	struct fed_text path = {0};

	if (!grown)
		return;
	l->lesson = grown;
	struct fed_lesson *lesson = &grown[l->n];
	*lesson = (struct fed_lesson){0};
	snprintf(lesson->number, sizeof lesson->number, "%.*s", (int)(digits - skipped),
	         name + skipped);
	fed_text_add(&path, "%s/%s", folder, name);
	lesson->path = path.failed ? NULL : fed_strdup(path.s);
	lesson->title = path.failed ? NULL : read_title(path.s, name);
	fed_text_release(&path);
	if (lesson->path && lesson->title) {
		l->n++;
		return;
	}
	fed_free(lesson->path);
	fed_free(lesson->title);
}

static int compare(const void *a, const void *b)
{
	const struct fed_lesson *const one = a, *const other = b;
	const long difference = atol(one->number) - atol(other->number);

	return difference ? (difference > 0) - (difference < 0) : strcmp(one->path, other->path);
}

void fed__lessons_read(struct fed_lessons *l, const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	size_t digits;

	fed__lessons_release(l);
	l->folder = fed_strdup(folder);
	while (dir && (entry = readdir(dir)))
		if (is_lesson(entry->d_name, &digits))
			add_lesson(l, folder, entry->d_name, digits);
	if (dir)
		closedir(dir);
	if (l->n)
		qsort(l->lesson, l->n, sizeof *l->lesson, compare);
}

void fed__lessons_release(struct fed_lessons *l)
{
	for (size_t i = 0; i < l->n; i++) {
		fed_free(l->lesson[i].path);
		fed_free(l->lesson[i].title);
	}
	fed_free(l->lesson);
	fed_free(l->folder);
	*l = (struct fed_lessons){0};
}

/* "07-one-bad-client.fedsh" is also 7, 07, one-bad-client and 07-one-bad-client. */
static bool is_called(const struct fed_lesson *lesson, const char *name)
{
	const char *slash = strrchr(lesson->path, '/');
	const char *file = slash ? slash + 1 : lesson->path;
	const size_t n = strlen(file) - (sizeof ENDING - 1), digits = strspn(file, "0123456789");
	const size_t zeros = strspn(name, "0"), given = strlen(name);

	if (given && strspn(name, "0123456789") == given)
		return strcmp(name + (zeros < given ? zeros : given - 1), lesson->number) == 0;
	return strcmp(name, file) == 0 || (given == n && strncmp(name, file, n) == 0) ||
	       (given == n - digits - 1 && strncmp(name, file + digits + 1, given) == 0);
}

const struct fed_lesson *fed__lesson_find(const struct fed_lessons *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (is_called(&l->lesson[i], name))
			return &l->lesson[i];
	return NULL;
}
