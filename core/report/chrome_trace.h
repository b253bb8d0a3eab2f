/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/chrome_trace.h - export of the run as a Chrome trace, for Perfetto and chrome://tracing.
 */
#ifndef FED_REPORT_CHROME_TRACE_H
#define FED_REPORT_CHROME_TRACE_H

#include "base/file.h"
#include "session/session.h"

/* Write the trace in virtual time: a row for the server with its versions and metrics, and a row
 * for each client with the phases of its invitations, as far back as the invitation log goes. */
int fed__trace_write(struct fed_session *, struct fed_file_writer *, struct fed_error *);

#endif
