/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/store_none.c - the store of a program that was built without SQLite: it opens no
 * file.
 */
#include "experiments/store.h"

#ifndef FED_HAVE_SQLITE

static int refuse(struct fed_error *err)
{
	return fed_reject(err, "this program was built without SQLite (Debian: libsqlite3-dev), so it "
	                       "keeps no studies; `sweep` and `tournament` compare within a session");
}

int fed_store_open(struct fed_store **out, const char *path, enum fed_store_use use,
                   struct fed_error *err)
{
	(void)path, (void)use;
	*out = NULL;
	return refuse(err);
}

void fed_store_close(struct fed_store *st)
{
	(void)st;
}

void fed_stored_study_release(struct fed_stored_study *study)
{
	*study = (struct fed_stored_study){0};
}

int fed_store_find(struct fed_store *st, const char *name, struct fed_stored_study *study,
                   struct fed_error *err)
{
	(void)st, (void)name, (void)study;
	return refuse(err);
}

int fed_store_snapshot(struct fed_store *st, int64_t study, struct fed_text *out,
                       struct fed_error *err)
{
	(void)st, (void)study, (void)out;
	return refuse(err);
}

int fed__store_add(struct fed_store *st, struct fed_stored_study *study, struct fed_error *err)
{
	(void)st, (void)study;
	return refuse(err);
}

int fed_store_remove(struct fed_store *st, int64_t study, struct fed_error *err)
{
	(void)st, (void)study;
	return refuse(err);
}

int fed_store_each_study(struct fed_store *st,
                         bool (*take)(void *ctx, const struct fed_stored_study *), void *ctx,
                         struct fed_error *err)
{
	(void)st, (void)take, (void)ctx;
	return refuse(err);
}

int fed_store_each_run(struct fed_store *st, int64_t study,
                       bool (*take)(void *ctx, const struct fed_stored_run *), void *ctx,
                       struct fed_error *err)
{
	(void)st, (void)study, (void)take, (void)ctx;
	return refuse(err);
}

int fed__store_put(struct fed_store *st, int64_t study, const struct fed_stored_run *run,
                   const struct fed_history *h, struct fed_error *err)
{
	(void)st, (void)study, (void)run, (void)h;
	return refuse(err);
}

int fed_store_remove_run(struct fed_store *st, int64_t study, uint64_t cell, struct fed_error *err)
{
	(void)st, (void)study, (void)cell;
	return refuse(err);
}

int fed_store_history(struct fed_store *st, int64_t run, struct fed_history *h,
                      struct fed_error *err)
{
	(void)st, (void)run, (void)h;
	return refuse(err);
}

int fed__store_figures(struct fed_store *st, int64_t study, const struct fed_field *metric,
                       bool (*take)(void *ctx, uint64_t cell, uint64_t round, double value),
                       void *ctx, struct fed_error *err)
{
	(void)st, (void)study, (void)metric, (void)take, (void)ctx;
	return refuse(err);
}

void fed__store_patience(struct fed_store *st, int milliseconds)
{
	(void)st, (void)milliseconds;
}

int fed__store_freeze(struct fed_store *st, bool on, struct fed_error *err)
{
	(void)st, (void)on;
	return refuse(err);
}

int fed__store_hold(struct fed_store *st, bool on, struct fed_error *err)
{
	(void)st, (void)on;
	return refuse(err);
}

int fed_store_lock(struct fed_store *st, const struct fed_stored_study *study,
                   struct fed_error *err)
{
	(void)st, (void)study;
	return refuse(err);
}

void fed_store_unlock(struct fed_store *st, const struct fed_stored_study *study)
{
	(void)st, (void)study;
}

#endif
