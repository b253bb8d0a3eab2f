/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/event_text.c - the sink that prints events as text.
 */
#include <math.h>
#include <string.h>

#include "history/metrics.h"
#include "session/composition.h"
#include "shell/output/print.h"
#include "shell/output/step_text.h"
#include "train/clients/names.h"
#include "train/round/chosen_metrics.h"

enum { GAP = 2 }; /* blanks between the parts of a line */

/* Parts of a round's line, the first to be left out on a narrow screen last. */
enum round_part {
	ROUND,
	ACCURACY,
	LOSS,
	PERPLEXITY,
	CLIENTS,
	SUCCESS,
	PARAMETER_ERROR,
	CLOCK,
	BYTES,
	TRAIN_LOSS,
	PARTS
};
_Static_assert(PARTS == FED_ROUND_LINE_PARTS, "a width for each");
/* The order in which they stand. */
static const enum round_part order[PARTS] = {
	ROUND, ACCURACY, LOSS, PERPLEXITY, SUCCESS, PARAMETER_ERROR, TRAIN_LOSS, CLIENTS, CLOCK, BYTES};
/* Columns of those whose first values are narrower than others soon may be. */
static const int least[PARTS] = {[ROUND] = 10, [LOSS] = 12, [TRAIN_LOSS] = 18, [CLOCK] = 13};

static void put_part(struct fed_text *out, const struct fed_record *r, enum round_part part)
{
	switch (part) {
	case ROUND:
		fed_text_add(out, "round %.0f", r->round);
		break;
	case ACCURACY:
		if (!isnan(r->test_accuracy))
			fed_text_add(out, "accuracy %6.2f %%", 100 * r->test_accuracy);
		break;
	case LOSS:
		if (!isnan(r->test_loss))
			fed_text_add(out, "loss %s", fed_digits(r->test_loss, 4).s);
		break;
	case PERPLEXITY:
		if (r->perplexity > 0)
			fed_text_add(out, "perplexity %s", fed_digits(r->perplexity, 4).s);
		break;
	case SUCCESS:
		if (!isnan(r->attack_success))
			fed_text_add(out, "attack success %6.2f %%", 100 * r->attack_success);
		break;
	case PARAMETER_ERROR:
		if (!isnan(r->parameter_error))
			fed_text_add(out, "error %s", fed_digits(r->parameter_error, 3).s);
		break;
	case TRAIN_LOSS:
		fed_text_add(out, "train loss %s", fed_digits(r->train_loss, 4).s);
		break;
	case CLIENTS:
		fed_text_add(out, "clients %.0f", r->used);
		if (r->used != r->invited)
			fed_text_add(out, " of %.0f", r->invited);
		break;
	case CLOCK:
		fed_text_add(out, "clock ");
		fed_text_clock(out, r->clock);
		break;
	default:
		fed_text_bytes(out, r->bytes_up + r->bytes_down);
	}
}

/* The widths of the parts of a round's line are those of the widest in this run so far, so that
 * lines below one another have the same columns. */
static void widen(struct fed_round_line *l, const struct fed_record *r)
{
	struct fed_text text = {0};

	if (!l->last || r->round <= l->last) /* another run */
		memcpy(l->width, least, sizeof l->width);
	l->last = r->round;
	for (enum round_part part = 0; part < PARTS; part++) {
		fed_text_clear(&text);
		put_part(&text, r, part);
		const int width = fed_text_width(fed_text_str(&text));
		l->width[part] = width > l->width[part] ? width : l->width[part];
	}
	fed_text_release(&text);
}

/* How many parts, the most important first, fit into a screen; width 0: all. */
static size_t parts_shown(const struct fed_round_line *l, int width)
{
	size_t shown = 0;
	int sum = 0;

	for (; shown < PARTS; shown++) {
		if (l->width[shown])
			sum += l->width[shown] + (shown ? GAP : 0);
		if (width > 0 && shown > 0 && sum > width)
			break;
	}
	return shown;
}

/* "round 3     accuracy  81.20 %  loss 0.5512   clients 10 of 10  clock 0.40 s  15.9 MB", its most
 * important parts where the screen is narrow; width 0: all. */
static void put_round(struct fed_text *out, struct fed_round_line *l, const struct fed_record *r,
                      int width)
{
	struct fed_text part = {0};

	widen(l, r);
	const size_t shown = parts_shown(l, width);
	for (size_t k = 0; k < PARTS; k++) {
		if ((size_t)order[k] >= shown || !l->width[order[k]])
			continue;
		fed_text_clear(&part);
		put_part(&part, r, order[k]);
		fed_text_add(out, "%*s%s%*s", k ? GAP : 0, "", fed_text_str(&part),
		             l->width[order[k]] - fed_text_width(fed_text_str(&part)), "");
	}
	while (out->len && out->s[out->len - 1] == ' ')
		out->s[--out->len] = 0;
	fed_text_release(&part);
}

/* Honest clients whose updates the last step does not trust. */
static double blamed_of(const struct fed_session *s)
{
	const struct fed_verdicts *all = &fed_session_federation(s)->verdicts;
	double n = 0;

	for (size_t i = 0; i < all->n; i++)
		n +=
			!all->of[i].byzantine && !all->of[i].secret && !fed_client_verdict_trusted(&all->of[i]);
	return n;
}

/* The line below: "defence: found 2 of 2 attackers, blamed 1 honest client; step off by 2.53",
 * ground truth, which the aggregator does not know.  One line of the screen: where that is too
 * narrow "blamed 1 honest; off by 2.53", then without the distance. */
static void put_defence(struct fed_text *out, const struct fed_session *s,
                        const struct fed_record *r, int width)
{
	const double blamed = blamed_of(s);

	for (int brief = 0; brief < 3; brief++) {
		fed_text_clear(out);
		fed_text_add(out, "%*sdefence: found %.0f of %.0f attacker%s", brief < 2 ? 12 : 2, "",
		             r->defence_recall * r->attackers, r->attackers, r->attackers == 1 ? "" : "s");
		if (blamed > 0)
			fed_text_add(out, ", blamed %.0f honest%s%s", blamed, brief ? "" : " client",
			             brief || blamed == 1 ? "" : "s");
		if (brief < 2 && !isnan(r->honest_distance))
			fed_text_add(out, "; %soff by %s", brief ? "" : "step ",
			             fed_digits(r->honest_distance, 3).s);
		if (width <= 0 || fed_text_width(fed_text_str(out)) <= width)
			return;
	}
}

/* The line below: "clients: accuracy 59.4 % on their own data, worst tenth 29.5 %, ...". */
static void put_clients(struct fed_text *out, const struct fed_session *s,
                        const struct fed_record *r)
{
	const char *own = fed_session_has_own_models(s) ? ", own models" : "";

	fed_text_add(out, "%12sclients%s: ", "", own);
	if (isnan(r->clients_loss))
		fed_text_add(out, "no figures");
	else if (isnan(r->clients_accuracy))
		fed_text_add(out, "mean loss %s on their held-out examples",
		             fed_digits(r->clients_loss, 4).s);
	else
		fed_text_add(out, "mean accuracy %.2f %%, worst tenth %.2f %%, Jain's index ",
		             100 * r->clients_accuracy, 100 * r->clients_worst_tenth);
	if (!isnan(r->clients_accuracy)) /* of zeros alone there is no index */
		fed_text_add(out, isnan(r->clients_fairness) ? "-" : "%.3f", r->clients_fairness);
	if (!isnan(r->unseen_accuracy))
		fed_text_add(out, "; unseen %.2f %%", 100 * r->unseen_accuracy);
	if (r->clients_measured + r->clients_missing > 0)
		fed_text_add(out, "; %.0f of %.0f answered", r->clients_measured,
		             r->clients_measured + r->clients_missing);
}

/* The line below: the figures that `set metrics` chooses; false: there are none. */
static bool put_chosen(struct fed_text *out, const struct fed_record *r)
{
	fed_text_clear(out);
	for (const struct fed_field *row = fed_metrics; row->type; row++) {
		if (!fed_chosen_metric_needs(row->offset) || isnan(fed_metric_value(row, r)))
			continue;
		fed_text_add(out, out->len ? ", " : "            ");
		fed_field_key(row, out);
		fed_text_put(out, " ", 1);
		fed_metric_put(row, fed_metric_value(row, r), out);
	}
	return out->len > 0;
}

static void print_round(struct fed_shell *shell, const struct fed_record *r)
{
	struct fed_text text = {0};

	put_round(&text, &shell->round_line, r, shell->screen.width);
	fed__print(shell, "%s\n", fed_text_str(&text));
	if (r->attackers > 0) {
		fed_text_clear(&text);
		put_defence(&text, shell->session, r, shell->screen.width);
		fed__print(shell, "%s\n", fed_text_str(&text));
	}
	if (put_chosen(&text, r))
		fed__print(shell, "%s\n", fed_text_str(&text));
	if (!isnan(r->clients_loss) || r->clients_missing > 0) {
		fed_text_clear(&text);
		put_clients(&text, shell->session, r);
		fed__print(shell, "%s\n", fed_text_str(&text));
	}
	fed_text_release(&text);
}

/* Whether to print a round: under `eval-every N` only evaluated ones, since there may be thousands
 * between. */
static bool is_shown(const struct fed_shell *shell, const struct fed_record *r)
{
	return !isnan(r->test_loss) || fed_session_parts(shell->session)->settings.eval_every <= 1;
}

static void print_refusal(struct fed_shell *shell, const struct fed_event *event)
{
	struct fed_text client = {0};

	fed_client_put(&client, &fed_session_parts(shell->session)->clients, event->client);
	fed__print(shell, "%s: update refused: %s\n", fed_text_str(&client),
	           event->text ? event->text : "");
	fed_text_release(&client);
}

void fed__print_event(void *ctx, const struct fed_event *event)
{
	struct fed_shell *shell = ctx;

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
		if (is_shown(shell, event->record))
			print_round(shell, event->record);
		break;
	case FED_EVENT_REFUSED:
		print_refusal(shell, event);
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
	fed__progress_event(shell, event);
}
