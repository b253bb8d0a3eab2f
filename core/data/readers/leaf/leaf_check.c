/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/leaf/leaf_check.c - whether a file in LEAF's form agrees with itself.
 */
#include "data/readers/leaf/leaf_check.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* What lets a reader pass over it. */
#define UNCHECKED "; mend the file, or say unchecked=yes to go by user_data"

char *fed__leaf_name(const char *s, size_t n, struct fed_error *err)
{
	char *const name = fed_alloc(n + 1);

	if (!name) {
		fed_fail_memory(err, n + 1, "a name");
		return NULL;
	}
	for (size_t i = 0; i < n; i++)
		name[i] = s[i] ? s[i] : '?';
	return name;
}

struct fed_shown fed__leaf_base_name(const char *path)
{
	const char *const slash = strrchr(path, '/');

	return fed_show(slash ? slash + 1 : path);
}

/* Lists ----------------------------------------------------------------------------------- */

void *fed__leaf_more_users(void *user, size_t n, size_t *capacity, size_t size,
                           struct fed_error *err)
{
	const size_t more = *capacity ? 2 * *capacity : 256;

	if (n < *capacity)
		return user;
	void *const grown = fed_resize(user, *capacity * size, more * size);
	if (grown)
		*capacity = more;
	else
		fed_fail_memory(err, more * size, "the users");
	return grown;
}

int fed__leaf_lists_user(struct fed_leaf_lists *l, const char *s, size_t n, struct fed_error *err)
{
	struct fed_leaf_listed *const grown =
		fed__leaf_more_users(l->user, l->users, &l->user_capacity, sizeof *grown, err);

	if (!grown)
		return FED_FAIL;
	l->user = grown;
	char *const name = fed__leaf_name(s, n, err);

	if (!name)
		return FED_FAIL;
	l->user[l->users] = (struct fed_leaf_listed){name, (uint32_t)l->users};
	l->users++;
	return FED_OK;
}

int fed__leaf_lists_counts(struct fed_leaf_lists *l, const double *x, size_t n,
                           struct fed_error *err)
{
	if (l->counts + n > l->count_capacity) {
		const size_t capacity = 2 * (l->counts + n);
		double *const grown =
			fed_resize(l->count, l->count_capacity * sizeof *grown, capacity * sizeof *grown);

		if (!grown)
			return fed_fail_memory(err, capacity * sizeof *grown, "the users");
		l->count = grown;
		l->count_capacity = capacity;
	}
	memcpy(l->count + l->counts, x, n * sizeof *x);
	l->counts += n;
	return FED_OK;
}

void fed__leaf_lists_release(struct fed_leaf_lists *l)
{
	for (size_t i = 0; i < l->users; i++)
		fed_free(l->user[i].name);
	fed_free(l->user);
	fed_free(l->count);
	*l = (struct fed_leaf_lists){0};
}

/* Checks ---------------------------------------------------------------------------------- */

int fed__leaf_check_user(const struct fed_leaf *l, const struct fed_leaf_user *u, bool has_x,
                         bool has_y, struct fed_error *err)
{
	(void)l;
	if (!has_x || !has_y)
		return fed_fail(err,
		                "user %.40s has no %s; each has x, a list of rows, and y, their "
		                "labels",
		                fed_show(u->name).s, has_x ? "y" : "x");
	if (u->x != u->y)
		return fed_fail(err, "user %.40s has %u rows in x and %u labels in y; they must be as many",
		                fed_show(u->name).s, u->x, u->y);
	return FED_OK;
}

static int by_listed_name(const void *a, const void *b)
{
	const struct fed_leaf_listed *x = a, *y = b;
	const int order = strcmp(x->name, y->name);

	return order ? order : (x->at > y->at) - (x->at < y->at);
}

static int fail_count(const struct fed_leaf_lists *lists, struct fed_error *err)
{
	return fed_fail(err, "num_samples has %zu numbers for %zu users" UNCHECKED, lists->counts,
	                lists->users);
}

/* The user of user_data by a listed name. */
static int check_listed(const struct fed_leaf_lists *lists, const struct fed_leaf_user *u,
                        bool *met, bool has_users, bool has_counts, struct fed_error *err)
{
	const struct fed_leaf_listed key = {.name = u->name};
	size_t low = 0, high = lists->users;

	while (low < high) {
		const size_t middle = (low + high) / 2;

		if (by_listed_name(&lists->user[middle], &key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == lists->users || strcmp(lists->user[low].name, u->name) != 0)
		return has_users ? fed_fail(err, "user %.40s of user_data is not among users" UNCHECKED,
		                            fed_show(u->name).s)
		                 : FED_OK;
	met[low] = true;
	if (has_counts && lists->count[lists->user[low].at] != u->x)
		return fed_fail(err, "num_samples says %.10g of user %.40s, who has %u" UNCHECKED,
		                lists->count[lists->user[low].at], fed_show(u->name).s, u->x);
	return FED_OK;
}

static int check_sorted(const struct fed_leaf *l, const struct fed_leaf_lists *lists,
                        uint32_t first, bool has_users, bool has_counts, bool *met,
                        struct fed_error *err)
{
	for (size_t i = 1; i < lists->users; i++)
		if (!strcmp(lists->user[i - 1].name, lists->user[i].name))
			return fed_fail(err, "users has %.40s twice" UNCHECKED,
			                fed_show(lists->user[i].name).s);
	for (uint32_t i = first; i < l->users; i++)
		if (check_listed(lists, &l->user[i], met, has_users, has_counts, err))
			return FED_FAIL;
	for (size_t i = 0; i < lists->users; i++)
		if (!met[i])
			return fed_fail(err, "user %.40s has no user_data" UNCHECKED,
			                fed_show(lists->user[i].name).s);
	return FED_OK;
}

int fed__leaf_check_lists(const struct fed_leaf *l, struct fed_leaf_lists *lists, uint32_t first,
                          bool has_users, bool has_counts, struct fed_error *err)
{
	if (has_users && has_counts && lists->users != lists->counts)
		return fail_count(lists, err);
	if (lists->users)
		qsort(lists->user, lists->users, sizeof *lists->user, by_listed_name);

	bool *const met = fed_alloc_array(lists->users + 1, sizeof *met);

	if (!met)
		return fed_fail_memory(err, lists->users + 1, "the users");

	const int rc = check_sorted(l, lists, first, has_users, has_users && has_counts, met, err);

	fed_free(met);
	return rc;
}

/* Users by part and name, then by their order. */
static int by_part_and_name(const void *a, const void *b, void *ctx)
{
	const struct fed_leaf *const l = ctx;
	const uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
	const int of_i = l->files->file[l->user[i].file].part,
			  of_k = l->files->file[l->user[k].file].part;
	const int order = of_i != of_k ? of_i - of_k : strcmp(l->user[i].name, l->user[k].name);

	return order ? order : (i > k) - (i < k);
}

int fed__leaf_check_names(const struct fed_leaf *l, struct fed_error *err)
{
	uint32_t *const order = fed_alloc_array(l->users + 1, sizeof *order);
	int rc = FED_OK;

	if (!order)
		return fed_fail_memory(err, l->users * sizeof *order, "the users");
	for (uint32_t i = 0; i < l->users; i++)
		order[i] = i;
	qsort_r(order, l->users, sizeof *order, by_part_and_name, (void *)l);
	for (uint32_t i = 1; rc == FED_OK && i < l->users; i++) {
		const struct fed_leaf_user *const u = &l->user[order[i - 1]], *const v = &l->user[order[i]];
		const struct fed_leaf_file *const a = &l->files->file[u->file], *const b =
																			&l->files
																				 ->file[v->file];

		if (a->part == b->part && !strcmp(u->name, v->name))
			rc = fed_fail(
				err, "user %.40s is in user_data of %.60s%s%.60s%s; a user is written once",
				fed_show(u->name).s, fed__leaf_base_name(a->path).s, a == b ? "" : " and of ",
				a == b ? "" : fed__leaf_base_name(b->path).s, a == b ? " twice" : "");
	}
	fed_free(order);
	return rc;
}
