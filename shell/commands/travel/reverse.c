/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/travel/reverse.c - reverse-step, reverse-continue, bisect.
 */
#include "shell/commands/travel/reverse.h"

#include "history/condition.h"
#include "shell/commands/travel/moves.h"
#include "shell/language/travel.h"
#include "shell/output/print.h"
#include "shell/output/step_text.h"
#include "travel/search.h"
#include "travel/travel.h"

/* What the search could not do. */
static void say_lost(struct fed_shell *shell, const struct fed_travel_stop *stop)
{
	if (stop->lost)
		fed__print(shell,
		           "%u breakpoint%s compares with a run that was not kept yet here, and is not "
		           "set\n",
		           stop->lost, stop->lost == 1 ? "" : "s");
	if (stop->skipped)
		fed__print(
			shell, "%u command%s on the way could not be repeated; stops in %s are not seen\n",
			stop->skipped, stop->skipped == 1 ? "" : "s", stop->skipped == 1 ? "it" : "them");
}

static int go_back(struct fed_shell *shell,
                   int (*search)(struct fed_travel *, struct fed_travel_stop *, struct fed_error *),
                   struct fed_error *err)
{
	const struct fed_place from = fed_travel_place(shell->travel);
	struct fed_travel_stop stop;
	struct fed_text way = {0};

	const int rc = search(shell->travel, &stop, err);
	if (rc)
		return rc;
	fed__travel_follow(shell);
	fed_text_add(&way, "back at");
	if (stop.number)
		fed_text_add(&way, " break %llu, %s:", (unsigned long long)stop.number, stop.text);
	fed__say_place(shell, fed_text_str(&way));
	fed__say_next(shell, from);
	fed_text_release(&way);
	if (fed_session_open(shell->session))
		fed__print_next(shell);
	say_lost(shell, &stop);
	return FED_OK;
}

int fed__run_reverse_step(struct fed_shell *shell, const struct fed_call *call,
                          struct fed_error *err)
{
	(void)call;
	if (fed__travel_check(shell, err))
		return FED_FAIL;
	return go_back(shell, fed_travel_back_a_step, err);
}

int fed__run_reverse_continue(struct fed_shell *shell, const struct fed_call *call,
                              struct fed_error *err)
{
	(void)call;
	return go_back(shell, fed_travel_back_to_stop, err);
}

/* Bisection ----------------------------------------------------------------------------------- */

const struct fed_field fed__bisect_rows[] = {
	FED_ARG_TEXT(struct fed_bisect_args, condition, FED_ARG_NEEDED | FED_FIELD_REST, "condition",
                 "METRIC OP NUMBER, joined by and, or"),
	FED_END,
};

static void say_found(struct fed_shell *shell, const char *condition, const struct fed_bisection *b)
{
	const struct fed_shown text = fed_show(condition);

	if (b->first == 1)
		fed__print(shell, "%s holds at version 1 already", text.s);
	else
		fed__print(shell, "%s holds first at version %s", text.s, fed_count((double)b->first).s);
	if (b->again)
		fed__print(shell, "; it comes and goes: it does not hold at version %s, and again at %s",
		           fed_count((double)b->ends).s, fed_count((double)b->again).s);
	else if (b->ends)
		fed__print(shell, "; from version %s on it does not hold", fed_count((double)b->ends).s);
	if (b->tested)
		fed__print(shell,
		           "\n%s of the %s versions had been evaluated; %s others were made again for it, "
		           "taking it that it holds on once it does",
		           fed_count((double)b->known).s, fed_count((double)b->versions).s,
		           fed_count((double)b->tested).s);
	fed__print(shell, "\n");
}

int fed__run_bisect(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_bisect_args *a = call->args;
	const struct fed_place from = fed_travel_place(shell->travel);
	struct fed_condition *condition;
	struct fed_bisection found;

	if (fed__travel_check(shell, err))
		return FED_FAIL;
	if (fed_condition_parse(&condition, a->condition, fed_session_kept_runs(shell->session), err)) {
		shell->fault = FED_EXIT_USAGE;
		return FED_FAIL;
	}
	const int rc = fed_travel_bisect(shell->travel, condition, &found, err);
	if (rc == FED_OK) {
		fed__travel_follow(shell);
		say_found(shell, a->condition, &found);
		fed__say_place(shell, "back at");
		fed__say_next(shell, from);
	}
	fed_condition_free(condition);
	return rc;
}
