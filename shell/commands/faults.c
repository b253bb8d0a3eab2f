/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/faults.c - the commands `inject`, `heal` and `faults`.
 */
#include <string.h>

#include "session/composition.h"
#include "session/inject.h"
#include "history/client_selector.h"
#include "shell/commands/groups.h"
#include "shell/language/command.h"
#include "shell/output/print.h"

/* Inject --------------------------------------------------------------------- */

struct inject_args {
	char fault[32], who[4096];
	int64_t at, versions;
};
static const char *const next_word[] = {"next", NULL};
static const char *const ever_word[] = {"ever", NULL};
static const struct fed_field inject_rows[] = {
	FED_ARG_TEXT(struct inject_args, fault, FED_ARG_NEEDED, "fault", "one of those below"),
	FED_ARG_TEXT(struct inject_args, who, FED_ARG_NEEDED, "who",
                 "3, 1-5, 1,4,7-9, 20%, random:3, all"),
	FED_INT_WORD(struct inject_args, at, 0, 0, 1e15, next_word,
                 "the round in which it begins, counted as versions"),
	{.name = "for", /* a word of C: no member can have the name */
     .type = FED_TYPE_INT,
     .offset = offsetof(struct inject_args, versions),
     .size = sizeof(int64_t),
     .max = 1e15,
     .choice = ever_word,
     .help = "how many versions it lasts; without it until `heal`"},
	FED_END,
};

static const struct fed_field *fault_rows(const struct fed_shell *shell, const void *args)
{
	const struct inject_args *a = args;
	enum fed_fault_kind kind;
	struct fed_error unused;

	(void)shell;
	return fed_fault_find_type(a->fault, &kind, &unused) == FED_OK ? fed_fault_types[kind].fields
	                                                               : NULL;
}

/* The parameters of the given attack, or of the default one. */
static const struct fed_field *attack_rows(const struct fed_shell *shell,
                                           const struct fed_call *call)
{
	const struct fed_field *row = fed_fields_find(fault_rows(shell, call->args), "attack");
	const char *name = row ? row->text : NULL;
	const struct fed_entry *entry;
	struct fed_error unused;

	for (size_t i = 0; row && i < call->n_extra; i++)
		if (fed_same_name(call->extra[i].key, row->name) && call->extra[i].value)
			name = call->extra[i].value;
	if (!name || fed_registry_find(fed_session_plugins(shell->session), FED_KIND_ATTACK, name,
	                               &entry, &unused))
		return NULL;
	return entry->head->fields;
}

static void list_types(struct fed_shell *shell)
{
	static const struct fed_table_column columns[] = {
		{.title = "fault"},
		{.title = "parameters", .kind = FED_CELL_PROSE, .rank = 1},
		{.title = "help", .kind = FED_CELL_PROSE},
	};
	struct fed_table table = {.name = "faults", .column = columns, .columns = 3, .untitled = true};
	struct fed_text args = {0};

	for (size_t k = 0; k < FED_FAULT_KINDS; k++) {
		fed_text_clear(&args);
		for (const struct fed_field *row = fed_fault_types[k].fields; row->type; row++) {
			fed_text_add(&args, args.len ? " " : "");
			fed_field_key(row, &args);
			fed_text_add(&args, "=");
		}
		fed__table_cell(&table, "%s", fed_fault_types[k].name);
		fed__table_cell(&table, "%s", fed_text_str(&args));
		fed__table_cell(&table, "%s", fed_fault_types[k].help);
	}
	fed__print(shell, "\nfaults\n");
	fed__table_print(shell, &table);
	fed_text_release(&args);
}

/* The session's event says what was injected. */
static int run_inject(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct inject_args *a = call->args;
	const struct fed_injection in = {
		.fault = a->fault,
		.who = a->who,
		.assign = call->extra,
		.n = call->n_extra,
		.at = (uint64_t)a->at,
		.versions = (uint64_t)a->versions,
	};

	return fed_session_inject(shell->session, &in, err);
}

/* Heal ----------------------------------------------------------------------- */

struct heal_args {
	char who[4096], fault[32];
};
static const struct fed_field heal_rows[] = {
	FED_ARG_TEXT(struct heal_args, who, FED_FIELD_POSITIONAL, "who",
                 "3, 1-5, 20%, random:3; without it all clients"),
	FED_ARG_TEXT(struct heal_args, fault, 0, "fault",
                 "a fault's name or its number; without it all faults"),
	FED_END,
};
static int run_heal(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct heal_args *a = call->args;
	enum fed_fault_kind kind;
	struct fed_error unused;
	uint64_t healed;

	if (*a->who && fed_fault_find_type(a->who, &kind, &unused) == FED_OK)
		return fed_fail(err, "%s is a fault; say `heal fault=%s`", fed_fault_types[kind].name,
		                fed_fault_types[kind].name);
	if (fed_session_heal(shell->session, *a->who ? a->who : NULL, *a->fault ? a->fault : NULL,
	                     &healed, err))
		return FED_FAIL;
	if (!healed)
		fed__print(shell, "no such fault to heal; `faults` lists all\n");
	return FED_OK;
}

/* Faults --------------------------------------------------------------------- */

#define WHO_COLUMNS 30 /* of a list of clients */

static void put_phase(struct fed_text *out, const struct fed_session *s,
                      const struct fed_fault *fault)
{
	const uint64_t ahead = fault->from - fed_session_version(s);

	switch (fed_fault_phase(s, fault)) {
	case FED_FAULT_AHEAD:
		fed_text_add(out, "in %llu version%s", (unsigned long long)ahead, ahead == 1 ? "" : "s");
		break;
	case FED_FAULT_ACTIVE:
		fed_text_add(out, "active");
		break;
	case FED_FAULT_OVER:
		fed_text_add(out, "over");
		break;
	}
}

static void add_fault(struct fed_table *t, const struct fed_session *s,
                      const struct fed_fault *fault)
{
	struct fed_text text = {0};

	fed__table_integer(t, fault->number);
	fed__table_cell(t, "%s", fed_fault_types[fault->kind].name);
	fed_fault_put_args(fault, &text);
	fed__table_cell(t, "%s", text.len ? fed_text_str(&text) : "-");
	fed_text_clear(&text);
	fed_client_labels_put(&text, &fed_session_parts(s)->clients, fault->client, fault->n,
	                      WHO_COLUMNS);
	fed__table_cell(t, "%s", fed_text_str(&text));
	fed_text_clear(&text);
	fed_fault_put_versions(fault, &text);
	fed__table_cell(t, "%s", fed_text_str(&text));
	fed_text_clear(&text);
	put_phase(&text, s, fault);
	fed__table_cell(t, "%s", fed_text_str(&text));
	if (fed_fault_counts(fault))
		fed__table_integer(t, fault->strikes);
	else
		fed__table_cell(t, "-");
	fed_text_release(&text);
}

static int run_faults(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	static const struct fed_table_column columns[] = {
		{.title = "number", .kind = FED_CELL_NUMBER},
		{.title = "fault"},
		{.title = "parameters", .kind = FED_CELL_PROSE, .rank = 2},
		{.title = "clients", .kind = FED_CELL_PROSE},
		{.title = "when", .rank = 3},
		{.title = "now", .rank = 1},
		{.title = "strikes", .kind = FED_CELL_NUMBER, .rank = 1},
	};
	const struct fed_session *s = shell->session;
	const struct fed_composition *parts = fed_session_parts(s);
	struct fed_table table = {.name = "faults", .column = columns, .columns = 7};

	(void)call, (void)err;
	if (!parts->faults.n)
		fed__print(shell, "no faults; `help inject` lists what can be injected\n");
	for (size_t i = 0; i < parts->faults.n; i++)
		add_fault(&table, s, &parts->faults.fault[i]);
	fed__table_print(shell, &table);
	return FED_OK;
}

#define FEW "dataset blobs; add-client 6 samples=40; "
#define PHONES "dataset blobs; add-client 6 samples=40 device=phone link=4g; "

const struct fed_command fed__commands_faults[] = {
	{.name = "inject",
     .help = "inject a fault into clients, from a version on, for some versions",
     .text =
         "Without at= it begins with the next version, without for= it lasts until `heal`.\n"
         "Versions count as rounds do. A restart keeps the faults: those with at= come again\n"
         "at their versions, the others are there from the start. Which clients\n"
         "a fault strikes, and when, depends on the seed alone: a replay and a restart meet "
         "the same.\n"
         "`explain FAULT` or `inject FAULT ?` describes exactly what each does, `info NAME` the\n"
         "parameters of an attack.",
     .examples = FED_EXAMPLES(
		 FEW "inject offline 3 at=2 for=1; round 3", FEW "inject flaky all p=0.3; round 2",
		 PHONES "inject crash 50% p=0.5; round 2", PHONES "inject straggler 0-1 factor=20; round 2",
		 FEW "scheme sync deadline=10; inject hang 2; round 2",
		 PHONES "inject slow-link random:2 factor=50; round 2",
		 PHONES "inject lossy all p=0.1; round 2",
		 PHONES "scheme async; aggregator fedasync; inject partition 1,4 for=5; round 10",
		 FEW "inject duplicate 0; round 2", FEW "inject late 0 versions=2; round 4",
		 FEW "inject corrupt 0 bits=5; round 2", FEW "inject nan 5; round 2",
		 FEW "inject byzantine 4,5 attack=alie z=1.5; round 2",
		 FEW "inject data-arrives all start=0.2 rate=0.2; round 3",
		 FEW "inject data-expires all rate=0.2 keep=0.3; round 3",
		 FEW "inject drift all what=labels rate=0.1; round 3",
		 FEW "inject churn all join=0.3 leave=0.2; round 4"),
     .args = inject_rows,
     .args_size = sizeof(struct inject_args),
     .more = fault_rows,
     .also = attack_rows,
     .list = list_types,
     .run = run_inject,
     .flags = FED_COMMAND_CHANGES,
     .failure = FED_EXIT_USAGE},
	{.name = "heal",
     .help = "end faults: of some clients, of one kind or number, or all",
     .text = "An update that a fault holds back (partition, late) still leaves when it would have.",
     .examples = FED_EXAMPLES(FEW "inject offline 1-3; round; heal 2; round; heal; round",
                              FEW "inject flaky all; inject nan 0; heal fault=flaky; heal fault=2",
                              FEW "inject crash all; heal 0-2 fault=crash"),
     .args = heal_rows,
     .args_size = sizeof(struct heal_args),
     .run = run_heal,
     .flags = FED_COMMAND_CHANGES,
     .failure = FED_EXIT_USAGE},
	{.name = "faults",
     .help = "list the faults: their clients, their versions, how often they struck",
     .examples =
         FED_EXAMPLES("faults", FEW "inject flaky all; inject crash 3 at=5; round 2; faults"),
     .run = run_faults,
     .flags = FED_COMMAND_TABLE},
	{0},
};
