/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/plugins.c - commands that list, create, build, load and try plugins.
 */
#include <string.h>

#include "base/key_values.h"
#include "experiments/try_aggregator.h"
#include "shell/commands/groups.h"
#include "shell/language/command.h"
#include "shell/output/print.h"
#include "shell/output/written.h"
#include "shell/commands/look/updates.h"
#include "shell/commands/kit/build.h"
#include "shell/commands/kit/bench_plugin.h"
#include "shell/commands/kit/check.h"
#include "shell/commands/kit/debug_plugin.h"
#include "shell/commands/kit/diff_plugin.h"
#include "shell/commands/kit/edit.h"
#include "shell/commands/kit/new_plugin.h"
#include "shell/output/program.h"
#include "shell/language/plugin_files.h"
#include "shell/language/plugin_watch.h"

struct kind_args {
	int kind; /* enum fed_kind - 1 */
};
static const struct fed_field kind_rows[] = {
	FED_ARG_CHOICE(struct kind_args, kind, FED_FIELD_POSITIONAL, 0, fed__kind_names,
                   "one kind; else all"),
	FED_END,
};

static void list_kind(struct fed_shell *shell, enum fed_kind kind)
{
	static const struct fed_table_column columns[] = {
		{.title = "name"},
		{.title = "help", .kind = FED_CELL_PROSE},
		{.title = "file", .kind = FED_CELL_PROSE, .rank = 1},
	};
	struct fed_table table = {
		.name = fed_kind_name(kind), .column = columns, .columns = 3, .untitled = true};
	const struct fed_entry *e;

	for (size_t i = 0; (e = fed_registry_at(fed_session_plugins(shell->session), kind, i)); i++) {
		fed__table_cell(&table, "%s", e->head->name);
		fed__table_cell(&table, "%s", e->head->help);
		fed__table_cell(&table, "%s", e->builtin ? "" : e->path);
	}
	if (!table.n)
		return;
	fed__print_styled(shell, FED_EMPHASIS_BOLD, "%ss\n", fed_kind_name(kind));
	fed__table_print(shell, &table);
}

static int run_plugins(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct kind_args *a = call->args;

	(void)err;
	for (enum fed_kind kind = FED_KIND_AGGREGATOR; kind <= FED_KIND_LAST; kind++)
		if (!fed_call_has(call, 0) || (int)kind == a->kind + 1)
			list_kind(shell, kind);
	if (fed_call_has(call, 0) &&
	    !fed_registry_at(fed_session_plugins(shell->session), (enum fed_kind)(a->kind + 1), 0))
		fed__print(shell, "no %s is loaded\n", fed__kind_names[a->kind]);
	return FED_OK;
}

struct plugin_args {
	char name[4096];
};
#define NAME_ROWS(rows, hint, help)          \
	static const struct fed_field rows[] = { \
		FED_ARG_TEXT(struct plugin_args, name, FED_ARG_NEEDED, hint, help), FED_END}
NAME_ROWS(plugin_rows, "plugin", "a plugin's name");
NAME_ROWS(build_rows, "path", "a plugin, or the path of its source");

struct load_args {
	char name[4096];
	bool trusted;
};
static const struct fed_field load_rows[] = {
	FED_ARG_TEXT(struct load_args, name, FED_ARG_NEEDED, "path",
                 "a plugin that was built, or the path of a shared object"),
	FED_FLAG(struct load_args, trusted,
             "run it inside, unguarded: faster calls, and its crash is "
             "that of the session"),
	FED_END};

/* Where it comes from, and where it runs. */
static void show_files(struct fed_shell *shell, const struct fed_entry *e)
{
	struct fed_text source = {0};

	fed__print(shell, "  file %s (%s)\n", e->path,
	           e->builtin ? "built in"
	           : e->guard ? "guarded: runs in worker processes"
	                      : "trusted: runs inside");
	if (fed__plugin_source_beside(e, &source))
		fed__print(shell, "  source %s\n", source.s);
	fed_text_release(&source);
}

static void show_work(struct fed_shell *shell, const struct fed_entry *e)
{
	const struct fed_work work = fed_session_plugin_work(shell->session, e);
	struct fed_text text = {0};

	if (!e->guard)
		return;
	fed_text_add(&text, "  %s call%s", fed_count((double)work.calls).s, work.calls == 1 ? "" : "s");
	if (work.calls) {
		fed_text_add(&text, ", ");
		fed_text_seconds(&text, work.seconds);
		fed_text_add(&text, " in them");
	}
	fed_text_add(&text, ", %s failure%s of its process", fed_count((double)work.losses).s,
	             work.losses == 1 ? "" : "s");
	if (e->failures == 1)
		fed_text_add(&text, ", in the last round");
	else if (e->failures)
		fed_text_add(&text, ", in each of the last %u rounds", e->failures);
	if (fed_is_set_aside(e))
		fed_text_add(&text, "; it is set aside, `reload %s` brings it back", e->head->name);
	fed__print(shell, "%s\n", fed_text_str(&text));
	fed_text_release(&text);
}

/* The first paragraph of the doc text. */
static void show_formula(struct fed_shell *shell, const char *doc)
{
	const char *end = doc ? strstr(doc, "\n\n") : NULL;

	for (size_t left = end ? (size_t)(end - doc) : doc ? strlen(doc) : 0; left;) {
		const char *newline = memchr(doc, '\n', left);
		const size_t n = newline ? (size_t)(newline - doc) : left;

		fed__print(shell, "  %.*s\n", (int)n, doc);
		doc += n + (newline != NULL);
		left -= n + (newline != NULL);
	}
}

/* What a rule or a codec declares beside its parameters. */
static void show_declared(struct fed_shell *shell, const struct fed_entry *e)
{
	static const struct {
		uint32_t bit;
		const char *what;
	} knows[] = {{FED_KNOWS_SAMPLES, "their samples"},
	             {FED_KNOWS_LOSS, "their last losses"},
	             {FED_KNOWS_LOSS_SQUARES, "their squared losses"},
	             {FED_KNOWS_SPEED, "their devices and links"},
	             {FED_KNOWS_HISTORY, "when they took part"}};
	const struct fed_selection *rule = &e->copy.selection;
	bool any = false;

	if (e->head->kind == FED_KIND_CODEC && e->copy.codec.unbiased)
		fed__print(shell, "  unbiased: clients keep no residual\n");
	if (e->head->kind != FED_KIND_SELECTION)
		return;
	fed__print(shell, "  knows of the clients");
	for (size_t k = 0; k < sizeof knows / sizeof *knows; k++)
		if (rule->knows & knows[k].bit) {
			fed__print(shell, "%s %s", any ? "," : "", knows[k].what);
			any = true;
		}
	fed__print(shell, "%s%s\n", any ? "" : " nothing",
	           rule->equal_weights ? "; updates weigh the same" : "");
}

static int run_info(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct plugin_args *a = call->args;
	const struct fed_entry *e = fed__plugin_find(shell, a->name, err);

	if (!e)
		return FED_FAIL;
	for (size_t k = 0; (e = fed__plugin_named(shell, a->name, k)); k++) {
		fed__print_styled(shell, FED_EMPHASIS_BOLD, "%s %s",
		                  fed_kind_name((enum fed_kind)e->head->kind), e->head->name);
		fed__print(shell, ": %s\n", e->head->help);
		show_files(shell, e);
		if (e->head->version)
			fed__print(shell, "  version %s\n", e->head->version);
		show_declared(shell, e);
		show_work(shell, e);
		show_formula(shell, e->head->doc);
		fed__help_fields(shell, e->head->fields, NULL);
	}
	return FED_OK;
}

static int run_load(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct load_args *a = call->args;
	const struct fed_entry *entry;
	struct fed_text path = {0};
	int rc = fed__plugin_object(a->name, &path, err);

	if (rc == FED_OK)
		rc = a->trusted ? fed_session_load_trusted(shell->session, path.s, &entry, err)
		                : fed_session_load(shell->session, path.s, &entry, err);
	fed_text_release(&path);
	if (rc)
		return FED_FAIL;
	fed__print(shell, "%s %s: %s (%s)\n", fed_kind_name((enum fed_kind)entry->head->kind),
	           entry->head->name, entry->head->help, entry->guard ? "guarded" : "trusted");
	return FED_OK;
}

static int run_unload(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct plugin_args *a = call->args;

	if (fed_session_unload(shell->session, a->name, err))
		return FED_FAIL;
	fed__print(shell, "%s is unloaded\n", a->name);
	return FED_OK;
}

static int run_reload(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct plugin_args *a = call->args;

	if (fed_session_reload(shell->session, a->name, err))
		return FED_FAIL;
	fed__print(shell, "%s is loaded again\n", a->name);
	return FED_OK;
}

static int run_build(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct plugin_args *a = call->args;

	return fed__build(shell, a->name, err);
}

static const struct fed_field *checked_rows(const struct fed_shell *shell, const void *args)
{
	const struct fed_entry *e =
		fed__plugin_named(shell, ((const struct plugin_args *)args)->name, 0);

	return e ? e->head->fields : NULL;
}

/* All plugins of the name, whichever kind; settings are those of the first. */
static int run_check(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct plugin_args *a = call->args;
	const struct fed_entry *e = fed__plugin_find(shell, a->name, err);
	int rc = FED_OK, one;

	if (!e) {
		shell->fault = FED_EXIT_USAGE;
		return FED_FAIL;
	}
	for (size_t k = 0; (e = fed__plugin_named(shell, a->name, k)) && (k == 0 || call->n_extra == 0);
	     k++)
		if ((one = fed__check_plugin(shell, e, call->extra, call->n_extra, err)) != FED_OK)
			rc = one;
	return rc;
}

static int run_debug(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_entry *e =
		fed__plugin_find(shell, ((const struct plugin_args *)call->args)->name, err);

	return e ? fed__debug_plugin(shell, e, err) : FED_FAIL;
}

static int run_watch_plugin(struct fed_shell *shell, const struct fed_call *call,
                            struct fed_error *err)
{
	const char *name = ((const struct plugin_args *)call->args)->name;

	if (strcmp(name, "off") != 0 && !fed__program_has_terminal(shell))
		return fed_fail(err,
		                "it is for the prompt of a terminal; in a script say `build %s; reload %s`",
		                name, name);
	return fed__plugin_watch(shell, name, err);
}

struct try_args {
	char name[64], file[4096], weights[4096], save[4096], after[64];
};
static const struct fed_field try_rows[] = {
	FED_ARG_TEXT(struct try_args, name, FED_ARG_NEEDED, "aggregator", "an aggregator plugin"),
	FED_ARG_TEXT(struct try_args, file, FED_ARG_NEEDED, "path",
                 "a .npy file of two dimensions: a row for each client"),
	FED_ARG_TEXT(struct try_args, weights, 0, "path",
                 "a .npy file of one number a row, as the samples of clients; else 1 each"),
	FED_ARG_TEXT(struct try_args, save, 0, "path", "a .npy file for the step"),
	FED_ARG_TEXT(struct try_args, after, 0, "pre-aggregation",
                 "a pre-aggregation that mixes the updates first"),
	FED_END,
};

static const struct fed_field *rows_of_aggregator(const struct fed_shell *shell, const char *name)
{
	const struct fed_entry *entry;
	struct fed_error unused;

	return fed_registry_find(fed_session_plugins(shell->session), FED_KIND_AGGREGATOR, name, &entry,
	                         &unused)
	           ? NULL
	           : entry->head->fields;
}
/* Of commands whose first argument is an aggregator, and their struct begins with its name. */
static const struct fed_field *first_rows(const struct fed_shell *shell, const void *args)
{
	return rows_of_aggregator(shell, args);
}
static const struct fed_field *tried_rows(const struct fed_shell *shell, const void *args)
{
	return rows_of_aggregator(shell, ((const struct try_args *)args)->name);
}
static const struct fed_field *tried_after_rows(const struct fed_shell *shell,
                                                const struct fed_call *call)
{
	return rows_of_aggregator(shell, ((const struct try_args *)call->args)->after);
}

static int run_try(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct try_args *a = call->args;
	struct fed_key_values all;
	struct fed_trial trial = {0};

	if (fed_key_values_copy(&all, call->extra, call->n_extra, err))
		return FED_FAIL;
	int rc = *a->after ? fed_key_values_add(&all, "after", a->after, err) : FED_OK;
	if (rc == FED_OK)
		rc = fed_try(&trial, shell->session, a->name, all.assign, all.n, a->file,
		             *a->weights ? a->weights : NULL, err);
	fed_key_values_release(&all);
	if (rc) {
		shell->fault = trial.read ? FED_EXIT_FAILED : FED_EXIT_OK;
		return rc;
	}
	fed__show_trial(shell, &trial);
	if (*a->save)
		rc = fed_trial_save(&trial, a->save, err);
	if (*a->save && rc == FED_OK) {
		fed__wrote(shell, a->save);
		fed__print(shell, "saved the step as %s\n", a->save);
	}
	fed_trial_release(&trial);
	return rc;
}

#define NAME_ARGS(rows) .args = rows, .args_size = sizeof(struct plugin_args)

const struct fed_command fed__commands_plugins[] = {
	{.name = "plugins",
     .help = "list what can be chosen",
     .examples = FED_EXAMPLES("plugins", "plugins aggregator", "plugins attack"),
     .args = kind_rows,
     .args_size = sizeof(struct kind_args),
     .run = run_plugins,
     .flags = FED_COMMAND_TABLE},
	{.name = "info",
     .help = "show a plugin: its file, formula and parameters, and what it did so far",
     .examples = FED_EXAMPLES("info fedadam", "info mlp", "info alie"),
     NAME_ARGS(plugin_rows),
     .run = run_info,
     .flags = FED_COMMAND_TABLE,
     .failure = FED_EXIT_USAGE},
	{.name = "load",
     .help = "load a plugin's file",
     .text =
         "A plugin is one shared object built with nothing but the public headers; the file\n"
         "may change while it is loaded, `reload` takes the new one. It runs guarded, in worker\n"
         "processes: a crash, an endless loop or a write into its inputs costs the round (`set\n"
         "on-plugin-error`), never the session. What it prints is shown with its name, and\n"
         "memory that it keeps more of after each round is told. `set plugin-deadline` and `set\n"
         "plugin-memory` are its limits. `load FILE trusted` runs it inside, and so does `load`\n"
         "after `set guard off`; `info` says which.",
     .examples = FED_EXAMPLES("new-plugin aggregator mine; build mine; load mine; aggregator mine"),
     .args = load_rows,
     .args_size = sizeof(struct load_args),
     .run = run_load,
     .flags = FED_COMMAND_OUTSIDE | FED_COMMAND_CHANGES | FED_COMMAND_LOADS,
     .failure = FED_EXIT_PLUGIN},
	{.name = "unload",
     .help = "unload a plugin",
     .examples = FED_EXAMPLES("new-plugin model mine; build mine; load mine; unload mine"),
     NAME_ARGS(plugin_rows),
     .run = run_unload,
     .flags = FED_COMMAND_CHANGES,
     .failure = FED_EXIT_PLUGIN},
	{.name = "reload",
     .help = "load a plugin's file again",
     .text =
         "Between rounds. Its settings stay, and so does its state where the struct still has the\n"
         "same size and rows; else the persistent vectors of the same name stay, and the rest "
         "begins\n"
         "anew. It says which.",
     .examples = FED_EXAMPLES("new-plugin transport mine; build mine; load mine; reload mine"),
     NAME_ARGS(plugin_rows),
     .run = run_reload,
     .flags = FED_COMMAND_OUTSIDE | FED_COMMAND_CHANGES,
     .failure = FED_EXIT_PLUGIN},
	{.name = "new-plugin",
     .help = "write a small plugin to start from, in a folder of its own",
     .text =
         "NAME/NAME.c works as it is and says in comments what to change; NAME/Makefile does what\n"
         "`build` does, NAME/README.md says what comes next. A model may bring layers of its own:\n"
         "`new-plugin model NAME layer=own` has one, forward and backward.",
     .examples = FED_EXAMPLES("new-plugin aggregator mine",
                              "new-plugin model mine layer=own; build mine; load mine; model mine",
                              "new-plugin attack mine; build mine; load mine",
                              "new-plugin selection mine; build mine; load mine; select mine",
                              "new-plugin codec mine; build mine; load mine; set codec mine"),
     .args = fed__new_rows,
     .args_size = sizeof(struct fed_new_args),
     .run = fed__run_new,
     .flags = FED_COMMAND_OUTSIDE | FED_COMMAND_REJECTS | FED_COMMAND_LIVE,
     .failure = FED_EXIT_IO},
	{.name = "edit",
     .help = "open a plugin's source in an editor",
     .text = "VISUAL or EDITOR in the environment names the editor, else it is vi. In a script and "
             "for\n"
             "short changes, old= and new= replace a text that occurs once.",
     .examples = FED_EXAMPLES(
		 "new-plugin aggregator mine; edit mine",
		 "new-plugin aggregator mine; edit mine old=\"scale, 1,\" new=\"scale, 0.5,\"; build mine"),
     .args = fed__edit_rows,
     .args_size = sizeof(struct fed_edit_args),
     .run = fed__run_edit,
     .flags = FED_COMMAND_OUTSIDE | FED_COMMAND_LIVE,
     .failure = FED_EXIT_IO},
	{.name = "build",
     .help = "compile a plugin with the installed headers",
     .text = "Compiles NAME/NAME.c or NAME.c, whichever is there, to the object beside it. Runs "
             "cc, or\n"
             "what CC in the environment names, and shows what it says.",
     .examples = FED_EXAMPLES("new-plugin aggregator mine; build mine"),
     NAME_ARGS(build_rows),
     .run = run_build,
     .flags = FED_COMMAND_OUTSIDE | FED_COMMAND_LIVE | FED_COMMAND_LOADS,
     .failure = FED_EXIT_PLUGIN},
	{.name = "check-plugin",
     .help = "check that a plugin keeps what its kind promises",
     .text =
         "Aggregators: odd and huge updates, their order, sizes from 1 to 1,000,000 numbers,\n"
         "inputs left as they are, the same bits each time, no growth. Models: every layer's\n"
         "gradient against finite differences, batches, cuts. The other kinds likewise.\n"
         "Both ends of each parameter are tried; KEY=VALUE sets one to keep. A failure says what\n"
         "was given, what came back and what was expected. Takes some seconds; the session is\n"
         "not touched, and a guarded plugin that crashes ends its own process.",
     .examples = FED_EXAMPLES("check-plugin local", "check-plugin sign-flip scale=2",
                              "new-plugin aggregator mine; build mine; load mine; "
                              "check-plugin mine"),
     NAME_ARGS(plugin_rows),
     .more = checked_rows,
     .run = run_check,
     .flags = FED_COMMAND_OUTSIDE | FED_COMMAND_REJECTS | FED_COMMAND_LIVE,
     .failure = FED_EXIT_PLUGIN},
	{.name = "diff-plugin",
     .help = "feed two aggregators the same updates and show where their steps differ",
     .text = "The updates are those of the last round, or the rows of a .npy file (`updates "
             "save=FILE`\n"
             "writes one). KEY=VALUE sets the first one; what the session uses has its settings "
             "there.\n"
             "Both begin with an empty state and a model of zeros.",
     .examples =
         FED_EXAMPLES("dataset blobs; add-client 9 samples=40; round; diff-plugin median fedavg",
                      "dataset blobs; add-client 9 samples=40; round; updates save=u.npy; "
                      "diff-plugin krum fedavg "
                      "u.npy f=2"),
     .args = fed__diff_rows,
     .args_size = sizeof(struct fed_diff_args),
     .more = first_rows,
     .run = fed__run_diff,
     .flags = FED_COMMAND_OUTSIDE | FED_COMMAND_REJECTS | FED_COMMAND_TABLE},
	{.name = "bench-plugin",
     .help = "measure how long an aggregator takes for a round of updates",
     .text =
         "n random updates of d numbers, for about a second each: as it is loaded, trusted in a\n"
         "process of its own when it is guarded, and fedavg beside it.",
     .examples =
         FED_EXAMPLES("bench-plugin median n=10 d=1000", "bench-plugin krum n=10 d=1000 f=2"),
     .args = fed__bench_rows,
     .args_size = sizeof(struct fed_bench_args),
     .more = first_rows,
     .run = fed__run_bench,
     .flags = FED_COMMAND_OUTSIDE | FED_COMMAND_REJECTS | FED_COMMAND_LIVE | FED_COMMAND_TABLE,
     .failure = FED_EXIT_PLUGIN},
	{.name = "debug-plugin",
     .help = "start gdb on a plugin, with breakpoints on its functions",
     .text = "gdb runs the next round on a copy of the session, in a process of its own that "
             "trusts the\n"
             "plugin: the session waits, and nothing that happens there changes it. The plugin "
             "must be\n"
             "in use, and its source lie beside it. In a terminal only.",
     .examples = FED_EXAMPLES(
		 "new-plugin aggregator mine; build mine; load mine; aggregator mine; debug-plugin mine"),
     NAME_ARGS(plugin_rows),
     .run = run_debug,
     .flags = FED_COMMAND_OUTSIDE | FED_COMMAND_LIVE,
     .failure = FED_EXIT_PLUGIN},
	{.name = "watch-plugin",
     .help = "build and reload a plugin whenever its source is saved",
     .text = "Between two commands or two rounds, with what `reload` keeps; one that is not loaded "
             "yet is\n"
             "loaded. In a terminal only. `watch-plugin off` ends it.",
     .examples = FED_EXAMPLES("watch-plugin off"),
     NAME_ARGS(build_rows),
     .run = run_watch_plugin,
     .flags = FED_COMMAND_OUTSIDE | FED_COMMAND_LIVE},
	{.name = "try",
     .help = "run an aggregator on a file of updates, beside the session's run",
     .text =
         "FILE is a NumPy matrix (.npy, float16, 32 or 64) with a row for each client; their\n"
         "ids are the rows' numbers. Shows the step, and each row's score, weight and verdict.\n"
         "NaN counts as infinite. `updates save=FILE.npy` writes the last\n"
         "round's updates in this form. Seed and threads are the session's.",
     .examples = FED_EXAMPLES(
		 "dataset blobs; add-client 9 samples=40; round; updates save=u.npy; try krum u.npy f=2",
		 "dataset blobs; add-client 9 samples=40; round; updates save=u.npy; try bgd u.npy "
		 "groups=3 "
		 "save=step.npy",
		 "dataset blobs; add-client 9 samples=40; round; updates save=u.npy; try median u.npy "
		 "after=bucketing s=3"),
     .args = try_rows,
     .args_size = sizeof(struct try_args),
     .more = tried_rows,
     .also = tried_after_rows,
     .run = run_try,
     .flags = FED_COMMAND_OUTSIDE | FED_COMMAND_REJECTS | FED_COMMAND_TABLE,
     .failure = FED_EXIT_IO},
	{0},
};
