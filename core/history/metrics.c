/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history/metrics.c - field rows of a round's metrics, and the history.
 */
#include "history/metrics.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "train/round/chosen_metrics.h"

#define METRIC(m, h)                                                                        \
	FED_ROW(struct fed_record, m, double, FED_TYPE_REAL, .min = -INFINITY, .max = INFINITY, \
	        .flags = FED_FIELD_READONLY, .help = (h))
/* One that the first saved files lacked. */
#define METRIC_LATER(m, h)                                                                  \
	FED_ROW(struct fed_record, m, double, FED_TYPE_REAL, .min = -INFINITY, .max = INFINITY, \
	        .flags = FED_FIELD_READONLY | FED_FIELD_LATER, .help = (h))
const struct fed_field fed_metrics[] = {
	METRIC(round, "the version that the round made"),
	METRIC(clock, "virtual seconds since the session began"),
	METRIC(wall, "real seconds that training and averaging took"),
	METRIC(test_accuracy, "share of the test examples that the model gets right"),
	METRIC(test_loss, "mean loss over the test examples"),
	METRIC(train_loss, "mean of the used clients' local losses, by weight"),
	METRIC(step_norm, "Euclidean length of the step"),
	METRIC(updates, "updates in the model since version 0"),
	METRIC(staleness, "mean over the used updates: versions made while they were in flight"),
	METRIC(invited, "clients that were sent the model"),
	METRIC(reported, "clients whose update arrived and was taken"),
	METRIC(used, "clients whose update is part of the step"),
	METRIC(refused, "clients whose update the gate or the aggregator refused"),
	METRIC(lost, "clients whose message was lost"),
	METRIC(late, "clients whose work was dropped, as the round did not wait for it"),
	METRIC(attackers, "reported updates that Byzantine clients sent"),
	METRIC(defence_precision, "share of the filtered updates that Byzantine clients sent"),
	METRIC(defence_recall, "share of the Byzantine updates that were filtered"),
	METRIC(honest_distance, "Euclidean distance of the step from the mean of the honest updates"),
	METRIC(attack_success, "share of the test examples that a backdoor's trigger turns"),
	METRIC(parameter_error, "Euclidean distance of the model from the one that made the data"),
	METRIC(bytes_up, "bytes from clients to the server"),
	METRIC(bytes_down, "bytes from the server to clients"),
	METRIC(messages, "messages sent"),
	METRIC(client_flops, "floating point operations of all clients"),
	METRIC(server_flops, "floating point operations of the server"),
	METRIC(lr, "learning rate of the clients"),
	METRIC_LATER(server_wait, "seconds that messages waited for the server's link, together"),
	METRIC_LATER(clients_accuracy, "mean over the clients of accuracy on their held-out examples"),
	METRIC_LATER(clients_loss, "mean over the clients of the loss on their held-out examples"),
	METRIC_LATER(clients_weighted, "accuracy over all held-out examples, of all clients together"),
	METRIC_LATER(clients_deviation, "standard deviation of the clients' accuracies"),
	METRIC_LATER(clients_worst_tenth,
                 "mean accuracy of the tenth of the clients that is served worst"),
	METRIC_LATER(clients_worst, "accuracy of the client that is served worst"),
	METRIC_LATER(clients_fairness, "Jain's index of the clients' accuracies: 1 if all are equal"),
	METRIC_LATER(client_memory, "bytes that training takes at a client: layers, activations"),
	METRIC_LATER(perplexity, "e to the test loss of a language model"),
	METRIC_LATER(unseen_accuracy, "mean accuracy over the clients that never take part"),
	METRIC_LATER(unseen_loss, "mean loss over the clients that never take part"),
	METRIC_LATER(unseen_worst_tenth, "accuracy of the worst tenth of those that never take part"),
	METRIC_LATER(macro_f1, "mean over the classes of F1 on the test examples"),
	METRIC_LATER(balanced_accuracy, "mean over the classes of the share that the model finds"),
	METRIC_LATER(worst_class, "share that the model finds of the class that it knows worst"),
	METRIC_LATER(auc,
                 "mean over the classes of the area under the ROC curve, each against the rest"),
	METRIC_LATER(class_recall, "share of the chosen class' test examples that the model finds"),
	METRIC_LATER(class_precision, "share of the answers with the chosen class that are right"),
	METRIC_LATER(class_f1, "F1 of the chosen class: harmonic mean of its precision and recall"),
	METRIC_LATER(mae, "mean absolute error of a regression on the test examples"),
	METRIC_LATER(rmse, "root mean squared error of a regression on the test examples"),
	METRIC_LATER(r2, "share of the test targets' variance that a regression explains"),
	METRIC_LATER(clients_measured,
                 "clients whose figures reached the server (evaluate-over network)"),
	METRIC_LATER(clients_missing, "clients that were asked for their figures in vain"),
	METRIC_LATER(evaluation_bytes, "bytes of the messages of the evaluation by the clients"),
	METRIC_LATER(evaluation_seconds, "virtual seconds that the evaluation by the clients took"),
	FED_END,
};
#undef METRIC
#undef METRIC_LATER

static const struct {
	const char *typed, *name;
} short_names[] = {
	{"accuracy", "test_accuracy"},
	{"loss", "test_loss"},
	{"version", "round"},
};
#define SHORT_NAMES (sizeof short_names / sizeof *short_names)

static const char *name_at(const void *ctx, size_t i)
{
	const size_t rows = sizeof fed_metrics / sizeof *fed_metrics - 1;

	(void)ctx;
	if (i < rows)
		return fed_metrics[i].name;
	return i - rows < SHORT_NAMES ? short_names[i - rows].typed : NULL;
}

int fed_metric_find(const char *name, const struct fed_field **out, struct fed_error *err)
{
	const char *wanted = name;

	for (size_t i = 0; i < SHORT_NAMES; i++)
		if (strcmp(name, short_names[i].typed) == 0)
			wanted = short_names[i].name;
	*out = fed_fields_find(fed_metrics, wanted);
	if (*out)
		return FED_OK;

	const char *near = fed_nearest(name, name_at, NULL);

	if (near)
		return fed_fail(err, "no metric is called %s; did you mean %s?", fed_show(name).s, near);
	return fed_fail(
		err,
		"no metric is called %s; there are accuracy, loss, train-loss, clock, bytes-up and "
		"others, which `explain metrics` lists",
		fed_show(name).s);
}

double fed_metric_value(const struct fed_field *metric, const struct fed_record *record)
{
	return fed_field_number(metric, record);
}

bool fed_metric_is_share(const struct fed_field *metric)
{
	static const size_t shares[] = {
		offsetof(struct fed_record, test_accuracy),
		offsetof(struct fed_record, attack_success),
		offsetof(struct fed_record, clients_accuracy),
		offsetof(struct fed_record, clients_weighted),
		offsetof(struct fed_record, clients_deviation),
		offsetof(struct fed_record, clients_worst_tenth),
		offsetof(struct fed_record, clients_worst),
		offsetof(struct fed_record, unseen_accuracy),
		offsetof(struct fed_record, unseen_worst_tenth),
		offsetof(struct fed_record, balanced_accuracy),
		offsetof(struct fed_record, worst_class),
		offsetof(struct fed_record, class_recall),
		offsetof(struct fed_record, class_precision),
	};

	for (size_t i = 0; i < sizeof shares / sizeof *shares; i++)
		if (metric->offset == shares[i])
			return true;
	return false;
}

/* Metrics of an evaluation by messages. */
static bool is_by_messages(const struct fed_field *row)
{
	return row->offset == offsetof(struct fed_record, clients_measured) ||
	       row->offset == offsetof(struct fed_record, clients_missing) ||
	       row->offset == offsetof(struct fed_record, evaluation_bytes) ||
	       row->offset == offsetof(struct fed_record, evaluation_seconds);
}

const char *fed_metric_needs(const struct fed_field *row)
{
	if (is_by_messages(row))
		return "`set evaluate-over network`, and `set holdout 0.2` before add-client";
	if (strncmp(row->name, "clients_", 8) == 0)
		return "`set holdout 0.2` before add-client";
	if (strncmp(row->name, "unseen_", 7) == 0)
		return "`set unseen 20%` and `set holdout 0.2` before add-client";
	return fed_chosen_metric_needs(row->offset);
}

void fed_metric_put(const struct fed_field *metric, double value, struct fed_text *out)
{
	const char *name = metric->name;

	if (!isfinite(value))
		fed_text_add(out, isnan(value) ? "-" : "%g", value);
	else if (fed_metric_is_share(metric))
		fed_text_add(out, "%.2f %%", 100 * value);
	else if (strstr(name, "bytes") || strcmp(name, "client_memory") == 0)
		fed_text_bytes(out, value);
	else if (strcmp(name, "clock") == 0 || strcmp(name, "wall") == 0 ||
	         strcmp(name, "server_wait") == 0 || strcmp(name, "evaluation_seconds") == 0)
		fed_text_clock(out, value);
	else if (strstr(name, "flops"))
		fed_text_si(out, value, "FLOP");
	else if (value == floor(value) && !strstr(name, "loss"))
		fed_text_count(out, value);
	else
		fed_text_number(out, strcmp(name, "lr") == 0 ? "%.4g" : "%#.4g", value);
}

bool fed__metric_counts(const struct fed_field *metric)
{
	static const size_t counters[] = {
		offsetof(struct fed_record, invited),      offsetof(struct fed_record, reported),
		offsetof(struct fed_record, refused),      offsetof(struct fed_record, lost),
		offsetof(struct fed_record, late),         offsetof(struct fed_record, bytes_up),
		offsetof(struct fed_record, bytes_down),   offsetof(struct fed_record, messages),
		offsetof(struct fed_record, client_flops), offsetof(struct fed_record, server_flops),
		offsetof(struct fed_record, server_wait),
	};

	for (size_t i = 0; i < sizeof counters / sizeof *counters; i++)
		if (metric->offset == counters[i])
			return true;
	return false;
}

bool fed_record_is_lost(const struct fed_record *r)
{
	return !isfinite(r->train_loss) || isinf(r->test_loss) ||
	       (isnan(r->test_loss) && !isnan(r->test_accuracy));
}

uint64_t fed_record_digest(const struct fed_record *r)
{
	uint64_t h = 0xcbf29ce484222325u; /* FNV-1a by words */

	for (const struct fed_field *row = fed_metrics; row->type; row++) {
		const double x = fed_metric_value(row, r);
		uint64_t bits = 0x7ff8000000000000u; /* of any NaN */

		/* A later metric that was not measured is as if it did not exist. */
		if (row->offset == offsetof(struct fed_record, wall) ||
		    row->offset == offsetof(struct fed_record, perplexity) ||    /* follows from the loss */
		    row->offset == offsetof(struct fed_record, client_memory) || /* from the model */
		    (isnan(x) && row->flags & FED_FIELD_LATER))
			continue;
		if (!isnan(x))
			memcpy(&bits, &x, sizeof bits);
		for (const char *c = row->name; *c; c++)
			h = (h ^ (unsigned char)*c) * 0x100000001b3u;
		h = (h ^ bits) * 0x100000001b3u;
		h ^= h >> 29;
	}
	return h;
}

int fed_history_reserve(struct fed_history *h, struct fed_error *err)
{
	if (h->n < h->capacity)
		return FED_OK;
	const size_t more = h->capacity ? 2 * h->capacity : 64;
	struct fed_record *grown =
		fed_resize(h->record, h->capacity * sizeof *grown, more * sizeof *grown);
	if (!grown)
		return fed_fail_memory(err, more * sizeof *grown, "the history");
	h->record = grown;
	h->capacity = more;
	return FED_OK;
}

int fed_history_add(struct fed_history *h, const struct fed_record *record, struct fed_error *err)
{
	if (fed_history_reserve(h, err))
		return FED_FAIL;
	h->record[h->n++] = *record;
	return FED_OK;
}

bool fed_metric_is_evaluated(const struct fed_field *metric)
{
	return strncmp(metric->name, "clients_", 8) == 0 || strncmp(metric->name, "unseen_", 7) == 0 ||
	       metric->offset == offsetof(struct fed_record, test_accuracy) ||
	       metric->offset == offsetof(struct fed_record, test_loss) ||
	       metric->offset == offsetof(struct fed_record, perplexity) ||
	       fed_chosen_metric_needs(metric->offset) || is_by_messages(metric) ||
	       metric->offset == offsetof(struct fed_record, attack_success) ||
	       metric->offset == offsetof(struct fed_record, parameter_error);
}

/* Whether a round was not evaluated, though its losses are finite. */
static bool is_unevaluated(const struct fed_record *r)
{
	return isnan(r->test_loss) && isnan(r->test_accuracy) && isfinite(r->train_loss);
}

bool fed_metric_is_due(const struct fed_field *metric, const struct fed_record *r)
{
	return !fed_metric_is_evaluated(metric) || !is_unevaluated(r);
}

double fed_history_figure(const struct fed_history *h, const struct fed_field *metric, size_t back)
{
	if (back >= h->n)
		return NAN;
	size_t i = h->n - 1 - back;
	while (back == 0 && i > 0 && !fed_metric_is_due(metric, &h->record[i]))
		i--;
	return fed_metric_value(metric, &h->record[i]);
}

void fed_history_clear(struct fed_history *h)
{
	h->n = 0;
}

void fed_history_release(struct fed_history *h)
{
	fed_free(h->record);
	*h = (struct fed_history){0};
}

/* Add what is known of a round. */
static void add_known(double *sum, double x)
{
	if (isfinite(x))
		*sum = isfinite(*sum) ? *sum + x : x;
}

void fed_history_total(const struct fed_history *h, struct fed_record *total)
{
	*total = (struct fed_record){.train_loss = NAN, .client_memory = NAN};
	fed_record_forget_evaluation(total);
	if (h->n == 0)
		return;

	*total = h->record[h->n - 1];
	for (size_t i = 0; i + 1 < h->n; i++) {
		const struct fed_record *r = &h->record[i];

		total->wall += r->wall;
		total->invited += r->invited;
		total->reported += r->reported;
		total->used += r->used;
		total->refused += r->refused;
		total->lost += r->lost;
		total->late += r->late;
		total->attackers += r->attackers;
		total->bytes_up += r->bytes_up;
		total->bytes_down += r->bytes_down;
		total->messages += r->messages;
		total->client_flops += r->client_flops;
		total->server_flops += r->server_flops;
		add_known(&total->server_wait, r->server_wait);
		add_known(&total->clients_missing, r->clients_missing);
		add_known(&total->evaluation_bytes, r->evaluation_bytes);
		add_known(&total->evaluation_seconds, r->evaluation_seconds);
	}
}

void fed_record_json(const struct fed_record *record, struct fed_text *out)
{
	fed_text_add(out, "{\"v\":1,\"event\":\"round\"");
	for (const struct fed_field *row = fed_metrics; row->type; row++) {
		fed_text_add(out, ",\"%s\":", row->name);
		fed_text_json_number(out, fed_metric_value(row, record));
	}
	fed_text_put(out, "}", 1);
}
