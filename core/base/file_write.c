/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/file_write.c - atomic replacement of a file: write a temporary, sync, rename.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

enum { ATTEMPTS = 100 }; /* at an unused name */

static _Atomic uint64_t countdown; /* steps until the one that fails; 0: none does */
static atomic_int injected_error;

void fed_file_fail_at(uint64_t k, int error)
{
	atomic_store(&injected_error, error);
	atomic_store(&countdown, k);
}

/* The error that a test injects into this write, fsync or rename, or 0. */
static int injected(void)
{
	uint64_t left = atomic_load(&countdown);

	while (left > 0 && !atomic_compare_exchange_weak(&countdown, &left, left - 1))
		;
	return left == 1 ? atomic_load(&injected_error) : 0;
}

/* The target of PATH, so that a symbolic link is kept; freed by the caller (fed_free). */
static char *target_of(const char *path)
{
	char *real = realpath(path, NULL);
	char *target = fed_strdup(real ? real : path);

	free(real);
	return target;
}

/* A new file beside `path`, with the permissions of the old one, if there is one. */
static int open_temporary(const char *path, const struct stat *old, char **name)
{
	static _Atomic uint64_t made;
	struct fed_text text = {0};
	int fd = -1, error = EEXIST;

	for (int i = 0; i < ATTEMPTS && fd < 0 && error == EEXIST; i++) {
		const uint64_t key = fed_random((uint64_t)getpid(), atomic_fetch_add(&made, 1));

		fed_text_clear(&text);
		fed_text_add(&text, "%s.tmp%06x", path, (unsigned)(key & 0xffffff));
		if (text.failed) {
			error = ENOMEM;
			break;
		}
		fd = open(text.s, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		error = errno;
	}
	if (fd < 0) {
		fed_text_release(&text);
		errno = error;
		return -1;
	}
	if (old)
		(void)fchmod(fd,
		             old->st_mode & 0777); /* fails on file systems without permissions: ignored */
	*name = text.s;
	return fd;
}

int fed_file_open(struct fed_file_writer *w, const char *path, struct fed_error *err)
{
	struct stat st;

	*w = (struct fed_file_writer){0};
	if (*path == '\0')
		return fed_fail(err, "the name is empty; give the name of a file");
	w->path = target_of(path);
	if (!w->path)
		return fed_fail_memory(err, strlen(path) + 1, "a file name");
	const bool exists = stat(w->path, &st) == 0;
	if (exists && !S_ISREG(st.st_mode)) {
		fed_free(w->path);
		w->path = NULL;
		return fed_fail(err, "%s: is not a regular file; give the name of a file",
		                fed_show(path).s);
	}
	const int fd = open_temporary(w->path, exists ? &st : NULL, &w->temporary);
	if (fd >= 0)
		w->f = fdopen(fd, "wb");
	if (!w->f) {
		const int error = errno;

		if (fd >= 0)
			close(fd);
		fed_file_abandon(w);
		return fed_fail(err, "%s: cannot be written: %s", fed_show(path).s, strerror(error));
	}
	return FED_OK;
}

void fed_file_write(struct fed_file_writer *w, const void *bytes, size_t n)
{
	if (w->error != 0 || n == 0)
		return;
	w->error = injected();
	if (w->error != 0)
		return;
	if (fwrite(bytes, 1, n, w->f) != n)
		w->error = errno ? errno : EIO;
	w->crc = fed_crc32(w->crc, bytes, n);
}

void fed_file_seek(struct fed_file_writer *w, uint64_t at)
{
	if (w->error == 0 && fseeko(w->f, (off_t)at, SEEK_SET) != 0)
		w->error = errno ? errno : EIO;
}

/* Store the error of a step unless an earlier one is stored. */
static void store_error(struct fed_file_writer *w, bool ok)
{
	if (!ok && w->error == 0)
		w->error = errno ? errno : EIO;
}

/* Sync the directory.  After the rename both outcomes of a power cut are a whole file, so a failure
 * here (some file systems have no fsync of directories) is ignored. */
static void sync_folder(char *path)
{
	const int fd = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
}

int fed_file_commit(struct fed_file_writer *w, struct fed_error *err)
{
	if (w->error == 0)
		store_error(w, fflush(w->f) == 0);
	if (w->error == 0 && (w->error = injected()) == 0)
		store_error(w, fsync(fileno(w->f)) == 0);
	store_error(w, fclose(w->f) == 0);
	w->f = NULL;
	if (w->error == 0 && (w->error = injected()) == 0)
		store_error(w, rename(w->temporary, w->path) == 0);
	if (w->error != 0) {
		const int error = w->error;
		const struct fed_shown path = fed_show(w->path);

		fed_file_abandon(w);
		return fed_fail(err, "%s: cannot be written: %s; nothing was changed", path.s,
		                strerror(error));
	}
	sync_folder(w->path);
	fed_free(w->temporary);
	w->temporary = NULL;
	fed_file_abandon(w);
	return FED_OK;
}

void fed_file_abandon(struct fed_file_writer *w)
{
	if (w->f)
		fclose(w->f);
	if (w->temporary)
		unlink(w->temporary);
	fed_free(w->temporary);
	fed_free(w->path);
	*w = (struct fed_file_writer){0};
}
