/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/defaults.c - default dataset, model, aggregator and transport; start and restart.
 */
#include "base/mem.h"
#include "session/internal.h"

/* The default model of a dataset, and what it is set to. */
struct default_model {
	const char *name, *hidden; /* hidden NULL: as the model has it */
};

static struct default_model default_model(const struct fed_dataset *data)
{
	if (data->classes == 0)
		return (struct default_model){"linear", NULL};
	if (data->tokens)
		return (struct default_model){"gru", NULL};
	if (data->curved)
		return (struct default_model){"mlp", "16,16"};
	return (struct default_model){data->shape.rank > 1 ? "mlp" : "softmax", NULL};
}

int fed__session_complete_data(struct fed_session *s, struct fed_error *err)
{
	if (s->parts.data)
		return FED_OK;
	if (fed_session_dataset(s, "glyphs", NULL, 0, err))
		return FED_FAIL;
	fed_session_tell(s, FED_EVENT_NOTICE,
	                 "no dataset chosen; using glyphs (%s training, %s test images)",
	                 fed_count(s->parts.data->train).s, fed_count(s->parts.data->test).s);
	return FED_OK;
}

static int complete_model(struct fed_session *s, struct fed_error *err)
{
	if (s->parts.model.entry)
		return FED_OK;
	const struct default_model of = default_model(s->parts.data);
	const struct fed_assign hidden[] = {{"hidden", of.hidden}};
	if (fed_session_model(s, of.name, hidden, of.hidden ? 1 : 0, err))
		return FED_FAIL;
	fed_session_tell(s, FED_EVENT_NOTICE, "no model chosen; using %s%s%s (%s parameters)", of.name,
	                 of.hidden ? " hidden=" : "", of.hidden ? of.hidden : "",
	                 fed_count((double)s->parts.net.dim).s);
	return FED_OK;
}

/* Whether a client's link drops messages, which transport local leaves out. */
static bool any_link_drops(const struct fed_session *s)
{
	const struct fed_clients *c = &s->parts.clients;

	for (uint32_t i = 0; i < c->n_present; i++)
		if (c->client[c->present[i]].link.drop_rate > 0)
			return true;
	return false;
}

int fed_session_complete(struct fed_session *s, struct fed_error *err)
{
	if (fed__session_complete_data(s, err) || complete_model(s, err))
		return FED_FAIL;
	if (!s->parts.aggregator.entry) {
		if (fed_session_aggregator(s, "fedavg", NULL, 0, err))
			return FED_FAIL;
		fed_session_tell(s, FED_EVENT_NOTICE, "no aggregator chosen; using fedavg");
	}
	if (!s->parts.transport.entry) {
		if (fed_session_transport(s, "local", NULL, 0, err))
			return FED_FAIL;
		fed_session_tell(s, FED_EVENT_NOTICE, "no transport chosen; using local%s",
		                 any_link_drops(s)
		                     ? ", which drops and delays no message; `transport lossy` "
		                       "does as the links say"
		                     : "");
	}
	return FED_OK;
}

int fed_session_start(struct fed_session *s, struct fed_error *err)
{
	if (fed_session_complete(s, err))
		return FED_FAIL;
	return s->running ? FED_OK : fed__session_set_up(s, err);
}

/* Rollback ----------------------------------------------------------------- */

void fed_session_chosen_init(struct fed_session_chosen *c, const struct fed_session *s)
{
	const struct fed_composition *parts = &s->parts;
	struct fed_error unused;

	*c = (struct fed_session_chosen){
		.data = parts->data != NULL,
		.model = parts->model.entry != NULL,
		.aggregator = parts->aggregator.entry != NULL,
		.transport = parts->transport.entry != NULL,
		.began = s->running || s->progress.params,
	};
	/* The default dataset displaces a model that does not fit it. */
	if (!c->data && c->model && fed_instance_renew(&c->alone, &parts->model, &unused))
		c->alone = (struct fed_instance){0};
}

void fed_session_chosen_release(struct fed_session_chosen *c)
{
	fed_instance_release(&c->alone);
}

static void drop_instance(struct fed_instance *x)
{
	fed_instance_release(x);
	*x = (struct fed_instance){0};
}

static void drop_net(struct fed_session *s)
{
	if (s->parts.net_built)
		fed_net_release(&s->parts.net);
	s->parts.net_built = false;
	s->parts.net = (struct fed_net){0};
}

static void drop_data(struct fed_session *s)
{
	fed_clients_release(&s->parts.clients);
	s->parts.clients = (struct fed_clients){0};
	fed_dataset_free(s->parts.data);
	s->parts.data = NULL;
	fed_free(s->parts.dataset_choice.name);
	fed_key_values_release(&s->parts.dataset_choice.args);
	s->parts.dataset_choice = (struct fed_choice){0};
}

void fed_session_take_back(struct fed_session *s, struct fed_session_chosen *before)
{
	struct fed_composition *parts = &s->parts;
	struct fed_error unused;

	if (before->began || fed_session_version(s) || fed_session_open(s))
		return;
	fed_session_stop(s);
	fed_free_floats(s->progress.params);
	s->progress = (struct fed_progress){0};
	if (!before->transport)
		drop_instance(&parts->transport);
	if (!before->aggregator)
		drop_instance(&parts->aggregator);
	if (!before->model || !before->data) {
		drop_net(s);
		if (parts->aggregator.entry)
			fed_instance_size(&parts->aggregator, 0, &unused); /* which allocates nothing */
	}
	if (!before->model)
		drop_instance(&parts->model);
	if (before->data || parts->clients.n)
		return;
	drop_data(s);
	if (before->alone.entry) {
		fed_instance_release(&parts->model);
		parts->model = before->alone;
		before->alone = (struct fed_instance){0};
	}
}

/* Restart ------------------------------------------------------------------ */

int fed_session_restart(struct fed_session *s, struct fed_error *err)
{
	struct fed_restart_parts afresh;
	const bool began = s->running || s->progress.params;

	if (fed__restart_parts_init(&afresh, s, err))
		return FED_FAIL;
	if (fed__session_keep_last(s, err)) {
		fed__restart_parts_release(&afresh);
		return FED_FAIL;
	}
	fed_session_stop(s);
	fed__restart_parts_commit(s, &afresh);
	if (began)
		fed__session_try_set_up(s);
	return FED_OK;
}
