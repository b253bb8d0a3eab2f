/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/main.c - the program: options, the folders it needs, and who reads the lines.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/blas.h"
#include "base/file.h"
#include "base/mem.h"
#include "shell/interactive.h"
#include "shell/output/print.h"
#include "shell/shell.h"
#include "shell/language/complete.h"
#include "shell/watch_bridge.h"
#include "tui/widgets/chart.h"
#include "tui/widgets/heatmap.h"
#include "tui/views/update_map.h"
#include "tui/widgets/timeline.h"
#include "tui/watch.h"

#ifndef FED_PLUGINS_FROM_BIN
#define FED_PLUGINS_FROM_BIN "../lib/fedsh/plugins"
#endif

struct options {
	const char *command, *json;
	bool no_color, brief, watch;
	double pace; /* of the watch; below 0: as it is */
};

static const char usage[] =
	"usage: fedsh [OPTION]... [FILE]...\n"
	"A laboratory for distributed learning. Without FILE and -c commands are read from the\n"
	"terminal or standard input.\n"
	"\n"
	"  -c COMMANDS    run these commands, separated by ;\n"
	"      --json FILE  write events as JSON lines; - is standard output, and what is for\n"
	"                   people goes to standard error\n"
	"      --no-color   no colour\n"
	"      --watch      open the full-screen view, and play FILE in it\n"
	"      --pace X     there: X rounds a second; 0 is full speed, a script has 2 without it\n"
	"      --short      of a script's line with `# short: COMMAND` behind it, run that command\n"
	"      --version    show the version and what it was built with\n"
	"      --help       show this\n"
	"\n"
	"Exit codes: 0 ok, 1 a command failed, 2 usage, 3 a script stopped, 4 a round failed, 5 I/O,\n"
	"7 plugin, 130 interrupted.\n";

/* Folders -------------------------------------------------------------------- */

/* The folder of the program itself. */
static void own_folder(char *out, size_t size)
{
	const ssize_t n = readlink("/proc/self/exe", out, size - 1);

	out[n > 0 ? n : 0] = 0;
	char *slash = strrchr(out, '/');
	if (slash)
		*slash = 0;
	else
		snprintf(out, size, ".");
}

/* The first of these folders beside the program that exists, or the last. */
static char *beside(const char *const *names, size_t n)
{
	char folder[4096];
	struct fed_text path = {0};
	char *found;

	own_folder(folder, sizeof folder);
	for (size_t i = 0; i < n; i++) {
		fed_text_clear(&path);
		fed_text_add(&path, "%s/%s", folder, names[i]);
		if (access(fed_text_str(&path), R_OK | X_OK) == 0)
			break;
	}
	found = fed_strdup(fed_text_str(&path));
	fed_text_release(&path);
	return found;
}

static char *plugin_folder(void)
{
	static const char *const names[] = {"plugins", FED_PLUGINS_FROM_BIN};
	const char *given = getenv("FEDSH_PLUGINS");

	return given && *given ? fed_strdup(given) : beside(names, 2);
}

/* BLAS chooses its kernels while it is loaded: when it chose badly, the program runs itself once
 * more with the right name in the environment. */
static void restart_for_blas(char **argv)
{
	const char *core = fed_blas_better_core();

	setenv("OPENBLAS_NUM_THREADS", "1", 0);
	if (!core || setenv("OPENBLAS_CORETYPE", core, 1))
		return;
	execv("/proc/self/exe", argv);
}

/* A descriptor below 3 that is closed would be that of the next file opened, and what is printed
 * would land there.  Opened the wrong way round, it fails as it did while it was closed. */
static void occupy_standard_files(void)
{
	static const int contrary[] = {O_WRONLY, O_RDONLY, O_RDONLY};

	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", contrary[fd]) != fd)
			_exit(FED_EXIT_IO);
}

/* What was printed has arrived, or the user is told that it has not. */
static enum fed_exit finish_output(FILE *out, enum fed_exit result)
{
	if (!fflush(out) && !ferror(out))
		return result;
	fprintf(stderr, "error: standard %s cannot be written\n", out == stdout ? "output" : "error");
	return result == FED_EXIT_OK ? FED_EXIT_IO : result;
}

/* Likewise the lines of JSON; those of standard output are flushed one by one. */
static enum fed_exit finish_json(const struct fed_shell *shell, enum fed_exit result)
{
	bool lost = shell->json_lost;

	if (shell->json && shell->json != stdout && fclose(shell->json)) {
		fprintf(stderr, "error: --json: %s\n", strerror(errno));
		lost = true;
	}
	return lost && result == FED_EXIT_OK ? FED_EXIT_IO : result;
}

/* The terminal --------------------------------------------------------------- */

static int draw_chart(const struct fed_plot *plot, const struct fed_screen *screen,
                      struct fed_text *out, struct fed_error *err)
{
	struct fed_chart_series *series = fed_alloc_array(plot->n, sizeof *series);

	if (!series)
		return fed_fail_memory(err, plot->n * sizeof *series, "a chart");
	for (size_t i = 0; i < plot->n; i++)
		series[i] = (struct fed_chart_series){plot->series[i].name, plot->series[i].x,
		                                      plot->series[i].y, plot->series[i].n};
	const struct fed_chart chart = {
		.title = plot->title,
		.x_label = plot->x_label,
		.series = series,
		.n = plot->n,
		.columns = screen->columns < 100 ? screen->columns : 100,
		.rows = screen->rows < 22 ? screen->rows - 2 : 20,
		.utf8 = screen->utf8,
		.color = screen->color,
	};
	const int rc = fed_chart_draw(&chart, out, err);
	fed_free(series);
	return rc;
}

static int draw_heat(const struct fed_grid *grid, const struct fed_screen *screen,
                     struct fed_text *out, struct fed_error *err)
{
	const struct fed_heat heat = {
		grid->title, grid->row, grid->column, grid->rows, grid->columns, grid->value, 0, 1};

	return fed_heat_draw(&heat, screen->columns, screen->utf8, screen->color, out, err);
}

static int draw_map(const struct fed_insight *in, const char *title,
                    const struct fed_screen *screen, struct fed_text *out, struct fed_error *err)
{
	return fed_map_text(in, title, screen->columns < 100 ? screen->columns : 100,
	                    screen->rows < 26 ? screen->rows - 2 : 24, screen->utf8, screen->color, out,
	                    err);
}

static int draw_timeline(const struct fed_schedule *schedule, const struct fed_screen *screen,
                         struct fed_text *out, struct fed_error *err)
{
	return fed_timeline_text(schedule, screen->columns, screen->utf8, screen->color, out, err);
}

static void look_at_screen(struct fed_shell *shell, const struct options *o)
{
	const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
	const bool escapes = term && *term && strcmp(term, "dumb") != 0;
	struct fed_screen *screen = &shell->screen;

	setlocale(LC_CTYPE, ""); /* numbers keep their point */
	screen->terminal = escapes && isatty(fileno(shell->out));
	screen->color = screen->terminal && !o->no_color && !(no_color && *no_color);
	screen->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	screen->columns = 80;
	screen->rows = 24;
	fed_shell_measure(shell);
}

/* The watch ------------------------------------------------------------------ */

static void watch_execute(void *ctx, const char *line)
{
	fed_watching_execute(ctx, line);
}

static const char *watch_resume(void *ctx)
{
	return fed_watching_resume(ctx);
}

static bool watch_done(void *ctx)
{
	const struct fed_shell *shell = ctx;

	return shell->quit;
}

static void watch_complete(void *ctx, const char *line, size_t point, struct fed_text *out,
                           size_t *start)
{
	struct fed_candidates found;

	fed_complete(ctx, line, point, &found);
	*start = found.start;
	for (size_t i = 0; i < found.n; i++)
		fed_text_add(out, "%s%s", i ? "\n" : "", found.text[i]);
	fed_candidates_release(&found);
}

static const char *watch_history(void *ctx, size_t back)
{
	(void)ctx;
	return fed_typed_line(back);
}

static void watch_remember(void *ctx, const char *line)
{
	(void)ctx;
	fed_typed_add(line);
}

static void watch_say(void *watch, enum fed_heard what, const char *bytes, size_t n)
{
	fed_watch_say(watch, what == FED_HEARD_ERROR ? FED_SAID_ERROR : FED_SAID_OUT, bytes, n);
}

static int watch_turn(void *watch, const char *view, double pace, struct fed_error *err)
{
	return fed_watch_switch(watch, view, pace, err);
}

static bool watch_line(void *watch, const char *text)
{
	return fed_watch_line(watch, text);
}

static bool watch_after(void *watch)
{
	return fed_watch_after(watch);
}

static int watch_opened(void *ctx, struct fed_watch *watch, struct fed_error *err)
{
	if (watch)
		return fed_watching_open(ctx, watch, err);
	fed_watching_close(ctx);
	return FED_OK;
}

static int run_watch(struct fed_shell *shell, const char *view, double pace,
                     const char *const *script, struct fed_error *err)
{
	const struct fed_watch_host host = {
		.ctx = shell,
		.session = shell->session,
		.execute = watch_execute,
		.resume = watch_resume,
		.done = watch_done,
		.ending = fed_signals_ending,
		.complete = watch_complete,
		.history = watch_history,
		.remember = watch_remember,
		.opened = watch_opened,
	};
	struct fed_watch_options options = {
		.view = view,
		.pace = pace,
		.script = script,
		.terminal = fileno(shell->out),
		.color = shell->screen.color,
		.alone = script != NULL, /* --watch, where no prompt follows */
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

static const struct fed_watching watching = {
	.run = run_watch,
	.say = watch_say,
	.turn = watch_turn,
	.line = watch_line,
	.after = watch_after,
};

/* Reading -------------------------------------------------------------------- */

static int parse_options(int argc, char **argv, struct options *o)
{
	enum { JSON = 256, NO_COLOR, SHORT, WATCH, PACE, VERSION, HELP };
	static const struct option longs[] = {
		{"json", required_argument, NULL, JSON}, {"no-color", no_argument, NULL, NO_COLOR},
		{"short", no_argument, NULL, SHORT},     {"version", no_argument, NULL, VERSION},
		{"watch", no_argument, NULL, WATCH},     {"pace", required_argument, NULL, PACE},
		{"help", no_argument, NULL, HELP},       {NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "c:h", longs, NULL)) != -1) {
		switch (option) {
		case 'c':
			o->command = optarg;
			break;
		case JSON:
			o->json = optarg;
			break;
		case NO_COLOR:
			o->no_color = true;
			break;
		case SHORT:
			o->brief = true;
			break;
		case WATCH:
			o->watch = true;
			break;
		case PACE:
			if (!fed_parse_real(optarg, &o->pace) || o->pace < 0 || o->pace > 1000) {
				fprintf(stderr, "--pace %s: rounds a second, from 0 (full speed) to 1000\n",
				        fed_show(optarg).s);
				return FED_EXIT_USAGE;
			}
			break;
		case VERSION:
			printf("fedsh %s\n%s\n", FED_VERSION, fed_blas_describe());
			exit((int)finish_output(stdout, FED_EXIT_OK));
		case HELP:
		case 'h':
			fputs(usage, stdout);
			exit((int)finish_output(stdout, FED_EXIT_OK));
		default:
			fputs("`fedsh --help` shows the options\n", stderr);
			return FED_EXIT_USAGE;
		}
	}
	return FED_EXIT_OK;
}

static int open_json(struct fed_shell *shell, const char *path)
{
	if (!path)
		return FED_EXIT_OK;
	if (strcmp(path, "-") == 0) {
		shell->json = stdout;
		shell->out = stderr;
		return FED_EXIT_OK;
	}
	shell->json = fopen(path, "we");
	if (shell->json)
		return FED_EXIT_OK;
	fprintf(stderr, "error: --json %s: %s\n", fed_show(path).s, strerror(errno));
	return FED_EXIT_IO;
}

/* A terminal without escapes: plain lines, which never stop at an error. */
static enum fed_exit read_plain(struct fed_shell *shell)
{
	struct fed_text prompt = {0};
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	shell->lenient = true;
	while (!shell->quit && !fed_signals_ending()) {
		fed_text_clear(&prompt);
		fed_shell_prompt(shell, &prompt);
		fed_print(shell, "%s", fed_text_str(&prompt));
		fflush(shell->out);
		fed_signals_interrupted();
		if ((n = getline(&line, &size, stdin)) < 0) {
			if (!fed_signals_interrupted())
				break;
			clearerr(stdin);
			fed_print(shell, "\n");
			continue;
		}
		fed_shell_execute(shell, line, (size_t)n, NULL);
	}
	free(line);
	fed_text_release(&prompt);
	return FED_EXIT_OK;
}

static enum fed_exit read_input(struct fed_shell *shell)
{
	if (!isatty(STDIN_FILENO))
		return fed_shell_read(shell, stdin, "stdin", NULL);
	if (!shell->screen.terminal)
		return read_plain(shell);
	fed_print(shell,
	          "fedsh %s, a laboratory for distributed learning. `help` lists the commands.\n",
	          FED_VERSION);
	shell->lenient = true;
	return fed_readline_run(shell);
}

static enum fed_exit run(struct fed_shell *shell, const struct options *o, char **files)
{
	enum fed_exit result = FED_EXIT_OK;
	struct fed_error err;

	if (o->command)
		result = fed_shell_execute(shell, o->command, strlen(o->command), NULL);
	for (; *files && result == FED_EXIT_OK && !shell->quit; files++) {
		shell->reported = false;
		result = fed_shell_source(shell, *files, &err);
		if (result && !shell->reported && result != FED_EXIT_INTERRUPTED)
			fed_print_error(shell, "", err.text);
	}
	return result;
}

/* The watch with the files as commands, -c as the first of them. */
static enum fed_exit watch(struct fed_shell *shell, const struct options *o, char **files, int n)
{
	const char **script = fed_alloc_array((size_t)n + 2, sizeof *script);
	struct fed_text *line = fed_alloc_array((size_t)n + 1, sizeof *line);
	struct fed_error err;
	int rc, k = 0;

	if (o->command && script)
		script[k++] = o->command;
	for (int i = 0; i < n && script && line; i++) {
		fed_text_add(&line[i], "source ");
		fed_word_quote(&line[i], files[i]);
		script[k++] = fed_text_str(&line[i]);
	}
	shell->lenient = true;
	fed_typed_load();
	const double pace = o->pace >= 0 ? o->pace : n ? 2 : 0;
	rc = script && line ? run_watch(shell, NULL, pace, script, &err)
	                    : fed_fail_memory(&err, sizeof *line, "the lines");
	fed_typed_save(shell);
	for (int i = 0; i < n && line; i++)
		fed_text_release(&line[i]);
	fed_free(line);
	fed_free(script);
	if (rc == FED_OK)
		return FED_EXIT_OK;
	fed_print_error(shell, "--watch: ", err.text);
	return FED_EXIT_USAGE;
}

int main(int argc, char **argv)
{
	static struct fed_shell shell; /* large, and signal handlers point to it */
	struct options o = {.pace = -1};
	struct fed_error err;

	occupy_standard_files();
	restart_for_blas(argv);
	fed_blas_init();
	const int bad = parse_options(argc, argv, &o);
	if (bad)
		return bad;
	shell.out = stdout;
	shell.errors = stderr;
	shell.plot = draw_chart;
	shell.timeline = draw_timeline;
	shell.map = draw_map;
	shell.heat = draw_heat;
	shell.watching = watching;
	if (open_json(&shell, o.json))
		return FED_EXIT_IO;
	shell.brief = o.brief;
	look_at_screen(&shell, &o);
	char *folder = plugin_folder();
	if (!folder || fed_shell_init(&shell, folder, &err)) {
		fprintf(stderr, "error: %s\n", folder ? err.text : "out of memory");
		return FED_EXIT_PLUGIN;
	}
	static const char *const headers[] = {"include", "../include"};
	shell.include = beside(headers, 2);
	fed_signals_connect(&shell);
	enum fed_exit result = o.watch ? watch(&shell, &o, argv + optind, argc - optind)
	                       : o.command || argv[optind] ? run(&shell, &o, argv + optind)
	                                                   : read_input(&shell);
	if (fed_signals_ending())
		result = 128 + fed_signals_ending();
	fed_signals_connect(NULL);
	result = finish_json(&shell, finish_output(shell.out, result));
	fed_shell_release(&shell);
	fed_free(folder);
	return (int)result;
}
