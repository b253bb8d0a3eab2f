/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker/serve_aggregation.c - aggregations, explanations and numbers of an aggregator.
 */
#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "worker/serve.h"

enum { VECTORS_MOST = 32 }; /* more than a plugin may ask for */

static struct fed_server *server_of(const struct fed_host *outer)
{
	return (struct fed_server *)((char *)(uintptr_t)outer - offsetof(struct fed_server, outer));
}

static void note(const struct fed_host *outer, const char *text)
{
	struct fed_packet p = {0};

	fed_packet_clear(&p, FED_NOTE);
	fed_put_text(&p, text);
	fed__serve_ask(server_of(outer), &p, NULL);
	fed_packet_release(&p);
}

int fed__serve_release(struct fed_server *s, struct fed_packet_reader *r, struct fed_error *err)
{
	(void)r, (void)err;
	if (s->open)
		fed_aggregation_release(&s->aggregation);
	s->open = false;
	return FED_OK;
}

int fed__serve_aggregation(struct fed_server *s, struct fed_packet_reader *r, struct fed_error *err)
{
	const struct fed_wire_memory memory = fed__worker_inputs(&s->memory);

	fed__serve_release(s, r, err);
	if (fed__serve_state(s, r, err) || fed__serve_vectors(s, r, err))
		return FED_FAIL;
	struct fed_round round = fed_get_round(r, &memory);
	const uint64_t capacity = fed_get_number(r);
	struct fed_pool *pool = fed__serve_pool(s, fed_get_number(r));

	if (r->short_)
		return FED_FAIL;
	s->outer = (struct fed_host){.size = sizeof s->outer, .note = note};
	round.host = &s->outer;
	/* rows that are kept lie in shared memory; they come at the end */
	const int rc =
		fed_aggregation_keeps(&s->instance)
			? fed_aggregation_borrow(&s->aggregation, &s->instance, &round, capacity, pool, err)
			: fed_aggregation_begin(&s->aggregation, &s->instance, &round, capacity, pool, err);
	s->open = rc == FED_OK;
	return rc;
}

int fed__serve_add(struct fed_server *s, struct fed_packet_reader *r, struct fed_error *err)
{
	struct fed_aggregation *a = &s->aggregation;
	const struct fed_wire_memory memory = fed__worker_inputs(&s->memory);
	const uint32_t vectors = fed_returned_vectors(&s->instance);
	const float *returned[VECTORS_MOST];
	struct fed_update u;

	if (!s->open || fed_get_number(r) != 1 || vectors > VECTORS_MOST)
		return fed_fail(err, "no aggregation is open in its process");
	fed_get_updates(r, &memory, &a->round, &u, 1, returned, vectors);
	if (r->short_)
		return FED_FAIL;
	const int rc = fed_aggregation_add(a, &u, err);
	if (rc == FED_OK)
		fed_put_verdicts(&s->reply, &a->verdict[a->n - 1], 1);
	return rc;
}

/* Add the updates of the request, which stay where they are. */
static int add_all(struct fed_server *s, struct fed_packet_reader *r, const float **returned,
                   struct fed_update *u, size_t n, uint32_t vectors, struct fed_error *err)
{
	struct fed_aggregation *a = &s->aggregation;
	const struct fed_wire_memory memory = fed__worker_inputs(&s->memory);

	fed_get_updates(r, &memory, &a->round, u, n, returned, vectors);
	if (r->short_)
		return FED_FAIL;
	for (size_t i = 0; i < n; i++)
		if (fed_aggregation_add(a, &u[i], err))
			return FED_FAIL;
	return FED_OK;
}

static int add_kept(struct fed_server *s, struct fed_packet_reader *r, const float ***returned,
                    struct fed_error *err)
{
	const uint32_t vectors = fed_returned_vectors(&s->instance);
	const uint64_t n = fed_get_number(r);

	if (n < 1 || n > s->aggregation.capacity)
		return fed_fail(err, "the updates of the round did not arrive");
	struct fed_update *u = fed_alloc_array(n, sizeof *u);
	*returned = fed_alloc_array(n * vectors + 1, sizeof **returned);
	const int rc = u && *returned ? add_all(s, r, *returned, u, n, vectors, err)
	                              : fed_fail_memory(err, n * sizeof *u, "the updates of a round");
	fed_free(u);
	return rc;
}

int fed__serve_finish(struct fed_server *s, struct fed_packet_reader *r, struct fed_error *err)
{
	struct fed_aggregation *a = &s->aggregation;
	const float **returned = NULL;
	size_t bytes = 0;
	float *out = fed__get_output(r, &s->memory, &bytes);
	int rc = FED_OK;

	if (!s->open || !out || bytes != a->round.dim * sizeof *out)
		return fed_fail(err, "no aggregation is open in its process");
	if (fed_aggregation_keeps(&s->instance))
		rc = add_kept(s, r, &returned, err);
	if (rc == FED_OK)
		rc = fed_aggregation_finish(a, out, err);
	if (rc == FED_OK) {
		const size_t mixed = a->mixed ? fed_aggregation_mixtures(a) : 0;

		fed_put_verdicts(&s->reply, a->verdict, a->n);
		fed_put_trusts(&s->reply, a->trust, a->n);
		fed_put_number(&s->reply, mixed);
		fed_put_verdicts(&s->reply, a->mixed, mixed);
		fed_put_state(&s->reply, &s->instance);
		fed__serve_release(s, r, err);
	}
	fed_free(returned);
	return rc;
}

/* Explanations ----------------------------------------------------------- */

int fed__serve_tell(struct fed_server *s, struct fed_packet_reader *r, struct fed_error *err)
{
	const struct fed_wire_memory memory = fed__worker_inputs(&s->memory);
	struct fed_text lines = {0};

	if (fed__serve_state(s, r, err) || fed__serve_vectors(s, r, err))
		return FED_FAIL;
	struct fed_telling t = {
		.instance = &s->instance, .round = fed_get_round(r, &memory), .lines = &lines};
	t.n = fed_get_number(r);
	if (r->short_ || t.n > FED_PACKET_MOST / sizeof *t.update)
		return fed_fail(err, "the updates of the round did not arrive");
	struct fed_update *u = fed_alloc_array(t.n, sizeof *u);
	struct fed_verdict *v = fed_alloc_array(t.n, sizeof *v);
	struct fed_verdict *mixed = fed_alloc_array(t.n, sizeof *mixed);
	int rc = u && v && mixed ? FED_OK : fed_fail_memory(err, t.n * sizeof *u, "an explanation");
	if (rc == FED_OK) {
		fed_get_updates(r, &memory, &t.round, u, t.n, NULL, 0);
		fed_get_verdicts(r, v, t.n);
		if (fed_get_number(r)) {
			fed_get_verdicts(r, mixed, t.n);
			t.mixed = mixed;
		}
		t.update = u;
		t.verdict = v;
		t.step = fed_get_input(r, &memory, t.round.dim * sizeof *t.step);
		t.pool = fed__serve_pool(s, fed_get_number(r));
		const uint64_t pre = fed_get_number(r);
		rc = r->short_ ? FED_FAIL
		     : pre     ? fed_call_tell_pre_aggregation(&t, err)
		               : fed_call_tell(&t, err);
	}
	if (rc == FED_OK)
		fed_put_text(&s->reply, fed_text_str(&lines));
	fed_text_release(&lines);
	fed_free(u);
	fed_free(v);
	fed_free(mixed);
	return rc;
}

int fed__serve_number(struct fed_server *s, struct fed_packet_reader *r, struct fed_error *err)
{
	double number = 0;

	if (fed__serve_state(s, r, err))
		return FED_FAIL;
	const struct fed_aggregator *plugin = &s->instance.entry->copy.aggregator;
	const uint64_t which = fed_get_number(r), n = fed_get_number(r), dim = fed_get_number(r);

	if (which == FED_NUMBER_UPDATES_PER_STEP)
		number = fed_updates_per_step(&s->instance);
	else if (which == FED_NUMBER_MIXTURES && plugin->mixtures)
		number = (double)plugin->mixtures(s->instance.state, n);
	else if (which == FED_NUMBER_SCRATCH && plugin->scratch_bytes)
		number = plugin->scratch_bytes(s->instance.state, n, dim);
	FED_PUT(&s->reply, number);
	return FED_OK;
}
