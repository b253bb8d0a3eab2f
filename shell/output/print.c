/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/print.c - text, tables and events for people.
 */
#include "shell/output/print.h"

#include <math.h>
#include <string.h>

#include "shell/output/step_text.h"

static const char *const escapes[] = {
	[FED_EMPHASIS_PLAIN] = "",       [FED_EMPHASIS_BOLD] = "\033[1m",
	[FED_EMPHASIS_DIM] = "\033[2m",  [FED_EMPHASIS_GOOD] = "\033[32m",
	[FED_EMPHASIS_BAD] = "\033[31m",
};

/* Data go through the cleaning, the escapes around them do not. */
static void put_styled(struct fed_shell *shell, FILE *f, enum fed_emphasis style,
                       const struct fed_text *text)
{
	struct fed_text clean = {0};
	const bool styled = shell->screen.color && style != FED_EMPHASIS_PLAIN;

	fed_progress_erase(shell);
	fed_text_put_clean(&clean, fed_text_str(text), text->len, shell->screen.utf8);
	if (styled)
		fputs(escapes[style], f);
	fwrite(fed_text_str(&clean), 1, clean.len, f);
	if (styled)
		fputs("\033[0m", f);
	fed_text_release(&clean);
}

void fed_print(struct fed_shell *shell, const char *fmt, ...)
{
	struct fed_text text = {0};
	va_list ap;

	va_start(ap, fmt);
	fed_text_vadd(&text, fmt, ap);
	va_end(ap);
	put_styled(shell, shell->out, FED_EMPHASIS_PLAIN, &text);
	fed_text_release(&text);
}

void fed_print_styled(struct fed_shell *shell, enum fed_emphasis style, const char *fmt, ...)
{
	struct fed_text text = {0};
	va_list ap;

	va_start(ap, fmt);
	fed_text_vadd(&text, fmt, ap);
	va_end(ap);
	put_styled(shell, shell->out, style, &text);
	fed_text_release(&text);
}

void fed_print_drawing(struct fed_shell *shell, const struct fed_text *drawing)
{
	fed_progress_erase(shell);
	fwrite(fed_text_str(drawing), 1, drawing->len, shell->out);
}

void fed_print_error(struct fed_shell *shell, const char *where, const char *text)
{
	struct fed_text line = {0};

	fflush(shell->out); /* what came before is seen before */
	fed_text_add(&line, "error: ");
	put_styled(shell, shell->errors, FED_EMPHASIS_BAD, &line);
	fed_text_clear(&line);
	fed_text_add(&line, "%s%s\n", where, text);
	put_styled(shell, shell->errors, FED_EMPHASIS_PLAIN, &line);
	fed_text_release(&line);
	fflush(shell->errors);
}

/* Tables ------------------------------------------------------------------- */

void fed_table_cell(struct fed_table *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fed_text_vadd(&t->cells, fmt, ap);
	va_end(ap);
	fed_text_put(&t->cells, "", 1);
	t->n++;
}

#define COLUMNS_MAX 16

static void measure(const struct fed_table *t, int *width)
{
	const char *cell = fed_text_str(&t->cells);

	for (size_t i = 0; i < t->n; i++, cell += strlen(cell) + 1) {
		const int w = fed_text_width(cell);

		if (w > width[i % t->columns])
			width[i % t->columns] = w;
	}
}

static void put_row(const struct fed_table *t, const char **cell, const int *width,
                    struct fed_text *line)
{
	for (size_t k = 0; k < t->columns; k++, *cell += strlen(*cell) + 1) {
		const int pad = width[k] - fed_text_width(*cell);
		const bool right = t->right && t->right[k] == 'r';

		fed_text_add(line, "%s%*s%s", k ? "  " : "  ", right ? pad : 0, "", *cell);
		if (!right && k + 1 < t->columns)
			fed_text_add(line, "%*s", pad, "");
	}
	while (line->len && line->s[line->len - 1] == ' ')
		line->s[--line->len] = 0;
}

void fed_table_print(struct fed_shell *shell, struct fed_table *t, bool header)
{
	int width[COLUMNS_MAX] = {0};
	struct fed_text line = {0};

	if (!t->cells.failed && t->columns && t->columns <= COLUMNS_MAX) {
		const char *cell = fed_text_str(&t->cells);

		measure(t, width);
		for (size_t row = 0; row < t->n / t->columns; row++) {
			fed_text_clear(&line);
			put_row(t, &cell, width, &line);
			fed_print_styled(shell, header && row == 0 ? FED_EMPHASIS_DIM : FED_EMPHASIS_PLAIN,
			                 "%s\n", fed_text_str(&line));
		}
	}
	fed_text_release(&line);
	fed_text_release(&t->cells);
	*t = (struct fed_table){0};
}

/* Events ------------------------------------------------------------------- */

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
	/* The truth, which the aggregator was not told. */
	fed_text_add(out, "  attackers %.0f", r->attackers);
	if (!isnan(r->defence_precision))
		fed_text_add(out, "  precision %.2f", r->defence_precision);
	fed_text_add(out, "  recall %.2f", r->defence_recall);
	if (!isnan(r->honest_distance))
		fed_text_add(out, "  off by %.3g", r->honest_distance);
}

/* Under `eval-every N` the versions between two evaluations are for the log: there may be
 * thousands. */
static bool is_shown(const struct fed_shell *shell, const struct fed_record *r)
{
	return !isnan(r->test_loss) || fed_session_parts(shell->session)->settings.eval_every <= 1;
}

void fed_print_event(void *ctx, const struct fed_event *event)
{
	struct fed_shell *shell = ctx;
	struct fed_text text = {0};

	if (fed_stepping_take(shell, event) || shell->watching.watch) /* its log has all of them */
		return;
	switch (event->kind) {
	case FED_EVENT_NOTICE:
		fed_print_styled(shell, FED_EMPHASIS_DIM, "note: %s\n", event->text ? event->text : "");
		break;
	case FED_EVENT_WARNING:
		fed_text_add(&text, "warning: %s\n", event->text ? event->text : "");
		fflush(shell->out);
		put_styled(shell, shell->errors, FED_EMPHASIS_BOLD, &text);
		break;
	case FED_EVENT_ROUND:
		if (!is_shown(shell, event->record))
			break;
		put_round(&text, event->record);
		fed_print(shell, "%s\n", fed_text_str(&text));
		break;
	case FED_EVENT_REFUSED:
		fed_print(shell, "client %u: update refused: %s\n", event->client,
		          event->text ? event->text : "");
		break;
	case FED_EVENT_STOP:
		fed_print(shell, "%s\n", event->text ? event->text : "");
		break;
	case FED_EVENT_FAULT: /* what befalls single clients is for the log */
		if (event->client == FED_SERVER)
			fed_print(shell, "%s\n", event->text ? event->text : "");
		break;
	case FED_EVENT_PLUGIN:
		fed_print(shell, "plugin: %s\n", event->text ? event->text : "");
		break;
	default:
		break; /* the others are for the log and the line of progress; an abort is an error's text
		        */
	}
	fed_text_release(&text);
	fed_progress_event(shell, event);
}
