/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/join/server_key.h - which key a server must have before anything is sent to it.
 */
#ifndef FED_SHELL_JOIN_SERVER_KEY_H
#define FED_SHELL_JOIN_SERVER_KEY_H

#include "shell/join/options.h"
#include "shell/serving/key_files.h"

/* The key that was given, or that is known and the code is of, or that the server tells and the
 * code proves; one that is told is remembered.  FED_REJECT: the server or the code is the wrong
 * one; FED_FAIL: it cannot be had now (*trouble). */
int fed__server_key(const struct fed_join_call *, double timeout, char key[FED_KEY_TEXT],
                    enum fed_network_trouble *trouble, struct fed_error *);
/* The key that was typed, or is in the file that was. */
int fed__server_key_given(const char *typed, char key[FED_KEY_TEXT], struct fed_error *);

#endif
