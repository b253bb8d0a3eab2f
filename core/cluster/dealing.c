/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cluster/dealing.c - the rank that gets the next training, and its message.
 *
 * A rank takes first the trainings of clients whose vectors it remembers.
 */
#include "cluster/dealing.h"

#include <string.h>

#include "base/mem.h"
#include "train/local/far_training.h"

void fed__note_rank(struct fed_coordinator *c, const char *line)
{
	if (!strstr(fed_text_str(&c->notes), line))
		fed_text_add(&c->notes, "%s\n", line);
}

void fed__give_up(struct fed_coordinator *c, const char *why)
{
	if (c->failed)
		return;
	c->failed = true;
	for (uint32_t i = 1; i < c->ranks; i++) {
		struct rank_state *r = &c->rank[i];
		struct dealt *d;

		while ((d = r->jobs)) {
			r->jobs = d->next;
			if (d->job)
				fed_pool_put_back(fed__pool_of(d->of), d->job);
			fed_free(d);
		}
		r->n_jobs = 0;
		r->flops = 0;
	}
	struct fed_text line = {0};
	fed_text_add(&line, "the ranks have ended (%s); trainings run on this process's threads", why);
	fed__note_rank(c, fed_text_str(&line));
	fed_text_release(&line);
}

bool fed__deal_bytes(struct fed_coordinator *c, uint32_t to, struct fed_bytes *b)
{
	struct fed_rank_link *link = c->cluster->link;
	struct fed_error err;

	c->rank[to].report.sent += fed__bytes_length(b);
	if (link->row->send(link, (int)to, b, &err) == FED_OK)
		return true;
	fed__give_up(c, err.text);
	return false;
}

bool fed__deal_packet(struct fed_coordinator *c, uint32_t to)
{
	struct fed_bytes *b = fed__bytes_new(&c->packet.bytes);

	if (b)
		return fed__deal_bytes(c, to, b);
	fed__give_up(c, "out of memory for a message");
	return false;
}

/* The rank that gets the next training, or 0: one with an idle thread or, ahead, one whose threads
 * have less than one more each; of several the one with the least work a thread. */
static uint32_t next_rank(const struct fed_coordinator *c, const struct announced *a, bool ahead)
{
	uint32_t best = 0;
	double least = 0;

	for (uint32_t i = 1; i < c->ranks; i++) {
		const struct rank_state *r = &c->rank[i];
		const double load = r->flops / r->threads;

		if (a->told[i] != READY || r->n_jobs >= r->threads * (ahead ? 2u : 1u))
			continue;
		if (!best || load < least) {
			best = i;
			least = load;
		}
	}
	return best;
}

/* Send the model of a training to a rank, unless it has it: its place there; -1: it failed. */
static int send_model(struct fed_coordinator *c, struct announced *a, uint32_t to,
                      struct fed_shared_vectors *model)
{
	struct fed_bytes *bytes;
	bool there;
	const int place = fed__models_place(&a->models, to, model, &there);

	if (there)
		return place;
	bytes = fed__models_packet(a->number, place, model);
	if (!bytes) {
		fed__give_up(c, "out of memory for a model");
		return -1;
	}
	return fed__deal_bytes(c, to, bytes) ? place : -1;
}

/* The message of a job whose model is there. */
static bool send_job(struct fed_coordinator *c, const struct dealt *d, uint32_t to, int place)
{
	const bool at_home = fed__home_rank(d->client, c->ranks) == to;
	const struct fed_resident there =
		fed_residents_find(&d->of->residents, at_home ? d->client : FED_SERVER);
	const bool trains = d->job->portable == FED_PORTABLE_TRAINING;

	fed_packet_clear(&c->packet, trains ? FED_RANK_JOB : FED_RANK_EVALUATE);
	fed_put_number(&c->packet, d->of->number);
	fed_put_number(&c->packet, d->number);
	fed_put_number(&c->packet, (uint64_t)place);
	if (trains)
		fed_put_training(&c->packet, (const struct fed_training *)d->job, &there);
	else
		fed_put_evaluation(&c->packet, (const struct fed_evaluation_job *)d->job);
	return fed__deal_packet(c, to);
}

static bool deal_to(struct fed_coordinator *c, struct announced *a, uint32_t to,
                    struct fed_job *job)
{
	const bool trains = job->portable == FED_PORTABLE_TRAINING;
	const struct fed_training *g = (const struct fed_training *)job;
	const struct fed_evaluation_job *e = (const struct fed_evaluation_job *)job;
	struct rank_state *r = &c->rank[to];
	struct dealt *d = fed_alloc(sizeof *d);

	if (!d) {
		fed_pool_put_back(fed__pool_of(a), job);
		return false;
	}
	*d = (struct dealt){.number = ++c->jobs,
	                    .job = job,
	                    .of = a,
	                    .client = trains ? g->client : FED_SERVER,
	                    .flops = trains ? fed_training_flops(g) : fed_evaluation_flops(e)};
	d->next = r->jobs;
	r->jobs = d;
	r->n_jobs++;
	r->flops += d->flops;
	const int place = send_model(c, a, to, trains ? g->model : e->model);
	return place >= 0 && send_job(c, d, to, place); /* else all was put back */
}

/* A rank that is to get a training. */
struct wish {
	uint32_t rank, ranks;
};

/* Whether a training's client keeps something, for which that rank is responsible. */
static bool lives_there(void *ctx, const struct fed_job *job)
{
	const struct fed_training *g = (const struct fed_training *)job;
	const struct wish *w = ctx;

	return job->portable == FED_PORTABLE_TRAINING && (g->row.kept || g->residual || g->own) &&
	       fed__home_rank(g->client, w->ranks) == w->rank;
}

/* The rank where a training's client lives, if it is idle as well; else the other one. */
static uint32_t idle_home(const struct fed_coordinator *c, const struct announced *a,
                          const struct fed_job *job, uint32_t other)
{
	const struct fed_training *g = (const struct fed_training *)job;

	if (job->portable != FED_PORTABLE_TRAINING)
		return other;
	struct wish wish = {fed__home_rank(g->client, c->ranks), c->ranks};
	const struct rank_state *r = &c->rank[wish.rank];
	return a->told[wish.rank] == READY && r->n_jobs < r->threads && lives_there(&wish, job)
	           ? wish.rank
	           : other;
}

bool fed__deal(struct fed_coordinator *c, struct announced *a)
{
	struct fed_pool *pool = a->trainer->federation->pool;
	const uint32_t threads = c->threads + (uint32_t)fed_pool_threads(pool);
	bool moved = false;

	while (!c->failed && !a->stopped) {
		const size_t queued = fed_pool_queued(pool);
		const uint32_t to = queued ? next_rank(c, a, queued >= threads) : 0;
		struct wish wish = {to, c->ranks};
		struct fed_job *job = to ? fed_pool_take(pool, lives_there, &wish) : NULL;

		if (!job)
			break;
		moved = true;
		deal_to(c, a, idle_home(c, a, job, to), job);
	}
	return moved;
}

void fed__forget_resident(struct fed_coordinator *c, uint32_t rank, const struct dealt *d)
{
	if (d->of && fed__home_rank(d->client, c->ranks) == rank)
		fed_residents_put(&d->of->residents, d->client, 0, NULL);
}

struct dealt *fed__take_dealt(struct rank_state *r, uint64_t number)
{
	struct dealt **at = &r->jobs;

	while (*at && (*at)->number != number)
		at = &(*at)->next;
	struct dealt *d = *at;
	if (d) {
		*at = d->next;
		r->n_jobs--;
		r->flops = r->jobs ? r->flops - d->flops : 0;
	}
	return d;
}
