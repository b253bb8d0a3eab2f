/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/descriptor.c - validation of a plugin struct before any of it is used.
 *
 * It is untrusted input: every pointer must point into the library itself.
 */
#include "plug/descriptor.h"

#include <string.h>

#include "base/fields.h"
#include "base/mem.h"

enum {
	STRUCT_MOST = 1 << 16, /* bytes of a plugin struct, with space for later ABIs */
	STATE_MOST = 16 << 20, /* bytes of a state struct: large things are vector rows */
	NAME_MOST = 31,
	HELP_MOST = 200,
	VERSION_MOST = 63,
	DOC_MOST = 1 << 16,
	ROWS_MOST = 256,
	ROW_MOST = 4096, /* bytes of a field row, with space for later ABIs */
	CHOICES_MOST = 256,
	VECTORS_MOST = 16, /* vectors that a client keeps, or returns */
};

#define NAME_RULE "its name must match [a-z][a-z0-9-]* and have at most %d letters"
#define HELP_RULE "its help must be one line of 1 to %d letters"
#define VERSION_RULE "its version must be 1 to %d printable ASCII letters"

/* Least bytes of a field row, which every type needs; missing members are zero. */
#define ROW_LEAST offsetof(struct fed_field, choice)

static int check_version(const struct fed_head *head, struct fed_error *err)
{
	if (head->magic != FED_MAGIC)
		return fed_reject(err,
		                  "fed_plugin begins with %08x instead of %08x; begin the struct with "
		                  "the macro of its kind: FED_AGGREGATOR(), FED_TRANSPORT(), FED_MODEL(), "
		                  "FED_ATTACK(), FED_SELECTION() or FED_CODEC()",
		                  head->magic, FED_MAGIC);
	if (head->abi != FED_ABI)
		return fed_reject(err,
		                  "is built for plugin ABI %u, this fedsh has %u; build it again with "
		                  "this fedsh's headers",
		                  head->abi, FED_ABI);
	if (head->kind < FED_KIND_AGGREGATOR || head->kind > FED_KIND_LAST)
		return fed_reject(err, "is of kind %u, which this fedsh does not load", head->kind);
	return FED_OK;
}

static int check_sizes(const struct fed_head *head, struct fed_error *err)
{
	if (head->size < sizeof *head || head->size > STRUCT_MOST)
		return fed_reject(err, "its plugin struct has %u bytes, allowed are %zu to %d", head->size,
		                  sizeof *head, STRUCT_MOST);
	if (head->field_size < ROW_LEAST || head->field_size > ROW_MOST ||
	    head->field_size % _Alignof(struct fed_field))
		return fed_reject(err,
		                  "its field rows have %u bytes, allowed are multiples of %zu from %zu to "
		                  "%d; build it again with this fedsh's headers",
		                  head->field_size, _Alignof(struct fed_field), ROW_LEAST, ROW_MOST);
	if (head->state_size > STATE_MOST)
		return fed_reject(err,
		                  "its state has %u bytes, at most %d are allowed; large arrays are "
		                  "FED_SCRATCH or FED_PERSISTENT rows",
		                  head->state_size, STATE_MOST);
	return FED_OK;
}

static bool is_name(const char *s)
{
	if (*s < 'a' || *s > 'z')
		return false;
	return s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

static bool is_printable(const char *s)
{
	while (*s >= ' ' && *s <= '~')
		s++;
	return *s == '\0';
}

/* Strings of a head in the library itself. */
static int check_strings(const struct fed_library *lib, const struct fed_head *head,
                         struct fed_error *err)
{
	if (!fed__library_holds_string(lib, head->name, NAME_MOST + 1))
		return fed_reject(err, NAME_RULE, NAME_MOST);
	if (!fed__library_holds_string(lib, head->help, HELP_MOST + 1))
		return fed_reject(err, HELP_RULE, HELP_MOST);
	if (head->doc && !fed__library_holds_string(lib, head->doc, DOC_MOST))
		return fed_reject(err, "its doc must be a string of less than %d bytes", DOC_MOST);
	if (head->version && !fed__library_holds_string(lib, head->version, VERSION_MOST + 1))
		return fed_reject(err, VERSION_RULE, VERSION_MOST);
	return FED_OK;
}

static int check_words(const struct fed_head *head, struct fed_error *err)
{
	if (!is_name(head->name) || strlen(head->name) > NAME_MOST)
		return fed_reject(err, NAME_RULE, NAME_MOST);
	if (!*head->help || strlen(head->help) > HELP_MOST)
		return fed_reject(err, HELP_RULE, HELP_MOST);
	if (strchr(head->help, '\n'))
		return fed_reject(err, "its help must be one line; the rest belongs into doc");
	if (head->version &&
	    (!*head->version || !is_printable(head->version) || strlen(head->version) > VERSION_MOST))
		return fed_reject(err, VERSION_RULE, VERSION_MOST);
	return FED_OK;
}

/* Whether all pointers of a row point into the library. */
static bool row_is_sound(const struct fed_library *lib, const struct fed_field *row)
{
	const char *const strings[] = {row->help, row->text, row->hint};

	if (!fed__library_holds_string(lib, row->name, HELP_MOST))
		return false;
	for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
		if (strings[i] && !fed__library_holds_string(lib, strings[i], DOC_MOST))
			return false;
	for (size_t i = 0; row->choice; i++) {
		if (i == CHOICES_MOST || !fed__library_holds(lib, &row->choice[i], sizeof row->choice[i]))
			return false;
		if (!row->choice[i])
			break;
		if (!fed__library_holds_string(lib, row->choice[i], HELP_MOST))
			return false;
	}
	return true;
}

/* Row i of the plugin's table, at the stride of the fedsh that it was built for. */
static const struct fed_field *row_at(const struct fed_head *head, size_t i)
{
	return (const struct fed_field *)(const void *)((const char *)head->fields +
	                                                i * head->field_size);
}

/* Copies the plugin's rows, with FED_END, into entry->fields: the shorter of both sizes, over
 * zeroes. */
static int copy_rows(const struct fed_library *lib, const struct fed_head *head,
                     struct fed_entry *entry, struct fed_error *err)
{
	const size_t known =
		head->field_size < sizeof(struct fed_field) ? head->field_size : sizeof(struct fed_field);
	size_t n = 0;

	while (head->fields) {
		if (n == ROWS_MOST || !fed__library_holds(lib, row_at(head, n), head->field_size))
			return fed_reject(err, "its field table has no FED_END within %d rows", ROWS_MOST);
		if (row_at(head, n)->type == FED_TYPE_END)
			break;
		n++;
	}
	entry->fields = fed_alloc_array(n + 1, sizeof *entry->fields);
	if (!entry->fields)
		return fed_fail_memory(err, (n + 1) * sizeof *entry->fields, "a plugin's field rows");
	for (size_t i = 0; i <= n; i++) {
		entry->fields[i] = (struct fed_field)FED_END;
		if (i < n)
			memcpy(&entry->fields[i], row_at(head, i), known);
	}
	return FED_OK;
}

static int check_pointers(const struct fed_library *lib, const struct fed_field *rows,
                          struct fed_error *err)
{
	for (size_t i = 0; rows[i].type != FED_TYPE_END; i++)
		if (!row_is_sound(lib, &rows[i]))
			return fed_reject(err,
			                  "field row %zu points outside the file; use FED_INT(), FED_REAL() "
			                  "and their like",
			                  i);
	return FED_OK;
}

static int check_rows(const struct fed_head *head, const struct fed_field *rows,
                      struct fed_error *err)
{
	struct fed_error why;

	for (size_t i = 0; rows[i].type != FED_TYPE_END; i++) {
		const struct fed_field *row = &rows[i];

		if (fed_field_vector(row) && head->kind != FED_KIND_AGGREGATOR)
			return fed_reject(err, "field row %s is a vector; only aggregators have vectors",
			                  row->name);
		if (row->flags & ~(uint32_t)FED_FIELD_LATER)
			return fed_reject(err, "field row %s has flags %x; in a plugin they are 0 or %x",
			                  row->name, row->flags, FED_FIELD_LATER);
	}
	if (fed_fields_check(rows, head->state_size, &why))
		return fed_reject(err, "bad field row: %s", why.text);
	return FED_OK;
}

static bool has_vectors(const struct fed_field *row)
{
	for (; row->type != FED_TYPE_END; row++)
		if (fed_field_vector(row))
			return true;
	return false;
}

/* Whether the settings bear out several global models: a count, and a row for each but the first.
 */
static int check_models(const struct fed_aggregator *a, struct fed_error *err)
{
	const struct fed_field *count = NULL;
	double rows = 0;

	for (const struct fed_field *row = a->head.fields; row && row->type != FED_TYPE_END; row++) {
		rows += row->type == FED_TYPE_BROADCAST;
		if (strcmp(row->name, a->models) == 0)
			count = row;
	}
	if (!count || count->type != FED_TYPE_INT || count->min < 1)
		return fed_reject(
			err, "has models in the setting %.31s, which must be a whole number from 1", a->models);
	if (count->max > rows + 1)
		return fed_reject(err,
		                  "has up to %.0f models, and %.0f broadcast rows for them: one fewer "
		                  "than models are needed",
		                  count->max, rows);
	return FED_OK;
}

static int check_aggregator(const struct fed_aggregator *a, struct fed_error *err)
{
	const int forms = (a->add || a->finish) + !!a->columns + !!a->reduce + !!a->mix;

	if (forms != 1)
		return fed_reject(err,
		                  "offers %d of the forms add+finish, columns, reduce and mix; it must "
		                  "offer exactly one",
		                  forms);
	if (!a->add != !a->finish)
		return fed_reject(err, "has %s() but no %s(); the streaming form needs both",
		                  a->add ? "add" : "finish", a->add ? "finish" : "add");
	if (a->mix && (a->client_vectors || a->returned_vectors || has_vectors(a->head.fields)))
		return fed_reject(
			err, "is a pre-aggregation and has vectors; what it mixes are the updates alone");
	if (a->weigh && !a->columns)
		return fed_reject(err, "has weigh(), but no columns() to weigh for");
	if (a->client_vectors > VECTORS_MOST || a->returned_vectors > VECTORS_MOST)
		return fed_reject(err,
		                  "asks for %u client vectors and %u returned vectors, at most %d of "
		                  "each are allowed",
		                  a->client_vectors, a->returned_vectors, VECTORS_MOST);
	if (a->own_model > a->client_vectors)
		return fed_reject(err, "has its own model in client vector %u of %u", a->own_model,
		                  a->client_vectors);
	return a->models ? check_models(a, err) : FED_OK;
}

static int check_attack(const struct fed_attack *a, struct fed_error *err)
{
	const int forms = !!a->craft + !!a->collude + !!a->poison;

	if (forms != 1)
		return fed_reject(err,
		                  "offers %d of the forms craft, collude and poison; it must offer "
		                  "exactly one",
		                  forms);
	if (a->remembers && !a->craft)
		return fed_reject(err, "remembers, but has no craft(); only single attackers have a "
		                       "memory");
	if (a->targeted && !a->poison)
		return fed_reject(err, "is targeted, but has no poison() for the test examples");
	if (a->suits && !a->poison)
		return fed_reject(err, "has suits() but no poison(); only attacks on data look at it");
	return FED_OK;
}

static int check_selection(const struct fed_selection *s, struct fed_error *err)
{
	const uint32_t all = FED_KNOWS_SAMPLES | FED_KNOWS_LOSS | FED_KNOWS_SPEED | FED_KNOWS_HISTORY |
	                     FED_KNOWS_LOSS_SQUARES;

	if (!s->select)
		return fed_reject(err, "has no select()");
	if (!s->ask != !s->asks)
		return fed_reject(err, "has %s() but no %s(); a rule that asks for losses needs both",
		                  s->ask ? "ask" : "asks", s->ask ? "asks" : "ask");
	if (s->knows & ~all)
		return fed_reject(err, "asks to know %x; this fedsh knows %x", s->knows, all);
	return FED_OK;
}

static int check_codec(const struct fed_codec *c, struct fed_error *err)
{
	if (!c->bound || !c->encode || !c->decode)
		return fed_reject(err, "has no %s(); a codec needs bound, encode and decode",
		                  !c->bound    ? "bound"
		                  : !c->encode ? "encode"
		                               : "decode");
	return FED_OK;
}

static int check_kind(const struct fed_entry *entry, struct fed_error *err)
{
	switch (entry->head->kind) {
	case FED_KIND_AGGREGATOR:
		return check_aggregator(&entry->copy.aggregator, err);
	case FED_KIND_TRANSPORT:
		return entry->copy.transport.send ? FED_OK : fed_reject(err, "has no send()");
	case FED_KIND_ATTACK:
		return check_attack(&entry->copy.attack, err);
	case FED_KIND_SELECTION:
		return check_selection(&entry->copy.selection, err);
	case FED_KIND_CODEC:
		return check_codec(&entry->copy.codec, err);
	default:
		return entry->copy.model.build ? FED_OK : fed_reject(err, "has no build()");
	}
}

static size_t size_of_kind(uint32_t kind)
{
	switch (kind) {
	case FED_KIND_AGGREGATOR:
		return sizeof(struct fed_aggregator);
	case FED_KIND_TRANSPORT:
		return sizeof(struct fed_transport);
	case FED_KIND_ATTACK:
		return sizeof(struct fed_attack);
	case FED_KIND_SELECTION:
		return sizeof(struct fed_selection);
	case FED_KIND_CODEC:
		return sizeof(struct fed_codec);
	default:
		return sizeof(struct fed_model);
	}
}

int fed__descriptor_read(const struct fed_library *lib, struct fed_entry *entry,
                         struct fed_error *err)
{
	const struct fed_head *head = fed__library_symbol(lib, "fed_plugin");

	if (!head || !fed__library_holds(lib, head, sizeof *head))
		return fed_reject(err, "exports no fed_plugin; declare it as FED_PLUGIN struct "
		                       "fed_aggregator fed_plugin = { ... }");
	if (check_version(head, err) || check_sizes(head, err))
		return FED_REJECT;
	if (!fed__library_holds(lib, head, head->size))
		return fed_reject(err, "fed_plugin has %u bytes by its own word, but the file has less",
		                  head->size);
	if (check_strings(lib, head, err))
		return FED_REJECT;
	const int rc = copy_rows(lib, head, entry, err);
	if (rc != FED_OK)
		return rc;
	if (check_pointers(lib, entry->fields, err))
		return FED_REJECT;

	const size_t known = size_of_kind(head->kind);
	memset(&entry->copy, 0, sizeof entry->copy);
	memcpy(&entry->copy, head, head->size < known ? head->size : known);
	entry->head = &entry->copy.head;
	if (!entry->copy.head.doc)
		entry->copy.head.doc = "";
	entry->copy.head.fields = entry->fields;
	return fed__descriptor_check(entry, err);
}

int fed__descriptor_check(const struct fed_entry *entry, struct fed_error *err)
{
	const struct fed_head *head = entry->head;

	if (check_version(head, err) || check_sizes(head, err) || check_words(head, err) ||
	    check_rows(head, entry->fields, err))
		return FED_REJECT;
	return check_kind(entry, err);
}
