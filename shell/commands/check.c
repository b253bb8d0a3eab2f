/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/check.c - output of the command `check-plugin`: a line for each check, and three
 * more for one that fails.
 */
#include "shell/commands/check.h"

#include "base/cpu.h"
#include "conformance/conformance.h"
#include "shell/output/print.h"

struct check_tally {
	struct fed_shell *shell;
	const struct fed_entry *entry;
	size_t n[FED_CONFORMANCE_SKIPPED + 1];
};

static void print_result(void *ctx, const struct fed_conformance_result *r)
{
	struct check_tally *tally = ctx;
	struct fed_shell *shell = tally->shell;

	if (tally->n[0] + tally->n[1] + tally->n[2] == 0) {
		fed__print_styled(shell, FED_EMPHASIS_BOLD, "%s %s",
		                  fed_kind_name((enum fed_kind)tally->entry->head->kind),
		                  tally->entry->head->name);
		fed__print(shell, ": %s\n", tally->entry->head->help);
	}
	tally->n[r->outcome]++;
	switch (r->outcome) {
	case FED_CONFORMANCE_PASSED:
		fed__print_styled(shell, FED_EMPHASIS_GOOD, "  passed");
		fed__print(shell, "   %s%s%s\n", r->check, *r->got ? ": " : "", r->got);
		break;
	case FED_CONFORMANCE_FAILED:
		fed__print_styled(shell, FED_EMPHASIS_BAD, "  FAILED");
		fed__print(shell, "   %s\n", r->check);
		fed__print(shell, "           given     %s\n", r->given);
		fed__print(shell, "           got       %s\n", r->got);
		fed__print(shell, "           expected  %s\n", r->expected);
		break;
	case FED_CONFORMANCE_SKIPPED:
		fed__print_styled(shell, FED_EMPHASIS_DIM, "  skipped");
		fed__print(shell, "  %s: %s\n", r->check, r->got);
		break;
	}
}

int fed__check_plugin(struct fed_shell *shell, const struct fed_entry *entry,
                      const struct fed_assign *assign, size_t n, struct fed_error *err)
{
	const struct fed_conformance_options options = {.seed = 1, .assign = assign, .n_assign = n};
	const char *kind = fed_kind_name((enum fed_kind)entry->head->kind), *name = entry->head->name;
	const double begun = fed_wall_seconds();
	struct check_tally tally = {.shell = shell, .entry = entry};
	const int rc = fed_conformance_run(entry, &options, print_result, &tally, err);

	if (rc)
		return rc;
	fed__print(shell, "%zu passed, %zu failed, %zu skipped in %.1f s\n",
	           tally.n[FED_CONFORMANCE_PASSED], tally.n[FED_CONFORMANCE_FAILED],
	           tally.n[FED_CONFORMANCE_SKIPPED], fed_wall_seconds() - begun);
	if (tally.n[FED_CONFORMANCE_FAILED] == 0)
		return FED_OK;
	return fed_fail(err, "%s %s fails %zu of %zu checks", kind, name,
	                tally.n[FED_CONFORMANCE_FAILED],
	                tally.n[FED_CONFORMANCE_FAILED] + tally.n[FED_CONFORMANCE_PASSED]);
}
