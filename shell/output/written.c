/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/written.c - files that commands wrote, with their places in the history.
 */
#include "shell/output/written.h"

#include <string.h>

#include "base/mem.h"
#include "session/remote.h"
#include "shell/output/print.h"

#define REMEMBERED 256u /* files; the oldest are forgotten */
#define NAMED 4u

struct fed_written_file {
	char *path; /* as typed */
	struct fed_place place;
	bool open; /* the command that wrote it has not ended */
};

static struct fed_written_file *find(const struct fed_written_files *w, const char *path)
{
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->file[i].path, path) == 0)
			return &w->file[i];
	return NULL;
}

/* A place for a file more; NULL: no memory. */
static struct fed_written_file *add(struct fed_written_files *w, const char *path)
{
	char *copy = fed_strdup(path);

	if (!w->file)
		w->file = fed_alloc_array(REMEMBERED, sizeof *w->file);
	if (!copy || !w->file) {
		fed_free(copy);
		return NULL;
	}
	if (w->n == REMEMBERED) {
		fed_free(w->file[0].path);
		memmove(w->file, w->file + 1, --w->n * sizeof *w->file);
	}
	w->file[w->n].path = copy;
	return &w->file[w->n++];
}

void fed__wrote(struct fed_shell *shell, const char *path)
{
	struct fed_written_files *w = &shell->written;
	struct fed_written_file *x = find(w, path);

	x = x ? x : add(w, path);
	if (!x)
		return;
	x->place = fed_travel_place(shell->travel);
	x->open = fed_travel_is_recording(shell->travel);
}

void fed__wrote_model(struct fed_shell *shell, const char *path)
{
	fed__wrote(shell, path);
	if (fed_session_hides_model(shell->session))
		fed__print(shell,
		           "note: the clients keep the head, and it is missing in %s: what is there in its "
		           "place is the server's own copy, from the seed\n",
		           fed_show(path).s);
}

void fed__written_settle(struct fed_shell *shell)
{
	struct fed_written_files *w = &shell->written;

	for (size_t i = 0; i < w->n && !fed_travel_is_recording(shell->travel); i++) {
		if (w->file[i].open)
			w->file[i].place = fed_travel_place(shell->travel);
		w->file[i].open = false;
	}
}

/* Whether the file was written after the present place, on the way to another one. */
static bool is_between(const struct fed_travel *t, struct fed_place p, struct fed_place from)
{
	const struct fed_place here = fed_travel_place(t);

	return p.revision < fed_travel_tree(t)->n && !fed_place_is(p, here) &&
	       fed_place_is(fed_travel_common(t, p, from), p) &&
	       fed_place_is(fed_travel_common(t, here, p), here);
}

void fed__written_tell(struct fed_shell *shell, struct fed_place from)
{
	const struct fed_written_files *w = &shell->written;
	struct fed_text text = {0};
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++) {
		if (!is_between(shell->travel, w->file[i].place, from))
			continue;
		if (n++ < NAMED)
			fed_text_add(&text, "%s%s", n > 1 ? ", " : "", fed_show(w->file[i].path).s);
	}
	if (n > NAMED)
		fed_text_add(&text, " and %zu other%s", n - NAMED, n - NAMED == 1 ? "" : "s");
	if (n)
		fed__print(shell, "%s %s stay%s as written\n", n == 1 ? "the file" : "the files",
		           fed_text_str(&text), n == 1 ? "s" : "");
	fed_text_release(&text);
}

void fed__written_release(struct fed_shell *shell)
{
	struct fed_written_files *w = &shell->written;

	for (size_t i = 0; i < w->n; i++)
		fed_free(w->file[i].path);
	fed_free(w->file);
	*w = (struct fed_written_files){.n = 0};
}
