/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/file_write.c - atomic replacement of a file: write a temporary, sync, rename.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/countdown.h"
#include "base/file.h"
#include "base/mem.h"

enum { ATTEMPTS = 100 }; /* at an unused name */
enum { DIGITS = 6 };     /* of a temporary's number */

/* What a temporary's name has behind that of its file, before the number. */
static const char mark[] = ".fedsh.tmp";

static _Atomic uint64_t countdown; /* steps until the one that fails; 0: none does */
static atomic_int injected_error;

void fed__file_fail_at(uint64_t k, int error)
{
	atomic_store(&injected_error, error);
	atomic_store(&countdown, k);
}

bool fed__file_fail_ahead(void)
{
	return atomic_load(&countdown) > 0;
}

/* The error that a test injects into this write, fsync or rename, or 0. */
static int injected(void)
{
	return fed__countdown(&countdown) ? atomic_load(&injected_error) : 0;
}

/* The target of PATH, so that a symbolic link is kept; freed by the caller (fed_free). */
static char *target_of(const char *path)
{
	char *real = realpath(path, NULL);
	char *target = fed_strdup(real ? real : path);

	free(real);
	return target;
}

/* The longest name of a file in the folder of `path`, in bytes. */
static size_t longest_name(const char *path)
{
	char *copy = fed_strdup(path);
	const long most = copy ? pathconf(dirname(copy), _PC_NAME_MAX) : -1;

	fed_free(copy);
	return most > 0 ? (size_t)most : NAME_MAX;
}

/* The bytes of `path` that a temporary's name begins with, so that the rest of it still fits; whole
 * characters, as some file systems take no others. */
static size_t shortened(const char *path, size_t rest)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const size_t most = longest_name(path), len = strlen(name);
	size_t n = len + rest <= most || most <= rest ? len : most - rest;

	while (n < len && n > 0 && ((unsigned char)name[n] & 0xc0) == 0x80)
		n--;
	return (size_t)(name - path) + n;
}

/* A new file, locked as long as its descriptor or a copy of it is open; a name that is swept at
 * this moment counts as used. */
static int create_locked(const char *name)
{
	const int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	struct stat st;

	if (fd < 0)
		return -1;
	/* Some file systems know no locks: there nothing is swept. */
	const bool taken = flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
	if (!taken && (fstat(fd, &st) != 0 || st.st_nlink > 0))
		return fd;
	close(fd);
	errno = EEXIST;
	return -1;
}

/* Remove a temporary unless its writer, which holds its lock, still lives. */
static void remove_unlocked(int folder, const char *name)
{
	const int fd = openat(folder, name, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && flock(fd, LOCK_EX | LOCK_NB) == 0)
		(void)unlinkat(folder, name, 0);
	close(fd);
}

/* Remove the temporaries of writers that were killed, beside `path`, of whose bytes the first n
 * begin their names.  A failure leaves them to the next time. */
static void sweep(const char *path, size_t n)
{
	char *begin = fed_alloc(n + 1), *copy = fed_strdup(path);
	DIR *folder = begin && copy ? opendir(dirname(copy)) : NULL;
	const struct dirent *entry;

	if (folder) {
		begin[n] = '\0';
		memcpy(begin, path, n);
		const char *slash = strrchr(begin, '/'), *name = slash ? slash + 1 : begin;
		const size_t len = strlen(name);
		while ((entry = readdir(folder))) {
			const char *rest = entry->d_name + len;

			if (strncmp(entry->d_name, name, len) == 0 && strncmp(rest, mark, strlen(mark)) == 0 &&
			    strlen(rest) == strlen(mark) + DIGITS &&
			    strspn(rest + strlen(mark), "0123456789abcdef") == DIGITS)
				remove_unlocked(dirfd(folder), entry->d_name);
		}
		closedir(folder);
	}
	fed_free(copy);
	fed_free(begin);
}

void fed_file_sweep(const char *path)
{
	char *target = target_of(path);

	if (target)
		sweep(target, shortened(target, strlen(mark) + DIGITS));
	fed_free(target);
}

/* A new file beside `path`; with the permissions of the old one, if there is one. */
static int open_temporary(const char *path, const struct stat *old, char **name)
{
	static _Atomic uint64_t made;
	struct fed_text text = {0};
	int fd = -1, error = EEXIST;
	const size_t n = shortened(path, strlen(mark) + DIGITS);

	sweep(path, n);
	for (int i = 0; i < ATTEMPTS && fd < 0 && error == EEXIST; i++) {
		const uint64_t key = fed_random((uint64_t)getpid(), atomic_fetch_add(&made, 1));

		fed_text_clear(&text);
		fed_text_add(&text, "%.*s%s%0*x", (int)n, path, mark, DIGITS, (unsigned)(key & 0xffffff));
		if (text.failed) {
			error = ENOMEM;
			break;
		}
		fd = create_locked(text.s);
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

/* Control characters in a file's name: what shows it, as ls does, would send them to a terminal. */
static int check_name(const char *path, struct fed_error *err)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	size_t n;

	if (*path == '\0')
		return fed_fail(err, "the name is empty; give the name of a file");
	for (const char *at = name; *at; at += n > 0 ? n : 1) {
		uint32_t code = 0;

		n = fed_utf8_next(at, strlen(at), &code);
		if (n > 0 ? fed_utf8_control(code) : (unsigned char)*at < 0xa0)
			return fed_fail(err, "%s: has a control character in its name; give another name",
			                fed_show(path).s);
	}
	return FED_OK;
}

/* Whether the file at `path` may be written over.  The rights are asked of the file too: the
 * superuser may write all, and the rename needs those of the folder only. */
static int check_target(const char *path, const struct stat *st, bool any_kind,
                        struct fed_error *err)
{
	if (!S_ISREG(st->st_mode))
		return any_kind ? FED_OK
		                : fed_fail(err, "%s: is not a regular file; give the name of a file",
		                           fed_show(path).s);
	if ((st->st_mode & 0222) == 0 || (access(path, W_OK) != 0 && errno == EACCES))
		return fed_fail(err,
		                "%s: is write-protected; allow writing with `chmod u+w`, or give another "
		                "name",
		                fed_show(path).s);
	return FED_OK;
}

int fed_file_open(struct fed_file_writer *w, const char *path, struct fed_error *err)
{
	struct stat st;

	*w = (struct fed_file_writer){0};
	if (check_name(path, err) != FED_OK)
		return FED_FAIL;
	w->path = target_of(path);
	if (!w->path)
		return fed_fail_memory(err, strlen(path) + 1, "a file name");
	const bool exists = stat(w->path, &st) == 0;
	if (exists && check_target(path, &st, false, err) != FED_OK) {
		fed_free(w->path);
		w->path = NULL;
		return FED_FAIL;
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
	if (w->error == 0 && !w->unsynced && (w->error = injected()) == 0)
		store_error(w, fsync(fileno(w->f)) == 0);
	const int lock = dup(fileno(w->f)); /* keeps the temporary from a sweep until it is renamed */
	store_error(w, fclose(w->f) == 0);
	w->f = NULL;
	if (w->error == 0 && (w->error = injected()) == 0)
		store_error(w, rename(w->temporary, w->path) == 0);
	if (lock >= 0)
		close(lock);
	if (w->error != 0) {
		const int error = w->error;
		const struct fed_shown path = fed_show(w->path);

		fed_file_abandon(w);
		return fed_fail(err, "%s: cannot be written: %s; nothing was changed", path.s,
		                strerror(error));
	}
	if (!w->unsynced)
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

int fed_file_writable(const char *path, struct fed_error *err)
{
	struct stat st;

	if (check_name(path, err) != FED_OK)
		return FED_FAIL;
	return stat(path, &st) == 0 ? check_target(path, &st, false, err) : FED_OK;
}

static int open_stream(FILE **out, const char *path, bool any_kind, struct fed_error *err)
{
	/* O_NONBLOCK is for a pipe without a reader: opening it would wait. */
	const int flags =
		O_WRONLY | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | (any_kind ? O_TRUNC : O_APPEND);
	struct stat st;

	if (check_name(path, err) != FED_OK ||
	    (stat(path, &st) == 0 && check_target(path, &st, any_kind, err) != FED_OK))
		return FED_FAIL;
	const int fd = open(path, flags, 0666);
	if (fd < 0 && errno == ENXIO)
		return fed_fail(err, "%s: is a pipe or device without a reader", fed_show(path).s);
	if (fd < 0)
		return fed_fail(err, "%s: cannot be written: %s", fed_show(path).s, strerror(errno));
	if (fstat(fd, &st) == 0 && (any_kind || S_ISREG(st.st_mode)) && fcntl(fd, F_SETFL, 0) == 0)
		*out = fdopen(fd, any_kind ? "w" : "a");
	else
		*out = NULL;
	if (*out)
		return FED_OK;
	close(fd);
	return fed_fail(err, "%s: cannot be written as a file", fed_show(path).s);
}

int fed_file_stream_put(FILE *f, const void *bytes, size_t n)
{
	const int error = injected();

	if (error)
		return error;
	errno = 0;
	return fwrite(bytes, 1, n, f) == n && fflush(f) == 0 ? 0 : errno ? errno : EIO;
}

int fed_file_stream(FILE **out, const char *path, const void *begin, size_t n,
                    struct fed_error *err)
{
	struct fed_file_writer w;

	if (fed_file_open(&w, path, err))
		return FED_FAIL;
	w.unsynced = true;
	fed_file_write(&w, begin, n);
	if (fed_file_commit(&w, err) || open_stream(out, path, false, err))
		return FED_FAIL;
	if (fseeko(*out, 0, SEEK_END) == 0)
		return FED_OK;
	fclose(*out);
	return fed_fail(err, "%s: cannot be written: %s", fed_show(path).s, strerror(errno));
}

int fed_file_outlet(FILE **out, const char *path, struct fed_error *err)
{
	return open_stream(out, path, true, err);
}
