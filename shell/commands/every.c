/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/every.c - the command `every`: repeat a command that looks.
 */
#include "shell/commands/every.h"

#include <string.h>

#include "base/cpu.h"
#include "shell/jobs/job.h"
#include "shell/output/print.h"
#include "shell/serving/serving.h"

#define LONGEST 86400.0 /* seconds of a period */

const struct fed_field fed__every_rows[] = {
	FED_ARG_TEXT(struct fed_every_args, period, FED_ARG_NEEDED, NULL,
                 "seconds, or with a unit: 500ms, 5s, 2min"),
	FED_ARG_INT(struct fed_every_args, n, 0, 0, 0, 1000000, "how often; 0: until Ctrl-C"),
	FED_ARG_TEXT(struct fed_every_args, command, FED_ARG_NEEDED | FED_FIELD_REST, "command",
                 "a command that looks"),
	FED_END,
};

/* Seconds of "5s"; below 0: it is none. */
static double parse_period(const char *text)
{
	static const struct {
		const char *unit;
		double seconds;
	} units[] = {{"ms", 0.001}, {"min", 60}, {"s", 1}, {"", 1}};
	const size_t len = strlen(text);

	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		const size_t n = strlen(units[i].unit);
		char number[32];
		double value;

		if (len <= n || strcmp(text + len - n, units[i].unit) != 0)
			continue;
		snprintf(number, sizeof number, "%.*s", (int)(len - n), text);
		if (fed_parse_real(number, &value))
			return value * units[i].seconds;
	}
	return -1;
}

/* Whether a command prints what there is, at once, and changes nothing. */
static int check_looks(const struct fed_shell *shell, const char *line, struct fed_error *err)
{
	const unsigned others = FED_COMMAND_CHANGES | FED_COMMAND_RUNS | FED_COMMAND_LIVE |
	                        FED_COMMAND_OUTSIDE | FED_COMMAND_DISCARDS;
	const struct fed_command *command, *at;
	enum fed_group group = FED_GROUPS;
	char name[64];

	if (strchr(line, ';') || strchr(line, '\n'))
		return fed_fail(err, "repeats one command, not several");
	snprintf(name, sizeof name, "%.*s", (int)strcspn(line, " "), line);
	if (fed__command_find(shell, name, shell->lenient, &command, err))
		return FED_FAIL;
	for (size_t i = 0; (at = fed__command_at(shell, i, &group)) && at != command;)
		i++;
	if ((command->flags & others) || group != FED_GROUP_LOOK)
		return fed_fail(err, "repeats commands that look (`help look`), and %s is none",
		                command->name);
	return FED_OK;
}

/* False: Ctrl-C or a signal to end. */
static bool wait_until(struct fed_shell *shell, double when)
{
	if (fed__job_runs(shell) && !fed__job_is_here() && !fed__job_wait_until(shell, when))
		return false;
	while (fed_wall_seconds() < when) {
		if (fed__serving_wait(shell, -1, when - fed_wall_seconds(), NULL) < 0) {
			fed__signals_interrupted();
			return false;
		}
	}
	return true;
}

int fed__run_every(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_every_args *a = call->args;
	const double period = parse_period(a->period);

	if (!(period >= 0.1 && period <= LONGEST))
		return fed_fail(err, "%s is no time from 0.1 s to a day: 500ms, 5s, 2min",
		                fed_show(a->period).s);
	if (check_looks(shell, a->command, err))
		return FED_FAIL;
	double next = fed_wall_seconds();
	for (int64_t i = 0; !a->n || i < a->n; i++) {
		if (i && !wait_until(shell, next)) {
			fed__print(shell, "\n"); /* the terminal wrote ^C */
			return FED_OK;
		}
		next += period;
		const enum fed_exit result =
			fed__shell_execute(shell, a->command, strlen(a->command), shell->place);
		shell->fault = result;
		if (result) {
			if (!shell->reported)
				return FED_OK;
			return fed_fail(err, "%s failed", fed_show(a->command).s);
		}
	}
	return FED_OK;
}
