/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/system/shared_memory.c - blocks of a memfd, found first-fit between those that are in use.
 */
#include "base/system/shared_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/countdown.h"
#include "base/mem.h"

#define RANGE_MOST \
	((size_t)1 << 38) /* bytes of addresses, which cost nothing until they are used */
#define RANGE_LEAST ((size_t)1 << 28)

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* Linux 6.1; older ones refuse it */
#endif

static _Atomic uint64_t countdown; /* mappings and blocks until the one that fails; 0: none does */

void fed__shared_memory_fail_at(uint64_t k)
{
	atomic_store(&countdown, k);
}

bool fed__shared_memory_fail_ahead(void)
{
	return atomic_load(&countdown) > 0;
}

struct shared_block {
	size_t offset, bytes;
};

struct fed_shared_memory {
	int fd;
	char *base;
	size_t range; /* bytes that are mapped */
	pthread_mutex_t lock;
	size_t file;                /* bytes of the file */
	struct shared_block *block; /* [n] in the order of their offsets */
	size_t n, capacity;
};

static size_t whole_pages(size_t bytes)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (bytes + page - 1) / page * page;
}

/* Map `range` bytes of the file so that its huge pages lie at multiples of their size: else each of
 * them is mapped by small ones. NULL: the system refuses. */
static char *map_aligned(int fd, int protection, size_t range)
{
	char *reserved = mmap(NULL, range + FED_HUGE_PAGE, PROT_NONE,
	                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (reserved == MAP_FAILED)
		return NULL;
	const size_t skip = -(uintptr_t)reserved % FED_HUGE_PAGE;
	char *base =
		mmap(reserved + skip, range, protection, MAP_SHARED | MAP_NORESERVE | MAP_FIXED, fd, 0);
	if (base == MAP_FAILED) {
		munmap(reserved, range + FED_HUGE_PAGE);
		return NULL;
	}
	if (skip)
		munmap(reserved, skip);
	munmap(base + range, FED_HUGE_PAGE - skip);
	return base;
}

char *fed_shared_memory_map(int fd, bool writable, size_t *range)
{
	const int protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
	struct rlimit limit;
	size_t most = RANGE_MOST;

	/* a limit of the address space is not for this alone */
	if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
		while (most > limit.rlim_cur / 4)
			most /= 2;
	for (*range = most; *range >= RANGE_LEAST; *range /= 2) {
		char *base = map_aligned(fd, protection, *range);

		if (base)
			return base;
	}
	return NULL;
}

int fed_shared_memory_init(struct fed_shared_memory **out, struct fed_error *err)
{
	struct fed_shared_memory *m = fed_alloc(sizeof *m);

	if (!m)
		return fed_fail_memory(err, sizeof *m, "shared memory");
	m->fd = memfd_create("fedsh", MFD_CLOEXEC);
	if (fed__countdown(&countdown))
		errno = ENOMEM;
	else if (m->fd >= 0)
		m->base = fed_shared_memory_map(m->fd, true, &m->range);
	if (!m->base) {
		const int why = errno;

		if (m->fd >= 0)
			close(m->fd);
		fed_free(m);
		return fed_fail(err, "no shared memory for worker processes: %s", strerror(why));
	}
	pthread_mutex_init(&m->lock, NULL);
	*out = m;
	return FED_OK;
}

void fed_shared_memory_free(struct fed_shared_memory *m)
{
	if (!m)
		return;
	munmap(m->base, m->range);
	close(m->fd);
	pthread_mutex_destroy(&m->lock);
	fed_free(m->block);
	fed_free(m);
}

int fed_shared_memory_descriptor(const struct fed_shared_memory *m)
{
	return m->fd;
}

/* The index at which a block of these bytes fits, and its offset. */
static size_t find_gap(const struct fed_shared_memory *m, size_t bytes, size_t *offset)
{
	size_t i;

	*offset = 0;
	for (i = 0; i < m->n && m->block[i].offset - *offset < bytes; i++)
		*offset = m->block[i].offset + m->block[i].bytes;
	return i;
}

static bool reserve_entry(struct fed_shared_memory *m)
{
	const size_t more = m->capacity ? 2 * m->capacity : 64;

	if (m->n < m->capacity)
		return true;
	struct shared_block *grown =
		fed_resize(m->block, m->capacity * sizeof *grown, more * sizeof *grown);
	if (!grown)
		return false;
	m->block = grown;
	m->capacity = more;
	return true;
}

/* Put whole huge pages under a large block, also where the system gives files none by itself: one
 * that reads many updates waits at each small page. The system collapses only pages of which a part
 * is there, so each is touched first. A hint: what is refused stays in small pages. */
static void collapse(const struct fed_shared_memory *m, size_t offset, size_t bytes)
{
	const size_t from = offset / FED_HUGE_PAGE * FED_HUGE_PAGE, end = offset + bytes;

	if (bytes < FED_HUGE_PAGE)
		return;
	for (size_t at = offset; at < end; at = (at / FED_HUGE_PAGE + 1) * FED_HUGE_PAGE)
		*(volatile char *)(m->base + at) = 0;
	(void)madvise(m->base + from, (end - from) / FED_HUGE_PAGE * FED_HUGE_PAGE, MADV_COLLAPSE);
}

static void *take(struct fed_shared_memory *m, size_t bytes)
{
	size_t offset;
	const size_t at = find_gap(m, bytes, &offset);

	if (bytes > m->range - offset || !reserve_entry(m))
		return NULL;
	if (offset + bytes > m->file) {
		if (ftruncate(m->fd, (off_t)(offset + bytes)) != 0)
			return NULL;
		m->file = offset + bytes;
	}
	memmove(&m->block[at + 1], &m->block[at], (m->n - at) * sizeof *m->block);
	m->block[at] = (struct shared_block){offset, bytes};
	m->n++;
	collapse(m, offset, bytes);
	return m->base + offset;
}

void *fed_shared_memory_take(struct fed_shared_memory *m, size_t bytes)
{
	if (bytes > m->range || fed__countdown(&countdown))
		return NULL;
	pthread_mutex_lock(&m->lock);
	void *block = take(m, whole_pages(bytes ? bytes : 1));
	pthread_mutex_unlock(&m->lock);
	return block;
}

/* The index of the last block that begins at or before an offset; n if there is none. */
static size_t block_at(const struct fed_shared_memory *m, size_t offset)
{
	size_t low = 0, high = m->n;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (m->block[middle].offset <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? low - 1 : m->n;
}

void fed_shared_memory_return(struct fed_shared_memory *m, void *p)
{
	if (!p)
		return;
	const size_t offset = (size_t)((char *)p - m->base);

	pthread_mutex_lock(&m->lock);
	const size_t i = block_at(m, offset);
	if (i < m->n && m->block[i].offset == offset) {
		/* what a hole had in it reads as zeroes when it is taken again */
		if (fallocate(m->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset,
		              (off_t)m->block[i].bytes) != 0)
			memset(p, 0, m->block[i].bytes);
		m->n--;
		memmove(&m->block[i], &m->block[i + 1], (m->n - i) * sizeof *m->block);
	}
	pthread_mutex_unlock(&m->lock);
}

bool fed_shared_memory_find(const struct fed_shared_memory *m, const void *p, size_t bytes,
                            uint64_t *offset)
{
	const uintptr_t base = (uintptr_t)m->base, at = (uintptr_t)p;

	if (at < base || at - base > m->range || bytes > m->range - (at - base))
		return false;
	*offset = at - base;
	return true;
}
