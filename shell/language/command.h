/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/command.h - types of the command table (shell/commands.h), lookup, and binding of
 * arguments.
 *
 * Execution, completion, help, the man page's list and the test that runs every example use the
 * same rows. A command's arguments are field rows over a struct of its own; rows that depend on an
 * argument (the parameters of `aggregator fedadam`) come from `more`.
 */
#ifndef FED_SHELL_LANGUAGE_COMMAND_H
#define FED_SHELL_LANGUAGE_COMMAND_H

#include "shell/language/line.h"
#include "shell/shell.h"

enum fed_group {
	FED_GROUP_COMPOSE,
	FED_GROUP_RUN,
	FED_GROUP_FAULTS,
	FED_GROUP_LOOK,
	FED_GROUP_TRAVEL,
	FED_GROUP_EXPERIMENTS,
	FED_GROUP_ROOM,
	FED_GROUP_PLUGINS,
	FED_GROUP_SESSION,
	FED_GROUPS
};
extern const char *const fed__group_names[FED_GROUPS + 1];
extern const char *const fed__group_help[FED_GROUPS + 1];

enum {
	FED_COMMAND_CHANGES = 1,      /* changes the session: goes into the journal */
	FED_COMMAND_ANY_KEY = 2,      /* accepts any key=value; run checks the keys */
	FED_COMMAND_REJECTS = 4,      /* FED_REJECT of run means invalid arguments (FED_EXIT_USAGE) */
	FED_COMMAND_RUNS = 8,         /* runs other commands, which go into the journal themselves */
	FED_COMMAND_DISCARDS = 16,    /* may end a run, which `undo` brings back */
	FED_COMMAND_LIVE = 32,        /* prints while it works, or needs the terminal: has no pager */
	FED_COMMAND_TABLE = 64,       /* its tables can be had as data: --csv, --json */
	FED_COMMAND_NAMES = 128,      /* gives a name to commands: a check of a script runs it */
	FED_COMMAND_LOADS = 256,      /* plugins, whose names are unknown before */
	FED_COMMAND_CONFIGURES = 512, /* the configuration may hold it */
	FED_COMMAND_OUTSIDE = 1024, /* writes files, loads code or runs programs: not under readonly */
	FED_COMMAND_JOB = 2048,     /* makes rounds or events: can run behind the prompt (jobs/job.h) */
	FED_COMMAND_BESIDE = 4096,  /* looks while one runs, though it runs other commands */
};

/* Play a line as a replay does (shell is a struct fed_shell *): nothing is printed or recorded. */
int fed__execute_quietly(void *shell, const char *line, struct fed_error *);

struct fed_command;
/* A command with its bound arguments. */
struct fed_call {
	const struct fed_command *command;
	const char *name;         /* as typed: the command's name or its synonym */
	void *args;               /* the command's struct, defaults filled in */
	uint64_t given;           /* bit i: row i of args was typed */
	struct fed_assign *extra; /* [n_extra] settings for the rows of `more` */
	size_t n_extra;
	/* Why it could not be bound: the word, words->n if one is missing, or 0; its row, or NULL. */
	size_t bad;
	const struct fed_field *bad_row;
};

struct fed_command {
	const char *name, *help;      /* help: one line, lower case, no full stop */
	const char *synonym;          /* a second name, or NULL */
	const char *text;             /* more help, or NULL */
	const char *const *examples;  /* NULL-ended; each runs in a fresh session */
	const struct fed_field *args; /* NULL: none */
	size_t args_size;
	/* Rows of the plugin, scheme or fault that an argument names, or NULL. */
	const struct fed_field *(*more)(const struct fed_shell *, const void *args);
	/* Rows of what one of those rows names (attack=alie), or NULL. Because that key may come last,
	 * run checks the keys of such a command. */
	const struct fed_field *(*also)(const struct fed_shell *, const struct fed_call *);
	/* Print the names that can be given, below the help; or NULL. */
	void (*list)(struct fed_shell *);
	int (*run)(struct fed_shell *, const struct fed_call *, struct fed_error *);
	/* Whether a call only looks, of a command that otherwise makes rounds or changes the session:
	 * it is no job then, and may be typed beside one; NULL: none does. */
	bool (*looks)(const struct fed_words *);
	uint32_t flags;
	enum fed_exit failure; /* exit code of its failures; 0: FED_EXIT_FAILED */
};

/* For `looks`: the name of the command is all that was typed. */
bool fed__names_nothing(const struct fed_words *);

struct fed_command_group {
	enum fed_group group;
	const struct fed_command *command; /* ends with a zeroed row */
};

/* Command i over all groups; NULL past the last. */
const struct fed_command *fed__command_at(const struct fed_shell *, size_t i, enum fed_group *);
/* Name i of all commands, then of their synonyms; NULL past the last. */
const char *fed__command_name_at(const struct fed_shell *, size_t i);
/* The command's name, or its synonym if `typed` is that or a prefix of it alone. */
const char *fed__command_called(const struct fed_command *, const char *typed);
/* Find a command by name, or by a unique prefix if `prefix`. The error has the nearest name or the
 * candidates. */
int fed__command_find(const struct fed_shell *, const char *name, bool prefix,
                      const struct fed_command **, struct fed_error *);

/* Bind words `first` and later to the command's arguments. On failure the call holds the arguments
 * bound so far. Call fed__call_release in either case. */
int fed__call_bind(struct fed_call *, const struct fed_shell *, const struct fed_command *,
                   const struct fed_words *, size_t first, struct fed_error *);
void fed__call_release(struct fed_call *);

/* Print the error of the command that is being run: file and line, the message and, where the width
 * of a line is known, its line with a caret under the word. `why` shows it again. */
void fed__failure_report(struct fed_shell *, const char *name, const char *text);
/* Show the last error again, with what is allowed where it was. */
void fed__failure_explain(struct fed_shell *);
void fed__failure_release(struct fed_failure *);
/* The row of the next positional argument; NULL: all are given. */
const struct fed_field *fed__call_next(const struct fed_call *);
static inline bool fed_call_has(const struct fed_call *c, size_t row)
{
	return c->given >> row & 1;
}

/* Take what says where the output of a command goes (> FILE, >> FILE, | COMMAND) and in which form
 * (--csv, --json, -w) out of its words, which begin in `source` and end at `len`.  In a condition a
 * > between two operands compares. */
struct fed_redirect;
int fed__request_take(struct fed_redirect *, const struct fed_shell *, const struct fed_command *,
                      struct fed_words *, const char *source, size_t len, struct fed_error *);

/* Take the & that ends a command out of its words: *behind. */
int fed__request_behind(const struct fed_command *, struct fed_words *, const char *source,
                        bool *behind, struct fed_error *);
/* Run a command by the thread of a job, or beside one that runs. FED_REJECT: it is neither, run it
 * here. FED_FAIL: it is refused. */
int fed__run_beside(struct fed_shell *, const struct fed_command *, const char *called,
                    const struct fed_words *, const char *source, bool behind,
                    enum fed_exit *result, struct fed_error *);
/* A command with & was waited for: `jobs` shows how it ended. */
void fed__note_awaited(struct fed_shell *, const char *called, const struct fed_words *,
                       const char *source, enum fed_exit);

/* Whether word i, which begins with >, compares instead of directing the output; whether it is text
 * that the command takes as it is. */
bool fed__request_compares(const struct fed_command *, const struct fed_words *, size_t i);
bool fed__request_is_text(const struct fed_command *, size_t i);

/* Rows of command arguments; m is a char[] member for text. */
#define FED_ARG_TEXT(S, m, flags_, hint_, h) \
	FED_ROW(S, m, char *, FED_TYPE_TEXT, .flags = (flags_), .hint = (hint_), .help = (h))
#define FED_ARG_INT(S, m, flags_, d, lo, hi, h)                                                   \
	FED_ROW(S, m, int64_t, FED_TYPE_INT, .flags = (flags_), .def = (d), .min = (lo), .max = (hi), \
	        .help = (h))
#define FED_ARG_CHOICE(S, m, flags_, d, names, h)                                         \
	FED_ROW(S, m, int, FED_TYPE_CHOICE, .flags = (flags_), .def = (d), .choice = (names), \
	        .help = (h))
#define FED_ARG_NEEDED (FED_FIELD_POSITIONAL | FED_FIELD_REQUIRED)

/* Examples: a NULL-ended array. */
#define FED_EXAMPLES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Name i for a hint ("aggregator", "dataset", "metric", ...); NULL past the last, and for "path".
 */
const char *fed__hint_name(const struct fed_shell *, const char *hint, size_t i);

/* Help texts of commands and groups. */
void fed__help_overview(struct fed_shell *);
void fed__help_group(struct fed_shell *, enum fed_group);
void fed__help_command(struct fed_shell *, const struct fed_command *);
/* "round [N] [KEY=VALUE ...]" */
void fed__help_usage(const struct fed_command *, struct fed_text *);
/* NAME for a positional argument, [NAME] for an optional one. */
void fed__help_placeholder(const struct fed_field *, struct fed_text *);
/* "KEY: HELP", what is allowed and the default, a line each. */
void fed__help_row(const struct fed_field *, struct fed_text *);
/* "  one of: a, b" of the names that the row takes, if they are a list. */
void fed__help_names(const struct fed_shell *, const struct fed_field *, struct fed_text *);
/* The default of a row, as it is typed. */
void fed__help_default(const struct fed_field *, struct fed_text *);
void fed__help_fields(struct fed_shell *, const struct fed_field *rows, const void *state);

#endif
