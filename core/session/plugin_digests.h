/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/plugin_digests.h - which builds of its plugins a session uses.
 */
#ifndef FED_SESSION_PLUGIN_DIGESTS_H
#define FED_SESSION_PLUGIN_DIGESTS_H

#include "session/session.h"

/* Append the plugins in use with the size and CRC-32 of their files: "aggregator fedavg 20480
 * 1a2b3c4d", a line each; "aggregator vote unknown" where the file is there no more. */
void fed_plugin_digests_put(const struct fed_session *, struct fed_text *);

#endif
