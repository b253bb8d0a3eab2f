/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/lifecycle.c - set-up and stop of the federation; restart at version 0.
 */
#include <math.h>

#include "base/mem.h"
#include "session/internal.h"

/* Set-up and stop --------------------------------------------------------- */

struct fed_progress fed_session_running_progress(const struct fed_session *s)
{
	const struct fed_federation *f = &s->federation;

	return (struct fed_progress){
		.params = (float *)f->params, /* to be read only */
		.dim = s->parts.net.dim,
		.version = f->version,
		.invitations = f->invitations,
		.clock = f->clock.now,
		.evaluation_seconds = f->evaluation_seconds,
		.next_seq = f->clock.next_seq,
		.next_id = f->messenger.next_id,
		.record = f->record,
		.maker = f->verdicts.maker,
	};
}

void fed_session_stop(struct fed_session *s)
{
	struct fed_federation *f = &s->federation;

	if (!s->running)
		return;
	fed_federation_abort(f, "the composition changes");
	fed_round_edits_clear(&s->edits);
	fed_cancel_open(f, true);
	s->progress = fed_session_running_progress(s);
	s->running = false;
	s->progress.params = fed_federation_dissolve(f);
}

void fed__session_cancel_in_flight(struct fed_session *s, const char *why)
{
	struct fed_federation *f = &s->federation;

	if (!s->running || (!f->n_open && !f->n_held))
		return;
	if (f->n_open)
		fed_session_tell(s, FED_EVENT_NOTICE,
		                 "%s cancels the work of %s client%s in flight; %s invited again", why,
		                 fed_count(f->n_open).s, f->n_open == 1 ? "" : "s",
		                 f->n_open == 1 ? "it is" : "they are");
	else
		fed_session_tell(s, FED_EVENT_NOTICE, "%s cancels %s update%s held at clients", why,
		                 fed_count((double)f->n_held).s, f->n_held == 1 ? "" : "s");
	fed_cancel_open(f, true);
}

/* The sink of the federation.  The history has a round before other sinks get its event; capacity
 * for its record was reserved before the round. */
static void take_federation_event(void *ctx, const struct fed_event *event)
{
	struct fed_session *s = ctx;
	struct fed_error none;

	if (event->kind == FED_EVENT_ROUND)
		fed_history_add(&s->history, event->record, &none);
	fed__session_notify(s, event);
	if (event->kind == FED_EVENT_BEGIN) {
		s->announced_before = s->faults_announced;
		s->announced = true;
		fed__session_tell_faults(s);
	} else if (event->kind == FED_EVENT_ABORTED && s->announced) {
		s->faults_announced = s->announced_before;
	}
	s->announced &= event->kind != FED_EVENT_ABORTED && event->kind != FED_EVENT_ROUND;
	fed__breakpoints_take_event(s, event);
}

static struct fed_sink federation_sink(struct fed_session *s)
{
	return (struct fed_sink){.take = take_federation_event, .ctx = s};
}

static void restore_progress(struct fed_session *s)
{
	struct fed_federation *f = &s->federation;
	const struct fed_progress *p = &s->progress;
	struct fed_error unused; /* nothing was sent yet */

	if (!p->params)
		return;
	fed_federation_adopt(f, p->params, &unused);
	f->version = p->version;
	f->invitations = p->invitations;
	f->clock.now = p->clock;
	f->evaluation_seconds = p->evaluation_seconds;
	f->clock.next_seq = p->next_seq;
	f->messenger.next_id = p->next_id;
	f->record = p->record;
	f->verdicts.maker = p->maker;
	s->progress = (struct fed_progress){0};
}

void fed_session_use_ranks(struct fed_session *s, struct fed_ranks *ranks)
{
	fed_session_stop(s);
	s->ranks = ranks;
	fed_session_resume(s);
}

int fed__session_set_up(struct fed_session *s, struct fed_error *err)
{
	const struct fed_choice *choice = &s->parts.dataset_choice;
	const struct fed_federation_parts parts = {
		.data = s->parts.data,
		.net = &s->parts.net,
		.model = &s->parts.model,
		.clients = &s->parts.clients,
		.aggregator = &s->parts.aggregator,
		.transport = &s->parts.transport,
		.settings = &s->parts.settings,
		.scheme = s->parts.scheme,
		.scheme_state = s->parts.scheme_state,
		.sink = federation_sink(s),
		.selection = &s->parts.selection,
		.plugins = s->plugins,
		.faults = &s->parts.faults,
		.ledger = &s->ledger,
		.ranks = s->ranks,
		.origin = &s->origin,
		.network = s->network,
	};

	s->origin = (struct fed_data_origin){.name = choice->name,
	                                     .assign = choice->args.assign,
	                                     .n = choice->args.n,
	                                     .seed = (uint64_t)s->parts.settings.seed,
	                                     .cached = s->parts.settings.data_cache};

	if (s->parts.net.frozen_dim && !s->progress.params && !s->parts.net.frozen_given)
		fed_net_init_frozen(&s->parts.net, (uint64_t)s->parts.settings.seed);
	if (fed_federation_init(&s->federation, &parts, err))
		return FED_FAIL;
	s->parts.faults.seed = (uint64_t)s->parts.settings.seed;
	restore_progress(s);
	s->running = true;
	/* An interrupt during the set-up counts. */
	atomic_store(&s->federation.stop, atomic_load(&s->interrupts));
	return FED_OK;
}

void fed__session_try_set_up(struct fed_session *s)
{
	struct fed_error why;

	if (s->running || !s->parts.net_built || !s->parts.aggregator.entry ||
	    !s->parts.transport.entry)
		return;
	if (fed__session_set_up(s, &why))
		fed_session_tell(s, FED_EVENT_WARNING, "%s; the next round tries again", why.text);
}

void fed_session_resume(struct fed_session *s)
{
	if (s->progress.params)
		fed__session_try_set_up(s);
}

/* Restart ----------------------------------------------------------------- */

int fed_attack_renew(struct fed_shared_attack **out, const struct fed_shared_attack *old,
                     struct fed_error *err)
{
	struct fed_instance attack;

	if (fed_instance_renew(&attack, &old->instance, err))
		return FED_FAIL;
	*out = fed_shared_attack_new(&attack);
	if (*out)
		return FED_OK;
	fed_instance_release(&attack);
	return fed_fail_memory(err, sizeof **out, "an attack");
}

static int renew_attacks(struct fed_restart_parts *a, const struct fed_faults *faults,
                         struct fed_error *err)
{
	a->attack = fed_alloc_array(faults->n + 1, sizeof *a->attack);
	if (!a->attack)
		return fed_fail_memory(err, faults->n * sizeof *a->attack, "the attacks");
	for (a->n_faults = 0; a->n_faults < faults->n; a->n_faults++) {
		const struct fed_shared_attack *old = faults->fault[a->n_faults].attack;

		if (old && fed_attack_renew(&a->attack[a->n_faults], old, err))
			return FED_FAIL;
	}
	return FED_OK;
}

int fed__restart_parts_init(struct fed_restart_parts *a, const struct fed_session *s,
                            struct fed_error *err)
{
	*a = (struct fed_restart_parts){0};
	if (fed_instance_renew(&a->aggregator, &s->parts.aggregator, err) ||
	    fed_instance_renew(&a->transport, &s->parts.transport, err) ||
	    fed_instance_renew(&a->selection, &s->parts.selection, err) ||
	    renew_attacks(a, &s->parts.faults, err)) {
		fed__restart_parts_release(a);
		return FED_FAIL;
	}
	return FED_OK;
}

void fed__restart_parts_release(struct fed_restart_parts *a)
{
	fed_instance_release(&a->aggregator);
	fed_instance_release(&a->transport);
	fed_instance_release(&a->selection);
	for (size_t i = 0; i < a->n_faults; i++)
		fed_shared_attack_unref(a->attack[i]);
	fed_free(a->attack);
	*a = (struct fed_restart_parts){0};
}

void fed__restart_parts_commit(struct fed_session *s, struct fed_restart_parts *a)
{
	fed_instance_release(&s->parts.aggregator);
	fed_instance_release(&s->parts.transport);
	fed_instance_release(&s->parts.selection);
	s->parts.aggregator = a->aggregator;
	s->parts.transport = a->transport;
	s->parts.selection = a->selection;
	a->aggregator = a->transport = a->selection = (struct fed_instance){0};
	for (size_t i = 0; i < a->n_faults; i++) {
		struct fed_shared_attack *old = s->parts.faults.fault[i].attack;

		s->parts.faults.fault[i].attack = a->attack[i];
		a->attack[i] = old;
	}
	fed__restart_parts_release(a);
	fed_faults_forget(&s->parts.faults);
	if (s->progress.version) {
		s->faults_announced =
			s->parts.faults.made; /* else faults injected now begin at once, too */
		if (s->parts.scheme->forget)
			s->parts.scheme->forget(s->parts.scheme_state);
	}

	fed_free_floats(s->progress.params);
	s->progress = (struct fed_progress){0};
	fed_history_clear(&s->history);
	fed_event_log_restart(&s->event_log);
	fed_remaining_run_clear(&s->rest);
	fed_clients_forget(&s->parts.clients);
	fed_clients_forget_residuals(&s->parts.clients);
	fed_clients_forget_evaluations(&s->parts.clients);
	fed_ledger_release(&s->ledger);
	for (uint32_t i = 0; i < s->parts.clients.n_present; i++) {
		struct fed_client *client = &s->parts.clients.client[s->parts.clients.present[i]];

		client->version = 0;
		client->rounds = 0;
		client->loss = NAN;
	}
	s->diverged = false;
}
