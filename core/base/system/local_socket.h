/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/system/local_socket.h - stream sockets between processes of one user on one machine (UNIX
 * domain).
 *
 * They lie in a folder of the user alone, $XDG_RUNTIME_DIR/fedsh or, without that variable,
 * /tmp/fedsh-UID; their names end in .sock. Who connects is asked of the kernel, too: other users
 * are refused, whatever the modes say. All descriptors are closed on exec and do not block.
 */
#ifndef FED_BASE_SYSTEM_LOCAL_SOCKET_H
#define FED_BASE_SYSTEM_LOCAL_SOCKET_H

#include <sys/types.h>

#include "base/text.h"
#include "fedsh/plugin.h"

/* Append the path of the folder and a slash; it is made, and must be the user's own, with access
 * for no others. */
int fed_socket_folder(struct fed_text *path, struct fed_error *);
/* Listen at this path, in the place of what a process left there that has ended. */
int fed_socket_listen(int *fd, const char *path, struct fed_error *);
/* The next connection of this user; -1: there is none. Those of others are closed. */
int fed_socket_accept(int listener);
/* FED_REJECT: no process listens there. */
int fed_socket_connect(int *fd, const char *path, struct fed_error *);
/* Whether a process of user `peer` may connect to one of user `own`. */
bool fed__socket_admits(uid_t peer, uid_t own);
/* Call for the path of each socket that a process listens at; those that were left are removed. The
 * order is that of the folder. */
void fed_sockets_each(const char *folder, void (*take)(void *ctx, const char *path), void *ctx);

/* Write what the socket takes of [0, n): how many bytes; -1: the other end is gone. */
ssize_t fed_socket_send(int fd, const void *bytes, size_t n);
/* Append what has come, at most `most` bytes; false: the other end is gone. */
bool fed_socket_receive(int fd, struct fed_text *, size_t most);

#endif
