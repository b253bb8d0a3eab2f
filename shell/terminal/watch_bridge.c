/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/terminal/watch_bridge.c - callbacks of the watch for the session of a shell.
 */
#include "shell/terminal/watch_bridge.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "shell/terminal/interactive.h"
#include "shell/jobs/job.h"
#include "shell/language/complete.h"
#include "shell/language/line.h"
#include "shell/language/watch_state.h"
#include "shell/output/print.h"
#include "shell/serving/serving.h"
#include "tui/watch.h"

/* Printing ----------------------------------------------------------------------- */

static ssize_t write_out(void *ctx, const char *bytes, size_t n)
{
	fed_watch_message(ctx, FED_STREAM_OUT, bytes, n);
	return (ssize_t)n;
}

static ssize_t write_error(void *ctx, const char *bytes, size_t n)
{
	fed_watch_message(ctx, FED_STREAM_ERROR, bytes, n);
	return (ssize_t)n;
}

static FILE *open_stream(struct fed_watch *watch, cookie_write_function_t *write_some)
{
	FILE *f = fopencookie(watch, "w", (cookie_io_functions_t){.write = write_some});

	if (f)
		setvbuf(f, NULL, _IOLBF, 0);
	return f;
}

/* Redirect output to the watch; the screen counts as no terminal. */
static int redirect(struct fed_shell *shell, struct fed_watch *watch, struct fed_error *err)
{
	struct fed_watch_state *w = &shell->watching;
	FILE *out = open_stream(watch, write_out), *errors = open_stream(watch, write_error);

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
	shell->screen.terminal = false;
	shell->screen.few_colors = true;
	return FED_OK;
}

static void restore(struct fed_shell *shell)
{
	struct fed_watch_state *w = &shell->watching;

	if (!w->watch)
		return;
	fclose(shell->out);
	fclose(shell->errors);
	shell->out = w->out;
	shell->errors = w->errors;
	shell->screen = w->screen;
	w->watch = NULL;
}

static int opened(void *ctx, struct fed_watch *watch, struct fed_error *err)
{
	if (watch)
		return redirect(ctx, watch, err);
	restore(ctx);
	return FED_OK;
}

/* The same of a watch on the thread of a job, which has streams of its own. The caller has entered
 * the job before and after; the watch takes the session itself. */
static int opened_on_job(void *ctx, struct fed_watch *watch, struct fed_error *err)
{
	struct fed_shell *shell = ctx;

	(void)err;
	if (watch) {
		fed__print_flush(shell);
		shell->watching.watch = watch;
		fed__job_watched(shell, true);
		fed__job_leave(shell);
		fed__signals_behind(false); /* Ctrl-C stops what it shows */
	} else if (shell->watching.watch) {
		fed__job_enter_surely(shell);
		fed__job_watched(shell, false);
		shell->watching.watch = NULL;
	}
	return FED_OK;
}

/* Commands ------------------------------------------------------------------------- */

static enum fed_exit run_line(struct fed_shell *shell, const char *line, bool typed)
{
	fed__signals_interrupted(); /* discard an earlier Ctrl-C */
	if (typed && shell->watching.watch) {
		fed_watch_message(shell->watching.watch, FED_STREAM_BEGIN, line, strcspn(line, "\n"));
		fed_watch_message(shell->watching.watch, FED_STREAM_BEGIN, "\n", 1);
	}
	return fed__shell_typed(shell, line, strlen(line));
}

const struct fed_job_host fed__prompt_job_host = {run_line, fed__watch_state_resume};

static void execute(void *ctx, const char *line, bool queued)
{
	struct fed_shell *shell = ctx;

	run_line(shell, line, queued);
	fflush(shell->errors);
}

static const char *resume(void *ctx)
{
	return fed__watch_state_resume(ctx);
}

static bool done(void *ctx)
{
	const struct fed_shell *shell = ctx;

	return shell->quit;
}

static void complete(void *ctx, const char *line, size_t point, struct fed_text *out, size_t *start)
{
	struct fed_candidates found;

	fed__complete(ctx, line, point, &found);
	*start = found.start;
	for (size_t i = 0; i < found.n; i++)
		fed_text_add(out, "%s%s", i ? "\n" : "", found.text[i]);
	fed__candidates_release(&found);
}

static void hint(void *ctx, const char *line, size_t len, struct fed_text *out)
{
	fed__next_hint(ctx, line, len, out);
}

static void help(void *ctx, const char *line, size_t len, struct fed_text *out)
{
	fed__next_help(ctx, line, len, out);
}

static bool continues(void *ctx, const char *line)
{
	(void)ctx;
	return fed__line_continues(line, strlen(line));
}

/* One command, of those that neither change nor run anything, without a file. */
static bool looks(void *ctx, const char *line)
{
	const unsigned acts = FED_COMMAND_CHANGES | FED_COMMAND_RUNS | FED_COMMAND_DISCARDS |
	                      FED_COMMAND_LIVE | FED_COMMAND_OUTSIDE | FED_COMMAND_JOB;
	const struct fed_command *command;
	struct fed_words words = {0};
	struct fed_error unused;
	size_t used = 0;

	bool only = fed__words_split(&words, line, strlen(line), &used, &unused) == FED_OK && words.n &&
	            !line[used + strspn(line + used, " \n")];
	for (size_t i = 1; only && i < words.n; i++)
		only = !strchr(">|", *fed__words_at(&words, i)) &&
		       strncmp(fed__words_at(&words, i), "to=", 3) != 0;
	only = only &&
	       fed__command_find(ctx, fed__words_at(&words, 0), false, &command, &unused) == FED_OK &&
	       !(command->flags & acts);
	fed__words_release(&words);
	return only;
}

static const char *history(void *ctx, size_t back)
{
	(void)ctx;
	return fed__line_history_at(back);
}

static void remember(void *ctx, const char *line)
{
	(void)ctx;
	fed__line_history_add(line);
}

static bool beside(void *ctx, bool has_session, bool busy)
{
	struct fed_shell *shell = ctx;
	const bool room = !busy && fed__serving_is_due(shell);

	if (room && has_session)
		fed__serving_attend(shell);
	return fed__onlookers_beside(shell, has_session, busy) || (room && !has_session);
}

/* Within rounds the room's events are for the thread that makes them. */
static void beside_descriptors(void *ctx, bool busy, int descriptor[2])
{
	const struct fed_shell *shell = ctx;

	descriptor[0] = fed__onlookers_descriptor(shell);
	descriptor[1] = busy ? -1 : fed__serving_descriptor(shell);
}

static int theme(void *ctx)
{
	const struct fed_shell *shell = ctx;

	return shell->own.theme;
}

int fed__watch_bridge_run(struct fed_shell *shell, const char *view, double pace,
                          const char *const *script, struct fed_error *err)
{
	const struct fed_watch_host host = {
		.ctx = shell,
		.session = shell->session,
		.travel = shell->travel,
		.room = &shell->room_source,
		.execute = execute,
		.resume = resume,
		.done = done,
		.ending = fed__signals_ending,
		.complete = complete,
		.hint = hint,
		.help = help,
		.continues = continues,
		.looks = looks,
		.history = history,
		.remember = remember,
		.beside = beside,
		.beside_descriptors = beside_descriptors,
		.theme = theme,
		.opened = fed__job_runs(shell) ? opened_on_job : opened,
	};
	struct fed_watch_options options = {
		.view = view,
		.pace = pace,
		.readonly = shell->own.readonly,
		.script = script,
		.runner = fed__job_runner(shell),
		.terminal = fileno(shell->out),
		.color = shell->screen.color,
		.theme = shell->own.theme,
		.alone = script != NULL, /* --watch: no prompt follows */
	};

	if (fed_watch_check(&options, err))
		return FED_FAIL;
	if (shell->json && isatty(fileno(shell->json)))
		return fed_fail(err, "JSON lines go to this terminal; `--json FILE` keeps them apart");
	options.terminal = dup(options.terminal);
	if (options.terminal < 0)
		return fed_fail(err, "the terminal cannot be used: %s", strerror(errno));
	const int rc = fed_watch_run(&options, &host, err);
	close(options.terminal);
	return rc;
}
