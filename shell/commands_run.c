/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands_run.c - make rounds.
 */
#include <string.h>

#include "shell/command.h"
#include "shell/print.h"

/* What a run that stopped early was, so that a replay repeats just that. */
static void journal_part(struct fed_shell *shell, uint64_t made)
{
	struct fed_text line = {0};

	fed_text_add(&line, "round %llu", (unsigned long long)made);
	if (made)
		fed_journal_add(shell, fed_text_str(&line), line.len);
	fed_text_release(&line);
}

static int run_rounds(struct fed_shell *shell, uint64_t n, const struct fed_condition *until,
                      struct fed_error *err)
{
	bool interrupted = false;
	uint64_t made = 0;

	fed_progress_begin(shell, n);
	const int rc = fed_session_run(&shell->session, n, until, &made, &interrupted, err);
	fed_progress_end(shell);
	if (interrupted) {
		fed_print(shell, "stopped at version %llu; `round` goes on\n",
		          (unsigned long long)fed_session_version(&shell->session));
		shell->fault = FED_EXIT_INTERRUPTED;
		fed_signals_interrupted();
	}
	if (rc || interrupted)
		journal_part(shell, made);
	return interrupted ? FED_OK : rc;
}

struct round_args {
	int64_t n;
};
static const struct fed_field round_rows[] = {
	FED_ARG_INT(struct round_args, n, FED_FIELD_POSITIONAL, 1, 1, 1e12, "how many rounds"),
	FED_END,
};
static int run_round(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct round_args *a = call->args;

	return run_rounds(shell, (uint64_t)a->n, NULL, err);
}

struct run_args {
	int word;
	char condition[2000];
};
static const char *const until_word[] = {"until", NULL};
static const struct fed_field run_rows[] = {
	FED_ARG_CHOICE(struct run_args, word, FED_ARG_NEEDED, 0, until_word, "the word until"),
	FED_ARG_TEXT(struct run_args, condition, FED_ARG_NEEDED | FED_FIELD_REST, "condition",
                 "METRIC OP NUMBER, joined by and, or"),
	FED_END,
};
static int run_until(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct run_args *a = call->args;
	struct fed_condition *until;
	struct fed_text values = {0};

	if (fed_condition_parse(&until, a->condition, &shell->session.runs, err)) {
		shell->fault = FED_EXIT_USAGE;
		return FED_FAIL;
	}
	int rc = FED_OK;
	if (!fed_condition_holds(until, &shell->session.history))
		rc = run_rounds(shell, 0, until, err);
	fed_condition_values(until, &shell->session.history, &values);
	if (rc == FED_OK && !shell->fault)
		fed_print(shell, "%s\n", fed_text_str(&values));
	fed_text_release(&values);
	fed_condition_free(until);
	return rc;
}

const struct fed_command fed_commands_run[] = {
	{.name = "round",
     .help = "make one or more rounds",
     .text = "Each round makes one version of the model. A bare session is completed first, and\n"
             "what it takes is told. Ctrl-C stops after the round, Ctrl-C twice aborts it and\n"
             "leaves the model as it was.",
     .examples =
         FED_EXAMPLES("dataset blobs; add-client 4 samples=50; round",
                      "dataset glyphs train=500 test=100; add-client 5 samples=50; round 2"),
     .args = round_rows,
     .args_size = sizeof(struct round_args),
     .run = run_round,
     .flags = FED_COMMAND_CHANGES,
     .failure = FED_EXIT_ROUND},
	{.name = "run",
     .help = "make rounds until a condition holds",
     .text = "A condition compares metrics with numbers, other metrics or those of kept runs:\n"
             "accuracy>=0.9, loss<0.5 and round>=10, accuracy>=old.accuracy. `or round>=100`\n"
             "sets a limit.",
     .examples = FED_EXAMPLES(
		 "dataset blobs; add-client 4 samples=50; run until accuracy>=0.9 or round>=5"),
     .args = run_rows,
     .args_size = sizeof(struct run_args),
     .run = run_until,
     .flags = FED_COMMAND_CHANGES,
     .failure = FED_EXIT_ROUND},
	{0},
};
