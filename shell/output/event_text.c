/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/event_text.c - the sink that prints events as text.
 */
#include <math.h>

#include "session/composition.h"
#include "shell/output/print.h"
#include "shell/output/step_text.h"

/* "round 3   accuracy 81.20 %   loss 0.5512   clients 10 of 10   0.4 s   15.9 MB" */
static void put_round(struct fed_text *out, const struct fed_record *r)
{
	fed_text_add(out, "round %-4.0f", r->round);
	if (!isnan(r->test_accuracy))
		fed_text_add(out, "  accuracy %6.2f %%", 100 * r->test_accuracy);
	if (!isnan(r->test_loss))
		fed_text_add(out, "  loss %-7.4g", r->test_loss);
	if (!isnan(r->attack_success))
		fed_text_add(out, "  attack success %6.2f %%", 100 * r->attack_success);
	if (!isnan(r->parameter_error))
		fed_text_add(out, "  error %-7.3g", r->parameter_error);
	fed_text_add(out, "  train loss %-7.4g  clients %.0f", r->train_loss, r->used);
	if (r->used != r->invited)
		fed_text_add(out, " of %.0f", r->invited);
	fed_text_add(out, "  clock ");
	fed_text_seconds(out, r->clock);
	fed_text_add(out, "  ");
	fed_text_bytes(out, r->bytes_up + r->bytes_down);
	if (r->attackers == 0)
		return;
	/* Ground truth, which the aggregator does not know. */
	fed_text_add(out, "  found %.0f of %.0f attacker%s", r->defence_recall * r->attackers,
	             r->attackers, r->attackers == 1 ? "" : "s");
	if (!isnan(r->defence_precision))
		fed_text_add(out, "  precision %.2f", r->defence_precision);
	if (!isnan(r->honest_distance))
		fed_text_add(out, "  step off by %.3g", r->honest_distance);
}

/* Whether to print a round: under `eval-every N` only evaluated ones, since there may be thousands
 * between. */
static bool is_shown(const struct fed_shell *shell, const struct fed_record *r)
{
	return !isnan(r->test_loss) || fed_session_parts(shell->session)->settings.eval_every <= 1;
}

void fed__print_event(void *ctx, const struct fed_event *event)
{
	struct fed_shell *shell = ctx;
	struct fed_text text = {0};

	if (fed__step_text_take(shell, event) ||
	    shell->watching.watch) /* the watch shows all events in its log */
		return;
	switch (event->kind) {
	case FED_EVENT_NOTICE:
		fed__print_styled(shell, FED_EMPHASIS_DIM, "note: %s\n", event->text ? event->text : "");
		break;
	case FED_EVENT_WARNING:
		fed__print_warning(shell, event->text ? event->text : "");
		break;
	case FED_EVENT_ROUND:
		if (!is_shown(shell, event->record))
			break;
		put_round(&text, event->record);
		fed__print(shell, "%s\n", fed_text_str(&text));
		break;
	case FED_EVENT_REFUSED:
		fed__print(shell, "client %u: update refused: %s\n", event->client,
		           event->text ? event->text : "");
		break;
	case FED_EVENT_STOP:
		fed__print(shell, "%s\n", event->text ? event->text : "");
		break;
	case FED_EVENT_FAULT: /* faults of single clients are in the log only */
		if (event->client == FED_SERVER)
			fed__print(shell, "%s\n", event->text ? event->text : "");
		break;
	case FED_EVENT_PLUGIN:
		fed__print(shell, "plugin: %s\n", event->text ? event->text : "");
		break;
	default:
		break; /* others are in the log and the progress line; an abort is reported as an error */
	}
	fed_text_release(&text);
	fed__progress_event(shell, event);
}
