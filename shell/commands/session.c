/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/session.c - commands for files, scripts, aliases and help.
 */
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "checkpoint/checkpoint.h"
#include "history/condition.h"
#include "history/metrics.h"
#include "plug/registry.h"
#include "shell/commands/export.h"
#include "shell/commands/groups.h"
#include "shell/commands/lesson.h"
#include "shell/commands/tensorboard.h"
#include "shell/commands/verify.h"
#include "shell/language/autosave.h"
#include "shell/language/travel.h"
#include "shell/language/command.h"
#include "shell/language/explain.h"
#include "shell/language/line.h"
#include "shell/jobs/job.h"
#include "shell/output/print.h"
#include "shell/output/written.h"
#include "shell/output/table.h"
#include "shell/script/share.h"
#include "shell/script/verify.h"
#include "shell/serving/serving.h"
#include "travel/travel.h"

struct path_args {
	char file[4096];
};
static const struct fed_field path_rows[] = {
	FED_ARG_TEXT(struct path_args, file, FED_ARG_NEEDED, "path", "a file"),
	FED_END,
};

struct save_args {
	char file[4096];
	bool here;
};
static const struct fed_field save_rows[] = {
	FED_ARG_TEXT(struct save_args, file, FED_ARG_NEEDED, "path", "a file"),
	FED_FLAG(struct save_args, here, "the present alone, without the history that led to it"),
	FED_END,
};

static int run_save(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct save_args *a = call->args;
	struct fed_text path = {0};

	fed_path_expand(a->file, &path);
	int rc = path.failed ? fed_fail_memory(err, strlen(a->file), "a path") : FED_OK;
	if (rc == FED_OK)
		rc = a->here ? fed_session_save(shell->session, path.s, err)
		             : fed_travel_save(shell->travel, path.s, err);
	if (rc == FED_OK) {
		fed__print(shell, "saved %s\n", path.s);
		fed__wrote_model(shell, path.s);
		shell->autosave.filing = true;
	}
	fed_text_release(&path);
	return rc;
}

static int run_restore(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct path_args *a = call->args;
	struct fed_text path = {0};

	fed_path_expand(a->file, &path);
	const int rc = path.failed ? fed_fail_memory(err, strlen(a->file), "a path")
	                           : fed_travel_restore(shell->travel, path.s, err);
	if (rc == FED_OK) {
		fed__print(shell, "restored %s\n", path.s);
		fed__journal_restart(shell); /* the file replaces the earlier commands */
		fed__autosave_restored(shell, path.s);
		fed__serving_renew(shell);
	}
	fed_text_release(&path);
	return rc;
}

/* Scripts ------------------------------------------------------------------ */

static int source_file(struct fed_shell *shell, const char *path, struct fed_error *err)
{
	const enum fed_exit result = fed__shell_source(shell, path, err);

	shell->fault = result;
	return result && result != FED_EXIT_INTERRUPTED ? FED_FAIL : FED_OK;
}

static int run_source(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct path_args *a = call->args;

	return source_file(shell, a->file, err);
}

/* The script loads what it needs.  What a tournament or a sweep still holds stays. */
static void unload_plugins(struct fed_session *s)
{
	for (enum fed_kind kind = FED_KIND_AGGREGATOR; kind <= FED_KIND_LAST; kind++) {
		const struct fed_entry *e;
		struct fed_error unused;

		for (size_t i = 0; (e = fed_registry_at(fed_session_plugins(s), kind, i));)
			i += e->builtin || fed_session_unload(s, e->head->name, &unused);
	}
}

struct replay_args {
	char file[4096];
	bool verify;
};
static const struct fed_field replay_rows[] = {
	FED_ARG_TEXT(struct replay_args, file, FED_ARG_NEEDED, "path", "a file"),
	FED_FLAG(struct replay_args, verify,
             "stop at the first version that is not the recorded one, bit for bit"),
	FED_END,
};

/* Run the recording, and compare the versions that it makes. */
static int replay_verified(struct fed_shell *shell, const char *path, struct fed_error *err)
{
	fed__verify_begin(shell);
	const int rc = source_file(shell, path, err);
	const bool stopped = *shell->verifying.differs;
	struct fed_error why;
	const int verified = fed__verify_end(shell, &why);

	if (rc && !stopped) /* its own error was printed */
		return rc;
	if (stopped) /* by the difference, not by the user */
		fed_session_clear_interrupt(shell->session);
	else if (shell->fault)
		return FED_OK;
	if (!verified)
		return FED_OK;
	shell->fault = FED_EXIT_FAILED;
	*err = why;
	return FED_FAIL;
}

static int run_replay(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct replay_args *a = call->args;
	struct fed_text path = {0};
	uint64_t size;

	if (fed__serving_check_closed(shell, "a replay has clients of its own", err))
		return FED_FAIL;
	fed_path_expand(a->file, &path);
	int rc = fed_file_readable(fed_text_str(&path), &size, err);
	if (rc == FED_OK && (rc = fed__journal_check_source(shell, fed_text_str(&path), err)) != FED_OK)
		shell->fault = FED_EXIT_FAILED;
	fed_text_release(&path);
	if (rc || fed_session_reset(shell->session, false, err))
		return FED_FAIL;
	unload_plugins(shell->session);
	fed__journal_restart(shell);
	fed__travel_restarted(shell);
	return a->verify ? replay_verified(shell, a->file, err) : source_file(shell, a->file, err);
}

static const struct fed_field record_rows[] = {
	FED_ARG_TEXT(struct path_args, file, FED_FIELD_POSITIONAL, "path", "a file, or the word stop"),
	FED_END,
};
static int run_record(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct path_args *a = call->args;

	if (strcmp(a->file, "stop") == 0)
		return fed__journal_stop(shell, err);
	if (*a->file) {
		if (fed__journal_start(shell, a->file, err))
			return FED_FAIL;
		fed__print(shell, "recording to %s, from the session's beginning on\n", a->file);
	} else if (shell->record) {
		fed__print(shell, "recording to %s\n", shell->record_path ? shell->record_path : "a file");
	} else {
		fed__print(shell, "nothing is being recorded; `record FILE` starts a recording\n");
	}
	return FED_OK;
}

struct expect_args {
	char condition[2000];
};
static const struct fed_field expect_rows[] = {
	FED_ARG_TEXT(struct expect_args, condition, FED_ARG_NEEDED | FED_FIELD_REST, "condition",
                 "METRIC OP NUMBER, joined by and, or"),
	FED_END,
};
static int run_expect(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct expect_args *a = call->args;
	const struct fed_history *h = fed_session_history(shell->session);
	struct fed_condition *condition;
	struct fed_text values = {0};

	if (fed_condition_parse(&condition, a->condition, fed_session_kept_runs(shell->session), err)) {
		shell->fault = FED_EXIT_USAGE;
		return FED_FAIL;
	}
	const bool holds = fed_condition_holds(condition, h);
	if (holds)
		fed_condition_put(condition, h, &values);
	else
		fed_condition_values(condition, h, &values);
	fed_condition_free(condition);
	if (holds) /* the mark tells it without colour, too */
		fed__print_styled(shell, FED_EMPHASIS_GOOD, "%s holds: %s\n",
		                  shell->screen.utf8 ? "\u2713" : "[ok]", fed_text_str(&values));
	else
		fed_fail(err, "%s does not hold: %s", fed_show(a->condition).s,
		         h->n ? fed_text_str(&values) : "there were no rounds");
	fed_text_release(&values);
	return holds ? FED_OK : FED_FAIL;
}

/* Help and the rest -------------------------------------------------------- */

struct topic_args {
	char topic[64];
};
static const struct fed_field help_rows[] = {
	FED_ARG_TEXT(struct topic_args, topic, FED_FIELD_POSITIONAL, "topic", "a command or a group"),
	FED_END,
};
static int run_help(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct topic_args *a = call->args;
	const struct fed_command *command;

	if (!*a->topic) {
		fed__help_overview(shell);
		return FED_OK;
	}
	int g = 0;
	while (g < FED_GROUPS && strcmp(a->topic, fed__group_names[g]) != 0)
		g++;
	if (g < FED_GROUPS)
		fed__help_group(shell, (enum fed_group)g);
	/* `run` is a group and a command. */
	if (fed__command_find(shell, a->topic, shell->lenient && g == FED_GROUPS, &command, err)) {
		if (g < FED_GROUPS)
			return FED_OK;
		return fed__explain_knows(shell, a->topic)
		           ? fed_fail(err, "%s is not a command; `explain %s` says what it is",
		                      fed_show(a->topic).s, fed_show(a->topic).s)
		           : fed__explain_unknown(shell, a->topic, err);
	}
	if (g < FED_GROUPS)
		fed__print(shell, "\n");
	fed__help_command(shell, command);
	if (fed__explain_knows(shell, command->name))
		fed__print_styled(shell, FED_EMPHASIS_DIM,
		                  "\n`explain %s` says what it is, and what it is now\n", command->name);
	return FED_OK;
}

struct alias_args {
	char name[64], text[2000];
};
static const struct fed_field alias_rows[] = {
	FED_ARG_TEXT(struct alias_args, name, FED_FIELD_POSITIONAL, "alias", "the short name"),
	FED_ARG_TEXT(struct alias_args, text, FED_FIELD_POSITIONAL | FED_FIELD_REST, NULL,
                 "what it stands for; \"\" removes it"),
	FED_END,
};
static int run_alias(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct alias_args *a = call->args;

	if (fed_call_has(call, 1))
		return fed__alias_set(shell, a->name, a->text, err);
	if (*a->name && !fed__alias_find(shell, a->name))
		return fed_fail(err, "no alias %s; `alias %s COMMAND` makes one", fed_show(a->name).s,
		                fed_show(a->name).s);
	if (!shell->n_aliases)
		fed__print(shell, "no aliases; `alias r round 5` makes one\n");
	for (size_t i = 0; i < shell->n_aliases; i++)
		if (!shell->alias[i].group && (!*a->name || strcmp(shell->alias[i].name, a->name) == 0))
			fed__print(shell, "  %s = %s\n", shell->alias[i].name, shell->alias[i].text);
	return FED_OK;
}

struct define_args {
	char name[64];
};
static const struct fed_field define_rows[] = {
	FED_ARG_TEXT(struct define_args, name, FED_FIELD_POSITIONAL, "alias",
                 "of the group; without it all are listed"),
	FED_END,
};

static void list_groups(struct fed_shell *shell)
{
	size_t n = 0;

	for (size_t i = 0; i < shell->n_aliases; i++) {
		const struct fed_alias *a = &shell->alias[i];

		if (!a->group)
			continue;
		n++;
		fed__print(shell, "define %s\n", a->name);
		for (const char *at = a->text; *at; at += strcspn(at, "\n") + 1)
			fed__print(shell, "  %.*s\n", (int)strcspn(at, "\n"), at);
		fed__print(shell, "end\n");
	}
	if (!n)
		fed__print(shell, "no groups; `define NAME` begins one, `end` ends it\n");
}

static int run_define(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct define_args *a = call->args;

	if (!fed_call_has(call, 0)) {
		list_groups(shell);
		return FED_OK;
	}
	return fed__group_begin(shell, a->name, err);
}

static const char *const on_off[] = {"off", "on", NULL};
struct timing_args {
	int timing;
};
static const struct fed_field timing_rows[] = {
	FED_ARG_CHOICE(struct timing_args, timing, FED_ARG_NEEDED, 0, on_off, "on or off"),
	FED_END,
};
static int run_timing(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct timing_args *a = call->args;

	(void)err;
	shell->timing = a->timing == 1;
	return FED_OK;
}

struct autosave_args {
	char what[32];
};
static const struct fed_field autosave_rows[] = {
	FED_ARG_TEXT(struct autosave_args, what, FED_FIELD_POSITIONAL, "autosave",
                 "seconds between saves in a run, from 1 to 86400; or off, or discard"),
	FED_END,
};

static void list_rescue(void *ctx, const struct fed_rescue *rescue)
{
	struct fed_text path = {0};

	fed__word_quote(&path, rescue->path);
	fed__print(ctx, "left on %s: `restore %s`\n", rescue->when, fed_text_str(&path));
	fed_text_release(&path);
}

static void show_autosave(struct fed_shell *shell)
{
	const struct fed_autosave *a = &shell->autosave;

	if (a->period <= 0)
		fed__print(shell, "autosave is off; `autosave 30` turns it on\n");
	else
		fed__print(shell, "autosave saves every %g s in a run, and after commands\n", a->period);
	if (a->path && !a->failing)
		fed__print(shell, "saved: version %llu in %s\n", (unsigned long long)a->version, a->path);
	fed__rescues_each(shell, list_rescue, shell);
}

static int run_autosave(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct autosave_args *a = call->args;
	double period = 0;

	if (strcmp(a->what, "discard") == 0) {
		const size_t n = fed__rescues_discard(shell);

		fed__print(shell, "%zu saved session%s removed\n", n, n == 1 ? "" : "s");
		return FED_OK;
	}
	if (*a->what && strcmp(a->what, "off") != 0 &&
	    (!fed_parse_real(a->what, &period) || period < 1 || period > 86400))
		return fed_fail(err, "%s is neither seconds from 1 to 86400 nor off or discard",
		                fed_show(a->what).s);
	if (*a->what)
		fed__autosave_set(shell, period);
	show_autosave(shell);
	return FED_OK;
}

static int run_why(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	(void)call, (void)err;
	fed__failure_explain(shell);
	return FED_OK;
}

static int run_quit(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	(void)call, (void)err;
	shell->quit = fed__job_may_quit(shell);
	if (shell->quit && shell->room)
		fed__print(shell, "the room closes; its members are told\n");
	return FED_OK;
}

#define QUICK "dataset blobs; add-client 4 samples=50; round 2; "
#define PATH_ARGS .args = path_rows, .args_size = sizeof(struct path_args)

const struct fed_command fed__commands_session[] = {
	{.name = "save",
     .help = "save the session to a file, in the middle of a round too",
     .text =
         "Everything is saved but the event log, which `log`, `client` and `timeline` show: a\n"
         "restored session goes on bit for bit. The old file stays as it was until the new\n"
         "one is complete. Clients that are at work (scheme async) go on, here and where it is\n"
         "restored; over real connections they are cancelled. An open round is made again when\n"
         "it is restored, as far as it had come and with what was changed in it (set, inject,\n"
         "...). Breakpoints and a pause are saved.\n"
         "The history is saved, too: commands, branches, and a snapshot every 50 versions, so\n"
         "that `undo`, `rewind` and `switch` work where it is restored. `save FILE here` saves\n"
         "the present alone.",
     .examples = FED_EXAMPLES(QUICK "save run.fed", QUICK "step 5; set lr 0.3; save run.fed",
                              QUICK "save run.fed here"),
     .args = save_rows,
     .args_size = sizeof(struct save_args),
     .flags = FED_COMMAND_OUTSIDE,
     .run = run_save,
     .failure = FED_EXIT_IO},
	{.name = "restore",
     .help = "go on from a saved session",
     .text =
         "The history of the file comes along: `rewind`, `branches` and `switch` go to its "
         "places.\n"
         "It follows the present place, where `undo` goes back to; of its branches those whose\n"
         "names are taken here get another one (main-2). In a new session it is all there is, and\n"
         "`undo` takes back its commands.",
     .examples = FED_EXAMPLES(QUICK "save run.fed; round; restore run.fed"),
     PATH_ARGS,
     .run = run_restore,
     .flags = FED_COMMAND_CHANGES | FED_COMMAND_DISCARDS,
     .failure = FED_EXIT_IO},
	{.name = "source",
     .help = "run a script",
     .text =
         "Scripts are strict: commands are spelled out and the first error stops them. On a\n"
         "terminal their comments and commands are shown (`set echo off`: not); with `set step\n"
         "on` each command waits for a key.",
     .examples =
         FED_EXAMPLES("record made.fedsh; dataset blobs; record stop; reset; source made.fedsh"),
     PATH_ARGS,
     .run = run_source,
     .flags = FED_COMMAND_RUNS | FED_COMMAND_DISCARDS,
     .failure = FED_EXIT_IO},
	{.name = "lesson",
     .help = "list the lessons, or play one",
     .text =
         "A lesson is a script that begins a new session: a caption tells what it does, `expect`\n"
         "proves it. Ctrl-C stops it; the session is then what it left, to go on with.",
     .examples = FED_EXAMPLES("lesson", "set step off; lesson"),
     .args = fed__lesson_rows,
     .args_size = sizeof(struct fed_lesson_args),
     .list = fed__list_lessons,
     .run = fed__run_lesson,
     .flags = FED_COMMAND_RUNS | FED_COMMAND_DISCARDS,
     .failure = FED_EXIT_USAGE},
	{.name = "record",
     .help = "write what changes the session to a script",
     .text = "The file begins with everything since the session's beginning, so that `replay`\n"
             "makes the same again. `record stop` ends it.",
     .examples = FED_EXAMPLES(
		 "dataset blobs; record made.fedsh; add-client 3 samples=50; record stop", "record"),
     .args = record_rows,
     .args_size = sizeof(struct path_args),
     .flags = FED_COMMAND_OUTSIDE,
     .run = run_record,
     .failure = FED_EXIT_IO},
	{.name = "share",
     .help = "print one line that makes this session again",
     .text =
         "The commands since the last reset, joined. Behind # are the program's version, and the\n"
         "version that the line makes with its digest, which `share` prints there, too: the\n"
         "same digest means that both runs went the same way, bit for bit. What it takes beside\n"
         "itself (files of data, plugins) is told.",
     .examples = FED_EXAMPLES(QUICK "share"),
     .run = fed__run_share},
	{.name = "replay",
     .help = "run a recorded script in a fresh session",
     .text =
         "A recording has a line for each version with a digest of its figures: losses, step,\n"
         "clock, bytes. With `verify` the replay stops at the first version whose digest differs,\n"
         "for which it ends with an error. `verify FILES` checks many files one by one.",
     .examples = FED_EXAMPLES("dataset blobs; record made.fedsh; record stop; replay made.fedsh",
                              QUICK "record made.fedsh; record stop; replay made.fedsh verify"),
     .args = replay_rows,
     .args_size = sizeof(struct replay_args),
     .run = run_replay,
     .flags = FED_COMMAND_RUNS | FED_COMMAND_DISCARDS,
     .failure = FED_EXIT_IO},
	{.name = "verify",
     .help = "replay recordings and say whether they make the same versions, bit for bit",
     .text =
         "Each file is replayed by a program of its own that writes no files, loads no plugins\n"
         "and runs no programs (readonly), so that a stranger's file does no harm. The table has\n"
         "what became of each; any difference ends it with an error. A recording that loads a\n"
         "plugin is refused: look at it, then `replay FILE verify`.",
     .examples = FED_EXAMPLES(QUICK "record made.fedsh; record stop; verify made.fedsh"),
     .args = fed__verify_rows,
     .args_size = sizeof(struct fed_verify_args),
     .run = fed__run_verify,
     .flags = FED_COMMAND_TABLE | FED_COMMAND_OUTSIDE,
     .failure = FED_EXIT_IO},
	{.name = "export",
     .help = "write rounds, parameters, layers or a trace, by the file's ending",
     .text =
         "Rounds (.csv, .jsonl) are rows with all metrics and the whole composition that made\n"
         "them: data, model, clients, plugins with the digests of their files, settings, faults,\n"
         "program; .jsonl has a JSON object a line. `composition_since` is the version from which\n"
         "on it is known to be that of the rows (a restored session does not know what came\n"
         "before). Parameters are those of the global model (.npz, .safetensors), layers what\n"
         "`model FILE.fed-model` takes. A trace (.json) is in the Chrome trace event format,\n"
         "which Perfetto (ui.perfetto.dev) draws: a row for each client with download, compute,\n"
         "upload and waiting in virtual time, a row for the server with its versions, and\n"
         "accuracy and losses as curves. With study=NAME the rounds of all runs of a study, with\n"
         "the run's number and the level of each factor (`factor.aggregator`) in each row.",
     .examples = FED_EXAMPLES(QUICK "export rounds.csv", QUICK "export rounds.jsonl",
                              QUICK "export model.npz", QUICK "export model.safetensors",
                              QUICK "export trace.json",
                              QUICK "study eighth { lr = 0.01, 0.1 } rounds=1; "
                                    "export eighth.csv study=eighth"),
     .args = fed__export_rows,
     .args_size = sizeof(struct fed_export_args),
     .run = fed__run_export,
     .flags = FED_COMMAND_OUTSIDE | FED_COMMAND_REJECTS,
     .failure = FED_EXIT_IO},
	{.name = "tensorboard",
     .help = "write TensorBoard's event files to a folder, and go on with each round",
     .text =
         "All metrics as scalars and the composition as a text: a folder in it for each kept run\n"
         "and for each run from now on (run-1, run-2, ...). `tensorboard --logdir FOLDER`, a\n"
         "program that is not a part of fedsh, shows them live. `tensorboard stop` ends it.",
     .examples = FED_EXAMPLES(QUICK "tensorboard runs; round; tensorboard stop", "tensorboard"),
     .args = fed__tensorboard_rows,
     .args_size = sizeof(struct fed_tensorboard_args),
     .run = fed__run_tensorboard,
     .flags = FED_COMMAND_OUTSIDE,
     .failure = FED_EXIT_IO},
	{.name = "import",
     .help = "take parameters from .npz or .safetensors",
     .text =
         "The file has the names that `export` writes, or those of another program, as a state\n"
         "dict of PyTorch: these are mapped by shape and order, which a table shows, and refused\n"
         "where shapes are others or names do not say which of two equal layers comes first.\n"
         "Matrices and kernels are also taken as Keras and Flax have them, and names without\n"
         "layers (arr_0) one by one. Of a model with lora= the file may have the frozen base\n"
         "alone, and adapters begin anew, or the adapters alone.",
     .examples = FED_EXAMPLES(QUICK "export model.npz; restart; import model.npz"),
     .args = fed__import_rows,
     .args_size = sizeof(struct fed_import_args),
     .run = fed__run_import,
     .flags = FED_COMMAND_CHANGES | FED_COMMAND_REJECTS,
     .failure = FED_EXIT_IO},
	{.name = "expect",
     .help = "check a condition; a script stops when it does not hold",
     .examples = FED_EXAMPLES(QUICK "expect round==2 and accuracy>0.3", QUICK "expect clock >= 0"),
     .args = expect_rows,
     .args_size = sizeof(struct expect_args),
     .run = run_expect},
	{.name = "help",
     .help = "list the commands, or explain one",
     .text = "`?` alone is help, and `round ?` is `help round`.",
     .examples = FED_EXAMPLES("help", "help add-client", "help compose", "?"),
     .args = help_rows,
     .args_size = sizeof(struct topic_args),
     .run = run_help,
     .flags = FED_COMMAND_TABLE,
     .failure = FED_EXIT_USAGE},
	{.name = "why",
     .help = "show the last error again, and what is allowed there",
     .text = "The line with a caret under the word that was wrong, the help of that argument and\n"
             "the values that it takes, the command's usage and an example.",
     .examples = FED_EXAMPLES("why"),
     .run = run_why},
	{.name = "alias",
     .help = "give commands a short name",
     .examples = FED_EXAMPLES("alias go \"dataset blobs; add-client 3 samples=20\"; go; alias",
                              "alias s status; alias s \"\""),
     .args = alias_rows,
     .args_size = sizeof(struct alias_args),
     .run = run_alias,
     .flags = FED_COMMAND_NAMES | FED_COMMAND_CONFIGURES,
     .failure = FED_EXIT_USAGE},
	{.name = "define",
     .help = "give a group of lines a name",
     .text =
         "The lines up to `end` are kept, not run. The name runs them with its arguments for $1\n"
         "to $9, or $* for all of them; $$ is a $. What they run is recorded, not the name. A\n"
         "group may use others, and cannot define one. `define NAME; end` removes it.",
     .examples = FED_EXAMPLES("define go; dataset $1; add-client $2 samples=20; round; end; go "
                              "blobs 3",
                              "define s; status; end; define"),
     .args = define_rows,
     .args_size = sizeof(struct define_args),
     .run = run_define,
     .flags = FED_COMMAND_NAMES | FED_COMMAND_CONFIGURES,
     .failure = FED_EXIT_USAGE},
	{.name = "timing",
     .help = "show how long each command takes",
     .examples = FED_EXAMPLES("timing on; dataset blobs; timing off"),
     .args = timing_rows,
     .args_size = sizeof(struct timing_args),
     .flags = FED_COMMAND_CONFIGURES,
     .run = run_timing},
	{.name = "autosave",
     .help = "save the session now and then, for when it is not ended by quit",
     .text =
         "An interactive session does so from its beginning: after commands that changed it, and\n"
         "every 30 seconds of a run, between two versions. What a session left that was killed,\n"
         "or lost its terminal, is offered when the next one begins. `quit` and Ctrl-D remove the\n"
         "file, but keep a run that no `save` has written: the next session offers it once.\n"
         "A script saves only when it says `autosave 30`, and keeps the file only if it fails.\n"
         "The files are in ~/.local/state/fedsh/rescue (or $XDG_STATE_HOME). Saving takes at most\n"
         "a fiftieth of the time: large models are saved less often. `autosave` alone shows what\n"
         "is saved and what others left, `autosave discard` removes the latter.",
     .examples = FED_EXAMPLES("autosave", "autosave 60; autosave off"),
     .args = autosave_rows,
     .args_size = sizeof(struct autosave_args),
     .flags = FED_COMMAND_CONFIGURES,
     .run = run_autosave,
     .failure = FED_EXIT_USAGE},
	{.name = "quit",
     .help = "leave",
     .text =
         "While something runs behind the prompt a second one is needed, which stops it after the\n"
         "present event. A run that is in no file is kept; the next session offers it.",
     .examples = FED_EXAMPLES("quit"),
     .run = run_quit},
	{0},
};
