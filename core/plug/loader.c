/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/loader.c - loading of shared objects; the only file that calls dlopen.
 *
 * A private copy lives in a memfd; its descriptor stays open as long as the library, because dlopen
 * takes two libraries of the same path (/proc/self/fd/N) for one.
 */
#include "plug/loader.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "plug/elf/elf.h"

enum { FILE_MOST = 256 << 20 }; /* bytes of a shared object */

struct fed_library {
	void *handle;
	_Atomic int fd; /* of the private copy, or of the file; -1: none yet */
};

/* All of the bytes into fd; false with errno set. */
static bool write_all(int fd, const char *s, size_t n)
{
	while (n > 0) {
		const ssize_t done = write(fd, s, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		s += done;
		n -= (size_t)done;
	}
	return true;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The error of dlopen, without the path in front, which may be that of the copy. */
static int refuse_by_dlerror(const char *given, struct fed_error *err)
{
	const char *words = dlerror();
	const size_t n = strlen(given);

	if (!words)
		words = "no reason given";
	if (strncmp(words, given, n) == 0 && strncmp(words + n, ": ", 2) == 0)
		words += n + 2;
	return fed_reject(err, "cannot be loaded: %s", words);
}

static int open_handle(struct fed_library *lib, const char *path, struct fed_error *err)
{
	lib->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	return lib->handle ? FED_OK : refuse_by_dlerror(path, err);
}

int fed_module_open(const char *path, const char *symbol, const void **object,
                    struct fed_error *err)
{
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!handle)
		return refuse_by_dlerror("", err);
	*object = dlsym(handle, symbol);
	return *object ? FED_OK : fed_reject(err, "%s exports no %s", path, symbol);
}

/* The bytes of the private copy into another file; false with errno set. */
static bool copy_all(int to, int from)
{
	off_t at = 0;
	ssize_t n;

	while ((n = sendfile(to, from, &at, FILE_MOST)) > 0)
		;
	return n == 0;
}

/* A new file in the folder of temporary files; -1 on error. */
static int temporary_file(char *path, size_t size, struct fed_error *err)
{
	const char *folder = getenv("TMPDIR");

	if (!folder || !*folder)
		folder = "/tmp";
	if ((size_t)snprintf(path, size, "%s/fedsh-plugin-XXXXXX", folder) >= size) {
		fed_reject(err, "cannot be copied: TMPDIR is too long");
		return -1;
	}
	const int fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		fed_reject(err, "cannot be copied to %s: %s", folder, strerror(errno));
	return fd;
}

/* Open a file that is unlinked once it is open, where executable memfds are forbidden. */
static int open_temporary(struct fed_library *lib, struct fed_error *err)
{
	char path[4096];
	int rc = FED_OK;
	const int fd = temporary_file(path, sizeof path, err);

	if (fd < 0)
		return FED_REJECT;
	if (!copy_all(fd, lib->fd))
		rc = fed_reject(err, "cannot be copied to %s: %s", path, strerror(errno));
	close(fd);
	if (rc == FED_OK)
		rc = open_handle(lib, path, err);
	unlink(path);
	return rc;
}

/* The file of a private copy, which has no name: in memory, or where the kernel has no such files,
 * among the temporary ones. */
static int nameless_file(const char *name, struct fed_error *err)
{
	char path[4096];
	int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (errno != ENOSYS) {
		fed_reject(err, "cannot be copied: %s", strerror(errno));
		return -1;
	}
	fd = temporary_file(path, sizeof path, err);
	if (fd >= 0)
		unlink(path);
	return fd;
}

int fed__library_load(struct fed_library *lib, struct fed_error *err)
{
	char link[32];

	snprintf(link, sizeof link, "/proc/self/fd/%d", lib->fd);
	return open_handle(lib, link, err) == FED_OK ? FED_OK : open_temporary(lib, err);
}

/* elsewhere: another program loads it. */
static int check_bytes(const void *bytes, size_t n, bool elsewhere, struct fed_error *err)
{
	const char *sanitizer;

	if (fed__elf_check(bytes, n, "fed_plugin", &sanitizer, err))
		return FED_REJECT;
	if (sanitizer && !elsewhere && !fed__elf_has_runtime(sanitizer))
		return fed_reject(err, "is built with -fsanitize=%s; build it without", sanitizer);
	return FED_OK;
}

static int check_size(const char *path, uint64_t *size, struct fed_error *err)
{
	if (fed_file_readable(path, size, err))
		return FED_REJECT;
	if (*size > FILE_MOST)
		return fed_reject(err, "has %llu bytes, more than a plugin may have",
		                  (unsigned long long)*size);
	return FED_OK;
}

static int library_new(struct fed_library **out, struct fed_error *err)
{
	*out = fed_alloc(sizeof **out);
	if (!*out)
		return fed_fail_memory(err, sizeof **out, "a plugin");
	(*out)->fd = -1;
	return FED_OK;
}

/* Check a file that is opened as it is: mapped, since its bytes are not kept.  Like dlopen's own
 * view of it, this one does not outlive a file that is cut short meanwhile. */
static int check_in_place(const char *path, struct fed_error *err)
{
	uint64_t size;

	if (check_size(path, &size, err))
		return FED_REJECT;
	if (size == 0)
		return check_bytes("", 0, false, err);
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *bytes = fd < 0 ? MAP_FAILED : mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	const int rc = bytes == MAP_FAILED ? fed_reject(err, "cannot be mapped: %s", strerror(errno))
	                                   : check_bytes(bytes, size, false, err);
	if (bytes != MAP_FAILED)
		munmap(bytes, size);
	if (fd >= 0)
		close(fd);
	return rc;
}

int fed__library_open(struct fed_library **out, const char *path, struct fed_error *err)
{
	struct fed_library *lib = NULL;
	int rc = check_in_place(path, err);

	if (rc == FED_OK)
		rc = library_new(&lib, err);
	if (rc == FED_OK)
		rc = open_handle(lib, path, err);
	if (rc == FED_OK)
		*out = lib;
	else
		fed__library_close(lib);
	return rc;
}

/* The file's bytes, when its headers are sound. */
static int read_object(const char *path, bool elsewhere, struct fed_text *bytes,
                       struct fed_error *err)
{
	uint64_t size;

	if (check_size(path, &size, err))
		return FED_REJECT;
	const int rc = fed_file_read(path, FILE_MOST, bytes, err);
	return rc ? rc : check_bytes(bytes->s, bytes->len, elsewhere, err);
}

int fed__library_copy(struct fed_library **out, const char *path, bool sanitized,
                      struct fed_error *err)
{
	struct fed_library *lib = NULL;
	struct fed_text bytes = {0};
	int rc = read_object(path, sanitized, &bytes, err);

	if (rc == FED_OK)
		rc = library_new(&lib, err);
	if (rc == FED_OK) {
		lib->fd = nameless_file(last_part(path), err);
		if (lib->fd < 0)
			rc = FED_REJECT;
		else if (!write_all(lib->fd, bytes.s, bytes.len))
			rc = fed_reject(err, "cannot be copied: %s", strerror(errno));
	}
	fed_text_release(&bytes);
	if (rc == FED_OK)
		*out = lib;
	else
		fed__library_close(lib);
	return rc;
}

int fed__library_descriptor(struct fed_library *lib, const char *path)
{
	int fd = atomic_load(&lib->fd);

	if (fd >= 0)
		return fd;
	const int opened = open(path, O_RDONLY | O_CLOEXEC);
	fd = -1;
	if (opened < 0 || atomic_compare_exchange_strong(&lib->fd, &fd, opened))
		return opened;
	close(opened); /* another thread was faster */
	return fd;
}

void fed__library_close(struct fed_library *lib)
{
	if (!lib)
		return;
	if (lib->handle)
		dlclose(lib->handle);
	if (lib->fd >= 0)
		close(lib->fd);
	fed_free(lib);
}

const void *fed__library_symbol(const struct fed_library *lib, const char *name)
{
	const void *p = dlsym(lib->handle, name);

	return p && fed__library_holds(lib, p, 1) ? p : NULL;
}

/* A search for the segment of a library that contains p. */
struct search {
	uintptr_t base, p;
	size_t capacity; /* bytes from p to the end of its segment; 0: not found */
};

static int visit_library(struct dl_phdr_info *info, size_t size, void *ctx)
{
	struct search *s = ctx;

	(void)size;
	if (info->dlpi_addr != s->base)
		return 0;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		const uintptr_t begin = s->base + segment->p_vaddr;
		if (segment->p_type == PT_LOAD && (segment->p_flags & PF_R) && s->p >= begin &&
		    s->p - begin < segment->p_memsz)
			s->capacity = segment->p_memsz - (s->p - begin);
	}
	return 1;
}

static size_t room_at(const struct fed_library *lib, const void *p)
{
	struct link_map *map;

	if (dlinfo(lib->handle, RTLD_DI_LINKMAP, &map) != 0)
		return 0;
	struct search s = {.base = map->l_addr, .p = (uintptr_t)p};
	dl_iterate_phdr(visit_library, &s);
	return s.capacity;
}

/* A search for the range of a library's segments. */
struct segments {
	uintptr_t base, begin, end;
};

static int visit_segments(struct dl_phdr_info *info, size_t size, void *ctx)
{
	struct segments *r = ctx;

	(void)size;
	if (info->dlpi_addr != r->base)
		return 0;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		const uintptr_t begin = r->base + segment->p_vaddr;

		if (segment->p_type != PT_LOAD)
			continue;
		r->begin = begin < r->begin ? begin : r->begin;
		r->end = begin + segment->p_memsz > r->end ? begin + segment->p_memsz : r->end;
	}
	return 1;
}

void fed__library_range(const struct fed_library *lib, uintptr_t *begin, uintptr_t *end)
{
	struct segments r = {.begin = UINTPTR_MAX};
	struct link_map *map;

	if (dlinfo(lib->handle, RTLD_DI_LINKMAP, &map) == 0) {
		r.base = map->l_addr;
		dl_iterate_phdr(visit_segments, &r);
	}
	*begin = r.end ? r.begin : 0;
	*end = r.end;
}

bool fed__library_holds(const struct fed_library *lib, const void *p, size_t size)
{
	return size <= room_at(lib, p);
}

bool fed__library_holds_string(const struct fed_library *lib, const char *s, size_t limit)
{
	const size_t capacity = room_at(lib, s);

	return capacity && memchr(s, '\0', capacity < limit ? capacity : limit);
}
