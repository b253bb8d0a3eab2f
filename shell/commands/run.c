/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/run.c - commands that run rounds or single events, abort, and set breakpoints.
 */
#include <string.h>

#include "shell/commands/groups.h"
#include "shell/commands/jobs.h"
#include "shell/language/command.h"
#include "session/breakpoints.h"
#include "shell/output/print.h"
#include "shell/output/step_text.h"
#include "shell/language/plugin_watch.h"
#include "shell/language/watch_state.h"

/* The journal ------------------------------------------------------------------ */

__attribute__((format(printf, 2, 3))) static void journal(struct fed_shell *shell, const char *fmt,
                                                          ...)
{
	struct fed_text line = {0};
	va_list ap;

	va_start(ap, fmt);
	fed_text_vadd(&line, fmt, ap);
	va_end(ap);
	if (!line.failed)
		fed__journal_add(shell, line.s, line.len);
	fed_text_release(&line);
}

/* Journal a run that Ctrl-C stopped between two rounds: with a pause, so that its replay stops
 * there. */
static void journal_stopped(struct fed_shell *shell, const char *command)
{
	const struct fed_session_status st = fed_session_status(shell->session);

	journal(shell, "pause %llu", (unsigned long long)st.version);
	journal(shell, "%s", command);
	if (st.pausing)
		journal(shell, "pause %llu", (unsigned long long)st.pause);
}

static void journal_versions(struct fed_shell *shell, uint64_t made)
{
	if (made)
		journal(shell, "round %llu", (unsigned long long)made);
}

/* Journal a run whose last round was aborted: the versions made.  The round itself left no trace,
 * unless it was open before, or cancelled the work in flight. */
static void journal_aborted(struct fed_shell *shell, const struct fed_run_result *r)
{
	const bool in_open = r->open_before && !r->versions;

	journal_versions(shell, r->versions);
	if (in_open) {
		journal(shell, r->lost ? "abort all" : "abort");
	} else if (r->lost) {
		journal(shell, "step");
		journal(shell, "abort all");
	}
}

/* Journal steps, of which the last one aborted its round. */
static void journal_aborted_steps(struct fed_shell *shell, uint64_t steps,
                                  const struct fed_run_result *r)
{
	if (steps)
		journal(shell, "step %llu", (unsigned long long)steps);
	if (r->open_before)
		journal(shell, r->lost ? "abort all" : "abort");
}

/* Journal a run that the watch interrupted between two events, to be resumed later: its replay
 * pauses before the open round and makes its steps. */
static void stop_between(struct fed_shell *shell, const char *command,
                         const struct fed_run_result *r)
{
	/* Interrupted in the round that was open before the run. */
	const bool same = r->open_before && r->versions == 0;

	if (!same)
		journal_stopped(shell, command);
	if (r->steps)
		journal(shell, "step %llu", (unsigned long long)r->steps);
	fed__watch_state_interrupted(shell, same ? command : "continue");
}

/* Runs ------------------------------------------------------------------------- */

/* Arguments of a run; `round`, `run` and `continue` differ in them. */
struct run {
	uint64_t n; /* 0: no limit but the condition */
	const struct fed_condition *until;
	bool resume;         /* continue the interrupted run */
	const char *command; /* the command that repeats it, for the journal */
};

static int call_session(struct fed_session *s, const struct run *run, struct fed_run_result *result,
                        struct fed_error *err)
{
	return run->resume ? fed_session_continue(s, result, err)
	                   : fed_session_run(s, run->n, run->until, result, err);
}

static void say_interrupted(struct fed_shell *shell)
{
	const struct fed_session_status st = fed_session_status(shell->session);

	fed__print(shell, "stopped at version %llu%s\n", (unsigned long long)st.version,
	           st.left.some ? "; `continue` goes on" : "");
	shell->fault = FED_EXIT_INTERRUPTED;
	fed__signals_interrupted();
}

/* One part of a run: all of it, unless the source of a watched plugin is saved meanwhile. */
static int run_part(struct fed_shell *shell, const struct run *run, struct fed_run_result *result,
                    struct fed_error *err)
{
	fed__progress_begin(shell, run->n, run->resume);
	const int rc = call_session(shell->session, run, result, err);
	fed__progress_end(shell);
	if (result->outcome == FED_RUN_ABORTED)
		journal_aborted(shell, result);
	else if (result->outcome == FED_RUN_POINTLESS)
		journal_versions(shell, result->versions);
	else if (result->outcome == FED_RUN_INTERRUPTED)
		journal_stopped(shell, run->command);
	else if (result->outcome == FED_RUN_HELD)
		stop_between(shell, run->command, result);
	return rc;
}

static int make_versions(struct fed_shell *shell, const struct run *run, struct fed_error *err)
{
	struct fed_session *s = shell->session;
	struct fed_run_result result;
	struct run part = *run;
	bool parted = false;

	int rc;
	for (;;) {
		rc = run_part(shell, &part, &result, err);
		if (parted && (result.outcome == FED_RUN_ENDED || result.outcome == FED_RUN_STOPPED))
			journal(shell, "continue");
		/* the source of the watched plugin was saved: it is taken between two rounds */
		const bool saved = fed__plugin_watch_stopped(shell);
		if (saved)
			result.interrupted = false;
		if (!saved || result.outcome != FED_RUN_INTERRUPTED)
			break;
		parted = true;
		fed_session_clear_interrupt(s);
		fed__plugin_watch_run(shell);
		if (!fed_session_left(s))
			break;
		part =
			(struct run){.n = fed_session_rest(s)->versions, .resume = true, .command = "continue"};
	}
	if (result.outcome == FED_RUN_POINTLESS)
		shell->fault = FED_EXIT_FAILED;
	if (result.interrupted)
		say_interrupted(shell);
	else if (fed_session_open(s) && result.outcome != FED_RUN_HELD)
		fed__print_next(shell);
	if (parted) /* in the journal by its parts */
		shell->watching.stopped = true;
	return rc;
}

static void show_values(struct fed_shell *shell, const struct fed_condition *condition)
{
	struct fed_text values = {0};

	fed_condition_values(condition, fed_session_history(shell->session), &values);
	fed__print(shell, "%s\n", fed_text_str(&values));
	fed_text_release(&values);
}

struct round_args {
	int64_t n;
};
static const struct fed_field round_rows[] = {
	FED_ARG_INT(struct round_args, n, FED_FIELD_POSITIONAL, 1, 1, 1e12, "number of rounds"),
	FED_END,
};
static int run_round(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct round_args *a = call->args;
	char command[40];

	snprintf(command, sizeof command, "round %lld", (long long)a->n);
	return make_versions(shell, &(struct run){.n = (uint64_t)a->n, .command = command}, err);
}

struct run_args {
	int word;
	char condition[2000];
};
static const char *const until_word[] = {"until", NULL};
static const struct fed_field run_rows[] = {
	FED_ARG_CHOICE(struct run_args, word, FED_ARG_NEEDED, 0, until_word, "the word until"),
	FED_ARG_TEXT(struct run_args, condition, FED_ARG_NEEDED | FED_FIELD_REST, "condition",
                 "METRIC OP NUMBER, joined by and, or"),
	FED_END,
};
static int run_until(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct run_args *a = call->args;
	const struct fed_history *h = fed_session_history(shell->session);
	struct fed_condition *until;
	char command[sizeof a->condition + 16];

	if (fed_condition_parse(&until, a->condition, fed_session_kept_runs(shell->session), err)) {
		shell->fault = FED_EXIT_USAGE;
		return FED_FAIL;
	}
	snprintf(command, sizeof command, "run until %s", a->condition);
	int rc = FED_OK;
	if (!fed_condition_holds(until, h))
		rc = make_versions(shell, &(struct run){.until = until, .command = command}, err);
	if (rc == FED_OK && fed_condition_holds(until, h))
		show_values(shell, until);
	fed_condition_free(until);
	return rc;
}

static int run_continue(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	struct fed_session *s = shell->session;
	const struct fed_remaining_run *rest = fed_session_rest(s);

	(void)call;
	if (!fed_session_left(s))
		shell->fault = FED_EXIT_USAGE;
	const struct run run = {.n = rest->versions, .resume = true, .command = "continue"};
	const int rc = make_versions(shell, &run, err);
	if (rc == FED_OK && rest->until && fed_condition_holds(rest->until, fed_session_history(s)))
		show_values(shell, rest->until);
	return rc;
}

/* Steps ------------------------------------------------------------------------ */

/* Make n steps; *done: steps made, *result: of the last one. */
static int make_steps(struct fed_shell *shell, uint64_t n, uint64_t *done,
                      struct fed_run_result *result, struct fed_error *err)
{
	struct fed_session *s = shell->session;
	int rc = FED_OK;

	*result = (struct fed_run_result){0};
	for (*done = 0; *done < n && result->outcome == FED_RUN_ENDED; ++*done) {
		const struct fed_next_event was = fed_session_next_event(s);

		rc = fed_session_step(s, result, err);
		if (rc || result->outcome == FED_RUN_ABORTED)
			break;
		fed__step_text_close(shell, &was);
		if (*done + 1 < n && result->outcome == FED_RUN_ENDED && fed_session_hold(s, false))
			result->outcome = FED_RUN_HELD;
	}
	return rc;
}

/* Handle an interruption by the watch between two steps. */
static void stop_stepping(struct fed_shell *shell, uint64_t done, uint64_t left)
{
	char command[40];

	journal(shell, "step %llu", (unsigned long long)done);
	snprintf(command, sizeof command, "step %llu", (unsigned long long)left);
	fed__watch_state_interrupted(shell, command);
}

static const struct fed_field step_rows[] = {
	FED_ARG_INT(struct round_args, n, FED_FIELD_POSITIONAL, 1, 1, 1e12, "number of steps"),
	FED_END,
};
static int run_step(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct round_args *a = call->args;
	struct fed_run_result result;
	uint64_t done;

	fed__step_text_begin(shell);
	fed__signals_running(FED_RUNNING_STEPS);
	const int rc = make_steps(shell, (uint64_t)a->n, &done, &result, err);
	fed__signals_running(FED_RUNNING_NOTHING);
	fed__step_text_end(shell);
	if (result.outcome == FED_RUN_ABORTED)
		journal_aborted_steps(shell, done, &result);
	else if (result.outcome == FED_RUN_INTERRUPTED)
		journal(shell, "step %llu", (unsigned long long)done);
	else if (result.outcome == FED_RUN_HELD)
		stop_stepping(shell, done, (uint64_t)a->n - done);
	if (result.interrupted)
		say_interrupted(shell);
	if (rc == FED_OK && result.outcome != FED_RUN_HELD)
		fed__print_next(shell);
	return rc;
}

struct abort_args {
	int what;
};
static const char *const abort_words[] = {"round", "all", NULL};
static const struct fed_field abort_rows[] = {
	FED_ARG_CHOICE(struct abort_args, what, FED_FIELD_POSITIONAL, 0, abort_words,
                   "all: cancel what was in flight before the round, too"),
	FED_END,
};
static int run_abort(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct abort_args *a = call->args;
	struct fed_session *s = shell->session;

	if (fed_session_abort(s, a->what, err)) {
		shell->fault = FED_EXIT_USAGE;
		return FED_FAIL;
	}
	fed__print(shell, "round %s aborted; the model is still version %s\n",
	           fed_count((double)fed_session_version(s) + 1).s,
	           fed_count((double)fed_session_version(s)).s);
	return FED_OK;
}

/* Breakpoints ------------------------------------------------------------------ */

struct pause_args {
	int64_t version;
};
static const char *const next_word[] = {"next", NULL};
static const struct fed_field pause_rows[] = {
	FED_ROW(struct pause_args, version, int64_t, FED_TYPE_INT, .flags = FED_FIELD_POSITIONAL,
            .def = -1, .min = -1, .max = 1e15, .choice = next_word,
            .help = "version at which to stop"),
	FED_END,
};
static int run_pause(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct pause_args *a = call->args;
	struct fed_session *s = shell->session;
	const uint64_t now = fed_session_version(s);
	const uint64_t version = a->version < 0 ? now + 1 : (uint64_t)a->version;

	if (version < now)
		return fed_fail(err, "version %s is in the past; the model is at version %s",
		                fed_count((double)version).s, fed_count((double)now).s);
	fed_session_pause(s, version);
	fed__print(shell, "the next run pauses at version %s\n", fed_count((double)version).s);
	return FED_OK;
}

static void list_breakpoints(struct fed_shell *shell)
{
	const struct fed_breakpoints *d = fed_session_breakpoints(shell->session);
	static const struct fed_table_column columns[] = {
		{.title = "break", .kind = FED_CELL_NUMBER},
		{.title = "hits", .kind = FED_CELL_NUMBER},
		{.title = "condition", .kind = FED_CELL_PROSE},
	};
	struct fed_table table = {.name = "breakpoints", .column = columns, .columns = 3};

	if (!d->n)
		fed__print(shell, "no breakpoints; `break accuracy<0.5` makes one\n");
	for (size_t i = 0; i < d->n; i++) {
		const struct fed_breakpoint *p = &d->point[i];

		fed__table_integer(&table, p->number);
		fed__table_count(&table, (double)p->hits);
		fed__table_cell(&table, "%s", p->text);
	}
	fed__table_print(shell, &table);
	if (d->pausing)
		fed__print(shell, "the next run pauses at version %s\n", fed_count((double)d->pause).s);
}

static int delete_breakpoint(struct fed_shell *shell, const char *which, struct fed_error *err)
{
	struct fed_session *s = shell->session;
	long long number;

	if (strcmp(which, "all") == 0) {
		const size_t n = fed_session_status(s).breakpoints;

		fed_session_unbreak_all(s);
		if (n)
			fed__print(shell, "%zu breakpoint%s deleted\n", n, n == 1 ? "" : "s");
		else
			fed__print(shell, "no breakpoints\n");
		return FED_OK;
	}
	if (!fed_parse_int(which, &number) || number < 1)
		return fed_fail(err, "delete %s: give a number that `break` lists, or all",
		                *which ? fed_show(which).s : "what");
	if (fed_session_unbreak(s, (uint64_t)number, err))
		return FED_FAIL;
	fed__print(shell, "breakpoint %lld deleted\n", number);
	return FED_OK;
}

struct break_args {
	char condition[2000];
};
static const struct fed_field break_rows[] = {
	FED_ARG_TEXT(
		struct break_args, condition, FED_FIELD_POSITIONAL | FED_FIELD_REST, "break",
		"METRIC OP NUMBER, client==N or a name, event==KIND, nan, joined by and, or; or delete N"),
	FED_END,
};
static int run_break(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct break_args *a = call->args;
	static const char delete[] = "delete";
	const size_t n = sizeof delete - 1;
	uint64_t number;

	if (!*a->condition) {
		list_breakpoints(shell);
		return FED_OK;
	}
	if (strncmp(a->condition, delete, n) == 0 && strchr(" ", a->condition[n]))
		return delete_breakpoint(shell, a->condition + n + (a->condition[n] != 0), err);
	if (fed_session_break(shell->session, a->condition, &number, err))
		return FED_FAIL;
	fed__print(shell, "break %llu: %s\n", (unsigned long long)number, a->condition);
	return FED_OK;
}

#define QUICK "dataset blobs; add-client 4 samples=50; "

const struct fed_command fed__commands_run[] = {
	{.name = "round",
     .help = "make one or more rounds",
     .text = "Each round makes one version of the model; one that is open after `step` is the\n"
             "first of them. Parts that were not chosen get defaults first, with a note.\n"
             "Ctrl-C stops after the round, Ctrl-C twice aborts it and leaves the model as it\n"
             "was. `round 100 &` runs behind the prompt, Ctrl-Z puts it there: see `help jobs`.",
     .examples =
         FED_EXAMPLES("dataset blobs; add-client 4 samples=50; round",
                      "dataset glyphs train=500 test=100; add-client 5 samples=50; round 2"),
     .args = round_rows,
     .args_size = sizeof(struct round_args),
     .run = run_round,
     .flags = FED_COMMAND_CHANGES | FED_COMMAND_JOB,
     .failure = FED_EXIT_ROUND},
	{.name = "run",
     .help = "make rounds until a condition holds",
     .text =
         "A condition compares metrics with numbers, other metrics or those of kept runs:\n"
         "accuracy>=0.9, loss<0.5 and round>=10, accuracy>=old.accuracy. `or round>=100`\n"
         "sets a limit. clock is virtual time in seconds. Without a limit the run ends with an\n"
         "error after a round when no round to come can fulfil the condition: it needs what is\n"
         "never evaluated, or what neither scheme nor faults move; after eight, costs that are\n"
         "the same in each round. A run that goes on for hundreds of versions says where it is.",
     .examples = FED_EXAMPLES(QUICK "run until accuracy>=0.9 or round>=5",
                              QUICK "run until clock>=0.01 or updates>=8"),
     .args = run_rows,
     .args_size = sizeof(struct run_args),
     .run = run_until,
     .flags = FED_COMMAND_CHANGES | FED_COMMAND_JOB,
     .failure = FED_EXIT_ROUND},
	{.name = "step",
     .help = "make one step, or N: open a round, or handle its next event",
     .text = "Opens a round when none is open. Between two steps virtual time stops, and the\n"
             "simulation can be inspected; faults, devices, links and most settings can be "
             "changed. `continue`\n"
             "finishes the round, `abort` undoes it. A breakpoint stops N steps early.",
     .examples = FED_EXAMPLES(QUICK "step", QUICK "step 5; status; continue", QUICK "step; abort"),
     .args = step_rows,
     .args_size = sizeof(struct round_args),
     .run = run_step,
     .flags = FED_COMMAND_CHANGES | FED_COMMAND_JOB,
     .failure = FED_EXIT_ROUND},
	{.name = "continue",
     .help = "resume where a breakpoint, a pause, Ctrl-C or `step` stopped",
     .text = "The open round first, then what was left of `round N` or `run until`; until the\n"
             "next breakpoint is hit. A new `round` or `run` replaces what was left.",
     .examples = FED_EXAMPLES(QUICK "step; continue", QUICK "pause; round 5; continue",
                              QUICK "break client==2; round 2; break delete all; continue"),
     .run = run_continue,
     .flags = FED_COMMAND_CHANGES | FED_COMMAND_JOB,
     .failure = FED_EXIT_ROUND},
	{.name = "pause",
     .help = "stop the next run once, between two rounds",
     .text = "Without a version after one round; what is left waits for `continue`. While rounds\n"
             "run, Ctrl-C does it.",
     .examples = FED_EXAMPLES(QUICK "pause; round 3; continue", QUICK "pause 2; round 3; continue"),
     .args = pause_rows,
     .args_size = sizeof(struct pause_args),
     .run = run_pause,
     .flags = FED_COMMAND_CHANGES,
     .failure = FED_EXIT_USAGE},
	{.name = "break",
     .help = "stop runs where a condition begins to hold, or list the breakpoints",
     .text = "Over events, right after the event, in the middle of the round: client==7,\n"
             "client==Ada, event==lost (the kinds that `log` knows), nan (a loss, an update or a "
             "step that is\n"
             "not finite), together with metrics if wanted: client==7 and version>=12. Over\n"
             "counters and the clock (refused>0, lost>2, clock>=60): when it begins to hold, in\n"
             "the middle of the round. Over other metrics (version==12, accuracy<0.5): after the\n"
             "round. `continue` goes on; `break delete N` or `break delete all` deletes.",
     .examples = FED_EXAMPLES(QUICK "break version==2; round 3; continue",
                              QUICK "break client==3; break nan; round; break",
                              QUICK "break event==trained and client>=2; round; continue",
                              QUICK "break refused>0; break accuracy<0.1; break delete 1; "
                                    "break delete all"),
     .args = break_rows,
     .args_size = sizeof(struct break_args),
     .run = run_break,
     .looks = fed__names_nothing,
     .flags = FED_COMMAND_CHANGES | FED_COMMAND_TABLE,
     .failure = FED_EXIT_USAGE},
	{.name = "jobs",
     .help = "show what runs behind the prompt",
     .text =
         "A command that makes rounds runs behind the prompt where & ends it (`round 100 &`) or\n"
         "Ctrl-Z puts it there. Its lines appear above the line that is typed, and\n"
         "other commands are executed between two of its events: those that look at once, those\n"
         "that change the session (`inject`, `set`) in the run, as in the watch. What would\n"
         "begin another run or discard it has to wait: `fg`, `wait` or `stop`. `watch` shows it.\n"
         "There is one at a time. In scripts & changes nothing: the next line waits.",
     .examples = FED_EXAMPLES("jobs", QUICK "round 2 &; wait; jobs"),
     .run = fed__run_jobs,
     .flags = FED_COMMAND_TABLE},
	{.name = "fg",
     .help = "bring to the front what runs behind the prompt",
     .text = "Ctrl-C stops it then, Ctrl-Z puts it back.",
     .examples = FED_EXAMPLES(QUICK "round 2 &; fg"),
     .run = fed__run_fg,
     .flags = FED_COMMAND_LIVE},
	{.name = "bg",
     .help = "resume behind the prompt what a pause, a breakpoint or Ctrl-C stopped",
     .text = "The same as `continue &`.",
     .examples = FED_EXAMPLES(QUICK "pause; round 3; bg; wait"),
     .run = fed__run_bg,
     .flags = FED_COMMAND_RUNS | FED_COMMAND_BESIDE,
     .failure = FED_EXIT_USAGE},
	{.name = "stop",
     .help = "stop what runs behind the prompt after its round; twice: abort that",
     .text = "As Ctrl-C does in front. `continue` or `bg` goes on.",
     .examples = FED_EXAMPLES(QUICK "round 2 &; stop"),
     .run = fed__run_stop},
	{.name = "wait",
     .help = "wait until what runs behind the prompt has ended",
     .text = "Ctrl-C ends the waiting alone.",
     .examples = FED_EXAMPLES(QUICK "round 2 &; wait; status"),
     .run = fed__run_wait,
     .flags = FED_COMMAND_LIVE},
	{.name = "abort",
     .help = "end the open round without a step; the model stays",
     .text = "Model, clock, clients, faults and what was in flight are as before the round: it\n"
             "will go the same way again, unless something is changed. What was left of\n"
             "`round N` or `run until` is given up. `abort all` also cancels what was in\n"
             "flight from earlier versions (scheme async), as Ctrl-C twice in `round` does.",
     .examples = FED_EXAMPLES(QUICK "step 3; abort"),
     .args = abort_rows,
     .args_size = sizeof(struct abort_args),
     .run = run_abort,
     .flags = FED_COMMAND_CHANGES,
     .failure = FED_EXIT_ROUND},
	{0},
};
