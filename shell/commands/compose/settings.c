/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/compose/settings.c - setting of what is not a single key of the session.
 */
#include "shell/commands/compose/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "shell/language/hidden.h"
#include "shell/language/travel.h"
#include "shell/output/settings.h"
#include "shell/script/step_key.h"

int fed__set_own(struct fed_shell *shell, const struct fed_assign *given, size_t n,
                 struct fed_error *err)
{
	struct fed_shell_settings own = shell->own;

	if (fed_assigned_once(given, n, err) ||
	    fed_fields_assign(fed__shell_fields, &own, given, n, err))
		return FED_FAIL;
	if (own.step && !shell->own.step && fed__step_key_check(err))
		return FED_FAIL;
	if (shell->own.readonly && !own.readonly)
		return fed_fail(err, "readonly stays on until the program ends");
	if (strcmp(own.hide, "none") == 0)
		own.hide[0] = 0;
	const bool hides = strcmp(own.hide, shell->own.hide) != 0;
	if (hides && shell->own.readonly)
		return fed_fail(err, "under readonly what is hidden stays as it is");
	if (fed__hidden_check_list(shell, own.hide, err) ||
	    fed__travel_check_memory(own.history_memory, err))
		return FED_FAIL;
	if (own.readonly && !shell->own.readonly && shell->watching.watch)
		return fed_fail(err, "readonly is turned on before the watch is opened");
	if (own.readonly && setenv("LESSSECURE", "1", 1)) /* a pager runs no programs either */
		return fed_fail_memory(err, sizeof "LESSSECURE=1", "the environment");
	if (own.readonly)
		fed_session_write_no_files(shell->session);
	shell->own = own;
	fed__travel_apply(shell);
	if (hides)
		fed__hidden_by(shell);
	shell->aside = true;
	for (size_t i = 0; i < n; i++)
		fed__show_setting(shell, given[i].key, err);
	return FED_OK;
}

bool fed__are_directions(const struct fed_assign *given, size_t n)
{
	size_t i = 0;

	while (i < n && (strcmp(given[i].key, "up") == 0 || strcmp(given[i].key, "down") == 0))
		i++;
	return n && i == n;
}

int fed__set_directions(struct fed_shell *shell, const struct fed_assign *given, size_t n,
                        struct fed_error *err)
{
	struct fed_text text = {0};

	for (size_t i = 0; i < n; i++)
		fed_text_add(&text, "%s%s=%s", i ? "," : "", given[i].key,
		             given[i].value ? given[i].value : "");
	int rc = fed_session_set(shell->session, "codec", fed_text_str(&text), err);
	if (rc == FED_OK)
		rc = fed__show_setting(shell, "codec", err);
	fed_text_release(&text);
	return rc;
}

const struct fed_field fed__show_rows[] = {
	FED_ARG_TEXT(struct fed_show_args, key, FED_FIELD_POSITIONAL, "setting",
                 "one setting; else all"),
	FED_END,
};

int fed__run_show(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_show_args *a = call->args;

	if (*a->key)
		return fed__show_setting(shell, a->key, err);
	fed__show_all(shell);
	return FED_OK;
}
