/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * travel/places.c - places on the path to the present one, and the journal that leads to a place.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "travel/internal.h"

static int compare(uint64_t version, uint64_t steps, uint64_t other, uint64_t other_steps)
{
	if (version != other)
		return version < other ? -1 : 1;
	return (steps > other_steps) - (steps < other_steps);
}

/* The last place on the path to another one with this version and steps of the next round. */
bool fed__travel_find(const struct fed_travel *t, struct fed_place to, uint64_t version,
                      uint64_t steps, struct fed_place *place)
{
	const struct fed_tree *tree = &t->tree;

	for (struct fed_place p = to;; p = tree->revision[p.revision].from) {
		const struct fed_revision *r = &tree->revision[p.revision];
		const int here = p.inside ? compare(version, steps, p.version, p.steps)
		                          : compare(version, steps, r->version, r->steps);

		*place = here == 0 ? p : (struct fed_place){p.revision, true, version, steps};
		if (here == 0 || /* a restored session has versions that its command did not make */
		    (!r->restarts && here < 0 &&
		     compare(version, steps, r->version_before, r->steps_before) > 0))
			return true;
		if (p.revision == 0)
			return false;
	}
}

/* The last place of the present run on the way to where the branch ends. */
static struct fed_place end_of_run(const struct fed_travel *t)
{
	const uint32_t run = t->tree.revision[t->at.revision].run;
	struct fed_place p = t->tree.branch[t->branch].tip;

	while (t->tree.revision[p.revision].run != run && p.revision != t->at.revision)
		p = t->tree.revision[p.revision].from;
	return p;
}

struct fed_course fed_travel_course(const struct fed_travel *t)
{
	const struct fed_place end = end_of_run(t);
	struct fed_place begin = t->at;

	while (begin.revision && t->tree.revision[t->tree.revision[begin.revision].from.revision].run ==
	                             t->tree.revision[t->at.revision].run)
		begin = t->tree.revision[begin.revision].from;
	return (struct fed_course){.first = t->tree.revision[begin.revision].version_before,
	                           .here = fed_place_version(&t->tree, t->at),
	                           .last = fed_place_version(&t->tree, end),
	                           .behind = !fed_place_is(t->tree.branch[t->branch].tip, t->at),
	                           .branch = t->tree.branch[t->branch].name};
}

struct fed_place fed__travel_place_in(const struct fed_travel *t, uint32_t revision,
                                      uint64_t version, uint64_t steps)
{
	const struct fed_revision *r = &t->tree.revision[revision];

	if (compare(version, steps, r->version, r->steps) == 0)
		return (struct fed_place){.revision = revision};
	if (compare(version, steps, r->version_before, r->steps_before) == 0)
		return r->from;
	return (struct fed_place){revision, true, version, steps};
}

bool fed__travel_made_at(const struct fed_travel *t, uint64_t version, struct fed_place *place)
{
	const struct fed_tree *tree = &t->tree;
	const uint32_t run = tree->revision[t->at.revision].run;

	for (struct fed_place p = t->at;; p = tree->revision[p.revision].from) {
		const struct fed_revision *r = &tree->revision[p.revision];

		if (r->run != run || p.revision == 0)
			return false;
		if (version > r->version_before && version <= fed_place_version(tree, p)) {
			*place = fed__travel_place_in(t, p.revision, version, 0);
			return true;
		}
	}
}

int fed_travel_at_version(const struct fed_travel *t, uint64_t version, struct fed_place *place,
                          struct fed_error *err)
{
	const struct fed_course course = fed_travel_course(t);
	const struct fed_place to = version > course.here ? end_of_run(t) : t->at;

	if (fed__travel_find(t, to, version, 0, place))
		return FED_OK;
	if (version > course.here)
		return fed_fail(err, "branch %s has no version %llu of this run yet; its last one is %llu",
		                course.branch, (unsigned long long)version,
		                (unsigned long long)course.last);
	return fed_fail(err,
	                "there is no version %llu on the way to the present one, %llu; `versions` "
	                "lists what can be returned to",
	                (unsigned long long)version, (unsigned long long)course.here);
}

int fed_travel_before_fault(const struct fed_travel *t, uint64_t number, struct fed_place *place,
                            struct fed_error *err)
{
	struct fed_place p = t->at;

	if (number == 0 || t->tree.revision[p.revision].faults < number)
		return fed_fail(err,
		                "there is no fault %llu on the way to the present version; `faults` "
		                "lists them",
		                (unsigned long long)number);
	while (p.revision &&
	       t->tree.revision[t->tree.revision[p.revision].from.revision].faults >= number)
		p = t->tree.revision[p.revision].from;
	if (p.revision == 0)
		return fed_fail(err, "fault %llu is older than the history, which begins at version %llu",
		                (unsigned long long)number,
		                (unsigned long long)t->tree.revision[0].version);
	*place = t->tree.revision[p.revision].from;
	return FED_OK;
}

/* A walk back over commands.  A file that was restored twice has two arrivals at the same place:
 * each is passed once. */
struct walk {
	const struct fed_travel *t;
	struct fed_place at;
	uint32_t arrivals; /* the first so many came before `at` */
};

/* The arrival that brought the session there, from a place that is not forgotten; or NULL. */
static const struct fed_arrival *arrival_at(const struct walk *w)
{
	for (uint32_t i = w->arrivals; i-- > 0;) {
		const struct fed_arrival *a = &w->t->arrival[i];

		if (fed_place_is(a->at, w->at) && !w->t->tree.revision[a->from.revision].gone)
			return a;
	}
	return NULL;
}

/* Group of the command that brought the session there. */
static uint32_t group_at(const struct walk *w)
{
	const struct fed_arrival *a = arrival_at(w);

	return a ? a->group : w->t->tree.revision[w->at.revision].group;
}

static void go_before(struct walk *w)
{
	const struct fed_arrival *a = arrival_at(w);
	const uint32_t made = w->at.revision;

	w->at = a ? a->from : w->t->tree.revision[made].from;
	if (a)
		w->arrivals = (uint32_t)(a - w->t->arrival);
	while (!a && w->arrivals && w->t->arrival[w->arrivals - 1].revisions > made)
		w->arrivals--;
}

int fed__travel_before_commands(const struct fed_travel *t, uint64_t n, uint32_t open_group,
                                struct fed_place *place, uint32_t *arrivals, struct fed_error *err)
{
	struct walk w = {t, t->at, t->arrivals_here};
	uint64_t left = n;

	for (; left && w.at.revision; left--) {
		const uint32_t group = group_at(&w);

		do
			go_before(&w);
		while (w.at.revision && group && group != open_group && group_at(&w) == group);
	}
	if (left == n)
		return fed_fail(err, "no command before this one has changed the session");
	if (left)
		return fed_fail(err, "only %llu command%s changed the session so far",
		                (unsigned long long)(n - left), n - left == 1 ? "" : "s");
	*place = w.at;
	*arrivals = w.arrivals;
	return FED_OK;
}

uint32_t fed__travel_arrivals_at(const struct fed_travel *t, struct fed_place p)
{
	uint32_t made = UINT32_MAX, n = t->arrivals_here; /* made: the revision after the place */

	if (!fed__place_leads_to(&t->tree, p, t->at))
		return t->n_arrivals;
	for (struct fed_place at = t->at; at.revision > p.revision;
	     at = t->tree.revision[at.revision].from)
		made = at.revision;
	while (n && t->arrival[n - 1].revisions > made)
		n--;
	return n;
}

void fed__travel_settle_arrivals(struct fed_travel *t)
{
	t->n_arrivals = t->arrivals_here;
}

/* The journal ----------------------------------------------------------------------------- */

/* The comments on the versions up to this one that stand before a command: of each version what it
 * was made with, and at last its digest, `#= VERSION DIGEST` (the host's). */
static void add_comments(const char *lines, uint64_t version, struct fed_text *out)
{
	unsigned long long of;

	for (const char *at = lines, *from = lines; *at == '#'; at += strcspn(at, "\n") + 1) {
		if (sscanf(at, "#= %llu ", &of) != 1)
			continue;
		if (of > version)
			return;
		const char *end = at + strcspn(at, "\n") + 1;
		fed_text_put(out, from, (size_t)(end - from));
		from = end;
	}
}

static void add_lines(const struct fed_travel *t, struct fed_place p, struct fed_text *out)
{
	const struct fed_revision *r = &t->tree.revision[p.revision];

	if (!p.inside) {
		fed_text_add(out, "%s", r->lines);
	} else if (p.version > r->version_before) {
		add_comments(r->lines, p.version, out);
		fed_text_add(out, "round %llu\n", (unsigned long long)(p.version - r->version_before));
	}
	if (p.inside && p.steps)
		fed_text_add(
			out, "step %llu\n",
			(unsigned long long)(p.steps - (p.version == r->version_before ? r->steps_before : 0)));
}

void fed_travel_journal(const struct fed_travel *t, struct fed_place p, struct fed_text *out)
{
	uint32_t n;
	struct fed_place *path = fed_tree_path(&t->tree, p, &n);
	uint32_t from = n;

	out->failed = out->failed || !path;
	while (from > 1 && !t->tree.revision[path[from - 1].revision].restarts)
		from--;
	for (uint32_t i = from ? from - 1 : 0; i < n; i++)
		add_lines(t, path[i], out);
	fed_free(path);
}

struct fed_place fed_travel_common(const struct fed_travel *t, struct fed_place a,
                                   struct fed_place b)
{
	for (;; a = t->tree.revision[a.revision].from) {
		if (fed__place_leads_to(&t->tree, a, b))
			return a;
		if (fed__place_leads_to(&t->tree, b, a))
			return b;
		/* b may leave the revision of a before its end. */
		for (struct fed_place x = b; x.revision >= a.revision && x.revision;
		     x = t->tree.revision[x.revision].from)
			if (fed__place_leads_to(&t->tree, x, a))
				return x;
		if (a.revision == 0)
			return a;
	}
}

void fed_travel_lines(const struct fed_travel *t, struct fed_place from, struct fed_place to,
                      struct fed_text *out)
{
	struct fed_text before = {0};

	if (fed_place_is(from, to))
		return;
	if (from.revision == to.revision && from.inside) {
		const uint64_t version = fed_place_version(&t->tree, to);

		if (version > from.version)
			fed_text_add(out, "round %llu\n", (unsigned long long)(version - from.version));
		return;
	}
	fed_travel_lines(t, from, t->tree.revision[to.revision].from, &before);
	fed_text_add(out, "%s", fed_text_str(&before));
	fed_text_release(&before);
	add_lines(t, to, out);
}

bool fed_travel_tip(const struct fed_travel *t, const char *name, struct fed_place *tip)
{
	const uint32_t k = fed__tree_branch(&t->tree, name);

	if (k != UINT32_MAX)
		*tip = t->tree.branch[k].tip;
	return k != UINT32_MAX;
}
