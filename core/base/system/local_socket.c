/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/system/local_socket.c - stream sockets between processes of one user.
 */
#include "base/system/local_socket.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 8
static const char ending[] = ".sock";

/* The folder ---------------------------------------------------------------- */

/* Without a link in its place, which another user could have made in /tmp. */
static int check_folder(const char *path, struct fed_error *err)
{
	struct stat st;

	if (mkdir(path, 0700) && errno != EEXIST)
		return fed_fail(err, "%s: %s", path, strerror(errno));
	if (lstat(path, &st))
		return fed_fail(err, "%s: %s", path, strerror(errno));
	if (!S_ISDIR(st.st_mode) || st.st_uid != getuid() || (st.st_mode & 077))
		return fed_fail(err, "%s: is no folder of this user alone (mode 700)", path);
	return FED_OK;
}

int fed_socket_folder(struct fed_text *path, struct fed_error *err)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	const size_t begin = path->len;

	if (runtime && *runtime == '/')
		fed_text_add(path, "%s/fedsh", runtime);
	else
		fed_text_add(path, "/tmp/fedsh-%lu", (unsigned long)getuid());
	if (path->failed)
		return fed_fail(err, "out of memory (a path)");
	const int rc = check_folder(path->s + begin, err);
	fed_text_add(path, "/");
	return rc;
}

/* Sockets ------------------------------------------------------------------- */

static int make_address(struct sockaddr_un *address, const char *path, struct fed_error *err)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof address->sun_path)
		return fed_fail(err, "%s: has %zu bytes; the path of a socket has at most %zu",
		                fed_show(path).s, strlen(path), sizeof address->sun_path - 1);
	memcpy(address->sun_path, path, strlen(path) + 1);
	return FED_OK;
}

static int new_socket(int *fd, struct fed_error *err)
{
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return *fd < 0 ? fed_fail(err, "no socket: %s", strerror(errno)) : FED_OK;
}

int fed_socket_connect(int *fd, const char *path, struct fed_error *err)
{
	struct sockaddr_un address;

	if (make_address(&address, path, err) || new_socket(fd, err))
		return FED_FAIL;
	if (connect(*fd, (const struct sockaddr *)&address, sizeof address) == 0)
		return FED_OK;
	const int error = errno;
	close(*fd);
	*fd = -1;
	return error == ECONNREFUSED || error == ENOENT
	           ? fed_reject(err, "%s: no session listens there", fed_show(path).s)
	           : fed_fail(err, "%s: %s", fed_show(path).s, strerror(error));
}

/* Remove a socket without a listener. */
static bool remove_left(const char *path)
{
	struct fed_error unused;
	struct stat st;
	int fd;

	if (lstat(path, &st) || !S_ISSOCK(st.st_mode))
		return false;
	const int rc = fed_socket_connect(&fd, path, &unused);
	if (rc == FED_OK)
		close(fd);
	return rc == FED_REJECT && unlink(path) == 0;
}

int fed_socket_listen(int *fd, const char *path, struct fed_error *err)
{
	struct sockaddr_un address;

	if (make_address(&address, path, err))
		return FED_FAIL;
	remove_left(path);
	if (new_socket(fd, err))
		return FED_FAIL;
	/* the mode of the file is that of the descriptor, before others can see it */
	if (fchmod(*fd, 0600) == 0 &&
	    bind(*fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
	    listen(*fd, BACKLOG) == 0)
		return FED_OK;
	const int error = errno;
	close(*fd);
	*fd = -1;
	return fed_fail(err, "%s: %s", fed_show(path).s, strerror(error));
}

bool fed__socket_admits(uid_t peer, uid_t own)
{
	return peer == own;
}

static bool is_admitted(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof peer;

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && size == sizeof peer &&
	       fed__socket_admits(peer.uid, getuid());
}

int fed_socket_accept(int listener)
{
	for (;;) {
		const int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0 && errno == EINTR)
			continue;
		if (fd < 0 || is_admitted(fd))
			return fd;
		close(fd);
	}
}

void fed_sockets_each(const char *folder, void (*take)(void *ctx, const char *path), void *ctx)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		const size_t n = strlen(entry->d_name), end = sizeof ending - 1;
		struct fed_text path = {0};
		struct stat st;

		if (n <= end || strcmp(entry->d_name + n - end, ending) != 0)
			continue;
		fed_text_add(&path, "%s%s", folder, entry->d_name);
		if (!path.failed && lstat(path.s, &st) == 0 && S_ISSOCK(st.st_mode) && !remove_left(path.s))
			take(ctx, path.s);
		fed_text_release(&path);
	}
	if (dir)
		closedir(dir);
}

/* Bytes ---------------------------------------------------------------------- */

ssize_t fed_socket_send(int fd, const void *bytes, size_t n)
{
	const ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (sent >= 0)
		return sent;
	return errno == EAGAIN || errno == EINTR || errno == ENOBUFS ? 0 : -1;
}

bool fed_socket_receive(int fd, struct fed_text *text, size_t most)
{
	char bytes[1 << 16];

	while (most > 0) {
		const ssize_t n = recv(fd, bytes, most < sizeof bytes ? most : sizeof bytes, MSG_DONTWAIT);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		if (n == 0)
			return false;
		fed_text_put(text, bytes, (size_t)n);
		most -= (size_t)n;
	}
	return true;
}
