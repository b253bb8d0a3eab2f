/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/explain.c - lookup and printing of explanations.
 */
#include "shell/language/explain.h"

#include <string.h>

#include "report/explain_round.h"
#include "session/composition.h"
#include "shell/language/command.h"
#include "shell/language/glossary.h"
#include "shell/output/devices.h"
#include "shell/output/print.h"
#include "train/schemes/schemes.h"

static void show(struct fed_shell *shell, const char *kind, const char *name, const char *help,
                 const char *doc, const struct fed_field *rows)
{
	fed__print_styled(shell, FED_EMPHASIS_BOLD, "%s %s", kind, name);
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

static bool explain_plugin(struct fed_shell *shell, const char *name)
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
			found = true;
		}
	}
	return found;
}

static bool explain_core(struct fed_shell *shell, const char *name)
{
	bool found = false;
	const struct fed_source *source;
	const struct fed_scheme *scheme;

	for (size_t i = 0; (scheme = fed_scheme_at(i)); i++)
		if (fed_same_name(scheme->name, name)) {
			show(shell, "scheme", scheme->name, scheme->help, scheme->doc, scheme->fields);
			found = true;
		}
	for (size_t i = 0; (source = fed_source_at(i)); i++)
		if (fed_same_name(source->name, name)) {
			show(shell, "dataset", source->name, source->help, source->doc, source->fields);
			found = true;
		}
	for (size_t i = 0; (source = fed_source_file_at(i)); i++)
		if (fed_same_name(source->name, name)) {
			show(shell, "dataset", source->name, source->help, source->doc, source->fields);
			found = true;
		}
	for (size_t i = 0; i < FED_FAULT_KINDS; i++) {
		const struct fed_fault_type *t = &fed_fault_types[i];

		if (!fed_same_name(t->name, name))
			continue;
		show(shell, "fault", t->name, t->help, t->doc, t->fields);
		found = true;
	}
	for (size_t i = 0; fed_partition_names[i]; i++)
		if (fed_same_name(fed_partition_names[i], name)) {
			show(shell, "partition", fed_partition_names[i], NULL, fed_partition_docs[i], NULL);
			found = true;
		}
	return found;
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
		           "no numbers of a round yet: %s\n",
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

static bool explain_word(struct fed_shell *shell, const char *name)
{
	for (const struct fed_glossary_word *w = fed__glossary; w->word; w++) {
		if (!fed_same_name(w->word, name))
			continue;
		if (w->page)
			return explain_core(shell, w->page);
		show(shell, w->kind, w->word, w->help, w->doc, NULL);
		return true;
	}
	return false;
}

static bool explain_command(struct fed_shell *shell, const char *name)
{
	const struct fed_command *command;
	struct fed_error none;

	if (fed__command_find(shell, name, false, &command, &none))
		return false;
	fed__help_command(shell, command);
	return true;
}

static const char *explained_name_at(const void *ctx, size_t i)
{
	return fed__hint_name(ctx, "explain", i);
}

int fed__explain(struct fed_shell *shell, const char *name, struct fed_error *err)
{
	const bool plugin = explain_plugin(shell, name), core = explain_core(shell, name);
	const bool equipment = fed__explain_equipment(shell, name);

	if (plugin || core || equipment)
		return explain_round(shell, name, err);
	if (explain_word(shell, name) || explain_command(shell, name))
		return FED_OK;
	const char *near = fed_nearest(name, explained_name_at, shell);
	if (near)
		return fed_fail(err, "nothing is called %s; did you mean %s?", fed_show(name).s, near);
	return fed_fail(err, "nothing is called %s; `plugins` and `help` list what there is",
	                fed_show(name).s);
}
