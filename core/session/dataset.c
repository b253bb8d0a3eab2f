/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/dataset.c - choice of the dataset, and the model that follows from it.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "session/internal.h"

/* Make a path absolute, valid in any working directory; built-in names are not paths. */
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

static void put_absolute(struct fed_text *out, const char *typed)
{
	struct fed_text path = {0};

	fed_path_expand(typed, &path);
	char *absolute = realpath(fed_text_str(&path), NULL);
	if (*typed)
		fed_list_put(out, absolute ? absolute : typed);
	else
		fed_text_put(out, ",", 1); /* an empty name stays one, and is refused */
	free(absolute);
	out->failed |= path.failed;
	fed_text_release(&path);
}

/* Make each path of a list "a.txt,~/b.txt" absolute; a file may have all of it as its name. */
static int absolute_list(const char *list, struct fed_text *out, struct fed_error *err)
{
	char *copy = fed_strdup(list), *rest = copy, *part;

	if (!copy)
		return fed_fail_memory(err, strlen(list), "the dataset");
	if (access(list, F_OK) == 0)
		put_absolute(out, list);
	else
		while ((part = fed_list_next(&rest)))
			put_absolute(out, part);
	fed_free(copy);
	return out->failed ? fed_fail_memory(err, strlen(list), "the dataset") : FED_OK;
}

/* A copy of the settings with absolute paths in the one that names files (dataset text). */
static int absolute_settings(struct fed_key_values *out, const struct fed_assign *from, size_t n,
                             struct fed_error *err)
{
	int rc = FED_OK;

	*out = (struct fed_key_values){0};
	for (size_t i = 0; rc == FED_OK && i < n; i++) {
		const bool path = from[i].value && fed_same_name(from[i].key, "path");
		struct fed_text list = {0};

		if (path)
			rc = absolute_list(from[i].value, &list, err);
		if (rc == FED_OK)
			rc = fed_key_values_add(out, from[i].key, path ? fed_text_str(&list) : from[i].value,
			                        err);
		fed_text_release(&list);
	}
	if (rc)
		fed_key_values_release(out);
	return rc;
}

static bool same_choice(const struct fed_choice *c, const char *name,
                        const struct fed_key_values *args)
{
	if (!c->name || strcmp(c->name, name) != 0 || c->args.n != args->n)
		return false;
	for (size_t i = 0; i < args->n; i++)
		if (strcmp(c->args.assign[i].key, args->assign[i].key) != 0 ||
		    strcmp(c->args.assign[i].value, args->assign[i].value) != 0)
			return false;
	return true;
}

/* What was guessed of the files, in one line, and what is odd. */
static void tell_notes(struct fed_session *s)
{
	const struct fed_dataset *data = s->parts.data;
	struct fed_text line = {0};

	fed_notes_line(&data->notes, &line);
	if (line.len)
		fed_session_tell(s, FED_EVENT_NOTICE, "dataset %s: %s", data->name, fed_text_str(&line));
	fed_text_release(&line);
	for (size_t i = 0; i < data->notes.n; i++) {
		const struct fed_note *note = &data->notes.note[i];

		if (note->level == FED_NOTE_WARNING)
			fed_session_tell(s, FED_EVENT_WARNING, "dataset %s: %s: %s%s%s%s", data->name,
			                 note->subject, note->found, note->overrule ? " (" : "",
			                 note->overrule ? note->overrule : "", note->overrule ? ")" : "");
	}
}

void fed_session_write_no_files(struct fed_session *s)
{
	s->no_files = true;
}

enum fed_cache_use fed__session_cache_use(const struct fed_session *s)
{
	if (!s->parts.settings.data_cache)
		return FED_CACHE_UNUSED;
	return s->no_files ? FED_CACHE_READ : FED_CACHE_KEEP;
}

static int choose_data(struct fed_session *s, const char *name, const struct fed_key_values *args,
                       struct fed_error *err)
{
	struct fed_dataset *data;

	/* By another form the same choice is another dataset. */
	if (s->parts.data && !s->data_form && same_choice(&s->parts.dataset_choice, name, args))
		return FED_OK;
	if (fed_session_check_closed(s, err))
		return FED_FAIL;
	if (s->parts.clients.n_present)
		return fed_fail(err, "%s client%s examples of %s; `remove-client all` or `reset` first",
		                fed_count(s->parts.clients.n_present).s,
		                s->parts.clients.n_present == 1 ? " holds" : "s hold", s->parts.data->name);
	const struct fed_generation making = {(uint64_t)s->parts.settings.seed, &s->interrupts,
	                                      fed__session_cache_use(s), s->data_form};
	const int rc = fed_dataset_load(&data, name, args->assign, args->n, &making, err);
	if (rc)
		return rc;
	if (fed_session_adopt_data(s, data, name, args, err)) {
		fed_dataset_free(data);
		return FED_FAIL;
	}
	tell_notes(s);
	return FED_OK;
}

int fed_session_dataset(struct fed_session *s, const char *name, const struct fed_assign *assign,
                        size_t n, struct fed_error *err)
{
	struct fed_text expanded = {0}, absolute = {0};
	struct fed_key_values args;
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
	fed_key_values_release(&args);
	return rc;
}

static bool same_signature(const struct fed_net *net, const struct fed_dataset *data)
{
	return net->input.rank == data->shape.rank &&
	       memcmp(net->input.dim, data->shape.dim, data->shape.rank * sizeof *net->input.dim) ==
	           0 &&
	       net->classes == data->classes && net->outputs == data->outputs &&
	       net->tokens == data->tokens;
}

/* The model for new data, prepared before the commit. */
struct model_change {
	bool same; /* the net stays */
	bool fits; /* `net` replaces it; else the model is removed */
	struct fed_net net;
	struct fed_restart_parts afresh;
	struct fed_error why;
	struct fed_error doubt; /* of its layers (fed_net_for) */
};

static int prepare_model_change(struct model_change *change, struct fed_session *s,
                                const struct fed_dataset *data, struct fed_error *err)
{
	*change =
		(struct model_change){.same = s->parts.net_built && same_signature(&s->parts.net, data)};
	if (change->same)
		return FED_OK;
	if (fed__restart_parts_init(&change->afresh, s, err))
		return FED_FAIL;
	if (fed__session_keep_last(s, err)) {
		fed__restart_parts_release(&change->afresh);
		return FED_FAIL;
	}
	change->fits = s->parts.model.entry && fed_net_for(&change->net, &s->parts.model, data,
	                                                   &change->doubt, &change->why) == FED_OK;
	return FED_OK;
}

static void commit_model_change(struct fed_session *s, struct model_change *change,
                                const char *name)
{
	if (change->same)
		return;
	const bool trained = fed_session_version(s) > 0;
	fed__restart_parts_commit(s, &change->afresh);
	if (s->parts.net_built)
		fed_net_release(&s->parts.net);
	s->parts.net_built = change->fits;
	s->parts.net = change->net;
	if (s->parts.model.entry && !change->fits) {
		fed_session_tell(s, FED_EVENT_WARNING, "model %s does not fit %s (%s) and was removed",
		                 s->parts.model.entry->head->name, name, change->why.text);
		fed_instance_release(&s->parts.model);
		s->parts.model = (struct fed_instance){0};
	} else if (trained) {
		fed_session_tell(s, FED_EVENT_NOTICE,
		                 "model %s was rebuilt for the new examples, at version 0",
		                 s->parts.model.entry->head->name);
	}
	if (s->parts.net_built)
		fed__session_tell_doubt(s, &change->doubt);
}

int fed_session_adopt_data(struct fed_session *s, struct fed_dataset *data, const char *name,
                           const struct fed_key_values *args, struct fed_error *err)
{
	struct fed_clients clients;
	struct fed_choice choice = {.name = fed_strdup(name)};
	struct model_change change;

	if (!choice.name)
		return fed_fail_memory(err, strlen(name), "the dataset");
	if (fed_key_values_copy(&choice.args, args->assign, args->n, err))
		goto no_args;
	if (fed_clients_init(&clients, data->train, err))
		goto no_clients;
	if (prepare_model_change(&change, s, data, err))
		goto no_model;

	fed_session_stop(s);
	commit_model_change(s, &change, data->name);
	fed_clients_release(&s->parts.clients);
	s->parts.clients = clients;
	fed_dataset_free(s->parts.data);
	s->parts.data = data;
	fed_free(s->parts.dataset_choice.name);
	fed_key_values_release(&s->parts.dataset_choice.args);
	s->parts.dataset_choice = choice;
	fed_session_resume(s);
	return FED_OK;

no_model:
	fed_clients_release(&clients);
no_clients:
	fed_key_values_release(&choice.args);
no_args:
	fed_free(choice.name);
	return FED_FAIL;
}
