/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/guard/worker.h - a worker process and calls to it, seen from fedsh.
 *
 * A worker has loaded one plugin, perhaps with a pre-aggregation, and holds one instance; or the
 * plugins that trainings need.  After a failed call the process is gone; the next call is for a new
 * one.
 */
#ifndef FED_PLUG_GUARD_WORKER_H
#define FED_PLUG_GUARD_WORKER_H

#include <pthread.h>
#include <sys/types.h>

#include "plug/guard/guard.h"
#include "plug/guard/packet.h"
#include "plug/guard/protocol.h"

/* Block of shared memory that one call after another uses for what the plugin writes.  The values
 * end at the block's end, on a cache line; what lies around them is checked. */
struct fed_worker_output {
	char *block;
	size_t bytes; /* of the block */
	void *values; /* [used], in the block */
	size_t used;  /* bytes */
};

/* Copies of inputs that do not lie in shared memory. */
struct fed_worker_copies {
	struct fed_worker_copy {
		void *block;
		size_t bytes;
	} * copy; /* [n]; those from `used` on are kept for later ones */
	size_t n, capacity, used;
};

struct fed_worker {
	struct fed_guard *guard;
	const char *name;            /* of the plugin, the entry's */
	int files[FED_WORKER_FILES]; /* of its plugins, the entries'; -1: none */
	enum fed_worker_task task;
	/* Whether a call that runs is no longer wanted; NULL: it is. */
	bool (*stopped)(void *ctx);
	void *stopped_ctx;
	pthread_mutex_t lock; /* one call at a time, of what follows: */
	pid_t pid;            /* 0: not running */
	int socket;
	int output; /* what the plugin prints comes from here */
	struct fed_crash_report *report;
	struct fed_worker_output out;
	struct fed_worker_copies copies;
	void *rows; /* [rows_bytes] */
	size_t rows_bytes;
	struct fed_packet packet; /* the request that is being written */
	enum fed_request asked;   /* its kind */
	struct fed_text received;
	struct fed_packet_wait wait; /* for replies */
	uint32_t notes;              /* of the call that runs */
	struct fed_text line;        /* printed, not yet ended */
	char finding[200];           /* of a sanitizer, in what was printed (failure.h); "": none */
	uint64_t starts, calls;
	double seconds; /* in calls */
	struct fed_worker_kept *kept;
	struct fed_worker_growth {
		uint64_t bytes; /* that the process had allocated after its last whole call; 0: none yet */
		uint64_t from;  /* before the calls in a row after each of which they were more */
		uint32_t calls; /* in that row */
		bool told;
	} growth;
	/* What a new process has to be told again: */
	uint32_t own_layers;   /* that the model has */
	bool trial;            /* of its layers, since build(): a loss is not reported, but kept */
	uint32_t losses;       /* calls of layers in a row that ended the process */
	struct fed_error loss; /* the first of them */
	uint64_t built;        /* the start whose process has made the model's layers */
	struct fed_text build; /* values of the request that built it */
	uint64_t opened;       /* the start whose process has opened the transport */
	/* While a transport's message arrives, which fedsh takes in the middle of a call: */
	bool arrives;
	double now; /* the transport's */
};

/* A worker whose process is started by its first call.  files: descriptors (-1: none) by
 * enum fed_worker_descriptor, from FED_WORKER_PLUGIN on. */
int fed_worker_new(struct fed_worker **, struct fed_guard *, const char *name, enum fed_worker_task,
                   const int files[FED_WORKER_FILES], struct fed_error *);
void fed_worker_free(struct fed_worker *); /* NULL is fine */
/* Begin and end what only one thread may do with a worker.  enter starts the process if it does not
 * run. */
int fed_worker_enter(struct fed_worker *, struct fed_error *);
void fed_worker_leave(struct fed_worker *);

/* Zeroed memory that lives as long as the worker; NULL: no memory. */
void *fed__worker_keep(struct fed_worker *, size_t bytes);
/* Report what happened to the plugin where its function cannot fail, as if it had printed it. */
void fed__worker_report(const struct fed_worker *, const char *text);

/* Callback for what a plugin asks of the host while a call runs.  An answer, where one is due, is
 * written to `answer` (cleared, FED_REPLY) and sent when the function returns true. */
struct fed_worker_host {
	bool (*asked)(void *ctx, struct fed_packet_reader *, struct fed_packet *answer);
	void *ctx;
};

/* Begin a request in w->packet. */
struct fed_packet *fed_worker_request(struct fed_worker *, enum fed_request);
/* Send the request and wait for the reply; `function` names what the plugin does, for errors.  rc:
 * the plugin's own code, with its text in `words`.  FED_FAIL: the worker is lost, and err says what
 * happened to the plugin: "crashed in reduce() at vote.c:12 ...".  host: NULL when the plugin can
 * ask for nothing. */
int fed_worker_call(struct fed_worker *, const char *function, const struct fed_worker_host *host,
                    struct fed_packet_reader *reply, int *rc, struct fed_error *words,
                    struct fed_error *err);

/* Memory for `bytes` of output, filled by nothing; NULL: no memory.  Valid until the next. */
void *fed_worker_output(struct fed_worker *, size_t bytes);
/* Write where the output is into the request. */
void fed_put_output(struct fed_packet *, const struct fed_worker *);
/* Whether nothing around the output was written. */
bool fed_worker_output_intact(const struct fed_worker *);
/* Write the offset of an input (NULL: none) into the request: where it lies in shared memory, or of
 * a copy that is valid until fed_worker_drop_copies().  Without memory the request fails. */
void fed_put_input(struct fed_worker *, const void *, size_t bytes);
/* Memory that is kept from one aggregation to the next, whose pages are there already; undefined
 * contents.  NULL: no memory. */
void *fed__worker_rows(struct fed_worker *, size_t bytes);
void fed_worker_drop_copies(struct fed_worker *, size_t but); /* all but the first so many */

#endif
