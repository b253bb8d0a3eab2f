/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/serving/key_files.h - the files of keys: key pairs of this user, and the keys that servers
 * had when they were met first.
 *
 * All are in the state folder, for the user alone (0700, 0600).  Secret keys are in no history,
 * journal or log.
 */
#ifndef FED_SHELL_SERVING_KEY_FILES_H
#define FED_SHELL_SERVING_KEY_FILES_H

#include "network/network.h"

#include "base/text.h"

/* Append the path of the key pair of this name ("server"; a member's); false: there is no home. */
bool fed__key_path(struct fed_text *, const char *name);

/* The key that the server had when it was met first; false: it is not known. */
bool fed__known_server(const char *host, uint16_t port, char key[FED_KEY_TEXT]);
/* Remember it.  FED_FAIL: the file cannot be written. */
int fed__known_server_add(const char *host, uint16_t port, const char *key, struct fed_error *);
/* Forget it; *was: whether it was known. */
int fed__known_server_forget(const char *host, uint16_t port, bool *was, struct fed_error *);
/* FED_FAIL, and how to forget it: the server is known with another key. */
int fed__known_server_check(const char *host, uint16_t port, const char *key, struct fed_error *);

#endif
