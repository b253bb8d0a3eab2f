/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/leaf/leaf_check.h - whether a file in LEAF's form agrees with itself; for core/data
 * alone.
 */
#ifndef FED_DATA_READERS_LEAF_LEAF_CHECK_H
#define FED_DATA_READERS_LEAF_LEAF_CHECK_H

#include "data/readers/leaf/leaf_parse.h"

/* The lists `users` and `num_samples` of a file. */
struct fed_leaf_lists {
	struct fed_leaf_listed {
		char *name;
		uint32_t at; /* in the list */
	} * user;        /* [users] */
	double *count;   /* [counts] */
	size_t users, user_capacity, counts, count_capacity;
};
int fed__leaf_lists_user(struct fed_leaf_lists *, const char *s, size_t n, struct fed_error *);
int fed__leaf_lists_counts(struct fed_leaf_lists *, const double *x, size_t n, struct fed_error *);
void fed__leaf_lists_release(struct fed_leaf_lists *);

/* The list of n users with room for one more, maybe elsewhere; NULL: out of memory, and the old
 * list is as it was. */
void *fed__leaf_more_users(void *user, size_t n, size_t *capacity, size_t size, struct fed_error *);
/* A copy that ends with a NUL and holds no other; NULL: out of memory. */
char *fed__leaf_name(const char *s, size_t n, struct fed_error *);
struct fed_shown fed__leaf_base_name(const char *path);

/* A user has as many rows as labels. */
int fed__leaf_check_user(const struct fed_leaf *, const struct fed_leaf_user *, bool has_x,
                         bool has_y, struct fed_error *);
/* The lists say what user_data holds; the users of the file begin at `first`.  The lists are
 * sorted. */
int fed__leaf_check_lists(const struct fed_leaf *, struct fed_leaf_lists *, uint32_t first,
                          bool has_users, bool has_counts, struct fed_error *);
/* No user occurs twice in a part. */
int fed__leaf_check_names(const struct fed_leaf *, struct fed_error *);

#endif
