/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/jobs/job.h - jobs: commands that run while others are typed.
 *
 * At a prompt whose lines are edited, a command that makes rounds (FED_COMMAND_JOB) is executed by
 * a thread of its own, the runner of the watch (tui/runner.h), so that it can go behind the prompt:
 * at once (`round 100 &`), or by Ctrl-Z. There is at most one, because there is one session. In
 * front it is a command like others: its lines flow, Ctrl-C stops it, the prompt's thread waits.
 *
 *     begin -> front, or behind <-> front (`fg`) -> end
 *
 * Session and shell belong to one thread at a time. The job's thread has them but for the moments
 * between two events in which the prompt's thread enters: it waits for the next event, puts what it
 * knew of the shell in the place of what the job knows (streams, errors, progress: struct
 * fed_front), does what was typed, and leaves. So a command that looks shows the session between
 * two events and prints at once; one that changes the session is handed to the job's thread, which
 * interrupts the run there, as the watch does, and records both in the order in which they took
 * effect. What the job prints waits in a queue: it is shown as it comes in front, and above the
 * line that is typed behind.
 */
#ifndef FED_SHELL_JOBS_JOB_H
#define FED_SHELL_JOBS_JOB_H

#include "shell/shell.h"

/* The callbacks of the prompt; in the job's thread. */
struct fed_job_host {
	/* Execute a line; typed: at a prompt, and is not the job itself or the rest of it. */
	enum fed_exit (*execute)(struct fed_shell *, const char *line, bool typed);
	/* Take the command that resumes the interrupted run; NULL: there is none. */
	const char *(*resume)(struct fed_shell *);
};

/* Whether a command is executed by a thread of its own. */
static inline bool fed__job_runs(const struct fed_shell *shell)
{
	return shell->jobs.running != NULL;
}
/* Whether this is the thread of a job. */
bool fed__job_is_here(void);
/* Whether the job's command is about to begin: `stop` may have come already. Once true. */
bool fed__job_begins(void);

/* In the prompt's thread ------------------------------------------------------------------ */

/* Begin a job; the caller has entered it then. The command is one whose changes are recorded, if
 * `records`: it can be interrupted for another one. FED_FAIL: it cannot, run the command here. */
int fed__job_begin(struct fed_shell *, const char *command, size_t len, bool records,
                   struct fed_error *);
/* Wait until the job is between two events, and have session and shell. False: Ctrl-C came before.
 * Without a job true. quiet: nothing is printed, however long it takes. */
bool fed__job_enter(struct fed_shell *, bool quiet);
void fed__job_enter_surely(struct fed_shell *); /* whatever comes */
void fed__job_leave(struct fed_shell *);
/* Leave it for as long as it takes to wait until `when` (wall seconds) or for a signal; false: a
 * signal came. */
bool fed__job_wait_until(struct fed_shell *, double when);

/* Put the job behind the prompt: it gets a number. FED_FAIL: what it prints would tear the line. */
int fed__job_put_behind(struct fed_shell *, struct fed_error *);
/* Bring the job to the front, until it ends, or Ctrl-Z puts it behind; only: show what it prints,
 * until it ends or Ctrl-C comes, which is not for it. Returns its result, or FED_EXIT_OK; the
 * caller has entered before and after. */
enum fed_exit fed__job_to_front(struct fed_shell *, bool only);
/* Have the job's thread execute a line between two events. Entered before and after. */
enum fed_exit fed__job_hand_over(struct fed_shell *, const char *line, size_t len);
/* FED_FAIL, and why, where the running job cannot be interrupted for another command. */
int fed__job_check_hand_over(const struct fed_shell *, struct fed_error *);

/* Descriptors that are readable when fed__job_attend() has something to do; -1: there is no job. */
void fed__job_descriptors(const struct fed_shell *, int descriptor[2]);
/* Append the whole lines that the job printed; true: it has ended (fed__job_end). */
bool fed__job_attend(struct fed_shell *, struct fed_text *);
/* The job has ended, or is ended at its next event: release it. Appends the last lines, and one
 * that says how it ended if it was behind the prompt. */
enum fed_exit fed__job_end(struct fed_shell *, struct fed_text *);

/* How the last job ended, for `jobs`. */
void fed__job_note(struct fed_shell *, const char *command, enum fed_exit result);
/* The same as fed__job_end, printed, if it has ended by itself. */
void fed__job_settle(struct fed_shell *);

/* Listen for terminals that look on (tui/attach/attached.h). */
int fed__onlookers_begin(struct fed_shell *, struct fed_error *);
/* Attend to them, also while a job runs: then it is asked to wait at its next event, and the call
 * after that paints. */
void fed__onlookers_attend(struct fed_shell *);
/* The caller may be busy for a while: the job does not wait. */
void fed__onlookers_leave(struct fed_shell *);
/* For poll(): readable when they want something; -1: there are none. */
int fed__onlookers_descriptor(const struct fed_shell *);
/* The same under the watch: whether the session is needed; with the session. */
bool fed__onlookers_beside(struct fed_shell *, bool has_session, bool busy);

/* The job for `jobs`. Entered. */
struct fed_job_progress {
	unsigned number;
	const char *command;
	double done, of;  /* rounds, or trials; NaN of other commands; of 0: no limit is known */
	const char *unit; /* what they are called: "rounds", "rows" */
	double left;      /* seconds; NaN: not known */
};
struct fed_job_progress fed__job_progress(const struct fed_shell *);
const char *fed__job_command(const struct fed_shell *);
unsigned fed__job_number(const struct fed_shell *); /* 0: it was never behind the prompt */
/* Stop it after the round; a second time abort the round, and return true. */
bool fed__job_stop(struct fed_shell *);
/* Whether the program may end: nothing runs behind the prompt, or that was said just before. */
bool fed__job_may_quit(struct fed_shell *);
/* The runner, for the watch that shows the job. */
struct fed_runner *fed__job_runner(const struct fed_shell *);
/* What the job prints goes to the watch that is open (shell->watching.watch), as text for it; or
 * again to the prompt. Entered. */
void fed__job_watched(struct fed_shell *, bool watched);

/* In the job's thread --------------------------------------------------------------------- */

/* Called after each command: executes what was handed over, and resumes what was interrupted.
 * False: it stays interrupted. */
bool fed__job_after(struct fed_shell *);

#endif
