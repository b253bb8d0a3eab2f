/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/explain.c - lookup and printing of explanations.
 */
#include "shell/language/explain.h"

#include <math.h>
#include <string.h>

#include "report/explain_round.h"
#include "session/composition.h"
#include "base/mem.h"
#include "history/metrics.h"
#include "nn/layers/kinds.h"
#include "shell/output/settings.h"
#include "shell/glossary/glossary.h"
#include "shell/language/command.h"
#include "shell/output/devices.h"
#include "shell/output/print.h"
#include "train/schemes/schemes.h"

static void show(struct fed_shell *shell, const char *kind, const char *name, const char *help,
                 const char *doc, const struct fed_field *rows)
{
	const char *written = fed__glossary_written(name);

	fed__print_styled(shell, FED_EMPHASIS_BOLD, "%s %s", kind, name);
	if (written && strcmp(written, name) != 0)
		fed__print(shell, " (%s)", written);
	fed__print(shell, "%s%s\n", help ? ": " : "", help ? help : "");
	if (doc && *doc) {
		fed__print(shell, "\n");
		fed__print_prose(shell, doc);
		fed__print(shell, "%s", doc[strlen(doc) - 1] == '\n' ? "" : "\n");
	}
	bool any = false;
	for (const struct fed_field *row = rows; row && row->type; row++)
		any |= fed_field_settable(row);
	if (any) {
		fed__print(shell, "\nparameters\n");
		fed__help_fields(shell, rows, NULL);
	}
}

static bool explain_plugin(struct fed_shell *shell, const char *name, const char **kept)
{
	bool found = false;

	for (enum fed_kind kind = FED_KIND_AGGREGATOR; kind <= FED_KIND_LAST; kind++) {
		const struct fed_entry *e;

		for (size_t i = 0; (e = fed_registry_at(fed_session_plugins(shell->session), kind, i));
		     i++) {
			if (!fed_same_name(e->head->name, name))
				continue;
			show(shell, fed_kind_name(kind), e->head->name, e->head->help, e->head->doc,
			     e->head->fields);
			*kept = fed_kind_name(kind);
			found = true;
		}
	}
	return found;
}

/* A layer by its name, or all of them. */
static bool explain_layer(struct fed_shell *shell, const char *name, const char **kind)
{
	const bool all = fed_same_name(name, "layers") || fed_same_name(name, "layer");
	const struct fed_layer_kind *layer;

	for (size_t k = 0; !all && (layer = fed_layer_kind(k)); k++)
		if (layer->is == FED_LINE_LAYER && fed_same_name(layer->name, name)) {
			show(shell, *kind = "layer", layer->name, layer->help, NULL, layer->fields);
			return true;
		}
	if (!all)
		return false;
	show(shell, *kind = "term", "layers", "what models are made of, one line each", NULL, NULL);
	fed__print(shell, "\n");
	for (size_t k = 0; (layer = fed_layer_kind(k)); k++)
		fed__print(shell, "  %-12s %s\n", layer->name, layer->help);
	fed__print(shell, "\n`explain conv` has the settings of one.\n");
	return true;
}

static bool explain_core(struct fed_shell *shell, const char *name, const char **kind)
{
	bool found = false;
	const struct fed_source *source;
	const struct fed_scheme *scheme;

	for (size_t i = 0; (scheme = fed_scheme_at(i)); i++)
		if (fed_same_name(scheme->name, name)) {
			show(shell, *kind = "scheme", scheme->name, scheme->help, scheme->doc, scheme->fields);
			found = true;
		}
	for (size_t i = 0; (source = fed_source_at(i)); i++)
		if (fed_same_name(source->name, name)) {
			show(shell, *kind = "dataset", source->name, source->help, source->doc, source->fields);
			found = true;
		}
	for (size_t i = 0; (source = fed_source_file_at(i)); i++)
		if (fed_same_name(source->name, name)) {
			show(shell, *kind = "dataset", source->name, source->help, source->doc, source->fields);
			found = true;
		}
	for (size_t i = 0; i < FED_FAULT_KINDS; i++) {
		const struct fed_fault_type *t = &fed_fault_types[i];

		if (!fed_same_name(t->name, name))
			continue;
		show(shell, *kind = "fault", t->name, t->help, t->doc, t->fields);
		found = true;
	}
	for (size_t i = 0; fed_partition_names[i]; i++)
		if (fed_same_name(fed_partition_names[i], name)) {
			show(shell, *kind = "partition", fed_partition_names[i], NULL, fed_partition_docs[i],
			     NULL);
			found = true;
		}
	return explain_layer(shell, name, kind) || found;
}

/* For the session's own aggregator or scheme, also the numbers of its last round. */
static int explain_round(struct fed_shell *shell, const char *name, struct fed_error *err)
{
	const struct fed_instance *rule = &fed_session_parts(shell->session)->aggregator;
	const bool is_rule = rule->entry && fed_same_name(rule->entry->head->name, name);
	struct fed_round_explanation explanation;

	if (!is_rule && !(rule->after && fed_same_name(rule->after->entry->head->name, name)))
		return FED_OK;
	const int rc = fed_round_explanation_init(&explanation, shell->session, !is_rule, err);
	if (rc == FED_REJECT)
		fed__print(shell,
		           "\n"
		           "no numbers of a round: %s\n",
		           err->text);
	if (explanation.lines.len) {
		fed__print_styled(shell, FED_EMPHASIS_BOLD, "\nin version %llu:\n",
		                  (unsigned long long)explanation.version);
		if (is_rule && rule->after)
			fed__print(shell, "after %s: d_i are its mixtures, named by their clients\n",
			           rule->after->entry->head->name);
		fed__print(shell, "%s", fed_text_str(&explanation.lines));
		if (rc == FED_OK)
			fed__print(shell, "%s\n", fed_text_str(&explanation.truth));
	}
	fed_round_explanation_release(&explanation);
	return rc == FED_FAIL ? FED_FAIL : FED_OK;
}

/* Figures of the session -------------------------------------------------------- */

/* "now: test-accuracy 97.90 % in version 3" of a metric, without its name where that is the word
 * which is explained. */
static void show_metric(struct fed_shell *shell, const struct fed_field *metric, const char *word)
{
	const struct fed_history *h = fed_session_history(shell->session);
	const double value = fed_history_figure(h, metric, 0);
	struct fed_text text = {0}, key = {0}, form = {0};

	const char *needs = isnan(value) ? fed_metric_needs(metric) : NULL;
	if (needs)
		fed__print(shell, "\nit takes %s\n", needs);
	if (!h->n) {
		fed__print(shell, "\nnow: no rounds yet; `round` makes one\n");
		return;
	}
	fed_field_key(metric, &key);
	fed__glossary_form(word, 1, &form);
	const bool same = strcmp(fed_text_str(&form), fed_text_str(&key)) == 0;
	fed_metric_put(metric, value, &text);
	fed__print(shell, "\nnow: %s%s%s in version %.0f\n", same ? "" : fed_text_str(&key),
	           same ? "" : " ", isnan(value) ? "none" : fed_text_str(&text),
	           h->record[h->n - 1].round);
	fed_text_release(&text);
	fed_text_release(&key);
	fed_text_release(&form);
}

/* A word without a figure: why. */
static void show_none(struct fed_shell *shell)
{
	const uint64_t version = fed_session_version(shell->session);

	if (!version)
		fed__print(shell, "\nnow: nothing to show yet; `round` makes a version\n");
	else if (!fed_session_federation(shell->session)->verdicts.n)
		fed__print(shell, "\nnow: the updates of version %s are gone; `round` brings others\n",
		           fed_count((double)version).s);
	else
		fed__print(shell, "\nnow: none in version %s\n", fed_count((double)version).s);
}

/* The figure of a word now: its own, its metric's, its setting's. */
static void show_figure(struct fed_shell *shell, const struct fed_glossary_word *w)
{
	const struct fed_field *metric;
	struct fed_error none;
	struct fed_text text = {0};

	if (w->now && w->now(shell->session, &text))
		fed__print(shell, "\nnow: %s\n", fed_text_str(&text));
	else if (w->now)
		show_none(shell);
	fed_text_release(&text);
	if (w->metric && fed_metric_find(w->metric, &metric, &none) == FED_OK)
		show_metric(shell, metric, w->word);
	if (w->setting) {
		fed__print(shell, "%snow: ", w->now ? "" : "\n");
		fed__show_setting(shell, w->setting, &none);
	}
}

static bool explain_word(struct fed_shell *shell, const struct fed_glossary_word *w,
                         const char **kind)
{
	if (!w)
		return false;
	show(shell, w->kind, w->word, w->help, w->doc, NULL);
	show_figure(shell, w);
	*kind = w->kind;
	return true;
}

/* A setting or a metric that the glossary has no text of. */
static bool explain_field(struct fed_shell *shell, const char *name, const char **kind)
{
	const struct fed_field *row = fed__find_setting(shell, name), *metric = NULL;
	const struct fed_field alone[] = {row ? *row : (struct fed_field)FED_END, FED_END};
	struct fed_error none;

	if (!row && fed_metric_find(name, &metric, &none))
		return false;
	*kind = row ? "setting" : "metric";
	if (row) {
		show(shell, *kind, name, row->help, NULL, alone);
		fed__print(shell, "\nnow: ");
		fed__show_setting(shell, name, &none);
	} else {
		show(shell, *kind, name, metric->help, NULL, NULL);
		show_metric(shell, metric, name);
	}
	return true;
}

/* The last line ------------------------------------------------------------------ */

static const struct fed_command *command_of(const struct fed_shell *shell, const char *name)
{
	const struct fed_command *command;
	struct fed_error none;

	return fed__command_find(shell, name, false, &command, &none) ? NULL : command;
}

/* The command that chooses or shows something of a kind. */
static const char *command_of_kind(const char *kind)
{
	static const struct {
		const char *kind, *command;
	} commands[] = {
		{"aggregator", "aggregator"},
		{"transport", "transport"},
		{"model", "model"},
		{"attack", "inject"},
		{"fault", "inject"},
		{"selection", "select"},
		{"codec", "set"},
		{"setting", "set"},
		{"scheme", "scheme"},
		{"dataset", "dataset"},
		{"partition", "add-client"},
		{"metric", "plot"},
		{"verdict", "updates"},
		{"column", "updates"},
		{"plugins", "plugins"},
		{"device", "add-client"},
	};

	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (strcmp(commands[i].kind, kind) == 0)
			return commands[i].command;
	return NULL;
}

/* "`help aggregator` shows the command"; nothing for a term without one. */
static void point_to_help(struct fed_shell *shell, const char *name, const char *kind,
                          const struct fed_glossary_word *word)
{
	const struct fed_command *own = command_of(shell, name);
	const char *command = own                     ? own->name
	                      : word && word->command ? word->command
	                                              : command_of_kind(kind);

	if (command)
		fed__print_styled(shell, FED_EMPHASIS_DIM, "\n`help %s` shows the command%s\n", command,
		                  own ? " of this name" : "");
}

static bool explain_command(struct fed_shell *shell, const char *name)
{
	const struct fed_command *command = command_of(shell, name);

	if (command)
		fed__help_command(shell, command);
	return command;
}

/* Names ---------------------------------------------------------------------------- */

/* Whose names `explain` knows, besides the glossary's. */
static const char *const explained_hints[] = {"named", "command", "setting", "metric"};

/* All names, gathered once: walking the lists takes long. */
struct known_names {
	const char **of; /* [n] */
	size_t n, capacity;
};

/* Without memory a name is left out: it is only not suggested. */
static void names_add(struct known_names *names, const char *name)
{
	if (names->n == names->capacity) {
		const size_t capacity = names->capacity ? 2 * names->capacity : 512;
		const char **grown =
			fed_resize(names->of, names->capacity * sizeof *grown, capacity * sizeof *grown);

		if (!grown)
			return;
		names->of = grown;
		names->capacity = capacity;
	}
	names->of[names->n++] = name;
}
static const char *name_at(const void *ctx, size_t i)
{
	const struct known_names *names = ctx;

	return i < names->n ? names->of[i] : NULL;
}

/* The known name that is nearest to a typed one, or NULL. */
static const char *nearest_name(const struct fed_shell *shell, const char *typed)
{
	struct known_names names = {0};
	const char *near = NULL, *name;

	for (size_t k = 0; k < sizeof explained_hints / sizeof *explained_hints; k++)
		for (size_t i = 0; (name = fed__hint_name(shell, explained_hints[k], i)); i++)
			names_add(&names, name);
	for (size_t i = 0; (name = fed__glossary_name_at(i, false)); i++)
		names_add(&names, name);
	near = fed_nearest(typed, name_at, &names);
	fed_free(names.of);
	return near;
}

/* What explains a name in this very spelling; its kind for the last line. */
static bool explain_form(struct fed_shell *shell, const char *name, const char **kind)
{
	const bool plugin = explain_plugin(shell, name, kind), core = explain_core(shell, name, kind);
	const bool equipment = fed__explain_equipment(shell, name);

	if (equipment) /* device, phone; server-link, which is set */
		*kind = fed_fields_find(fed_settings_fields, name) ? "setting" : "device";
	return plugin || core || equipment;
}

int fed__explain(struct fed_shell *shell, const char *name, struct fed_error *err)
{
	const struct fed_glossary_word *word = fed__glossary_find(name);
	const char *kind = "", *typed = word && word->page ? word->page : name;
	struct fed_text form = {0};
	bool found = false;
	int rc = FED_OK;

	for (size_t i = 0; !found && fed__glossary_form(typed, i, &form); i++)
		found = form.len && explain_form(shell, fed_text_str(&form), &kind);
	if (found)
		rc = explain_round(shell, fed_text_str(&form), err);
	if (found && rc == FED_OK && word && !word->page) { /* it is a word of the screen, too */
		point_to_help(shell, "", kind, NULL);
		fed__print(shell, "\n");
	}
	if (rc == FED_OK && !(word && word->page))
		found |= explain_word(shell, word, &kind);
	for (size_t i = 0; !found && fed__glossary_form(typed, i, &form); i++)
		found = form.len && explain_field(shell, fed_text_str(&form), &kind);
	if (found && rc == FED_OK)
		point_to_help(shell, name, kind, word);
	fed_text_release(&form);
	if (found || explain_command(shell, name))
		return rc;
	return fed__explain_unknown(shell, name, err);
}

bool fed__explain_knows(const struct fed_shell *shell, const char *name)
{
	const char *known;

	for (size_t i = 0; (known = fed__hint_name(shell, "named", i)); i++)
		if (fed_same_name(known, name))
			return true;
	return fed__glossary_find(name);
}

int fed__explain_unknown(const struct fed_shell *shell, const char *name, struct fed_error *err)
{
	const char *near = nearest_name(shell, name);

	if (near)
		return fed_fail(err, "nothing is called %s; did you mean %s?", fed_show(name).s, near);
	return fed_fail(err, "nothing is called %s; `plugins` and `help` list what there is",
	                fed_show(name).s);
}
