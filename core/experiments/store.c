/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/store.c - studies in a file of SQLite.
 */
#include "experiments/store.h"

#ifdef FED_HAVE_SQLITE

#include <errno.h>
#include <math.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "experiments/store_lock.h"

#define FORMAT 1         /* PRAGMA user_version */
#define PATIENCE_MS 5000 /* for another program that writes */
#define METRICS_MOST 128

struct fed_store {
	sqlite3 *db;
	char *path;
	int lock; /* descriptor of PATH.lock, or -1 */
	/* What a file from an earlier program lacks while it is looked at: columns of these metrics, in
	 * the order of fed_metrics, and that of the commands. */
	bool lacks[METRICS_MOST], lacks_commands;
};

/* Errors --------------------------------------------------------------------------------- */

/* What went wrong in the words of a user; nothing was changed. */
static int fail_store(const struct fed_store *st, int rc, struct fed_error *err)
{
	const char *said = sqlite3_errmsg(st->db);

	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return fed_fail(err, "%s is in use by another program; try again when that is done",
		                st->path);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return fed_fail(
			err,
			"%s is damaged (%s); nothing in it was changed: move it away to begin a new "
			"one, `sqlite3 FILE .recover` may save what it holds",
			st->path, said);
	case SQLITE_FULL:
		return fed_fail(err, "%s: the disk is full; what was kept before is whole", st->path);
	case SQLITE_NOMEM:
		return fed_fail_memory(err, 0, "the file of studies");
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_CANTOPEN:
		return fed_fail(err, "%s cannot be opened (%s)", st->path, said);
	default:
		return fed_fail(err, "%s: %s; what was kept before is whole", st->path, said);
	}
}

/* Queries -------------------------------------------------------------------------------- */

/* A statement that is being executed; the first failure is kept. */
struct query {
	struct fed_store *store;
	sqlite3_stmt *s;
	int rc, at; /* at: parameters bound so far */
};

static struct query ask(struct fed_store *st, const char *sql)
{
	struct query q = {.store = st};

	q.rc = sqlite3_prepare_v2(st->db, sql, -1, &q.s, NULL);
	return q;
}

static void bind_result(struct query *q, int rc)
{
	if (q->rc == SQLITE_OK)
		q->rc = rc;
}

static void bind_integer(struct query *q, int64_t x)
{
	bind_result(q, sqlite3_bind_int64(q->s, ++q->at, x));
}

static void bind_real(struct query *q, double x)
{
	bind_result(q, sqlite3_bind_double(q->s, ++q->at, x)); /* NaN becomes NULL */
}

static void bind_text(struct query *q, const char *s)
{
	bind_result(q, sqlite3_bind_text(q->s, ++q->at, s ? s : "", -1, SQLITE_STATIC));
}

/* True while there is a row. */
static bool step(struct query *q)
{
	if (q->rc == SQLITE_OK || q->rc == SQLITE_ROW)
		q->rc = sqlite3_step(q->s);
	return q->rc == SQLITE_ROW;
}

/* Begin anew with the same parameters' places. */
static void again(struct query *q)
{
	if (q->rc == SQLITE_DONE)
		q->rc = sqlite3_reset(q->s);
	q->at = 0;
}

static const char *column_text(const struct query *q, int i)
{
	const unsigned char *s = sqlite3_column_text(q->s, i);

	return s ? (const char *)s : "";
}

static double column_real(const struct query *q, int i)
{
	return sqlite3_column_type(q->s, i) == SQLITE_NULL ? NAN : sqlite3_column_double(q->s, i);
}

static int end(struct query *q, struct fed_error *err)
{
	const int rc = q->rc;
	const bool good = rc == SQLITE_OK || rc == SQLITE_DONE || rc == SQLITE_ROW;
	const int result = good ? FED_OK : fail_store(q->store, rc, err);

	sqlite3_finalize(q->s);
	return result;
}

static int do_sql(struct fed_store *st, const char *sql, struct fed_error *err)
{
	const int rc = sqlite3_exec(st->db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? FED_OK : fail_store(st, rc, err);
}

/* End a transaction: all of it, or nothing. */
static int end_transaction(struct fed_store *st, int rc, struct fed_error *err)
{
	if (rc == FED_OK && do_sql(st, "COMMIT", err) == FED_OK)
		return FED_OK;
	sqlite3_exec(st->db, "ROLLBACK", NULL, NULL, NULL);
	return FED_FAIL;
}

/* Opening -------------------------------------------------------------------------------- */

static const char tables[] =
	"CREATE TABLE IF NOT EXISTS study (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
	" factors TEXT NOT NULL, rounds INTEGER NOT NULL, until TEXT NOT NULL, cells INTEGER NOT NULL,"
	" composition TEXT NOT NULL, began TEXT NOT NULL, snapshot BLOB NOT NULL);"
	"CREATE TABLE IF NOT EXISTS run (id INTEGER PRIMARY KEY, study INTEGER NOT NULL REFERENCES "
	"study"
	" ON DELETE CASCADE, cell INTEGER NOT NULL, levels TEXT NOT NULL, composition TEXT NOT NULL,"
	" program TEXT NOT NULL, plugins TEXT NOT NULL, scheme TEXT NOT NULL, clients INTEGER NOT NULL,"
	" rounds INTEGER NOT NULL, reached INTEGER NOT NULL, seconds REAL, why TEXT NOT NULL,"
	" ended TEXT NOT NULL, UNIQUE (study, cell));"
	"CREATE TABLE IF NOT EXISTS round (run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,"
	" number INTEGER NOT NULL, PRIMARY KEY (run, number)) WITHOUT ROWID;";

static const char view[] =
	"DROP VIEW IF EXISTS rounds; CREATE VIEW rounds AS SELECT study.name AS study, run.cell,"
	" run.levels, run.composition, run.program, run.plugins, run.scheme, run.clients, run.why,"
	" run.ended, round.* FROM round JOIN run ON run.id = round.run JOIN study ON study.id ="
	" run.study;";

static bool has_column(struct fed_store *st, const char *table, const char *name)
{
	struct query q = ask(st, "SELECT 1 FROM pragma_table_info(?) WHERE name = ?");
	struct fed_error unused;

	bind_text(&q, table);
	bind_text(&q, name);
	const bool found = step(&q);
	end(&q, &unused);
	return found;
}

/* Note the columns that the file lacks; whether there are any. */
static bool find_lacking(struct fed_store *st)
{
	bool some = st->lacks_commands = !has_column(st, "study", "commands");
	size_t k = 0;

	for (const struct fed_field *row = fed_metrics; row->type != FED_TYPE_END; row++, k++)
		some |= st->lacks[k] = !has_column(st, "round", row->name);
	return some;
}

/* A column for each metric, and for the commands; the view shows those that there were when it was
 * made. */
static int add_columns(struct fed_store *st, struct fed_error *err)
{
	size_t k = 0;

	if (!find_lacking(st))
		return FED_OK; /* another program was faster */
	for (const struct fed_field *row = fed_metrics; row->type != FED_TYPE_END; row++, k++) {
		char sql[128];

		snprintf(sql, sizeof sql, "ALTER TABLE round ADD COLUMN \"%s\" REAL", row->name);
		if (st->lacks[k] && do_sql(st, sql, err))
			return FED_FAIL;
		st->lacks[k] = false;
	}
	if (st->lacks_commands &&
	    do_sql(st, "ALTER TABLE study ADD COLUMN commands TEXT NOT NULL DEFAULT ''", err))
		return FED_FAIL;
	st->lacks_commands = false;
	return do_sql(st, view, err);
}

static int read_format(struct fed_store *st, int64_t *format, struct fed_error *err)
{
	struct query q = ask(st, "PRAGMA user_version");

	*format = step(&q) ? sqlite3_column_int64(q.s, 0) : 0;
	return end(&q, err);
}

static int refuse_missing(struct fed_error *err)
{
	return fed_reject(err, "no study is kept yet; `study NAME { lr = 0.01, 0.1 }` runs one");
}

/* Write ahead, so that those who look do not wait.  Refused while another program does the same:
 * then it is done, or will be by the next one; without it all is as safe. */
static int use_wal(struct fed_store *st, struct fed_error *err)
{
	const int rc = sqlite3_exec(st->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);

	return rc == SQLITE_OK || rc == SQLITE_BUSY ? FED_OK : fail_store(st, rc, err);
}

static int prepare_file(struct fed_store *st, enum fed_store_use use, struct fed_error *err)
{
	char sql[64];
	int64_t format;

	/* Runs are appended without waiting for the disk each time: a kill loses nothing, a power cut
	 * perhaps the last ones. */
	sqlite3_busy_timeout(st->db, PATIENCE_MS);
	if (do_sql(st, "PRAGMA foreign_keys = ON; PRAGMA synchronous = NORMAL", err) ||
	    (use != FED_STORE_LOOK && use_wal(st, err)) || read_format(st, &format, err))
		return FED_FAIL;
	if (format > FORMAT)
		return fed_fail(err, "%s is of a later version of fedsh (format %lld, this one knows %d)",
		                st->path, (long long)format, FORMAT);
	if (use == FED_STORE_LOOK && format != FORMAT)
		return refuse_missing(err); /* a program was killed when it made the file */
	if ((!find_lacking(st) && format == FORMAT) || use == FED_STORE_LOOK)
		return FED_OK;
	/* What is missing is looked for again when no other program can add it any more. */
	if (do_sql(st, "BEGIN IMMEDIATE", err))
		return FED_FAIL;
	snprintf(sql, sizeof sql, "PRAGMA user_version = %d", FORMAT);
	const int rc =
		do_sql(st, tables, err) || add_columns(st, err) || do_sql(st, sql, err) ? FED_FAIL : FED_OK;
	return end_transaction(st, rc, err);
}

int fed_store_open(struct fed_store **out, const char *path, enum fed_store_use use,
                   struct fed_error *err)
{
	static const int flags[] = {SQLITE_OPEN_READONLY, SQLITE_OPEN_READWRITE,
	                            SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE};
	struct stat there;

	*out = NULL;
	if (use != FED_STORE_MAKE && stat(path, &there) && errno == ENOENT)
		return refuse_missing(err);
	struct fed_store *st = fed_alloc(sizeof *st);
	char *copy = fed_strdup(path);
	if (!st || !copy) {
		fed_free(st);
		fed_free(copy);
		return fed_fail_memory(err, sizeof *st, "the file of studies");
	}
	st->path = copy;
	st->lock = -1;
	int rc = sqlite3_open_v2(path, &st->db, flags[use], NULL);
	rc = rc == SQLITE_OK ? prepare_file(st, use, err) : fail_store(st, rc, err);
	if (rc) {
		fed_store_close(st);
		return rc;
	}
	*out = st;
	return FED_OK;
}

void fed_store_close(struct fed_store *st)
{
	if (!st)
		return;
	sqlite3_close(st->db);
	if (st->lock >= 0)
		close(st->lock);
	fed_free(st->path);
	fed_free(st);
}

void fed__store_patience(struct fed_store *st, int milliseconds)
{
	sqlite3_busy_timeout(st->db, milliseconds);
}

int fed__store_freeze(struct fed_store *st, bool on, struct fed_error *err)
{
	return do_sql(st, on ? "BEGIN" : "COMMIT", err);
}

int fed__store_hold(struct fed_store *st, bool on, struct fed_error *err)
{
	return do_sql(st, on ? "BEGIN IMMEDIATE" : "COMMIT", err);
}

int fed_store_lock(struct fed_store *st, const struct fed_stored_study *study,
                   struct fed_error *err)
{
	return fed__study_lock(&st->lock, st->path, study, err);
}

void fed_store_unlock(struct fed_store *st, const struct fed_stored_study *study)
{
	fed__study_unlock(st->lock, study);
}

/* Studies -------------------------------------------------------------------------------- */

void fed_stored_study_release(struct fed_stored_study *study)
{
	fed_free(study->factors);
	fed_free(study->until);
	fed_free(study->composition);
	fed_free(study->commands);
	fed_free(study->began);
	fed_text_release(&study->snapshot);
	*study = (struct fed_stored_study){0};
}

static struct query ask_studies(struct fed_store *st, const char *which)
{
	char sql[400];

	snprintf(sql, sizeof sql,
	         "SELECT id, name, factors, until, composition, began, rounds, cells, (SELECT count(*)"
	         " FROM run WHERE run.study = study.id), (SELECT count(*) FROM run WHERE run.study ="
	         " study.id AND why <> ''), %s FROM study %s",
	         st->lacks_commands ? "''" : "commands", which);
	return ask(st, sql);
}

static int take_study(const struct query *q, struct fed_stored_study *study, struct fed_error *err)
{
	*study = (struct fed_stored_study){
		.id = sqlite3_column_int64(q->s, 0),
		.factors = fed_strdup(column_text(q, 2)),
		.until = fed_strdup(column_text(q, 3)),
		.composition = fed_strdup(column_text(q, 4)),
		.commands = fed_strdup(column_text(q, 10)),
		.began = fed_strdup(column_text(q, 5)),
		.rounds = (uint64_t)sqlite3_column_int64(q->s, 6),
		.cells = (uint64_t)sqlite3_column_int64(q->s, 7),
		.played = (uint64_t)sqlite3_column_int64(q->s, 8),
		.failed = (uint64_t)sqlite3_column_int64(q->s, 9),
	};
	snprintf(study->name, sizeof study->name, "%s", column_text(q, 1));
	if (study->factors && study->until && study->composition && study->commands && study->began)
		return FED_OK;
	fed_stored_study_release(study);
	return fed_fail_memory(err, strlen(column_text(q, 4)), "a study");
}

/* Names of the studies, for fed_nearest. */
struct names {
	struct fed_text text; /* NUL-ended each */
	size_t n;
};

static const char *name_at(const void *ctx, size_t i)
{
	const struct names *names = ctx;
	const char *at = fed_text_str(&names->text);

	if (i >= names->n)
		return NULL;
	while (i--)
		at += strlen(at) + 1;
	return at;
}

static int refuse_name(struct fed_store *st, const char *name, struct fed_error *err)
{
	struct query q = ask(st, "SELECT name FROM study ORDER BY name");
	struct names names = {0};

	while (step(&q)) {
		fed_text_put(&names.text, column_text(&q, 0), strlen(column_text(&q, 0)) + 1);
		names.n += !names.text.failed;
	}
	if (end(&q, err)) {
		fed_text_release(&names.text);
		return FED_FAIL;
	}
	const char *near = fed_nearest(name, name_at, &names);
	fed_reject(err, "there is no study %s%s%s%s", fed_show(name).s, near ? "; did you mean " : "",
	           near ? near : "; `runs` lists what is kept", near ? "?" : "");
	fed_text_release(&names.text);
	return FED_REJECT;
}

int fed_store_find(struct fed_store *st, const char *name, struct fed_stored_study *study,
                   struct fed_error *err)
{
	struct query q = ask_studies(st, "WHERE name = ?");
	int rc = FED_OK;

	*study = (struct fed_stored_study){0};
	bind_text(&q, name);
	const bool found = step(&q);
	if (found)
		rc = take_study(&q, study, err);
	if (end(&q, err) || rc)
		return FED_FAIL;
	return found ? FED_OK : refuse_name(st, name, err);
}

int fed_store_snapshot(struct fed_store *st, int64_t study, struct fed_text *out,
                       struct fed_error *err)
{
	struct query q = ask(st, "SELECT snapshot FROM study WHERE id = ?");

	bind_integer(&q, study);
	if (step(&q))
		fed_text_put(out, sqlite3_column_blob(q.s, 0), (size_t)sqlite3_column_bytes(q.s, 0));
	if (end(&q, err))
		return FED_FAIL;
	return out->failed ? fed_fail_memory(err, out->cap, "a snapshot") : FED_OK;
}

int fed__store_add(struct fed_store *st, struct fed_stored_study *study, struct fed_error *err)
{
	struct query q = ask(st, "INSERT INTO study (name, factors, until, composition, rounds, cells,"
	                         " snapshot, commands, began) VALUES (?, ?, ?, ?, ?, ?, ?, ?,"
	                         " strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))");

	bind_text(&q, study->name);
	bind_text(&q, study->factors);
	bind_text(&q, study->until);
	bind_text(&q, study->composition);
	bind_integer(&q, (int64_t)study->rounds);
	bind_integer(&q, (int64_t)study->cells);
	bind_result(&q, sqlite3_bind_blob64(q.s, ++q.at, fed_text_str(&study->snapshot),
	                                    study->snapshot.len, SQLITE_STATIC));
	bind_text(&q, study->commands);
	step(&q);
	if (q.rc == SQLITE_CONSTRAINT) {
		struct fed_error unused;

		end(&q, &unused);
		return fed_reject(err, "another program has just begun a study %s", study->name);
	}
	if (end(&q, err))
		return FED_FAIL;
	study->id = sqlite3_last_insert_rowid(st->db);
	return FED_OK;
}

int fed_store_remove(struct fed_store *st, int64_t study, struct fed_error *err)
{
	struct query q = ask(st, "DELETE FROM study WHERE id = ?");

	bind_integer(&q, study);
	step(&q);
	return end(&q, err);
}

int fed_store_each_study(struct fed_store *st,
                         bool (*take)(void *ctx, const struct fed_stored_study *), void *ctx,
                         struct fed_error *err)
{
	struct query q = ask_studies(st, "ORDER BY name");
	bool more = true;
	int rc = FED_OK;

	while (more && rc == FED_OK && step(&q)) {
		struct fed_stored_study study;

		rc = take_study(&q, &study, err);
		more = rc == FED_OK && take(ctx, &study);
		if (rc == FED_OK)
			fed_stored_study_release(&study);
	}
	return end(&q, err) || rc ? FED_FAIL : FED_OK;
}

/* Runs ----------------------------------------------------------------------------------- */

int fed_store_each_run(struct fed_store *st, int64_t study,
                       bool (*take)(void *ctx, const struct fed_stored_run *), void *ctx,
                       struct fed_error *err)
{
	struct query q =
		ask(st, "SELECT id, cell, rounds, clients, reached, seconds, levels, composition, program,"
	            " plugins, why, scheme, ended FROM run WHERE study = ? ORDER BY cell");
	bool more = true;

	bind_integer(&q, study);
	while (more && step(&q)) {
		const struct fed_stored_run run = {
			.id = sqlite3_column_int64(q.s, 0),
			.cell = (uint64_t)sqlite3_column_int64(q.s, 1),
			.rounds = (uint64_t)sqlite3_column_int64(q.s, 2),
			.clients = (uint64_t)sqlite3_column_int64(q.s, 3),
			.reached = sqlite3_column_int64(q.s, 4) != 0,
			.seconds = column_real(&q, 5),
			.levels = column_text(&q, 6),
			.composition = column_text(&q, 7),
			.program = column_text(&q, 8),
			.plugins = column_text(&q, 9),
			.why = column_text(&q, 10),
			.scheme = column_text(&q, 11),
			.ended = column_text(&q, 12),
		};
		more = take(ctx, &run);
	}
	return end(&q, err);
}

static int put_row(struct fed_store *st, int64_t study, const struct fed_stored_run *run,
                   struct fed_error *err)
{
	struct query q = ask(
		st, "INSERT OR REPLACE INTO run (study, cell, rounds, clients, reached, seconds, levels,"
			" composition, program, plugins, why, scheme, ended) VALUES (?, ?, ?, ?, ?, ?, ?, ?,"
			" ?, ?, ?, ?, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))");

	bind_integer(&q, study);
	bind_integer(&q, (int64_t)run->cell);
	bind_integer(&q, (int64_t)run->rounds);
	bind_integer(&q, (int64_t)run->clients);
	bind_integer(&q, run->reached);
	bind_real(&q, run->seconds);
	bind_text(&q, run->levels);
	bind_text(&q, run->composition);
	bind_text(&q, run->program);
	bind_text(&q, run->plugins);
	bind_text(&q, run->why);
	bind_text(&q, run->scheme);
	step(&q);
	return end(&q, err);
}

/* "INSERT INTO round (run, number, "a", ...) VALUES (?, ?, ...)" */
static void put_insertion(struct fed_text *sql)
{
	fed_text_add(sql, "INSERT INTO round (run, number");
	for (const struct fed_field *row = fed_metrics; row->type != FED_TYPE_END; row++)
		fed_text_add(sql, ", \"%s\"", row->name);
	fed_text_add(sql, ") VALUES (?, ?");
	for (const struct fed_field *row = fed_metrics; row->type != FED_TYPE_END; row++)
		fed_text_add(sql, ", ?");
	fed_text_add(sql, ")");
}

static int put_rounds(struct fed_store *st, int64_t run, const struct fed_history *h,
                      struct fed_error *err)
{
	struct fed_text sql = {0};

	put_insertion(&sql);
	if (sql.failed) {
		fed_text_release(&sql);
		return fed_fail_memory(err, sql.len, "a query");
	}
	struct query q = ask(st, sql.s);
	fed_text_release(&sql);
	for (size_t i = 0; i < h->n && (q.rc == SQLITE_OK || q.rc == SQLITE_DONE); i++) {
		again(&q);
		bind_integer(&q, run);
		bind_integer(&q, (int64_t)h->record[i].round);
		for (const struct fed_field *row = fed_metrics; row->type != FED_TYPE_END; row++)
			bind_real(&q, fed_metric_value(row, &h->record[i]));
		step(&q);
	}
	return end(&q, err);
}

int fed__store_put(struct fed_store *st, int64_t study, const struct fed_stored_run *run,
                   const struct fed_history *h, struct fed_error *err)
{
	if (do_sql(st, "BEGIN IMMEDIATE", err))
		return FED_FAIL;
	const int rc =
		put_row(st, study, run, err) || put_rounds(st, sqlite3_last_insert_rowid(st->db), h, err)
			? FED_FAIL
			: FED_OK;
	return end_transaction(st, rc, err);
}

int fed_store_remove_run(struct fed_store *st, int64_t study, uint64_t cell, struct fed_error *err)
{
	struct query q = ask(st, "DELETE FROM run WHERE study = ? AND cell = ?");

	bind_integer(&q, study);
	bind_integer(&q, (int64_t)cell);
	step(&q);
	if (end(&q, err))
		return FED_FAIL;
	return sqlite3_changes(st->db) ? FED_OK : fed_reject(err, "it was not made yet");
}

/* "SELECT number, "a", NULL, ..." of the metrics; NULL for those that the file lacks (a name that
 * is no column's would be taken as a text). */
static void put_selection(const struct fed_store *st, struct fed_text *sql)
{
	size_t k = 0;

	fed_text_add(sql, "SELECT number");
	for (const struct fed_field *row = fed_metrics; row->type != FED_TYPE_END; row++, k++)
		if (st->lacks[k])
			fed_text_add(sql, ", NULL");
		else
			fed_text_add(sql, ", \"%s\"", row->name);
	fed_text_add(sql, " FROM round WHERE run = ? ORDER BY number");
}

int fed_store_history(struct fed_store *st, int64_t run, struct fed_history *h,
                      struct fed_error *err)
{
	struct fed_text sql = {0};
	int rc = FED_OK;

	put_selection(st, &sql);
	if (sql.failed) {
		fed_text_release(&sql);
		return fed_fail_memory(err, sql.len, "a query");
	}
	struct query q = ask(st, sql.s);
	fed_text_release(&sql);
	bind_integer(&q, run);
	while (rc == FED_OK && step(&q)) {
		struct fed_record record = {0};
		int i = 1;

		for (const struct fed_field *row = fed_metrics; row->type != FED_TYPE_END; row++, i++)
			*(double *)((char *)&record + row->offset) = column_real(&q, i);
		rc = fed_history_add(h, &record, err);
	}
	return end(&q, err) || rc ? FED_FAIL : FED_OK;
}

int fed__store_figures(struct fed_store *st, int64_t study, const struct fed_field *metric,
                       bool (*take)(void *ctx, uint64_t cell, uint64_t round, double value),
                       void *ctx, struct fed_error *err)
{
	char sql[256];
	bool more = true;

	if (st->lacks[metric - fed_metrics])
		return FED_OK;
	snprintf(sql, sizeof sql,
	         "SELECT run.cell, round.number, round.\"%s\" FROM run JOIN round ON round.run = run.id"
	         " WHERE run.study = ? AND run.why = '' ORDER BY run.cell, round.number",
	         metric->name);
	struct query q = ask(st, sql);
	bind_integer(&q, study);
	while (more && step(&q))
		more = take(ctx, (uint64_t)sqlite3_column_int64(q.s, 0),
		            (uint64_t)sqlite3_column_int64(q.s, 1), column_real(&q, 2));
	return end(&q, err);
}

#endif
