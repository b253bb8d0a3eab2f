/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/local_layers.c - the setting `local-layers`: its words, and the parameters that they
 * name in a model.
 */
#include "train/round/local_layers.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

enum { WORD = 48 };
enum layers_form { LAST, FIRST, NORM, NAME };

struct layers_word {
	enum layers_form form;
	unsigned long k;
	char text[WORD];
};

bool fed_local_layers_any(const char *text)
{
	return *text && strcmp(text, "none") != 0;
}

static int parse_count(struct layers_word *w, const char *digits, struct fed_error *err)
{
	char *end;

	w->k = strtoul(digits, &end, 10);
	if (w->k == 0 || w->k > 10000 || *end || !(*digits >= '0' && *digits <= '9'))
		return fed_fail(err, "local-layers: %s takes a number of layers, as in last:1",
		                fed_show(w->text).s);
	return FED_OK;
}

/* The next word of a list; *at moves behind it. */
static int next_word(const char **at, struct layers_word *w, struct fed_error *err)
{
	const size_t len = strcspn(*at, ",");

	if (len == 0 || len >= WORD)
		return fed_fail(err,
		                "local-layers: %s is no list of layers; it is none, or of last:K, first:K, "
		                "norm and layers' names, as last:1 or norm,dense2",
		                fed_show(*at).s);
	memcpy(w->text, *at, len);
	w->text[len] = '\0';
	*at += len + ((*at)[len] == ',');
	w->form = NAME;
	if (strcmp(w->text, "norm") == 0)
		w->form = NORM;
	if (strcmp(w->text, "none") == 0)
		return fed_fail(err, "local-layers: none stands alone");
	if (strncmp(w->text, "last:", 5) == 0) {
		w->form = LAST;
		return parse_count(w, w->text + 5, err);
	}
	if (strncmp(w->text, "first:", 6) == 0) {
		w->form = FIRST;
		return parse_count(w, w->text + 6, err);
	}
	return FED_OK;
}

int fed__local_layers_check(const char *text, struct fed_error *err)
{
	struct layers_word w;

	if (!fed_local_layers_any(text))
		return FED_OK;
	for (const char *at = text; *at;)
		if (next_word(&at, &w, err))
			return FED_FAIL;
	return text[strlen(text) - 1] == ','
	           ? fed_fail(err, "local-layers: %s ends with a comma", fed_show(text).s)
	           : FED_OK;
}

/* Layers --------------------------------------------------------------------------- */

static void mark(bool *local, size_t from, size_t count)
{
	for (size_t j = from; j < from + count; j++)
		local[j] = true;
}

/* Mark k layers with parameters, from one end. */
static int mark_end(const struct fed_net *net, const struct layers_word *w, bool *local,
                    struct fed_error *err)
{
	unsigned long left = w->k;

	for (size_t i = 0; left && i < net->layers; i++) {
		const struct fed_net_layer *l = &net->layer[w->form == LAST ? net->layers - 1 - i : i];

		if (!l->count)
			continue;
		mark(local, l->offset, l->count);
		left--;
	}
	return left ? fed_fail(err,
	                       "local-layers: the model has %lu layer%s with parameters, fewer "
	                       "than %s takes; `model` lists them",
	                       w->k - left, w->k - left == 1 ? "" : "s", w->text)
	            : FED_OK;
}

static bool is_norm(const char *kind)
{
	const size_t n = strlen(kind);

	return n >= 4 && strcmp(kind + n - 4, "norm") == 0;
}

static bool is_meant(const struct fed_net_layer *op, const struct layers_word *w)
{
	if (w->form == NORM)
		return is_norm(op->ops->name);
	return fed_same_name(op->name, w->text) || fed_same_name(op->ops->name, w->text);
}

static int refuse_name(const struct fed_net *net, const struct layers_word *w,
                       struct fed_error *err)
{
	struct fed_text all = {0};

	for (size_t o = 0; o < net->ops; o++)
		if (net->op[o].count)
			fed_text_add(&all, "%s%s", all.len ? ", " : "", net->op[o].name);
	const int rc =
		w->form == NORM
			? fed_fail(err, "local-layers: the model has no normalisation; it has %s",
	                   fed_text_str(&all))
			: fed_fail(err, "local-layers: the model has no layer %s with parameters; it has %s",
	                   fed_show(w->text).s, fed_text_str(&all));
	fed_text_release(&all);
	return rc;
}

static int mark_word(const struct fed_net *net, const struct layers_word *w, bool *local,
                     struct fed_error *err)
{
	bool any = false;

	if (w->form == LAST || w->form == FIRST)
		return mark_end(net, w, local, err);
	for (size_t o = 0; o < net->ops; o++) {
		if (!net->op[o].count || !is_meant(&net->op[o], w))
			continue;
		mark(local, net->op[o].offset, net->op[o].count);
		any = true;
	}
	return any ? FED_OK : refuse_name(net, w, err);
}

int fed_local_layers_make(const char *text, const struct fed_net *net, struct fed_sharing **out,
                          struct fed_error *err)
{
	struct layers_word w;
	int rc = FED_OK;

	*out = NULL;
	if (!fed_local_layers_any(text))
		return FED_OK;
	bool *local = fed_alloc_array(net->dim + 1, sizeof *local);
	if (!local)
		return fed_fail_memory(err, net->dim, "the local layers");
	for (const char *at = text; rc == FED_OK && *at;) {
		rc = next_word(&at, &w, err);
		if (rc == FED_OK)
			rc = mark_word(net, &w, local, err);
	}
	struct fed_sharing *s = rc == FED_OK ? fed_sharing_new(local, net->dim) : NULL;
	fed_free(local);
	if (rc)
		return rc;
	if (!s)
		return fed_fail_memory(err, net->dim, "the local layers");
	if (s->local == s->dim) {
		fed_sharing_unref(s);
		return fed_fail(err,
		                "local-layers: %s keeps all layers of the model at the clients, so "
		                "that nothing would travel; `baseline local` trains each alone",
		                fed_show(text).s);
	}
	*out = s;
	return FED_OK;
}
