/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * support/keep.c - dlopen() and dlclose() of test programs (ld's --wrap): the libraries of the
 * plugins that come with fedsh stay open once a session has opened them.
 *
 * A suite makes hundreds of sessions, which open 55 libraries each; under the thread sanitizer that
 * took nine tenths of what a session costs.  The suites of `session` close them in Release, so what
 * still points into one crashes there.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

void *__real_dlopen(const char *path, int flags);
int __real_dlclose(void *library);
void *__wrap_dlopen(const char *path, int flags);
int __wrap_dlclose(void *library);

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
