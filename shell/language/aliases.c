/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/aliases.c - aliases of command lines, sorted by name.
 */
#include <string.h>

#include "base/mem.h"
#include "shell/language/command.h"

#define PARAMETERS 9

void fed__aliases_release(struct fed_shell *shell)
{
	for (size_t i = 0; i < shell->n_aliases; i++) {
		fed_free(shell->alias[i].name);
		fed_free(shell->alias[i].text);
	}
	fed_free(shell->alias);
	shell->alias = NULL;
	shell->n_aliases = 0;
	fed__group_drop(shell);
}

static size_t alias_place(const struct fed_shell *shell, const char *name)
{
	size_t i = 0;

	while (i < shell->n_aliases && strcmp(shell->alias[i].name, name) < 0)
		i++;
	return i;
}

const struct fed_alias *fed__alias_find(const struct fed_shell *shell, const char *name)
{
	const size_t i = alias_place(shell, name);

	return i < shell->n_aliases && strcmp(shell->alias[i].name, name) == 0 ? &shell->alias[i]
	                                                                       : NULL;
}

static int remove_alias(struct fed_shell *shell, const char *name, struct fed_error *err)
{
	const size_t i = alias_place(shell, name);

	if (!fed__alias_find(shell, name))
		return fed_fail(err, "no alias %s", fed_show(name).s);
	fed_free(shell->alias[i].name);
	fed_free(shell->alias[i].text);
	shell->n_aliases--;
	memmove(&shell->alias[i], &shell->alias[i + 1], (shell->n_aliases - i) * sizeof *shell->alias);
	return FED_OK;
}

static int insert_alias(struct fed_shell *shell, const char *name, char *text,
                        struct fed_error *err)
{
	const size_t i = alias_place(shell, name), n = shell->n_aliases;
	char *copy = fed_strdup(name);
	struct fed_alias *grown =
		copy ? fed_resize(shell->alias, n * sizeof *grown, (n + 1) * sizeof *grown) : NULL;

	if (!grown) {
		fed_free(copy);
		return fed_fail_memory(err, sizeof *grown, "the alias");
	}
	shell->alias = grown;
	memmove(&grown[i + 1], &grown[i], (n - i) * sizeof *grown);
	grown[i] = (struct fed_alias){copy, text, false};
	shell->n_aliases++;
	return FED_OK;
}

/* Whether it is made of letters of any script, digits, - and _. */
static bool is_name(const char *name)
{
	uint32_t code;
	size_t n;

	for (const char *at = name; *at; at += n) {
		n = fed_utf8_next(at, strlen(at), &code);
		if (!n || (fed_utf8_letter(code) == FED_LETTER_NONE && !(code >= '0' && code <= '9') &&
		           code != '-' && code != '_'))
			return false;
	}
	return *name != 0;
}

static int check_name(const struct fed_shell *shell, const char *name, const char *what,
                      struct fed_error *err)
{
	const struct fed_command *command;
	struct fed_error unused;

	if (fed__command_find(shell, name, false, &command, &unused) == FED_OK)
		return fed_fail(err, "%s is a command and cannot be %s", fed__command_called(command, name),
		                what);
	if (strcmp(name, "end") == 0)
		return fed_fail(err, "end ends a group and cannot be %s", what);
	if (!is_name(name))
		return fed_fail(err, "%s: %s has letters, digits, - and _", fed_show(name).s, what);
	return FED_OK;
}

static int set_text(struct fed_shell *shell, const char *name, const char *text, bool group,
                    struct fed_error *err)
{
	if (!*text)
		return remove_alias(shell, name, err);
	char *copy = fed_strdup(text);
	if (!copy)
		return fed_fail_memory(err, strlen(text), "the alias");
	if (fed__alias_find(shell, name)) {
		fed_free(shell->alias[alias_place(shell, name)].text);
		shell->alias[alias_place(shell, name)].text = copy;
	} else if (insert_alias(shell, name, copy, err)) {
		fed_free(copy);
		return FED_FAIL;
	}
	shell->alias[alias_place(shell, name)].group = group;
	return FED_OK;
}

int fed__alias_set(struct fed_shell *shell, const char *name, const char *text,
                   struct fed_error *err)
{
	if (check_name(shell, name, "an alias", err))
		return FED_FAIL;
	return set_text(shell, name, text, false, err);
}

/* Groups ---------------------------------------------------------------------- */

int fed__group_begin(struct fed_shell *shell, const char *name, struct fed_error *err)
{
	if (check_name(shell, name, "a group", err))
		return FED_FAIL;
	fed__group_drop(shell);
	shell->defining.name = fed_strdup(name);
	return shell->defining.name ? FED_OK : fed_fail_memory(err, strlen(name), "the group");
}

void fed__group_drop(struct fed_shell *shell)
{
	fed_free(shell->defining.name);
	fed_text_release(&shell->defining.text);
	shell->defining.name = NULL;
}

static int end_group(struct fed_shell *shell, struct fed_error *err)
{
	struct fed_defining *d = &shell->defining;
	const int rc = d->text.failed ? fed_fail_memory(err, d->text.len, "the group")
	               : !d->text.len && !fed__alias_find(shell, d->name)
	                   ? fed_fail(err, "define %s: there is nothing between it and `end`", d->name)
	                   : set_text(shell, d->name, fed_text_str(&d->text), true, err);

	fed__group_drop(shell);
	return rc;
}

int fed__group_take(struct fed_shell *shell, const struct fed_words *words, const char *source,
                    struct fed_error *err)
{
	const char *name = fed__words_at(words, 0);
	const size_t begin = words->word[0].begin, end = words->word[words->n - 1].end;

	if (strcmp(name, "end") == 0 && words->n == 1)
		return end_group(shell, err);
	if (strcmp(name, "define") == 0) {
		fed_fail(err, "define %s: a group cannot define another; `end` was missing",
		         shell->defining.name);
		fed__group_drop(shell);
		return FED_FAIL;
	}
	fed__line_join(&shell->defining.text, source + begin, end - begin);
	fed_text_put(&shell->defining.text, "\n", 1);
	return FED_OK;
}

int fed__group_ended(struct fed_shell *shell, struct fed_error *err)
{
	if (!shell->defining.name)
		return FED_OK;
	fed_fail(err, "define %s: has no `end`", shell->defining.name);
	fed__group_drop(shell);
	return FED_FAIL;
}

/* The word as it was typed, with its quotes. */
static void put_word(struct fed_text *out, const struct fed_words *words, size_t i,
                     const char *source)
{
	fed_text_put(out, source + words->word[i].begin, words->word[i].end - words->word[i].begin);
}

/* How many arguments the group needs; *all: it takes any number of them. */
static size_t parameters(const char *text, bool *all)
{
	size_t n = 0;

	*all = false;
	for (const char *at = text; (at = strchr(at, '$')); at += at[1] ? 2 : 1) {
		if (at[1] == '*')
			*all = true;
		if (at[1] >= '1' && at[1] <= '0' + PARAMETERS && (size_t)(at[1] - '0') > n)
			n = (size_t)(at[1] - '0');
	}
	return n;
}

static void put_group(const char *text, const struct fed_words *words, const char *source,
                      struct fed_text *out)
{
	for (const char *at = text; *at; at++) {
		if (*at != '$') {
			fed_text_put(out, at, 1);
		} else if (at[1] == '$') {
			fed_text_put(out, at++, 1);
		} else if (at[1] == '*') {
			for (size_t i = 1; i < words->n; i++) {
				fed_text_put(out, " ", i > 1);
				put_word(out, words, i, source);
			}
			at++;
		} else if (at[1] >= '1' && at[1] <= '0' + PARAMETERS) {
			put_word(out, words, (size_t)(*++at - '0'), source);
		} else {
			fed_text_put(out, at, 1);
		}
	}
}

int fed__alias_expand(const struct fed_alias *alias, const struct fed_words *words,
                      const char *source, struct fed_text *out, struct fed_error *err)
{
	const size_t after = words->word[0].end, end = words->word[words->n - 1].end;
	const size_t given = words->n - 1;
	bool all;

	if (!alias->group) {
		fed_text_add(out, "%s", alias->text);
		fed_text_put(out, source + after, end - after);
	} else {
		const size_t needed = parameters(alias->text, &all);

		if (given < needed || (given > needed && !all))
			return fed_fail(err, "takes %s%zu argument%s, not %zu", all ? "at least " : "", needed,
			                needed == 1 ? "" : "s", given);
		put_group(alias->text, words, source, out);
	}
	return out->failed ? fed_fail_memory(err, out->len, "what the alias stands for") : FED_OK;
}
