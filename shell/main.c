/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/main.c - the main function: options, folders, and the choice of the reader of command
 * lines.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
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
#include "shell/ranks.h"
#include "shell/shell.h"
#include "shell/terminal/watch_bridge.h"
#include "tui/attach/attach.h"

#ifndef FED_SESSIONS_FROM_BIN
#define FED_SESSIONS_FROM_BIN "../share/fedsh/sessions"
#endif
#ifndef FED_PLUGINS_FROM_BIN
#define FED_PLUGINS_FROM_BIN "../lib/fedsh/plugins"
#endif

enum { COLUMNS_LEAST = 20 };

struct options {
	const char **command; /* [commands], in their order */
	int commands;
	const char *json;
	const char *config; /* NULL: the default, at a prompt; "": none */
	bool no_color, brief, watch, step, check, readonly, attach;
	int columns;       /* of output; below 0: the terminal's */
	uint64_t autosave; /* versions between two saves of a script's session; 0: none */
	bool resume;
	struct fed_rank_options ranks;
	double pace; /* of the watch; below 0: default */
};

static const char usage[] =
	"usage: fedsh [OPTION]... [FILE]...\n"
	"       fedsh join HOST:PORT CODE [OPTION]...   be a client of a room (fedsh join --help)\n"
	"A laboratory for distributed learning. Without FILE and -c commands are read from the\n"
	"terminal or standard input.\n"
	"\n"
	"  -c COMMANDS    run these commands, separated by ;, before FILE; several -c run in their\n"
	"                 order until one fails\n"
	"  -n             check FILE and COMMANDS, and run nothing\n"
	"      --json FILE  write events as JSON lines; - is standard output; all other\n"
	"                   output goes to standard error then\n"
	"      --no-color   no colour\n"
	"      --columns N  lay output out in so many columns; 0: in as many as it needs\n"
	"      --watch      open the full-screen view, and play FILE in it\n"
	"      --pace X     with --watch: rounds a second; 0 is full speed, the default of a script 2\n"
	"      --step       a script's commands wait for a key, in the shell and in the watch\n"
	"      --attach [SESSION]\n"
	"                   show the watch of a session that runs at another prompt: the number of "
	"its\n"
	"                   process, or nothing if there is one; keys look, commands are typed there\n"
	"      --mpi        train on all ranks of the MPI job that this process is started in, as by\n"
	"                   `mpirun -n 8 fedsh --mpi FILE`\n"
	"      --mpi-workers N  start N ranks that train for this shell, which stays on its terminal;\n"
	"                   FEDSH_MPIRUN is the launcher with its options, mpirun without it\n"
	"      --autosave K  save the session of FILE every K versions, here, as FILE.resume says\n"
	"      --resume     go on where FILE was saved, if it was; the results are those of one go\n"
	"      --config FILE  aliases and settings of the shell, read at the beginning of scripts, "
	"too;\n"
	"                   else ~/.config/fedsh/config (or $XDG_CONFIG_HOME) at a prompt; '' is none\n"
	"      --readonly   `set readonly on`: no files written, no plugins loaded, no programs run\n"
	"      --short      run COMMAND instead of a script's line that ends in `# short: COMMAND`\n"
	"      --version    show the version and what it was built with\n"
	"      --help       show this\n"
	"\n"
	"Exit codes: 0 ok, 1 a command failed, 2 usage, 3 a script stopped, 4 a round failed, 5 I/O,\n"
	"7 plugin, 130 interrupted.\n";

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
static struct fed_cluster *join_ranks(const struct options *o, bool *left, enum fed_exit *result)
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

static int parse_columns(const char *typed, int *columns)
{
	long long n;

	if (!fed_parse_int(typed, &n) || n < 0 || (n > 0 && n < COLUMNS_LEAST) ||
	    n > FED_SCREEN_COLUMNS) {
		fprintf(stderr, "--columns %s: from %d to %d, or 0 for no limit\n", fed_show(typed).s,
		        COLUMNS_LEAST, FED_SCREEN_COLUMNS);
		return FED_EXIT_USAGE;
	}
	*columns = (int)n;
	return FED_EXIT_OK;
}

static int parse_number(const char *option, const char *what, const char *typed, long long *n)
{
	if (fed_parse_int(typed, n) && *n >= 1 && *n <= 1000000)
		return FED_EXIT_OK;
	fprintf(stderr, "%s %s: %s, from 1 to 1,000,000\n", option, fed_show(typed).s, what);
	return FED_EXIT_USAGE;
}

static int parse_options(int argc, char **argv, struct options *o)
{
	enum {
		JSON = 256,
		NO_COLOR,
		COLUMNS,
		SHORT,
		WATCH,
		PACE,
		STEP,
		CONFIG,
		READONLY,
		ATTACH,
		LANGUAGE,
		MPI,
		MPI_WORKERS,
		MPI_RELAY,
		AUTOSAVE,
		RESUME,
		VERSION,
		HELP
	};
	static const struct option longs[] = {
		{"json", required_argument, NULL, JSON},
		{"no-color", no_argument, NULL, NO_COLOR},
		{"short", no_argument, NULL, SHORT},
		{"version", no_argument, NULL, VERSION},
		{"watch", no_argument, NULL, WATCH},
		{"pace", required_argument, NULL, PACE},
		{"columns", required_argument, NULL, COLUMNS},
		{"step", no_argument, NULL, STEP},
		{"readonly", no_argument, NULL, READONLY},
		{"attach", no_argument, NULL, ATTACH},
		{"config", required_argument, NULL, CONFIG},
		{"help", no_argument, NULL, HELP},
		{"language", no_argument, NULL, LANGUAGE},
		{"mpi", no_argument, NULL, MPI},
		{"mpi-workers", required_argument, NULL, MPI_WORKERS},
		{"mpi-relay", required_argument, NULL, MPI_RELAY},
		{"autosave", required_argument, NULL, AUTOSAVE},
		{"resume", no_argument, NULL, RESUME},
		{NULL, 0, NULL, 0},
	};
	long long n;
	int option;

	while ((option = getopt_long(argc, argv, "c:nh", longs, NULL)) != -1) {
		switch (option) {
		case 'c':
			o->command[o->commands++] = optarg;
			break;
		case 'n':
			o->check = true;
			break;
		case JSON:
			o->json = optarg;
			break;
		case NO_COLOR:
			o->no_color = true;
			break;
		case COLUMNS:
			if (parse_columns(optarg, &o->columns))
				return FED_EXIT_USAGE;
			break;
		case SHORT:
			o->brief = true;
			break;
		case READONLY:
			o->readonly = true;
			break;
		case MPI:
			o->ranks.mpi = true;
			break;
		case MPI_WORKERS:
			if (parse_number("--mpi-workers", "ranks to start", optarg, &n))
				return FED_EXIT_USAGE;
			o->ranks.workers = (int)n;
			break;
		case AUTOSAVE:
			if (parse_number("--autosave", "versions between two saves", optarg, &n))
				return FED_EXIT_USAGE;
			o->autosave = (uint64_t)n;
			break;
		case RESUME:
			o->resume = true;
			break;
		case MPI_RELAY:
			o->ranks.relay = optarg;
			break;
		case ATTACH:
			o->attach = true;
			break;
		case CONFIG:
			o->config = optarg;
			break;
		case STEP:
			o->step = true;
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
		case LANGUAGE:
			exit((int)print_language());
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
		return fed__shell_read(shell, stdin, "stdin", NULL);
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
static enum fed_exit begin_saving(struct fed_shell *shell, const struct options *o, char **files)
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

static enum fed_exit run(struct fed_shell *shell, const struct options *o, char **files)
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
static enum fed_exit check(struct fed_shell *shell, const struct options *o, char **files)
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
static enum fed_exit watch(struct fed_shell *shell, const struct options *o, char **files, int n)
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

int main(int argc, char **argv)
{
	static struct fed_shell shell; /* static: large, and used by signal handlers */
	struct options o = {.pace = -1, .columns = -1};
	struct fed_error err;

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
	const int bad = parse_options(argc, argv, &o);
	if (bad) {
		fed_free(o.command);
		return bad;
	}
	enum fed_exit ended;
	bool left;
	struct fed_cluster *cluster = join_ranks(&o, &left, &ended);
	if (left) {
		fed_free(o.command);
		return (int)ended;
	}
	shell.groups = fed__command_groups;
	shell.out = stdout;
	shell.errors = stderr;
	if (o.attach) {
		fed_free(o.command);
		fed__screen_init(&shell, !o.no_color);
		return (int)attach(&shell, argv + optind);
	}
	if (open_json(&shell, o.json)) {
		fed_free(o.command);
		return FED_EXIT_IO;
	}
	shell.brief = o.brief;
	fed__screen_init(&shell, !o.no_color);
	if (o.columns >= 0)
		fed__screen_set_width(&shell, o.columns);
	if (o.step && fed__step_key_check(&err)) {
		fprintf(stderr, "error: --step: %s\n", err.text);
		fed_free(o.command);
		return FED_EXIT_USAGE;
	}
	shell.own.step = o.step;
	shell.own.echo = shell.own.echo || o.step;
	char *folder = plugin_folder();
	if (!folder || fed__shell_init(&shell, folder, &err)) {
		fprintf(stderr, "error: %s\n", folder ? err.text : "out of memory");
		fed_free(folder);
		fed_free(o.command);
		return FED_EXIT_PLUGIN;
	}
	if (cluster)
		fed__ranks_use(&shell, cluster);
	if (start_guard(&shell, &err))
		fprintf(stderr, "warning: plugins run inside, unguarded: %s\n", err.text);
	static const char *const headers[] = {"include", "../include"};
	shell.include = beside(headers, 2);
	shell.program = own_program();
	find_lessons(&shell);
	fed__signals_connect(&shell);
	fed__tell_crashes();
	if (o.readonly)
		fed__shell_execute(&shell, "set readonly on", strlen("set readonly on"), NULL);
	const bool at_prompt = o.watch || (!o.commands && !argv[optind] && isatty(STDIN_FILENO));
	if (!o.check && (o.config ? *o.config : at_prompt))
		fed__shell_configure(&shell, o.config);
	enum fed_exit result = o.check   ? check(&shell, &o, argv + optind)
	                       : o.watch ? watch(&shell, &o, argv + optind, argc - optind)
	                       : o.commands || argv[optind] ? run(&shell, &o, argv + optind)
	                                                    : read_input(&shell);
	if (fed__signals_ending())
		result = 128 + fed__signals_ending();
	fed__autosave_end(&shell, result == FED_EXIT_OK);
	fed__resume_end(&shell, result == FED_EXIT_OK);
	fed__signals_connect(NULL);
	result = finish_files(&shell, finish_output(shell.out, result));
	fed__shell_release(&shell);
	fed_cluster_leave(cluster);
	fed_free(folder);
	fed_free(o.command);
	return (int)result;
}
