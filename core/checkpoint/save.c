/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/save.c - writer of snapshots: all parts, in the order in which restore.c reads them.
 */
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/parts.h"

static void save_all(struct fed_saver *f, const struct fed_last_version *v)
{
	fed__save_composition(f, v);
	fed__save_clients(f, v);
	fed__save_costs(f, v->session);
	fed__save_progress(f, v);
	fed__save_faults(f, v);
	fed__save_in_flight(f, v);
	fed__save_breakpoints(f, v->session);
	fed__save_open_round(f, v);
}

int fed_snapshot_take(const struct fed_session *s, struct fed_text *out, struct fed_error *err)
{
	return fed_snapshot_take_apart(s, out, NULL, SIZE_MAX, err);
}

int fed_snapshot_take_apart(const struct fed_session *s, struct fed_text *out,
                            struct fed_vectors_apart *apart, size_t most, struct fed_error *err)
{
	const size_t before = out->len;
	struct fed_last_version v;
	struct fed_saver f;

	if (fed__last_version_init(&v, s, err))
		return FED_FAIL;
	fed__saver_open_text(&f, out);
	f.most = most;
	f.apart = apart;
	save_all(&f, &v);
	const int rc = fed__saver_commit(&f, err);
	if (rc && out->s) {
		out->len = before;
		out->s[before] = 0;
	}
	fed__last_version_release(&v);
	return rc;
}

int fed__snapshot_digest(const struct fed_session *s, uint64_t *digest, struct fed_error *err)
{
	struct fed_text text = {0};
	struct fed_last_version v;
	struct fed_saver f;

	if (fed__last_version_init(&v, s, err))
		return FED_FAIL;
	fed__saver_open_text(&f, &text);
	f.canonical = true;
	save_all(&f, &v);
	const int rc = fed__saver_commit(&f, err);
	if (rc == FED_OK)
		*digest = fed_hash_64(text.s, text.len, 0);
	fed_text_release(&text);
	fed__last_version_release(&v);
	return rc;
}

static int save_file(const struct fed_session *s, const char *path, bool unsynced,
                     const struct fed_more_sections *more, struct fed_error *err)
{
	struct fed_last_version v;
	struct fed_saver f;

	if (fed__last_version_init(&v, s, err))
		return FED_FAIL;
	int rc = fed__saver_open(&f, path, err);
	if (rc == FED_OK) {
		f.file.unsynced = unsynced;
		save_all(&f, &v);
		fed__save_saved_by(&f, s);
		if (more)
			more->save(more->ctx, &f);
		rc = fed__saver_commit(&f, err);
	}
	fed__last_version_release(&v);
	return rc;
}

int fed_session_save_unsynced(const struct fed_session *s, const char *path,
                              const struct fed_more_sections *more, struct fed_error *err)
{
	return save_file(s, path, true, more, err);
}

static void notice_missing_work(struct fed_session *s)
{
	if (s->running && !fed_is_simulated(&s->parts.transport) && s->federation.n_open)
		fed_session_tell(s, FED_EVENT_NOTICE,
		                 "the file lacks the work of %s client%s, which is in flight over real "
		                 "connections; a restored session repeats it",
		                 fed_count(s->federation.n_open).s, s->federation.n_open == 1 ? "" : "s");
}

int fed_session_save(struct fed_session *s, const char *path, struct fed_error *err)
{
	return fed_session_save_with(s, path, NULL, err);
}

int fed_session_save_with(struct fed_session *s, const char *path,
                          const struct fed_more_sections *more, struct fed_error *err)
{
	struct fed_text expanded = {0};

	fed_path_expand(path, &expanded);
	const int rc = expanded.failed ? fed_fail_memory(err, strlen(path), "a path")
	                               : save_file(s, fed_text_str(&expanded), false, more, err);
	fed_text_release(&expanded);
	if (rc == FED_OK)
		notice_missing_work(s);
	return rc;
}
