/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/guard/failure.h - cause of a worker process's end, in words.
 */
#ifndef FED_PLUG_GUARD_FAILURE_H
#define FED_PLUG_GUARD_FAILURE_H

#include <stdbool.h>
#include <sys/types.h>

#include "fedsh/plugin.h"
#include "plug/guard/protocol.h"

/* How a call failed, seen from fedsh. */
enum fed_worker_loss {
	FED_LOST_CONNECTION, /* it closed the socket, and goes on running */
	FED_LOST_ENDED,      /* it ended by itself */
	FED_LOST_DEADLINE,
	FED_LOST_INTERRUPTED,
	FED_LOST_NONSENSE, /* what it answered is no reply */
	FED_LOST_MEMORY,   /* fedsh had no memory for its answer */
};

/* Whether a process ends within a moment; its status. */
bool fed__worker_ended(pid_t, int *status);
/* What is known of the end of a process. */
struct fed_worker_end {
	const struct fed_crash_report *report;
	enum fed_worker_loss how;
	int status;           /* waitpid's */
	const char *function; /* that ran, with its brackets */
	const char *finding;  /* of a sanitizer, or "" */
	double deadline;      /* seconds */
	double memory;        /* bytes that the plugin may allocate; 0: any */
	int file;             /* of the plugin, for the line */
};

/* Look for what a sanitizer found, and where, in a line that was printed. */
void fed__sanitizer_note(char *finding, size_t size, const char *line);
/* Set the error to what the plugin did: "crashed in reduce() at vote.c:12: ...".  Returns
 * FED_FAIL. */
int fed__worker_failure(const struct fed_worker_end *, struct fed_error *);

#endif
