/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/schemes/split_vertical.c - vertical split learning: parties that own different columns of
 * the same examples.
 *
 * The model's first layers treat the parts of the columns apart (nn/layers/block_dense.c), so that
 * each party computes its own outputs at the cut from its own columns.  The server puts them side
 * by side, has the labels, and sends each party its columns of the gradient.
 *
 * A party runs the head of the joint model on an example of which it has only its own columns, the
 * others being 0, and neither sends nor learns from the outputs that are not its own: their
 * gradients are 0, and what it is charged for is its own part.
 */
#include <string.h>

#include "base/mem.h"
#include "nn/columns.h"
#include "train/participants.h"
#include "train/round/invitations.h"
#include "base/fields.h"
#include "train/schemes/split_internal.h"

/* Settings that the scheme has once and for all. */
static const char *const at_once[] = {"off", "v1", "v2", NULL};
static const char *const joined[] = {"single", "batch", NULL};

const struct fed_field fed__vertical_fields[] = {
	FED_TEXT(struct fed_split, parts, "", NULL,
             "columns of each party, as 0-391,392-783; left out: as the model has them"),
	FED_LIST(struct fed_split, cut, NULL, 1, 10000,
             "layers of the parties, as `model` numbers them; left out: all that keep them apart"),
	FED_REAL(struct fed_split, server_speed, 1e13, 0, 1e18,
             "FLOP/s of the server in virtual time; 0: computing takes no time"),
	FED_ROW(struct fed_split, vertical, bool, FED_TYPE_FLAG, .def = 1, .flags = FED_FIELD_HIDDEN,
            .help = "columns are joined, not examples"),
	FED_ROW(struct fed_split, parallel, int, FED_TYPE_CHOICE, .def = FED_PARALLEL_V2,
            .choice = at_once, .flags = FED_FIELD_HIDDEN, .help = "all parties at once"),
	FED_ROW(struct fed_split, smashed, int, FED_TYPE_CHOICE, .def = FED_SMASHED_BATCH,
            .choice = joined, .flags = FED_FIELD_HIDDEN, .help = "one batch of all parties"),
	FED_END,
};

const char fed__vertical_doc[] =
	"Vertical federated learning: the parties own different columns of the same\n"
	"examples, as a bank and a shop that have the same customers. Each client that is\n"
	"present, in order, owns one part of the columns, and runs the first layers on it;\n"
	"the server puts the outputs side by side (concatenation), has the labels, and\n"
	"sends each party its columns of the gradient. No column leaves its party, no\n"
	"label the server.\n"
	"\n"
	"  parts=0-391,392-783   columns of each party: upper and lower half of 28x28\n"
	"  cut=3                 layers of the parties; they keep the columns apart\n"
	"\n"
	"The model is one whose first layers treat the parts apart: `model mlp\n"
	"parts=0-391,392-783`, or layers block_dense in a model of your own. It is trained\n"
	"as if all columns were in one place: the same gradients.\n"
	"\n"
	"A round is E epochs over the examples that all parties hold, which private set\n"
	"intersection would find; `add-client 2 iid samples=60000 reuse` gives all to each.\n"
	"Without one party there is no batch: when one is lost, the round ends for all\n"
	"(`log` says why). What the server and the others have learned stays; the head of\n"
	"the lost one is that from before the round. Before the first batch the round fails.\n"
	"\n"
	"Aggregator and selection have no effect, for no two parties have the same layers.\n"
	"Noise (`set noise`) is on activations; the codec for what clients send compresses\n"
	"activations and their gradients.\n"
	"\n"
	"Per batch of B examples and party: B x width numbers up and as many down, width\n"
	"being its share of the layer at the cut. Plain SGD.\n"
	"\n"
	"Source: Vepakomma et al. 2018 (vertically partitioned data); Ceballos et al. 2020.\n"
	"There one of the parties or a third has the labels; here it is the server.\n";

/* Layers ------------------------------------------------------------------------- */

/* Check that the setting `parts`, if any, is what the model has. */
static int check_parts(const struct fed_split *s, const struct fed_ranges *parts,
                       struct fed_error *err)
{
	struct fed_ranges wanted;
	char has[FED_RANGES_TEXT];

	if (!s->parts[0])
		return FED_OK;
	if (fed_ranges_parse(s->parts, &wanted, err))
		return FED_REJECT;
	fed_ranges_print(parts, has);
	bool same = wanted.n == parts->n;
	for (uint32_t k = 0; same && k < wanted.n; k++)
		same = wanted.range[k].first == parts->range[k].first &&
		       wanted.range[k].last == parts->range[k].last;
	return same ? FED_OK
	            : fed_reject(err, "parts=%s, and the model's first layer has the parts %s",
	                         s->parts, has);
}

int fed__vertical_cuts(const struct fed_split *s, const struct fed_net *net, size_t at[2],
                       struct fed_error *err)
{
	const struct fed_ranges *parts = fed_net_parts(net);

	if (!parts)
		return fed_reject(err,
		                  "the parties' columns must be apart in the model's first layers: `model "
		                  "mlp parts=%s`, or block_dense in a model of your own",
		                  s->parts[0] ? s->parts : "0-391,392-783");
	if (check_parts(s, parts, err))
		return FED_REJECT;
	const size_t most = fed_net_layers_apart(net);
	at[0] = s->cut.n ? (size_t)s->cut.v[0] : most;
	at[1] = net->layers;
	if (s->cut.n > 1)
		return fed_reject(err, "%lld cuts; scheme vertical takes one", (long long)s->cut.n);
	if (at[0] > most)
		return fed_reject(err,
		                  "cut=%zu: layer %zu joins the parties' columns; cut=%zu is the last that "
		                  "keeps them apart",
		                  at[0], most + 1, most);
	if (at[0] >= net->layers)
		return fed_reject(err, "the model has no layer that joins the parties' outputs");
	if (net->layer[at[0]].offset == 0 && at[0] == most)
		return fed_reject(err,
		                  "the parties have no layer to train: behind lora their block_dense is "
		                  "frozen, which has no adapter; take the model with lora=off");
	if (net->layer[at[0]].offset == 0)
		return fed_reject(err, "cut=%zu gives the parties no layer to train; take cut=%zu", at[0],
		                  at[0] + 1);
	return FED_OK;
}

static uint32_t parties_of(const struct fed_net *net)
{
	return fed_net_parts(net)->n;
}

static uint32_t party_of(const struct fed_turn *t)
{
	return (uint32_t)(t - t->split->turn);
}

size_t fed__turn_width(const struct fed_turn *t)
{
	const struct fed_net *net = t->federation->net;
	const size_t width = fed__cut_width(net, t->split->at[0]);

	return t->split->vertical ? width / parties_of(net) : width;
}

double fed__party_flops(const struct fed_turn *t)
{
	return fed_net_part_flops(t->federation->net, t->split->at[0], party_of(t));
}

size_t fed__turn_sent(const struct fed_turn *t)
{
	return ((size_t)t->epoch * t->row.count + t->from) * fed__turn_width(t);
}

size_t fed__turn_sends(const struct fed_turn *t)
{
	return (size_t)t->federation->plan.epochs * t->row.count * fed__turn_width(t);
}

/* Parties ------------------------------------------------------------------------ */

/* Examples that all parties hold, in the first one's order. */
static int find_common(const struct fed_federation *f, struct fed_split *s, struct fed_error *err)
{
	const struct fed_client *first = fed_clients_get(f->clients, s->turn[0].client);
	uint32_t *held = fed_alloc(f->data->train * sizeof *held); /* zeros: by how many parties */

	s->common = fed_alloc_array(first->count ? first->count : 1, sizeof *s->common);
	if (!held || !s->common) {
		fed_free(held);
		return fed_fail_memory(err, f->data->train * sizeof *held, "the common examples");
	}
	for (uint32_t k = 0; k < s->turns; k++) {
		const struct fed_client *c = fed_clients_get(f->clients, s->turn[k].client);

		for (uint32_t i = 0; i < c->count; i++)
			held[c->examples[i]] += held[c->examples[i]] == k;
	}
	s->n_common = 0;
	for (uint32_t i = 0; i < first->count; i++)
		if (held[first->examples[i]] == s->turns)
			s->common[s->n_common++] = first->examples[i];
	fed_free(held);
	return s->n_common ? FED_OK
	                   : fed_reject(err,
	                                "the parties hold no example in common; `remove-client all; "
	                                "add-client %u iid samples=%u reuse` gives all to each",
	                                s->turns, f->data->train);
}

int fed__vertical_choose(struct fed_federation *f, struct fed_split *s, struct fed_error *err)
{
	const uint32_t parties = parties_of(f->net), present = f->n_seen;
	uint32_t n = 0, chosen[FED_RANGES_MAX];

	if (fed_clients_are_remote(f->clients))
		return fed_reject(err, "scheme vertical needs to know which examples all parties hold, and "
		                       "clients on other machines do not tell; `scheme split` cuts the "
		                       "model for them, `transport local` simulates parties");
	for (uint32_t i = 0; i < present && n < parties; i++)
		if (fed_faults_present(f->faults, f->seen[i], f->version))
			chosen[n++] = f->seen[i];
	if (n < parties)
		return fed_reject(
			err,
			"%u parts and %u client%s present: each part needs a client that owns its "
			"columns",
			parties, n, n == 1 ? "" : "s");
	if (fed__split_check_memory(f, s, chosen, n, err))
		return FED_REJECT;
	s->turn = fed_alloc(n * sizeof *s->turn);
	s->queue = fed_alloc_array(n, sizeof *s->queue);
	if (!s->turn || !s->queue)
		return fed_fail_memory(err, n * sizeof *s->turn, "the turns");
	for (uint32_t i = 0; i < n; i++)
		s->turn[i] = (struct fed_turn){.federation = f, .split = s, .client = chosen[i]};
	s->turns = n;
	return find_common(f, s, err);
}

int fed__vertical_lost(struct fed_federation *f, struct fed_split *s, const struct fed_turn *lost,
                       struct fed_error *err)
{
	char why[96];

	if (s->ended)
		return FED_OK;
	s->ended = true;
	snprintf(why, sizeof why, "there is no batch without the columns of client %u", lost->client);
	if (s->serving == FED_SERVING_ALL) {
		fed_pool_join(f->pool, &s->all_job);
		s->serving = -1;
	}
	for (uint32_t i = 0; i < s->turns; i++) {
		struct fed_turn *t = &s->turn[i];
		int rc = FED_OK;

		t->joined = false;
		if (t->phase == FED_TURN_WAITING)
			t->phase = FED_TURN_OVER;
		else if (t->phase != FED_TURN_OVER && s->seen > 0)
			rc = fed__party_stops(t, why, err);
		else if (t->phase != FED_TURN_OVER && fed_invitation_of(f, t->client))
			rc = fed__invitation_lost(f, t->client, why, err);
		if (rc)
			return rc;
	}
	s->called = s->turns;
	return FED_OK;
}

/* Computations --------------------------------------------------------------------- */

void fed__vertical_hide(const struct fed_turn *t, float *x)
{
	const struct fed_net *net = t->federation->net;
	const struct fed_range own = fed_net_parts(net)->range[party_of(t)];
	const size_t size = fed_shape_size(&net->input);

	for (size_t i = 0; i < t->n; i++, x += size) {
		memset(x, 0, own.first * sizeof *x);
		memset(x + own.last + 1, 0, (size - own.last - 1) * sizeof *x);
	}
}

/* Move rows of one party's width between (n, width) and its columns of (n, all). */
static void move_columns(const struct fed_turn *t, float *all, float *own, bool out)
{
	const size_t width = fed__turn_width(t), at = party_of(t) * width;
	const size_t line = fed__cut_width(t->federation->net, t->split->at[0]);

	for (size_t i = 0; i < t->n; i++)
		if (out)
			memcpy(own + i * width, all + i * line + at, width * sizeof *own);
		else
			memcpy(all + i * line + at, own + i * width, width * sizeof *own);
}

void fed__vertical_take(const struct fed_turn *t, const float *all, float *own)
{
	move_columns(t, (float *)all, own, true);
}

void fed__vertical_put(const struct fed_turn *t, const float *own, float *all)
{
	move_columns(t, all, (float *)own, false);
}

void fed__vertical_keep(const struct fed_turn *t, float *params)
{
	for (size_t l = 0; l < t->split->at[0]; l++) {
		size_t at, n;

		fed_net_part_params(t->federation->net, l, party_of(t), &at, &n);
		memcpy(params + at, t->params + at, n * sizeof *params);
	}
}
