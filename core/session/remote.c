/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/remote.c - the network of a session, and its clients on other machines.
 */
#include "session/remote.h"

#include "base/mem.h"
#include "session/internal.h"

int fed_session_set_network(struct fed_session *s, const struct fed_network_service *network,
                            void (*settle)(void *ctx), void *ctx, struct fed_error *err)
{
	if (fed_session_check_closed(s, err))
		return FED_FAIL;
	if (network && s->parts.clients.n_present && !fed_clients_are_remote(&s->parts.clients))
		return fed_reject(
			err,
			"the session has %u simulated clients, whose time is virtual, and clients "
			"on other machines live in real time; `remove-client all` makes room",
			s->parts.clients.n_present);
	/* The federation's messenger has the network: it is set up again with the new one. */
	fed_session_stop(s);
	s->network = network;
	s->settle = network ? settle : NULL;
	s->settle_ctx = ctx;
	const int rc = fed_session_transport(s, network ? "zmq" : "local", NULL, 0, err);
	fed_session_resume(s);
	return rc;
}

void fed_session_remote_truth(struct fed_session *s, uint32_t id, enum fed_client_truth truth)
{
	fed_client_set_truth(&s->parts.clients, id, truth);
}

void fed_session_remote_tell(struct fed_session *s, uint32_t id, bool byzantine)
{
	fed_client_set_truth(&s->parts.clients, id, FED_TRUTH_HONEST);
	if (s->running)
		fed_verdicts_tell(&s->federation.verdicts, id, byzantine);
}

int fed_session_use_network(struct fed_session *s, struct fed_error *err)
{
	const struct fed_entry *entry = s->parts.transport.entry;

	if (!s->network || (entry && fed_same_name(entry->head->name, "zmq")))
		return FED_OK;
	return fed_session_transport(s, "zmq", NULL, 0, err);
}

int fed_session_add_remote(struct fed_session *s, const char *name, const char *key,
                           uint32_t examples, uint32_t *id, struct fed_error *err)
{
	const uint32_t held = fed_holdout_of(s->parts.settings.holdout, examples);

	if (fed_session_check_closed(s, err) || fed__session_complete_data(s, err))
		return FED_FAIL;
	return fed_clients_add_remote(&s->parts.clients, name, key, examples - held, held, id, err);
}

int fed_session_remote_here(struct fed_session *s, uint32_t id, uint32_t examples,
                            struct fed_error *err)
{
	const uint32_t held = fed_holdout_of(s->parts.settings.holdout, examples);

	if (fed_clients_resize_remote(&s->parts.clients, id, examples - held, held, err))
		return FED_FAIL;
	fed_client_set_away(&s->parts.clients, id, false);
	return FED_OK;
}

void fed_session_remote_away(struct fed_session *s, uint32_t id)
{
	fed_client_set_away(&s->parts.clients, id, true);
}

/* Whether the session is that client, with so many examples. */
static bool is_client(const struct fed_session *s, uint32_t id, uint32_t n)
{
	const struct fed_client *client = fed_clients_get(&s->parts.clients, id);

	return client && client->count + client->holdout == n &&
	       client->holdout == fed_holdout_of(s->parts.settings.holdout, n);
}

int fed_session_become_client(struct fed_session *s, uint32_t id, uint32_t from, uint32_t n,
                              struct fed_error *err)
{
	const struct fed_dataset *data = s->parts.data;

	if (!data || from > data->train || n > data->train - from || n == 0)
		return fed_reject(err, "the dataset has no examples %u to %u", from, from + n - 1);
	if (is_client(s, id, n)) /* it goes on with what it keeps */
		return fed_session_start(s, err);
	uint32_t *ids = fed_alloc_array(n, sizeof *ids);
	if (!ids)
		return fed_fail_memory(err, n * sizeof *ids, "the client's examples");
	for (uint32_t i = 0; i < n; i++)
		ids[i] = from + i;
	fed_session_stop(s);
	fed_clients_release(&s->parts.clients);
	if (fed_clients_init(&s->parts.clients, data->train, err) ||
	    fed_clients_add_own(&s->parts.clients, id, ids, n, s->parts.settings.holdout,
	                        (uint64_t)s->parts.settings.seed, err)) {
		fed_free(ids);
		return FED_FAIL;
	}
	return fed_session_start(s, err);
}

int fed_session_dataset_by(struct fed_session *s, const struct fed_data_form *form,
                           const char *name, const struct fed_assign *assign, size_t n,
                           struct fed_error *err)
{
	struct fed_clients none;

	if (fed_session_check_closed(s, err) ||
	    fed_clients_init(&none, s->parts.data ? s->parts.data->train : 0, err))
		return FED_FAIL;
	fed_session_stop(s);
	fed_clients_release(&s->parts.clients);
	s->parts.clients = none;
	fed_session_resume(s);
	s->data_form = form;
	return fed_session_dataset(s, name, assign, n, err);
}

double fed_session_training_flops(const struct fed_session *s, uint32_t client)
{
	return s->running && fed_clients_get(&s->parts.clients, client)
	           ? fed_federation_training_flops(&s->federation, client)
	           : 0;
}

bool fed_session_hides_model(const struct fed_session *s)
{
	const struct fed_federation *f = &s->federation;

	return f->scheme && f->scheme->hides_model && f->scheme->hides_model(f, f->scheme_state);
}

struct fed_federation *fed_session_working(struct fed_session *s)
{
	return &s->federation;
}
