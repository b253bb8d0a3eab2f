/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/reach.c - the values that metrics can have in the rounds to come, from the composition
 * and the last round.
 */
#include "session/reach.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "session/internal.h"

struct reach {
	const struct fed_session *session;
	const struct fed_record *last;
	bool links; /* look at them, and at the rounds before */
};

#define RANGE(low, high, why) ((struct fed_metric_range){low, high, false, false, why})
#define NEVER(why) ((struct fed_metric_range){NAN, NAN, true, true, why})
/* From the last round on. */
#define RECENT(low, high, why) ((struct fed_metric_range){low, high, false, true, why})

/* Whether a client is Byzantine now or in a version to come, or (past) was. */
static bool has_attackers(const struct reach *r, bool past)
{
	const struct fed_faults *faults = &r->session->parts.faults;
	const struct fed_clients *clients = &r->session->parts.clients;

	for (size_t i = 0; i < faults->n; i++)
		if (faults->fault[i].kind == FED_FAULT_BYZANTINE &&
		    (past || (double)faults->fault[i].until > r->last->round))
			return true;
	for (uint32_t i = 0; i < clients->n_present; i++)
		if (fed_client_truth(clients, clients->present[i]) != FED_TRUTH_HONEST)
			return true;
	return false;
}

/* Why figures of attacks are missing, and the command that brings attackers: another one where
 * clients are on other machines. */
static const char *no_attackers(const struct reach *r)
{
	return fed_clients_are_remote(&r->session->parts.clients)
	           ? "no client is Byzantine; `role byzantine` changes that"
	           : "no client is Byzantine; `inject byzantine` changes that";
}

/* Metrics over the test examples. */
static struct fed_metric_range evaluated(const struct reach *r, size_t metric)
{
	const struct fed_composition *parts = &r->session->parts;

	if (parts->settings.eval_every == 0)
		return NEVER("nothing is evaluated; `set eval-every 1` changes that");
	if (metric == offsetof(struct fed_record, parameter_error)) {
		if (isnan(r->last->parameter_error) && !isnan(r->last->test_loss))
			return NEVER("no parameters are known that made the data");
		return RANGE(0, INFINITY, "it is never negative");
	}
	if (parts->data->test == 0)
		return NEVER("there are no test examples");
	if (metric == offsetof(struct fed_record, test_loss))
		return RANGE(0, INFINITY, "it is never negative");
	if (metric == offsetof(struct fed_record, perplexity)) {
		if (!parts->data->tokens)
			return NEVER("the data are no language");
		return RANGE(1, INFINITY, "it is never below 1");
	}
	if (parts->data->classes == 0)
		return NEVER("the data have no classes");
	if (metric == offsetof(struct fed_record, attack_success) && !has_attackers(r, true))
		return NEVER(no_attackers(r));
	return RANGE(0, 1, "it is a share, from 0 to 1");
}

/* Metrics that the setting `metrics` chooses. */
static struct fed_metric_range chosen(const struct reach *r, const struct fed_field *field)
{
	const struct fed_composition *parts = &r->session->parts;
	struct fed_chosen_metrics now;
	struct fed_error unused;

	if (fed_chosen_metrics_parse(parts->settings.metrics, &now, &unused) == FED_OK &&
	    !fed_chosen_metrics_have(&now, field->offset))
		return NEVER("it is not measured; `set metrics` chooses it");
	if (parts->settings.eval_every == 0)
		return NEVER("nothing is evaluated; `set eval-every 1` changes that");
	if (parts->data->test == 0)
		return NEVER("there are no test examples");
	if (field->offset == offsetof(struct fed_record, r2))
		return RANGE(-INFINITY, 1, "it is never above 1");
	return parts->data->classes ? RANGE(0, 1, "it is from 0 to 1")
	                            : RANGE(0, INFINITY, "it is never negative");
}

/* What only faults move. */
static struct fed_metric_range by_faults(const struct reach *r, size_t metric)
{
	const char *why = no_attackers(r);
	/* Updates of older versions may be theirs though they are honest again. */
	const bool any = has_attackers(r, r->session->parts.scheme->overlaps);

	if (metric == offsetof(struct fed_record, attackers))
		return any ? RANGE(0, INFINITY, "it is never negative") : RECENT(0, 0, why);
	if (!any)
		return NEVER(why);
	if (metric == offsetof(struct fed_record, honest_distance))
		return RANGE(0, INFINITY, "it is never negative");
	return RANGE(0, 1, "it is a share, from 0 to 1");
}

/* What clients measure on the examples that they hold out. */
static struct fed_metric_range by_clients(const struct reach *r, const struct fed_field *field)
{
	const struct fed_composition *parts = &r->session->parts;
	const bool counts = field->offset == offsetof(struct fed_record, clients_measured) ||
	                    field->offset == offsetof(struct fed_record, clients_missing);
	const bool is_loss = field->offset == offsetof(struct fed_record, clients_loss);

	if (r->links && !fed_clients_evaluating(&parts->clients))
		return NEVER(
			"no client holds examples out; `set holdout 0.2` before `add-client` does that");
	if (counts && parts->settings.evaluate_over != FED_EVALUATE_NETWORK)
		return NEVER(
			"the laboratory looks at the clients; `set evaluate-over network` sends messages");
	if (counts)
		return RANGE(0, parts->clients.n_present, "it is at most the number of clients");
	if (!is_loss && parts->net_built && !parts->net.classes)
		return NEVER("a regression has no accuracy; clients-loss is its figure");
	if (parts->settings.eval_every == 0)
		return NEVER("the model is never evaluated; `set eval-every 1` changes that");
	return is_loss ? RANGE(0, INFINITY, "it is never negative")
	               : RANGE(0, 1, "it is a share, from 0 to 1");
}

static bool has_lossy_link(const struct fed_clients *clients)
{
	for (uint32_t i = 0; i < clients->n_present; i++)
		if (clients->client[clients->present[i]].link.drop_rate > 0)
			return true;
	return false;
}

/* How invitations end. */
static struct fed_metric_range counted(const struct reach *r, size_t metric)
{
	const struct fed_composition *parts = &r->session->parts;
	const struct fed_scheme *scheme = parts->scheme;
	const bool faults = parts->faults.n > 0;

	if (metric == offsetof(struct fed_record, late) && !faults && r->last->late == 0 &&
	    !(scheme->drops_late && scheme->drops_late(parts->scheme_state)))
		return RECENT(0, 0, "nothing makes work late, with these settings");
	if (metric == offsetof(struct fed_record, lost) && !faults && r->links && r->last->lost == 0 &&
	    parts->transport.entry->builtin && !has_lossy_link(&parts->clients))
		return RECENT(0, 0, "no link and no fault loses messages; `inject lossy` changes that");
	if (!scheme->overlaps)
		return RECENT(0, parts->clients.n_present, "it is at most the number of clients");
	return RANGE(0, INFINITY, "it is never negative");
}

static struct fed_metric_range learning_rate(const struct reach *r)
{
	const double decay = r->session->parts.settings.lr_decay;

	if (decay == 1)
		return RECENT(r->last->lr, r->last->lr, "it stays as it is; `set lr-decay` changes that");
	return decay < 1 ? RECENT(0, r->last->lr, "it only falls")
	                 : RECENT(r->last->lr, INFINITY, "it only rises");
}

/* Costs of a round --------------------------------------------------------- */

enum { STEADY = 5 }; /* rounds in which they were the same */

#define IS(m) (metric == offsetof(struct fed_record, m))

/* Whether nothing makes one round's messages and work differ from another's: no invitation ends
 * otherwise than the one before, and either each client takes part, or it does not matter which. */
static bool is_steady(const struct reach *r, size_t metric)
{
	const struct fed_composition *parts = &r->session->parts;
	const struct fed_scheme *scheme = parts->scheme;
	const bool everyone = r->last->invited == parts->clients.n_present;
	const bool alike = !scheme->message && !IS(client_flops) &&
	                   strcmp(parts->settings.codec, "none") == 0 &&
	                   (!parts->selection.entry || parts->selection.entry->builtin);

	return !scheme->overlaps && (everyone || alike) && parts->faults.n == 0 &&
	       r->last->reported == r->last->invited && parts->transport.entry->builtin &&
	       !(scheme->drops_late && scheme->drops_late(parts->scheme_state)) &&
	       !has_lossy_link(&parts->clients);
}

static struct fed_metric_range costs(const struct reach *r, const struct fed_field *field)
{
	const struct fed_history *h = &r->session->history;
	const double now = fed_metric_value(field, r->last);
	size_t same = 0;

	while (same < h->n && fed_metric_value(field, &h->record[h->n - 1 - same]) == now)
		same++;
	if (r->links && same >= STEADY && is_steady(r, field->offset))
		return RECENT(now, now, "it is the same in each round, and no setting or fault moves it");
	return RANGE(0, INFINITY, "it is never negative");
}

static struct fed_metric_range range_of(const void *ctx, const struct fed_field *field)
{
	const struct reach *r = ctx;
	const size_t metric = field->offset;

	if (strncmp(field->name, "clients_", 8) == 0)
		return by_clients(r, field);
	if (fed_chosen_metric_needs(metric))
		return chosen(r, field);
	if (IS(test_accuracy) || IS(test_loss) || IS(perplexity) || IS(attack_success) ||
	    IS(parameter_error))
		return evaluated(r, metric);
	if (IS(attackers) || IS(defence_precision) || IS(defence_recall) || IS(honest_distance))
		return by_faults(r, metric);
	if (IS(invited) || IS(reported) || IS(used) || IS(refused) || IS(lost) || IS(late))
		return counted(r, metric);
	if (IS(staleness) && !r->session->parts.scheme->overlaps)
		return RECENT(0, 0, "the scheme uses no update of an older version");
	if (IS(round) || IS(clock) || IS(updates))
		return RECENT(fed_metric_value(field, r->last), INFINITY, "it only rises");
	if (IS(server_wait) && isnan(r->last->server_wait))
		return NEVER("the server has no link of its own; `set server-link` changes that");
	if (IS(lr))
		return learning_rate(r);
	if (IS(bytes_up) || IS(bytes_down) || IS(messages) || IS(client_flops) || IS(server_flops))
		return costs(r, field);
	return RANGE(0, INFINITY, "it is never negative");
}
#undef IS

int fed__session_can_reach(const struct fed_session *s, const struct fed_condition *until,
                           bool links, struct fed_error *err)
{
	const struct reach r = {s, &s->history.record[s->history.n - 1], links};
	const struct fed_metric_ranges ranges = {range_of, &r};
	struct fed_metric_range range;
	const char *name;

	if (fed_condition_may_hold(until, &ranges, &name, &range))
		return FED_OK;
	return fed_reject(err, "%s cannot come, so the run stops at version %.0f: %s: %s",
	                  fed_show(fed_condition_text(until)).s, r.last->round, name, range.why);
}
