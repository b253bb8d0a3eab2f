/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/file.c - reading of whole regular files; pipes and devices are refused.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#if FED_HAVE_DEFLATE
#include <libdeflate.h>
#else
#include <zlib.h>
#endif

uint32_t fed_crc32(uint32_t crc, const void *bytes, size_t n)
{
#if FED_HAVE_DEFLATE
	return n > 0 ? libdeflate_crc32(crc, bytes, n) : crc; /* several times as fast */
#else
	return n > 0 ? (uint32_t)crc32_z(crc, bytes, n) : crc;
#endif
}

static const char *kind_of(mode_t mode)
{
	return S_ISDIR(mode)                    ? "is a directory"
	       : S_ISFIFO(mode)                 ? "is a pipe"
	       : S_ISSOCK(mode)                 ? "is a socket"
	       : S_ISCHR(mode) || S_ISBLK(mode) ? "is a device"
	                                        : "is not a regular file";
}

int fed_file_descriptor(const char *path, int *fd, uint64_t *size, struct fed_error *err)
{
	struct stat st;

	/* Opening a device may have effects, so its kind is checked first; O_NONBLOCK is for a pipe
	 * that replaces the file in between. */
	if (stat(path, &st) != 0)
		return fed_fail(err, "%s: %s", fed_show(path).s, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fed_fail(err, "%s: %s, not a file", fed_show(path).s, kind_of(st.st_mode));
	const int opened = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (opened < 0)
		return fed_fail(err, "%s: %s", fed_show(path).s, strerror(errno));
	if (fstat(opened, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(opened);
		return fed_fail(err, "%s: is no longer a file", fed_show(path).s);
	}
	*fd = opened;
	*size = (uint64_t)st.st_size;
	return FED_OK;
}

int fed_file_readable(const char *path, uint64_t *size, struct fed_error *err)
{
	int fd;

	if (fed_file_descriptor(path, &fd, size, err) != FED_OK)
		return FED_FAIL;
	close(fd);
	return FED_OK;
}

int fed__file_pull(int fd, void *bytes, size_t n, size_t *got)
{
	/* Linux reads at most 2 GiB at once. */
	const size_t most = (size_t)1 << 30;

	*got = 0;
	while (*got < n) {
		const size_t want = n - *got < most ? n - *got : most;
		const ssize_t r = read(fd, (char *)bytes + *got, want);

		if (r == 0)
			return 0;
		if (r < 0 && errno != EINTR)
			return errno;
		if (r > 0)
			*got += (size_t)r;
	}
	return 0;
}

static int too_large(const char *path, uint64_t limit, struct fed_error *err)
{
	struct fed_text most = {0};

	fed_text_bytes(&most, (double)limit);
	fed_fail(err, "%s: is larger than %s", fed_show(path).s,
	         most.failed ? "allowed" : fed_text_str(&most));
	fed_text_release(&most);
	return FED_FAIL;
}

enum { READ_LEAST = 16384 }; /* bytes at once */

int fed_file_read(const char *path, uint64_t limit, struct fed_text *out, struct fed_error *err)
{
	const size_t before = out->len;
	uint64_t size;
	size_t got;
	int fd, error = 0, rc = FED_OK;

	if (fed_file_descriptor(path, &fd, &size, err) != FED_OK)
		return FED_FAIL;
	if (size > limit)
		rc = too_large(path, limit, err);
	/* Read to the end, not to the size at opening: the file may grow, and files under /proc have no
	 * size. */
	size_t block = size + 1 < READ_LEAST ? READ_LEAST : size + 1;
	do {
		char *to = rc == FED_OK ? fed_text_reserve(out, block) : NULL;
		got = 0;
		if (rc == FED_OK && !to)
			rc = fed_fail(err, "%s: out of memory (%llu bytes)", fed_show(path).s,
			              (unsigned long long)size);
		if (to && (error = fed__file_pull(fd, to, block, &got)) == 0) {
			out->len += got;
			out->s[out->len] = '\0';
		}
		if (out->len - before > limit)
			rc = too_large(path, limit, err);
	} while (rc == FED_OK && error == 0 && got == block);
	close(fd);
	if (error != 0)
		rc = fed_fail(err, "%s: cannot be read: %s", fed_show(path).s, strerror(error));
	/* restore it */
	if (rc != FED_OK && out->s) {
		out->len = before;
		out->s[before] = '\0';
	}
	return rc;
}

void fed_path_expand(const char *path, struct fed_text *out)
{
	const char *home = getenv("HOME");

	/* without HOME "~" is kept, and the error names it */
	if (path[0] == '~' && (path[1] == '/' || path[1] == '\0') && home && *home) {
		fed_text_put(out, home, strlen(home));
		path++;
	}
	fed_text_put(out, path, strlen(path));
}
