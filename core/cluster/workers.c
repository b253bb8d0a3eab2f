/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cluster/workers.c - the link of a shell to workers that it starts by an MPI launcher.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/file.h"
#include "base/system/local_socket.h"
#include "base/mem.h"
#include "base/system/spawn.h"
#include "cluster/frames.h"
#include "cluster/mpi/table.h"
#include "cluster/protocol.h"

#define PATIENCE 60.0 /* seconds until the relay has connected */
#define FAREWELL 5.0  /* until the launcher has ended by itself */
enum { ARGUMENTS = 64, TAIL = 160 };

struct workers_link {
	struct fed_rank_link face;
	struct fed_frames frames;
	pid_t launcher;
	char name[64];
};

/* The launcher -------------------------------------------------------------------------- */

/* Start FEDSH_MPIRUN -n N+1 PROGRAM --mpi-relay SOCKET, in a group of its own, so that Ctrl-C at
 * the terminal is for the shell; what it prints goes to a file. */
static int spawn(pid_t *pid, int workers, const char *program, const char *socket, const char *log,
                 struct fed_error *err)
{
	const char *given = getenv("FEDSH_MPIRUN");
	char *words = fed_strdup(given && *given ? given : "mpirun"), *rest = words, *word;
	char number[16], *argv[ARGUMENTS + 6];
	int n = 0;

	if (!words)
		return fed_fail_memory(err, strlen(given), "a command");
	while (n < ARGUMENTS && (word = strsep(&rest, " ")))
		if (*word)
			argv[n++] = word;
	snprintf(number, sizeof number, "%d", workers + 1);
	argv[n++] = "-n";
	argv[n++] = number;
	argv[n++] = (char *)(uintptr_t)program;
	argv[n++] = "--mpi-relay";
	argv[n++] = (char *)(uintptr_t)socket;
	argv[n] = NULL;
	struct fed_error why;
	const int rc =
		fed_spawn(pid, (const char *const *)argv, log, &why)
			? fed_reject(
				  err,
				  "the launcher cannot be started: %s; FEDSH_MPIRUN is the launcher with its "
				  "options, as \"mpirun --hostfile hosts\"",
				  why.text)
			: FED_OK;
	fed_free(words);
	return rc;
}

/* The last line that says something of what the launcher printed. */
static int refuse(const char *log, struct fed_error *err)
{
	struct fed_text text = {0}, said = {0};
	struct fed_error unused;

	(void)fed_file_read(log, 1 << 20, &text, &unused);
	char *rest = text.s, *line;
	while (rest && (line = strsep(&rest, "\n")))
		if (strspn(line, "-=* \t") < strlen(line) && said.len < TAIL)
			fed_text_add(&said, "%s%s", said.len ? " " : "", line + strspn(line, " \t"));
	fed_reject(err, "the workers did not start: %s",
	           said.len ? fed_text_str(&said) : "no word of why");
	fed_text_release(&text);
	fed_text_release(&said);
	return FED_REJECT;
}

static void nap(void)
{
	const struct timespec t = {.tv_nsec = 5000000};

	nanosleep(&t, NULL);
}

/* Wait until the relay connects; its greeting. */
static int await_relay(struct workers_link *w, int listener, const char *log, struct fed_error *err)
{
	const double until = fed_wall_seconds() + PATIENCE;
	int fd;

	while ((fd = fed_socket_accept(listener)) < 0) {
		if (waitpid(w->launcher, NULL, WNOHANG) == w->launcher) {
			w->launcher = 0;
			return refuse(log, err);
		}
		if (fed_wall_seconds() > until)
			return fed_fail(err, "the workers did not start within %.0f seconds", PATIENCE);
		nap();
	}
	fed__frames_init(&w->frames, fd);
	struct fed_text text = {0};
	int rank = -1, rc = FED_OK;
	while (rc == FED_OK && rank < 0 && fed_wall_seconds() < until) {
		rc = fed__frames_poll(&w->frames, &rank, &text, err);
		if (rank < 0)
			nap();
	}
	struct fed_packet_reader r = fed_packet_open(text.s, text.len);
	struct fed_mpi_place place;
	FED_GET(&r, place);
	const char *name = fed_get_text(&r);
	if (rc || r.kind != FED_RANK_RELAY || r.short_ || !name) {
		rc = rc ? rc : fed_fail(err, "the workers do not speak as this fedsh does");
		fed__frames_release(&w->frames);
	} else {
		snprintf(w->name, sizeof w->name, "%s", name);
		w->face.ranks = place.ranks;
		w->face.on_node = place.on_node;
		w->face.name = w->name;
	}
	fed_text_release(&text);
	return rc;
}

static void end_launcher(struct workers_link *w)
{
	const double until = fed_wall_seconds() + FAREWELL;

	while (w->launcher && fed_wall_seconds() < until) {
		if (waitpid(w->launcher, NULL, WNOHANG) != 0)
			w->launcher = 0;
		else
			nap();
	}
	if (w->launcher) {
		kill(-w->launcher, SIGKILL);
		waitpid(w->launcher, NULL, 0);
	}
}

/* The link --------------------------------------------------------------------------------- */

static int workers_send(struct fed_rank_link *link, int to, struct fed_bytes *b,
                        struct fed_error *err)
{
	return fed__frames_send(&((struct workers_link *)link)->frames, (uint32_t)to, b, err);
}

static int workers_poll(struct fed_rank_link *link, int *from, struct fed_text *out,
                        struct fed_error *err)
{
	struct workers_link *w = (struct workers_link *)link;
	const int rc = fed__frames_poll(&w->frames, from, out, err);

	link->moved = w->frames.moved;
	return rc;
}

static bool workers_idle(struct fed_rank_link *link)
{
	return fed__frames_idle(&((struct workers_link *)link)->frames);
}

static void workers_close(struct fed_rank_link *link)
{
	struct workers_link *w = (struct workers_link *)link;

	fed__frames_release(&w->frames);
	end_launcher(w);
	fed_free(w);
}

static const struct fed_rank_link_row over_socket = {workers_send, workers_poll, NULL, workers_idle,
                                                     workers_close};

static int start(struct workers_link *w, int workers, const char *program, struct fed_error *err)
{
	struct fed_text socket = {0}, log = {0};
	int listener, rc = fed_socket_folder(&socket, err);

	if (rc)
		return rc;
	fed_text_add(&log, "%sranks-%ld.log", fed_text_str(&socket), (long)getpid());
	fed_text_add(&socket, "ranks-%ld", (long)getpid());
	rc = fed_socket_listen(&listener, fed_text_str(&socket), err);
	if (rc == FED_OK) {
		rc = spawn(&w->launcher, workers, program, fed_text_str(&socket), fed_text_str(&log), err);
		if (rc == FED_OK)
			rc = await_relay(w, listener, fed_text_str(&log), err);
		close(listener);
		unlink(fed_text_str(&socket));
		unlink(fed_text_str(&log));
	}
	if (rc && w->launcher) {
		kill(-w->launcher, SIGTERM);
		end_launcher(w);
	}
	fed_text_release(&socket);
	fed_text_release(&log);
	return rc;
}

int fed__rank_link_workers(struct fed_rank_link **out, int workers, const char *program,
                           struct fed_error *err)
{
	struct workers_link *w = fed_alloc(sizeof *w);

	if (!w)
		return fed_fail_memory(err, sizeof *w, "the workers");
	w->face.row = &over_socket;
	w->face.unbound = "FEDSH_MPIRUN=\"mpirun --map-by node --bind-to none\"";
	const int rc = start(w, workers, program, err);
	if (rc)
		fed_free(w);
	else
		*out = &w->face;
	return rc;
}
