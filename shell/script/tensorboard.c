/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/script/tensorboard.c - event files, one for each run in a folder of its own.
 *
 * A run that goes back (restart, undo) is another one: its file has all of its rounds again.
 */
#include "shell/script/tensorboard.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "base/mem.h"
#include "history/kept_runs.h"
#include "report/tensorboard.h"
#include "shell/language/origins.h"
#include "shell/output/print.h"
#include "shell/output/written.h"

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int make_folder(const char *path, struct fed_error *err)
{
	if (mkdir(path, 0777) == 0 || errno == EEXIST)
		return FED_OK;
	return fed_fail(err, "%s: %s", fed_show(path).s, strerror(errno));
}

/* All rounds of a run.  Those that were made before have the times that training took, until now.
 */
static void put_history(struct fed_text *out, const struct fed_history *h)
{
	double wall = now();

	for (size_t i = 0; i < h->n; i++)
		wall -= isfinite(h->record[i].wall) ? h->record[i].wall : 0;
	fed_tensorboard_begin(out, wall);
	for (size_t i = 0; i < h->n; i++) {
		wall += isfinite(h->record[i].wall) ? h->record[i].wall : 0;
		fed_tensorboard_round(out, &h->record[i], wall);
	}
}

/* FOLDER/NAME/events.out.tfevents.TIME.fedsh with these bytes; *file NULL: closed. */
static int write_run(const char *folder, const char *name, const struct fed_text *bytes,
                     FILE **file, struct fed_error *err)
{
	struct fed_text path = {0};
	FILE *f = NULL;
	int rc = FED_OK;

	fed_text_add(&path, "%s/%s", folder, name);
	if (path.failed || bytes->failed)
		rc = fed_fail_memory(err, bytes->len, "an event file");
	if (rc == FED_OK)
		rc = make_folder(fed_text_str(&path), err);
	fed_text_add(&path, "/events.out.tfevents.%010lld.fedsh", (long long)time(NULL));
	if (rc == FED_OK)
		rc = fed_file_stream(&f, fed_text_str(&path), bytes->s, bytes->len, err);
	fed_text_release(&path);
	if (file)
		*file = f;
	else if (f)
		fclose(f);
	return rc;
}

static bool exists(const char *folder, const char *name)
{
	struct fed_text path = {0};
	struct stat st;

	fed_text_add(&path, "%s/%s", folder, name);
	const bool is = stat(fed_text_str(&path), &st) == 0;
	fed_text_release(&path);
	return is;
}

/* A cell of Markdown. */
static void put_cell(struct fed_text *out, const char *s, size_t n)
{
	fed_text_add(out, "| ");
	for (size_t i = 0; i < n; i++)
		fed_text_add(out, s[i] == '|' || s[i] == '\\' ? "\\%c" : "%c", s[i]);
	fed_text_add(out, " ");
}

/* Lines KEY=VALUE as a table of Markdown. */
static void put_composition(const struct fed_shell *shell, uint64_t version, struct fed_text *out)
{
	struct fed_text lines = {0}, text = {0};

	fed__origins_put(shell, &lines);
	fed_text_add(&text, "| part | value |\n|---|---|\n");
	for (const char *at = fed_text_str(&lines); *at;) {
		const size_t n = strcspn(at, "\n"), key = strcspn(at, "=\n");

		put_cell(&text, at, key);
		put_cell(&text, at + key + (key < n), n - key - (key < n));
		fed_text_add(&text, "|\n");
		at += n + (at[n] == '\n');
	}
	fed_tensorboard_text(out, "composition", fed_text_str(&text), version, now());
	out->failed = out->failed || text.failed || lines.failed;
	fed_text_release(&lines);
	fed_text_release(&text);
}

/* The file of the present run, in the first folder run-N that is not there yet. */
static int begin_run(struct fed_shell *shell, struct fed_error *err)
{
	struct fed_tensorboard_run *t = &shell->tensorboard;
	const struct fed_history *h = fed_session_history(shell->session);
	struct fed_text bytes = {0};
	char name[32];

	for (unsigned k = 1; snprintf(name, sizeof name, "run-%u", k), exists(t->folder, name);)
		k++;
	put_history(&bytes, h);
	put_composition(shell, fed_session_version(shell->session), &bytes);
	const int rc = write_run(t->folder, name, &bytes, &t->file, err);
	t->version = fed_session_version(shell->session);
	fed_text_release(&bytes);
	return rc;
}

int fed__tensorboard_start(struct fed_shell *shell, const char *folder, struct fed_error *err)
{
	const struct fed_runs *kept = fed_session_kept_runs(shell->session);
	struct fed_tensorboard_run *t = &shell->tensorboard;
	struct fed_text expanded = {0};
	int rc;

	fed_path_expand(folder, &expanded);
	fed__tensorboard_stop(shell);
	rc = expanded.failed ? fed_fail_memory(err, strlen(folder), "a path")
	                     : make_folder(fed_text_str(&expanded), err);
	for (size_t i = 0; rc == FED_OK && i < kept->n; i++) {
		struct fed_text bytes = {0};

		if (exists(fed_text_str(&expanded), kept->run[i].name))
			continue;
		put_history(&bytes, &kept->run[i].history);
		rc = write_run(fed_text_str(&expanded), kept->run[i].name, &bytes, NULL, err);
		fed_text_release(&bytes);
	}
	if (rc == FED_OK && !(t->folder = fed_strdup(fed_text_str(&expanded))))
		rc = fed_fail_memory(err, expanded.len, "a path");
	if (rc == FED_OK && fed_session_history(shell->session)->n)
		rc = begin_run(shell, err);
	if (rc)
		fed__tensorboard_stop(shell);
	fed_text_release(&expanded);
	return rc;
}

void fed__tensorboard_stop(struct fed_shell *shell)
{
	struct fed_tensorboard_run *t = &shell->tensorboard;

	if (t->file)
		fclose(t->file);
	fed_free(t->folder);
	*t = (struct fed_tensorboard_run){.folder = NULL};
}

static int add_round(struct fed_tensorboard_run *t, const struct fed_record *r,
                     struct fed_error *err)
{
	struct fed_text bytes = {0};
	int rc = FED_OK;

	fed_tensorboard_round(&bytes, r, now());
	if (bytes.failed)
		rc = fed_fail_memory(err, 4096, "an event");
	const int error = rc ? 0 : fed_file_stream_put(t->file, bytes.s, bytes.len);
	if (error)
		rc = fed_fail(err, "%s", strerror(error));
	fed_text_release(&bytes);
	return rc;
}

void fed__tensorboard_event(void *ctx, const struct fed_event *event)
{
	struct fed_shell *shell = ctx;
	struct fed_tensorboard_run *t = &shell->tensorboard;
	struct fed_error err;

	if (!t->folder || event->kind != FED_EVENT_ROUND)
		return;
	const bool next = t->file && event->version == t->version + 1;
	if (!next && t->file) {
		fclose(t->file);
		t->file = NULL;
	}
	if ((t->file ? add_round(t, event->record, &err) : begin_run(shell, &err)) == FED_OK) {
		t->version = event->version;
		fed__wrote(shell, t->folder);
		return;
	}
	fed__tensorboard_stop(shell);
	shell->lines_lost = true;
	fed__print_error(shell, "the event files end here: ", err.text);
}
