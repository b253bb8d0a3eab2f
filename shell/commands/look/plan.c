/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/look/plan.c - the command `plan`: what ranks would make of the session's rounds.
 */
#include "shell/commands/look/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/arithmetic.h"
#include "plug/calls/call.h"
#include "session/composition.h"
#include "shell/output/print.h"

const struct fed_field fed__plan_rows[] = {
	FED_ARG_INT(struct fed_plan_args, ranks, 0, 64, 1, 1e6, "ranks, at most"),
	FED_ARG_INT(struct fed_plan_args, threads, 0, 1, 1, 1e4, "threads of each rank"),
	FED_ARG_TEXT(struct fed_plan_args, network, 0, "rate",
                 "bits a second at rank 0: 1G, 10G, 100G, 100M; 10G without it"),
	FED_END,
};

/* Bytes a second of "10G". */
static int parse_network(const char *typed, double *bytes, struct fed_error *err)
{
	char *end;
	const double x = strtod(*typed ? typed : "10G", &end);
	const char *unit = *typed ? end : "G";
	const double factor = strcasecmp(unit, "G") == 0 ? 1e9 : strcasecmp(unit, "M") == 0 ? 1e6 : 0;

	if (factor == 0 || !(x > 0) || !isfinite(x))
		return fed_fail(err, "network: %s is no rate such as 1G, 10G or 100M (bits a second)",
		                fed_show(typed).s);
	*bytes = x * factor / 8;
	return FED_OK;
}

/* The round of the session as it is composed; measures this machine. */
static int shape_of(const struct fed_session *s, struct fed_round_shape *r, double *plain,
                    struct fed_error *err)
{
	const struct fed_composition *c = fed_session_parts(s);
	const struct fed_clients *clients = &c->clients;
	const struct fed_instance *rule = &c->aggregator;
	const double dim = sizeof(float) * (double)c->net.dim;

	if (!c->data || !c->net_built || !clients->n_present)
		return fed_fail(err,
		                "needs a dataset, a model and clients; `add-client 10` completes them");
	const double kept = rule->entry ? fed_client_vectors(rule) : 0;
	const double returned = rule->entry ? fed_returned_vectors(rule) : 0;
	const double broadcast = rule->entry ? fed_instance_broadcasts(rule) : 0;
	struct fed_codec_names names;
	if (fed_codec_names_parse(c->settings.codec, &names, err))
		return FED_FAIL;
	struct fed_shared_codec *codec;
	if (fed_codec_make(fed_session_plugins(s), names.up, &codec, err))
		return FED_FAIL;
	const struct fed_coding coding = {.n = c->net.dim};
	const double residual = fed_codec_has_residual(codec) && c->settings.error_feedback ? dim : 0;
	double code = dim;
	if (codec)
		code = (double)fed_codec_bound(codec, &coding);
	fed_shared_codec_unref(codec);
	double examples = 0;
	for (uint32_t i = 0; i < clients->n_present; i++)
		examples += clients->client[clients->present[i]].count;
	examples /= clients->n_present;
	const double share = ceil(c->settings.fraction * clients->n_present);
	*r = (struct fed_round_shape){
		.participants = c->settings.participants ? (double)c->settings.participants : share,
		.examples = examples,
		.epochs = (double)c->settings.epochs,
		.model = dim * (1 + broadcast),
		.job = 4 * examples + 700 + kept * dim + residual,
		.update = code + dim * (returned + kept) + residual,
	};
	*plain = dim;
	return fed_measure_example(&c->net, c->data, (uint32_t)c->settings.batch, &r->second_example,
	                           err) ||
	               fed_measure_update(c->net.dim, &r->second_update, err)
	           ? FED_FAIL
	           : FED_OK;
}

static void put_rate(struct fed_text *out, double bytes)
{
	fed_text_bytes(out, bytes);
	fed_text_add(out, "/s");
}

/* What one core makes, and how many of them fill a network. */
static void print_core(struct fed_shell *shell, const struct fed_round_shape *r, double plain,
                       int64_t ranks)
{
	const double training = r->examples * r->epochs * r->second_example;
	struct fed_text line = {0};

	fed_text_add(&line, "a core     a training of %.0f examples in ", r->examples * r->epochs);
	fed_text_seconds(&line, training);
	fed_text_add(&line, ": %s updates a second, ", fed_digits(1 / training, 3).s);
	put_rate(&line, r->update / training);
	fed_text_add(&line, " of them\nrank 0     ");
	fed_text_seconds(&line, r->second_update);
	fed_text_add(&line, " an update: those of %s cores\n",
	             fed_count(round(training / r->second_update)).s);
	for (double gigabits = 1; gigabits <= 100; gigabits *= 10) {
		const double bytes = gigabits * 1e9 / 8;

		fed_text_add(&line, "%3.0f Gbit/s  full at %s cores", gigabits,
		             fed_count(fmax(1, floor(bytes * training / r->update))).s);
		if (plain > r->update)
			fed_text_add(&line, ", without the codec at %s",
			             fed_count(fmax(1, floor(bytes * training / plain))).s);
		/* a sum in doubles from each rank in place of an update from each client */
		fed_text_add(&line, "; a round's updates take ");
		fed_text_seconds(&line, r->participants * r->update / bytes);
		fed_text_add(&line, ", sums of %s ranks would take ",
		             fed_count(fmin((double)ranks, r->participants)).s);
		fed_text_seconds(&line, fmin((double)ranks, r->participants) * 2 * plain / bytes);
		fed_text_add(&line, "\n");
	}
	fed__print(shell, "%s", fed_text_str(&line));
	fed_text_release(&line);
}

static void print_ranks(struct fed_shell *shell, const struct fed_round_shape *r,
                        const struct fed_plan_args *a, double bytes)
{
	static const struct fed_table_column columns[] = {
		{.title = "ranks", .kind = FED_CELL_NUMBER},
		{.title = "trainings", .kind = FED_CELL_NUMBER},
		{.title = "link", .kind = FED_CELL_NUMBER},
		{.title = "server", .kind = FED_CELL_NUMBER},
		{.title = "round", .kind = FED_CELL_NUMBER},
		{.title = "share", .kind = FED_CELL_NUMBER},
	};
	struct fed_table table = {
		.name = "plan", .column = columns, .columns = sizeof columns / sizeof *columns};

	for (double ranks = 1;; ranks = fmin(2 * ranks, (double)a->ranks)) {
		const struct fed_round_rates x = fed_round_rates(r, ranks, (double)a->threads, bytes);

		fed__table_integer(&table, (uint64_t)ranks);
		fed__table_seconds(&table, x.training);
		fed__table_seconds(&table, x.network);
		fed__table_seconds(&table, x.rank0);
		fed__table_seconds(&table, x.seconds);
		fed__table_share(&table, x.efficiency);
		if (ranks >= (double)a->ranks)
			break;
	}
	fed__table_print(shell, &table);
}

int fed__run_plan(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_plan_args *a = call->args;
	struct fed_round_shape r;
	double bytes = 0, plain = 0;

	if (parse_network(a->network, &bytes, err) || shape_of(shell->session, &r, &plain, err))
		return FED_FAIL;
	if (shell->form == FED_FORM_TEXT) {
		fed__print(shell, "a round    %s clients, %s parameters\n", fed_count(r.participants).s,
		           fed_count(plain / sizeof(float)).s);
		print_core(shell, &r, plain, a->ranks);
	}
	print_ranks(shell, &r, a, bytes);
	return FED_OK;
}
