/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cluster/coordinator.c - the thread of rank 0 that has the link: deals trainings, takes results.
 *
 * One mutex guards all members; the thread holds it while it works, and releases it while it
 * pauses.  A second one is for waking it alone, since pools wake it while they hold their own lock.
 */
#include "cluster/coordinator.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "base/system/thread.h"
#include "cluster/dealing.h"
#include "cluster/models.h"
#include "cluster/set_up.h"
#include "train/local/far_training.h"

enum { MESSAGES_A_TURN = 64 };

/* Waking ----------------------------------------------------------------------------- */

static void wake_up(void *ctx)
{
	struct fed_coordinator *c = ctx;

	pthread_mutex_lock(&c->wake_lock);
	c->woken = true;
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->wake_lock);
}

/* Wait so long, or until woken; false: it is to end. */
static bool rest(struct fed_coordinator *c, double seconds)
{
	const double until = fed_wall_seconds() + seconds;

	pthread_mutex_lock(&c->wake_lock);
	while (!c->woken && !c->quit && fed_condition_wait(&c->wake, &c->wake_lock, until) == 0)
		;
	c->woken = false;
	const bool quit = c->quit;
	pthread_mutex_unlock(&c->wake_lock);
	return !quit;
}

/* Sending ---------------------------------------------------------------------------- */

static bool send_number(struct fed_coordinator *c, uint32_t to, uint32_t kind, uint64_t number)
{
	fed_packet_clear(&c->packet, kind);
	fed_put_number(&c->packet, number);
	return fed__deal_packet(c, to);
}

/* Dealing ---------------------------------------------------------------------------- */

static void tell_all(struct fed_coordinator *c, struct announced *a)
{
	for (uint32_t i = 1; i < c->ranks && !c->failed; i++)
		if (a->told[i] == UNTOLD && fed__deal_bytes(c, i, fed__bytes_ref(a->set_up)))
			a->told[i] = TOLD;
}

/* Give back the trainings of a federation whose rounds are aborted: they have stopped. */
static bool watch_stop(struct fed_coordinator *c, struct announced *a)
{
	const bool stops = fed_trainer_must_stop(a->trainer), begins = stops && !a->stopped;

	a->stopped = stops;
	if (!begins)
		return false;
	for (uint32_t i = 1; i < c->ranks && !c->failed; i++) {
		bool any = false;

		for (struct dealt *d = c->rank[i].jobs; d; d = d->next) {
			if (d->of != a || !d->job)
				continue;
			if (d->job->portable == FED_PORTABLE_TRAINING)
				fed_training_stopped((struct fed_training *)d->job);
			fed__forget_resident(c, i, d);
			fed_pool_return(fed__pool_of(a), d->job);
			d->job = NULL;
			any = true;
		}
		if (any)
			send_number(c, i, FED_RANK_CANCEL, a->number);
	}
	return true;
}

/* Receiving -------------------------------------------------------------------------- */

static struct announced *find(struct fed_coordinator *c, uint64_t number)
{
	struct announced *a = c->first;

	while (a && a->number != number)
		a = a->next;
	return a; /* NULL: it has ended meanwhile */
}

static void take_lacks(struct fed_coordinator *c, uint32_t from, struct announced *a)
{
	if (!a->data)
		a->data = fed__set_up_data(a->trainer->federation->data, a->number);
	if (a->data)
		fed__deal_bytes(c, from, fed__bytes_ref(a->data));
	else
		fed__give_up(c, "out of memory for the dataset");
}

static void take_ready(struct fed_coordinator *c, uint32_t from, struct announced *a,
                       struct fed_packet_reader *r)
{
	const bool ready = fed_get_number(r) != 0;
	const char *why = fed_get_text(r);
	struct fed_text line = {0};

	a->told[from] = ready ? READY : REFUSED;
	if (ready)
		return;
	fed_text_add(&line, "rank %u on %s does not train: %s", from, c->rank[from].report.host,
	             why ? why : "");
	fed__note_rank(c, fed_text_str(&line));
	fed_text_release(&line);
}

static void take_done(struct fed_coordinator *c, uint32_t from, struct fed_packet_reader *r)
{
	struct dealt *d = fed__take_dealt(&c->rank[from], fed_get_number(r));
	struct fed_error err;
	double seconds;

	FED_GET(r, seconds);
	const bool remembers = fed_get_number(r) != 0;
	if (d)
		fed__forget_resident(c, from, d);
	c->rank[from].report.trainings += d && d->job && d->job->portable == FED_PORTABLE_TRAINING;
	c->rank[from].report.busy += seconds;
	if (d && d->job) {
		const bool trains = d->job->portable == FED_PORTABLE_TRAINING;
		const struct fed_far_body body = fed__link_body(c->cluster->link);
		const int rc = trains ? fed_take_trained(r, &body, (struct fed_training *)d->job, &err)
		                      : fed_take_evaluated(r, (struct fed_evaluation_job *)d->job, &err);

		if (rc == FED_OK) {
			if (remembers)
				fed_residents_put(&d->of->residents, d->client, d->number,
				                  (const struct fed_training *)d->job);
			fed_pool_return(fed__pool_of(d->of), d->job);
		} else {
			fed__note_rank(c, err.text);
			fed_pool_put_back(fed__pool_of(d->of), d->job);
		}
	}
	fed_free(d);
}

static void take_undone(struct fed_coordinator *c, uint32_t from, struct fed_packet_reader *r)
{
	struct dealt *d = fed__take_dealt(&c->rank[from], fed_get_number(r));
	const char *why = fed_get_text(r);
	struct fed_text line = {0};

	if (d)
		fed__forget_resident(c, from, d);
	if (d && d->job) {
		fed_text_add(&line, "rank %u on %s could not train a client: %s", from,
		             c->rank[from].report.host, why ? why : "");
		fed__note_rank(c, fed_text_str(&line));
		fed_text_release(&line);
		fed_pool_put_back(fed__pool_of(d->of), d->job);
	}
	fed_free(d);
}

static void take_message(struct fed_coordinator *c, uint32_t from)
{
	struct fed_packet_reader r = fed_packet_open(c->received.s, c->received.len);
	struct fed_rank_link *link = c->cluster->link;
	struct announced *a;
	struct fed_error err;

	c->rank[from].report.received += c->received.len + link->vectors * link->vector_bytes;
	if (r.kind == FED_RANK_DONE) {
		take_done(c, from, &r);
	} else if (r.kind == FED_RANK_UNDONE) {
		take_undone(c, from, &r);
	} else if ((a = find(c, fed_get_number(&r)))) {
		if (r.kind == FED_RANK_LACKS)
			take_lacks(c, from, a);
		else if (r.kind == FED_RANK_READY)
			take_ready(c, from, a, &r);
	}
	if (fed__link_rest(link, &c->received, &err)) /* of a result that is dropped */
		fed__give_up(c, err.text);
}

static bool receive_all(struct fed_coordinator *c)
{
	struct fed_rank_link *link = c->cluster->link;
	struct fed_error err;
	int from, n = 0;

	for (; n < MESSAGES_A_TURN && !c->failed; n++) {
		if (link->row->poll(link, &from, &c->received, &err)) {
			fed__give_up(c, err.text);
			break;
		}
		if (from < 0) {
			n += link->moved;
			break;
		}
		if (from > 0 && (uint32_t)from < c->ranks)
			take_message(c, (uint32_t)from);
	}
	return n > 0;
}

static bool is_busy(const struct fed_coordinator *c)
{
	for (uint32_t i = 1; i < c->ranks; i++)
		if (c->rank[i].jobs)
			return true;
	return !c->cluster->link->row->idle(c->cluster->link);
}

static void *coordinate(void *ctx)
{
	struct fed_coordinator *c = ctx;
	struct fed_link_pause pause = {0};
	double seconds;

	do {
		pthread_mutex_lock(&c->lock);
		bool moved = receive_all(c), idle = false;
		for (struct announced *a = c->first; a && !c->failed; a = a->next) {
			tell_all(c, a);
			moved |= watch_stop(c, a);
			moved |= fed__deal(c, a);
			idle |= fed_pool_has_idle(fed__pool_of(a));
		}
		const bool busy = !c->failed && is_busy(c);
		pthread_mutex_unlock(&c->lock);
		seconds = fed__link_pause(&pause, moved,
		                          !busy  ? FED_WAIT_QUIET
		                          : idle ? FED_WAIT_IDLE
		                                 : FED_WAIT_BUSY);
	} while (rest(c, seconds));
	return NULL;
}

static struct announced *find_trainer(struct fed_coordinator *c, const struct fed_trainer *t)
{
	struct announced *a = c->first;

	while (a && a->trainer != t)
		a = a->next;
	return a;
}

static void forget(struct fed_coordinator *c, struct announced *a)
{
	for (uint32_t i = 1; i < c->ranks && !c->failed; i++)
		if (a->told[i] != UNTOLD)
			send_number(c, i, FED_RANK_FORGET, a->number);
	memset(a->told, UNTOLD, c->ranks);
	fed__models_release(&a->models);
	fed_residents_release(&a->residents);
	fed__bytes_unref(a->data);
	a->data = NULL;
}

static void free_announced(struct announced *a)
{
	if (!a)
		return;
	fed__models_release(&a->models);
	fed_residents_release(&a->residents);
	fed__bytes_unref(a->set_up);
	fed__bytes_unref(a->data);
	fed_free(a->told);
	fed_free(a);
}

static struct announced *announce(struct fed_coordinator *c, struct fed_trainer *t)
{
	struct announced *a = fed_alloc(sizeof *a);

	if (!a)
		return NULL;
	a->told = fed_alloc(c->ranks);
	a->trainer = t;
	if (!a->told) {
		fed_free(a);
		return NULL;
	}
	a->next = c->first;
	c->first = a;
	fed_pool_widen(t->federation->pool, 2 * (int)c->threads);
	fed_pool_set_taker(t->federation->pool, wake_up, c);
	return a;
}

static int attach(struct fed_ranks *face, struct fed_trainer *t, struct fed_text *notes,
                  struct fed_error *err)
{
	struct fed_coordinator *c = (struct fed_coordinator *)face;
	struct fed_bytes *set_up = fed__set_up_new(t, c->federations + 1);

	if (!set_up)
		return fed_fail_memory(err, sizeof *set_up, "the ranks");
	pthread_mutex_lock(&c->lock);
	struct announced *a = find_trainer(c, t);
	const bool same = a && fed__set_ups_equal(a->set_up, set_up);
	if (!a)
		a = announce(c, t);
	else if (!same)
		forget(c, a);
	if (a && !same) {
		fed__bytes_unref(a->set_up);
		a->set_up = set_up;
		a->number = ++c->federations;
		fed__models_init(&a->models, c->ranks);
	} else {
		fed__bytes_unref(set_up);
	}
	fed_text_put(notes, fed_text_str(&c->notes), c->notes.len);
	fed_text_clear(&c->notes);
	pthread_mutex_unlock(&c->lock);
	wake_up(c);
	return a ? FED_OK : fed_fail_memory(err, sizeof *a, "the ranks");
}

static void detach(struct fed_ranks *face, struct fed_trainer *t)
{
	struct fed_coordinator *c = (struct fed_coordinator *)face;
	struct announced **at = &c->first;

	pthread_mutex_lock(&c->lock);
	while (*at && (*at)->trainer != t)
		at = &(*at)->next;
	struct announced *a = *at;
	if (a) {
		*at = a->next;
		forget(c, a);
		fed_pool_set_taker(t->federation->pool, NULL, NULL);
		for (uint32_t i = 1; i < c->ranks; i++) /* cancelled ones, whose results are to come */
			for (struct dealt *d = c->rank[i].jobs; d; d = d->next)
				d->of = d->of == a ? NULL : d->of;
		free_announced(a);
	}
	pthread_mutex_unlock(&c->lock);
}

static void status(struct fed_ranks *face, struct fed_ranks_status *out)
{
	struct fed_coordinator *c = (struct fed_coordinator *)face;

	pthread_mutex_lock(&c->lock);
	*out = (struct fed_ranks_status){.ranks = c->ranks - 1, .ended = c->failed};
	for (uint32_t i = 1; i < c->ranks; i++) {
		out->busy += c->rank[i].n_jobs > 0;
		out->jobs += c->rank[i].n_jobs;
		out->sent += c->rank[i].report.sent;
		out->received += c->rank[i].report.received;
	}
	pthread_mutex_unlock(&c->lock);
}

static bool report(struct fed_ranks *face, uint32_t i, struct fed_rank_report *out)
{
	struct fed_coordinator *c = (struct fed_coordinator *)face;

	if (i + 1 >= c->ranks)
		return false;
	pthread_mutex_lock(&c->lock);
	*out = c->rank[i + 1].report;
	out->jobs = c->rank[i + 1].n_jobs;
	out->since = fed_wall_seconds() - c->began;
	pthread_mutex_unlock(&c->lock);
	return true;
}

/* ------------------------------------------------------------------------------------ */

int fed__coordinator_new(struct fed_coordinator **out, struct fed_cluster *cluster,
                         struct fed_error *err)
{
	struct fed_coordinator *c = fed_alloc(sizeof *c);

	if (!c)
		return fed_fail_memory(err, sizeof *c, "the ranks");
	c->face =
		(struct fed_ranks){.attach = attach, .detach = detach, .status = status, .report = report};
	c->cluster = cluster;
	c->began = fed_wall_seconds();
	c->ranks = (uint32_t)cluster->link->ranks;
	c->rank = fed_alloc_array(c->ranks, sizeof *c->rank);
	if (!c->rank) {
		fed_free(c);
		return fed_fail_memory(err, c->ranks * sizeof *c->rank, "the ranks");
	}
	for (uint32_t i = 0; i < c->ranks; i++) {
		const struct fed_rank_hello *h = &cluster->hello[i];

		c->rank[i].threads = h->threads ? h->threads : 1;
		c->rank[i].report = (struct fed_rank_report){.rank = i, .threads = h->threads};
		memcpy(c->rank[i].report.host, h->host, sizeof h->host);
		c->threads += i ? c->rank[i].threads : 0;
	}
	c->face.threads = c->threads;
	pthread_mutex_init(&c->lock, NULL);
	pthread_mutex_init(&c->wake_lock, NULL);
	fed_condition_init(&c->wake);
	const int error = fed_thread_start(&c->thread, coordinate, c);
	if (error) {
		fed_free(c->rank);
		fed_free(c);
		return fed_fail(err, "the thread for the ranks cannot be started: %s", strerror(error));
	}
	*out = c;
	return FED_OK;
}

struct fed_ranks *fed__coordinator_ranks(struct fed_coordinator *c)
{
	return &c->face;
}

void fed__coordinator_free(struct fed_coordinator *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&c->wake_lock);
	c->quit = true;
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->wake_lock);
	pthread_join(c->thread, NULL);
	for (uint32_t i = 1; i < c->ranks && !c->failed; i++)
		send_number(c, i, FED_RANK_LEAVE, 0);
	/* until they have left; results of cancelled trainings may come meanwhile */
	struct fed_link_pause pause = {0};
	while (!c->failed && !c->cluster->link->row->idle(c->cluster->link)) {
		const struct timespec t = {.tv_nsec =
		                               (long)(1e9 * fed__link_pause(&pause, false, FED_WAIT_BUSY))};

		receive_all(c);
		nanosleep(&t, NULL);
	}
	for (uint32_t i = 1; i < c->ranks; i++)
		while (c->rank[i].jobs)
			fed_free(fed__take_dealt(&c->rank[i], c->rank[i].jobs->number));
	while (c->first) {
		struct announced *a = c->first;

		c->first = a->next;
		free_announced(a);
	}
	fed_packet_release(&c->packet);
	fed_text_release(&c->received);
	fed_text_release(&c->notes);
	fed_free(c->rank);
	fed_free(c);
}
