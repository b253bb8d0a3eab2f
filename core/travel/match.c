/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * travel/match.c - the history of a restored file that the present one has already, since it was
 * saved in this session or restored before: the same beginning, and the same commands with the same
 * figures.
 */
#include <string.h>

#include "base/mem.h"
#include "travel/file.h"

static bool are_same_ends(const struct fed_revision *a, const struct fed_revision *b)
{
	return a->version == b->version && a->steps == b->steps && a->faults == b->faults &&
	       a->clock == b->clock && a->digest == b->digest;
}

static bool are_same_bytes(const struct fed_snapshot *a, const struct fed_snapshot *b)
{
	return a->n == b->n && memcmp(a->chunk, b->chunk, a->n * sizeof *a->chunk) == 0;
}

/* Whether a revision can be the first one of the file: it begins with the same snapshot. */
static bool is_beginning(const struct fed_revision *r, const struct fed_revision *first)
{
	return !r->gone && !*r->lines && r->n_kept && first->n_kept && are_same_ends(r, first) &&
	       are_same_bytes(r->kept[0].snapshot, first->kept[0].snapshot);
}

static bool is_same(const struct fed_revision *r, const struct fed_revision *of,
                    struct fed_place from)
{
	return !r->gone && fed_place_is(r->from, from) && r->restarts == of->restarts &&
	       r->version_before == of->version_before && r->steps_before == of->steps_before &&
	       are_same_ends(r, of) && strcmp(r->lines, of->lines) == 0;
}

static struct fed_place mapped(struct fed_place p, const uint32_t *map)
{
	p.revision = map[p.revision];
	return p;
}

/* The revision that is the i-th of the file, most often the one after that of the one before; 0:
 * none is. */
static uint32_t find(const struct fed_tree *t, const struct fed_tree *of, uint32_t i,
                     const uint32_t *map)
{
	const struct fed_place from = mapped(of->revision[i].from, map);

	for (uint32_t k = 0, j = map[i - 1]; k < t->n; k++) {
		j = j + 1 < t->n ? j + 1 : 0;
		if (j && is_same(&t->revision[j], &of->revision[i], from))
			return j;
	}
	return 0;
}

/* The revisions of the file from a beginning on. */
static bool map_all(const struct fed_tree *t, const struct fed_tree *of, uint32_t first,
                    uint32_t *map)
{
	map[0] = first;
	for (uint32_t i = 1; i < of->n; i++) {
		map[i] = find(t, of, i, map);
		if (!map[i])
			return false;
	}
	return true;
}

/* A branch that a place is on, rather one of this name; UINT32_MAX: none. */
static uint32_t branch_at(const struct fed_tree *t, struct fed_place p, const char *name)
{
	uint32_t found = UINT32_MAX;

	for (uint32_t k = t->n_branches; k-- > 0;) {
		const struct fed_branch *b = &t->branch[k];

		if (!*b->name || !fed__place_leads_to(t, p, b->tip))
			continue;
		found = k;
		if (strcmp(b->name, name) == 0)
			return k;
	}
	return found;
}

bool fed__travel_match(const struct fed_travel *t, const struct fed_arriving *a,
                       struct fed_place *at, uint32_t *branch)
{
	const struct fed_tree *of = &a->tree;
	uint32_t *map = fed_alloc_array(of->n, sizeof *map);
	bool is = false;

	for (uint32_t i = 0; map && i < t->tree.n && !is; i++)
		is = is_beginning(&t->tree.revision[i], &of->revision[0]) && map_all(&t->tree, of, i, map);
	if (is) {
		*at = mapped(a->at, map);
		*branch = branch_at(&t->tree, *at, of->branch[a->branch].name);
	}
	fed_free(map);
	return is && *branch != UINT32_MAX;
}
