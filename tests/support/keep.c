/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * support/keep.c - dlopen(), dlclose() and fed__elf_check() of test programs (ld's --wrap): the
 * libraries of the plugins that come with fedsh stay open once a session has opened them, and bytes
 * that were found sound are not looked at again.
 *
 * A suite makes hundreds of sessions, which open 62 libraries each; under the thread sanitizer that
 * took nine tenths of what a session costs, and of the rest under the address sanitizer the look at
 * their headers was two thirds.  The suites of `session` close them in Release, so what still
 * points into one crashes there.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "plug/elf/elf.h"

void *__real_dlopen(const char *path, int flags);
int __real_dlclose(void *library);
void *__wrap_dlopen(const char *path, int flags);
int __wrap_dlclose(void *library);
int __real_fed__elf_check(const void *bytes, size_t n, const char *symbol, const char **sanitizer,
                          struct fed_error *err);
int __wrap_fed__elf_check(const void *bytes, size_t n, const char *symbol, const char **sanitizer,
                          struct fed_error *err);

enum { KEPT_MOST = 256 };

static struct {
	char path[256];
	void *library;
} kept[KEPT_MOST];
static size_t n_kept;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool is_builtin(const char *path)
{
	return strncmp(path, FED_PLUGIN_DIR "/", sizeof FED_PLUGIN_DIR) == 0 &&
	       strlen(path) < sizeof kept->path;
}

static void *open_kept(const char *path, int flags)
{
	for (size_t i = 0; i < n_kept; i++)
		if (strcmp(kept[i].path, path) == 0)
			return kept[i].library;

	void *library = __real_dlopen(path, flags);
	if (library && n_kept < KEPT_MOST) {
		strcpy(kept[n_kept].path, path);
		kept[n_kept++].library = library;
	}
	return library;
}

void *__wrap_dlopen(const char *path, int flags)
{
	if (!is_builtin(path))
		return __real_dlopen(path, flags);
	pthread_mutex_lock(&lock);
	void *library = open_kept(path, flags);
	pthread_mutex_unlock(&lock);
	return library;
}

int __wrap_dlclose(void *library)
{
	bool keep = false;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < n_kept; i++)
		keep = keep || kept[i].library == library;
	pthread_mutex_unlock(&lock);
	return keep ? 0 : __real_dlclose(library);
}

/* Objects that are sound, as copies: whatever a file is called, other bytes are checked. */
static struct {
	void *bytes;
	size_t n;
	const char *sanitizer;
} sound[KEPT_MOST];
static size_t n_sound;

static bool is_sound(const void *bytes, size_t n, const char **sanitizer)
{
	for (size_t i = 0; i < n_sound; i++)
		if (sound[i].n == n && memcmp(sound[i].bytes, bytes, n) == 0) {
			*sanitizer = sound[i].sanitizer;
			return true;
		}
	return false;
}

static void keep_sound(const void *bytes, size_t n, const char *sanitizer)
{
	void *copy = n_sound < KEPT_MOST ? malloc(n) : NULL; /* not of base/mem.h, which counts */

	if (!copy)
		return;
	sound[n_sound].bytes = memcpy(copy, bytes, n);
	sound[n_sound].n = n;
	sound[n_sound++].sanitizer = sanitizer;
}

/* All callers want the same symbol, fed_plugin. */
int __wrap_fed__elf_check(const void *bytes, size_t n, const char *symbol, const char **sanitizer,
                          struct fed_error *err)
{
	int rc = FED_OK;

	pthread_mutex_lock(&lock);
	if (!is_sound(bytes, n, sanitizer)) {
		rc = __real_fed__elf_check(bytes, n, symbol, sanitizer, err);
		if (rc == FED_OK)
			keep_sound(bytes, n, *sanitizer);
	}
	pthread_mutex_unlock(&lock);
	return rc;
}
