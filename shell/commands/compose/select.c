/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/compose/select.c - choice of the selection rule.
 */
#include "shell/commands/compose/select.h"

#include "session/composition.h"
#include "shell/output/settings.h"
#include "shell/output/print.h"

const struct fed_field fed__select_rows[] = {
	FED_ARG_TEXT(struct fed_select_args, name, FED_FIELD_POSITIONAL, "selection",
                 "a selection rule; without it the present one is shown"),
	FED_END,
};

const struct fed_field *fed__select_more(const struct fed_shell *shell, const void *args)
{
	const struct fed_select_args *a = args;
	const struct fed_entry *entry;
	struct fed_error unused;

	return fed_registry_find(fed_session_plugins(shell->session), FED_KIND_SELECTION, a->name,
	                         &entry, &unused) == FED_OK
	           ? entry->head->fields
	           : NULL;
}

int fed__run_select(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_select_args *a = call->args;
	const struct fed_instance *rule = &fed_session_parts(shell->session)->selection;
	struct fed_text text = {0};

	if (*a->name && fed_session_select(shell->session, a->name, call->extra, call->n_extra, err))
		return FED_FAIL;
	if (!rule->entry) {
		fed__print(shell, "selection uniform\n");
		return FED_OK;
	}
	fed__put_instance(rule, &text);
	fed__print(shell, "selection %s%s%s\n", rule->entry->head->name, text.len ? "  " : "",
	           fed_text_str(&text));
	fed_text_release(&text);
	return FED_OK;
}
