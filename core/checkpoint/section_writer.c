/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/section_writer.c - write a file of sections.
 */
#include <assert.h>
#include <endian.h>
#include <string.h>

#include "checkpoint/format.h"

#define CHUNK 1024

/* Values that stand outside a section's bytes. */
static void write_u32(struct fed_saver *s, uint32_t x)
{
	const uint32_t le = htole32(x);

	fed_file_write(&s->file, &le, sizeof le);
}

int fed_saver_open(struct fed_saver *s, const char *path, struct fed_error *err)
{
	unsigned char head[FED_FILE_HEAD];
	const uint32_t version = htole32(FED_FILE_VERSION);

	*s = (struct fed_saver){0};
	if (fed_file_open(&s->file, path, err))
		return FED_FAIL;
	memcpy(head, FED_FILE_MAGIC, 8);
	memcpy(head + 8, &version, sizeof version);
	fed_file_write(&s->file, head, sizeof head);
	write_u32(s, fed_crc32(0, head, sizeof head));
	return FED_OK;
}

void fed_saver_begin(struct fed_saver *s, const char *name, uint64_t bytes)
{
	unsigned char head[FED_SECTION_HEAD] = {0};
	const uint64_t length = htole64(bytes);

	assert(s->left == 0 && strlen(name) <= FED_SECTION_NAME);
	memcpy(head, name, strlen(name));
	memcpy(head + FED_SECTION_NAME, &length, sizeof length);
	fed_file_write(&s->file, head, sizeof head);
	write_u32(s, fed_crc32(0, head, sizeof head));
	s->crc = 0;
	s->left = bytes;
}

void fed_saver_end(struct fed_saver *s)
{
	assert(s->left == 0);
	write_u32(s, s->crc);
}

int fed_saver_commit(struct fed_saver *s, struct fed_error *err)
{
	fed_saver_begin(s, "end", 0);
	fed_saver_end(s);
	return fed_file_commit(&s->file, err);
}

void fed_saver_abandon(struct fed_saver *s)
{
	fed_file_abandon(&s->file);
}

void fed_put_bytes(struct fed_saver *s, const void *bytes, size_t n)
{
	assert(n <= s->left);
	if (n == 0)
		return;
	fed_file_write(&s->file, bytes, n);
	s->crc = fed_crc32(s->crc, bytes, n);
	s->left -= n;
}

void fed_put_u8(struct fed_saver *s, uint8_t x)
{
	fed_put_bytes(s, &x, 1);
}

void fed_put_u32(struct fed_saver *s, uint32_t x)
{
	const uint32_t le = htole32(x);

	fed_put_bytes(s, &le, sizeof le);
}

void fed_put_u64(struct fed_saver *s, uint64_t x)
{
	const uint64_t le = htole64(x);

	fed_put_bytes(s, &le, sizeof le);
}

void fed_put_f32(struct fed_saver *s, float x)
{
	uint32_t bits;

	memcpy(&bits, &x, sizeof bits);
	fed_put_u32(s, bits);
}

void fed_put_f64(struct fed_saver *s, double x)
{
	uint64_t bits;

	memcpy(&bits, &x, sizeof bits);
	fed_put_u64(s, bits);
}

void fed_put_string(struct fed_saver *s, const char *text)
{
	fed_put_u32(s, (uint32_t)strlen(text));
	fed_put_bytes(s, text, strlen(text));
}

uint64_t fed_size_string(const char *text)
{
	return sizeof(uint32_t) + strlen(text);
}

void fed_put_pairs(struct fed_saver *s, const struct fed_pairs *p)
{
	fed_put_u32(s, (uint32_t)p->n);
	for (size_t i = 0; i < p->n; i++) {
		fed_put_string(s, p->assign[i].key);
		fed_put_string(s, p->assign[i].value);
	}
}

uint64_t fed_size_pairs(const struct fed_pairs *p)
{
	uint64_t bytes = sizeof(uint32_t);

	for (size_t i = 0; i < p->n; i++)
		bytes += fed_size_string(p->assign[i].key) + fed_size_string(p->assign[i].value);
	return bytes;
}

void fed_put_u32s(struct fed_saver *s, const uint32_t *v, size_t n)
{
	uint32_t le[CHUNK];

	for (size_t i = 0; i < n; i += CHUNK) {
		const size_t m = n - i < CHUNK ? n - i : CHUNK;

		for (size_t k = 0; k < m; k++)
			le[k] = htole32(v[i + k]);
		fed_put_bytes(s, le, m * sizeof *le);
	}
}

void fed_put_f32s(struct fed_saver *s, const float *v, size_t n)
{
	uint32_t bits[CHUNK];

	for (size_t i = 0; i < n; i += CHUNK) {
		const size_t m = n - i < CHUNK ? n - i : CHUNK;

		memcpy(bits, v + i, m * sizeof *bits);
		fed_put_u32s(s, bits, m);
	}
}

void fed_put_f64s(struct fed_saver *s, const double *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fed_put_f64(s, v[i]);
}
