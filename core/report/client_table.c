/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/client_table.c - figures of clients, their filter and their order.
 */
#include "report/client_table.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "history/condition.h"
#include "history/event_log.h"
#include "base/mem.h"
#include "train/clients/names.h"
#include "plug/distances.h"
#include "session/composition.h"
#include "session/inject.h"
#include "history/client_selector.h"

const char *const fed_activity_names[FED_ACTIVITIES + 1] = {
	"idle",    "downloading", "training", "holding",   "uploading", "queued", "done",
	"refused", "lost",        "late",     "cancelled", "away",      NULL};
const char *const fed_verdict_kind_names[] = {"none",     "used",    "suspect",
                                              "filtered", "skipped", NULL};

#define FIGURE(m, h)                                                                 \
	FED_ROW(struct fed_client_table_row, m, double, FED_TYPE_REAL, .min = -INFINITY, \
	        .max = INFINITY, .flags = FED_FIELD_READONLY, .help = (h))
const struct fed_field fed_client_table_fields[] = {
	FIGURE(client, "the client's number"),
	FED_CHOICE(struct fed_client_table_row, state, 0, fed_activity_names, "what it does now"),
	FIGURE(examples, "examples that it holds"),
	FIGURE(labels, "different labels among them"),
	FIGURE(device, "FLOP/s; infinite where computing takes no time"),
	FIGURE(link, "bytes/s down; infinite where there is no limit"),
	FIGURE(updates, "its updates that were used"),
	FIGURE(staleness, "versions made while its last update was in flight"),
	FIGURE(loss, "its last local loss"),
	FIGURE(accuracy, "of the global model on the examples that it holds out"),
	FIGURE(own_accuracy, "of its own model, where that is not the global one, on the same"),
	FIGURE(model, "of several global models (ifca) the one that it last chose, from 1"),
	FIGURE(norm, "Euclidean length of its update of the last version"),
	FIGURE(cosine, "of the angle between that update and the step"),
	FIGURE(score, "what the aggregator's rule made of its last update"),
	FIGURE(weight, "share of its last update in the step"),
	FED_CHOICE(struct fed_client_table_row, verdict, 0, fed_verdict_kind_names,
               "the aggregator's, on its last update; none if that was lost"),
	FIGURE(bytes, "sent by it and to it in rounds that have ended"),
	FIGURE(faults, "injected into it, active or to come"),
	FED_FLAG(struct fed_client_table_row, byzantine, "under an active Byzantine fault"),
	FED_FLAG(struct fed_client_table_row, unseen, "it never takes part in training"),
	FED_END,
};
#undef FIGURE

/* An update of the last version; its lengths are computed on first use. */
struct fed_measured_updates {
	uint32_t client, at; /* at: index among the verdicts */
	bool known;
	double norm, cosine;
};

/* Groups of figures with a common lookup. */
enum need {
	NEED_STATE = 1,
	NEED_VERDICT = 2,
	NEED_LENGTHS = 4,
	NEED_LABELS = 8,
	NEED_BYTES = 16,
	NEED_FAULTS = 32,
	NEED_ALL = 63
};

static unsigned need_of(const struct fed_field *field)
{
	static const struct {
		size_t offset;
		enum need need;
	} needs[] = {
		{offsetof(struct fed_client_table_row, state), NEED_STATE},
		{offsetof(struct fed_client_table_row, staleness), NEED_VERDICT},
		{offsetof(struct fed_client_table_row, score), NEED_VERDICT},
		{offsetof(struct fed_client_table_row, weight), NEED_VERDICT},
		{offsetof(struct fed_client_table_row, verdict), NEED_VERDICT},
		{offsetof(struct fed_client_table_row, norm), NEED_LENGTHS},
		{offsetof(struct fed_client_table_row, cosine), NEED_LENGTHS},
		{offsetof(struct fed_client_table_row, labels), NEED_LABELS},
		{offsetof(struct fed_client_table_row, bytes), NEED_BYTES},
		{offsetof(struct fed_client_table_row, faults), NEED_FAULTS},
		{offsetof(struct fed_client_table_row, byzantine), NEED_FAULTS},
	};

	for (size_t i = 0; field && i < sizeof needs / sizeof *needs; i++)
		if (needs[i].offset == field->offset)
			return needs[i].need;
	return 0;
}

/* Activity --------------------------------------------------------------------- */

/* The first event of the open round, or of the last one if none is open. */
static uint64_t first_recent_event(const struct fed_session *s)
{
	const struct fed_event_log *r = fed_session_event_log(s);
	const uint64_t version = fed_session_version(s);

	if (fed_session_open(s))
		return r->opened ? r->opened : r->n + 1;
	return fed_event_log_since(r, version ? version - 1 : 0);
}

static bool is_away(const struct fed_session *s, uint32_t client, uint64_t version)
{
	const struct fed_composition *parts = fed_session_parts(s);

	return parts->faults.n &&
	       (fed_fault_on(&parts->faults, FED_FAULT_OFFLINE, client, version, NULL) ||
	        !fed_faults_present(&parts->faults, client, version));
}

enum fed_activity fed_activity_of(const struct fed_invitation_record *x)
{
	static const uint8_t activity[FED_INVITATION_STATES] = {
		[FED_INVITATION_DOWNLOADS] = FED_ACTIVITY_DOWNLOADS,
		[FED_INVITATION_COMPUTES] = FED_ACTIVITY_TRAINS,
		[FED_INVITATION_HELD] = FED_ACTIVITY_HOLDS,
		[FED_INVITATION_UPLOADS] = FED_ACTIVITY_UPLOADS,
		[FED_INVITATION_REPORTED] = FED_ACTIVITY_DONE,
		[FED_INVITATION_REFUSED] = FED_ACTIVITY_REFUSED,
		[FED_INVITATION_LOST] = FED_ACTIVITY_LOST,
		[FED_INVITATION_LATE] = FED_ACTIVITY_LATE,
		[FED_INVITATION_CANCELLED] = FED_ACTIVITY_CANCELLED,
	};

	return fed_invitation_is_queued(x) ? FED_ACTIVITY_QUEUES
	                                   : (enum fed_activity)activity[x->state];
}

static enum fed_activity current_activity(const struct fed_session *s, uint32_t client,
                                          const struct fed_invitation_record *last, uint64_t since)
{
	if (last && (last->state < FED_INVITATION_REPORTED || last->end >= since))
		return fed_activity_of(last);
	return is_away(s, client, fed_session_version(s)) ? FED_ACTIVITY_AWAY : FED_ACTIVITY_IDLE;
}

static void fill_verdict(const struct fed_invitation_log *j,
                         const struct fed_invitation_record *last, struct fed_client_table_row *row)
{
	/* While one is in flight the last verdict stays; what has arrived, and is not judged yet, has
	 * none, and what was lost neither. */
	while (last && !last->step && last->state < FED_INVITATION_REPORTED)
		last = fed_invitation_log_before(j, last);
	if (!last || !last->step)
		return;
	row->staleness = (double)(last->step - 1 - last->version);
	row->score = last->score;
	row->weight = last->weight;
	row->verdict = last->skipped   ? FED_VERDICT_SKIPPED
	               : last->trusted ? FED_VERDICT_USED
	               : last->used    ? FED_VERDICT_DISTRUSTED
	                               : FED_VERDICT_FILTERED;
}

static void fill_faults(const struct fed_session *s, uint32_t client,
                        struct fed_client_table_row *row)
{
	const struct fed_composition *parts = fed_session_parts(s);

	row->faults = 0;
	row->byzantine = fed_client_truth(&parts->clients, client) == FED_TRUTH_BYZANTINE;
	for (size_t i = 0; i < parts->faults.n; i++) {
		const struct fed_fault *fault = &parts->faults.fault[i];
		const enum fed_fault_phase phase = fed_fault_phase(s, fault);

		if (phase == FED_FAULT_OVER || !fed_client_ids_contain(fault->client, fault->n, client))
			continue;
		row->faults++;
		if (fault->kind == FED_FAULT_BYZANTINE && phase == FED_FAULT_ACTIVE)
			row->byzantine = true;
	}
}

/* Cached figures ----------------------------------------------------------------- */

static int compare_clients(const void *pa, const void *pb)
{
	const struct fed_measured_updates *a = pa, *b = pb;

	return (a->client > b->client) - (a->client < b->client);
}

/* List the updates of a version by client; of several from one client the last counts. */
static void list_updates(struct fed_client_table *r, const struct fed_verdicts *g)
{
	uint32_t n = 0;

	for (size_t i = 0; i < g->n; i++)
		r->measured[i] = (struct fed_measured_updates){
			.client = g->of[i].client, .at = (uint32_t)i, .norm = NAN, .cosine = NAN};
	qsort(r->measured, g->n, sizeof *r->measured, compare_clients);
	for (size_t i = 0; i < g->n; i++) {
		if (n && r->measured[n - 1].client == r->measured[i].client) {
			if (r->measured[i].at > r->measured[n - 1].at)
				r->measured[n - 1] = r->measured[i];
		} else {
			r->measured[n++] = r->measured[i];
		}
	}
	r->n_measured = n;
}

/* Drop the figures of another version.  `mark` also differs between the runs of a session. */
static int refresh_figures(struct fed_client_table *r, const struct fed_session *s,
                           struct fed_error *err)
{
	const struct fed_composition *parts = fed_session_parts(s);
	const struct fed_verdicts *g = &fed_session_federation(s)->verdicts;
	const uint64_t mark = fed_session_version(s) + fed_session_event_log(s)->run;
	const size_t n = fed_session_running(s) ? g->n : 0;

	if (r->labelled != parts->data || r->n_labels < parts->clients.n) {
		fed_free(r->labels);
		r->labels = fed_alloc_array(parts->clients.n, sizeof *r->labels);
		r->n_labels = r->labels ? parts->clients.n : 0;
		r->labelled = parts->data;
		if (!r->labels && parts->clients.n)
			return fed_fail_memory(err, parts->clients.n * sizeof *r->labels,
			                       "the clients' labels");
	}
	if (r->version == mark && (r->measured || !n))
		return FED_OK;
	fed_free(r->measured);
	r->n_measured = 0;
	r->measured = n ? fed_alloc_array(n, sizeof *r->measured) : NULL;
	if (n && !r->measured)
		return fed_fail_memory(err, n * sizeof *r->measured, "the updates' lengths");
	if (n)
		list_updates(r, g);
	r->version = mark;
	return FED_OK;
}

/* <u, s> from |u|^2, |s|^2 and |u - s|^2, as report/update_geometry.h has it. */
static void measure_update(const struct fed_session *s, struct fed_measured_updates *m)
{
	const struct fed_federation *f = fed_session_federation(s);
	const struct fed_verdicts *g = &f->verdicts;
	double length, step, apart;
	struct fed_error err;

	if (m->known || !fed_session_running(s) || f->in_round || m->at >= g->n || !g->of[m->at].update)
		return;
	const float *row[] = {g->of[m->at].update->vector[0], g->step};
	double square[2];
	if (fed_lengths(row, 2, f->net->dim, NULL, f->pool, square, &err) ||
	    fed_lengths(row, 1, f->net->dim, g->step, f->pool, &apart, &err))
		return; /* no memory: not known now */
	length = sqrt(square[0]);
	step = sqrt(square[1]);
	m->norm = length;
	m->cosine =
		length > 0 && step > 0 ? (square[0] + square[1] - apart) / (2 * length * step) : NAN;
	m->known = true;
}

static void fill_lengths(struct fed_client_table *r, const struct fed_session *s, uint32_t client,
                         struct fed_client_table_row *row)
{
	const struct fed_measured_updates key = {.client = client};
	struct fed_measured_updates *m =
		r->n_measured ? bsearch(&key, r->measured, r->n_measured, sizeof key, compare_clients)
					  : NULL;

	if (!m)
		return;
	measure_update(s, m);
	row->norm = m->norm;
	row->cosine = m->cosine;
}

static void fill_labels(struct fed_client_table *r, const struct fed_session *s, uint32_t client,
                        struct fed_client_table_row *row)
{
	const struct fed_composition *parts = fed_session_parts(s);
	const uint32_t classes = parts->data->classes ? parts->data->classes : 1;
	uint32_t *counts, different = 0;

	if (client >= r->n_labels)
		return;
	if (!r->labels[client]) {
		counts = fed_alloc_array(classes, sizeof *counts);
		if (!counts)
			return;
		fed_client_histogram(&parts->clients.client[client], parts->data, counts);
		for (uint32_t k = 0; k < classes; k++)
			different += counts[k] > 0;
		fed_free(counts);
		r->labels[client] = different + 1;
	}
	row->labels = r->labels[client] - 1;
}

/* Rows ---------------------------------------------------------------------------- */

static void fill_row(struct fed_client_table *r, const struct fed_session *s, uint32_t id,
                     unsigned needs, uint64_t since, struct fed_client_table_row *row)
{
	const struct fed_event_log *log = fed_session_event_log(s);
	const struct fed_client *c = &fed_session_parts(s)->clients.client[id];
	const struct fed_invitation_record *last =
		needs & (NEED_STATE | NEED_VERDICT) ? fed_invitation_log_last(&log->invitation_log, id)
											: NULL;
	const struct fed_costs *costs =
		needs & NEED_BYTES ? fed_ledger_of(fed_session_costs(s), id) : NULL;

	const struct fed_client_evaluation evaluation =
		fed_client_evaluation(&fed_session_parts(s)->clients, id);
	*row = (struct fed_client_table_row){
		.client = id,
		.examples = c->count,
		.labels = NAN,
		.device = c->device > 0 ? (double)c->device : INFINITY,
		.link = c->link.down > 0 ? (double)c->link.down : INFINITY,
		.updates = c->rounds,
		.loss = (double)c->loss,
		.accuracy = (double)evaluation.accuracy,
		.own_accuracy = (double)evaluation.own_accuracy,
		.unseen = c->unseen,
		.model = c->model ? c->model : (double)NAN,
		.bytes = costs ? (double)(costs->bytes_up + costs->bytes_down) : 0,
		.staleness = NAN,
		.score = NAN,
		.weight = NAN,
		.norm = NAN,
		.cosine = NAN,
	};
	if (needs & NEED_STATE)
		row->state = current_activity(s, id, last, since);
	if (needs & NEED_VERDICT)
		fill_verdict(&log->invitation_log, last, row);
	if (needs & NEED_LENGTHS)
		fill_lengths(r, s, id, row);
	if (needs & NEED_LABELS)
		fill_labels(r, s, id, row);
	if (needs & NEED_FAULTS)
		fill_faults(s, id, row);
}

void fed_client_table_figures(struct fed_client_table *r, const struct fed_session *s,
                              uint32_t client, struct fed_client_table_row *row)
{
	fill_row(r, s, client, NEED_ALL, first_recent_event(s), row);
}

/* Order --------------------------------------------------------------------------- */

/* Ascends with x; descends with it when `down`; NaN last. */
static uint64_t rank_key(double x, bool down)
{
	uint64_t bits;

	if (isnan(x))
		return UINT64_MAX;
	x += 0.0; /* -0 and 0 are one */
	memcpy(&bits, &x, sizeof bits);
	bits = bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
	return down ? ~bits : bits;
}

static int compare_ranked(const void *pa, const void *pb)
{
	const struct fed_ranked *a = pa, *b = pb;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return (a->client > b->client) - (a->client < b->client);
}

static void swap_ranked(struct fed_ranked *a, struct fed_ranked *b)
{
	const struct fed_ranked kept = *a;

	*a = *b;
	*b = kept;
}

/* Put the element of rank `k` of [low, high) in its place, smaller ones before it (Hoare's
 * selection).
 */
static void select_rank(struct fed_ranked *x, uint32_t low, uint32_t high, uint32_t k)
{
	while (high - low > 1) {
		const uint32_t at = low + (uint32_t)(fed_random(low, high) % (high - low));
		uint32_t middle = low;

		swap_ranked(&x[at], &x[high - 1]);
		const struct fed_ranked pivot = x[high - 1];
		for (uint32_t i = low; i < high - 1; i++)
			if (compare_ranked(&x[i], &pivot) < 0)
				swap_ranked(&x[i], &x[middle++]);
		swap_ranked(&x[middle], &x[high - 1]);
		if (k == middle)
			return;
		if (k < middle)
			high = middle;
		else
			low = middle + 1;
	}
}

void fed_client_table_order(struct fed_client_table *r, uint32_t from, uint32_t to)
{
	to = to < r->n ? to : r->n;
	from = from < to ? from : to;
	if (from >= r->sorted_from && to <= r->sorted_to)
		return;
	if (from < to)
		select_rank(r->ranked, 0, r->n, from);
	if (to < r->n)
		select_rank(r->ranked, from, r->n, to);
	if (from < to)
		qsort(r->ranked + from, to - from, sizeof *r->ranked, compare_ranked);
	r->sorted_from = from;
	r->sorted_to = to;
}

uint32_t fed_client_table_place(const struct fed_client_table *r, uint32_t client)
{
	const struct fed_ranked *found = NULL;
	uint32_t before = 0;

	for (uint32_t i = 0; i < r->n && !found; i++)
		if (r->ranked[i].client == client)
			found = &r->ranked[i];
	for (uint32_t i = 0; found && i < r->n; i++)
		before += compare_ranked(&r->ranked[i], found) < 0;
	return found ? before : r->n;
}

void fed_client_table_sort(struct fed_client_table *r, const struct fed_field *by, bool down)
{
	r->by = by;
	r->down = down;
}

/* Filter ---------------------------------------------------------------------------- */

static int reserve_ranked(struct fed_client_table *r, uint32_t n, struct fed_error *err)
{
	if (n <= r->capacity)
		return FED_OK;
	struct fed_ranked *grown = fed_alloc_array(n, sizeof *grown);
	if (!grown)
		return fed_fail_memory(err, n * sizeof *grown, "the table of clients");
	fed_free(r->ranked);
	r->ranked = grown;
	r->capacity = n;
	return FED_OK;
}

static unsigned needs_of(const struct fed_client_table *r)
{
	unsigned needs = need_of(r->by);

	for (const struct fed_field *f = fed_client_table_fields; r->where && f->type; f++)
		if (fed_condition_names(r->where, f))
			needs |= need_of(f);
	return needs;
}

int fed_client_table_make(struct fed_client_table *r, const struct fed_session *s,
                          struct fed_error *err)
{
	const struct fed_clients *c = &fed_session_parts(s)->clients;
	const unsigned needs = needs_of(r);
	const uint64_t since = first_recent_event(s);
	uint32_t k = 0;

	r->n = r->sorted_from = r->sorted_to = 0;
	if (refresh_figures(r, s, err) || reserve_ranked(r, c->n_present, err))
		return FED_FAIL;
	for (uint32_t i = 0; i < c->n_present; i++) {
		const uint32_t id = c->present[i];
		struct fed_client_table_row row;

		while (r->who && k < r->n_who && r->who[k] < id)
			k++;
		if (r->who && (k == r->n_who || r->who[k] != id))
			continue;
		fill_row(r, s, id, needs, since, &row);
		if (r->where && !fed_condition_holds_row(r->where, &row))
			continue;
		const double figure = r->by ? fed_field_number(r->by, &row) : id;
		r->ranked[r->n++] = (struct fed_ranked){rank_key(figure, r->down), id};
	}
	return FED_OK;
}

/* Whether the first part of a filter is the name of a client. */
static bool begins_with_name(const char *text, const struct fed_clients *c)
{
	char name[FED_CLIENT_NAME_MAX];
	const size_t n = strcspn(text, ", ");
	uint32_t unused;

	if (n >= sizeof name)
		return false;
	snprintf(name, sizeof name, "%.*s", (int)n, text);
	return fed_client_find(c, name, &unused);
}

/* Length of the WHO at the beginning of a filter: up to " and ". */
static size_t who_length(const char *text, const struct fed_clients *c)
{
	const char *end = strstr(text, " and ");

	if (!isdigit((unsigned char)*text) && strncmp(text, "random:", 7) != 0 &&
	    (strncmp(text, "all", 3) != 0 || isalpha((unsigned char)text[3])) &&
	    !begins_with_name(text, c))
		return 0;
	return end ? (size_t)(end - text) : strlen(text);
}

int fed_client_table_filter(struct fed_client_table *r, const struct fed_session *s,
                            const char *text, struct fed_error *err)
{
	const struct fed_composition *parts = fed_session_parts(s);
	struct fed_condition *where = NULL;
	uint64_t draw = fed_session_draws(s); /* looking draws nothing from the session's stream */
	uint32_t *who = NULL, n_who = 0;
	struct fed_text part = {0};
	char typed[sizeof r->filter];
	int rc = FED_OK;

	if (strlen(text) >= sizeof r->filter)
		return fed_fail(err, "a filter has at most %zu characters", sizeof r->filter - 1);
	snprintf(typed, sizeof typed, "%s", text);
	text += strspn(text, " \t");
	const size_t n = who_length(text, &parts->clients);
	fed_text_put(&part, text, n);
	const char *rest = text + n;
	if (n && *rest)
		rest += strlen(" and ");
	if (part.failed)
		rc = fed_fail_memory(err, n, "the filter");
	if (rc == FED_OK && n)
		rc = fed_client_selector_parse(part.s, &parts->clients, (uint64_t)parts->settings.seed,
		                               &draw, &who, &n_who, err);
	if (rc == FED_OK && *rest)
		rc = fed_condition_parse_row(&where, rest, fed_client_table_fields, &parts->clients, err);
	fed_text_release(&part);
	if (rc) {
		fed_free(who);
		return FED_FAIL;
	}
	snprintf(r->filter, sizeof r->filter, "%s", typed);
	fed_condition_free(r->where);
	fed_free(r->who);
	r->where = where;
	r->who = who;
	r->n_who = n_who;
	return FED_OK;
}

void fed_client_table_release(struct fed_client_table *r)
{
	fed_condition_free(r->where);
	fed_free(r->who);
	fed_free(r->ranked);
	fed_free(r->labels);
	fed_free(r->measured);
	*r = (struct fed_client_table){0};
}
