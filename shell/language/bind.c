/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/bind.c - binding of words to a command's arguments.
 */
#include <string.h>

#include "base/mem.h"
#include "shell/language/command.h"

static const struct fed_field no_rows[] = {FED_END};

static const struct fed_field *rows_of(const struct fed_call *c)
{
	return c->command->args ? c->command->args : no_rows;
}

static const struct fed_field *more_rows(const struct fed_call *c, const struct fed_shell *shell)
{
	const struct fed_field *rows = c->command->more ? c->command->more(shell, c->args) : NULL;

	return rows ? rows : no_rows;
}

const struct fed_field *fed__call_next(const struct fed_call *c)
{
	const struct fed_field *rows = rows_of(c);

	for (size_t i = 0; rows[i].type; i++)
		if ((rows[i].flags & FED_FIELD_POSITIONAL) && !fed_call_has(c, i))
			return &rows[i];
	return NULL;
}

static void mark(struct fed_call *c, const struct fed_field *row)
{
	c->given |= (uint64_t)1 << (row - rows_of(c));
}

static int add_extra(struct fed_call *c, const char *key, const char *value, struct fed_error *err)
{
	struct fed_assign *grown =
		fed_resize(c->extra, c->n_extra * sizeof *grown, (c->n_extra + 1) * sizeof *grown);

	if (!grown)
		return fed_fail_memory(err, (c->n_extra + 1) * sizeof *grown, "arguments");
	c->extra = grown;
	c->extra[c->n_extra].key = fed_strdup(key);
	c->extra[c->n_extra].value = value ? fed_strdup(value) : NULL;
	if (!c->extra[c->n_extra++].key || (value && !c->extra[c->n_extra - 1].value))
		return fed_fail_memory(err, strlen(key), "arguments");
	return FED_OK;
}

/* Enumeration of the settable names: the command's own rows, then those of `more`. */
struct both_rows {
	const struct fed_field *rows[2];
};
static const struct fed_field *row_at(const struct both_rows *both, size_t i)
{
	for (size_t k = 0; k < 2; k++)
		for (const struct fed_field *row = both->rows[k]; row->type; row++)
			if (fed_field_settable(row) &&
			    !(row->flags & (FED_FIELD_HIDDEN | FED_FIELD_POSITIONAL)) && i-- == 0)
				return row;
	return NULL;
}
static const char *row_name_at(const void *ctx, size_t i)
{
	const struct fed_field *row = row_at(ctx, i);

	return row ? row->name : NULL;
}

static int refuse_key(const struct fed_call *c, const struct fed_shell *shell, const char *key,
                      struct fed_error *err)
{
	const struct both_rows both = {{rows_of(c), more_rows(c, shell)}};
	const char *near = fed_nearest(key, row_name_at, &both);
	struct fed_text list = {0};

	for (size_t i = 0; row_at(&both, i); i++) {
		const struct fed_field *row = row_at(&both, i);

		if (near && !fed_same_name(row->name, near))
			continue;
		fed_text_add(&list, "%s", list.len ? ", " : "");
		fed_field_key(row, &list);
	}
	if (near)
		fed_fail(err, "no parameter %s; did you mean %s?", fed_show(key).s, fed_text_str(&list));
	else if (list.len)
		fed_fail(err, "no parameter %s; it takes %s", fed_show(key).s, fed_text_str(&list));
	else
		fed_fail(err, "no parameter %s; it takes none", fed_show(key).s);
	fed_text_release(&list);
	return FED_FAIL;
}

static int set_row(struct fed_call *c, const struct fed_field *row, const char *value,
                   struct fed_error *err)
{
	struct fed_text key = {0};
	struct fed_error why;

	fed_field_key(row, &key);
	int rc = FED_OK;
	if (fed_call_has(c, (size_t)(row - rows_of(c))))
		rc = fed_fail(err, "%s is given twice", fed_text_str(&key));
	else if (!value && !fed_field_bare(row))
		rc = fed_fail(err, "%s needs a value: %s=VALUE", fed_text_str(&key), fed_text_str(&key));
	else if (fed_field_parse(row, c->args, value ? value : "yes", &why))
		rc = fed_fail(err, "%s", why.text);
	else
		mark(c, row);
	if (rc)
		c->bad_row = row;
	fed_text_release(&key);
	return rc;
}

/* "key=value", when key is a name; the value stays inside the word. */
static bool split_pair(const char *word, char *key, size_t size, const char **value)
{
	const size_t n = strcspn(word, "=");

	if (!word[n] || n == 0 || n >= size)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.", word[i]))
			return false;
	memcpy(key, word, n);
	key[n] = 0;
	*value = word + n + 1;
	return true;
}

/* Whether the argument that selects the rows of `more` is unknown or has none; run reports it. */
static bool names_no_rows(const struct fed_call *c, const struct fed_shell *shell)
{
	return c->command->more && fed_call_has(c, 0) && !c->command->more(shell, c->args);
}

static int take_pair(struct fed_call *c, const struct fed_shell *shell, const char *key,
                     const char *value, struct fed_error *err)
{
	const struct fed_field *row = fed_fields_find(rows_of(c), key);

	if (row)
		return set_row(c, row, value, err);
	row = fed_fields_find(more_rows(c, shell), key);
	if (!(c->command->flags & FED_COMMAND_ANY_KEY) && !c->command->also &&
	    !names_no_rows(c, shell) && (!row || fed_field_vector(row)))
		return refuse_key(c, shell, key, err);
	return add_extra(c, key, value, err);
}

/* The next positional row of `more` (`dataset text FILE`), or NULL. */
static const struct fed_field *next_more(const struct fed_call *c, const struct fed_shell *shell)
{
	for (const struct fed_field *row = more_rows(c, shell); row->type; row++) {
		bool given = !(row->flags & FED_FIELD_POSITIONAL);

		for (size_t i = 0; !given && i < c->n_extra; i++)
			given = fed_same_name(c->extra[i].key, row->name);
		if (!given)
			return row;
	}
	return NULL;
}

/* The row of this name in `more` or `also`, or NULL. */
static const struct fed_field *named_row(const struct fed_call *c, const struct fed_shell *shell,
                                         const char *key)
{
	const struct fed_field *row = fed_fields_find(more_rows(c, shell), key);

	return row || !c->command->also ? row : fed_fields_find(c->command->also(shell, c), key);
}

/* A word without "=": the next positional argument, or the bare name of a flag, which may be typed
 * as programs have it: --verify. */
static int take_word(struct fed_call *c, const struct fed_shell *shell, const char *word,
                     struct fed_error *err)
{
	const char *name = strncmp(word, "--", 2) == 0 ? word + 2 : word;
	const struct fed_field *next = fed__call_next(c), *flag = fed_fields_find(rows_of(c), name);

	if (flag && fed_field_bare(flag))
		return set_row(c, flag, NULL, err);
	if (next)
		return set_row(c, next, word, err);
	flag = named_row(c, shell, word);
	if (flag && fed_field_bare(flag))
		return add_extra(c, word, NULL, err);
	next = flag ? NULL : next_more(c, shell);
	if (next)
		return add_extra(c, next->name, word, err);
	if (flag || (c->command->flags & FED_COMMAND_ANY_KEY))
		return fed_fail(err, "%s needs a value: %s=VALUE", fed_show(word).s, fed_show(word).s);
	return fed_fail(err, "unexpected argument %s; `help %s` shows what it takes", fed_show(word).s,
	                c->command->name);
}

/* Bind the rest of the line as one text. */
static int take_rest(struct fed_call *c, const struct fed_field *row, const struct fed_words *words,
                     size_t first, struct fed_error *err)
{
	struct fed_text rest = {0};

	for (size_t i = first; i < words->n; i++)
		fed_text_add(&rest, "%s%s", i > first ? " " : "", fed__words_at(words, i));
	const int rc = rest.failed ? fed_fail_memory(err, rest.len, "arguments")
	                           : set_row(c, row, fed_text_str(&rest), err);
	fed_text_release(&rest);
	return rc;
}

/* key=value, but in a condition not state==training. */
static bool is_pair(const char *word, const struct fed_field *next, char *key, size_t size,
                    const char **value)
{
	return split_pair(word, key, size, value) &&
	       !(next && (next->flags & FED_FIELD_WORDS) && **value == '=');
}

/* Bind the words up to the next key=value as one text; returns how many they are in *n. */
static int take_words(struct fed_call *c, const struct fed_field *row,
                      const struct fed_words *words, size_t first, size_t *n, struct fed_error *err)
{
	struct fed_text text = {0};
	const char *value;
	char key[64];

	for (*n = 0; first + *n < words->n; ++*n) {
		const char *word = fed__words_at(words, first + *n);

		if (is_pair(word, row, key, sizeof key, &value))
			break;
		fed_text_add(&text, "%s%s", *n ? " " : "", word);
	}
	const int rc = text.failed ? fed_fail_memory(err, text.len, "arguments")
	                           : set_row(c, row, fed_text_str(&text), err);
	fed_text_release(&text);
	return rc;
}

static int check_required(struct fed_call *c, const struct fed_words *words, struct fed_error *err)
{
	const struct fed_field *rows = rows_of(c);

	for (size_t i = 0; rows[i].type; i++) {
		if (!(rows[i].flags & FED_FIELD_REQUIRED) || fed_call_has(c, i))
			continue;
		struct fed_text key = {0};
		c->bad = words->n;
		c->bad_row = &rows[i];
		fed_field_key(&rows[i], &key);
		fed_fail(err, "%s is missing (%s); `help %s` shows examples", fed_text_str(&key),
		         rows[i].help, c->command->name);
		fed_text_release(&key);
		return FED_FAIL;
	}
	return FED_OK;
}

int fed__call_bind(struct fed_call *c, const struct fed_shell *shell,
                   const struct fed_command *command, const struct fed_words *words, size_t first,
                   struct fed_error *err)
{
	*c = (struct fed_call){.command = command};
	c->args = fed_alloc(command->args_size ? command->args_size : 1);
	if (!c->args)
		return fed_fail_memory(err, command->args_size, "arguments");
	fed_fields_default(rows_of(c), c->args);
	for (size_t i = first; i < words->n; i++) {
		const struct fed_field *next = fed__call_next(c);
		const char *word = fed__words_at(words, i), *value;
		char key[64];

		c->bad = i;
		if (next && (next->flags & FED_FIELD_REST)) {
			if (take_rest(c, next, words, i, err))
				return FED_FAIL;
			break;
		}
		if (is_pair(word, next, key, sizeof key, &value)) {
			if (take_pair(c, shell, key, value, err))
				return FED_FAIL;
			continue;
		}
		if (next && (next->flags & FED_FIELD_WORDS)) {
			size_t n;

			if (take_words(c, next, words, i, &n, err))
				return FED_FAIL;
			i += n - 1;
		} else if (take_word(c, shell, word, err)) {
			return FED_FAIL;
		}
	}
	c->bad = 0;
	return check_required(c, words, err);
}

void fed__call_release(struct fed_call *c)
{
	for (size_t i = 0; i < c->n_extra; i++) {
		fed_free((char *)c->extra[i].key);
		fed_free((char *)c->extra[i].value);
	}
	fed_free(c->extra);
	fed_free(c->args);
	*c = (struct fed_call){0};
}
