/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/watch_bridge.c - the shell while the watch is open.
 */
#include "shell/watch_bridge.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "shell/output/print.h"

/* Printing ----------------------------------------------------------------------- */

static ssize_t write_out(void *ctx, const char *bytes, size_t n)
{
	const struct fed_watching *w = ctx;

	w->say(w->watch, FED_HEARD_OUT, bytes, n);
	return (ssize_t)n;
}

static ssize_t write_error(void *ctx, const char *bytes, size_t n)
{
	const struct fed_watching *w = ctx;

	w->say(w->watch, FED_HEARD_ERROR, bytes, n);
	return (ssize_t)n;
}

static FILE *open_stream(struct fed_watching *w, cookie_write_function_t *write_some)
{
	FILE *f = fopencookie(w, "w", (cookie_io_functions_t){.write = write_some});

	if (f)
		setvbuf(f, NULL, _IOLBF, 0);
	return f;
}

int fed_watching_open(struct fed_shell *shell, void *watch, struct fed_error *err)
{
	struct fed_watching *w = &shell->watching;
	FILE *out = open_stream(w, write_out), *errors = open_stream(w, write_error);

	if (!out || !errors) {
		if (out)
			fclose(out);
		return fed_fail(err, "no stream for what commands print: %s", strerror(errno));
	}
	fflush(shell->out);
	w->watch = watch;
	w->out = shell->out;
	w->errors = shell->errors;
	w->screen = shell->screen;
	w->resume[0] = 0;
	w->stopped = false;
	shell->out = out;
	shell->errors = errors;
	shell->screen.terminal = shell->screen.color = false;
	return FED_OK;
}

void fed_watching_close(struct fed_shell *shell)
{
	struct fed_watching *w = &shell->watching;

	if (!w->watch)
		return;
	fclose(shell->out);
	fclose(shell->errors);
	shell->out = w->out;
	shell->errors = w->errors;
	shell->screen = w->screen;
	w->watch = NULL;
}

/* Commands ------------------------------------------------------------------------- */

void fed_watching_execute(struct fed_shell *shell, const char *line)
{
	fed_signals_interrupted(); /* one that came while nothing ran is over */
	fed_shell_execute(shell, line, strlen(line), NULL);
	fflush(shell->errors);
}

const char *fed_watching_resume(struct fed_shell *shell)
{
	struct fed_watching *w = &shell->watching;

	if (!w->resume[0])
		return NULL;
	memcpy(w->resuming, w->resume, sizeof w->resuming);
	w->resume[0] = 0;
	return w->resuming;
}

void fed_watching_stopped(struct fed_shell *shell, const char *resume)
{
	struct fed_watching *w = &shell->watching;

	snprintf(w->resume, sizeof w->resume, "%s", resume);
	w->stopped = true;
}

enum fed_exit fed_watching_after(struct fed_shell *shell, enum fed_exit result)
{
	struct fed_watching *w = &shell->watching;

	w->stopped = false;
	if (!w->watch)
		return result;
	fflush(shell->out);
	if (!w->after(w->watch) && result == FED_EXIT_OK)
		return FED_EXIT_INTERRUPTED;
	return result;
}

/* The command ------------------------------------------------------------------------ */

const struct fed_field fed_watch_rows[] = {
	FED_ARG_TEXT(struct fed_watch_args, view, FED_FIELD_POSITIONAL, "view",
                 "overview, clients, updates, timeline, split, log, compare"),
	FED_ROW(struct fed_watch_args, pace, double, FED_TYPE_REAL, .def = -1, .min = -1, .max = 1000,
            .help = "rounds a second at most; 0: full speed"),
	FED_END,
};

/* What ran was stopped when the user left. */
static void say_what_is_left(struct fed_shell *shell)
{
	const struct fed_session *s = shell->session;

	if (fed_session_left(s))
		fed_print(shell, "stopped at version %llu; `continue` goes on\n",
		          (unsigned long long)fed_session_version(s));
}

int fed_run_watch(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_watch_args *a = call->args;
	const char *view = *a->view ? a->view : NULL;
	const struct fed_watching *w = &shell->watching;

	if (w->watch)
		return w->turn(w->watch, view, a->pace, err);
	if ((shell->place && shell->place->file) || !isatty(STDIN_FILENO) ||
	    !isatty(fileno(shell->out))) {
		fed_print(shell,
		          "watch: in a terminal, `fedsh --watch FILE` shows this script as it runs\n");
		return FED_OK;
	}
	if (!w->run)
		return fed_fail(err, "this program was built without it");
	const int rc = w->run(shell, view, a->pace > 0 ? a->pace : 0, NULL, err);
	if (rc == FED_OK && !shell->quit)
		say_what_is_left(shell);
	return rc;
}
