/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * travel/tree.c - revisions, branches and places.
 */
#include "travel/tree.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void fed__revision_release(struct fed_revision *r, struct fed_snapshots *s)
{
	for (uint32_t i = 0; i < r->n_kept; i++)
		fed__snapshot_free(s, r->kept[i].snapshot);
	fed_free(r->kept);
	fed_free(r->lines);
	fed_free(r->notes[0]);
	fed_free(r->notes[1]);
	r->kept = NULL;
	r->n_kept = r->kept_capacity = 0;
	r->lines = r->notes[0] = r->notes[1] = NULL;
}

void fed__tree_release(struct fed_tree *t, struct fed_snapshots *s)
{
	for (uint32_t i = 0; i < t->n; i++)
		fed__revision_release(&t->revision[i], s);
	for (uint32_t i = 0; i < t->n_branches; i++)
		fed_history_release(&t->branch[i].history);
	fed_free(t->revision);
	fed_free(t->branch);
	*t = (struct fed_tree){0};
}

int fed__tree_add(struct fed_tree *t, struct fed_revision *r, uint32_t *number,
                  struct fed_error *err)
{
	if (t->n == t->capacity) {
		const uint32_t capacity = t->capacity ? 2 * t->capacity : 32;
		struct fed_revision *grown =
			fed_resize(t->revision, t->capacity * sizeof *grown, capacity * sizeof *grown);

		if (!grown) {
			fed__revision_release(r, NULL);
			return fed_fail_memory(err, capacity * sizeof *grown, "the history of commands");
		}
		t->revision = grown;
		t->capacity = capacity;
	}
	*number = t->n;
	t->revision[t->n++] = *r;
	return FED_OK;
}

/* Order of snapshots in a revision: by version, the one after it last. */
static bool is_before(const struct fed_kept_snapshot *a, const struct fed_kept_snapshot *b)
{
	return a->inside != b->inside ? a->inside : a->version < b->version;
}

int fed__tree_keep(struct fed_tree *t, uint32_t revision, const struct fed_kept_snapshot *kept,
                   struct fed_error *err)
{
	struct fed_revision *r = &t->revision[revision];
	uint32_t at = r->n_kept;

	if (r->n_kept == r->kept_capacity) {
		const uint32_t capacity = r->kept_capacity ? 2 * r->kept_capacity : 2;
		struct fed_kept_snapshot *grown =
			fed_resize(r->kept, r->kept_capacity * sizeof *grown, capacity * sizeof *grown);

		if (!grown)
			return fed_fail_memory(err, capacity * sizeof *grown, "a snapshot");
		r->kept = grown;
		r->kept_capacity = capacity;
	}
	for (; at > 0 && is_before(kept, &r->kept[at - 1]); at--)
		r->kept[at] = r->kept[at - 1];
	r->kept[at] = *kept;
	r->n_kept++;
	return FED_OK;
}

/* Branches -------------------------------------------------------------------------------- */

uint32_t fed__tree_branch(const struct fed_tree *t, const char *name)
{
	for (uint32_t i = 0; i < t->n_branches && *name; i++)
		if (strcmp(t->branch[i].name, name) == 0)
			return i;
	return UINT32_MAX;
}

int fed__tree_check_name(const struct fed_tree *t, const char *name, struct fed_error *err)
{
	const size_t n = strlen(name);

	if (n == 0 || n > FED_BRANCH_NAME)
		return fed_fail(err, "the name of a branch has 1 to %d bytes, not %zu", FED_BRANCH_NAME, n);
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)name[i] <= ' ' || name[i] == 127)
			return fed_fail(err, "%s: the name of a branch has no blanks", fed_show(name).s);
	if (fed__tree_branch(t, name) != UINT32_MAX)
		return fed_fail(err, "there is a branch called %s; `branches` lists them",
		                fed_show(name).s);
	return FED_OK;
}

int fed__tree_fork(struct fed_tree *t, const char *name, struct fed_place at, uint32_t of,
                   uint32_t *branch, struct fed_error *err)
{
	if (t->n_branches == t->branch_capacity) {
		const uint32_t capacity = t->branch_capacity ? 2 * t->branch_capacity : 4;
		struct fed_branch *grown =
			fed_resize(t->branch, t->branch_capacity * sizeof *grown, capacity * sizeof *grown);

		if (!grown)
			return fed_fail_memory(err, capacity * sizeof *grown, "a branch");
		t->branch = grown;
		t->branch_capacity = capacity;
	}
	struct fed_branch *b = &t->branch[t->n_branches];
	*b = (struct fed_branch){.fork = at, .tip = at, .of = of};
	memcpy(b->name, name, strlen(name));
	*branch = t->n_branches++;
	return FED_OK;
}

/* Places ------------------------------------------------------------------------------------ */

uint64_t fed_place_version(const struct fed_tree *t, struct fed_place p)
{
	return p.inside ? p.version : t->revision[p.revision].version;
}

struct fed_place *fed_tree_path(const struct fed_tree *t, struct fed_place p, uint32_t *n)
{
	uint32_t k = 1;

	for (struct fed_place at = p; at.revision; at = t->revision[at.revision].from)
		k++;
	struct fed_place *path = fed_alloc_array(k, sizeof *path);
	*n = path ? k : 0;
	for (; path && k-- > 0; p = t->revision[p.revision].from)
		path[k] = p;
	return path;
}

bool fed__place_leads_to(const struct fed_tree *t, struct fed_place p, struct fed_place to)
{
	while (to.revision > p.revision)
		to = t->revision[to.revision].from;
	if (to.revision != p.revision)
		return false;
	if (!to.inside || !p.inside)
		return !to.inside;
	return p.version < to.version || (p.version == to.version && p.steps <= to.steps);
}

/* Mark the revisions that lead to the tips of branches. */
static void mark_needed(const struct fed_tree *t, bool *needed)
{
	needed[0] = true;
	for (uint32_t i = 0; i < t->n_branches; i++)
		if (*t->branch[i].name)
			for (uint32_t r = t->branch[i].tip.revision; !needed[r];
			     r = t->revision[r].from.revision)
				needed[r] = true;
}

void fed__tree_prune(struct fed_tree *t, struct fed_snapshots *s)
{
	bool *needed = fed_alloc_array(t->n, sizeof *needed);

	if (!needed) /* the next time */
		return;
	mark_needed(t, needed);
	for (uint32_t i = 1; i < t->n; i++)
		if (!t->revision[i].gone && !needed[i]) {
			fed__revision_release(&t->revision[i], s);
			t->revision[i].gone = true;
		}
	fed_free(needed);
}
