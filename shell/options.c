/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/options.c - what is typed behind `fedsh`.
 */
#include "shell/options.h"

#include <getopt.h>
#include <stdio.h>

#include "shell/output/print.h"

enum { COLUMNS_LEAST = 20 };

const char fed__options_usage[] =
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

/* Options without a value; false: it is another. */
static bool take_flag(struct fed_program_options *o, int option)
{
	bool *const flags[] = {
		[NO_COLOR] = &o->no_color, [SHORT] = &o->brief,   [READONLY] = &o->readonly,
		[MPI] = &o->ranks.mpi,     [RESUME] = &o->resume, [ATTACH] = &o->attach,
		[STEP] = &o->step,         [WATCH] = &o->watch,   ['n'] = &o->check,
	};

	if ((size_t)option >= sizeof flags / sizeof *flags || !flags[option])
		return false;
	*flags[option] = true;
	return true;
}

/* Options with a value, which is optarg. */
static int take_value(struct fed_program_options *o, int option)
{
	long long n;

	switch (option) {
	case 'c':
		o->command[o->commands++] = optarg;
		return FED_EXIT_OK;
	case JSON:
		o->json = optarg;
		return FED_EXIT_OK;
	case CONFIG:
		o->config = optarg;
		return FED_EXIT_OK;
	case MPI_RELAY:
		o->ranks.relay = optarg;
		return FED_EXIT_OK;
	case COLUMNS:
		return parse_columns(optarg, &o->columns);
	case MPI_WORKERS:
		if (parse_number("--mpi-workers", "ranks to start", optarg, &n))
			return FED_EXIT_USAGE;
		o->ranks.workers = (int)n;
		return FED_EXIT_OK;
	case AUTOSAVE:
		if (parse_number("--autosave", "versions between two saves", optarg, &n))
			return FED_EXIT_USAGE;
		o->autosave = (uint64_t)n;
		return FED_EXIT_OK;
	case PACE:
		if (fed_parse_real(optarg, &o->pace) && o->pace >= 0 && o->pace <= 1000)
			return FED_EXIT_OK;
		fprintf(stderr, "--pace %s: rounds a second, from 0 (full speed) to 1000\n",
		        fed_show(optarg).s);
		return FED_EXIT_USAGE;
	default:
		fputs("`fedsh --help` shows the options\n", stderr);
		return FED_EXIT_USAGE;
	}
}

int fed__options_parse(struct fed_program_options *o, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "c:nh", longs, NULL)) != -1) {
		o->prints = option == VERSION                 ? FED_PRINTS_VERSION
		            : option == LANGUAGE              ? FED_PRINTS_LANGUAGE
		            : option == HELP || option == 'h' ? FED_PRINTS_USAGE
		                                              : FED_PRINTS_NOTHING;
		if (o->prints)
			return FED_EXIT_OK;
		if (!take_flag(o, option) && take_value(o, option))
			return FED_EXIT_USAGE;
	}
	return FED_EXIT_OK;
}
