/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/shell.h - the shell: a session, its input (commands) and its output (text, JSON).
 *
 * Every reader of lines (readline, a script, -c) calls fed__shell_execute(). Results are printed by
 * fed__print() and its relatives (output/print.h), which let no control byte of data reach a
 * terminal; events of the session by the shell's sinks (text, JSON).
 */
#ifndef FED_SHELL_SHELL_H
#define FED_SHELL_SHELL_H

#include <signal.h>
#include <sys/types.h>

#include "report/composition_log.h"
#include "history/event_log.h"
#include "room/status.h"
#include "report/timeline.h"
#include "experiments/sweep.h"
#include "experiments/tournament.h"
#include "tui/widgets/theme.h"

/* Exit codes of the program, and results of commands. */
enum fed_exit {
	FED_EXIT_OK = 0,
	FED_EXIT_FAILED = 1, /* a command failed */
	FED_EXIT_USAGE = 2,  /* invalid command or argument */
	FED_EXIT_SCRIPT = 3, /* a script failed */
	FED_EXIT_ROUND = 4,
	FED_EXIT_IO = 5,
	FED_EXIT_PLUGIN = 7,
	FED_EXIT_INTERRUPTED = 130,
};

#define FED_SOURCE_DEPTH 16
#define FED_SCREEN_COLUMNS 10000 /* at most, as a user may ask for */

/* Capabilities of the output. */
struct fed_screen {
	bool terminal; /* a terminal that understands escapes */
	bool color, utf8;
	bool true_color; /* red, green and blue, not 256 colours */
	bool few_colors; /* tints of the watch's canvas (tui/widgets/tint.h), not 256 */
	int columns, rows;
	int width, errors_width; /* columns that output and errors are laid out in; 0: no limit */
	bool fixed;              /* the width was asked for, and is not the terminal's */
};

/* What is printed of a command. */
enum fed_form {
	FED_FORM_TEXT, /* for people */
	FED_FORM_CSV,  /* its tables and nothing else, as data */
	FED_FORM_JSON
};

/* The shell's side of the watch (tui/watch.h). */
struct fed_watch;
struct fed_watch_state {
	struct fed_watch *watch;  /* NULL: not open, and the other members are unused */
	FILE *out, *errors;       /* the shell's own, restored on close */
	struct fed_screen screen; /* likewise */
	char resume[2100];        /* the command that resumes the interrupted run; "": none */
	char resuming[2100];      /* last result of fed_watch_host.resume() */
	bool stopped; /* the present command was interrupted: it enters the journal in another form */
};

/* Settings of the shell itself: `set` takes them beside those of the session, which they are no
 * part of. */
struct fed_shell_settings {
	int echo; /* on: scripts show their comments and commands */
	int step; /* on: their commands wait for a key */
	/* on: no command writes files, loads code or runs a program, until the program ends */
	int readonly;
	int theme;               /* enum fed_theme */
	char history_memory[32]; /* bytes for snapshots, as typed; auto: a share of what is free */
	int64_t snapshot_every;  /* versions; 0: by what a snapshot costs */
	char hide[512]; /* commands that are refused and not listed (language/hidden.c); "": none */
};
extern const struct fed_field fed__shell_fields[]; /* of a struct fed_shell_settings */

/* Who hid commands: that script itself may use them. */
struct fed_hidden {
	dev_t device;
	ino_t inode; /* 0: no script did */
};

/* A script that teaches: FOLDER/NUMBER-name.fedsh. */
struct fed_lesson {
	char number[8]; /* without leading zeros */
	char *path, *title;
};
struct fed_lessons {
	struct fed_lesson *lesson; /* [n], ascending */
	size_t n;
	char *folder; /* where they were looked for */
	bool played;  /* the session is what a lesson left: */
	size_t left;  /* length of the journal then */
	bool playing;
};

/* The line of progress while rounds run, on a terminal only. */
struct fed_progress_line {
	bool on;             /* rounds are running */
	bool shown;          /* on the terminal now: erase it before other output */
	double target;       /* rounds requested; 0: until a condition holds */
	double began, drawn; /* wall seconds */
	uint64_t first;      /* version before the first round */
	uint64_t earlier;    /* rounds of the same run before it was stopped and resumed */
	double invited, trained;
	const struct fed_trials *trials; /* these are played, not rounds of the session; or NULL */
	const char *unit;                /* what they are called: "rows" */
	uint64_t before;                 /* their rounds, and trials, that were made before */
	size_t played;
};

/* Widths of the parts of a round's line (output/event_text.c), which grow during a run. */
#define FED_ROUND_LINE_PARTS 10
struct fed_round_line {
	double last; /* the round that was printed last; 0: none */
	int width[FED_ROUND_LINE_PARTS];
};

/* Pending line of `step`: clients with the same event share one. */
struct fed_step_text {
	bool on, printed;         /* said: this step has printed a line */
	enum fed_event_kind kind; /* of the n pending clients */
	uint32_t n;
	struct fed_text ids, why;
	double clock;
};

/* Automatic saving (language/autosave.h). */
struct fed_autosave {
	double period;    /* seconds between two saves in a run; 0: none is made */
	char *path;       /* of the rescue file; NULL: not saved yet */
	int lock;         /* descriptor of its lock, when it has a path */
	uint64_t saves;   /* that were tried */
	double saved;     /* wall seconds when the last one ended */
	double cost;      /* seconds that it took */
	uint64_t version; /* of the session then, and the length of the journal: */
	size_t recorded;
	bool failing; /* the last one failed, and its error was shown */
	bool interactive;
	struct fed_text offered; /* the command that goes on with the last session; "": none does */
	/* What the user has in a file: the version, and the length of the journal; filing: as it will
	 * be at the end of the present command. */
	uint64_t filed_version;
	size_t filed;
	bool filing;
};

struct fed_shell;
/* A line of a script that runs, and how much of it was run. */
struct fed_resume_at {
	struct fed_text file; /* as `source` was given it */
	uint32_t crc;         /* of the file */
	bool lost;            /* nothing can go on here: no file, or an alias's or a group's command */
	unsigned line;
	size_t offset;    /* bytes of the line before the command to go on with */
	const char *form; /* the line, len bytes, while it runs; NULL: it was read from NAME.resume */
	size_t len;
};
/* Saves of a script's session (script/resume.h). */
struct fed_resume {
	const char *script;                        /* NULL: it is not about one */
	uint64_t every;                            /* versions between two saves; 0: none is made */
	struct fed_resume_at at[FED_SOURCE_DEPTH]; /* the script, what it reads, ... */
	unsigned depth;                            /* of the line to go on at */
	bool seeking;                              /* it was not reached yet */
	bool finishing;                            /* the run that was saved is made to its end */
	unsigned file;                             /* the last save's: 0 or 1 */
	bool failing;                              /* the last one failed, and its error was shown */
	void (*made)(struct fed_shell *);          /* a version was; NULL: unused */
};

/* The source that `watch-plugin` watches (language/plugin_watch.h). */
struct fed_plugin_watch {
	char *source; /* NULL: none */
	int notify;   /* descriptor, of inotify */
	bool saved;   /* since it was built last */
	bool stops;   /* the run is interrupted for it */
};

struct fed_alias {
	char *name, *text;
	bool group; /* lines with parameters, of `define` */
};

/* The group that `define NAME` reads, up to `end`. */
struct fed_defining {
	char *name;           /* NULL: none */
	struct fed_text text; /* its lines so far */
};

/* A position in a script, and the position of the `source` that reads it. */
struct fed_script_place {
	const char *file; /* NULL: typed, or -c */
	unsigned line;
	const struct fed_script_place *from; /* NULL: from the command line */
	unsigned depth;
	dev_t device; /* these two identify the file that is read */
	ino_t inode;
};

struct fed_cluster;
struct fed_command;
struct fed_field;
struct fed_words;
/* The command that is being run, for the error that it may end with. */
struct fed_failing {
	const char *source; /* the line, or lines, that it is in; NULL: none */
	size_t len;
	unsigned lines; /* newlines before them in what was read at once */
	bool expanded;  /* they are not what was read, but what an alias or a group stands for */
	const struct fed_words *words;     /* its words in there */
	const struct fed_command *command; /* NULL: not known yet */
	size_t bad;                        /* as fed_call.bad; SIZE_MAX: not in a word that is known */
	const struct fed_field *row;       /* of that word, or NULL */
	char file_line[256]; /* of a file that the command read, which is what is wrong; or "" */
	size_t file_at;      /* where in it the wrong word begins */
};

/* The last error, for `why`. */
struct fed_failure {
	struct fed_text said;  /* "FILE:LINE: COMMAND: MESSAGE"; "": there was none */
	struct fed_text shown; /* the line and a caret, or "" */
	struct fed_text help;  /* of the argument and the command */
};

/* Commands that run behind the prompt (jobs/job.h). */
struct fed_shell_job;
struct fed_job_host;
struct fed_jobs {
	const struct fed_job_host *host; /* NULL: no prompt behind which a command could run */
	struct fed_shell_job *running;   /* NULL: none; it may be in front, too */
	/* What the running one prints to, and the streams that it is shown on. */
	FILE *out, *errors, *shown, *shown_errors;
	unsigned last; /* number of the last one that went behind the prompt */
	bool warned;   /* `quit` was typed while one runs, and it said so */
	/* The last one that ended behind the prompt; "": none has. */
	char ended[200];
	enum fed_exit result;
	bool left; /* it was stopped, and `continue` goes on */
	uint64_t version;
};

/* The digests of versions in a recording that is replayed (shell/script/verify.h). */
struct fed_verification {
	bool on;
	struct fed_expected_version *expected; /* [n], in the order of the versions */
	size_t n, capacity, checked;
	char differs[200]; /* how the first one that does differs; "": none does */
};

/* What a run is made with (language/origins.h). */
struct fed_origins {
	bool known;               /* they are those of the last commands */
	struct fed_text noted;    /* of the last version, that the journal has, a line each */
	struct fed_text used;     /* of any version that was made */
	struct fed_text recorded; /* that the file had which is verified */
};

/* Event files that are being written (script/tensorboard.h). */
struct fed_tensorboard_run {
	char *folder;     /* NULL: none are */
	FILE *file;       /* of the present run; NULL: it is begun with its next version */
	uint64_t version; /* the last one in it */
};

/* Files that commands wrote (output/written.h). */
struct fed_written_file;
struct fed_written_files {
	struct fed_written_file *file; /* [n] */
	size_t n;
};

struct fed_local_members;
struct fed_room;
struct fed_command_group;
struct fed_shell {
	struct fed_session *session;            /* owned */
	const struct fed_command_group *groups; /* [FED_GROUPS] the command table; the caller's */
	FILE *out, *errors;                     /* results; errors and warnings */
	FILE *json;                             /* NULL: none */
	bool lines_lost; /* of JSON or of a recording; the exit code becomes FED_EXIT_IO */
	struct fed_screen screen;
	struct fed_text line; /* printed, but not ended yet */
	enum fed_form form;
	size_t tables; /* that the running command printed as data */
	struct fed_watch_state watching;
	struct fed_tournament tournament; /* the last one */
	struct fed_sweep sweep;           /* the last one */
	char *include;                    /* folder of the public headers, for `build`; NULL: unknown */
	char *program;                    /* path of this program; NULL: unknown */
	struct fed_cluster *cluster;      /* borrowed: ranks that train, too; NULL: none */
	bool lenient;                     /* interactive: unique prefixes of commands are accepted */
	bool timing, quit;
	bool brief; /* --short: scripts run the form of a line behind "# short:" */
	bool aside; /* the present command changed nothing of the session, though others like it do */
	struct fed_shell_settings own;
	struct fed_hidden hidden;
	struct fed_lessons lessons;
	struct fed_failing failing;
	struct fed_failure failure;
	bool reported; /* the current error was printed already */
	enum fed_exit
		fault; /* exit code for a failure of the running command; 0: that of its table row */
	struct fed_progress_line progress;
	struct fed_round_line round_line;
	struct fed_step_text stepping;
	struct fed_autosave autosave;
	struct fed_resume resume;
	struct fed_travel *travel; /* owned: the history of the session (language/travel.h) */
	bool travel_warned;        /* that its file cannot grow */
	uint32_t travel_group;     /* of the commands that run now, which are undone at once; 0: none */
	bool replaying;            /* a line is played to go somewhere in the history */
	struct fed_plugin_watch plugin_watch;
	struct fed_alias *alias; /* [n_aliases], sorted by name */
	size_t n_aliases;
	struct fed_defining defining;
	bool configuring;          /* the configuration is being read: few commands are allowed */
	struct fed_text journal;   /* the commands since the last reset that changed the session */
	struct fed_text carried;   /* lines that come before the next one of it (fed_travel_carried) */
	uint64_t journal_restarts; /* how often it began anew */
	FILE *record;
	char *record_path;
	const struct fed_script_place *place;
	struct fed_jobs jobs;
	struct fed_attached *attached;           /* NULL: no other terminal can look on */
	struct fed_room *room;                   /* NULL: none is open (serving/serving.h) */
	struct fed_room_source room_source;      /* for views of it */
	struct fed_local_members *local_members; /* NULL: none was started */
	/* fed__serving_wait(), for what it uses itself. */
	int (*wait)(struct fed_shell *, int fd, double seconds, struct fed_text *said);
	/* Of the room, for any thread: the watch's looks at them without the session. */
	_Atomic int room_descriptor; /* -1: no room is open */
	_Atomic double room_looked;  /* wall seconds when it was attended to last */
	double looked;               /* wall seconds when those that do were last attended to */
	struct fed_verification verifying;
	struct fed_origins origins;
	struct fed_composition_log compositions; /* of the versions of this run */
	struct fed_tensorboard_run tensorboard;
	struct fed_written_files written;
};

/* Create the session and connect the sinks; prints warnings about broken plugins only. */
int fed__shell_init(struct fed_shell *, const char *plugin_folder, struct fed_error *);
void fed__shell_release(struct fed_shell *);

/* Run the commands of the text up to the first failure, whose error is printed. Returns FED_EXIT_OK
 * or the exit code of the failure. */
enum fed_exit fed__shell_execute(struct fed_shell *, const char *text, size_t len,
                                 const struct fed_script_place *);
/* Run the lines of an open file, shown as script/player.h says. from: position of the `source`
 * command; NULL: the command line. */
enum fed_exit fed__shell_read(struct fed_shell *, FILE *, const char *name,
                              const struct fed_script_place *from);
enum fed_exit fed__shell_source(struct fed_shell *, const char *path, struct fed_error *);
/* Run what was typed or pasted at a prompt (script/typed.c). */
enum fed_exit fed__shell_typed(struct fed_shell *, const char *text, size_t len);

const struct fed_alias *fed__alias_find(const struct fed_shell *, const char *name);
/* Set an alias; text "" removes it. */
int fed__alias_set(struct fed_shell *, const char *name, const char *text, struct fed_error *);
void fed__aliases_release(struct fed_shell *);

/* A group of lines with the parameters $1 to $9 and $* (all), which `define` reads: begin, take
 * each command up to `end`, or drop what was read. */
int fed__group_begin(struct fed_shell *, const char *name, struct fed_error *);
int fed__group_take(struct fed_shell *, const struct fed_words *, const char *source,
                    struct fed_error *);
void fed__group_drop(struct fed_shell *);
/* FED_FAIL, and the group is dropped: it has no `end`. */
int fed__group_ended(struct fed_shell *, struct fed_error *);
/* Append the text that an alias or a group stands for, with the words behind its name. */
int fed__alias_expand(const struct fed_alias *, const struct fed_words *, const char *source,
                      struct fed_text *, struct fed_error *);

/* Read the configuration: path, or if NULL $XDG_CONFIG_HOME/fedsh/config, if there is one. What is
 * wrong in it is told, and the rest is read. */
enum fed_exit fed__shell_configure(struct fed_shell *, const char *path);

/* Screen -------------------------------------------------------------------- */

/* Detect the capabilities from environment and terminal; color: use colour if there is any. */
void fed__screen_init(struct fed_shell *, bool color);
/* Update columns and rows from the terminal. */
void fed__screen_measure(struct fed_shell *);
/* What drawings and text may show: with the terminal's own eight colours, unless a theme is set. */
enum fed_palette fed__screen_palette(const struct fed_shell *);
/* The look of pictures in files. */
enum fed_look fed__screen_look(const struct fed_shell *);
/* Lay output out in so many columns, whatever the terminal has; 0: without a limit. */
void fed__screen_set_width(struct fed_shell *, int columns);

/* Journal and record ------------------------------------------------------- */

void fed__journal_add(struct fed_shell *, const char *text, size_t len);
/* Put other commands in the place of all, also in the file that is being recorded. plugins: those
 * that are loaded after these commands (fed__journal_plugins); for each one that has been loaded or
 * unloaded since, a command is added. */
void fed__journal_replace(struct fed_shell *, const struct fed_text *journal,
                          const struct fed_text *plugins);
/* Append the commands that load the plugins that are loaded now, a line each. */
void fed__journal_plugins(const struct fed_shell *, struct fed_text *);
/* After a reset: empty but for the plugins that were loaded, which stay. */
void fed__journal_restart(struct fed_shell *);
int fed__journal_start(struct fed_shell *, const char *path, struct fed_error *);
int fed__journal_stop(struct fed_shell *, struct fed_error *);
/* Refuse to read the file that is being recorded, which would make it longer for ever. */
int fed__journal_check_source(const struct fed_shell *, const char *path, struct fed_error *);

/* Signals ------------------------------------------------------------------- */

/* Install handlers of SIGINT, SIGTERM and SIGHUP for this shell; SIGPIPE ends the program, a limit
 * of file sizes (SIGXFSZ) does not: the write fails. */
void fed__signals_connect(struct fed_shell *);
/* From now on a crash of a plugin that runs inside is told, before it ends the program. */
void fed__tell_crashes(void);
/* Whether SIGINT came since the last call. */
bool fed__signals_interrupted(void);
struct pollfd;
/* poll() for at most so many seconds; -1: Ctrl-C came, or a signal that ends the program, also
 * before the call. */
int fed__signals_poll(struct pollfd *, unsigned n, double seconds);
/* The termination signal that came, or 0. */
int fed__signals_ending(void);
/* The running activity, for the message of Ctrl-C. */
enum fed_running {
	FED_RUNNING_NOTHING,
	FED_RUNNING_ROUNDS,
	FED_RUNNING_STEPS,
	FED_RUNNING_TRIALS, /* rows of a sweep, matches of a tournament */
	FED_RUNNING_KINDS
};
enum fed_running fed__signals_running(enum fed_running); /* returns the one before */
/* The command that runs is behind the prompt: Ctrl-C is not for it. */
void fed__signals_behind(bool);
bool fed__signals_are_behind(void);
/* Called once by the thread of a job: Ctrl-C at the prompt is not for its commands. */
void fed__signals_in_job(void);
/* From now on, while `catch`, Ctrl-Z (SIGTSTP) is only kept, for fed__signals_stop(): whether it
 * came since the last call. */
void fed__signals_catch_stop(bool catch);
bool fed__signals_stop(void);
/* Stop the program, as Ctrl-Z does; returns when it goes on. */
void fed__signals_suspend(void);

#endif
