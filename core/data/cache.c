/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/cache.c - the cache's folder: where entries are, how old ones make way.
 */
#include "data/cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/mem.h"
#include "data/cache_file.h"

#define SUFFIX ".fed-data"

/* $XDG_CACHE_HOME/fedsh/data or ~/.cache/fedsh/data (XDG base directories); false: there is no
 * home, or no memory. */
static bool folder_path(struct fed_text *path)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (cache && *cache == '/')
		fed_text_add(path, "%s/fedsh/data", cache);
	else if (home && *home == '/')
		fed_text_add(path, "%s/.cache/fedsh/data", home);
	return path->len > 0 && !path->failed;
}

static bool entry_path(struct fed_text *path, const struct fed_cache_key *key)
{
	if (!folder_path(path))
		return false;
	fed_text_add(path, "/%016" PRIx64 "%016" PRIx64 SUFFIX, key->half[0], key->half[1]);
	return !path->failed;
}

bool fed__cache_get(struct fed_dataset **out, const struct fed_cache_key *key, bool quiet)
{
	struct fed_text path = {0};
	struct fed_error unused;
	const bool found = entry_path(&path, key) && access(path.s, R_OK) == 0 &&
	                   fed__cache_file_read(out, path.s, key, &unused) == FED_OK;

	if (found && !quiet)
		utimensat(AT_FDCWD, path.s, NULL, 0);
	fed_text_release(&path);
	return found;
}

/* Making way -------------------------------------------------------------------------------- */

struct cache_entry {
	char name[64];
	uint64_t size;
	struct timespec used;
};

/* Of all entries their bytes, and the one that was used longest ago. */
static uint64_t survey(const char *folder, struct cache_entry *oldest)
{
	DIR *entries = opendir(folder);
	const struct dirent *d;
	uint64_t bytes = 0;

	*oldest = (struct cache_entry){0};
	while (entries && (d = readdir(entries))) {
		const char *end = strstr(d->d_name, SUFFIX);
		struct stat st;

		if (!end || end[strlen(SUFFIX)] || strlen(d->d_name) >= sizeof oldest->name ||
		    fstatat(dirfd(entries), d->d_name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode))
			continue;
		bytes += (uint64_t)st.st_size;
		if (!*oldest->name || st.st_mtim.tv_sec < oldest->used.tv_sec ||
		    (st.st_mtim.tv_sec == oldest->used.tv_sec &&
		     st.st_mtim.tv_nsec < oldest->used.tv_nsec)) {
			snprintf(oldest->name, sizeof oldest->name, "%s", d->d_name);
			oldest->size = (uint64_t)st.st_size;
			oldest->used = st.st_mtim;
		}
	}
	if (entries)
		closedir(entries);
	return bytes;
}

/* Remove entries until there is place for `size` more; false: there is none. */
static bool make_way(const char *folder, uint64_t size)
{
	struct statvfs disk;
	struct cache_entry oldest;

	while (survey(folder, &oldest) + size > FED_CACHE_BYTES) {
		struct fed_text path = {0};

		fed_text_add(&path, "%s/%s", folder, oldest.name);
		const bool removed = *oldest.name && !path.failed && unlink(path.s) == 0;
		fed_text_release(&path);
		if (!removed)
			return false;
	}
	return statvfs(folder, &disk) == 0 && (double)disk.f_bavail * disk.f_frsize > 2.0 * size;
}

static void make_folders(char *path)
{
	for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = 0;
		mkdir(path, 0700);
		*slash = '/';
	}
}

void fed__cache_put(const struct fed_dataset *data, const struct fed_cache_key *key)
{
	const uint64_t size = fed__cache_file_size(data);
	struct fed_text path = {0}, folder = {0};
	struct fed_error unused;

	if (size > 0 && size <= FED_CACHE_ENTRY_BYTES && entry_path(&path, key) &&
	    folder_path(&folder)) {
		make_folders(path.s);
		if (make_way(folder.s, size))
			fed__cache_file_write(data, path.s, key, &unused);
	}
	fed_text_release(&path);
	fed_text_release(&folder);
}
