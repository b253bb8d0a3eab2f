/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the watch costs.  One JSON line a figure:
 *
 *     bench_watch frames [CLIENTS]      processor milliseconds of a frame of 200 x 60 of each view
 *     bench_watch plane                 the same of 120 x 40 of the view `plane`, 10 clients, anew
 *                                       for each version of moons and of glyphs
 *     bench_watch rate VIEW [TURNS]     rounds a second with the view open and without the watch
 *
 * The rate is that of the whole program at a pseudo-terminal of 200 x 60 whose output is read and
 * thrown away: least wall time of TURNS turns each, in turns, of 400 rounds less that of one; the
 * ratio of processor time says it where others use the machine.
 */
#include <math.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/blas.h"
#include "base/cpu.h"
#include "session/internal.h"
#include "tui/app.h"

enum { COLUMNS = 200, ROWS = 60, FRAMES = 20, ROUNDS = 400, PLANE_COLUMNS = 120, PLANE_ROWS = 40 };

static int die(const struct fed_error *err)
{
	fprintf(stderr, "bench_watch: %s\n", err->text);
	return 1;
}

/* Frames --------------------------------------------------------------------------- */

static double cpu(void)
{
	struct timespec at;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
	return (double)at.tv_sec + (double)at.tv_nsec * 1e-9;
}

static int compose(struct fed_session *s, uint32_t clients, struct fed_error *err)
{
	const struct fed_partition how = {.kind = FED_PARTITION_IID,
	                                  .samples = 20,
	                                  .shards = 2,
	                                  .alpha = 1,
	                                  .spread = 1,
	                                  .reuse = true};
	const struct fed_assign data[] = {{"train", "20000"}};
	uint32_t first;

	return fed_session_dataset(s, "blobs", data, 1, err) ||
	       fed_session_add_clients(s, clients, &how, NULL, NULL, NULL, &first, err) ||
	       fed_session_set(s, "participants", "1000", err);
}

/* In the middle of a round, a step further for each frame: nothing that is kept helps. */
static int time_view(struct fed_session *s, const char *name, uint32_t clients,
                     struct fed_error *err)
{
	const struct fed_runner_state now = {.busy = true};
	struct fed_app app = {.watched = {.session = s, .utf8 = true}};
	double least = INFINITY, most = 0;
	struct fed_run_result result;

	if (fed__app_init(&app, name, err))
		return FED_FAIL;
	for (int i = 0; i < FRAMES; i++) {
		for (int k = 0; k < 10; k++)
			if (fed_session_step(s, &result, err))
				return FED_FAIL;
		const double began = cpu();
		fed__app_notify_version(&app);
		if (fed__app_paint(&app, &now, true, COLUMNS, ROWS, err))
			return FED_FAIL;
		const double took = cpu() - began;
		least = fmin(least, took);
		most = i ? fmax(most, took) : most; /* the first one makes what is kept */
	}
	printf("{\"bench\":\"watch-frame\",\"view\":\"%s\",\"clients\":%u,\"least_ms\":%.3f,"
	       "\"most_ms\":%.3f}\n",
	       name, clients, 1000 * least, 1000 * most);
	fed__app_release(&app);
	return FED_OK;
}

static int time_frames(uint32_t clients)
{
	static struct fed_session s;
	struct fed_error err;
	struct fed_run_result result;

	if (fed__session_init(&s, FED_PLUGIN_DIR, (struct fed_sink){0}, &err) ||
	    compose(&s, clients, &err) || fed_session_run(&s, 20, NULL, &result, &err))
		return die(&err);
	for (size_t i = 0; fed__view_at(i); i++)
		if (time_view(&s, fed__view_at(i)->name, clients, &err))
			return die(&err);
	fed__session_release(&s);
	return 0;
}

/* Nothing of a frame is kept: each shows another version.  busy: a run waits for it. */
static int time_plane(const char *dataset, bool busy)
{
	const struct fed_partition how = {.kind = FED_PARTITION_NONIID,
	                                  .samples = 50,
	                                  .shards = 2,
	                                  .alpha = 1,
	                                  .spread = 1,
	                                  .reuse = true};
	const struct fed_runner_state now = {.busy = busy};
	static struct fed_session s;
	struct fed_error err;
	struct fed_run_result result;
	double least = INFINITY, most = 0;
	uint32_t first;

	if (fed__session_init(&s, FED_PLUGIN_DIR, (struct fed_sink){0}, &err) ||
	    fed_session_dataset(&s, dataset, NULL, 0, &err) ||
	    fed_session_add_clients(&s, 10, &how, NULL, NULL, NULL, &first, &err))
		return die(&err);
	struct fed_app app = {.watched = {.session = &s, .utf8 = true, .busy = busy}};
	if (fed__app_init(&app, "plane", &err))
		return die(&err);
	for (int i = 0; i < FRAMES; i++) {
		if (fed_session_run(&s, 1, NULL, &result, &err))
			return die(&err);
		const double began = cpu();
		fed__app_notify_version(&app);
		if (fed__app_paint(&app, &now, true, PLANE_COLUMNS, PLANE_ROWS, &err))
			return die(&err);
		const double took = cpu() - began;
		least = i > 1 ? fmin(least, took) : least;
		most = i > 1 ? fmax(most, took) : most; /* the first ones make what is kept */
	}
	printf("{\"bench\":\"watch-plane\",\"dataset\":\"%s\",\"busy\":%s,\"least_ms\":%.3f,"
	       "\"most_ms\":%.3f}\n",
	       dataset, busy ? "true" : "false", 1000 * least, 1000 * most);
	fed__app_release(&app);
	fed__session_release(&s);
	return 0;
}

/* Rate ------------------------------------------------------------------------------- */

struct took {
	double wall, cpu; /* seconds */
};

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

/* Of the program; view NULL: without the watch. */
static struct took run_program(const char *view, int rounds)
{
	const struct winsize size = {.ws_row = ROWS, .ws_col = COLUMNS};
	const double began = fed_wall_seconds();
	char line[400], bytes[4096];
	int master;

	snprintf(line, sizeof line,
	         "%s%s; dataset glyphs train=4000 test=500; add-client 20 noniid samples=200; "
	         "set fraction 0.5; set eval-every 0; round %d; quit",
	         view ? "watch " : "timing off", view ? view : "", rounds);
	const pid_t child = forkpty(&master, NULL, NULL, &size);
	if (child == 0) {
		setenv("TERM", "xterm-256color", 1);
		setenv("LC_ALL", "C.UTF-8", 1);
		if (view)
			execl(FED_BUILD_DIR "/fedsh", "fedsh", "--watch", "-c", line, (char *)NULL);
		else
			execl(FED_BUILD_DIR "/fedsh", "fedsh", "-c", line, (char *)NULL);
		_exit(99);
	}
	while (read(master, bytes, sizeof bytes) > 0)
		;
	int status = 1;
	struct rusage used;
	wait4(child, &status, 0, &used);
	close(master);
	if (status)
		return (struct took){NAN, NAN};
	return (struct took){fed_wall_seconds() - began,
	                     seconds(used.ru_utime) + seconds(used.ru_stime)};
}

static int time_rate(const char *view, int turns)
{
	struct took least[2][2];

	for (int i = 0; i < turns; i++)
		for (int open = 0; open < 2; open++)
			for (int many = 0; many < 2; many++) {
				const struct took t = run_program(open ? view : NULL, many ? ROUNDS : 1);
				struct took *l = &least[open][many];

				l->wall = i ? fmin(l->wall, t.wall) : t.wall;
				l->cpu = i ? fmin(l->cpu, t.cpu) : t.cpu;
			}
	const double closed = (ROUNDS - 1) / (least[0][1].wall - least[0][0].wall),
				 open = (ROUNDS - 1) / (least[1][1].wall - least[1][0].wall);
	printf("{\"bench\":\"watch-rate\",\"view\":\"%s\",\"closed\":%.1f,\"open\":%.1f,"
	       "\"ratio\":%.3f,\"cpu_ratio\":%.3f}\n",
	       view, closed, open, open / closed,
	       (least[0][1].cpu - least[0][0].cpu) / (least[1][1].cpu - least[1][0].cpu));
	return 0;
}

int main(int argc, char **argv)
{
	fed_blas_init();
	if (argc > 1 && strcmp(argv[1], "frames") == 0)
		return time_frames(argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1000);
	if (argc > 1 && strcmp(argv[1], "plane") == 0)
		return time_plane("moons", true) || time_plane("moons", false) ||
		       time_plane("glyphs", true) || time_plane("glyphs", false);
	if (argc > 2 && strcmp(argv[1], "rate") == 0)
		return time_rate(argv[2], argc > 3 ? atoi(argv[3]) : 3);
	fprintf(stderr, "usage: bench_watch frames [CLIENTS] | plane | rate VIEW [TURNS]\n");
	return 2;
}
