/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/glossary/figures.c - figures of the session for words of the glossary.
 */
#include "shell/glossary/figures.h"

#include <math.h>

#include "history/metrics.h"
#include "plug/calls/call.h"
#include "report/client_table.h"
#include "session/composition.h"
#include "shell/output/settings.h"
#include "train/schemes/schemes.h"
#include "train/schemes/split.h"

/* "1 client", "2,000 clients" */
static void put_count(struct fed_text *out, double n, const char *one, const char *more)
{
	fed_text_count(out, n);
	fed_text_add(out, " %s", n == 1 ? one : more);
}

/* The composition ------------------------------------------------------------- */

bool fed__figure_dataset(const struct fed_session *s, struct fed_text *out)
{
	const struct fed_dataset *data = fed_session_parts(s)->data;

	if (data)
		fed__put_dataset(data, out);
	return data;
}

static bool put_plugin(const struct fed_instance *plugin, struct fed_text *out)
{
	if (!plugin->entry)
		return false;
	fed_text_add(out, "%s ", plugin->entry->head->name);
	fed__put_instance(plugin, out);
	while (out->len && out->s[out->len - 1] == ' ')
		out->s[--out->len] = '\0';
	return true;
}
bool fed__figure_model(const struct fed_session *s, struct fed_text *out)
{
	return put_plugin(&fed_session_parts(s)->model, out);
}
bool fed__figure_aggregator(const struct fed_session *s, struct fed_text *out)
{
	return put_plugin(&fed_session_parts(s)->aggregator, out);
}
bool fed__figure_transport(const struct fed_session *s, struct fed_text *out)
{
	return put_plugin(&fed_session_parts(s)->transport, out);
}
bool fed__figure_selection(const struct fed_session *s, struct fed_text *out)
{
	fed_text_add(out, "%s", fed_session_status(s).selection);
	return true;
}
bool fed__figure_scheme(const struct fed_session *s, struct fed_text *out)
{
	fed_text_add(out, "%s", fed_session_parts(s)->scheme->name);
	return true;
}
static void put_loaded(const struct fed_instance *x, struct fed_text *out)
{
	if (x && x->entry && !x->entry->builtin)
		fed_text_add(out, ", trainings with %s, which was loaded here", x->entry->head->name);
}

bool fed__figure_rank0(const struct fed_session *s, struct fed_text *out)
{
	const struct fed_composition *parts = fed_session_parts(s);
	const struct fed_federation *f = fed_session_federation(s);
	const struct fed_instance *rule = &parts->aggregator;

	fed_text_add(out, "rank 0 alone computes %s of %s",
	             rule->entry && fed_aggregation_keeps(rule) ? "the comparison of all updates"
	                                                        : "the sum",
	             rule->entry ? rule->entry->head->name : "fedavg");
	for (size_t i = 0; i < parts->faults.n; i++) {
		const struct fed_shared_attack *attack = parts->faults.fault[i].attack;
		const struct fed_attack *row = attack ? &attack->instance.entry->copy.attack : NULL;

		if (row && (row->craft || row->collude))
			fed_text_add(out, ", attack %s", row->head.name);
		put_loaded(attack ? &attack->instance : NULL, out);
	}
	if (fed_is_split(parts->scheme))
		fed_text_add(out, ", the turns of scheme %s", parts->scheme->name);
	put_loaded(&parts->model, out);
	put_loaded(rule, out);
	put_loaded(f && f->codec ? &f->codec->instance : NULL, out);
	return true;
}
bool fed__figure_parameters(const struct fed_session *s, struct fed_text *out)
{
	const struct fed_composition *parts = fed_session_parts(s);

	if (parts->net_built)
		put_count(out, (double)parts->net.dim, "parameter", "parameters");
	return parts->net_built;
}
bool fed__figure_clients(const struct fed_session *s, struct fed_text *out)
{
	put_count(out, fed_session_parts(s)->clients.n_present, "client", "clients");
	return true;
}
bool fed__figure_pool(const struct fed_session *s, struct fed_text *out)
{
	const struct fed_composition *parts = fed_session_parts(s);

	if (parts->data)
		put_count(out, parts->clients.pool.left, "example is left in the pool",
		          "examples are left in the pool");
	return parts->data;
}
bool fed__figure_faults(const struct fed_session *s, struct fed_text *out)
{
	const struct fed_session_status st = fed_session_status(s);

	put_count(out, (double)st.faults, "fault", "faults");
	fed_text_add(out, ", %zu active", st.faults_active);
	return true;
}
bool fed__figure_participants(const struct fed_session *s, struct fed_text *out)
{
	const struct fed_history *h = fed_session_history(s);

	if (h->n) {
		fed_text_add(out, "%.0f of ", h->record[h->n - 1].invited);
		fed__figure_clients(s, out);
		fed_text_add(out, " invited in the last round");
	}
	return h->n;
}

/* The run ---------------------------------------------------------------------- */

bool fed__figure_version(const struct fed_session *s, struct fed_text *out)
{
	fed_text_add(out, "version ");
	fed_text_count(out, (double)fed_session_version(s));
	return true;
}
bool fed__figure_clock(const struct fed_session *s, struct fed_text *out)
{
	fed_text_seconds(out, fed_session_clock(s));
	fed_text_add(out, " at version ");
	fed_text_count(out, (double)fed_session_version(s));
	return true;
}
bool fed__figure_phase(const struct fed_session *s, struct fed_text *out)
{
	const struct fed_session_status st = fed_session_status(s);

	if (st.phase != FED_PHASE_OPEN)
		fed_text_add(out, "no round is open");
	else
		fed_text_add(out, "round %llu is open: %.0f invited, %.0f reported",
		             (unsigned long long)st.version + 1, st.round.invited, st.round.reported);
	return true;
}
bool fed__figure_in_flight(const struct fed_session *s, struct fed_text *out)
{
	put_count(out, fed_session_status(s).at_work, "client is at work", "clients are at work");
	return true;
}
bool fed__figure_breakpoints(const struct fed_session *s, struct fed_text *out)
{
	put_count(out, (double)fed_session_status(s).breakpoints, "breakpoint", "breakpoints");
	return true;
}
bool fed__figure_kept_runs(const struct fed_session *s, struct fed_text *out)
{
	const struct fed_session_status st = fed_session_status(s);

	put_count(out, (double)st.rounds, "round", "rounds");
	fed_text_add(out, " in this run, ");
	put_count(out, (double)st.kept_runs, "kept run", "kept runs");
	return true;
}
bool fed__figure_events(const struct fed_session *s, struct fed_text *out)
{
	put_count(out, (double)fed_session_status(s).events, "event", "events");
	fed_text_add(out, " so far");
	return true;
}
/* Their names, as they are typed. */
bool fed__figure_metrics(const struct fed_session *s, struct fed_text *out)
{
	(void)s;
	fed_text_add(out, "accuracy, loss");
	for (const struct fed_field *row = fed_metrics; row->type; row++) {
		fed_text_add(out, ", ");
		fed_field_key(row, out);
	}
	return true;
}
bool fed__figure_messages(const struct fed_session *s, struct fed_text *out)
{
	const struct fed_costs *c = &fed_session_costs(s)->total;

	fed_text_count(out, (double)c->messages_up);
	fed_text_add(out, " up and ");
	fed_text_count(out, (double)c->messages_down);
	fed_text_add(out, " down since version 0");
	return true;
}
bool fed__figure_bytes(const struct fed_session *s, struct fed_text *out)
{
	const struct fed_costs *c = &fed_session_costs(s)->total;

	fed_text_bytes(out, (double)c->bytes_up);
	fed_text_add(out, " up and ");
	fed_text_bytes(out, (double)c->bytes_down);
	fed_text_add(out, " down since version 0");
	return true;
}
bool fed__figure_saved(const struct fed_session *s, struct fed_text *out)
{
	const struct fed_costs *c = &fed_session_costs(s)->total;
	const double plain = (double)(c->plain_up + c->plain_down),
				 sent = (double)(c->bytes_up + c->bytes_down);

	fed_text_bytes(out, sent);
	fed_text_add(out, " sent instead of ");
	fed_text_bytes(out, plain);
	return plain > 0;
}
bool fed__figure_flops(const struct fed_session *s, struct fed_text *out)
{
	const struct fed_costs *c = &fed_session_costs(s)->total;

	fed_text_si(out, c->client_flops, "FLOP");
	fed_text_add(out, " by clients, ");
	fed_text_si(out, c->server_flops, "FLOP");
	fed_text_add(out, " by the server since version 0");
	return true;
}

/* The last version's updates ---------------------------------------------------- */

static const struct fed_verdicts *verdicts_of(const struct fed_session *s)
{
	return &fed_session_federation(s)->verdicts;
}

bool fed__figure_verdicts(const struct fed_session *s, struct fed_text *out)
{
	const struct fed_verdicts *all = verdicts_of(s);
	size_t used = 0, trusted = 0;

	for (size_t i = 0; i < all->n; i++) {
		used += all->of[i].verdict.used;
		trusted += fed_client_verdict_trusted(&all->of[i]);
	}
	if (all->n) {
		put_count(out, (double)all->n, "update", "updates");
		fed_text_add(out, " in version %llu: %zu used, %zu suspect, %zu filtered",
		             (unsigned long long)fed_session_version(s), trusted, used - trusted,
		             all->n - used);
	}
	return all->n;
}

bool fed__figure_blamed(const struct fed_session *s, struct fed_text *out)
{
	const struct fed_verdicts *all = verdicts_of(s);
	size_t honest = 0, blamed = 0;

	for (size_t i = 0; i < all->n; i++) {
		if (all->of[i].secret)
			return false;
		honest += !all->of[i].byzantine;
		blamed += !all->of[i].byzantine && !fed_client_verdict_trusted(&all->of[i]);
	}
	if (all->n)
		fed_text_add(out, "%zu of %zu honest updates in version %llu", blamed, honest,
		             (unsigned long long)fed_session_version(s));
	return all->n;
}

/* The least and the largest of some figures, without those that are NaN. */
struct figure_range {
	double least, most;
	size_t n;
};
static void range_take(struct figure_range *r, double x)
{
	if (isnan(x))
		return;
	r->least = r->n && r->least < x ? r->least : x;
	r->most = r->n && r->most > x ? r->most : x;
	r->n++;
}
/* "0.023 to 9.25 over 4 updates of version 2" */
static bool range_put(const struct figure_range *r, const struct fed_session *s,
                      struct fed_text *out)
{
	if (!r->n)
		return false;
	fed_text_add(out, "%.4g", r->least);
	if (r->most > r->least)
		fed_text_add(out, " to %.4g", r->most);
	fed_text_add(out, " over ");
	put_count(out, (double)r->n, "update", "updates");
	fed_text_add(out, " of version %llu", (unsigned long long)fed_session_version(s));
	return true;
}

bool fed__figure_scores(const struct fed_session *s, struct fed_text *out)
{
	const struct fed_verdicts *all = verdicts_of(s);
	struct figure_range range = {0};

	for (size_t i = 0; i < all->n; i++)
		range_take(&range, all->of[i].verdict.score);
	return range_put(&range, s, out);
}
bool fed__figure_weights(const struct fed_session *s, struct fed_text *out)
{
	const struct fed_verdicts *all = verdicts_of(s);
	struct figure_range range = {0};

	for (size_t i = 0; i < all->n; i++)
		range_take(&range, all->of[i].verdict.weight);
	return range_put(&range, s, out);
}
bool fed__figure_groups(const struct fed_session *s, struct fed_text *out)
{
	const struct fed_verdicts *all = verdicts_of(s);
	double most = -1;

	for (size_t i = 0; i < all->n; i++)
		most = fmax(most, all->of[i].trust.group);
	if (most >= 0) {
		put_count(out, most + 1, "group", "groups");
		fed_text_add(out, " in version %llu", (unsigned long long)fed_session_version(s));
	}
	return most >= 0;
}

/* Norms, or cosines with the step, as the table of clients has them. */
static bool put_geometry(const struct fed_session *s, bool cosine, struct fed_text *out)
{
	const struct fed_clients *clients = &fed_session_parts(s)->clients;
	struct fed_client_table table = {0};
	struct figure_range range = {0};
	struct fed_error err;
	const bool made = verdicts_of(s)->n && fed_client_table_make(&table, s, &err) == FED_OK;

	for (uint32_t i = 0; made && i < clients->n_present; i++) {
		struct fed_client_table_row row;

		fed_client_table_figures(&table, s, clients->present[i], &row);
		range_take(&range, cosine ? row.cosine : row.norm);
	}
	fed_client_table_release(&table);
	return range_put(&range, s, out);
}
bool fed__figure_norms(const struct fed_session *s, struct fed_text *out)
{
	return put_geometry(s, false, out);
}
bool fed__figure_cosines(const struct fed_session *s, struct fed_text *out)
{
	fed_text_add(out, "cos(step) ");
	return put_geometry(s, true, out);
}

/* Split learning ------------------------------------------------------------------ */

/* The cuts; false, with the reason appended, where the model has none. */
static bool cuts_of(const struct fed_session *s, size_t at[2], struct fed_text *out)
{
	const struct fed_composition *parts = fed_session_parts(s);
	struct fed_error why = {""};

	if (!fed_is_split(parts->scheme))
		fed_text_add(out, "no cut, the scheme is %s; `scheme split` cuts the model",
		             parts->scheme->name);
	else if (!parts->net_built)
		fed_text_add(out, "no cut, there is no model yet; `round` or `model` makes one");
	else if (fed_split_cuts(parts->scheme_state, &parts->net, at, &why))
		fed_text_add(out, "no cut: %s", why.text);
	else
		return true;
	return false;
}

/* "layers 1 to 2 of 5, 5,202 of 7,001 parameters" */
static void put_layers(const struct fed_net *net, size_t first, size_t last, struct fed_text *out)
{
	size_t count = 0;

	for (size_t l = first; l < last; l++)
		count += net->layer[l].count;
	if (last - first == 1)
		fed_text_add(out, "layer %zu", first + 1);
	else
		fed_text_add(out, "layers %zu to %zu", first + 1, last);
	fed_text_add(out, " of %zu, ", net->layers);
	fed_text_count(out, (double)count);
	fed_text_add(out, " of ");
	put_count(out, (double)net->dim, "parameter", "parameters");
}

bool fed__figure_cut(const struct fed_session *s, struct fed_text *out)
{
	size_t at[2];

	if (cuts_of(s, at, out))
		fed__put_cut(s, out);
	return true;
}
bool fed__figure_head(const struct fed_session *s, struct fed_text *out)
{
	size_t at[2];

	if (cuts_of(s, at, out))
		put_layers(&fed_session_parts(s)->net, 0, at[0], out);
	return true;
}
bool fed__figure_tail(const struct fed_session *s, struct fed_text *out)
{
	const struct fed_net *net = &fed_session_parts(s)->net;
	size_t at[2];

	if (!cuts_of(s, at, out))
		return true;
	if (at[1] < net->layers)
		put_layers(net, at[1], net->layers, out);
	else
		fed_text_add(out, "none, the last layers are the server's; `scheme split labels=client` "
		                  "gives them to the clients");
	return true;
}
bool fed__figure_smashed(const struct fed_session *s, struct fed_text *out)
{
	const struct fed_net *net = &fed_session_parts(s)->net;
	size_t at[2];

	if (cuts_of(s, at, out))
		put_count(out, (double)fed_shape_size(&net->layer[at[0] - 1].out), "number an example",
		          "numbers an example");
	return true;
}
