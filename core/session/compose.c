/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/compose.c - choose dataset, model, aggregator, transport and scheme.
 */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "plug/call.h"
#include "session/internal.h"
#include "train/schemes/split.h"
#include "plug/aggregator_chain.h"

/* Instances and nets ----------------------------------------------------- */

static int new_instance(struct fed_session *s, struct fed_instance *out, enum fed_kind kind,
                        const char *name, const struct fed_assign *assign, size_t n,
                        struct fed_error *err)
{
	const struct fed_entry *entry;

	*out = (struct fed_instance){0};
	if (fed_registry_find(s->plugins, kind, name, &entry, err))
		return FED_FAIL;
	return fed_instance_init(out, entry, assign, n, err);
}

int fed_net_for(struct fed_net *net, const struct fed_instance *model,
                const struct fed_dataset *data, struct fed_error *err)
{
	struct fed_net_builder builder;

	fed_net_init(net, &data->shape, data->classes, data->outputs);
	net->tokens = data->tokens;
	if (fed_call_build(model, fed_net_builder(&builder, net), err) || fed_net_finish(net, err)) {
		fed_net_release(net);
		return FED_FAIL;
	}
	return FED_OK;
}

int fed_scheme_state_new(void **out, const struct fed_scheme *scheme,
                         const struct fed_assign *assign, size_t n, struct fed_error *err)
{
	static const struct fed_field no_fields[] = {FED_END};
	const struct fed_field *rows = scheme->fields ? scheme->fields : no_fields;
	const size_t bytes = scheme->state_size ? scheme->state_size : 1;
	void *state = fed_alloc(bytes);

	if (!state)
		return fed_fail_memory(err, bytes, "the scheme");
	fed_fields_default(rows, state);
	if (fed_fields_assign(rows, state, assign, n, err)) {
		fed_free(state);
		return FED_FAIL;
	}
	*out = state;
	return FED_OK;
}

/* Dataset ---------------------------------------------------------------- */

static bool same_face(const struct fed_net *net, const struct fed_dataset *data)
{
	return net->input.rank == data->shape.rank &&
	       memcmp(net->input.dim, data->shape.dim, data->shape.rank * sizeof *net->input.dim) ==
	           0 &&
	       net->classes == data->classes && net->outputs == data->outputs &&
	       net->tokens == data->tokens;
}

/* What becomes of the model when the data changes. */
struct new_face {
	bool same; /* the net stays as it is */
	bool fits; /* `net` takes its place; else the model is given up */
	struct fed_net net;
	struct fed_afresh afresh;
	struct fed_error why;
};

static int face_data(struct new_face *face, const struct fed_session *s,
                     const struct fed_dataset *data, struct fed_error *err)
{
	*face = (struct new_face){.same = s->net_built && same_face(&s->net, data)};
	if (face->same)
		return FED_OK;
	if (fed_afresh_init(&face->afresh, s, err))
		return FED_FAIL;
	face->fits = s->model.entry && fed_net_for(&face->net, &s->model, data, &face->why) == FED_OK;
	return FED_OK;
}

static void commit_face(struct fed_session *s, struct new_face *face, const char *name)
{
	if (face->same)
		return;
	const bool trained = fed_session_version(s) > 0;
	fed_afresh_commit(s, &face->afresh);
	if (s->net_built)
		fed_net_release(&s->net);
	s->net_built = face->fits;
	s->net = face->net;
	if (s->model.entry && !face->fits) {
		fed_session_tell(s, FED_EVENT_WARNING, "model %s does not fit %s (%s) and is given up",
		                 s->model.entry->head->name, name, face->why.text);
		fed_instance_release(&s->model);
		s->model = (struct fed_instance){0};
	} else if (trained) {
		fed_session_tell(s, FED_EVENT_NOTICE, "model %s is made anew for other examples: version 0",
		                 s->model.entry->head->name);
	}
}

int fed_session_adopt_data(struct fed_session *s, struct fed_dataset *data, const char *name,
                           const struct fed_pairs *args, struct fed_error *err)
{
	struct fed_clients clients;
	struct fed_choice choice = {.name = fed_strdup(name)};
	struct new_face face;

	if (!choice.name)
		return fed_fail_memory(err, strlen(name), "the dataset");
	if (fed_pairs_copy(&choice.args, args->assign, args->n, err))
		goto no_pairs;
	if (fed_clients_init(&clients, data->train, err))
		goto no_clients;
	if (face_data(&face, s, data, err))
		goto no_face;

	fed_session_stop(s);
	commit_face(s, &face, data->name);
	fed_clients_release(&s->clients);
	s->clients = clients;
	fed_dataset_free(s->data);
	s->data = data;
	fed_free(s->dataset_choice.name);
	fed_pairs_release(&s->dataset_choice.args);
	s->dataset_choice = choice;
	fed_session_resume(s);
	return FED_OK;

no_face:
	fed_clients_release(&clients);
no_clients:
	fed_pairs_release(&choice.args);
no_pairs:
	fed_free(choice.name);
	return FED_FAIL;
}

/* A path stays right when the program is started elsewhere; built-in names are no paths. */
static int absolute_name(const char *name, struct fed_text *out, struct fed_error *err)
{
	const struct fed_source *source;
	char *absolute = NULL;
	const int rc = fed_source_find(name, &source, err);

	if (rc)
		return rc;
	if (strcmp(source->name, name) != 0)
		absolute = realpath(name, NULL);
	fed_text_add(out, "%s", absolute ? absolute : name);
	free(absolute);
	return out->failed ? fed_fail_memory(err, strlen(name), "the dataset") : FED_OK;
}

/* "a.txt,~/b.txt" with every part as absolute_name() would have it. */
static int absolute_list(const char *list, struct fed_text *out, struct fed_error *err)
{
	char *copy = fed_strdup(list), *rest = copy, *part;
	struct fed_text path = {0};

	if (!copy)
		return fed_fail_memory(err, strlen(list), "the dataset");
	while ((part = strsep(&rest, ","))) {
		fed_text_clear(&path);
		fed_path_expand(part, &path);
		char *absolute = realpath(fed_text_str(&path), NULL);
		fed_text_add(out, "%s%s", part == copy ? "" : ",", absolute ? absolute : part);
		free(absolute);
		out->failed |= path.failed;
	}
	fed_text_release(&path);
	fed_free(copy);
	return out->failed ? fed_fail_memory(err, strlen(list), "the dataset") : FED_OK;
}

/* A copy in which the setting that names files (dataset text) stays right elsewhere, too. */
static int absolute_settings(struct fed_pairs *out, const struct fed_assign *from, size_t n,
                             struct fed_error *err)
{
	int rc = FED_OK;

	*out = (struct fed_pairs){0};
	for (size_t i = 0; rc == FED_OK && i < n; i++) {
		const bool path = from[i].value && fed_same_name(from[i].key, "path");
		struct fed_text list = {0};

		if (path)
			rc = absolute_list(from[i].value, &list, err);
		if (rc == FED_OK)
			rc = fed_pairs_add(out, from[i].key, path ? fed_text_str(&list) : from[i].value, err);
		fed_text_release(&list);
	}
	if (rc)
		fed_pairs_release(out);
	return rc;
}

static bool same_choice(const struct fed_choice *c, const char *name, const struct fed_pairs *args)
{
	if (!c->name || strcmp(c->name, name) != 0 || c->args.n != args->n)
		return false;
	for (size_t i = 0; i < args->n; i++)
		if (strcmp(c->args.assign[i].key, args->assign[i].key) != 0 ||
		    strcmp(c->args.assign[i].value, args->assign[i].value) != 0)
			return false;
	return true;
}

static int choose_data(struct fed_session *s, const char *name, const struct fed_pairs *args,
                       struct fed_error *err)
{
	struct fed_dataset *data;

	if (s->data && same_choice(&s->dataset_choice, name, args))
		return FED_OK;
	if (fed_session_check_closed(s, err))
		return FED_FAIL;
	if (s->clients.n_present)
		return fed_fail(err, "%s clients hold examples of %s; `remove-client all` or `reset` first",
		                fed_count(s->clients.n_present).s, s->data->name);
	const struct fed_making making = {(uint64_t)s->settings.seed, &s->interrupts};
	const int rc = fed_dataset_load(&data, name, args->assign, args->n, &making, err);
	if (rc)
		return rc;
	if (fed_session_adopt_data(s, data, name, args, err)) {
		fed_dataset_free(data);
		return FED_FAIL;
	}
	if (data->remark)
		fed_session_tell(s, FED_EVENT_NOTICE, "dataset %s: %s", data->name, data->remark);
	return FED_OK;
}

int fed_session_dataset(struct fed_session *s, const char *name, const struct fed_assign *assign,
                        size_t n, struct fed_error *err)
{
	struct fed_text expanded = {0}, absolute = {0};
	struct fed_pairs args;
	int rc = FED_FAIL;

	if (absolute_settings(&args, assign, n, err))
		return FED_FAIL;
	fed_path_expand(name, &expanded);
	if (expanded.failed)
		fed_fail_memory(err, strlen(name), "the dataset");
	else
		rc = absolute_name(fed_text_str(&expanded), &absolute, err);
	if (rc == FED_OK)
		rc = choose_data(s, fed_text_str(&absolute), &args, err);
	fed_text_release(&expanded);
	fed_text_release(&absolute);
	fed_pairs_release(&args);
	return rc;
}

/* Plugins ---------------------------------------------------------------- */

int fed_session_adopt_model(struct fed_session *s, struct fed_instance *model,
                            struct fed_error *err)
{
	const uint64_t version = fed_session_version(s);
	const bool began = s->running || s->progress.params;
	struct fed_afresh afresh;
	struct fed_net net;

	if (fed_afresh_init(&afresh, s, err))
		return FED_FAIL;
	if (s->data && fed_net_for(&net, model, s->data, err)) {
		fed_afresh_release(&afresh);
		return FED_FAIL;
	}

	fed_session_stop(s);
	fed_afresh_commit(s, &afresh);
	if (s->net_built)
		fed_net_release(&s->net);
	s->net_built = s->data != NULL;
	if (s->net_built)
		s->net = net;
	fed_instance_release(&s->model);
	s->model = *model;
	*model = (struct fed_instance){0};
	if (version)
		fed_session_tell(s, FED_EVENT_NOTICE,
		                 "model %s starts at version 0; the %s versions before and their history "
		                 "are gone",
		                 s->model.entry->head->name, fed_count((double)version).s);
	if (began) {
		struct fed_error why;
		if (fed_session_start(s, &why))
			fed_session_tell(s, FED_EVENT_WARNING, "%s; the next round tries again", why.text);
	}
	return FED_OK;
}

void fed_session_adopt_aggregator(struct fed_session *s, struct fed_instance *aggregator)
{
	fed_session_stop(s);
	fed_instance_release(&s->aggregator);
	s->aggregator = *aggregator;
	*aggregator = (struct fed_instance){0};
	fed_clients_forget(&s->clients);
	fed_session_resume(s);
}

void fed_session_adopt_transport(struct fed_session *s, struct fed_instance *transport)
{
	fed_session_stop(s);
	fed_instance_release(&s->transport);
	s->transport = *transport;
	*transport = (struct fed_instance){0};
	fed_session_resume(s);
}

int fed_session_model(struct fed_session *s, const char *name, const struct fed_assign *assign,
                      size_t n, struct fed_error *err)
{
	struct fed_instance model;

	if (fed_session_check_closed(s, err) ||
	    new_instance(s, &model, FED_KIND_MODEL, name, assign, n, err))
		return FED_FAIL;
	if (fed_session_adopt_model(s, &model, err)) {
		fed_instance_release(&model);
		return FED_FAIL;
	}
	return FED_OK;
}

/* Whoever chose a rule expects that it rules; fedavg is what one has without choosing. */
static void tell_idle_aggregator(struct fed_session *s)
{
	const struct fed_split *split = s->scheme_state;

	if (s->scheme == &fed_scheme_split && split->parallel == FED_PARALLEL_OFF &&
	    s->aggregator.entry && strcmp(s->aggregator.entry->head->name, "fedavg") != 0)
		fed_session_tell(s, FED_EVENT_NOTICE,
		                 "%s has nothing to combine where clients train in turn; `set parallel v1`",
		                 s->aggregator.entry->head->name);
}

int fed_session_aggregator(struct fed_session *s, const char *name, const struct fed_assign *assign,
                           size_t n, struct fed_error *err)
{
	struct fed_instance aggregator;

	if (fed_session_check_closed(s, err) ||
	    fed_aggregator_make(s->plugins, &aggregator, name, assign, n, err))
		return FED_FAIL;
	fed_session_adopt_aggregator(s, &aggregator);
	tell_idle_aggregator(s);
	return FED_OK;
}

int fed_session_transport(struct fed_session *s, const char *name, const struct fed_assign *assign,
                          size_t n, struct fed_error *err)
{
	struct fed_instance transport;

	if (fed_session_check_closed(s, err) ||
	    new_instance(s, &transport, FED_KIND_TRANSPORT, name, assign, n, err))
		return FED_FAIL;
	fed_session_adopt_transport(s, &transport);
	return FED_OK;
}

int fed_session_scheme(struct fed_session *s, const char *name, const struct fed_assign *assign,
                       size_t n, struct fed_error *err)
{
	const struct fed_scheme *scheme;
	void *state = NULL;

	if (fed_session_check_closed(s, err) || fed_scheme_find(name, &scheme, err) ||
	    fed_scheme_state_new(&state, scheme, assign, n, err))
		return FED_FAIL;
	if (scheme->fits && scheme->fits(state, s->net_built ? &s->net : NULL, err)) {
		fed_free(state);
		return FED_FAIL;
	}
	fed_session_stop(s);
	fed_free(s->scheme_state);
	s->scheme = scheme;
	s->scheme_state = state;
	tell_idle_aggregator(s);
	fed_session_resume(s);
	return FED_OK;
}

/* Defaults --------------------------------------------------------------- */

static const char *default_model(const struct fed_dataset *data)
{
	if (data->classes == 0)
		return "linear";
	if (data->tokens)
		return "gru";
	return data->shape.rank > 1 ? "mlp" : "softmax";
}

int fed_session_complete_data(struct fed_session *s, struct fed_error *err)
{
	if (s->data)
		return FED_OK;
	if (fed_session_dataset(s, "glyphs", NULL, 0, err))
		return FED_FAIL;
	fed_session_tell(s, FED_EVENT_NOTICE, "no dataset was chosen: takes glyphs, %s + %s images",
	                 fed_count(s->data->train).s, fed_count(s->data->test).s);
	return FED_OK;
}

static int complete_model(struct fed_session *s, struct fed_error *err)
{
	if (s->model.entry)
		return FED_OK;
	const char *name = default_model(s->data);
	if (fed_session_model(s, name, NULL, 0, err))
		return FED_FAIL;
	fed_session_tell(s, FED_EVENT_NOTICE, "no model was chosen: takes %s, %s parameters", name,
	                 fed_count((double)s->net.dim).s);
	return FED_OK;
}

int fed_session_complete(struct fed_session *s, struct fed_error *err)
{
	if (fed_session_complete_data(s, err) || complete_model(s, err))
		return FED_FAIL;
	if (!s->aggregator.entry) {
		if (fed_session_aggregator(s, "fedavg", NULL, 0, err))
			return FED_FAIL;
		fed_session_tell(s, FED_EVENT_NOTICE, "no aggregator was chosen: takes fedavg");
	}
	if (!s->transport.entry) {
		if (fed_session_transport(s, "local", NULL, 0, err))
			return FED_FAIL;
		fed_session_tell(s, FED_EVENT_NOTICE, "no transport was chosen: takes local");
	}
	return FED_OK;
}
