/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/chrome_trace.h - the run as a trace that Perfetto and chrome://tracing draw.
 */
#ifndef FED_REPORT_CHROME_TRACE_H
#define FED_REPORT_CHROME_TRACE_H

#include "base/file.h"
#include "session/session.h"

/* The Chrome trace event format, in virtual time: a row for the server with its versions and
 * figures, a row for each client with what it did, as far back as journeys are kept. */
int fed_trace_write(struct fed_session *, struct fed_file_writer *, struct fed_error *);

#endif
