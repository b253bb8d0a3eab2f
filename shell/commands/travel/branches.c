/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/travel/branches.c - branch, branches, switch.
 */
#include "shell/commands/travel/branches.h"

#include <string.h>

#include "shell/commands/travel/moves.h"
#include "shell/language/travel.h"
#include "shell/output/print.h"
#include "travel/travel.h"

const struct fed_field fed__branch_rows[] = {
	FED_ARG_TEXT(struct fed_branch_args, what, FED_ARG_NEEDED, "branch",
                 "a name for a new branch, or rename or delete"),
	FED_ARG_TEXT(struct fed_branch_args, name, FED_FIELD_POSITIONAL, "branch",
                 "rename, delete: which branch"),
	FED_ARG_TEXT(struct fed_branch_args, to, FED_FIELD_POSITIONAL, NULL, "rename: its new name"),
	FED_END,
};

int fed__run_branch(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_branch_args *a = call->args;

	if (strcmp(a->what, "rename") == 0 && *a->to) {
		const int rc = fed_travel_rename(shell->travel, a->name, a->to, err);

		if (rc == FED_OK)
			fed__print(shell, "branch `%s` is called `%s` now\n", a->name, a->to);
		return rc;
	}
	if (strcmp(a->what, "delete") == 0 && *a->name && !*a->to) {
		const int rc = fed_travel_delete(shell->travel, a->name, err);

		if (rc == FED_OK)
			fed__print(shell, "branch `%s` is deleted, with the versions of no other branch\n",
			           a->name);
		return rc;
	}
	if (*a->name || strcmp(a->what, "rename") == 0 || strcmp(a->what, "delete") == 0)
		return fed_reject(err,
		                  "`branch NAME` begins a branch here, `branch rename NAME TO` gives one "
		                  "another name, `branch delete NAME` forgets one");
	if (fed_travel_fork(shell->travel, a->what, err))
		return FED_FAIL;
	fed__print(shell, "branch `%s` begins at version %s\n", a->what,
	           fed_count((double)fed_session_version(shell->session)).s);
	return FED_OK;
}

const struct fed_field fed__switch_rows[] = {
	FED_ARG_TEXT(struct fed_branch_args, what, FED_ARG_NEEDED, "branch", "a branch"),
	FED_END,
};

int fed__run_switch(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_branch_args *a = call->args;
	struct fed_text way = {0};

	const int rc = fed__travel_switch(shell, a->what, err);
	if (rc)
		return rc;
	fed_text_add(&way, "branch `%s` is at", a->what);
	fed__say_place(shell, fed_text_str(&way));
	fed__print(shell, "\n");
	fed_text_release(&way);
	return FED_OK;
}

/* The tree ------------------------------------------------------------------------------------ */

/* Versions and commands of a branch since its fork. */
static void put_line(struct fed_text *out, const struct fed_tree *tree, uint32_t k, bool here)
{
	const struct fed_branch *b = &tree->branch[k];
	const uint64_t tip = fed_place_version(tree, b->tip);
	uint64_t commands = 0;

	for (struct fed_place p = b->tip; p.revision && p.revision != b->fork.revision;
	     p = tree->revision[p.revision].from)
		commands++;
	fed_text_add(out, "%s%s  version %s", b->name, here ? " *" : "", fed_count((double)tip).s);
	if (b->of != k)
		fed_text_add(out, ", from version %s of %s",
		             fed_count((double)fed_place_version(tree, b->fork)).s,
		             *tree->branch[b->of].name ? tree->branch[b->of].name : "a deleted branch");
	fed_text_add(out, ", %s command%s\n", fed_count((double)commands).s, commands == 1 ? "" : "s");
}

/* The branch that another one is drawn below: the nearest that is not deleted. */
static uint32_t parent_of(const struct fed_tree *tree, uint32_t k)
{
	uint32_t of = tree->branch[k].of;

	while (!*tree->branch[of].name && tree->branch[of].of != of)
		of = tree->branch[of].of;
	return of == k || !*tree->branch[of].name ? UINT32_MAX : of;
}

static void draw(struct fed_shell *shell, const struct fed_tree *tree, uint32_t parent,
                 const char *stem, struct fed_text *out)
{
	uint32_t last = UINT32_MAX;

	for (uint32_t k = 0; k < tree->n_branches; k++)
		if (*tree->branch[k].name && parent_of(tree, k) == parent)
			last = k;
	for (uint32_t k = 0; k < tree->n_branches; k++) {
		struct fed_text below = {0};
		const bool utf8 = shell->screen.utf8, top = parent == UINT32_MAX;

		if (!*tree->branch[k].name || parent_of(tree, k) != parent)
			continue;
		fed_text_add(out, "%s%s", stem,
		             top         ? ""
		             : k == last ? (utf8 ? "\u2514\u2500 " : "`- ")
		                         : (utf8 ? "\u251c\u2500 " : "|- "));
		put_line(out, tree, k, k == fed_travel_branch(shell->travel));
		fed_text_add(&below, "%s%s", stem,
		             top         ? ""
		             : k == last ? "   "
		                         : (utf8 ? "\u2502  " : "|  "));
		draw(shell, tree, k, fed_text_str(&below), out);
		fed_text_release(&below);
	}
}

int fed__run_branches(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	struct fed_text out = {0};

	(void)call, (void)err;
	draw(shell, fed_travel_tree(shell->travel), UINT32_MAX, "", &out);
	fed__print(shell, "%s", fed_text_str(&out));
	fed_text_release(&out);
	return FED_OK;
}
