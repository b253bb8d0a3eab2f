/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/shell.h - a session and the person (or script) that talks to it.
 *
 * Lines come in through fed_shell_execute(), whoever read them: readline, a script, -c.  Results
 * go out through fed_print() and its kin, which let no control byte of data reach a terminal, and
 * events of the session through the shell's sinks (print, JSON).
 */
#ifndef FED_SHELL_SHELL_H
#define FED_SHELL_SHELL_H

#include <signal.h>

#include "report/timeline.h"
#include "experiments/sweep.h"
#include "experiments/tournament.h"

/* What the program exits with. */
enum fed_exit {
	FED_EXIT_OK = 0,
	FED_EXIT_FAILED = 1, /* a command failed */
	FED_EXIT_USAGE = 2,  /* what was typed makes no sense */
	FED_EXIT_SCRIPT = 3, /* a script stopped */
	FED_EXIT_ROUND = 4,
	FED_EXIT_IO = 5,
	FED_EXIT_PLUGIN = 7,
	FED_EXIT_INTERRUPTED = 130,
};

#define FED_SOURCE_DEPTH 16

/* What can be shown where the output goes. */
struct fed_screen {
	bool terminal; /* a terminal that understands escapes */
	bool color, utf8;
	int columns, rows;
};

/* The shell's side of the watch (tui/watch.h). */
struct fed_watch;
struct fed_watch_state {
	struct fed_watch *watch;  /* NULL: it is not open, and the next three are not in use */
	FILE *out, *errors;       /* as they were before */
	struct fed_screen screen; /* likewise */
	char resume[2100]; /* the command that finishes what was stopped between two events; "": none */
	char resuming[2100]; /* what fed_watch_host.resume() returned */
	bool stopped; /* so was the command that runs: it is not in the journal as it was typed */
};

/* The line of progress while rounds run, on a terminal only. */
struct fed_progress_line {
	bool on;             /* rounds run now */
	bool shown;          /* it stands on the terminal and must be erased before other output */
	double target;       /* rounds asked for; 0: until a condition holds */
	double began, drawn; /* wall seconds */
	uint64_t first;      /* version before the first round */
	double invited, trained;
};

/* What `step` is about to say: clients to which the same happens share a line. */
struct fed_step_text {
	bool on, said;            /* said: this step was told already */
	enum fed_event_kind kind; /* of the n that wait */
	uint32_t n;
	struct fed_text ids, why;
	double clock;
};

struct fed_alias {
	char *name, *text;
};

/* The file being read, and who asked for it. */
struct fed_place {
	const char *file; /* NULL: typed, or -c */
	unsigned line;
	const struct fed_place *from; /* NULL: the program itself */
	unsigned depth;
};

struct fed_command_group;
struct fed_shell {
	struct fed_session *session;            /* owned */
	const struct fed_command_group *groups; /* [FED_GROUPS] the command table, of the caller */
	FILE *out, *errors;                     /* results; errors and warnings */
	FILE *json;                             /* NULL: none */
	bool json_lost; /* it could not be written, and the program's exit code says so */
	struct fed_screen screen;
	struct fed_watch_state watching;
	struct fed_tournament tournament; /* the last one */
	struct fed_sweep sweep;           /* likewise */
	char *include;                    /* folder of the public headers, for `build`; NULL: unknown */
	bool lenient;                     /* interactive: prefixes are enough */
	bool timing, quit;
	bool brief;          /* scripts run the short form of a line, behind "# short:" */
	bool reported;       /* the error that travels up was printed */
	enum fed_exit fault; /* class of the failure of the running command; 0: as its row says */
	struct fed_progress_line progress;
	struct fed_step_text stepping;
	struct fed_alias *alias; /* [n_aliases], in name order */
	size_t n_aliases;
	struct fed_text journal; /* every command since the last reset that changed the session */
	FILE *record;
	char *record_path;
	const struct fed_place *place;
};

/* The sinks are connected; nothing is printed but warnings about broken plugins. */
int fed_shell_init(struct fed_shell *, const char *plugin_folder, struct fed_error *);
void fed_shell_release(struct fed_shell *);

/* Run all commands of the text, stopping at the first that fails; its error is printed.  Returns
 * FED_EXIT_OK or the class of the failure. */
enum fed_exit fed_shell_execute(struct fed_shell *, const char *text, size_t len,
                                const struct fed_place *);
/* Every line of an open file.  from: who asked, NULL for the program. */
enum fed_exit fed_shell_read(struct fed_shell *, FILE *, const char *name,
                             const struct fed_place *from);
enum fed_exit fed_shell_source(struct fed_shell *, const char *path, struct fed_error *);

const struct fed_alias *fed_alias_find(const struct fed_shell *, const char *name);
/* text "": remove it. */
int fed_alias_set(struct fed_shell *, const char *name, const char *text, struct fed_error *);
void fed_aliases_release(struct fed_shell *);

/* Screen -------------------------------------------------------------------- */

/* Ask the environment and the terminal; color: it is wanted where there can be one. */
void fed_screen_init(struct fed_shell *, bool color);
/* Columns and rows of the terminal now. */
void fed_screen_measure(struct fed_shell *);

/* Journal and record ------------------------------------------------------- */

void fed_journal_add(struct fed_shell *, const char *text, size_t len);
int fed_journal_start(struct fed_shell *, const char *path, struct fed_error *);
int fed_journal_stop(struct fed_shell *, struct fed_error *);

/* Signals ------------------------------------------------------------------- */

/* SIGINT, SIGTERM and SIGHUP reach this shell from now on; SIGPIPE ends the program. */
void fed_signals_connect(struct fed_shell *);
/* A Ctrl-C came since the last call. */
bool fed_signals_interrupted(void);
/* The signal that asks the program to end, or 0. */
int fed_signals_ending(void);
/* What runs now: what Ctrl-C says. */
enum fed_running {
	FED_RUNNING_NOTHING,
	FED_RUNNING_ROUNDS,
	FED_RUNNING_STEPS,
	FED_RUNNING_TRIALS, /* rows of a sweep, matches of a tournament */
	FED_RUNNING_KINDS
};
void fed_signals_running(enum fed_running);

#endif
