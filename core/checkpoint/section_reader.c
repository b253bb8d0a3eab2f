/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/section_reader.c - reader of sections that trusts no length, checksum or value.
 */
#include <ctype.h>
#include <endian.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "checkpoint/format.h"

#define STRING_CHUNK 1024
#define STRING_MAX 65536u

int fed_loader_fail(struct fed_loader *l, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	if (l->failed)
		return FED_FAIL;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	l->failed = true;
	return fed_fail(l->err, "section %s: %s", l->section, text);
}

/* Read n bytes of the file, of sections or between them. */
static int read_bytes(struct fed_loader *l, void *bytes, size_t n)
{
	if (n > l->in_file || (l->file && fread(bytes, 1, n, l->file) != n))
		return fed_loader_fail(l, "the file ends inside it");
	if (!l->file && n)
		memcpy(bytes, l->text->s + l->text->len - l->in_file, n);
	l->in_file -= n;
	return FED_OK;
}

/* Where the reader is, to return to. */
static bool remember(struct fed_loader *l, struct fed_loader *before)
{
	if (l->failed)
		return false;
	*before = *l;
	before->at = l->file ? ftell(l->file) : 0;
	return before->at >= 0;
}

static void return_to(struct fed_loader *l, const struct fed_loader *before)
{
	*l = *before;
	if (l->file && fseek(l->file, l->at, SEEK_SET))
		fed_loader_fail(l, "the file cannot be read twice");
}

/* Pass over n bytes that the check of the whole file has seen. */
static void pass(struct fed_loader *l, uint64_t n)
{
	if (l->file && fseek(l->file, (long)n, SEEK_CUR))
		fed_loader_fail(l, "the file cannot be read twice");
	l->in_file -= n;
}

static int read_u32(struct fed_loader *l, uint32_t *x)
{
	uint32_t le;

	if (read_bytes(l, &le, sizeof le))
		return FED_FAIL;
	*x = le32toh(le);
	return FED_OK;
}

static int check_head(struct fed_loader *l)
{
	unsigned char head[FED_FILE_HEAD];
	uint32_t crc, version;

	snprintf(l->section, sizeof l->section, "header");
	if (read_bytes(l, head, sizeof head) || read_u32(l, &crc))
		return FED_FAIL;
	if (memcmp(head, FED_FILE_MAGIC, 8) != 0)
		return fed_loader_fail(l, "this is no saved session (it does not begin with %s)",
		                       FED_FILE_MAGIC);
	if (crc != fed_crc32(0, head, sizeof head))
		return fed_loader_fail(l, "damaged (wrong checksum)");
	memcpy(&version, head + 8, sizeof version);
	version = le32toh(version);
	if (version != FED_FILE_VERSION)
		return fed_loader_fail(l,
		                       "the file has format %u, and this fedsh reads format %u; restore "
		                       "it with the fedsh that saved it",
		                       version, FED_FILE_VERSION);
	return FED_OK;
}

/* Read name and length of the next section. */
static int next_section(struct fed_loader *l)
{
	char head[FED_SECTION_HEAD];
	uint32_t crc;
	uint64_t length;

	if (read_bytes(l, head, sizeof head) || read_u32(l, &crc))
		return FED_FAIL;
	if (crc != fed_crc32(0, head, sizeof head))
		return fed_loader_fail(l, "the header of the next section is damaged (wrong checksum)");
	memcpy(l->section, head, FED_SECTION_NAME);
	l->section[FED_SECTION_NAME] = 0;
	for (char *c = l->section; *c; c++)
		*c = isprint((unsigned char)*c) ? *c : '?';
	memcpy(&length, head + FED_SECTION_NAME, sizeof length);
	l->left = le64toh(length);
	if (l->left > l->in_file)
		return fed_loader_fail(l, "the file ends inside it");
	return FED_OK;
}

/* Checksum of this section, which is passed over. */
static int pass_section(struct fed_loader *l, uint32_t *crc)
{
	unsigned char buffer[16384];

	*crc = 0;
	if (!l->file) {
		*crc = fed_crc32(0, l->text->s + l->text->len - l->in_file, l->left);
		l->in_file -= l->left;
		l->left = 0;
	}
	while (l->left) {
		const size_t n = l->left < sizeof buffer ? (size_t)l->left : sizeof buffer;

		if (read_bytes(l, buffer, n))
			return FED_FAIL;
		*crc = fed_crc32(*crc, buffer, n);
		l->left -= n;
	}
	return FED_OK;
}

/* Skip this section and compare its checksum. */
static int check_section(struct fed_loader *l)
{
	uint32_t crc, stored;

	if (pass_section(l, &crc))
		return FED_FAIL;
	if (read_u32(l, &stored))
		return FED_FAIL;
	return crc == stored ? FED_OK : fed_loader_fail(l, "damaged (wrong checksum)");
}

static int check_file(struct fed_loader *l)
{
	if (check_head(l))
		return FED_FAIL;
	do {
		if (next_section(l) || check_section(l))
			return FED_FAIL;
	} while (strcmp(l->section, "end") != 0);
	return l->in_file == 0
	           ? FED_OK
	           : fed_loader_fail(l, "%llu bytes follow the end", (unsigned long long)l->in_file);
}

/* Check the whole file, then return to the first section. */
static int open_stream(struct fed_loader *l, uint64_t size)
{
	l->in_file = size;
	if (check_file(l) == FED_OK) {
		if (l->file)
			rewind(l->file);
		l->in_file = size;
		if (check_head(l) == FED_OK)
			return FED_OK;
	}
	fed__loader_close(l);
	return FED_FAIL;
}

int fed__loader_open(struct fed_loader *l, const char *path, struct fed_error *err)
{
	int fd;
	uint64_t size;

	*l = (struct fed_loader){.err = err};
	if (fed_file_descriptor(path, &fd, &size, err))
		return FED_FAIL;
	l->file = fdopen(fd, "rb");
	if (!l->file) {
		close(fd);
		return fed_fail_memory(err, BUFSIZ, "reading the file");
	}
	return open_stream(l, size);
}

int fed__loader_open_text(struct fed_loader *l, const struct fed_text *text, struct fed_error *err)
{
	*l = (struct fed_loader){.text = text, .err = err};
	if (text->len == 0)
		return fed_fail(err, "the snapshot is empty");
	return open_stream(l, text->len);
}

void fed__loader_close(struct fed_loader *l)
{
	if (l->file)
		fclose(l->file);
	l->file = NULL;
}

int fed__loader_begin(struct fed_loader *l, const char *name)
{
	if (l->failed || next_section(l))
		return FED_FAIL;
	if (strcmp(l->section, name) != 0)
		return fed_loader_fail(l, "section %s is missing before it", name);
	return FED_OK;
}

bool fed_loader_begin_optional(struct fed_loader *l, const char *name)
{
	struct fed_loader before;

	if (!remember(l, &before) || next_section(l))
		return false;
	if (strcmp(l->section, name) == 0)
		return true;
	return_to(l, &before);
	return false;
}

void fed__loader_skip_more(struct fed_loader *l)
{
	struct fed_loader before;

	while (remember(l, &before) && next_section(l) == FED_OK) {
		if (*l->section != '+') {
			return_to(l, &before);
			return;
		}
		pass(l, l->left + 4); /* bytes and checksum */
		l->left = 0;
	}
}

int fed_loader_end(struct fed_loader *l)
{
	uint32_t crc;

	if (l->failed)
		return FED_FAIL;
	if (l->left)
		return fed_loader_fail(l, "%llu bytes too many", (unsigned long long)l->left);
	return read_u32(l, &crc); /* checked by fed__loader_open */
}

bool fed_loader_holds(struct fed_loader *l, uint64_t n, uint64_t size)
{
	if (!l->failed && n <= l->left / size)
		return true;
	fed_loader_fail(l, "ends before its %llu items", (unsigned long long)n);
	return false;
}

void *fed_get_array(struct fed_loader *l, uint64_t n, size_t size, uint64_t least)
{
	if (!fed_loader_holds(l, n, least))
		return NULL;
	void *items = fed_alloc_array(n + 1, size);
	if (!items)
		fed_loader_fail(l, "out of memory for %llu items", (unsigned long long)n);
	return items;
}

void fed_get_raw(struct fed_loader *l, void *bytes, size_t n)
{
	if (n == 0)
		return;
	if (!l->failed && n > l->left)
		fed_loader_fail(l, "ends early");
	if (l->failed || read_bytes(l, bytes, n))
		memset(bytes, 0, n);
	else
		l->left -= n;
}

void fed_get_words(struct fed_loader *l, void *words, size_t n, size_t size)
{
	fed_get_raw(l, words, n * size);
	for (size_t i = 0; i < n && fed__order_differs; i++) {
		uint64_t x = 0;

		memcpy(&x, (char *)words + i * size, size);
		x = le64toh(x);
		memcpy((char *)words + i * size, &x, size);
	}
}

bool fed_get_flag(struct fed_loader *l)
{
	const uint8_t x = fed_get_u8(l);

	if (x > 1)
		fed_loader_fail(l, "%u, which must be 0 or 1", x);
	return x == 1;
}

void fed__get_string(struct fed_loader *l, struct fed_text *out)
{
	char buffer[STRING_CHUNK];
	size_t n = fed_get_u32(l);

	if (n > STRING_MAX) {
		fed_loader_fail(l, "a text of %zu bytes", n);
		return;
	}
	while (n && !l->failed) {
		const size_t m = n < sizeof buffer ? n : sizeof buffer;

		fed_get_raw(l, buffer, m);
		if (memchr(buffer, 0, m))
			fed_loader_fail(l, "a text with a zero in it");
		else
			fed_text_put(out, buffer, m);
		n -= m;
	}
	if (out->failed)
		fed_loader_fail(l, "out of memory for a text");
}

void fed__get_pairs(struct fed_loader *l, struct fed_key_values *p)
{
	struct fed_text key = {0}, value = {0};
	struct fed_error why;
	const uint32_t n = fed_get_u32(l);

	for (uint32_t i = 0; i < n && !l->failed; i++) {
		fed_text_clear(&key);
		fed_text_clear(&value);
		fed__get_string(l, &key);
		fed__get_string(l, &value);
		if (!l->failed && fed_key_values_add(p, fed_text_str(&key), fed_text_str(&value), &why))
			fed_loader_fail(l, "%s", why.text);
	}
	fed_text_release(&key);
	fed_text_release(&value);
}

void fed__get_fields(struct fed_loader *l, const struct fed_field *rows, void *state)
{
	struct fed_key_values pairs = {0};
	struct fed_error why;

	fed__get_pairs(l, &pairs);
	fed_fields_default(rows, state);
	if (!l->failed && fed_fields_assign(rows, state, pairs.assign, pairs.n, &why))
		fed_loader_fail(l, "%s", why.text);
	fed_key_values_release(&pairs);
}

uint32_t *fed__get_ids(struct fed_loader *l, uint32_t limit, uint64_t *n)
{
	*n = fed_get_u64(l);
	uint32_t *ids = fed_get_array(l, *n, sizeof *ids, sizeof *ids);
	for (uint64_t i = 0; ids && i < *n && !l->failed; i++) {
		ids[i] = fed_get_u32(l);
		if (!l->failed && ids[i] >= limit)
			fed_loader_fail(l, "number %u, where all are below %u", ids[i], limit);
	}
	if (!l->failed)
		return ids;
	fed_free(ids);
	*n = 0;
	return NULL;
}

void fed__check_ascending(struct fed_loader *l, const uint32_t *ids, uint64_t n)
{
	for (uint64_t i = 1; i < n && !l->failed; i++)
		if (ids[i] <= ids[i - 1])
			fed_loader_fail(l, "%u after %u, but they must ascend", ids[i], ids[i - 1]);
}
