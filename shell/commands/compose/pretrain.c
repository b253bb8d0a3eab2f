/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/compose/pretrain.c - the command `pretrain`.
 */
#include "shell/commands/compose/pretrain.h"

#include <math.h>
#include <unistd.h>

#include "session/composition.h"
#include "session/status.h"
#include "shell/output/print.h"

const struct fed_field fed__pretrain_rows[] = {
	FED_ARG_INT(struct fed_pretrain_plan, epochs, FED_FIELD_POSITIONAL, 1, 1, 1e6,
                "number of passes over the examples"),
	FED_ARG_INT(struct fed_pretrain_plan, examples, 0, 0, 0, 4e9,
                "examples that no client holds; 0: all of them"),
	FED_ROW(struct fed_pretrain_plan, lr, double, FED_TYPE_REAL, .def = 0, .max = 1000,
            .help = "learning rate; 0: that of the clients"),
	FED_END,
};

static void report_progress(void *ctx, uint64_t done, uint64_t all)
{
	struct fed_shell *shell = ctx;

	if (shell->screen.terminal && isatty(fileno(shell->out)) && done < all)
		fed__print(shell, "epoch %llu of %llu\n", (unsigned long long)done,
		           (unsigned long long)all);
}

static void say_outcome(struct fed_shell *shell, const struct fed_pretrain_plan *plan,
                        const struct fed_pretrained *made)
{
	const struct fed_composition *parts = fed_session_parts(shell->session);
	const struct fed_record *r = &made->record;
	struct fed_text text = {0};

	fed_text_add(&text, "%s pre-trained on ", parts->net.frozen_dim ? "base" : "model");
	fed_text_count(&text, made->examples);
	fed_text_add(&text, " example%s, %lld epoch%s: ", made->examples == 1 ? "" : "s",
	             (long long)plan->epochs, plan->epochs == 1 ? "" : "s");
	if (!isnan(r->test_accuracy))
		fed_text_add(&text, "accuracy %.2f %%, ", 100 * r->test_accuracy);
	fed_text_add(&text, "loss %.4g", r->test_loss);
	if (r->perplexity > 0)
		fed_text_add(&text, ", perplexity %.4g", r->perplexity);
	fed__print(shell, "%s\n", fed_text_str(&text));
	if (fed_session_status(shell->session).clients == 0)
		fed__print(shell, "clients that join may get some of these examples\n");
	fed_text_release(&text);
}

int fed__run_pretrain(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	struct fed_session *s = shell->session;
	struct fed_session_chosen before;
	struct fed_pretrained made;

	fed_session_chosen_init(&before, s);
	int rc = fed_session_start(s, err);
	if (rc == FED_OK) {
		fed__signals_running(FED_RUNNING_TRIALS);
		rc = fed_pretrain(s, call->args, &made, report_progress, shell, err);
		fed__signals_running(FED_RUNNING_NOTHING);
	}
	if (rc)
		fed_session_take_back(s, &before);
	else
		say_outcome(shell, call->args, &made);
	fed_session_chosen_release(&before);
	return rc;
}
