/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/mem_available.c - available memory: of the machine, of this process' control groups, of its
 * address space.
 */
#include <limits.h>
#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"

static const char *root = "";

void fed__mem_root(const char *folder)
{
	root = folder;
}

static FILE *open_file(const char *folder, const char *name)
{
	char path[PATH_MAX];
	const int n = snprintf(path, sizeof path, "%s%s/%s", root, folder, name);

	return n > 0 && (size_t)n < sizeof path ? fopen(path, "r") : NULL;
}

/* The number behind `key` at the beginning of a line, or -1. */
static double number_in(const char *folder, const char *name, const char *key)
{
	char line[128];
	double x = -1;
	FILE *f = open_file(folder, name);

	if (!f)
		return -1;
	while (x < 0 && fgets(line, sizeof line, f))
		if (strncmp(line, key, strlen(key)) == 0 && sscanf(line + strlen(key), "%lf", &x) != 1)
			x = -1;
	fclose(f);
	return x;
}

/* Control groups --------------------------------------------------------- */

/* A version of control groups: mount point and names of files. */
struct hierarchy {
	const char *mount, *limit, *usage;
	const char *cache; /* in memory.stat: page cache, which the kernel reclaims on demand */
};
static const struct hierarchy v1 = {"/sys/fs/cgroup/memory", "memory.limit_in_bytes",
                                    "memory.usage_in_bytes", "total_inactive_file "};
static const struct hierarchy v2 = {"/sys/fs/cgroup", "memory.max", "memory.current",
                                    "inactive_file "};

/* Bytes below the limit of one group; infinite without a limit ("max", or no such file). */
static double left_in(const struct hierarchy *h, const char *folder)
{
	const double limit = number_in(folder, h->limit, "");
	const double usage = number_in(folder, h->usage, "");
	const double cache = number_in(folder, "memory.stat", h->cache);

	if (limit < 0)
		return INFINITY;
	return limit - (usage > 0 ? usage : 0) + (cache > 0 ? cache : 0);
}

/* The least over the group and its ancestors.  Inside a container the path may be the host's and
 * the mount the container's own group: then only the root is found. */
static double left_up(const struct hierarchy *h, const char *group)
{
	char folder[PATH_MAX];
	const size_t top = strlen(h->mount);
	const int n = snprintf(folder, sizeof folder, "%s%s", h->mount, group);
	double least = INFINITY;

	if (n < 0 || (size_t)n >= sizeof folder)
		return INFINITY;
	for (size_t end = (size_t)n; end >= top; end--) {
		if (folder[end] && folder[end] != '/')
			continue;
		folder[end] = '\0';
		const double left = left_in(h, folder);
		least = left < least ? left : least;
	}
	return least;
}

/* Whether "memory" is in a list of controllers such as "cpu,memory" (version 1). */
static bool has_memory(const char *controllers)
{
	const size_t len = strlen("memory");

	for (const char *at = controllers; (at = strstr(at, "memory")); at += len)
		if ((at == controllers || at[-1] == ',') && (at[len] == ',' || at[len] == '\0'))
			return true;
	return false;
}

/* Lines are "ID:CONTROLLERS:/PATH"; that of version 2 names no controllers. */
static double left_by_groups(void)
{
	char line[PATH_MAX + 256];
	double least = INFINITY;
	FILE *f = open_file("/proc/self", "cgroup");

	while (f && fgets(line, sizeof line, f)) {
		char *controllers = strchr(line, ':'), *group;

		if (!controllers || !(group = strchr(++controllers, ':')))
			continue;
		*group++ = '\0';
		group[strcspn(group, "\n")] = '\0';
		if (*controllers && !has_memory(controllers))
			continue;
		const double left = left_up(*controllers ? &v1 : &v2, group);
		least = left < least ? left : least;
	}
	if (f)
		fclose(f);
	return least;
}

/* All of it -------------------------------------------------------------- */

static double left_by_address_space(void)
{
	const double pages = number_in("/proc/self", "statm", "");
	struct rlimit limit;

	if (getrlimit(RLIMIT_AS, &limit) || limit.rlim_cur == RLIM_INFINITY)
		return INFINITY;
	return (double)limit.rlim_cur - (pages < 0 ? 0 : pages * (double)sysconf(_SC_PAGESIZE));
}

/* Freed blocks that the C library keeps. */
static double kept_by_library(void)
{
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
	return (double)mallinfo2().fordblks;
#else
	return 0;
#endif
}

double fed_mem_available(void)
{
	const double free_kb = number_in("/proc", "meminfo", "MemAvailable:");
	const double left[] = {left_by_groups(), left_by_address_space()};
	double bytes = free_kb < 0 ? INFINITY : free_kb * 1024;

	for (size_t i = 0; i < sizeof left / sizeof *left; i++)
		bytes = left[i] < bytes ? left[i] : bytes;
	return (bytes < 0 ? 0 : bytes) + kept_by_library();
}
