/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/decisions.c - decision regions of models over a plane of inputs.
 */
#include "report/decisions.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "history/client_selector.h"
#include "report/client_models.h"
#include "session/composition.h"
#include "session/inject.h"

enum { BATCH = 128, BATCH_IMAGES = 32 };

/* The share of the work that may go into examples. */
#define FOR_EXAMPLES 0.3

/* Models by name, as in struct fed_placed_example. */
enum { BEFORE, AFTER };

/* Answers ---------------------------------------------------------------------- */

/* What computes answers: a workspace, filled batch by batch. */
struct oracle {
	const struct fed_input_plane *plane;
	const struct fed_net *net; /* NULL: there is no model */
	struct fed_workspace space;
	float *alone; /* the inputs of a batch where there is no workspace */
	float *x;     /* (batch, d) inputs */
	uint32_t batch;
};

static struct fed_decision decide_class(const float *y, uint32_t classes)
{
	uint32_t best = 0;
	double sum = 0;

	for (uint32_t c = 1; c < classes; c++)
		if (y[c] > y[best])
			best = c;
	for (uint32_t c = 0; c < classes; c++)
		sum += exp((double)y[c] - (double)y[best]);
	const double chance = 1.0 / classes, sure = (1 / sum - chance) / (1 - chance);
	if (!isfinite(sum))
		return (struct fed_decision){.known = false};
	const int level = (int)(sure * FED_DECISION_LEVELS);
	return (struct fed_decision){
		.class = (uint16_t)best,
		.level = (uint8_t)(level < FED_DECISION_LEVELS ? level : FED_DECISION_LEVELS - 1),
		.known = true};
}

static struct fed_decision decide_value(double y, const struct fed_input_plane *p)
{
	const double middle = (p->least + p->most) / 2, half = (p->most - p->least) / 2;
	const double off = half > 0 ? fabs(y - middle) / half : 0;

	if (!isfinite(y))
		return (struct fed_decision){.known = false};
	return (struct fed_decision){
		.class = y > middle,
		.level = (uint8_t)(off < 1 ? off * FED_DECISION_LEVELS : FED_DECISION_LEVELS - 1),
		.known = true};
}

static struct fed_decision decide(const struct oracle *o, const float *y)
{
	return o->net->classes ? decide_class(y, o->net->classes) : decide_value((double)*y, o->plane);
}

/* Answers of a model to the whole grid. */
static void fill_regions(struct oracle *o, const float *params, struct fed_regions *r)
{
	const struct fed_input_plane *p = o->plane;
	const int n = r->columns * r->rows;
	float *x = o->x;

	for (int from = 0; from < n; from += (int)o->batch) {
		const int count = n - from < (int)o->batch ? n - from : (int)o->batch;

		for (int i = 0; i < count; i++) {
			const double u = ((from + i) % r->columns + 0.5) / r->columns;
			const double v = ((from + i) / r->columns + 0.5) / r->rows;

			fed__input_plane_point(p, p->low[0] + u * (p->high[0] - p->low[0]),
			                       p->high[1] - v * (p->high[1] - p->low[1]), x + (size_t)i * p->d);
		}
		const float *y = fed_net_forward(&o->space, params, (uint32_t)count);
		for (int i = 0; i < count; i++)
			r->at[from + i] = decide(o, y + (size_t)i * o->net->outputs);
	}
}

/* Examples ---------------------------------------------------------------------- */

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
	return b ? common_divisor(b, a % b) : a;
}

/* The step by which examples are chosen from all: none twice, the first few spread over all, and
 * in no rhythm that classes might have (golden section). */
static uint32_t step_through(uint32_t all)
{
	uint32_t step = (uint32_t)(0.6180339887 * all);

	while (all > 1 && common_divisor(++step, all) != 1)
		;
	return step;
}

static uint16_t truth_of(const struct fed_input_plane *p, uint32_t id)
{
	const struct fed_dataset *data = p->data;

	if (data->label)
		return (uint16_t)data->label[id];
	return (double)data->target[(size_t)id * data->outputs] > (p->least + p->most) / 2;
}

static void place(const struct fed_input_plane *p, uint32_t id, const float *x,
                  struct fed_placed_example *e)
{
	double at[2];

	fed__input_plane_place(p, x, at);
	e->x = (float)((at[0] - p->low[0]) / (p->high[0] - p->low[0]));
	e->y = (float)((p->high[1] - at[1]) / (p->high[1] - p->low[1]));
	e->class = truth_of(p, id);
}

/* Examples to place: ids [all] (NULL: `first` and what follows), n of them. */
struct placing {
	const uint32_t *id;
	uint32_t first, all, n, step;
	const struct fed_shift *shift;
};

static uint32_t placed_id(const struct placing *of, uint32_t i)
{
	const uint32_t k = (uint32_t)((uint64_t)i * of->step % of->all);

	return of->id ? of->id[k] : of->first + k;
}

/* Place examples into e [n]; params[k] NULL: no such model. */
static void place_examples(struct oracle *o, const struct placing *of, const float *const params[2],
                           struct fed_placed_example *e)
{
	float *x = o->x;
	const size_t d = o->plane->d;

	for (uint32_t from = 0; from < of->n; from += o->batch) {
		const uint32_t count = of->n - from < o->batch ? of->n - from : o->batch;

		for (int k = 0; k < 2; k++) {
			for (uint32_t i = 0; i < count; i++) {
				const uint32_t id = placed_id(of, from + i);

				fed_dataset_gather(o->plane->data, &id, 1, of->shift, x + i * d, NULL, NULL);
				if (k == 0)
					place(o->plane, id, x + i * d, &e[from + i]);
			}
			if (!params[k])
				continue;
			const float *y = fed_net_forward(&o->space, params[k], count);
			for (uint32_t i = 0; i < count; i++) {
				const struct fed_decision answer = decide(o, y + i * o->net->outputs);
				e[from + i].wrong[k] = !answer.known || answer.class != e[from + i].class;
			}
		}
	}
}

/* Clients ------------------------------------------------------------------------ */

uint32_t fed_decisions_clients(const struct fed_session *s)
{
	const struct fed_shown_updates u = fed__shown_updates(s);

	return u.n ? (uint32_t)u.n : fed_session_parts(s)->clients.n_present;
}

int fed_decisions_find(const struct fed_session *s, uint32_t client, uint32_t *place,
                       struct fed_error *err)
{
	const struct fed_shown_updates u = fed__shown_updates(s);
	const struct fed_clients *c = &fed_session_parts(s)->clients;

	if (client >= c->n || !fed_clients_get(c, client))
		return fed_reject(err, "there is no client %u; `clients` lists those that are", client);
	*place = 0;
	if (!u.n) {
		while (c->present[*place] != client)
			++*place;
		return FED_OK;
	}
	bool there = false;
	for (size_t i = 0; i < u.n; i++) {
		there |= u.of[i].client == client;
		*place += u.of[i].client < client;
	}
	return there ? FED_OK
	             : fed_reject(err, "client %u has sent no update in %s; `updates` lists who has",
	                          client, u.arrived ? "the open round" : "the last round");
}

/* The memory of a snapshot ---------------------------------------------------------- */

void fed_decisions_release(struct fed_decisions *d)
{
	fed_free(d->global.at);
	fed_free(d->before.at);
	fed_free(d->example);
	for (uint32_t i = 0; d->client && i < d->clients; i++) {
		fed_free(d->client[i].regions.at);
		fed_free(d->client[i].example);
	}
	fed_free(d->client);
	*d = (struct fed_decisions){0};
}

static int regions_init(struct fed_regions *r, int columns, int rows, int coarse,
                        struct fed_error *err)
{
	*r = (struct fed_regions){.columns = (columns + coarse - 1) / coarse,
	                          .rows = (rows + coarse - 1) / coarse};
	const size_t n = (size_t)r->columns * (size_t)r->rows;
	if (!n) {
		*r = (struct fed_regions){0};
		return FED_OK;
	}
	r->at = fed_alloc_array(n, sizeof *r->at);
	return r->at ? FED_OK : fed_fail_memory(err, n * sizeof *r->at, "the decision regions");
}

/* The work ------------------------------------------------------------------------ */

struct taking {
	const struct fed_session *session;
	const struct fed_decisions_wanted *wanted;
	struct fed_decisions *out;
	struct oracle oracle;
	struct fed_client_models models;
	int coarse;      /* points of a side that share an answer */
	double examples; /* share of the wanted examples that is placed */
};

/* Choose how coarse the regions are, from what an answer costs. */
static void choose_effort(struct taking *t)
{
	const struct fed_decisions_wanted *w = t->wanted;
	const double answer = t->out->flops, clients = t->out->clients;
	const double examples = 2 * (w->examples + clients * w->client_examples);
	const double most = FOR_EXAMPLES * w->flops;

	t->examples = examples * answer > most ? most / (examples * answer) : 1;
	const double left = w->flops - t->examples * examples * answer;
	for (t->coarse = 1; t->coarse < 64; t->coarse++) {
		const double share = 1.0 / t->coarse / t->coarse;
		const double points = (double)w->columns * w->rows +
		                      (double)w->client_columns * w->client_rows * (clients + 1);

		if (points * share * answer <= left)
			break;
	}
	t->out->limited = t->coarse > 1 || t->examples < 1;
}

static uint32_t examples_of(const struct taking *t, uint32_t wanted, uint32_t all)
{
	const uint32_t n = (uint32_t)ceil(t->examples * wanted);

	if (t->oracle.plane->kind == FED_PLANE_EXAMPLES)
		return 0; /* they are not on it */
	return n < all ? n : all;
}

static int take_global(struct taking *t, struct fed_error *err)
{
	const struct fed_decisions_wanted *w = t->wanted;
	const struct fed_input_plane *p = t->oracle.plane;
	struct fed_decisions *out = t->out;
	const bool three = p->kind == FED_PLANE_EXAMPLES;
	const uint32_t three_ids[3] = {p->data->train + p->example[0], p->data->train + p->example[1],
	                               p->data->train + p->example[2]};
	const struct placing of = {
		.id = three ? three_ids : NULL,
		.first = p->data->train,
		.all = three ? 3 : p->data->test,
		.n = three ? 3 : examples_of(t, w->examples, p->data->test),
		.step = three ? 1 : step_through(p->data->test),
	};
	if (regions_init(&out->global, w->columns, w->rows, t->coarse, err) ||
	    regions_init(&out->before, w->client_columns, w->client_rows, t->coarse, err))
		return FED_FAIL;
	if (t->models.global) {
		fill_regions(&t->oracle, t->models.global, &out->global);
		fill_regions(&t->oracle, t->models.before, &out->before);
	}
	out->n = of.n;
	out->example = fed_alloc_array(of.n ? of.n : 1, sizeof *out->example);
	if (!out->example)
		return fed_fail_memory(err, of.n * sizeof *out->example, "examples on the plane");
	place_examples(
		&t->oracle, &of,
		(const float *const[2]){t->models.global ? t->models.before : NULL, t->models.global},
		out->example);
	return FED_OK;
}

static void name_client(const struct taking *t, struct fed_client_decisions *c)
{
	const char *name = fed_client_name(&fed_session_parts(t->session)->clients, c->client);

	snprintf(c->name, sizeof c->name, "%s", name ? name : "");
}

static void describe_client(const struct taking *t, struct fed_client_decisions *c, uint32_t at)
{
	const struct fed_composition *parts = fed_session_parts(t->session);

	if (t->models.n) {
		const struct fed_client_verdict *v = t->models.update[at];

		*c = (struct fed_client_decisions){.client = v->client,
		                                   .staleness = v->staleness,
		                                   .updated = true,
		                                   .byzantine = v->byzantine,
		                                   .trusted =
		                                       t->models.arrived || fed_client_verdict_trusted(v)};
		return;
	}
	c->client = parts->clients.present[at];
	c->trusted = true;
	c->byzantine = fed_client_truth(&parts->clients, c->client) == FED_TRUTH_BYZANTINE;
	for (size_t i = 0; i < parts->faults.n; i++) {
		const struct fed_fault *fault = &parts->faults.fault[i];

		c->byzantine |= fault->kind == FED_FAULT_BYZANTINE &&
		                fed_fault_phase(t->session, fault) == FED_FAULT_ACTIVE &&
		                fed_client_ids_contain(fault->client, fault->n, c->client);
	}
}

static int take_client(struct taking *t, struct fed_client_decisions *c, uint32_t at,
                       struct fed_error *err)
{
	const struct fed_decisions_wanted *w = t->wanted;
	const float *after = t->models.global ? t->models.before : NULL;

	describe_client(t, c, at);
	name_client(t, c);
	const struct fed_client *row =
		fed_clients_get(&fed_session_parts(t->session)->clients, c->client);
	if (c->updated) {
		after = fed_client_models_own(&t->models, at);
		if (regions_init(&c->regions, w->client_columns, w->client_rows, t->coarse, err))
			return FED_FAIL;
		fill_regions(&t->oracle, after, &c->regions);
	}
	const struct placing of = {
		.id = row ? row->examples : NULL,
		.all = row ? row->count : 0,
		.n = row ? examples_of(t, w->client_examples, row->count) : 0,
		.step = row ? step_through(row->count) : 0,
		.shift = row && row->shifted ? &row->shift : NULL,
	};
	c->example = fed_alloc_array(of.n ? of.n : 1, sizeof *c->example);
	if (!c->example)
		return fed_fail_memory(err, of.n * sizeof *c->example, "examples on the plane");
	c->n = of.n;
	place_examples(&t->oracle, &of,
	               (const float *const[2]){t->models.global ? t->models.before : NULL, after},
	               c->example);
	return FED_OK;
}

static int oracle_init(struct oracle *o, const struct fed_input_plane *p,
                       const struct fed_session *s, struct fed_error *err)
{
	const struct fed_composition *parts = fed_session_parts(s);

	*o = (struct oracle){.plane = p,
	                     .net = parts->net_built ? &parts->net : NULL,
	                     .batch = p->data->shape.rank > 1 ? BATCH_IMAGES : BATCH};
	if (!o->net) {
		o->x = o->alone = fed_alloc_floats(o->batch * p->d);
		return o->x ? FED_OK : fed_fail_memory(err, o->batch * p->d * sizeof *o->x, "examples");
	}
	if (fed_workspace_init(&o->space, o->net, 0, o->net->layers, o->batch, false, err))
		return FED_FAIL;
	o->x = fed_workspace_input(&o->space);
	return FED_OK;
}

static void oracle_release(struct oracle *o)
{
	if (o->net)
		fed_workspace_release(&o->space);
	fed_free_floats(o->alone);
}

static int take(struct taking *t, struct fed_error *err)
{
	struct fed_decisions *out = t->out;

	out->client = fed_alloc_array(out->clients ? out->clients : 1, sizeof *out->client);
	if (!out->client)
		return fed_fail_memory(err, out->clients * sizeof *out->client, "the clients' regions");
	if (take_global(t, err))
		return FED_FAIL;
	for (uint32_t i = 0; i < out->clients; i++)
		if (take_client(t, &out->client[i], out->first + i, err))
			return FED_FAIL;
	return FED_OK;
}

int fed_decisions_take(struct fed_decisions *out, const struct fed_input_plane *p,
                       const struct fed_session *s, const struct fed_decisions_wanted *wanted,
                       struct fed_error *err)
{
	const struct fed_composition *parts = fed_session_parts(s);
	const uint32_t all = fed_decisions_clients(s);
	const uint32_t first = wanted->first < all ? wanted->first : all;
	struct taking t = {.session = s, .wanted = wanted, .out = out, .coarse = 1};

	if (!parts->data)
		return fed_reject(err, "there is no dataset yet; `dataset moons` chooses one");
	if (fed_client_models_init(&t.models, s, err))
		return FED_FAIL;
	*out = (struct fed_decisions){
		.version = fed_session_version(s),
		.modelled = parts->net_built,
		.arrived = t.models.arrived && t.models.n,
		.flops = 8.0 * (double)p->d +
	             (parts->net_built ? fed_net_flops(&parts->net, 0, parts->net.layers) : 0),
		.first = first,
		.all = all,
		.clients = all - first < wanted->clients ? all - first : wanted->clients,
	};
	choose_effort(&t);
	int rc = oracle_init(&t.oracle, p, s, err);
	if (rc == FED_OK) {
		rc = take(&t, err);
		oracle_release(&t.oracle);
	}
	fed_client_models_release(&t.models);
	if (rc)
		fed_decisions_release(out);
	return rc;
}
