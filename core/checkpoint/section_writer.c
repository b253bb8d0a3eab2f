/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/section_writer.c - writer of sections to a file or into memory.
 */
#include <assert.h>
#include <endian.h>
#include <string.h>

#include "base/mem.h"
#include "checkpoint/format.h"

static void write_bytes(struct fed_saver *s, const void *bytes, size_t n)
{
	if (!s->out)
		fed_file_write(&s->file, bytes, n);
	else if (s->out->len - s->start + s->elsewhere + n > s->most)
		s->too_long = true;
	else
		fed_text_put(s->out, bytes, n);
}

/* Bytes and their checksum. */
static void write_checked(struct fed_saver *s, const void *bytes, size_t n)
{
	if (s->too_long)
		return;
	const uint32_t crc = htole32(fed_crc32(0, bytes, n));
	if (n)
		write_bytes(s, bytes, n);
	write_bytes(s, &crc, sizeof crc);
}

static void write_head(struct fed_saver *s)
{
	unsigned char head[FED_FILE_HEAD];
	const uint32_t version = htole32(FED_FILE_VERSION);

	memcpy(head, FED_FILE_MAGIC, 8);
	memcpy(head + 8, &version, sizeof version);
	write_checked(s, head, sizeof head);
}

int fed__saver_open(struct fed_saver *s, const char *path, struct fed_error *err)
{
	*s = (struct fed_saver){0};
	if (fed_file_open(&s->file, path, err))
		return FED_FAIL;
	write_head(s);
	return FED_OK;
}

void fed__saver_open_text(struct fed_saver *s, struct fed_text *out)
{
	*s = (struct fed_saver){.out = out, .start = out->len, .most = SIZE_MAX};
	write_head(s);
}

void fed_saver_begin(struct fed_saver *s, const char *name)
{
	char head[FED_SECTION_HEAD] = {0};

	assert(s->section.len == 0 && strlen(name) <= FED_SECTION_NAME);
	memcpy(head, name, strlen(name));
	fed_text_put(&s->section, head, sizeof head);
}

void fed_saver_end(struct fed_saver *s)
{
	if (s->section.failed) {
		s->failed = true;
	} else {
		char *head = s->section.s;
		const size_t n = s->section.len - FED_SECTION_HEAD;
		const uint64_t length = htole64(n);

		memcpy(head + FED_SECTION_NAME, &length, sizeof length);
		write_checked(s, head, FED_SECTION_HEAD);
		write_checked(s, head + FED_SECTION_HEAD, n);
	}
	fed_text_clear(&s->section);
}

int fed__saver_commit(struct fed_saver *s, struct fed_error *err)
{
	fed_saver_begin(s, "end");
	fed_saver_end(s);
	const size_t bytes = s->section.cap;
	fed_text_release(&s->section);
	if (s->failed || (s->out && s->out->failed)) {
		if (!s->out)
			fed_file_abandon(&s->file);
		return fed_fail_memory(err, bytes, "a section of the saved session");
	}
	if (s->too_long)
		return fed_reject(err, "it has more than %s bytes", fed_count((double)s->most).s);
	return s->out ? FED_OK : fed_file_commit(&s->file, err);
}

void fed_put_raw(struct fed_saver *s, const void *bytes, size_t n)
{
	fed_text_put(&s->section, bytes, n);
}

void fed_put_words(struct fed_saver *s, const void *words, size_t n, size_t size)
{
	char *to = fed_text_reserve(&s->section, n * size);

	if (to && n && !fed__order_differs)
		memcpy(to, words, n * size);
	for (size_t i = 0; to && fed__order_differs && i < n; i++) {
		uint64_t x = 0;

		memcpy(&x, (const char *)words + i * size, size);
		x = htole64(x);
		memcpy(to + i * size, &x, size);
	}
	s->section.len += to ? n * size : 0;
}

void fed__put_string(struct fed_saver *s, const char *text)
{
	fed_put_u32(s, (uint32_t)strlen(text));
	fed_put_raw(s, text, strlen(text));
}

void fed__put_pairs(struct fed_saver *s, const struct fed_key_values *p)
{
	fed_put_u32(s, (uint32_t)p->n);
	for (size_t i = 0; i < p->n; i++) {
		fed__put_string(s, p->assign[i].key);
		fed__put_string(s, p->assign[i].value);
	}
}

void fed__put_fields(struct fed_saver *s, const struct fed_field *rows, const void *state)
{
	struct fed_key_values pairs = {0};
	struct fed_error unused; /* there is no memory */

	if (fed_key_values_of(&pairs, rows, state, &unused))
		s->failed = true;
	else
		fed__put_pairs(s, &pairs);
	fed_key_values_release(&pairs);
}

void fed__put_ids(struct fed_saver *s, const uint32_t *ids, uint64_t n)
{
	fed_put_u64(s, n);
	fed_put_words(s, ids, n, sizeof *ids);
}
