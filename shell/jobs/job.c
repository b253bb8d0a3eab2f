/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/jobs/job.c - the life of a job, and who has session and shell.
 */
#include "shell/jobs/job.h"

#include <math.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "shell/jobs/output.h"
#include "shell/output/print.h"
#include "tui/attach/attached.h"
#include "tui/runner.h"

#define PATIENCE 1.0 /* seconds of waiting for an event that nothing is said of */
#define POLL_MS 100

/* The part of a shell that belongs to the command which is being executed. */
struct fed_front {
	FILE *out, *errors;
	struct fed_screen screen;
	struct fed_text line;
	enum fed_form form;
	size_t tables;
	bool aside, reported;
	enum fed_exit fault;
	struct fed_failing failing;
	struct fed_progress_line progress;
	struct fed_step_text stepping;
	const struct fed_script_place *place;
};

struct fed_shell_job {
	struct fed_shell *shell;
	struct fed_runner *runner;
	struct fed_job_output output;
	char command[2100];     /* that is executed */
	char first[2100];       /* the job's own */
	bool records;           /* it can be interrupted for another command */
	unsigned number;        /* 0: it was never behind the prompt */
	bool seen;              /* it ended in front */
	double began;           /* wall seconds */
	struct fed_front front; /* of the thread that has not the session now */
	/* While the prompt's thread has entered: */
	bool entered;
	int interrupts;            /* of the job, that wait for it */
	enum fed_running activity; /* of the job */
	struct fed_screen screen;  /* of the job, before it was watched */
	/* The job's thread: */
	int depth;
	bool begun, begins;
	enum fed_exit result, resumed;
	atomic_int handed; /* lines executed that were handed over; the result of the last: */
	atomic_int handed_result;
};

static _Thread_local struct fed_shell_job *here;

bool fed__job_is_here(void)
{
	return here != NULL;
}

bool fed__job_begins(void)
{
	const bool begins = here && here->begins;

	if (here)
		here->begins = false;
	return begins;
}

/* The job's thread ------------------------------------------------------------------------ */

static void keep_command(char *out, size_t size, const char *line)
{
	snprintf(out, size, "%s", line);
	for (char *c = out; *c; c++)
		*c = *c == '\n' ? ' ' : *c;
}

static void execute(void *ctx, const char *line, bool queued)
{
	struct fed_shell_job *job = ctx;
	const bool outer = job->depth++ == 0, first = outer && !job->begun;

	here = job;
	job->begun = true;
	job->begins = first;
	fed__signals_in_job();
	if (outer)
		keep_command(job->command, sizeof job->command, line);
	const enum fed_exit result = job->shell->jobs.host->execute(job->shell, line, queued && !first);
	fflush(job->shell->out);
	fflush(job->shell->errors);
	job->depth--;
	if (first)
		job->result = result ? result : job->resumed;
	else if (!queued)
		job->resumed = result;
	if (outer)
		memcpy(job->command, job->first, sizeof job->command);
	if (queued && !first) {
		atomic_store(&job->handed_result, (int)result);
		atomic_fetch_add(&job->handed, 1);
	}
}

static const char *resume(void *ctx)
{
	const struct fed_shell_job *job = ctx;

	return job->shell->jobs.host->resume(job->shell);
}

static bool asks_to_quit(void *ctx)
{
	const struct fed_shell_job *job = ctx;

	return job->shell->quit;
}

bool fed__job_after(struct fed_shell *shell)
{
	return fed_runner_after(shell->jobs.running->runner);
}

/* Session and shell ----------------------------------------------------------------------- */

#define EXCHANGE(member)                              \
	do {                                              \
		const typeof(f->member) kept = shell->member; \
		shell->member = f->member;                    \
		f->member = kept;                             \
	} while (0)
static void exchange_fronts(struct fed_shell_job *job)
{
	struct fed_shell *shell = job->shell;
	struct fed_front *f = &job->front;

	EXCHANGE(out);
	EXCHANGE(errors);
	EXCHANGE(screen);
	EXCHANGE(line);
	EXCHANGE(form);
	EXCHANGE(tables);
	EXCHANGE(aside);
	EXCHANGE(reported);
	EXCHANGE(fault);
	EXCHANGE(failing);
	EXCHANGE(progress);
	EXCHANGE(stepping);
	EXCHANGE(place);
}

/* The session was taken: set aside what the job was about. */
static void take_shell(struct fed_shell_job *job)
{
	job->interrupts = atomic_load(fed_session_interrupts(job->shell->session));
	if (job->interrupts)
		fed_session_clear_interrupt(job->shell->session);
	job->activity = fed__signals_running(FED_RUNNING_NOTHING);
	exchange_fronts(job);
	job->entered = true;
	fed__signals_behind(false);
}

void fed__job_leave(struct fed_shell *shell)
{
	struct fed_shell_job *job = shell->jobs.running;

	if (!job || !job->entered)
		return;
	fed__print_flush(shell);
	fed__signals_behind(true);
	exchange_fronts(job);
	job->entered = false;
	fed_session_clear_interrupt(shell->session);
	for (int i = 0; i < job->interrupts; i++)
		fed_session_interrupt(shell->session);
	fed__signals_running(job->activity);
	fed_runner_give(job->runner);
}

/* Onlookers ------------------------------------------------------------------------------- */

#define LOOK_EVERY 0.02 /* seconds, in a run of this thread */

/* The session's pause hook where no runner has set its own: a script that makes rounds. */
static bool between_events(void *ctx, bool version)
{
	struct fed_shell *shell = ctx;

	(void)version;
	const double now = fed_wall_seconds();

	/* a view that must see each version is shown where one is made */
	const double pause =
		fed_session_open(shell->session) && fed_attached_awaits_version(shell->attached)
			? 50 * LOOK_EVERY
			: LOOK_EVERY;
	if (now < shell->looked + pause)
		return false;
	shell->looked = now;
	if (fed_attached_read(shell->attached, true))
		fed_attached_show(shell->attached, true);
	return false;
}

int fed__onlookers_begin(struct fed_shell *shell, struct fed_error *err)
{
	return fed_attached_new(&shell->attached, shell->session, shell->travel, &shell->room_source,
	                        &shell->own.theme, err);
}

int fed__onlookers_descriptor(const struct fed_shell *shell)
{
	return shell->attached ? fed_attached_descriptor(shell->attached) : -1;
}

bool fed__onlookers_beside(struct fed_shell *shell, bool has_session, bool busy)
{
	if (!shell->attached)
		return false;
	if (!has_session)
		return fed_attached_read(shell->attached, busy);
	fed_attached_show(shell->attached, busy);
	return false;
}

static void attend_alone(struct fed_shell *shell)
{
	const struct fed_pause_hook hook = {between_events, shell}, none = {0};

	if (fed_attached_read(shell->attached, false))
		fed_attached_show(shell->attached, false);
	fed_session_set_pause_hook(shell->session, fed_attached_count(shell->attached) ? hook : none);
}

void fed__onlookers_attend(struct fed_shell *shell)
{
	struct fed_shell_job *job = shell->jobs.running;

	if (job && !job->entered)
		fed_runner_clear_event(job->runner);
	if (!shell->attached || here || shell->watching.watch)
		return;
	if (!job) {
		attend_alone(shell);
		return;
	}
	const bool busy = fed_runner_state(job->runner).busy;
	const bool due = fed_attached_read(shell->attached, busy);
	if (due && (job->entered || fed_runner_take(job->runner)))
		fed_attached_show(shell->attached, busy);
	else if (due)
		return; /* the job waits at its next event for another call */
	if (!job->entered)
		fed_runner_give(job->runner);
	if (!job->entered && busy && fed_attached_awaits_version(shell->attached))
		fed_runner_request_pause(job->runner);
}

void fed__onlookers_leave(struct fed_shell *shell)
{
	const struct fed_shell_job *job = shell->jobs.running;

	if (job && !job->entered)
		fed_runner_cancel(job->runner);
}

/* Wait until the job prints, changes its state or can be taken; attends: or onlookers want
 * something.
 */
static void wait_for_job(const struct fed_shell_job *job, bool attends)
{
	const int onlookers = attends ? fed__onlookers_descriptor(job->shell) : -1;
	struct pollfd p[] = {{.fd = fed_runner_event_fd(job->runner), .events = POLLIN},
	                     {.fd = job->output.event, .events = POLLIN},
	                     {.fd = onlookers, .events = POLLIN}};

	if (poll(p, 3, onlookers >= 0 ? POLL_MS / 2 : POLL_MS) > 0 && p[0].revents)
		fed_runner_clear_event(job->runner);
}

static void say_waiting(struct fed_shell_job *job)
{
	fprintf(job->shell->jobs.shown, "waits for the next event of `%s`; Ctrl-C gives up\n",
	        job->first);
	fflush(job->shell->jobs.shown);
}

static bool enter(struct fed_shell_job *job, bool patient, bool quiet)
{
	const double began = fed_wall_seconds();
	bool said = quiet;

	if (job->entered)
		return true;
	while (!fed_runner_take(job->runner)) {
		wait_for_job(job, false);
		if (!patient && fed__signals_interrupted()) {
			fed_runner_give(job->runner);
			return false;
		}
		if (!said && fed_wall_seconds() > began + PATIENCE) {
			say_waiting(job);
			said = true;
		}
	}
	take_shell(job);
	return true;
}

bool fed__job_enter(struct fed_shell *shell, bool quiet)
{
	return !shell->jobs.running || enter(shell->jobs.running, false, quiet);
}

void fed__job_enter_surely(struct fed_shell *shell)
{
	enter(shell->jobs.running, true, true);
}

/* Life ------------------------------------------------------------------------------------ */

/* The job's front before its first command. */
static void set_front(struct fed_shell_job *job, const struct fed_shell *shell)
{
	job->front = (struct fed_front){
		.out = job->output.out,
		.errors = job->output.errors,
		.screen = shell->screen,
		.form = shell->form,
		.progress = shell->progress, /* `continue` counts on from there */
	};
}

int fed__job_begin(struct fed_shell *shell, const char *command, size_t len, bool records,
                   struct fed_error *err)
{
	struct fed_shell_job *job = fed_alloc(sizeof *job);
	struct fed_text line = {0};
	const struct fed_watch_host host = {.ctx = job,
	                                    .session = shell->session,
	                                    .execute = execute,
	                                    .resume = resume,
	                                    .done = asks_to_quit};
	FILE *const errors = isatty(fileno(shell->errors)) ? NULL : shell->errors;

	fed_text_put(&line, command, len);
	if (!job || line.failed) {
		fed_free(job);
		fed_text_release(&line);
		return fed_fail_memory(err, sizeof *job, "a job");
	}
	fed_session_clear_interrupt(shell->session);
	job->shell = shell;
	job->records = records;
	job->began = fed_wall_seconds();
	keep_command(job->first, sizeof job->first, fed_text_str(&line));
	memcpy(job->command, job->first, sizeof job->command);
	int rc = fed__job_output_init(&job->output, errors, err);
	if (rc == FED_OK)
		rc = fed_runner_new(&job->runner, &host, 0, err);
	if (rc == FED_OK && fed_runner_take(job->runner)) /* it does nothing yet */
		rc = fed_runner_submit(job->runner, fed_text_str(&line), err);
	fed_text_release(&line);
	if (rc) {
		fed_runner_free(job->runner);
		fed__job_output_release(&job->output);
		fed_free(job);
		return FED_FAIL;
	}
	set_front(job, shell);
	job->entered = true;
	shell->jobs.running = job;
	shell->jobs.out = job->output.out;
	shell->jobs.errors = job->output.errors;
	shell->jobs.shown = shell->out;
	shell->jobs.shown_errors = shell->errors;
	return FED_OK;
}

static void describe_end(struct fed_shell *shell, const struct fed_shell_job *job,
                         struct fed_text *out)
{
	const struct fed_jobs *jobs = &shell->jobs;
	const char *state = jobs->left || jobs->result == FED_EXIT_INTERRUPTED ? "stopped"
	                    : jobs->result                                     ? "failed"
	                                                                       : "done";

	fed_text_add(out, "[%u] %s: %s; version %s after ", job->number, state, job->first,
	             fed_count((double)jobs->version).s);
	fed_text_seconds(out, fed_wall_seconds() - job->began);
	fed_text_add(out, jobs->left ? "; `continue` goes on\n" : "\n");
}

void fed__job_note(struct fed_shell *shell, const char *command, enum fed_exit result)
{
	struct fed_jobs *jobs = &shell->jobs;

	snprintf(jobs->ended, sizeof jobs->ended, "%.199s", command);
	jobs->result = result;
	jobs->left = fed_session_left(shell->session);
	jobs->version = fed_session_version(shell->session);
}

enum fed_exit fed__job_end(struct fed_shell *shell, struct fed_text *out)
{
	struct fed_shell_job *job = shell->jobs.running;

	if (!job)
		return FED_EXIT_OK;
	fed__job_leave(shell);
	fed__signals_behind(false); /* Ctrl-C is for its last event */
	fed_runner_free(job->runner);
	exchange_fronts(job);
	shell->progress = job->front.progress;
	fed_text_release(&job->front.line);
	fed__job_output_take(&job->output, out, true);
	shell->jobs.running = NULL;
	shell->jobs.warned = false;
	if (job->number) {
		fed__job_note(shell, job->first, job->result);
		if (!job->seen)
			describe_end(shell, job, out);
	}
	const enum fed_exit result = job->result;
	fed__job_output_release(&job->output);
	fed_free(job);
	return result;
}

/* In front and behind --------------------------------------------------------------------- */

/* Show what the job printed. */
static void show(struct fed_shell_job *job)
{
	struct fed_text text = {0};
	FILE *const f = job->shell->jobs.shown;

	fed__job_output_take(&job->output, &text, true);
	fwrite(fed_text_str(&text), 1, text.len, f);
	fflush(f);
	fed_text_release(&text);
}

static bool has_ended(const struct fed_shell_job *job)
{
	return !fed_runner_state(job->runner).busy;
}

int fed__job_put_behind(struct fed_shell *shell, struct fed_error *err)
{
	struct fed_shell_job *job = shell->jobs.running;

	if (shell->json && isatty(fileno(shell->json)))
		return fed_fail(err, "stays in front: JSON lines go to this terminal; `--json FILE` keeps "
		                     "them apart");
	if (!job->number)
		job->number = ++shell->jobs.last;
	fed__print(shell, "[%u] %s\n", job->number, job->first);
	return FED_OK;
}

/* Show what the job prints until it ends or is put behind. */
static void follow(struct fed_shell_job *job, bool only)
{
	fed__signals_behind(only);
	fed__signals_catch_stop(true);
	while (!has_ended(job)) {
		wait_for_job(job, true);
		show(job);
		fed__onlookers_attend(job->shell);
		if (!only && atomic_load(fed_session_interrupts(job->shell->session)))
			fed_runner_notify_signal(job->runner);
		if (fed__signals_stop() || (only && fed__signals_interrupted()))
			break;
	}
	fed__signals_catch_stop(false);
	fed__signals_behind(true);
}

enum fed_exit fed__job_to_front(struct fed_shell *shell, bool only)
{
	struct fed_shell_job *job = shell->jobs.running;
	struct fed_text last = {0};
	struct fed_error err;

	for (;;) {
		fed__job_leave(shell);
		follow(job, only);
		if (has_ended(job))
			break;
		enter(job, true, true);
		fputs("\r\033[K", shell->out); /* the progress line, or ^Z */
		if (only)
			return FED_EXIT_OK;
		if (fed__job_put_behind(shell, &err) == FED_OK)
			return FED_EXIT_OK;
		fed__print(shell, "%s %s\n", job->first, err.text);
	}
	job->seen = true;
	const enum fed_exit result = fed__job_end(shell, &last);
	fwrite(fed_text_str(&last), 1, last.len, shell->out);
	fflush(shell->out);
	fed_text_release(&last);
	shell->reported = true;
	return result;
}

bool fed__job_wait_until(struct fed_shell *shell, double when)
{
	struct fed_shell_job *job = shell->jobs.running;

	fed__job_leave(shell);
	while (fed_wall_seconds() < when && !has_ended(job)) {
		wait_for_job(job, true);
		show(job);
		fed__onlookers_attend(shell);
		if (fed__signals_interrupted() || fed__signals_ending()) {
			enter(job, true, true);
			return false;
		}
	}
	enter(job, true, true);
	return true;
}

int fed__job_check_hand_over(const struct fed_shell *shell, struct fed_error *err)
{
	const struct fed_shell_job *job = shell->jobs.running;

	if (!job->records)
		return fed_fail(err,
		                "`%s` runs behind the prompt, on copies of the session: `fg` waits "
		                "for it, `stop` ends it",
		                job->first);
	if (job->front.out != job->output.out)
		return fed_fail(err,
		                "`%s` runs behind the prompt, and its output goes on to one file: "
		                "`fg` waits for it, `stop` ends it",
		                job->first);
	return FED_OK;
}

enum fed_exit fed__job_hand_over(struct fed_shell *shell, const char *line, size_t len)
{
	struct fed_shell_job *job = shell->jobs.running;
	const int before = atomic_load(&job->handed), interrupts = job->interrupts;
	struct fed_text text = {0};
	struct fed_error err;

	fed_text_put(&text, line, len);
	if (text.failed || fed_runner_submit(job->runner, fed_text_str(&text), &err)) {
		fed_text_release(&text);
		fed__print_error(shell, "", "out of memory for the line, which is dropped");
		shell->reported = true;
		return FED_EXIT_FAILED;
	}
	fed_text_release(&text);
	fed__job_leave(shell);
	while (atomic_load(&job->handed) == before) {
		wait_for_job(job, false);
		show(job);
	}
	enter(job, true, true);
	if (job->interrupts < interrupts) /* the other command began without any */
		job->interrupts = interrupts;
	show(job);
	shell->reported = true;
	return (enum fed_exit)atomic_load(&job->handed_result);
}

/* At the prompt --------------------------------------------------------------------------- */

void fed__job_descriptors(const struct fed_shell *shell, int descriptor[2])
{
	const struct fed_shell_job *job = shell->jobs.running;

	descriptor[0] = job ? job->output.event : -1;
	descriptor[1] = job ? fed_runner_event_fd(job->runner) : -1;
}

bool fed__job_attend(struct fed_shell *shell, struct fed_text *lines)
{
	struct fed_shell_job *job = shell->jobs.running;

	if (!job)
		return false;
	const bool ended = has_ended(job);
	fed__job_output_take(&job->output, lines, false);
	return ended;
}

void fed__job_settle(struct fed_shell *shell)
{
	struct fed_text last = {0};

	if (!shell->jobs.running || !has_ended(shell->jobs.running))
		return;
	fed__job_end(shell, &last);
	fed__print_flush(shell);
	fwrite(fed_text_str(&last), 1, last.len, shell->out);
	fed_text_release(&last);
}

unsigned fed__job_number(const struct fed_shell *shell)
{
	return shell->jobs.running ? shell->jobs.running->number : 0;
}

const char *fed__job_command(const struct fed_shell *shell)
{
	return shell->jobs.running->command;
}

struct fed_job_progress fed__job_progress(const struct fed_shell *shell)
{
	const struct fed_shell_job *job = shell->jobs.running;
	const struct fed_progress_line *p = &job->front.progress;
	const double passed = fed_wall_seconds() - p->began;
	struct fed_job_progress progress = {
		.number = job->number, .command = job->command, .unit = "rounds", .done = NAN, .left = NAN};

	/* also where a command came between, and the rest is about to be resumed */
	if (job->activity == FED_RUNNING_ROUNDS || (p->target > 0 && !p->trials)) {
		progress.done = (double)(fed_session_version(shell->session) - p->first);
		progress.of = p->target;
		if (progress.done > 0 && progress.of > 0)
			progress.left = (progress.of - progress.done) * passed / progress.done;
		progress.done += (double)p->earlier;
		progress.of += progress.of > 0 ? (double)p->earlier : 0;
	}
	if (p->trials) {
		progress.done = (double)p->trials->played;
		progress.of = (double)p->trials->n;
		progress.unit = p->unit;
		progress.left = fed__progress_left(p);
	}
	return progress;
}

bool fed__job_stop(struct fed_shell *shell)
{
	return shell->jobs.running->interrupts++ > 0;
}

bool fed__job_may_quit(struct fed_shell *shell)
{
	struct fed_jobs *jobs = &shell->jobs;

	if (!jobs->running || here || jobs->warned)
		return true;
	fed__print(shell,
	           "`%s` runs still: `fg` waits for it, `stop` ends it; once more stops it after its "
	           "present event, and leaves\n",
	           jobs->running->command);
	jobs->warned = true;
	return false;
}

struct fed_runner *fed__job_runner(const struct fed_shell *shell)
{
	return shell->jobs.running ? shell->jobs.running->runner : NULL;
}

void fed__job_watched(struct fed_shell *shell, bool watched)
{
	struct fed_shell_job *job = shell->jobs.running;

	job->output.watch = watched ? shell->watching.watch : NULL;
	if (watched) {
		job->screen = job->front.screen;
		job->front.screen.terminal = false;
		job->front.screen.few_colors = true;
	} else {
		job->front.screen = job->screen;
	}
}
