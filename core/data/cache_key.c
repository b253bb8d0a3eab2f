/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/cache_key.c - what a dataset that was read from files depends on.
 */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/cache.h"

/* Counted up when a reader makes something else of the same files, or an entry's form changes. */
enum { VERSION = 1 };
enum { DEPTH = 8, FILES_MOST = 1 << 22 };

struct key_walk {
	struct fed_cache_key *key;
	struct fed_text path;
	uint32_t files;
	bool failed;
};

/* Two hashes of 64 bits, FNV-1a and one with another prime and a shift: not cryptographic. */
static struct fed_cache_key hash(const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	struct fed_cache_key h = {{0xcbf29ce484222325u, 0x9e3779b97f4a7c15u}};

	for (size_t i = 0; i < n; i++) {
		h.half[0] = (h.half[0] ^ p[i]) * 0x100000001b3u;
		h.half[1] = (h.half[1] ^ p[i]) * 0xbf58476d1ce4e5b9u;
		h.half[1] ^= h.half[1] >> 29;
	}
	return h;
}

/* Sums do not depend on the order in which a folder lists its files. */
static void add(struct fed_cache_key *key, struct fed_cache_key h)
{
	for (int k = 0; k < 2; k++) {
		h.half[k] ^= h.half[k] >> 31;
		key->half[k] += h.half[k] * 0x94d049bb133111ebu;
	}
}

static void add_text(struct fed_cache_key *key, const char *format, const char *s, uint64_t number)
{
	struct fed_text text = {0};

	fed_text_add(&text, "%s:%llu:%s", format, (unsigned long long)number, s);
	add(key, hash(fed_text_str(&text), text.len));
	fed_text_release(&text);
}

static void add_file(struct key_walk *w, const struct stat *st)
{
	struct {
		int64_t size, changed[2], touched[2];
		struct fed_cache_key name;
	} file = {st->st_size,
	          {st->st_mtim.tv_sec, st->st_mtim.tv_nsec},
	          {st->st_ctim.tv_sec, st->st_ctim.tv_nsec},
	          hash(fed_text_str(&w->path), w->path.len)};

	add(w->key, hash(&file, sizeof file));
	w->failed = w->failed || ++w->files > FILES_MOST;
}

static void walk_folder(struct key_walk *w, int folder, int depth);

/* An entry of an open folder; its path is in w. */
static void walk_entry(struct key_walk *w, int folder, const char *name, int depth)
{
	struct stat st;

	if (fstatat(folder, name, &st, 0))
		return; /* a link to nothing */
	if (S_ISREG(st.st_mode)) {
		add_file(w, &st);
	} else if (S_ISDIR(st.st_mode) && depth < DEPTH) {
		const int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0)
			w->failed = true;
		else
			walk_folder(w, fd, depth + 1);
	}
}

/* Closes the descriptor. */
static void walk_folder(struct key_walk *w, int folder, int depth)
{
	DIR *entries = fdopendir(folder);
	const size_t before = w->path.len;
	const struct dirent *entry;

	if (!entries) {
		close(folder);
		w->failed = true;
		return;
	}
	while (!w->failed && (entry = readdir(entries))) {
		if (entry->d_name[0] == '.')
			continue; /* readers leave these alone, too */
		fed_text_add(&w->path, "/%s", entry->d_name);
		w->failed = w->failed || w->path.failed;
		if (!w->failed)
			walk_entry(w, dirfd(entries), entry->d_name, depth);
		if (w->path.len > before)
			w->path.s[w->path.len = before] = '\0';
	}
	closedir(entries);
}

/* Another build of the program may read otherwise. */
static void add_program(struct fed_cache_key *key)
{
	struct stat st;

	if (stat("/proc/self/exe", &st) == 0) {
		add_text(key, "program", "size", (uint64_t)st.st_size);
		add_text(key, "program", "seconds", (uint64_t)st.st_mtim.tv_sec);
		add_text(key, "program", "nanoseconds", (uint64_t)st.st_mtim.tv_nsec);
	}
}

bool fed__cache_key(struct fed_cache_key *key, const char *spec, const char *path, uint64_t seed)
{
	struct key_walk w = {.key = key};

	*key = (struct fed_cache_key){{0}};
	add_text(key, "version", "", VERSION);
	add_text(key, "seed", "", seed);
	add_text(key, "spec", spec, 0);
	add_text(key, "path", path, 0);
	add_program(key);
	walk_entry(&w, AT_FDCWD, path, 0);
	fed_text_release(&w.path);
	return !w.failed && w.files > 0;
}
