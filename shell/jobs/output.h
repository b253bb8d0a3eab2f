/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/jobs/output.h - what a job prints: two streams into a queue, which the prompt's thread
 * empties, or to the watch.
 */
#ifndef FED_SHELL_JOBS_OUTPUT_H
#define FED_SHELL_JOBS_OUTPUT_H

#include <pthread.h>

#include "base/text.h"
#include "fedsh/plugin.h"
#include "tui/watch.h"

struct fed_job_stream {
	struct fed_job_output *output;
	bool errors;
};

struct fed_job_output {
	FILE *out, *errors;      /* the streams */
	FILE *shown_errors;      /* where errors go that no terminal shows; NULL: with the others */
	struct fed_watch *watch; /* NULL: to the queue */
	int event;               /* descriptor, readable while there is something in the queue */
	struct fed_job_stream stream[2];
	pthread_mutex_t lock; /* of: */
	struct fed_text queue;
};

int fed__job_output_init(struct fed_job_output *, FILE *shown_errors, struct fed_error *);
void fed__job_output_release(struct fed_job_output *); /* zeroed is allowed */
/* Move the lines of the queue to the end of a text; all: the last one, too, that has no end yet. */
void fed__job_output_take(struct fed_job_output *, struct fed_text *, bool all);

#endif
