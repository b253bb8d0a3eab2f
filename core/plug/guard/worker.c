/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/guard/worker.c - start of a worker process, calls to it, and its end.
 */
#include "plug/guard/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "plug/guard/failure.h"
#include "plug/guard/handover.h"

enum {
	LINE_MOST = 400,  /* bytes of a printed line that are kept */
	READS = 64,       /* of what was printed, at a time: more than a pipe holds */
	NOTES_MOST = 100, /* of a call */
	SLICE = 50,       /* milliseconds between two looks at `interrupted` */
	OWN_FILES = 16,   /* descriptors from here on are free of what the worker inherits */
	CANARY = 0xa5,    /* around an output */
	CACHE_LINE = 64,
	GROWTH_CALLS = 4,       /* in a row, each with more memory than before: told */
	GROWTH_MOST = 16 << 20, /* bytes that they may grow by */
};

extern char **environ;

/* A block of kept memory. */
struct fed_worker_kept {
	struct fed_worker_kept *next;
	_Alignas(max_align_t) unsigned char bytes[];
};

void *fed__worker_keep(struct fed_worker *w, size_t bytes)
{
	struct fed_worker_kept *kept = fed_alloc(sizeof *kept + bytes);

	if (!kept)
		return NULL;
	kept->next = w->kept;
	w->kept = kept;
	return kept->bytes;
}

void fed__worker_report(const struct fed_worker *w, const char *text)
{
	fed__guard_print(w->guard, w->name, text);
}

/* Start ------------------------------------------------------------------ */

/* Its ends of the socket and of the pipe, as descriptors beyond those that the worker inherits. */
struct ends {
	int socket, output, file[FED_WORKER_FILES];
};

static int beyond(int fd)
{
	return fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, OWN_FILES);
}

static void close_some(const int *fd, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fd[i] >= 0)
			close(fd[i]);
}

/* 0 or an error number. */
static int spawn(struct fed_worker *w, const struct ends *its, int memory)
{
	char report[32], limit[32], task[16], files[16];
	char *argv[] = {w->guard->program, report, limit, task, files, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t all, none;
	uint64_t offset = 0;

	(void)fed_shared_memory_find(w->guard->memory, w->report, sizeof *w->report, &offset);
	snprintf(report, sizeof report, "%llu", (unsigned long long)offset);
	snprintf(limit, sizeof limit, "%.0f", w->guard->limits.memory);
	snprintf(task, sizeof task, "%d", (int)w->task);
	unsigned given = 0;
	for (int i = 0; i < FED_WORKER_FILES; i++)
		given |= (unsigned)(its->file[i] >= 0) << i;
	snprintf(files, sizeof files, "%u", given);
	sigfillset(&all);
	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, its->output, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, its->output, STDERR_FILENO);
	posix_spawn_file_actions_adddup2(&actions, its->socket, FED_WORKER_SOCKET);
	posix_spawn_file_actions_adddup2(&actions, memory, FED_WORKER_MEMORY);
	for (int i = 0; i < FED_WORKER_FILES; i++)
		if (its->file[i] >= 0)
			posix_spawn_file_actions_adddup2(&actions, its->file[i], FED_WORKER_PLUGIN + i);
		else
			posix_spawn_file_actions_addclose(&actions, FED_WORKER_PLUGIN + i);
	posix_spawn_file_actions_addclosefrom_np(&actions, FED_WORKER_DESCRIPTORS);
	/* a group of its own: Ctrl-C at the terminal is for fedsh, which ends the call */
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
	                                          POSIX_SPAWN_SETPGROUP);
	const int why = posix_spawn(&w->pid, w->guard->program, &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return why;
}

static int start(struct fed_worker *w)
{
	int pair[2] = {-1, -1}, pipes[2] = {-1, -1};
	int why = 0;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0 ||
	    pipe2(pipes, O_CLOEXEC) != 0 || fcntl(pipes[0], F_SETFL, O_NONBLOCK) != 0)
		why = errno;
	struct ends its = {.socket = beyond(pair[1]), .output = beyond(pipes[1])};
	for (int i = 0; i < FED_WORKER_FILES; i++)
		its.file[i] = beyond(w->files[i]);
	const int memory = beyond(fed_shared_memory_descriptor(w->guard->memory));

	if (!why)
		why = its.socket < 0 || its.output < 0 || memory < 0 ? EMFILE : spawn(w, &its, memory);
	close_some((const int[]){pair[1], pipes[1], its.socket, its.output, memory}, 5);
	close_some(its.file, FED_WORKER_FILES);
	if (why) {
		close_some((const int[]){pair[0], pipes[0]}, 2);
		return why;
	}
	w->socket = pair[0];
	w->output = pipes[0];
	return 0;
}

int fed_worker_new(struct fed_worker **out, struct fed_guard *guard, const char *name,
                   enum fed_worker_task task, const int files[FED_WORKER_FILES],
                   struct fed_error *err)
{
	struct fed_worker *w = fed_alloc(sizeof *w);

	if (!w)
		return fed_fail_memory(err, sizeof *w, "a worker process");
	*w =
		(struct fed_worker){.guard = guard, .name = name, .task = task, .socket = -1, .output = -1};
	memcpy(w->files, files, sizeof w->files);
	w->report = fed_shared_memory_take(guard->memory, sizeof *w->report);
	if (!w->report) {
		fed_free(w);
		return fed_fail_memory(err, sizeof *w->report, "a worker process");
	}
	pthread_mutex_init(&w->lock, NULL);
	*out = w;
	return FED_OK;
}

int fed_worker_enter(struct fed_worker *w, struct fed_error *err)
{
	pthread_mutex_lock(&w->lock);
	if (w->pid)
		return FED_OK;
	*w->report = (struct fed_crash_report){0};
	w->finding[0] = '\0';
	const int why = start(w);
	if (why) {
		pthread_mutex_unlock(&w->lock);
		return fed_fail(err, "has no worker process: %s: %s", w->guard->program, strerror(why));
	}
	w->starts++;
	w->growth = (struct fed_worker_growth){0};
	return FED_OK;
}

void fed_worker_leave(struct fed_worker *w)
{
	pthread_mutex_unlock(&w->lock);
}

/* Output ----------------------------------------------------------------- */

static void print_line(struct fed_worker *w)
{
	if (w->line.len)
		fed__sanitizer_note(w->finding, sizeof w->finding, fed_text_str(&w->line));
	if (w->line.len)
		fed__guard_print(w->guard, w->name, fed_text_str(&w->line));
	fed_text_clear(&w->line);
}

/* Pass on what was printed, by whole lines; who prints without end does so on the next look. */
static void drain(struct fed_worker *w)
{
	char bytes[4096];
	ssize_t n;

	for (int k = 0; k < READS && (n = read(w->output, bytes, sizeof bytes)) > 0; k++) {
		for (ssize_t i = 0; i < n; i++) {
			if (bytes[i] == '\n')
				print_line(w);
			else if (w->line.len < LINE_MOST)
				fed_text_put_clean(&w->line, &bytes[i], 1, false);
		}
	}
}

/* End -------------------------------------------------------------------- */

/* Kill the process and all that it started, and take its status. */
static int reap(struct fed_worker *w)
{
	int status = 0;

	kill(-w->pid, SIGKILL);
	while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* After the process has ended. */
static void close_ends(struct fed_worker *w)
{
	drain(w);
	print_line(w);
	close_some((const int[]){w->socket, w->output}, 2);
	w->socket = w->output = -1;
	w->pid = 0;
}

void fed_worker_free(struct fed_worker *w)
{
	if (!w)
		return;
	if (w->pid) {
		reap(w);
		close_ends(w);
	}
	fed_shared_memory_return(w->guard->memory, w->report);
	fed_shared_memory_return(w->guard->memory, w->out.block);
	fed_shared_memory_return(w->guard->memory, w->rows);
	for (size_t i = 0; i < w->copies.n; i++)
		fed_shared_memory_return(w->guard->memory, w->copies.copy[i].block);
	fed_free(w->copies.copy);
	while (w->kept) {
		struct fed_worker_kept *next = w->kept->next;

		fed_free(w->kept);
		w->kept = next;
	}
	fed_packet_release(&w->packet);
	fed_text_release(&w->received);
	fed_text_release(&w->build);
	fed_text_release(&w->line);
	pthread_mutex_destroy(&w->lock);
	fed_free(w);
}

/* Take leave of a worker whose call failed, and say what happened. */
static int lose(struct fed_worker *w, const char *function, enum fed_worker_loss how,
                struct fed_error *err)
{
	/* one that closed its socket may be about to end: its own end tells more than ours */
	int status = 0;
	const bool ended = how == FED_LOST_CONNECTION && fed__worker_ended(w->pid, &status);

	if (ended)
		kill(-w->pid, SIGKILL); /* what it may have started */
	else
		status = reap(w);
	close_ends(w);
	/* it lies where the process may write */
	const bool sound = w->report->signal < NSIG && w->report->exited <= 1;
	if (!sound)
		*w->report = (struct fed_crash_report){0};
	const uint32_t k = w->report->plugin;
	const struct fed_worker_end end = {
		.report = w->report,
		.how = !sound  ? FED_LOST_NONSENSE
	           : ended ? FED_LOST_ENDED
	                   : how,
		.status = status,
		.function = function,
		.finding = w->finding,
		.deadline = w->guard->limits.deadline,
		.memory = w->guard->limits.memory,
		.file = w->files[k < FED_WORKER_FILES ? k : 0],
	};
	return fed__worker_failure(&end, err);
}

/* Calls ------------------------------------------------------------------ */

struct fed_packet *fed_worker_request(struct fed_worker *w, enum fed_request what)
{
	fed_packet_clear(&w->packet, what);
	w->asked = what;
	return &w->packet;
}

/* A wait for what a worker sends; its function returns false when the worker is lost, *how. */
struct waiting {
	struct fed_worker *w;
	double until; /* 0: for ever */
	enum fed_worker_loss *how;
};

/* Whether the reply is waited for no longer: a plugin may also ask and print without end. */
static bool is_given_up(const struct waiting *waiting)
{
	const struct fed_worker *w = waiting->w;

	if (atomic_load(&w->guard->interrupted) || (w->stopped && w->stopped(w->stopped_ctx)))
		*waiting->how = FED_LOST_INTERRUPTED;
	else if (waiting->until > 0 && fed_wall_seconds() > waiting->until)
		*waiting->how = FED_LOST_DEADLINE;
	else
		return false;
	return true;
}

static bool await(void *ctx)
{
	const struct waiting *waiting = ctx;
	struct fed_worker *w = waiting->w;

	do {
		struct pollfd fd[] = {{.fd = w->socket, .events = POLLIN},
		                      {.fd = w->output, .events = POLLIN}};
		const int n = poll(fd, 2, SLICE);

		if (n > 0 && fd[1].revents)
			drain(w);
		if (n > 0 && fd[0].revents)
			return true;
	} while (!is_given_up(waiting));
	return false;
}

/* Answer what the plugin asks of the host. */
static bool answer(struct fed_worker *w, const struct fed_worker_host *host,
                   struct fed_packet_reader *asked)
{
	struct fed_packet packet = {0};
	bool sound = true;

	if (!host || asked->short_)
		return false;
	/* further ones are lines that it prints, of which not all are shown */
	if (asked->kind == FED_NOTE && ++w->notes > NOTES_MOST) {
		const char *text = fed_get_text(asked);

		if (text)
			fed__guard_print(w->guard, w->name, text);
		return text != NULL;
	}
	fed_packet_clear(&packet, FED_REPLY);
	if (host->asked(host->ctx, asked, &packet))
		sound = fed_packet_send(&packet, w->socket) == 0;
	sound = sound && !asked->short_;
	fed_packet_release(&packet);
	return sound;
}

/* `hands_over`: the worker runs on the processor of this thread, which therefore does not look for
 * the reply before it sleeps. */
static bool exchange(struct fed_worker *w, const struct fed_worker_host *host, bool hands_over,
                     struct fed_packet_reader *reply, enum fed_worker_loss *how)
{
	const double deadline = w->guard->limits.deadline;

	w->notes = 0;
	*how = FED_LOST_CONNECTION;
	if (fed_packet_send(&w->packet, w->socket) != 0)
		return false;
	struct waiting waiting = {w, deadline > 0 ? fed_wall_seconds() + deadline : 0, how};
	const struct fed_packet_patience patience = {await, &waiting};
	for (;;) {
		const bool comes = !hands_over && fed_packet_comes(w->socket, &w->wait);

		if (!comes && !await(&waiting))
			return false;
		const int why =
			fed_packet_receive(w->socket, &w->received, FED_PACKET_MOST, &patience, reply);
		if (why == ETIMEDOUT)
			return false;
		*how = why == EMSGSIZE ? FED_LOST_NONSENSE
		       : why == ENOMEM ? FED_LOST_MEMORY
		                       : FED_LOST_CONNECTION;
		if (why)
			return false;
		if (reply->kind == FED_REPLY)
			return true;
		*how = FED_LOST_NONSENSE;
		if (reply->kind == FED_ALIVE)
			waiting.until = deadline > 0 ? fed_wall_seconds() + deadline : 0;
		else if (!answer(w, host, reply) || is_given_up(&waiting))
			return false;
	}
}

/* Whether a request ended what a plugin allocates for: after it, all that it needed is free again.
 */
static bool is_whole_call(enum fed_request what, int rc)
{
	return (what == FED_ASK_FINISH && rc == FED_OK) || what == FED_ASK_RELEASE ||
	       what == FED_ASK_CRAFT || what == FED_ASK_COLLUDE || what == FED_ASK_TRAIN;
}

/* Tell once of a plugin that keeps more memory after each of several calls. */
static void watch_growth(struct fed_worker *w, uint64_t bytes)
{
	struct fed_worker_growth *g = &w->growth;
	struct fed_text text = {0};

	if (!g->bytes || bytes <= g->bytes)
		g->calls = 0;
	else if (g->calls++ == 0)
		g->from = g->bytes;
	g->bytes = bytes;
	if (g->told || g->calls < GROWTH_CALLS || bytes - g->from < GROWTH_MOST)
		return;
	g->told = true;
	fed_text_add(&text,
	             "keeps %.3g MB more after each %s (%.3g MB after %u): does it free what it "
	             "allocates?",
	             (double)(bytes - g->from) / g->calls / 1e6,
	             w->task == FED_WORKER_TRAININGS ? "training" : "round",
	             (double)(bytes - g->from) / 1e6, g->calls);
	fed__worker_report(w, fed_text_str(&text));
	fed_text_release(&text);
}

int fed_worker_call(struct fed_worker *w, const char *function, const struct fed_worker_host *host,
                    struct fed_packet_reader *reply, int *rc, struct fed_error *words,
                    struct fed_error *err)
{
	const double begin = fed_wall_seconds();
	const enum fed_request what = w->asked;
	struct fed_processors was = {.known = false};
	enum fed_worker_loss how;

	if (w->packet.bytes.failed)
		return fed_fail_memory(err, w->packet.bytes.len, "a call of a plugin");
	if (fed_request_hands_over(what))
		fed__handover(w->pid, &was);
	const bool done = exchange(w, host, was.known, reply, &how);
	fed_processors_restore(&was);
	w->calls++;
	w->seconds += fed_wall_seconds() - begin;
	if (!done)
		return lose(w, function, how, err);
	drain(w);
	*rc = (int)(int64_t)fed_get_number(reply);
	const char *text = fed_get_text(reply);
	const uint64_t allocated = fed_get_number(reply);
	if (is_whole_call(what, *rc) && !reply->short_)
		watch_growth(w, allocated);
	fed_error_set(words, *rc, "%s", text ? text : "");
	return reply->short_ ? lose(w, function, FED_LOST_NONSENSE, err) : FED_OK;
}

/* Outputs ---------------------------------------------------------------- */

static void *grow(struct fed_worker *w, size_t bytes)
{
	struct fed_shared_memory *m = w->guard->memory;
	const size_t page = (size_t)sysconf(_SC_PAGESIZE), whole = (bytes + page - 1) / page * page;

	if (w->out.bytes >= whole && w->out.bytes < 4 * whole)
		return w->out.block;
	fed_shared_memory_return(m, w->out.block);
	w->out.block = fed_shared_memory_take(m, whole);
	w->out.bytes = w->out.block ? whole : 0;
	return w->out.block;
}

void *fed_worker_output(struct fed_worker *w, size_t bytes)
{
	const size_t lines = (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
	struct fed_worker_output *o = &w->out;

	o->values = NULL;
	if (!grow(w, lines ? lines : CACHE_LINE))
		return NULL;
	o->values = o->block + o->bytes - lines;
	o->used = bytes;
	memset(o->block, CANARY, o->bytes - lines);
	memset((char *)o->values + bytes, CANARY, lines - bytes);
	return o->values;
}

static bool is_canary(const char *from, const char *end)
{
	for (; from < end; from++)
		if (*(const unsigned char *)from != CANARY)
			return false;
	return true;
}

bool fed_worker_output_intact(const struct fed_worker *w)
{
	const struct fed_worker_output *o = &w->out;
	const char *values = o->values;

	return is_canary(o->block, values) && is_canary(values + o->used, o->block + o->bytes);
}

/* Inputs ----------------------------------------------------------------- */

/* A block for a copy; one of those that are kept, if it is large enough and not far too large. */
static void *copy_block(struct fed_worker *w, size_t bytes)
{
	struct fed_worker_copies *c = &w->copies;
	const size_t more = c->capacity ? 2 * c->capacity : 16;

	if (c->used < c->n && c->copy[c->used].bytes >= bytes && c->copy[c->used].bytes / 4 <= bytes)
		return c->copy[c->used++].block;
	if (c->used == c->capacity) {
		struct fed_worker_copy *grown =
			fed_resize(c->copy, c->capacity * sizeof *grown, more * sizeof *grown);
		if (!grown)
			return NULL;
		c->copy = grown;
		c->capacity = more;
	}
	struct fed_worker_copy *copy = &c->copy[c->used];
	if (c->used < c->n)
		fed_shared_memory_return(w->guard->memory, copy->block);
	else
		c->n++;
	*copy = (struct fed_worker_copy){fed_shared_memory_take(w->guard->memory, bytes), bytes};
	if (!copy->block)
		copy->bytes = 0;
	c->used += copy->block != NULL;
	return copy->block;
}

void fed_put_input(struct fed_worker *w, const void *v, size_t bytes)
{
	uint64_t offset = FED_NO_INPUT;

	if (v && !fed_shared_memory_find(w->guard->memory, v, bytes, &offset)) {
		void *block = copy_block(w, bytes);

		if (!block) {
			w->packet.bytes.failed = true;
			return;
		}
		memcpy(block, v, bytes);
		(void)fed_shared_memory_find(w->guard->memory, block, bytes, &offset);
	}
	fed_put_number(&w->packet, offset);
}

void *fed__worker_rows(struct fed_worker *w, size_t bytes)
{
	if (w->rows_bytes < bytes || w->rows_bytes / 4 > bytes) {
		fed_shared_memory_return(w->guard->memory, w->rows);
		w->rows = fed_shared_memory_take(w->guard->memory, bytes);
		w->rows_bytes = w->rows ? bytes : 0;
	}
	return w->rows;
}

void fed_worker_drop_copies(struct fed_worker *w, size_t but)
{
	if (w->copies.used > but)
		w->copies.used = but;
}

void fed_put_output(struct fed_packet *p, const struct fed_worker *w)
{
	uint64_t offset = 0;

	(void)fed_shared_memory_find(w->guard->memory, w->out.block, w->out.bytes, &offset);
	fed_put_number(p, offset);
	fed_put_number(p, w->out.bytes);
	fed_put_number(p, (uint64_t)((char *)w->out.values - w->out.block));
	fed_put_number(p, w->out.used);
}
