/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * formats/npz.c - .npz archives by libzip: read from memory, written to a fed_file_writer.
 *
 * libzip allocates by malloc(), which base/mem.h does not count: tests/formats/test_npz.c replaces
 * malloc() to make its allocations fail.
 */
#include "formats/npz.h"

#include <errno.h>
#include <string.h>
#include <zip.h>

#include "base/mem.h"
#include "formats/npy.h"

#define NEW_YEAR_1980 0x21 /* the first date of ZIP */
#define SHOWN 48           /* characters of a name in an error */

/* Writing ---------------------------------------------------------------- */

/* The archive's file, as a libzip source that is written. */
struct target {
	struct fed_file_writer *file;
	uint64_t at, size; /* offset of the next byte; bytes of the file */
	zip_error_t error; /* of this source or of one of its entries */
};

/* An entry, as a libzip source that is read: header, then numbers. */
struct entry {
	struct target *target;
	const float *(*load)(void *ctx, size_t i);
	void *ctx;
	size_t index;
	struct fed_text head;
	size_t bytes, at; /* of the numbers; read of head and numbers */
	const char *numbers;
};

static zip_int64_t source_error(struct target *t, int code, int system)
{
	zip_error_set(&t->error, code, system);
	return -1;
}

/* Write errors are stored by the file writer, so libzip always sees success. */
static zip_int64_t write_target(struct target *t, const void *data, zip_uint64_t len)
{
	fed_file_write(t->file, data, len);
	t->at += len;
	t->size = t->at > t->size ? t->at : t->size;
	return (zip_int64_t)len;
}

static zip_int64_t seek_target(struct target *t, void *data, zip_uint64_t len)
{
	const zip_int64_t at = zip_source_seek_compute_offset(t->at, t->size, data, len, &t->error);

	if (at < 0)
		return -1;
	t->at = (uint64_t)at;
	fed_file_seek(t->file, t->at);
	return 0;
}

/* A zip_source_callback. */
static zip_int64_t serve_target(void *ctx, void *data, zip_uint64_t len, zip_source_cmd_t command)
{
	struct target *const t = ctx;

	switch (command) {
	case ZIP_SOURCE_SUPPORTS:
		return ZIP_SOURCE_SUPPORTS_WRITABLE;
	case ZIP_SOURCE_STAT:
		return source_error(t, ZIP_ER_READ, ENOENT); /* no archive exists yet */
	case ZIP_SOURCE_BEGIN_WRITE:
	case ZIP_SOURCE_COMMIT_WRITE:
	case ZIP_SOURCE_ROLLBACK_WRITE:
	case ZIP_SOURCE_REMOVE:
	case ZIP_SOURCE_FREE:
		return 0;
	case ZIP_SOURCE_WRITE:
		return write_target(t, data, len);
	case ZIP_SOURCE_SEEK_WRITE:
		return seek_target(t, data, len);
	case ZIP_SOURCE_TELL_WRITE:
		return (zip_int64_t)t->at;
	case ZIP_SOURCE_ERROR:
		return zip_error_to_data(&t->error, data, len);
	default:
		return source_error(t, ZIP_ER_OPNOTSUPP, 0);
	}
}

static zip_int64_t read_entry(struct entry *e, char *out, size_t len)
{
	const size_t head = e->head.len, size = head + e->bytes;
	size_t n = 0;

	if (e->at < head) {
		n = head - e->at < len ? head - e->at : len;
		memcpy(out, e->head.s + e->at, n);
	}
	if (e->at + n >= head) {
		const size_t left = size - e->at - n, more = left < len - n ? left : len - n;
		memcpy(out + n, e->numbers + (e->at + n - head), more);
		n += more;
	}
	e->at += n;
	return (zip_int64_t)n;
}

/* A zip_source_callback. */
static zip_int64_t serve_entry(void *ctx, void *data, zip_uint64_t len, zip_source_cmd_t command)
{
	struct entry *const e = ctx;
	zip_stat_t *const stat = data;

	switch (command) {
	case ZIP_SOURCE_SUPPORTS:
		return ZIP_SOURCE_SUPPORTS_READABLE;
	case ZIP_SOURCE_STAT:
		zip_stat_init(stat);
		stat->size = e->head.len + e->bytes;
		stat->valid = ZIP_STAT_SIZE;
		return sizeof *stat;
	case ZIP_SOURCE_OPEN:
		e->at = 0;
		e->numbers = (const char *)e->load(e->ctx, e->index);
		return 0;
	case ZIP_SOURCE_READ:
		return read_entry(e, data, len);
	case ZIP_SOURCE_CLOSE:
	case ZIP_SOURCE_FREE:
		return 0;
	case ZIP_SOURCE_ERROR:
		return zip_error_to_data(&e->target->error, data, len);
	default:
		return source_error(e->target, ZIP_ER_OPNOTSUPP, 0);
	}
}

/* FED_FAIL with libzip's words. */
static int fail_writing(struct fed_error *err, zip_error_t *why)
{
	return fed_fail(err, "the archive cannot be made: %s", zip_error_strerror(why));
}

static zip_t *new_archive(struct target *t, struct fed_error *err)
{
	zip_source_t *const source = zip_source_function_create(serve_target, t, &t->error);
	zip_t *const archive =
		source ? zip_open_from_source(source, ZIP_CREATE | ZIP_TRUNCATE, &t->error) : NULL;

	if (!archive) {
		zip_source_free(source);
		fail_writing(err, &t->error);
	}
	return archive;
}

static int add_entry(zip_t *archive, struct entry *e, const struct fed_named_tensor *tensor,
                     struct fed_error *err)
{
	char name[sizeof tensor->name + 4];
	zip_source_t *source;
	zip_int64_t at = -1;

	fed_npy_header(&e->head, tensor->whole, tensor->walk.file_rank, tensor->walk.file_shape);
	if (e->head.failed)
		return fed_fail_memory(err, 128, "a header");
	e->bytes = tensor->n * sizeof(float);
	snprintf(name, sizeof name, "%s.npy", tensor->name);
	source = zip_source_function(archive, serve_entry, e);
	if (source)
		at = zip_file_add(archive, name, source, ZIP_FL_ENC_UTF_8);
	if (at < 0) {
		zip_source_free(source);
		return fail_writing(err, zip_get_error(archive));
	}
	if (zip_set_file_compression(archive, (zip_uint64_t)at, ZIP_CM_STORE, 0) != 0 ||
	    zip_file_set_dostime(archive, (zip_uint64_t)at, 0, NEW_YEAR_1980, 0) != 0)
		return fail_writing(err, zip_get_error(archive));
	return FED_OK;
}

static int write_entries(struct target *target, struct entry *entry,
                         const struct fed_tensor_list *list, struct fed_error *err)
{
	zip_t *const archive = new_archive(target, err);

	if (!archive)
		return FED_FAIL;
	for (size_t i = 0; i < list->n; i++) {
		if (add_entry(archive, &entry[i], &list->tensor[i], err)) {
			zip_discard(archive);
			return FED_FAIL;
		}
	}
	if (zip_close(archive) == 0)
		return FED_OK;
	fail_writing(err, zip_get_error(archive));
	zip_discard(archive);
	return FED_FAIL;
}

int fed_npz_write(struct fed_file_writer *file, const struct fed_tensor_list *list,
                  const float *(*load)(void *ctx, size_t i), void *ctx, struct fed_error *err)
{
	struct target target = {.file = file};
	struct entry *const entry = fed_alloc_array(list->n + 1, sizeof *entry);

	if (!entry)
		return fed_fail_memory(err, list->n * sizeof *entry, "the archive's directory");
	for (size_t i = 0; i < list->n; i++)
		entry[i] = (struct entry){.target = &target, .load = load, .ctx = ctx, .index = i};
	zip_error_init(&target.error);
	const int rc = write_entries(&target, entry, list, err);
	zip_error_fini(&target.error);
	for (size_t i = 0; i < list->n; i++)
		fed_text_release(&entry[i].head);
	fed_free(entry);
	return rc;
}

/* Reading ---------------------------------------------------------------- */

static zip_t *open_archive(const void *bytes, size_t len, struct fed_error *err)
{
	zip_error_t why;

	if (len == 0) { /* to libzip an archive without entries */
		fed_fail(err, "is not a ZIP archive: it is empty");
		return NULL;
	}
	zip_error_init(&why);
	zip_source_t *const source = zip_source_buffer_create(bytes, len, 0, &why);
	zip_t *const archive =
		source ? zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &why) : NULL;
	if (!archive) {
		zip_source_free(source);
		fed_fail(err, "is not a ZIP archive, or is damaged: %s", zip_error_strerror(&why));
	}
	zip_error_fini(&why);
	return archive;
}

static struct fed_shown shown_name(const zip_stat_t *st)
{
	char name[SHOWN + 1];

	snprintf(name, sizeof name, "%s", st->name);
	return fed_show(name);
}

static int check_entry(const zip_stat_t *st, uint64_t limit, struct fed_error *err)
{
	const zip_uint64_t needed =
		ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;

	if ((st->valid & needed) != needed)
		return fed_fail(err, "has a damaged directory");
	if (st->encryption_method != ZIP_EM_NONE)
		return fed_fail(err, "is encrypted");
	/* libzip supports others, some of which need gigabytes to unpack */
	if (st->comp_method != ZIP_CM_STORE && st->comp_method != ZIP_CM_DEFLATE)
		return fed_fail(err, "%s is packed by method %u; stored and deflated are read",
		                shown_name(st).s, st->comp_method);
	if (st->size > limit)
		return fed_fail(err, "%s unpacks to %llu bytes, more than is taken", shown_name(st).s,
		                (unsigned long long)st->size);
	return FED_OK;
}

/* Read exactly `size` bytes; at the end libzip checks the checksum. */
static bool unpack(zip_file_t *file, char *out, uint64_t size)
{
	for (uint64_t at = 0; at < size;) {
		const zip_int64_t n = zip_fread(file, out + at, size - at);
		if (n <= 0)
			return false;
		at += (uint64_t)n;
	}
	char beyond;
	return zip_fread(file, &beyond, 1) == 0;
}

/* The name of an array, without .npy. */
static size_t name_length(const zip_stat_t *st)
{
	const size_t n = strlen(st->name);

	return n > 4 && memcmp(st->name + n - 4, ".npy", 4) == 0 ? n - 4 : n;
}

/* Give an array; the taker may keep the block of its bytes. */
static int give(const zip_stat_t *st, void **bytes, const struct fed_tensor_taker *taker,
                struct fed_error *err)
{
	struct fed_stored_tensor t = {
		.name = st->name, .name_length = name_length(st), .buffer = bytes};
	struct fed_error why;
	const int rc = taker->any ? fed_npy_parse_any(*bytes, st->size, &t, &why)
	                          : fed_npy_parse(*bytes, st->size, &t, &why);

	if (rc)
		return fed_fail(err, "%s %s", shown_name(st).s, why.text);
	return taker->take(taker->ctx, &t, err);
}

static int read_array(zip_t *archive, const zip_stat_t *st, const struct fed_tensor_taker *taker,
                      struct fed_error *err)
{
	zip_file_t *const file = zip_fopen_index(archive, st->index, 0);
	int rc;

	if (!file)
		return fed_fail(err, "%s cannot be read: %s", shown_name(st).s, zip_strerror(archive));
	void *bytes = fed_alloc(st->size);
	if (!bytes)
		rc = fed_fail_memory(err, st->size, "an array");
	else if (unpack(file, bytes, st->size))
		rc = give(st, &bytes, taker, err);
	else
		rc = fed_fail(err, "%s is damaged, or not as long as it says: %s", shown_name(st).s,
		              zip_file_strerror(file));
	fed_free(bytes);
	zip_fclose(file);
	return rc;
}

int fed_npz_read(const void *bytes, size_t len, uint64_t limit,
                 const struct fed_tensor_taker *taker, struct fed_error *err)
{
	zip_t *const archive = open_archive(bytes, len, err);
	int rc = FED_OK;

	if (!archive)
		return FED_FAIL;
	const zip_int64_t n = zip_get_num_entries(archive, 0);
	for (zip_int64_t i = 0; rc == FED_OK && i < n; i++) {
		zip_stat_t st;

		if (zip_stat_index(archive, (zip_uint64_t)i, 0, &st) != 0)
			rc = fed_fail(err, "has a damaged directory: %s", zip_strerror(archive));
		else if (taker->wanted && (st.valid & ZIP_STAT_NAME) &&
		         !taker->wanted(taker->ctx, st.name, name_length(&st)))
			continue;
		else
			rc = check_entry(&st, limit, err);
		if (rc == FED_OK) {
			limit -= st.size;
			rc = read_array(archive, &st, taker, err);
		}
	}
	zip_discard(archive);
	return rc;
}
