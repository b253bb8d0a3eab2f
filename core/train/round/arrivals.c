/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/arrivals.c - path of an update from its message to the scheme.
 */
#include "train/round/arrivals.h"

#include <math.h>

#include "train/round/aggregate.h"
#include "train/round/emit.h"
#include "train/round/gate.h"
#include "train/round/invitations.h"
#include "train/round/message_faults.h"
#include "train/round/state.h"

/* Pass the update of an open invitation through the gate, then to the scheme. */
static int accept_update(struct fed_federation *f, struct fed_envelope *update,
                         struct fed_error *why)
{
	const uint32_t id = update->head.from;
	struct fed_shared_vectors *model = fed_shared_vectors_ref(fed_invitation_of(f, id)->model);
	bool waits = false;

	fed__invitation_close(f, id);
	int rc = fed__check_message(f, update, why);
	if (rc == FED_OK)
		rc = fed__gate_check(update, fed_returned_vectors(f->aggregator), f->net->dim, why);
	if (rc == FED_OK && update->model >= fed_instance_models(f->aggregator))
		rc = fed_reject(why, "is of model %u, and there are %u", update->model + 1,
		                fed_instance_models(f->aggregator));
	if (rc == FED_OK)
		rc = fed__collude_on_arrival(f, update, model, &waits, why);
	if (rc == FED_OK && !waits)
		rc = fed__submit_update(f, update, model, why);
	fed_shared_vectors_unref(model);
	return rc;
}

/* Refuse an update whose invitation has ended, which counted it. */
static void refuse_stray(struct fed_federation *f, const struct fed_envelope *update)
{
	const bool stale =
		f->scheme->too_stale && f->scheme->too_stale(f, f->scheme_state, update->version);

	fed__emit_about(f, FED_EVENT_REFUSED, update->head.from, update->round, 0,
	                stale ? fed_stale_update : fed_stray_update);
}

int fed__take_update(struct fed_federation *f, struct fed_envelope *update, struct fed_error *err)
{
	const uint32_t id = update->head.from;
	struct fed_error why;

	if (!fed__invitation_is_open(f, id, update->round)) {
		refuse_stray(f, update);
		return FED_OK;
	}
	const double sent = fed_invitation_of(f, id)->sent;
	const int rc = accept_update(f, update, &why);
	if (rc == FED_REJECT) {
		fed__refuse_update(f, id, update->round, !fed__update_is_finite(update), why.text);
		return f->scheme->lost(f, f->scheme_state, update->round, err);
	}
	if (rc) {
		*err = why;
		return rc;
	}
	struct fed_client *client = fed_clients_get(f->clients, id);
	/* The row of a client that was invited in this round was kept when it got the model. */
	if (client && update->round <= f->started.invitations && fed__client_before_keep(f, id, err))
		return FED_FAIL;
	if (client)
		client->loss = update->loss;
	if (client)
		client->model = (update->model + 1) & 63;
	f->record.reported++;
	f->nan = !isfinite(update->loss);
	fed__emit_about(f, FED_EVENT_REPORTED, id, update->round, 0, NULL);
	f->nan = false;
	if (fed__charge_participation(f, id, sent, update->loss, update->loss_rms, err))
		return FED_FAIL;
	/* One multiply-add for each parameter. */
	const struct fed_costs work = {.server_flops = 2 * (double)f->net->dim};
	return fed__charge(f, id, &work, err);
}
