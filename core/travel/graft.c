/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * travel/graft.c - the history of a restored file as a part of the present one.
 *
 * Its first revision follows the place where the session was restored, so that both are one tree.
 * A session in which nothing was done yet is replaced by it.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "travel/file.h"

void fed__arriving_free(struct fed_arriving *a, struct fed_snapshots *s)
{
	if (a)
		fed__tree_release(&a->tree, s);
	fed_free(a);
}

void fed__travel_drop_arriving(struct fed_travel *t)
{
	fed__arriving_free(t->arriving, &t->snapshots);
	t->arriving = NULL;
}

/* Room for n items more; false: no memory. */
static bool reserve(void **v, uint32_t n, uint32_t *capacity, uint32_t more, size_t size)
{
	if (n + more <= *capacity)
		return true;
	void *grown = fed_resize(*v, *capacity * size, (n + more) * size);
	if (!grown)
		return false;
	*v = grown;
	*capacity = n + more;
	return true;
}

static struct fed_place moved(struct fed_place p, uint32_t by)
{
	p.revision += by;
	return p;
}

static void add_revisions(struct fed_travel *t, struct fed_arriving *a)
{
	struct fed_tree *to = &t->tree;
	const uint32_t by = to->n;

	for (uint32_t i = 0; i < a->tree.n; i++) {
		struct fed_revision *r = &a->tree.revision[i];

		r->from = i ? moved(r->from, by) : t->at;
		r->restarts = r->restarts || i == 0;
		r->branch += to->n_branches;
		r->run += t->runs + 1;
		r->group += r->group ? t->groups : 0;
		to->revision[to->n++] = *r;
	}
}

/* The name, or NAME-2, NAME-3, ... where there is a branch of that name. */
static void name_branch(const struct fed_tree *t, const char *name, char out[FED_BRANCH_NAME + 1])
{
	char end[16] = "";

	for (unsigned k = 2;; k++) {
		const int room = FED_BRANCH_NAME - (int)strlen(end);

		snprintf(out, FED_BRANCH_NAME + 1, "%.*s%s", room, name, end);
		if (fed__tree_branch(t, out) == UINT32_MAX)
			return;
		snprintf(end, sizeof end, "-%u", k);
	}
}

static void add_branches(struct fed_travel *t, const struct fed_arriving *a, uint32_t by)
{
	struct fed_tree *to = &t->tree;
	const uint32_t first = to->n_branches;

	for (uint32_t i = 0; i < a->tree.n_branches; i++) {
		const struct fed_branch *b = &a->tree.branch[i];
		const bool root = b->of == i;
		struct fed_branch added = {.fork = root ? t->at : moved(b->fork, by),
		                           .tip = moved(b->tip, by),
		                           .of = root ? t->branch : b->of + first};

		if (*b->name)
			name_branch(to, b->name, added.name);
		to->branch[to->n_branches++] = added;
	}
}

/* revisions: how many there were before. */
static void remember_arrival(struct fed_travel *t, struct fed_place at, uint32_t group,
                             uint32_t revisions)
{
	fed__travel_settle_arrivals(t);
	if (t->n_arrivals == FED_ARRIVALS_MAX)
		memmove(t->arrival, t->arrival + 1, --t->n_arrivals * sizeof *t->arrival);
	t->arrival[t->n_arrivals++] = (struct fed_arrival){at, t->at, t->branch, group, revisions};
	t->arrivals_here = t->n_arrivals;
}

/* The session was restored at a place of this history. */
static void arrive(struct fed_travel *t, struct fed_place at, uint32_t branch, bool carries)
{
	t->at = at;
	t->branch = branch;
	t->carries = carries;
	t->logs.shift = 0;
	t->logs.epoch = ++t->logs.epochs;
}

int fed__travel_graft(struct fed_travel *t, struct fed_arriving *a, uint32_t group,
                      struct fed_error *err)
{
	struct fed_tree *to = &t->tree;
	const uint32_t by = to->n, branches = to->n_branches;
	struct fed_place at;
	uint32_t branch;

	if (by == 1) {
		fed__tree_release(to, &t->snapshots);
		*to = a->tree;
		a->tree = (struct fed_tree){0};
		arrive(t, a->at, a->branch, a->carries);
	} else if (fed__travel_match(t, a, &at, &branch)) {
		if (!fed_place_is(at, t->at))
			remember_arrival(t, at, group, by);
		arrive(t, at, branch, a->carries);
		return FED_OK;
	} else {
		if (!reserve((void **)&to->revision, by, &to->capacity, a->tree.n, sizeof *to->revision) ||
		    !reserve((void **)&to->branch, branches, &to->branch_capacity, a->tree.n_branches,
		             sizeof *to->branch))
			return fed_fail_memory(err, a->tree.n * sizeof *to->revision, "a saved history");
		add_revisions(t, a);
		add_branches(t, a, by);
		a->tree.n = 0; /* moved */
		remember_arrival(t, moved(a->at, by), group, by);
		arrive(t, moved(a->at, by), branches + a->branch, a->carries);
	}
	t->groups += a->groups;
	t->runs += a->runs + 1;
	return FED_OK;
}
