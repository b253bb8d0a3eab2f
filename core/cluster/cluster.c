/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cluster/cluster.c - ranks join a job, and agree on what all of them compute with.
 */
#include "cluster/cluster.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/blas.h"
#include "base/cpu.h"
#include "base/file.h"
#include "base/mem.h"
#include "cluster/coordinator.h"

#define PATIENCE 60.0 /* seconds until all ranks have said hello */
enum { PROGRAM_MOST = 1 << 28 };

/* The next message, from any rank. */
static int await(struct fed_cluster *c, struct fed_text *bytes, int *from, struct fed_error *err)
{
	const double until = fed_wall_seconds() + PATIENCE;
	struct fed_link_pause pause = {0};

	for (;;) {
		if (c->link->row->poll(c->link, from, bytes, err))
			return FED_FAIL;
		if (*from >= 0)
			return FED_OK;
		if (fed_wall_seconds() > until)
			return fed_fail(err, "not all of the %d ranks have said hello within %.0f seconds",
			                c->link->ranks, PATIENCE);
		const double seconds = fed__link_pause(&pause, false, FED_WAIT_BUSY);
		const struct timespec t = {.tv_nsec = (long)(seconds * 1e9)};
		nanosleep(&t, NULL);
	}
}

static uint32_t crc_of_program(void)
{
	struct fed_text bytes = {0};
	struct fed_error unused;
	uint32_t crc = 0;

	if (fed_file_read("/proc/self/exe", PROGRAM_MOST, &bytes, &unused) == FED_OK)
		crc = fed_crc32(0, bytes.s, bytes.len);
	fed_text_release(&bytes);
	return crc;
}

void fed__describe_rank(struct fed_rank_hello *h, int on_node)
{
	const long online = sysconf(_SC_NPROCESSORS_ONLN);
	const char *threads = getenv("FEDSH_RANK_THREADS");

	h->processors = (uint32_t)fed_cpu_count();
	h->node_processors = online > 0 ? (uint32_t)online : h->processors;
	fed_cpu_share(on_node > 1 && h->processors > 1 ? on_node : 1);
	h->threads = (uint32_t)fed_cpu_count();
	if (threads && atoi(threads) > 0)
		h->threads = (uint32_t)atoi(threads);
	h->isa = fed_cpu_isa();
	h->halves = fed_cpu_halves_vectors();
	h->build = crc_of_program();
	snprintf(h->core, sizeof h->core, "%s", fed_blas_core());
	gethostname(h->host, sizeof h->host - 1);
}

static int take_hellos(struct fed_cluster *c, struct fed_error *err)
{
	struct fed_text bytes = {0};
	int rc = FED_OK, from;

	c->hello[0] = c->own;
	for (int i = 1; rc == FED_OK && i < c->link->ranks; i++) {
		rc = await(c, &bytes, &from, err);
		if (rc)
			break;
		struct fed_packet_reader r = fed_packet_open(bytes.s, bytes.len);
		if (r.kind != FED_RANK_HELLO || from >= c->link->ranks)
			rc = fed_fail(err, "rank %d does not speak as this fedsh does", from);
		else
			FED_GET(&r, c->hello[from]);
	}
	fed_text_release(&bytes);
	return rc;
}

/* The lowest instruction set, and kernels that all have. */
static struct fed_rank_welcome agree(const struct fed_cluster *c)
{
	struct fed_rank_welcome w = {.isa = c->own.isa, .halves = c->own.halves};
	bool same = true;

	for (int i = 1; i < c->link->ranks; i++) {
		const struct fed_rank_hello *h = &c->hello[i];

		w.isa = h->isa < w.isa ? h->isa : w.isa;
		w.halves |= h->halves;
		same &= strcmp(h->core, c->own.core) == 0;
		if (h->build != c->own.build)
			snprintf(w.refusal, sizeof w.refusal,
			         "rank %d on %s runs another build of fedsh than rank 0 on %s", i, h->host,
			         c->own.host);
	}
	same &= w.isa == c->own.isa;
	snprintf(w.core, sizeof w.core, "%s",
	         same ? c->own.core : fed_blas_core_for((enum fed_isa)w.isa));
	return w;
}

static int compute_with(const struct fed_rank_welcome *w, struct fed_error *err)
{
	if (*w->refusal)
		return fed_reject(err, "%s", w->refusal);
	fed_cpu_limit((enum fed_isa)w->isa, w->halves);
	return fed_blas_choose(w->core, err);
}

static int welcome_all(struct fed_cluster *c, struct fed_error *err)
{
	int rc = FED_OK;

	c->hello = fed_alloc_array((size_t)c->link->ranks, sizeof *c->hello);
	if (!c->hello)
		return fed_fail_memory(err, sizeof *c->hello, "the ranks");
	if (take_hellos(c, err))
		return FED_FAIL;
	const struct fed_rank_welcome w = agree(c);
	for (int i = 1; rc == FED_OK && i < c->link->ranks; i++) {
		struct fed_packet p = {0};

		fed_packet_clear(&p, FED_RANK_WELCOME);
		FED_PUT(&p, w);
		rc = fed__send_packet(c->link, i, &p, err);
	}
	if (rc == FED_OK)
		rc = compute_with(&w, err);
	return rc ? rc : fed__coordinator_new(&c->coordinator, c, err);
}

static int say_hello(struct fed_cluster *c, struct fed_error *err)
{
	struct fed_rank_welcome w = {0};
	struct fed_text bytes = {0};
	struct fed_packet p = {0};
	int from;

	fed_packet_clear(&p, FED_RANK_HELLO);
	FED_PUT(&p, c->own);
	int rc = fed__send_packet(c->link, 0, &p, err);
	if (rc == FED_OK)
		rc = await(c, &bytes, &from, err);
	struct fed_packet_reader r = fed_packet_open(bytes.s, bytes.len);
	if (rc == FED_OK) {
		FED_GET(&r, w);
		rc = r.kind != FED_RANK_WELCOME || r.short_
		         ? fed_fail(err, "rank 0 does not speak as this fedsh does")
		         : compute_with(&w, err);
	}
	fed_text_release(&bytes);
	return rc;
}

int fed__cluster_enter(struct fed_cluster **out, struct fed_rank_link *link, bool relays,
                       struct fed_error *err)
{
	struct fed_cluster *c = fed_alloc(sizeof *c);

	if (!c)
		return fed_fail_memory(err, sizeof *c, "a job of ranks");
	c->link = link;
	fed__describe_rank(&c->own, link->on_node);
	const int rc = link->rank > 0 ? say_hello(c, err) : relays ? FED_OK : welcome_all(c, err);
	if (rc == FED_REJECT)
		fed_cluster_leave(c);
	if (rc)
		return rc; /* FED_FAIL: others may wait, and the launcher ends them with this process */
	*out = c;
	return FED_OK;
}

static int join(struct fed_cluster **out, const char *const *folder, bool relays,
                struct fed_error *err)
{
	struct fed_rank_link *link;
	const int rc = fed__rank_link_mpi(&link, folder, err);

	return rc ? rc : fed__cluster_enter(out, link, relays, err);
}

int fed_cluster_join(struct fed_cluster **out, const char *const *folder, struct fed_error *err)
{
	return join(out, folder, false, err);
}

int fed_cluster_join_workers(struct fed_cluster **out, const char *const *folder,
                             struct fed_error *err)
{
	return join(out, folder, true, err);
}

int fed_cluster_start_workers(struct fed_cluster **out, int workers, const char *program,
                              struct fed_error *err)
{
	struct fed_rank_link *link;
	const int rc = fed__rank_link_workers(&link, workers, program, err);

	return rc ? rc : fed__cluster_enter(out, link, false, err);
}

int fed_cluster_relay(struct fed_cluster *c, const char *socket, struct fed_error *err)
{
	return fed__relay(c->link, socket, err);
}

int fed_cluster_rank(const struct fed_cluster *c)
{
	return c->link->rank;
}

/* Ranks on the machine of one of them. */
static uint32_t ranks_beside(const struct fed_cluster *c, int i, bool *first)
{
	uint32_t n = 0;

	*first = true;
	for (int k = 0; k < c->link->ranks; k++) {
		const bool same = strcmp(c->hello[k].host, c->hello[i].host) == 0;

		n += same;
		*first &= !same || k >= i;
	}
	return n;
}

void fed_cluster_describe(const struct fed_cluster *c, struct fed_text *line,
                          struct fed_text *doubts)
{
	uint32_t threads = 0, machines = 0, narrow = 0, of = 0;

	for (int i = 0; i < c->link->ranks; i++) {
		const struct fed_rank_hello *h = &c->hello[i];
		bool first;

		if (ranks_beside(c, i, &first) < h->node_processors && h->processors == 1) {
			narrow++;
			of = h->node_processors;
		}
		machines += first;
		threads += h->threads;
	}
	fed_text_add(line, "%d rank%s on %u machine%s, %u thread%s, %s", c->link->ranks,
	             c->link->ranks == 1 ? "" : "s", machines, machines == 1 ? "" : "s", threads,
	             threads == 1 ? "" : "s", c->link->name);
	if (narrow)
		fed_text_add(doubts,
		             "%u of %d ranks may use one processor each, of %u that their machine has: the "
		             "launcher binds them; `%s` does not%s\n",
		             narrow, c->link->ranks, of, c->link->unbound,
		             getenv("SLURM_JOB_ID") ? ", and Slurm gives a task more with --cpus-per-task"
		                                    : "");
}

struct fed_ranks *fed_cluster_ranks(struct fed_cluster *c)
{
	return fed__coordinator_ranks(c->coordinator);
}

void fed_cluster_leave(struct fed_cluster *c)
{
	if (!c)
		return;
	fed__coordinator_free(c->coordinator);
	c->link->row->close(c->link);
	fed_free(c->hello);
	fed_free(c);
}
