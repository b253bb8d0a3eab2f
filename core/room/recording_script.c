/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * room/recording_script.c - a recording as a script for the simulator.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "room/recording.h"
#include "session/composition.h"
#include "session/inject.h"
#include "train/schemes/schemes.h"

/* Composition -------------------------------------------------------------------------------- */

static void put_part(struct fed_text *out, const char *command, const char *name,
                     const struct fed_field *rows, const void *state, const char *more)
{
	struct fed_text settings = {0};

	if (rows)
		fed_fields_print(rows, state, true, &settings);
	fed_text_add(out, "%s %s%s%s%s\n", command, name, settings.len ? " " : "",
	             fed_text_str(&settings), more);
	out->failed |= settings.failed;
	fed_text_release(&settings);
}

static void put_instance(struct fed_text *out, const char *command, const struct fed_instance *x)
{
	if (x->entry)
		put_part(out, command, x->entry->head->name, x->entry->head->fields, x->state, "");
}

/* The aggregator, and what mixes the updates before it: "after=bucketing s=2". */
static void put_aggregator(struct fed_text *out, const struct fed_instance *x)
{
	struct fed_text after = {0}, settings = {0};

	if (x->after && x->after->entry) {
		const struct fed_head *mixes = x->after->entry->head;

		if (mixes->fields)
			fed_fields_print(mixes->fields, x->after->state, true, &settings);
		fed_text_add(&after, " after=%s%s%s", mixes->name, settings.len ? " " : "",
		             fed_text_str(&settings));
	}
	put_part(out, "aggregator", x->entry->head->name, x->entry->head->fields, x->state,
	         fed_text_str(&after));
	out->failed |= after.failed || settings.failed;
	fed_text_release(&after);
	fed_text_release(&settings);
}

static void put_composition(struct fed_text *out, const struct fed_composition *c)
{
	struct fed_text settings = {0};

	fed_fields_print(fed_settings_fields, &c->settings, true, &settings);
	if (settings.len)
		fed_text_add(out, "set %s\n", fed_text_str(&settings));
	fed_text_release(&settings);
	fed_text_add(out, "dataset %s\n", c->data->spec ? c->data->spec : c->data->name);
	put_instance(out, "model", &c->model);
	put_aggregator(out, &c->aggregator);
	put_part(out, "scheme", c->scheme->name, c->scheme->fields, c->scheme_state, "");
	put_instance(out, "select", &c->selection);
	fed_text_add(out, "transport local\n");
}

/* Clients ---------------------------------------------------------------------------------------
 */

static void put_device(struct fed_text *out, double flops)
{
	if (flops > 0)
		fed_text_add(out, " device=%.4g", flops);
	else
		fed_text_add(out, " device=ideal");
}

/* A rate that is too fast to be measured takes no time. */
#define RATE_MOST 1e12

static void put_link(struct fed_text *out, double rate, double latency)
{
	fed_text_add(out, " link=%.4g@%.3g", isinf(rate) ? RATE_MOST : rate, latency);
}

/* Examples that a simulated client can hold: those of the server's dataset. */
static uint32_t examples_here(const struct fed_composition *c, uint32_t wanted)
{
	return wanted < c->data->train ? wanted : c->data->train;
}

/* A device that takes as long although the client holds fewer examples than the real one. */
static double device_for(const struct fed_composition *c, const struct fed_fitted_client *f)
{
	return f->device * examples_here(c, f->examples) / (double)f->examples;
}

static void put_each(struct fed_text *out, const struct fed_composition *c,
                     const struct fed_room_fit *fit)
{
	for (uint32_t i = 0; i < fit->n; i++) {
		const struct fed_fitted_client *f = &fit->client[i];
		const struct fed_client *row = fed_clients_get(&c->clients, f->client);

		fed_text_add(out, "add-client 1 iid samples=%u reuse", examples_here(c, f->examples));
		put_device(out, device_for(c, f));
		put_link(out, f->rate, f->latency);
		if (row && row->name)
			fed_text_add(out, " name=%s", row->name);
		fed_text_add(out, "\n");
	}
}

/* Many of their kind -------------------------------------------------------------------------- */

static int ascending_values(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* A lognormal distribution: its median, and the standard deviation of the logarithm. */
struct fitted_kind {
	double median, spread;
};

static struct fitted_kind kind_of(double *x, uint32_t n)
{
	double mean = 0, squares = 0;

	qsort(x, n, sizeof *x, ascending_values);
	for (uint32_t i = 0; i < n; i++)
		mean += log(x[i]) / n;
	for (uint32_t i = 0; i < n; i++)
		squares += (log(x[i]) - mean) * (log(x[i]) - mean);
	return (struct fitted_kind){n % 2 ? x[n / 2] : sqrt(x[n / 2 - 1] * x[n / 2]),
	                            n > 1 ? fmin(sqrt(squares / (n - 1)), FED_SPREAD_MAX) : 0};
}

static void put_spread(struct fed_text *out, double spread)
{
	if (spread >= 0.005)
		fed_text_add(out, ":%.2f", spread);
}

static int put_kind(struct fed_text *out, const struct fed_composition *c,
                    const struct fed_room_fit *fit, uint32_t clients, struct fed_error *err)
{
	double *x = fed_alloc_array(fit->n, sizeof *x), answers = 0, lost = 0, undelivered = 0;

	if (!x)
		return fed_fail_memory(err, fit->n * sizeof *x, "the fit of a recording");
	for (uint32_t i = 0; i < fit->n; i++)
		x[i] = examples_here(c, fit->client[i].examples);
	const struct fitted_kind examples = kind_of(x, fit->n);
	for (uint32_t i = 0; i < fit->n; i++)
		x[i] = fmax(device_for(c, &fit->client[i]), 1);
	const struct fitted_kind device = kind_of(x, fit->n);
	for (uint32_t i = 0; i < fit->n; i++)
		x[i] = fmin(fit->client[i].rate, RATE_MOST);
	const struct fitted_kind rate = kind_of(x, fit->n);
	for (uint32_t i = 0; i < fit->n; i++)
		x[i] = fmax(fit->client[i].latency, 1e-9);
	const struct fitted_kind latency = kind_of(x, fit->n);
	fed_free(x);
	for (uint32_t i = 0; i < fit->n; i++) {
		answers += fit->client[i].answers;
		lost += fit->client[i].lost;
		undelivered += fit->client[i].undelivered;
	}
	fed_text_add(out, "add-client %u %s samples=%.0f", clients,
	             examples.spread > 0.02 ? "quantity" : "iid", examples.median);
	if (examples.spread > 0.02)
		fed_text_add(out, " spread=%.2f", examples.spread);
	fed_text_add(out, " reuse");
	put_device(out, device.median);
	put_spread(out, device.spread);
	put_link(out, rate.median, latency.median);
	put_spread(out, rate.spread);
	fed_text_add(out, "\n");
	if (undelivered > 0)
		fed_text_add(out, "inject flaky all p=%.3g\n", undelivered / (answers + lost));
	if (lost > undelivered)
		fed_text_add(out, "inject crash all p=%.3g\n",
		             (lost - undelivered) / (answers + lost - undelivered));
	return FED_OK;
}

/* Faults ------------------------------------------------------------------------------------------
 */

/* The client as the script has it: its name, else its place. */
static void put_who(struct fed_text *out, const struct fed_composition *c,
                    const struct fed_room_fit *fit, uint32_t i)
{
	const struct fed_client *row = fed_clients_get(&c->clients, fit->client[i].client);

	if (row && row->name)
		fed_text_add(out, "%s", row->name);
	else
		fed_text_add(out, "%u", i);
}

/* What became of a client in a version. */
enum fate { FATE_NOT_ASKED, FATE_ANSWERED, FATE_OFFLINE, FATE_CRASHED };

/* Where all are asked, one that is not was away. */
static bool asks_all(const struct fed_composition *c)
{
	return !c->scheme->overlaps && c->settings.fraction >= 1;
}

static enum fate fate_in(const struct fed_composition *c, const struct fed_recording *r,
                         uint32_t client, uint64_t version)
{
	enum fate fate = asks_all(c) ? FATE_OFFLINE : FATE_NOT_ASKED;

	for (size_t i = 0; i < r->n; i++) {
		const struct fed_recorded *of = &r->of[i];

		if (of->client != client || of->version != version)
			continue;
		if (!isnan(of->answered) || !*of->why) /* it may still answer */
			fate = FATE_ANSWERED;
		else
			fate = isnan(of->delivered) ? FATE_OFFLINE : FATE_CRASHED;
	}
	return fate;
}

static void put_losses(struct fed_text *out, const struct fed_composition *c,
                       const struct fed_recording *r, const struct fed_room_fit *fit, uint32_t i)
{
	const uint32_t client = fit->client[i].client;
	uint64_t next;

	for (uint64_t v = fit->first; v <= fit->last; v = next) {
		const enum fate fate = fate_in(c, r, client, v);

		for (next = v + 1; next <= fit->last && fate_in(c, r, client, next) == fate;)
			next++;
		if (fate != FATE_OFFLINE && fate != FATE_CRASHED)
			continue;
		fed_text_add(out, "inject %s ", fate == FATE_OFFLINE ? "offline" : "crash");
		put_who(out, c, fit, i);
		fed_text_add(out, " at=%llu for=%llu\n", (unsigned long long)(v - fit->first) + 1,
		             (unsigned long long)(next - v));
	}
}

/* A fault that was injected at the server's door, on the clients that the script has. */
static void put_injected(struct fed_text *out, const struct fed_composition *c,
                         const struct fed_room_fit *fit, const struct fed_fault *fault)
{
	struct fed_text who = {0}, args = {0};

	for (uint32_t i = 0; i < fit->n; i++) {
		bool on = false;

		for (uint32_t k = 0; k < fault->n; k++)
			on |= fault->client[k] == fit->client[i].client;
		if (!on)
			continue;
		fed_text_add(&who, who.len ? "," : "");
		put_who(&who, c, fit, i);
	}
	fed_fault_put_args(fault, &args);
	const uint64_t from = fault->from > fit->first ? fault->from - fit->first : 0;
	if (who.len && fault->until > fit->first)
		fed_text_add(out, "inject %s %s%s%s at=%llu", fed_fault_types[fault->kind].name,
		             fed_text_str(&who), args.len ? " " : "", fed_text_str(&args),
		             (unsigned long long)from + 1);
	if (who.len && fault->until > fit->first && fault->until != UINT64_MAX)
		fed_text_add(out, " for=%llu", (unsigned long long)(fault->until - fit->first - from));
	fed_text_add(out, who.len && fault->until > fit->first ? "\n" : "");
	fed_text_release(&who);
	fed_text_release(&args);
}

static void put_faults(struct fed_text *out, const struct fed_composition *c,
                       const struct fed_recording *r, const struct fed_room_fit *fit)
{
	for (uint32_t i = 0; i < fit->n; i++)
		put_losses(out, c, r, fit, i);
	for (size_t i = 0; i < c->faults.n; i++)
		put_injected(out, c, fit, &c->faults.fault[i]);
}

/* The whole -------------------------------------------------------------------------------------
 */

static void put_seconds(struct fed_text *out, const char *before, double seconds)
{
	fed_text_add(out, "%s", before);
	fed_text_seconds(out, seconds);
}

static void put_head(struct fed_text *out, const struct fed_recording *r,
                     const struct fed_room_fit *fit, uint32_t clients)
{
	size_t answered = 0;

	for (size_t i = 0; i < r->n; i++)
		answered += !isnan(r->of[i].answered);
	fed_text_add(out,
	             "# a lesson with %u real clients, for the simulator: %zu of %zu invitations in "
	             "%llu version%s were answered\n",
	             fit->n, answered, r->n, (unsigned long long)(fit->last - fit->first + 1),
	             fit->last == fit->first ? "" : "s");
	put_seconds(out, "# a round took ", fit->real);
	put_seconds(out, " (median), and takes the clients fitted to it ", fit->made);
	fed_text_add(out,
	             "; half of the rounds differ by less than %.1f %%, none by more than %.1f %%\n",
	             100 * fit->error, 100 * fit->worst);
	fed_text_add(out, "# a link's rate is that of its downloads in both directions; devices are "
	                  "fitted to what is left of the time\n");
	fed_text_add(out, "# examples are the server's: those of the real clients never left them\n");
	if (clients)
		fed_text_add(out,
		             "# %u clients of their kind: devices, links and sizes are drawn from "
		             "lognormal distributions\n",
		             clients);
	if (r->left_out)
		fed_text_add(out, "# %llu invitations were too many to be recorded\n",
		             (unsigned long long)r->left_out);
}

int fed_recording_put_script(const struct fed_session *s, const struct fed_recording *r,
                             uint32_t clients, struct fed_text *out, struct fed_error *err)
{
	const struct fed_composition *c = fed_session_parts(s);
	struct fed_room_fit fit;

	if (c->scheme->expect)
		return fed_reject(err,
		                  "the scheme is %s, in which a training is many messages, and the times "
		                  "of single ones are not recorded; sync and async rounds are",
		                  c->scheme->name);
	int rc = fed_room_fit_make(&fit, r, err);

	if (rc)
		return rc;
	put_head(out, r, &fit, clients);
	put_composition(out, c);
	if (clients)
		rc = put_kind(out, c, &fit, clients, err);
	else
		put_each(out, c, &fit);
	if (!clients)
		put_faults(out, c, r, &fit);
	fed_text_add(out, "round %llu\n", (unsigned long long)(fit.last - fit.first + 1));
	fed_room_fit_release(&fit);
	return rc == FED_OK && out->failed ? fed_fail_memory(err, out->len, "a script") : rc;
}
