/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ranks of a cluster; a JSON line each.
 *
 *     mpirun -n 2 --bind-to none bench_ranks rate MODEL ROUNDS
 *
 * Seconds of a round of 20 clients with 600 examples, B = 10, E = 1, without evaluation: two ranks
 * of one thread against one process of two, five rounds in a row in turn; bytes between the ranks,
 * and by the formula.
 *
 *     bench_ranks dispatch ROUNDS
 *     bench_ranks limit MODEL SECONDS ROUNDS
 *
 * With ranks that answer at once: trainings a second that rank 0 deals, takes and adds (a model of
 * 12 parameters); seconds and bytes a second of an update of MODEL, from clients of one example,
 * for rank 0 makes some of them, and how fast it is summed against STREAM's triad; and with SECONDS
 * for a training on one core the ranks at which half of their time is spent waiting for rank 0.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/blas.h"
#include "base/cpu.h"
#include "base/mem.h"
#include "cluster/coordinator.h"
#include "plug/calls/call.h"
#include "session/internal.h"
#include "train/local/far_training.h"

enum { CLIENTS = 20, EXAMPLES = 600, INSTANT = 8, SUMMED = 32, ROUNDS_MOST = 4096, IN_A_ROW = 5 };

static int die(const struct fed_error *err)
{
	fprintf(stderr, "bench_ranks: %s\n", err->text);
	return 1;
}

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *x, int n)
{
	qsort(x, (size_t)n, sizeof *x, by_value);
	return x[n / 2];
}

/* A session -------------------------------------------------------------------------- */

struct composition {
	const char *dataset, *train, *model, *threads;
	uint32_t clients, examples;
};

static int compose(struct fed_session *s, const struct composition *c, struct fed_error *err)
{
	const struct fed_partition how = {.kind = FED_PARTITION_IID,
	                                  .samples = (int64_t)c->examples,
	                                  .shards = 2,
	                                  .alpha = 1,
	                                  .spread = 1};
	const struct fed_assign size = {"train", c->train};
	uint32_t first;

	return fed__session_init(s, FED_PLUGIN_DIR, (struct fed_sink){0}, err) ||
	       fed_session_dataset(s, c->dataset, &size, 1, err) ||
	       fed_session_model(s, c->model, NULL, 0, err) ||
	       fed_session_set(s, "eval-every", "never", err) ||
	       fed_session_set(s, "threads", c->threads, err) ||
	       fed_session_add_clients(s, c->clients, &how, NULL, NULL, NULL, &first, err);
}

static int timed_round(struct fed_session *s, double *seconds, struct fed_error *err)
{
	struct fed_run_result unused;
	const double began = fed_wall_seconds();

	if (fed_session_run(s, 1, NULL, &unused, err))
		return 1;
	*seconds = fed_wall_seconds() - began;
	return 0;
}

/* Rounds in a row, as they are in a run: a rank waits for the next one with short pauses. */
static int timed_rounds(struct fed_session *s, double *seconds, int rounds, struct fed_error *err)
{
	for (int i = 0; i < rounds; i++)
		if (timed_round(s, &seconds[i], err))
			return 1;
	return 0;
}

/* Two ranks --------------------------------------------------------------------------- */

static uint64_t bytes_of(struct fed_cluster *c, uint64_t *trainings)
{
	struct fed_rank_report r;
	uint64_t bytes = 0;

	*trainings = 0;
	for (uint32_t i = 0; fed_cluster_ranks(c)->report(fed_cluster_ranks(c), i, &r); i++) {
		bytes += r.sent + r.received;
		*trainings += r.trainings;
	}
	return bytes;
}

static int lead(struct fed_cluster *cluster, const char *model, int rounds, struct fed_error *err)
{
	const struct composition on_ranks = {"glyphs", "12000", model, "1", CLIENTS, EXAMPLES};
	struct composition alone = on_ranks;
	static struct fed_session with, without;
	static double a[ROUNDS_MOST], b[ROUNDS_MOST];
	uint64_t done = 0, before, bytes;

	alone.threads = "2";
	if (compose(&with, &on_ranks, err))
		return 1;
	fed_session_use_ranks(&with, fed_cluster_ranks(cluster));
	if (compose(&without, &alone, err))
		return 1;
	while (!done) /* until the other rank has the dataset */
		if (timed_round(&with, &a[0], err) || timed_round(&without, &b[0], err))
			return 1;
		else
			bytes_of(cluster, &done);
	bytes = bytes_of(cluster, &before);
	for (int i = 0; i < rounds; i += IN_A_ROW) {
		const int n = rounds - i < IN_A_ROW ? rounds - i : IN_A_ROW;

		if (timed_rounds(&with, &a[i], n, err) || timed_rounds(&without, &b[i], n, err))
			return 1;
	}
	bytes = bytes_of(cluster, &done) - bytes;
	const double dim = 4.0 * (double)with.parts.net.dim, jobs = (double)(done - before) / rounds;
	const double one = median(b, rounds), two = median(a, rounds);
	const double formula = dim * (1 + jobs) + jobs * 4 * EXAMPLES;
	printf("{\"bench\":\"ranks\",\"model\":\"%s\",\"rounds\":%d,\"s_one_process\":%.4f,"
	       "\"s_two_ranks\":%.4f,\"rate\":%.3f,\"trainings_there\":%.1f,\"bytes_round\":%.0f,"
	       "\"bytes_formula\":%.0f}\n",
	       model, rounds, one, two, one / two, jobs, (double)bytes / rounds, formula);
	fed__session_release(&with);
	fed__session_release(&without);
	return 0;
}

static int rate(const char *model, int rounds, struct fed_error *err)
{
	static const char *const folder[] = {FED_BUILD_DIR, NULL};
	struct fed_cluster *cluster;
	int rc;

	if (fed_cluster_join(&cluster, folder, err))
		return 1;
	if (fed_cluster_rank(cluster) > 0)
		rc = fed_rank_serve(cluster, FED_PLUGIN_DIR, err);
	else
		rc = lead(cluster, model, rounds, err);
	fed_cluster_leave(cluster);
	return rc;
}

/* Ranks that answer at once ------------------------------------------------------------ */

struct instant_reply {
	int rank;
	bool trained; /* the update follows */
	struct fed_text text;
	struct instant_reply *next;
};

static struct instant {
	struct fed_rank_link face;
	struct instant_reply *first, **last, *idle;
	size_t dim;
	float *zeros;           /* [dim], the update */
	struct fed_packet done; /* an answer, but for the number of its job */
	size_t number_at;
} instant;

static struct instant_reply *reply_of(int rank)
{
	struct instant_reply *r = instant.idle ? instant.idle : calloc(1, sizeof *r);

	if (!r)
		exit(1);
	if (r == instant.idle)
		instant.idle = r->next;
	r->rank = rank;
	r->trained = false;
	r->next = NULL;
	fed_text_clear(&r->text);
	*instant.last = r;
	instant.last = &r->next;
	return r;
}

static void make_done(size_t dim)
{
	const struct fed_wire_trained head = {.steps = 1, .loss = 1};
	const struct fed_wire_outcome outcome = {.complete = true};
	const double seconds = 0;

	fed_free_floats(instant.zeros);
	instant.zeros = fed_alloc_floats(dim);
	instant.dim = dim;
	fed_packet_clear(&instant.done, FED_RANK_DONE);
	instant.number_at = instant.done.bytes.len;
	fed_put_number(&instant.done, 0);
	FED_PUT(&instant.done, seconds);
	FED_PUT(&instant.done, head);
	FED_PUT(&instant.done, outcome);
}

static int instant_send(struct fed_rank_link *link, int to, struct fed_bytes *b,
                        struct fed_error *err)
{
	struct fed_packet_reader r = fed_packet_open(b->text.s, b->text.len);
	const uint64_t federation = fed_get_number(&r);

	(void)link, (void)err;
	if (r.kind == FED_RANK_SET_UP) {
		struct fed_packet p = {0};

		fed_packet_clear(&p, FED_RANK_READY);
		fed_put_number(&p, federation);
		fed_put_number(&p, 1);
		fed_put_text(&p, NULL);
		fed_text_put(&reply_of(to)->text, p.bytes.s, p.bytes.len);
		fed_packet_release(&p);
	} else if (r.kind == FED_RANK_JOB) {
		const uint64_t job = fed_get_number(&r);
		struct instant_reply *reply = reply_of(to);

		memcpy(instant.done.bytes.s + instant.number_at, &job, sizeof job);
		fed_text_put(&reply->text, instant.done.bytes.s, instant.done.bytes.len);
		reply->trained = true;
	}
	fed__bytes_unref(b);
	return FED_OK;
}

static int instant_poll(struct fed_rank_link *link, int *from, struct fed_text *out,
                        struct fed_error *err)
{
	struct instant_reply *r = instant.first;

	(void)err;
	*from = -1;
	if (!r)
		return FED_OK;
	link->vectors = r->trained ? 1 : 0;
	link->vector_bytes = instant.dim * sizeof(float);
	const struct fed_text swap = *out;
	*from = r->rank;
	*out = r->text;
	r->text = swap;
	instant.first = r->next;
	if (!instant.first)
		instant.last = &instant.first;
	r->next = instant.idle;
	instant.idle = r;
	return FED_OK;
}

/* A copy, as between processes of one machine. */
static int instant_receive(struct fed_rank_link *link, void *to, struct fed_error *err)
{
	(void)err;
	memcpy(to, instant.zeros, link->vector_bytes);
	return FED_OK;
}

static bool instant_idle(struct fed_rank_link *link)
{
	(void)link;
	return true;
}

static void instant_close(struct fed_rank_link *link)
{
	(void)link;
}

static int start_instant(struct fed_cluster **out, struct fed_error *err)
{
	static const struct fed_rank_link_row row = {instant_send, instant_poll, instant_receive,
	                                             instant_idle, instant_close};
	struct fed_rank_hello hello = {0};

	instant.face = (struct fed_rank_link){
		.ranks = 1 + INSTANT, .on_node = 1, .name = "ranks that answer at once", .row = &row};
	instant.last = &instant.first;
	fed__describe_rank(&hello, 1);
	hello.threads = 4;
	for (int i = 1; i <= INSTANT; i++) {
		struct fed_packet p = {0};

		fed_packet_clear(&p, FED_RANK_HELLO);
		FED_PUT(&p, hello);
		fed_text_put(&reply_of(i)->text, p.bytes.s, p.bytes.len);
		fed_packet_release(&p);
	}
	return fed__cluster_enter(out, &instant.face, false, err);
}

/* Seconds of rank 0 for an update that another rank made. */
static int measure(const struct composition *c, int rounds, double *update, double *share,
                   size_t *dim, struct fed_error *err)
{
	static struct fed_session s;
	static double seconds[ROUNDS_MOST];
	struct fed_cluster *cluster;
	uint64_t done;

	if (compose(&s, c, err))
		return 1;
	*dim = s.parts.net.dim;
	make_done(*dim);
	if (start_instant(&cluster, err))
		return 1;
	fed_session_use_ranks(&s, fed_cluster_ranks(cluster));
	for (int i = 0; i < rounds; i++)
		if (timed_round(&s, &seconds[i], err))
			return 1;
	bytes_of(cluster, &done);
	*share = (double)done / rounds / c->clients;
	*update = median(seconds, rounds) / c->clients;
	fed__session_release(&s);
	fed_cluster_leave(cluster);
	return 0;
}

static int dispatch(int rounds, struct fed_error *err)
{
	/* clients whose own training takes long, so that rank 0 makes few of them */
	const struct composition c = {"blobs", "2000", "softmax", "1", 1000, 200};
	struct composition reuse = c;
	double update, share;
	size_t dim;

	reuse.train = "200000";
	if (measure(&reuse, rounds, &update, &share, &dim, err))
		return 1;
	printf("{\"bench\":\"dispatch\",\"parameters\":%zu,\"jobs_a_second\":%.0f,\"share_of_ranks\":%."
	       "3f}\n",
	       dim, 1 / update, share);
	return 0;
}

/* Bytes a second of a copy that does not stay in the caches. */
static double copy_speed(void)
{
	enum { N = 1 << 25 };
	float *a = fed_alloc_floats(N), *b = fed_alloc_floats(N);
	double best = 1e9;

	for (int i = 0; a && b && i < 7; i++) {
		const double began = fed_wall_seconds();

		memcpy(i % 2 ? a : b, i % 2 ? b : a, N * sizeof *a);
		best = fmin(best, fed_wall_seconds() - began);
	}
	fed_free_floats(a);
	fed_free_floats(b);
	return 2.0 * N * sizeof(float) / best;
}

/* Updates that are summed in turn, so that none is in the caches. */
struct sums {
	float *update[SUMMED], *out;
	double *sum;
	size_t dim;
};

/* Seconds of an update in the loop that STREAM calls triad. */
static double triad_speed(const struct sums *x)
{
	double best = 1e9;

	for (int i = 0; i < 8 * SUMMED; i++) {
		const float *update = x->update[i % SUMMED];
		const double began = fed_wall_seconds();

		for (size_t j = 0; j < x->dim; j++)
			x->sum[j] += 3.0 * update[j];
		best = fmin(best, fed_wall_seconds() - began);
	}
	return best;
}

/* Seconds of an update in fedavg's sum. */
static int sum_speed(const struct sums *x, double *best, struct fed_error *err)
{
	struct fed_round round = {.dim = x->dim, .params = x->out, .invited = 8 * SUMMED};
	struct fed_registry *registry;
	const struct fed_entry *entry;
	struct fed_instance fedavg;
	struct fed_aggregation a;

	if (fed_registry_init(&registry, err) ||
	    fed_registry_load(registry, FED_PLUGIN_DIR "/fedavg.so", &entry, err) ||
	    fed_instance_init(&fedavg, entry, NULL, 0, err) ||
	    fed_instance_size(&fedavg, x->dim, err) ||
	    fed_aggregation_begin(&a, &fedavg, &round, round.invited, NULL, err))
		return FED_FAIL;
	*best = 1e9;
	for (int i = 0; i < 8 * SUMMED; i++) {
		const struct fed_update u = {
			.delta = x->update[i % SUMMED], .base = x->out, .weight = 3, .samples = 3, .steps = 1};
		const double began = fed_wall_seconds();

		if (fed_aggregation_add(&a, &u, err))
			return FED_FAIL;
		*best = fmin(*best, fed_wall_seconds() - began);
	}
	fed_aggregation_release(&a);
	fed_instance_release(&fedavg);
	fed_registry_free(registry);
	return FED_OK;
}

/* The share of the memory's speed at which updates are summed: an update is read, and a sum in
 * doubles is read and written. */
static int sums(size_t dim, struct fed_error *err)
{
	struct sums x = {.dim = dim, .out = fed_alloc_floats(dim), .sum = calloc(dim, sizeof *x.sum)};
	bool there = x.out && x.sum;
	double update;

	for (int i = 0; i < SUMMED; i++)
		there &= (x.update[i] = fed_alloc_floats(dim)) != NULL;
	if (!there)
		return fed_fail_memory(err, dim, "updates");
	if (sum_speed(&x, &update, err))
		return 1;
	const double triad = triad_speed(&x), bytes = 20.0 * (double)dim;
	printf("{\"bench\":\"sums\",\"parameters\":%zu,\"GB_a_second\":%.1f,\"GB_a_second_triad\":%.1f,"
	       "\"share\":%.3f}\n",
	       dim, bytes / update / 1e9, bytes / triad / 1e9, triad / update);
	for (int i = 0; i < SUMMED; i++)
		fed_free_floats(x.update[i]);
	fed_free_floats(x.out);
	free(x.sum);
	return 0;
}

static int limit(const char *model, double training, int rounds, struct fed_error *err)
{
	const struct composition c = {"glyphs", "12000", model, "1", 200, 1};
	double update, share;
	size_t dim;

	if (measure(&c, rounds, &update, &share, &dim, err))
		return 1;
	const double bytes = 4.0 * (double)dim;
	printf("{\"bench\":\"rank0\",\"model\":\"%s\",\"parameters\":%zu,\"us_an_update\":%.1f,"
	       "\"share_of_ranks\":%.3f,\"GB_a_second\":%.2f,\"GB_a_second_copied\":%.2f,"
	       "\"ranks_at_half\":%.0f}\n",
	       model, dim, 1e6 * update, share, bytes / update / 1e9, copy_speed() / 1e9,
	       training / update);
	return sums(dim, err);
}

int main(int argc, char **argv)
{
	struct fed_error err = {""};
	const char *core = fed_blas_better_core();
	const char *what = argc > 1 ? argv[1] : "";
	int rc = 2;

	if (core) {
		setenv("OPENBLAS_CORETYPE", core, 1);
		setenv("OPENBLAS_NUM_THREADS", "1", 1);
		execv("/proc/self/exe", argv);
	}
	fed_blas_init();
	if (strcmp(what, "rate") == 0 && argc == 4 && atoi(argv[3]) <= ROUNDS_MOST)
		rc = rate(argv[2], atoi(argv[3]), &err);
	else if (strcmp(what, "dispatch") == 0 && argc == 3 && atoi(argv[2]) <= ROUNDS_MOST)
		rc = dispatch(atoi(argv[2]), &err);
	else if (strcmp(what, "limit") == 0 && argc == 5 && atoi(argv[4]) <= ROUNDS_MOST)
		rc = limit(argv[2], atof(argv[3]), atoi(argv[4]), &err);
	else
		fprintf(stderr, "usage: mpirun -n 2 bench_ranks rate MODEL ROUNDS\n"
		                "       bench_ranks dispatch ROUNDS\n"
		                "       bench_ranks limit MODEL SECONDS ROUNDS\n");
	return rc == 2 ? 2 : rc ? die(&err) : 0;
}
