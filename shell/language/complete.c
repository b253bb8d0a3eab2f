/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/complete.c - completion: candidates for the word at the cursor.
 */
#include "shell/language/complete.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "session/composition.h"
#include "shell/language/complete_group.h"
#include "shell/language/hidden.h"
#include "shell/language/studies.h"
#include "train/clients/names.h"

#define CLIENTS_SHOWN 100 /* most ids offered */

struct completion {
	const struct fed_shell *shell;
	struct fed_candidates *out;
	const char *prefix; /* of every candidate */
	const char *before; /* "key=" or "", put before each candidate */
	char quote;         /* that the word at the cursor has; 0: none */
};

static void add_candidate(void *ctx, const char *candidate)
{
	const struct completion *a = ctx;
	struct fed_text text = {0};

	if (strncmp(candidate, a->prefix, strlen(a->prefix)) != 0)
		return;
	fed_text_add(&text, "%s", a->before);
	const size_t length = strlen(candidate);
	fed__word_spell(&text, candidate, a->quote, !length || candidate[length - 1] != '/');
	if (text.failed)
		a->out->failed = true;
	else
		fed__candidates_add(a->out, fed_text_str(&text));
	fed_text_release(&text);
}

/* Files and folders ---------------------------------------------------------- */

static void take_paths(struct completion *a)
{
	const char *slash = strrchr(a->prefix, '/');
	const int folder_length = slash ? (int)(slash - a->prefix) + 1 : 0;
	const char *base = a->prefix + folder_length;
	struct fed_text folder = {0}, typed = {0}, full = {0};
	struct dirent *entry;
	struct stat info;

	fed_text_add(&typed, "%.*s", folder_length, a->prefix);
	fed_path_expand(folder_length ? fed_text_str(&typed) : "./", &folder);
	DIR *dir = folder.failed ? NULL : opendir(fed_text_str(&folder));
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' && base[0] != '.')
			continue;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		fed_text_clear(&full);
		fed_text_add(&full, "%s%s", fed_text_str(&folder), entry->d_name);
		const bool is_folder = stat(fed_text_str(&full), &info) == 0 && S_ISDIR(info.st_mode);
		fed_text_clear(&full);
		fed_text_add(&full, "%.*s%s%s", folder_length, a->prefix, entry->d_name,
		             is_folder ? "/" : "");
		if (!full.failed)
			add_candidate(a, fed_text_str(&full));
	}
	if (dir)
		closedir(dir);
	fed_text_release(&folder);
	fed_text_release(&typed);
	fed_text_release(&full);
}

/* Lists of names, ids and metrics ------------------------------------------------ */

/* Moves what is complete of "1,4-" to the front, so that only the last part is completed. */
static void complete_list(struct completion *a, const char *separators, struct fed_text *before)
{
	const char *last = a->prefix;

	for (const char *c = a->prefix; *c; c++)
		if (strchr(separators, *c))
			last = c + 1;
	fed_text_add(before, "%s%.*s", a->before, (int)(last - a->prefix), a->prefix);
	a->before = fed_text_str(before);
	a->prefix = last;
}

/* The word is whole again for the candidates that follow. */
static void end_list(struct completion *a, const struct completion *whole, struct fed_text *before)
{
	a->before = whole->before;
	a->prefix = whole->prefix;
	fed_text_release(before);
}

/* Numbers and names of clients; several: as a selection. */
static void take_clients(struct completion *a, bool several)
{
	const struct fed_clients *clients = &fed_session_parts(a->shell->session)->clients;
	const struct completion whole = *a;
	struct fed_text before = {0};

	complete_list(a, several ? strpbrk(a->prefix, "0123456789") == a->prefix ? ",-" : "," : "",
	              &before);
	const size_t found = a->out->n;
	if (several) {
		add_candidate(a, "all");
		add_candidate(a, "random:");
	}
	for (uint32_t i = 0; i < clients->n_present && a->out->n - found < CLIENTS_SHOWN; i++) {
		char id[16];

		snprintf(id, sizeof id, "%u", clients->present[i]);
		add_candidate(a, id);
		if (fed_client_name(clients, clients->present[i]))
			add_candidate(a, fed_client_name(clients, clients->present[i]));
	}
	end_list(a, &whole, &before);
}

/* Names with this behind them. */
static void take_ended(struct completion *a, const char *hint, const char *end)
{
	for (size_t i = 0; fed__hint_name(a->shell, hint, i); i++) {
		const char *name = fed__hint_name(a->shell, hint, i);
		struct fed_text shown = {0};

		/* Names of fields are shown with dashes. */
		for (const char *c = name; *c; c++)
			fed_text_put(&shown, *c == '_' && !strstr(hint, "run") ? "-" : c, 1);
		fed_text_add(&shown, "%s", end);
		if (!shown.failed)
			add_candidate(a, fed_text_str(&shown));
		fed_text_release(&shown);
	}
}

static void take_names(struct completion *a, const char *hint)
{
	take_ended(a, hint, "");
}

/* Candidates for the last name of a list. */
static void take_list(struct completion *a, const char *separators, const char *hint)
{
	const struct completion whole = *a;
	struct fed_text before = {0};

	complete_list(a, separators, &before);
	take_names(a, hint);
	end_list(a, &whole, &before);
}

/* Hints whose values are lists of names. */
static const struct {
	const char *hint, *of, *separators;
} lists[] = {
	{"metrics", "metric", ","},         {"chosen-metrics", "chosen-metric", ","},
	{"condition", "metric", ""},        {"attacks", "attack", ","},
	{"aggregators", "aggregator", ","}, {"event", "event", ","},
	{"commands", "command", ","},       {"client-columns", "client-column", ","},
};

static bool take_listed(struct completion *a, const char *hint)
{
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		if (strcmp(hint, lists[i].hint) == 0) {
			take_list(a, lists[i].separators, lists[i].of);
			return true;
		}
	return false;
}

/* Values that the setting's row allows. */
static void take_setting_value(struct completion *a, const char *key)
{
	const struct fed_field *row = fed_fields_find(fed_settings_fields, key);

	if (strcmp(key, "client") == 0)
		take_clients(a, true);
	if (!row)
		row = fed_fields_find(fed__shell_fields, key);
	if (!row)
		return;
	fed_field_complete(row, a->prefix, add_candidate, a);
	if (row->hint && !take_listed(a, row->hint))
		take_names(a, row->hint);
}

/* Candidates for the last value of a sweep's list, or of a factor's. */
static void take_sweep_values(struct completion *a, const char *key)
{
	static const char *const parts[] = {"aggregator", "model",   "scheme",   "transport",
	                                    "select",     "device",  "link",     "attack",
	                                    "fault",      "dataset", "partition"};
	struct fed_text before = {0};

	complete_list(a, ",|", &before);
	take_setting_value(a, key);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (strcmp(key, parts[i]) == 0)
			take_names(a, key);
	fed_text_release(&before);
}

static void take_value(struct completion *a, const struct fed_field *row,
                       const struct fed_call *call)
{
	const struct fed_field *rows = call->command->args;
	const char *first = rows ? (const char *)call->args + rows[0].offset : "";
	const char *hint = row->hint ? row->hint : "";

	fed_field_complete(row, a->prefix, add_candidate, a);
	if (strcmp(hint, "path") == 0) {
		take_paths(a);
	} else if (strcmp(hint, "who") == 0 || strcmp(hint, "client") == 0) {
		take_clients(a, strcmp(hint, "who") == 0);
	} else if (strcmp(hint, "filter") == 0) {
		take_clients(a, true);
		take_names(a, "client-column");
	} else if (strcmp(hint, "value") == 0) {
		take_setting_value(a, first);
	} else if (strcmp(hint, "values") == 0) {
		take_sweep_values(a, first);
	} else if (!take_listed(a, hint)) {
		take_names(a, hint);
		if (strcmp(hint, "study") == 0)
			fed__study_names("", add_candidate, a);
		else if (strcmp(hint, "kept-run") == 0)
			fed__study_names("/", add_candidate, a);
		if (strcmp(hint, "dataset") == 0)
			take_paths(a);
	}
}

/* Arguments ---------------------------------------------------------------------- */

static bool is_given(const struct fed_call *call, const struct fed_field *row)
{
	const struct fed_field *rows = call->command->args;
	size_t n = 0;

	while (rows && rows[n].type)
		n++;
	if (rows && row >= rows && row < rows + n)
		return fed_call_has(call, (size_t)(row - rows));
	for (size_t i = 0; i < call->n_extra; i++)
		if (fed_same_name(call->extra[i].key, row->name))
			return true;
	return false;
}

/* "key=" of rows that were not given yet; flags bare. */
static void take_keys(struct completion *a, const struct fed_call *call,
                      const struct fed_field *rows)
{
	for (; rows && rows->type; rows++) {
		struct fed_text key = {0};

		if (!fed_field_settable(rows) || is_given(call, rows) ||
		    (rows->flags & (FED_FIELD_POSITIONAL | FED_FIELD_HIDDEN)))
			continue;
		fed_field_key(rows, &key);
		if (rows->type != FED_TYPE_FLAG)
			fed_text_add(&key, "=");
		if (!key.failed)
			add_candidate(a, fed_text_str(&key));
		fed_text_release(&key);
	}
}

/* The positional row of the named source (`dataset text FILE`), or NULL. */
static const struct fed_field *word_of(const struct fed_field *rows, const struct fed_call *call)
{
	for (; rows && rows->type; rows++)
		if ((rows->flags & FED_FIELD_POSITIONAL) && !is_given(call, rows))
			return rows;
	return NULL;
}

static void take_argument(struct completion *a, const struct fed_call *call, const char *word)
{
	const struct fed_command *command = call->command;
	const struct fed_field *next = fed__call_next(call);
	const struct fed_field *more = command->more ? command->more(a->shell, call->args) : NULL;
	const struct fed_field *also = command->also ? command->also(a->shell, call) : NULL;
	const char *equals = strchr(word, '=');
	char key[64];

	a->prefix = word;
	if (equals && (size_t)(equals - word) < sizeof key &&
	    !(next && (next->flags & FED_FIELD_REST))) {
		memcpy(key, word, (size_t)(equals - word));
		key[equals - word] = 0;
		const struct fed_field *row = command->args ? fed_fields_find(command->args, key) : NULL;
		if (!row && more)
			row = fed_fields_find(more, key);
		if (!row && also)
			row = fed_fields_find(also, key);
		struct fed_text before = {0};
		fed_text_add(&before, "%s=", key);
		a->before = fed_text_str(&before);
		a->prefix = equals + 1;
		if (row && !before.failed)
			take_value(a, row, call);
		fed_text_release(&before);
		return;
	}
	/* `set lr 0.1` or `set lr=0.1 batch=5`: keys once there was one, names until then. */
	if (command->flags & FED_COMMAND_ANY_KEY) {
		if (call->n_extra)
			next = NULL;
		else if (next)
			more = NULL;
	}
	if (!next)
		next = word_of(more, call);
	if (next) {
		struct completion value = *a; /* lists move the prefix */
		take_value(&value, next, call);
	}
	if (next && (next->flags & (FED_FIELD_REQUIRED | FED_FIELD_REST)))
		return;
	take_keys(a, call, command->args);
	take_keys(a, call, more);
	take_keys(a, call, also);
}

/* Commands that are not hidden. */
static void take_commands(struct completion *a)
{
	const struct fed_command *command;
	struct fed_error unused;
	const char *name;

	for (size_t i = 0; (name = fed__command_name_at(a->shell, i)); i++)
		if (fed__command_find(a->shell, name, false, &command, &unused) ||
		    !fed__command_hidden(a->shell, command))
			add_candidate(a, name);
}

/* Where output goes: `> FILE`, `>>FILE`, and the flags before.  True: nothing else fits there. */
static bool take_outlet(struct completion *a, const struct fed_command *command,
                        const struct fed_words *words, const char *source, size_t len)
{
	static const char *const flags[] = {"--csv", "--json", "--wide", "-w"};
	const struct fed_word *last = &words->word[words->n - 1], *before = last - 1;
	const char *word = fed__words_at(words, words->n - 1);
	const bool typed = last->begin < len; /* else it is empty, and at the cursor */
	const size_t arrows = typed && source[last->begin] == '>' ? strspn(word, ">") : 0;

	if (fed__request_is_text(command, words->n - 1))
		return false;
	if (arrows && arrows <= 2 && !fed__request_compares(command, words, words->n - 1)) {
		struct fed_text arrow = {0};
		fed_text_add(&arrow, "%.*s", (int)arrows, word);
		a->before = fed_text_str(&arrow);
		a->prefix = word + arrows;
		take_paths(a);
		a->before = "";
		fed_text_release(&arrow);
		return true;
	}
	if (words->n > 2 && source[before->begin] == '>' &&
	    strspn(fed__words_at(words, words->n - 2), ">") == before->end - before->begin &&
	    !fed__request_compares(command, words, words->n - 2)) {
		a->prefix = word;
		take_paths(a);
		return true;
	}
	a->prefix = word;
	for (size_t i = 0; *word == '-' && i < sizeof flags / sizeof *flags; i++)
		if (i > 1 || command->flags & (FED_COMMAND_TABLE | FED_COMMAND_RUNS))
			add_candidate(a, flags[i]);
	return false;
}

/* words: of the command; the last is the one at the cursor. */
static void complete_words(struct completion *a, struct fed_words *words, const char *source,
                           size_t len)
{
	const struct fed_command *command;
	struct fed_call call = {0};
	struct fed_error unused;
	const char *word = fed__words_at(words, words->n - 1);

	if (words->n == 1) {
		a->prefix = word;
		take_commands(a);
		take_names(a, "alias");
		return;
	}
	if (fed__command_find(a->shell, fed__words_at(words, 0), true, &command, &unused))
		return;
	if (take_outlet(a, command, words, source, len))
		return;
	words->n--; /* bind the words before the cursor */
	fed__call_bind(&call, a->shell, command, words, 1, &unused);
	words->n++;
	/* Each word of an argument that takes the rest of the line can be completed. */
	for (size_t i = 0; command->args && command->args[i].type; i++)
		if (command->args[i].flags & (FED_FIELD_REST | FED_FIELD_WORDS))
			call.given &= ~((uint64_t)1 << i);
	if (call.args)
		take_argument(a, &call, word);
	fed__call_release(&call);
}

/* The quote that candidates for a word as typed begin with; 0: backslashes, if anything, are before
 * what needs them.  Only so do candidates begin with the bytes that were typed. */
static char quote_of(const char *typed, size_t n)
{
	for (size_t i = 0; i < n && typed[i] != '\\'; i++)
		if (typed[i] == '"' || typed[i] == '\'')
			return typed[i];
	return 0;
}

/* Split the command that the end of the text is in; returns where it begins. */
static size_t split_last(struct fed_words *words, const char *line, size_t len, size_t *used)
{
	struct fed_error unused;
	size_t begin = 0;
	int rc;

	*used = 0;
	do {
		begin += *used;
		rc = fed__words_split(words, line + begin, len - begin, used, &unused);
	} while (rc == FED_OK && *used && begin + *used < len);
	return begin;
}

/* A factor or a level in the braces that end at the cursor. */
static void complete_group(struct completion *a, const char *line, size_t begin, size_t point)
{
	struct fed_text text = {0};
	struct fed_candidates levels = {0};

	if (fed__group_cursor(line, begin, point, &a->out->start, &text)) {
		if (!text.failed)
			fed__complete(a->shell, text.s, text.len, &levels);
		for (size_t i = 0; i < levels.n; i++)
			fed__candidates_add(a->out, levels.text[i]);
	} else {
		fed_text_put(&text, line + a->out->start, point - a->out->start);
		a->prefix = fed_text_str(&text);
		take_ended(a, "factor", "=");
		a->prefix = "";
	}
	a->out->failed |= levels.failed || text.failed;
	fed__candidates_release(&levels);
	fed_text_release(&text);
}

void fed__complete(const struct fed_shell *shell, const char *line, size_t point,
                   struct fed_candidates *out)
{
	struct completion a = {.shell = shell, .out = out, .prefix = "", .before = ""};
	struct fed_words words = {0};
	struct fed_error unused;
	size_t used;

	*out = (struct fed_candidates){.start = point};
	const size_t begin = split_last(&words, line, point, &used);
	const bool ended = used && (line[begin + used - 1] == ';' || line[begin + used - 1] == '\n');
	const bool touches = words.n && !ended && begin + words.word[words.n - 1].end == point;
	if (touches && words.open && line[begin + words.word[words.n - 1].begin] == '{') {
		complete_group(&a, line, begin + words.word[words.n - 1].begin + 1, point);
		fed__words_release(&words);
		fed__candidates_sort(out);
		return;
	}
	if (memchr(line + begin, '#', point - begin) && !touches) {
		fed__words_release(&words);
		return; /* in a comment */
	}
	if (ended)
		words.n = 0;
	if (!touches) {
		/* An empty word at the cursor. */
		struct fed_text copy = {0};
		fed_text_put(&copy, line + begin, ended ? 0 : point - begin);
		fed_text_add(&copy, " ''");
		if (!copy.failed)
			fed__words_split(&words, copy.s, copy.len, &used, &unused);
		fed_text_release(&copy);
	} else {
		out->start = begin + words.word[words.n - 1].begin;
		a.quote = quote_of(line + out->start, point - out->start);
	}
	if (words.n)
		complete_words(&a, &words, line + begin, ended ? 0 : point - begin);
	fed__words_release(&words);
	fed__candidates_sort(out);
}

/* Next arguments ------------------------------------------------------------------ */

/* The command at the end of a line, with the words before the cursor bound. */
struct next {
	struct fed_words words;
	struct fed_call call;        /* command NULL: there is none */
	const struct fed_field *key; /* the cursor is behind "key=" of this row */
};

static const struct fed_field *row_named(const struct fed_shell *shell, const struct fed_call *call,
                                         const char *word)
{
	const struct fed_command *command = call->command;
	const struct fed_field *more = command->more ? command->more(shell, call->args) : NULL;
	const struct fed_field *row = NULL;
	char key[64];

	snprintf(key, sizeof key, "%.*s", (int)strcspn(word, "="), word);
	if (command->args)
		row = fed_fields_find(command->args, key);
	return row || !more ? row : fed_fields_find(more, key);
}

static void read_next(const struct fed_shell *shell, const char *line, size_t len, struct next *out)
{
	const struct fed_command *command;
	struct fed_error unused;
	size_t used, given;

	*out = (struct next){0};
	const size_t begin = split_last(&out->words, line, len, &used);
	const struct fed_words *words = &out->words;
	const bool ended = used && strchr(";\n", line[begin + used - 1]);
	if (!words->n || words->open || ended || shell->defining.name ||
	    fed__alias_find(shell, fed__words_at(words, 0)) ||
	    fed__command_find(shell, fed__words_at(words, 0), true, &command, &unused))
		return;
	const struct fed_word *last = &words->word[words->n - 1];
	const bool touches = begin + last->end == len;
	const char *text = fed__words_at(words, words->n - 1), *equals = strchr(text, '=');
	const bool value = touches && words->n > 1 && equals && !equals[1];
	/* Behind the last word there are blanks, and no comment. */
	for (size_t i = begin + last->end; i < len; i++)
		if (line[i] != ' ')
			return;
	if (touches && !value)
		return;
	given = out->words.n;
	out->words.n -= value;
	const int rc = fed__call_bind(&out->call, shell, command, words, 1, &unused);
	if (rc && out->call.bad != words->n) /* an earlier word is wrong */
		out->call.command = NULL;
	out->words.n = given;
	if (value && out->call.command)
		out->key = row_named(shell, &out->call, text);
	if (value && !out->key)
		out->call.command = NULL;
}

static void release_next(struct next *next)
{
	fed__call_release(&next->call);
	fed__words_release(&next->words);
}

/* Positional rows of `more` and keys that were not given yet. */
static const struct fed_field *next_more_row(const struct fed_shell *shell,
                                             const struct fed_call *call)
{
	const struct fed_command *command = call->command;

	return word_of(command->more ? command->more(shell, call->args) : NULL, call);
}

static bool has_keys(const struct fed_call *call, const struct fed_field *rows)
{
	for (; rows && rows->type; rows++)
		if (fed_field_settable(rows) && !is_given(call, rows) &&
		    !(rows->flags & (FED_FIELD_POSITIONAL | FED_FIELD_HIDDEN)))
			return true;
	return false;
}

void fed__next_hint(const struct fed_shell *shell, const char *line, size_t len,
                    struct fed_text *out)
{
	struct next next;

	read_next(shell, line, len, &next);
	const struct fed_command *command = next.call.command;
	const size_t before = out->len;
	if (command && next.key && next.key->type != FED_TYPE_TEXT) {
		fed_field_allowed(next.key, out);
	} else if (command && !next.key) {
		const struct fed_field *more = command->more ? command->more(shell, next.call.args) : NULL;

		for (const struct fed_field *row = command->args; row && row->type; row++) {
			if (!(row->flags & FED_FIELD_POSITIONAL) || is_given(&next.call, row))
				continue;
			fed_text_put(out, " ", out->len > before);
			fed__help_placeholder(row, out);
		}
		if (next_more_row(shell, &next.call)) {
			fed_text_put(out, " ", out->len > before);
			fed__help_placeholder(next_more_row(shell, &next.call), out);
		}
		if (has_keys(&next.call, command->args) || has_keys(&next.call, more))
			fed_text_add(out, "%s[KEY=VALUE ...]", out->len > before ? " " : "");
	}
	release_next(&next);
}

/* "KEY=VALUE: a, b and c" */
static void put_keys(struct fed_text *out, const struct fed_call *call,
                     const struct fed_field *rows, size_t *n)
{
	for (; rows && rows->type; rows++) {
		if (!fed_field_settable(rows) || is_given(call, rows) ||
		    (rows->flags & (FED_FIELD_POSITIONAL | FED_FIELD_HIDDEN)))
			continue;
		fed_text_add(out, "%s", (*n)++ ? ", " : "KEY=VALUE: ");
		fed_field_key(rows, out);
	}
}

void fed__next_help(const struct fed_shell *shell, const char *line, size_t len,
                    struct fed_text *out)
{
	struct next next;

	read_next(shell, line, len, &next);
	const struct fed_command *command = next.call.command;
	if (command) {
		const struct fed_field *row = next.key ? next.key : fed__call_next(&next.call);
		size_t n = 0;

		row = row ? row : next_more_row(shell, &next.call);
		if (row)
			fed__help_row(row, out);
		if (row)
			fed__help_names(shell, row, out);
		if (!next.key) {
			put_keys(out, &next.call, command->args, &n);
			put_keys(out, &next.call, command->more ? command->more(shell, next.call.args) : NULL,
			         &n);
			fed_text_put(out, "\n", n > 0);
		}
		if (!row && !n)
			fed_text_add(out, "%s takes nothing more\n", command->name);
	}
	release_next(&next);
}
