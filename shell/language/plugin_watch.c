/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/plugin_watch.c - the command `watch-plugin`.
 *
 * inotify tells of the folder, not of the file: editors write another one and rename it.
 */
#include "shell/language/plugin_watch.h"

#include <errno.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/mem.h"
#include "shell/language/plugin_files.h"
#include "shell/language/line.h"
#include "shell/output/print.h"

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

void fed__plugin_watch_end(struct fed_shell *shell)
{
	if (shell->plugin_watch.source)
		close(shell->plugin_watch.notify);
	fed_free(shell->plugin_watch.source);
	shell->plugin_watch = (struct fed_plugin_watch){0};
}

static int open_notify(const char *source, int *notify, struct fed_error *err)
{
	const int n = (int)(last_part(source) - source);
	struct fed_text folder = {0};

	fed_text_add(&folder, "%.*s", n ? n : 1, n ? source : ".");
	*notify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	int rc = folder.failed || *notify < 0 ||
	                 inotify_add_watch(*notify, folder.s, IN_CLOSE_WRITE | IN_MOVED_TO) < 0
	             ? fed_fail(err, "%s cannot be watched: %s", source, strerror(errno))
	             : FED_OK;
	if (rc && *notify >= 0)
		close(*notify);
	fed_text_release(&folder);
	return rc;
}

int fed__plugin_watch(struct fed_shell *shell, const char *name, struct fed_error *err)
{
	struct fed_text source = {0};
	int notify;

	if (strcmp(name, "off") == 0) {
		fed__plugin_watch_end(shell);
		return FED_OK;
	}
	int rc = fed__plugin_source(shell, name, &source, err);
	if (rc == FED_OK)
		rc = open_notify(source.s, &notify, err);
	char *kept = rc == FED_OK ? fed_strdup(source.s) : NULL;
	if (rc == FED_OK && !kept) {
		close(notify);
		rc = fed_fail(err, "out of memory (a path)");
	}
	if (rc == FED_OK) {
		fed__plugin_watch_end(shell);
		shell->plugin_watch = (struct fed_plugin_watch){.source = kept, .notify = notify};
		fed__print(shell,
		           "whenever %s is saved it is built and reloaded; `watch-plugin off` ends that\n",
		           kept);
	}
	fed_text_release(&source);
	return rc;
}

/* Read what happened in the folder. */
static void read_events(struct fed_plugin_watch *w)
{
	const char *file = last_part(w->source);
	_Alignas(struct inotify_event) char events[4096];
	ssize_t n;

	while ((n = read(w->notify, events, sizeof events)) > 0)
		for (const char *at = events; at < events + n;) {
			const struct inotify_event *e = (const void *)at;

			w->saved |= e->len && strcmp(e->name, file) == 0;
			at += sizeof *e + e->len;
		}
}

bool fed__plugin_watch_due(struct fed_shell *shell)
{
	struct fed_plugin_watch *w = &shell->plugin_watch;

	if (!w->source)
		return false;
	read_events(w);
	return w->saved && !fed_session_open(shell->session);
}

void fed__plugin_watch_event(void *ctx, const struct fed_event *event)
{
	struct fed_shell *shell = ctx;
	struct fed_plugin_watch *w = &shell->plugin_watch;

	/* the watch has a thread of its own for rounds, and no place for what is printed */
	if (event->kind != FED_EVENT_ROUND || !w->source || shell->watching.watch)
		return;
	read_events(w);
	if (!w->saved || w->stops)
		return;
	w->stops = true;
	fed_session_interrupt(shell->session);
}

bool fed__plugin_watch_stopped(struct fed_shell *shell)
{
	const bool stopped = shell->plugin_watch.stops;

	shell->plugin_watch.stops = false;
	return stopped && !fed_session_open(shell->session) && !fed__signals_interrupted();
}

void fed__plugin_watch_run(struct fed_shell *shell)
{
	struct fed_text object = {0}, line = {0};

	shell->plugin_watch.saved = shell->plugin_watch.stops = false;
	fed__plugin_object_of(shell->plugin_watch.source, &object);
	const struct fed_entry *loaded = object.failed ? NULL : fed__plugin_of(shell, object.s);
	fed_text_add(&line, "build ");
	fed__word_quote(&line, shell->plugin_watch.source);
	if (loaded) {
		fed_text_add(&line, "; reload %s", loaded->head->name);
	} else {
		fed_text_add(&line, "; load ");
		fed__word_quote(&line, fed_text_str(&object));
	}
	fed__print_styled(shell, FED_EMPHASIS_DIM, "%s was saved: %s\n", shell->plugin_watch.source,
	                  fed_text_str(&line));
	if (line.failed)
		fed__print_error(shell, "watch-plugin: ", "out of memory (a command line)");
	else
		fed__shell_execute(shell, line.s, line.len, NULL);
	fed_text_release(&object);
	fed_text_release(&line);
}
