/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker/memory.c - mappings of the shared memory.
 */
#include "worker/memory.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/system/shared_memory.h"

bool fed__worker_memory_init(struct fed_worker_memory *m, int fd)
{
	*m = (struct fed_worker_memory){.fd = fd, .page = (size_t)sysconf(_SC_PAGESIZE)};
	m->base = fed_shared_memory_map(fd, false, &m->range);
	return m->base != NULL;
}

/* Whether the file has these bytes. */
static bool is_in_file(const struct fed_worker_memory *m, uint64_t offset, size_t bytes)
{
	struct stat st;

	return bytes <= m->range && offset <= m->range - bytes && fstat(m->fd, &st) == 0 &&
	       offset + bytes <= (uint64_t)st.st_size;
}

static const void *input_at(void *ctx, uint64_t offset, size_t bytes)
{
	const struct fed_worker_memory *m = ctx;

	return is_in_file(m, offset, bytes) ? m->base + offset : NULL;
}

struct fed_wire_memory fed__worker_inputs(struct fed_worker_memory *m)
{
	return (struct fed_wire_memory){input_at, m};
}

static void close_window(const struct fed_worker_memory *m, struct fed_worker_window *w)
{
	if (w->base)
		munmap(w->base - m->page, w->bytes + 2 * m->page);
	*w = (struct fed_worker_window){0};
}

/* Addresses for `bytes` of the file from an offset and a guard page on either side, such that the
 * file's huge pages are mapped as such. NULL: the system refuses. */
static char *reserve_around(const struct fed_worker_memory *m, uint64_t offset, size_t bytes)
{
	const size_t used = bytes + 2 * m->page, all = used + FED_HUGE_PAGE;
	char *reserved = mmap(NULL, all, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (reserved == MAP_FAILED)
		return NULL;
	const size_t skip = (offset - (uintptr_t)reserved - m->page) % FED_HUGE_PAGE;
	if (skip)
		munmap(reserved, skip);
	munmap(reserved + skip + used, all - skip - used);
	return reserved + skip;
}

void *fed__worker_window(struct fed_worker_memory *m, uint64_t offset, size_t bytes,
                         enum fed_fault_place beside)
{
	struct fed_worker_window *oldest = &m->window[0];

	if (bytes % m->page || offset % m->page || !is_in_file(m, offset, bytes))
		return NULL;
	for (int i = 0; i < FED_WORKER_OUTPUTS; i++) {
		struct fed_worker_window *w = &m->window[i];

		if (w->base && w->offset == offset && w->bytes == bytes) {
			w->used = ++m->uses;
			w->beside = beside;
			return w->base;
		}
		if (w->used < oldest->used)
			oldest = w;
	}
	close_window(m, oldest);
	char *around = reserve_around(m, offset, bytes);
	if (!around)
		return NULL;
	if (mmap(around + m->page, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, m->fd,
	         (off_t)offset) == MAP_FAILED) {
		munmap(around, bytes + 2 * m->page);
		return NULL;
	}
	*oldest = (struct fed_worker_window){offset, bytes, around + m->page, ++m->uses, beside};
	return oldest->base;
}

void *fed__get_output(struct fed_packet_reader *r, struct fed_worker_memory *m, size_t *bytes)
{
	const uint64_t offset = fed_get_number(r), size = fed_get_number(r);
	const uint64_t from = fed_get_number(r), used = fed_get_number(r);
	char *block = r->short_ || from > size || used > size - from
	                  ? NULL
	                  : fed__worker_window(m, offset, size, FED_FAULT_PAST);

	if (!block) {
		r->short_ = true;
		return NULL;
	}
	*bytes = used;
	return block + from;
}

enum fed_fault_place fed__worker_place(const struct fed_worker_memory *m, uintptr_t address)
{
	if (address >= (uintptr_t)m->base && address < (uintptr_t)m->base + m->range)
		return FED_FAULT_INPUT;
	for (int i = 0; i < FED_WORKER_OUTPUTS; i++) {
		const struct fed_worker_window *w = &m->window[i];
		const uintptr_t base = (uintptr_t)w->base;

		if (w->base && address >= base - m->page && address < base + w->bytes + m->page)
			return w->beside;
	}
	return FED_FAULT_ELSEWHERE;
}
