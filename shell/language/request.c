/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/request.c - the words of a command that say where its output goes and in which
 * form.
 */
#include <string.h>

#include "report/client_table.h"
#include "shell/language/command.h"
#include "shell/output/redirect.h"

/* State of the search through the words of a command. */
struct request_words {
	struct fed_redirect *request;
	const struct fed_command *command;
	struct fed_words *words;
	const char *source;
	size_t len;
	struct fed_error *err;
};

/* The hint of the command's positional argument that is a condition; NULL: none is. */
static const char *condition_hint(const struct fed_command *command)
{
	static const char *const hints[] = {"condition", "break", "filter"};

	for (const struct fed_field *row = command->args; row && row->type; row++)
		for (size_t k = 0; k < sizeof hints / sizeof *hints; k++)
			if ((row->flags & FED_FIELD_POSITIONAL) && row->hint &&
			    strcmp(row->hint, hints[k]) == 0)
				return hints[k];
	return NULL;
}

/* Whether a word can be the left side of a comparison: in a filter of clients only a figure, as
 * there are also selectors and words alone (`clients 1-3 > FILE`, `clients lost > FILE`). */
static bool is_operand(const char *hint, const char *word)
{
	if (strcmp(hint, "filter") != 0)
		return true;
	const struct fed_field *field = fed_fields_find(fed_client_table_fields, word);
	return field && field->type == FED_TYPE_REAL;
}

/* Whether a row takes all words that follow as they are: a command line, which has its own output.
 */
static bool takes_line(const struct fed_field *row)
{
	return (row->flags & FED_FIELD_REST) && (!row->hint || strcmp(row->hint, "command") == 0);
}

/* The first word of a line that the command takes as it is (`alias`); beyond all: there is none. */
static size_t text_begin(const struct fed_command *command)
{
	size_t i = 1;

	for (const struct fed_field *row = command->args; row && row->type; row++) {
		if (takes_line(row))
			return i;
		i += (row->flags & FED_FIELD_POSITIONAL) != 0;
	}
	return FED_WORDS_MAX;
}

/* Whether the words before word i are the left side of a comparison that has no operator yet. */
static bool lacks_operator(const char *hint, const struct fed_words *words, size_t i)
{
	bool operand = false, compared = false;

	for (size_t k = 1; k < i; k++) {
		const char *word = fed__words_at(words, k);
		const size_t n = strlen(word);

		if (strcmp(word, "and") == 0 || strcmp(word, "or") == 0 || word[n ? n - 1 : 0] == ',') {
			operand = compared = false;
			continue;
		}
		operand = is_operand(hint, word);
		compared |= strpbrk(word, "<>=!") != NULL;
	}
	return operand && !compared;
}

bool fed__request_compares(const struct fed_command *command, const struct fed_words *words,
                           size_t i)
{
	const char *condition = condition_hint(command);

	return condition && lacks_operator(condition, words, i);
}

bool fed__request_is_text(const struct fed_command *command, size_t i)
{
	return i >= text_begin(command);
}

static void remove_words(struct fed_words *words, size_t at, size_t n)
{
	memmove(&words->word[at], &words->word[at + n], (words->n - at - n) * sizeof *words->word);
	words->n -= n;
}

/* --csv, --json, -w: true if word i is one of them; it is taken out. */
static bool take_form(struct request_words *s, size_t i)
{
	const char *word = fed__words_at(s->words, i);

	if (s->source[s->words->word[i].begin] != '-')
		return false;
	if (strcmp(word, "--csv") == 0)
		s->request->form = FED_FORM_CSV;
	else if (strcmp(word, "--json") == 0)
		s->request->form = FED_FORM_JSON;
	else if (strcmp(word, "-w") == 0 || strcmp(word, "--wide") == 0)
		s->request->wide = true;
	else
		return false;
	remove_words(s->words, i, 1);
	return true;
}

/* "| COMMAND": all that follows belongs to sh. */
static int take_pipe(struct request_words *s, size_t i)
{
	const size_t begin = s->words->word[i].begin + 1;
	const char *command = s->source + begin;
	const size_t n = s->len - begin, blanks = strspn(command, " \t");

	if (blanks >= n)
		return fed_fail(s->err, "| needs a command behind it: `%s | grep 3`", s->command->name);
	if (s->request->outlet != FED_OUTLET_SCREEN)
		return fed_fail(s->err, "the output goes to a file or to a command, not to both");
	s->request->outlet = FED_OUTLET_COMMAND;
	fed_text_put(&s->request->target, command + blanks, n - blanks);
	s->words->n = i;
	return FED_OK;
}

/* "> FILE", ">>FILE". */
static int take_file(struct request_words *s, size_t i)
{
	const char *word = fed__words_at(s->words, i);
	const bool append = word[1] == '>';
	const bool joined = word[1 + append] != 0;
	const char *path = joined                ? word + 1 + append
	                   : i + 1 < s->words->n ? fed__words_at(s->words, i + 1)
	                                         : "";

	if (!*path)
		return fed_fail(s->err, "%s needs a file behind it: `%s %s out.txt`", append ? ">>" : ">",
		                s->command->name, append ? ">>" : ">");
	if (s->request->outlet != FED_OUTLET_SCREEN)
		return fed_fail(s->err, "the output goes to one file");
	s->request->outlet = append ? FED_OUTLET_APPEND : FED_OUTLET_FILE;
	fed_path_expand(path, &s->request->target);
	remove_words(s->words, i, joined ? 1 : 2);
	return FED_OK;
}

/* Whether an unquoted word ends in &: as a word of its own, or behind a number. */
static bool ends_behind(const struct fed_words *words, const char *source, size_t i)
{
	const struct fed_word *word = &words->word[i];
	const size_t n = word->end - word->begin;

	return !word->quoted && source[word->end - 1] == '&' &&
	       (n == 1 || source[word->end - 2] != '&');
}

int fed__request_behind(const struct fed_command *command, struct fed_words *words,
                        const char *source, bool *behind, struct fed_error *err)
{
	const size_t last = words->n - 1, text = text_begin(command);
	const bool can = command->flags & FED_COMMAND_JOB;

	*behind = false;
	for (size_t i = 1; i < last && i < text; i++)
		if (ends_behind(words, source, i) && words->word[i].end - words->word[i].begin == 1)
			return fed_fail(err, "& ends a command: `%s ... &; NEXT COMMAND`", command->name);
	if (last >= text || last == 0 || !ends_behind(words, source, last))
		return FED_OK;
	struct fed_word *word = &words->word[last];
	const bool alone = word->end - word->begin == 1;
	if (!can && !alone)
		return FED_OK; /* of a name or a path */
	if (!can)
		return fed_fail(err, "does not run behind the prompt; round, run, continue, step, study, "
		                     "sweep and tournament do");
	*behind = true;
	if (alone) {
		words->n--;
	} else {
		word->end--;
		words->bytes.s[word->text + strlen(fed__words_at(words, last)) - 1] = 0;
	}
	return FED_OK;
}

int fed__request_take(struct fed_redirect *request, const struct fed_shell *shell,
                      const struct fed_command *command, struct fed_words *words,
                      const char *source, size_t len, struct fed_error *err)
{
	struct request_words s = {request, command, words, source, len, err};
	request->form = shell->form; /* of a script that is run for its tables */
	for (size_t i = 1; i < words->n && !fed__request_is_text(command, i);) {
		const char first = source[words->word[i].begin];
		int rc = FED_OK;

		if (take_form(&s, i))
			continue;
		if (first == '|')
			rc = take_pipe(&s, i);
		else if (first == '>' && !fed__request_compares(command, words, i))
			rc = take_file(&s, i);
		else
			i++;
		if (rc)
			return rc;
	}
	if (request->form != shell->form && !(command->flags & (FED_COMMAND_TABLE | FED_COMMAND_RUNS)))
		return fed_fail(err,
		                "it prints no table, which %s is for; `clients`, `history` and others do",
		                request->form == FED_FORM_CSV ? "--csv" : "--json");
	return FED_OK;
}
