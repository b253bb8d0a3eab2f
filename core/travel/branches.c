/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * travel/branches.c - branches: to begin, to switch, to rename, to forget.
 */
#include <stdio.h>

#include "travel/internal.h"

int fed_travel_fork(struct fed_travel *t, const char *name, struct fed_error *err)
{
	uint32_t branch;

	if (fed__tree_check_name(&t->tree, name, err) ||
	    fed__tree_fork(&t->tree, name, t->at, t->branch, &branch, err))
		return FED_FAIL;
	t->branch = branch;
	t->n_ways = 0;
	return FED_OK;
}

static int find_branch(const struct fed_travel *t, const char *name, uint32_t *branch,
                       struct fed_error *err)
{
	*branch = fed__tree_branch(&t->tree, name);
	if (*branch != UINT32_MAX)
		return FED_OK;
	return fed_fail(err, "no branch is called %s; `branches` lists them", fed_show(name).s);
}

int fed_travel_rename(struct fed_travel *t, const char *name, const char *to, struct fed_error *err)
{
	uint32_t branch;

	if (find_branch(t, name, &branch, err) || fed__tree_check_name(&t->tree, to, err))
		return FED_FAIL;
	snprintf(t->tree.branch[branch].name, sizeof t->tree.branch[branch].name, "%s", to);
	return FED_OK;
}

int fed_travel_delete(struct fed_travel *t, const char *name, struct fed_error *err)
{
	uint32_t branch;

	if (find_branch(t, name, &branch, err))
		return FED_FAIL;
	if (branch == t->branch)
		return fed_fail(err, "the session is on branch %s; `switch` to another one first", name);
	*t->tree.branch[branch].name = 0;
	t->n_ways = 0;
	fed__tree_prune(&t->tree, &t->snapshots);
	return FED_OK;
}

int fed_travel_switch(struct fed_travel *t, const char *name, struct fed_error *err)
{
	uint32_t branch;

	if (find_branch(t, name, &branch, err))
		return FED_FAIL;
	const int rc = fed_travel_go(t, t->tree.branch[branch].tip, err);
	if (rc == FED_OK)
		t->branch = branch;
	return rc;
}
