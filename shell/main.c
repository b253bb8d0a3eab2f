/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/main.c - the main function: folders, and the choice of the reader of command lines.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h> /* optind */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/blas.h"
#include "base/file.h"
#include "base/mem.h"
#include "shell/commands.h"
#include "shell/jobs/job.h"
#include "shell/join/join.h"
#include "shell/language/autosave.h"
#include "shell/terminal/interactive.h"
#include "shell/language/reference.h"
#include "shell/output/print.h"
#include "shell/script/check.h"
#include "shell/script/lessons.h"
#include "shell/script/resume.h"
#include "shell/script/step_key.h"
#include "shell/options.h"
#include "shell/serving/serving.h"
#include "shell/shell.h"
#include "shell/terminal/watch_bridge.h"
#include "tui/attach/attach.h"

#ifndef FED_SESSIONS_FROM_BIN
#define FED_SESSIONS_FROM_BIN "../share/fedsh/sessions"
#endif
#ifndef FED_PLUGINS_FROM_BIN
#define FED_PLUGINS_FROM_BIN "../lib/fedsh/plugins"
#endif

/* Folders -------------------------------------------------------------------- */

/* The folder of the executable. */
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

static char *own_program(void)
{
	char path[4096];
	const ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);

	path[n > 0 ? n : 0] = 0;
	return n > 0 ? fed_strdup(path) : NULL;
}

/* The first existing folder of these, relative to the executable; else the last. */
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

/* Join the ranks that the options are about, if any; *left as of fed__ranks_join(). */
static struct fed_cluster *join_ranks(const struct fed_program_options *o, bool *left,
                                      enum fed_exit *result)
{
	char own[4096], installed[4200];
	const char *const folder[] = {own, installed, NULL};
	char *program = own_program(), *plugins = plugin_folder();

	own_folder(own, sizeof own);
	snprintf(installed, sizeof installed, "%s/%s/..", own, FED_PLUGINS_FROM_BIN);
	const struct fed_rank_files files = {folder, program, plugins};
	struct fed_cluster *cluster = fed__ranks_join(&o->ranks, &files, left, result);
	fed_free(program);
	fed_free(plugins);
	return cluster;
}

static void find_lessons(struct fed_shell *shell)
{
	static const char *const names[] = {"sessions", FED_SESSIONS_FROM_BIN};
	char *folder = beside(names, 2);

	if (folder)
		fed__lessons_read(&shell->lessons, folder);
	fed_free(folder);
}

static char *worker_program(void)
{
	static const char *const names[] = {"fedsh-worker", FED_WORKER_FROM_BIN};

	return beside(names, 2);
}

/* Plugins that users load run in processes of the program beside this one. */
static int start_guard(struct fed_shell *shell, struct fed_error *err)
{
	char *program = worker_program();
	const int rc = !program                     ? fed_fail(err, "out of memory")
	               : access(program, X_OK) != 0 ? fed_fail(err, "%s: %s", program, strerror(errno))
	                                            : fed_session_guard(shell->session, program, err);

	fed_free(program);
	return rc;
}

/* Restart with other BLAS kernels. BLAS chooses them while it is loaded; after a bad choice the
 * program executes itself once more with the right name in the environment. */
static void restart_for_blas(char **argv)
{
	const char *core = fed_blas_better_core();

	setenv("OPENBLAS_NUM_THREADS", "1", 0);
	if (!core || setenv("OPENBLAS_CORETYPE", core, 1))
		return;
	execv("/proc/self/exe", argv);
}

/* Open closed standard descriptors, which the next opened file would get, and output with it. The
 * opposite access mode makes reads and writes fail as on a closed one. */
static void occupy_standard_files(void)
{
	static const int contrary[] = {O_WRONLY, O_RDONLY, O_RDONLY};

	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", contrary[fd]) != fd)
			_exit(FED_EXIT_IO);
}

/* Flush the output; on failure print an error, and success becomes FED_EXIT_IO. */
static enum fed_exit finish_output(FILE *out, enum fed_exit result)
{
	if (!fflush(out) && !ferror(out))
		return result;
	fprintf(stderr, "error: standard %s cannot be written\n", out == stdout ? "output" : "error");
	return result == FED_EXIT_OK ? FED_EXIT_IO : result;
}

/* The same for the recording and the JSON file; JSON on standard output is flushed line by line. */
static enum fed_exit finish_files(struct fed_shell *shell, enum fed_exit result)
{
	struct fed_error err;
	bool lost = shell->lines_lost;

	if (shell->record && fed__journal_stop(shell, &err)) {
		fprintf(stderr, "error: record: %s\n", err.text);
		lost = true;
	}

	if (shell->json && shell->json != stdout && fclose(shell->json)) {
		fprintf(stderr, "error: --json: %s\n", strerror(errno));
		lost = true;
	}
	return lost && result == FED_EXIT_OK ? FED_EXIT_IO : result;
}

/* Reading -------------------------------------------------------------------- */

/* The language reference: what shell/language.md holds. */
static enum fed_exit print_language(void)
{
	const struct fed_shell table = {.groups = fed__command_groups};
	struct fed_text text = {0};

	fed__reference_put(&table, &text);
	fputs(fed_text_str(&text), stdout);
	fed_text_release(&text);
	return finish_output(stdout, FED_EXIT_OK);
}

/* What is asked for in place of a session. */
static enum fed_exit print_instead(enum fed_prints prints)
{
	if (prints == FED_PRINTS_LANGUAGE)
		return print_language();
	if (prints == FED_PRINTS_VERSION)
		printf("fedsh %s\n%s\n", FED_VERSION, fed_blas_describe());
	else
		fputs(fed__options_usage, stdout);
	return finish_output(stdout, FED_EXIT_OK);
}

static int open_json(struct fed_shell *shell, const char *path)
{
	struct fed_error err;

	if (!path)
		return FED_EXIT_OK;
	if (strcmp(path, "-") == 0) {
		shell->json = stdout;
		shell->out = stderr;
		return FED_EXIT_OK;
	}
	if (fed_file_outlet(&shell->json, path, &err) == FED_OK)
		return FED_EXIT_OK;
	fprintf(stderr, "error: --json: %s\n", err.text);
	return FED_EXIT_IO;
}

/* A session whose lines are edited can be looked at from other terminals. */
static void listen_for_onlookers(struct fed_shell *shell)
{
	struct fed_error unused; /* `attach` says it */

	(void)fed__onlookers_begin(shell, &unused);
}

static enum fed_exit read_input(struct fed_shell *shell)
{
	if (!isatty(STDIN_FILENO)) {
		shell->own.echo = false; /* a pipe, as another program makes it */
		FILE *const input = fed__serving_input(shell);
		const enum fed_exit result = fed__shell_read(shell, input ? input : stdin, "stdin", NULL);

		if (input)
			fclose(input);
		return result;
	}
	if (!shell->screen.terminal) {
		fed__autosave_begin(shell);
		return fed__plain_run(shell);
	}
	listen_for_onlookers(shell);
	fed__print(shell,
	           "fedsh %s, a laboratory for distributed learning. `help` lists the commands.\n",
	           FED_VERSION);
	fed__autosave_begin(shell);
	shell->lenient = true;
	shell->jobs.host = &fed__prompt_job_host;
	return fed__readline_run(shell);
}

/* Begin to save the session of the script, or go on where it was saved. */
static enum fed_exit begin_saving(struct fed_shell *shell, const struct fed_program_options *o,
                                  char **files)
{
	struct fed_error err;

	if (o->commands || !files[0] || files[1]) {
		fed__print_error(shell, o->resume ? "--resume" : "--autosave",
		                 ": needs one FILE, and no -c");
		return FED_EXIT_USAGE;
	}
	if (fed__resume_begin(shell, files[0], o->autosave, o->resume, &err) == FED_OK)
		return FED_EXIT_OK;
	fed__print_error(shell, "--resume: ", err.text);
	return FED_EXIT_IO;
}

static enum fed_exit run(struct fed_shell *shell, const struct fed_program_options *o, char **files)
{
	enum fed_exit result = FED_EXIT_OK;
	struct fed_error err;

	for (int i = 0; i < o->commands && result == FED_EXIT_OK && !shell->quit; i++)
		result = fed__shell_execute(shell, o->command[i], strlen(o->command[i]), NULL);
	if ((o->autosave || o->resume) && result == FED_EXIT_OK)
		result = begin_saving(shell, o, files);
	for (; *files && result == FED_EXIT_OK && !shell->quit; files++) {
		shell->reported = false;
		result = fed__shell_source(shell, *files, &err);
		if (result && strcmp(*files, "attach") == 0)
			fed_fail(&err, "there is no script attach; `fedsh --attach` shows another session");
		if (result && !shell->reported && result != FED_EXIT_INTERRUPTED)
			fed__print_error(shell, "", err.text);
	}
	if (fed__group_ended(shell, &err) && result == FED_EXIT_OK) {
		fed__print_error(shell, "", err.text);
		result = FED_EXIT_USAGE;
	}
	return result;
}

/* Check -c and then the files, or standard input. */
static enum fed_exit check(struct fed_shell *shell, const struct fed_program_options *o,
                           char **files)
{
	struct fed_script_check found = {0};
	struct fed_error err;
	int rc = FED_OK;

	if (!o->commands && !*files && isatty(STDIN_FILENO)) {
		fed__print_error(shell, "-n: ", "needs a FILE, or -c COMMANDS");
		return FED_EXIT_USAGE;
	}
	for (int i = 0; i < o->commands; i++)
		fed__script_check_text(shell, &found, o->command[i], strlen(o->command[i]), NULL);
	if (!o->commands && !*files)
		rc = fed__script_check_file(shell, &found, NULL, &err);
	for (; *files && rc == FED_OK; files++)
		rc = fed__script_check_file(shell, &found, *files, &err);
	if (rc == FED_OK)
		return fed__script_check_end(shell, &found);
	fed__print_error(shell, "", err.text);
	return FED_EXIT_IO;
}

/* Show the watch of a session that runs elsewhere. */
static enum fed_exit attach(struct fed_shell *shell, char **names)
{
	struct fed_text path = {0}, list = {0}, why = {0};
	struct fed_error err;
	int rc = names[0] && names[1]
	             ? fed_fail(&err, "takes one session: its number, or the path of its socket")
	             : fed_attach_find(names[0] ? names[0] : "", &path, &list, &err);

	const bool several = rc == FED_REJECT;
	if (rc == FED_OK)
		rc = fed_attach_run(fed_text_str(&path), "", shell->screen.color,
		                    (enum fed_theme)shell->own.theme, &why, &err);
	if (rc)
		fed__print_error(shell, "--attach: ", err.text);
	if (several)
		fed__print(shell, "%s", fed_text_str(&list));
	if (why.len)
		fed__print(shell, "%s\n", fed_text_str(&why));
	fed__print_flush(shell);
	fed_text_release(&path);
	fed_text_release(&list);
	fed_text_release(&why);
	return rc ? FED_EXIT_USAGE : FED_EXIT_OK;
}

/* Open the watch with -c and then the files as its script. */
static enum fed_exit watch(struct fed_shell *shell, const struct fed_program_options *o,
                           char **files, int n)
{
	const char **script = fed_alloc_array((size_t)(n + o->commands) + 1, sizeof *script);
	struct fed_text *line = fed_alloc_array((size_t)n + 1, sizeof *line);
	struct fed_error err;
	int rc, k = 0;

	while (k < o->commands && script) {
		script[k] = o->command[k];
		k++;
	}
	for (int i = 0; i < n && script && line; i++) {
		fed_text_add(&line[i], "source ");
		fed__word_quote(&line[i], files[i]);
		script[k++] = fed_text_str(&line[i]);
	}
	shell->lenient = true;
	listen_for_onlookers(shell);
	fed__autosave_begin(shell);
	fed__line_history_load();
	rc = script && line ? fed__watch_bridge_run(shell, NULL, o->pace, script, &err)
	                    : fed_fail_memory(&err, sizeof *line, "the lines");
	fed__line_history_end(shell);
	for (int i = 0; i < n && line; i++)
		fed_text_release(&line[i]);
	fed_free(line);
	fed_free(script);
	if (rc == FED_OK)
		return FED_EXIT_OK;
	fed__print_error(shell, "--watch: ", err.text);
	return FED_EXIT_USAGE;
}

/* `fedsh join`: a client of a session that serves on another machine. */
static int join_room(int argc, char **argv)
{
	char *folder = plugin_folder(), *program = worker_program();
	const int code = fed__join_program(argc, argv, folder ? folder : "", program);

	fed_free(folder);
	fed_free(program);
	return (int)finish_output(stdout, (enum fed_exit)code);
}

/* Fill in the shell by the options.  FED_EXIT_OK, or why it cannot run, which is said; *folder:
 * that of the plugins, the caller frees it. */
static int set_up(struct fed_shell *shell, const struct fed_program_options *o,
                  struct fed_cluster *cluster, char **folder)
{
	static const char *const headers[] = {"include", "../include"};
	struct fed_error err;

	if (open_json(shell, o->json))
		return FED_EXIT_IO;
	shell->brief = o->brief;
	fed__screen_init(shell, !o->no_color);
	if (o->columns >= 0)
		fed__screen_set_width(shell, o->columns);
	if (o->step && fed__step_key_check(&err)) {
		fprintf(stderr, "error: --step: %s\n", err.text);
		return FED_EXIT_USAGE;
	}
	shell->own.step = o->step;
	shell->own.echo = shell->own.echo || o->step;
	*folder = plugin_folder();
	if (!*folder || fed__shell_init(shell, *folder, &err)) {
		fprintf(stderr, "error: %s\n", *folder ? err.text : "out of memory");
		return FED_EXIT_PLUGIN;
	}
	if (cluster)
		fed__ranks_use(shell, cluster);
	if (start_guard(shell, &err))
		fprintf(stderr, "warning: plugins run inside, unguarded: %s\n", err.text);
	shell->include = beside(headers, 2);
	shell->program = own_program();
	find_lessons(shell);
	return FED_EXIT_OK;
}

/* Play the files and commands, or read what is typed. */
static enum fed_exit play(struct fed_shell *shell, const struct fed_program_options *o,
                          char **files, int n)
{
	const bool at_prompt = o->watch || (!o->commands && !*files && isatty(STDIN_FILENO));

	fed__signals_connect(shell);
	fed__tell_crashes();
	if (o->readonly)
		fed__shell_execute(shell, "set readonly on", strlen("set readonly on"), NULL);
	if (!o->check && (o->config ? *o->config : at_prompt))
		fed__shell_configure(shell, o->config);
	enum fed_exit result = o->check                ? check(shell, o, files)
	                       : o->watch              ? watch(shell, o, files, n)
	                       : o->commands || *files ? run(shell, o, files)
	                                               : read_input(shell);
	if (fed__signals_ending())
		result = 128 + fed__signals_ending();
	fed__autosave_end(shell, result == FED_EXIT_OK);
	fed__resume_end(shell, result == FED_EXIT_OK);
	fed__signals_connect(NULL);
	return finish_files(shell, finish_output(shell->out, result));
}

static int run_program(struct fed_program_options *o, int argc, char **argv)
{
	static struct fed_shell shell; /* static: large, and used by signal handlers */
	char *folder = NULL;
	enum fed_exit ended;
	bool left;

	int code = fed__options_parse(o, argc, argv);
	if (code || o->prints)
		return code ? code : (int)print_instead(o->prints);
	struct fed_cluster *cluster = join_ranks(o, &left, &ended);
	if (left)
		return (int)ended;
	shell.groups = fed__command_groups;
	shell.out = stdout;
	shell.errors = stderr;
	if (o->attach) {
		fed__screen_init(&shell, !o->no_color);
		return (int)attach(&shell, argv + optind);
	}
	code = set_up(&shell, o, cluster, &folder);
	if (code == FED_EXIT_OK) {
		code = (int)play(&shell, o, argv + optind, argc - optind);
		fed__shell_release(&shell);
	}
	fed_cluster_leave(cluster);
	fed_free(folder);
	return code;
}

int main(int argc, char **argv)
{
	struct fed_program_options o = {.pace = -1, .columns = -1};

	occupy_standard_files();
	restart_for_blas(argv);
	fed_blas_init();
	if (argc > 1 && strcmp(argv[1], "join") == 0)
		return join_room(argc - 1, argv + 1);
	o.command = fed_alloc_array((size_t)argc + 1, sizeof *o.command);
	if (!o.command) {
		fputs("error: out of memory\n", stderr);
		return FED_EXIT_IO;
	}
	const int code = run_program(&o, argc, argv);
	fed_free(o.command);
	return code;
}
