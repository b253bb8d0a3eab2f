/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/look/baseline.c - the command `baseline`.
 */
#include "shell/commands/look/baseline.h"

#include <math.h>
#include <unistd.h>

#include "experiments/baseline.h"
#include "history/metrics.h"
#include "session/status.h"
#include "shell/output/print.h"

enum { ROUNDS = 10 };

const struct fed_field fed__baseline_rows[] = {
	FED_ARG_CHOICE(
		struct fed_baseline_args, kind, FED_ARG_NEEDED, FED_BASELINE_CENTRAL, fed_baseline_names,
		"central: all examples at one place; local: each client alone, without any other"),
	FED_ARG_INT(struct fed_baseline_args, rounds, 0, 0, 0, 1e6,
                "rounds; 0: as many as the run has so far, or 10"),
	FED_END,
};

static void report_progress(void *ctx, uint64_t done, uint64_t all)
{
	struct fed_shell *shell = ctx;

	if (shell->screen.terminal && isatty(fileno(shell->out)) && all >= 10 &&
	    done * 10 / all != (done - 1) * 10 / all && done < all)
		fed__print(shell, "%llu of %llu\n", (unsigned long long)done, (unsigned long long)all);
}

/* "accuracy 81.20 %, loss 0.6123" of a record. */
static void put_figures(const struct fed_record *r, struct fed_text *out)
{
	if (!isnan(r->test_accuracy))
		fed_text_add(out, "accuracy %.2f %%, ", 100 * r->test_accuracy);
	fed_text_add(out, "loss %.4g", r->test_loss);
	if (!isnan(r->clients_accuracy))
		fed_text_add(out, ", on held-out examples %.2f %%, worst tenth %.2f %%",
		             100 * r->clients_accuracy, 100 * r->clients_worst_tenth);
}

static void print_comparison(struct fed_shell *shell, const char *name, const struct fed_history *h)
{
	const struct fed_history *run = fed_session_history(shell->session);
	struct fed_text text = {0};

	put_figures(&h->record[h->n - 1], &text);
	fed__print(shell, "%s after %zu round%s: %s\n", name, h->n, h->n == 1 ? "" : "s",
	           fed_text_str(&text));
	if (run->n >= h->n) {
		fed_text_clear(&text);
		put_figures(&run->record[h->n - 1], &text);
		fed__print(shell, "this federation then: %s\n", fed_text_str(&text));
	}
	fed__print(shell, "kept as run %s; `plot accuracy` draws both\n", name);
	fed_text_release(&text);
}

static int play(struct fed_shell *shell, enum fed_baseline kind, uint64_t rounds,
                struct fed_error *err)
{
	struct fed_history history = {0};
	bool interrupted;

	fed__signals_running(FED_RUNNING_TRIALS);
	int rc = fed_baseline_play(shell->session, kind, rounds, &history, report_progress, shell,
	                           &interrupted, err);
	fed__signals_running(FED_RUNNING_NOTHING);
	if (rc == FED_OK && interrupted) {
		fed__print(shell, "stopped; no run is kept\n");
		shell->aside = true;
		shell->fault = FED_EXIT_INTERRUPTED;
		fed__signals_interrupted();
	} else if (rc == FED_OK) {
		rc = fed_session_keep_history(shell->session, fed_baseline_names[kind], &history, err);
		if (rc == FED_OK)
			print_comparison(shell, fed_baseline_names[kind], &history);
	}
	fed_history_release(&history);
	return rc;
}

int fed__run_baseline(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_baseline_args *a = call->args;
	struct fed_session *s = shell->session;
	const size_t so_far = fed_session_status(s).rounds;
	const uint64_t rounds = a->rounds ? (uint64_t)a->rounds : so_far ? so_far : ROUNDS;
	struct fed_session_chosen before;

	if (fed_session_status(s).clients == 0) {
		shell->fault = FED_EXIT_USAGE;
		return fed_fail(err, "there are no clients; `add-client 10` makes some");
	}
	fed_session_chosen_init(&before, s);
	int rc = fed_session_start(s, err);
	if (rc == FED_OK)
		rc = play(shell, (enum fed_baseline)a->kind, rounds, err);
	fed_session_take_back(s, &before);
	fed_session_chosen_release(&before);
	return rc ? FED_FAIL : FED_OK;
}
