/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker/serve.h - the loop of a worker process, and what its requests share.
 */
#ifndef FED_WORKER_SERVE_H
#define FED_WORKER_SERVE_H

#include "base/system/pool.h"
#include "plug/calls/call.h"
#include "worker/memory.h"

struct fed_worker_layer; /* of the model that was built: serve_model.c */

struct fed_server {
	int socket;
	struct fed_worker_memory memory;
	struct fed_entry *entry[2];   /* the plugin; the pre-aggregation or NULL */
	struct fed_instance instance; /* with the pre-aggregation in `after` */
	struct fed_pool *pool;
	int threads;
	/* The open aggregation. */
	bool open;
	struct fed_aggregation aggregation;
	struct fed_host outer; /* its notes go to fedsh */
	/* The model's own layers. */
	struct fed_worker_layer *layer;
	size_t layers;
	struct fed_text received;
	struct fed_packet reply;
};

/* Open the plugins at these paths (NULL: none); serve until fedsh closes the socket.  Returns the
 * process's exit code. */
int fed__serve(struct fed_server *, enum fed_worker_task, const char *const path[FED_WORKER_FILES]);

/* Open the plugin and, or NULL, the pre-aggregation, and make the instance. */
int fed__serve_open(struct fed_server *, const char *path, const char *before, struct fed_error *);
/* Set the instance's state to that in the request.  FED_FAIL: the request cannot be served. */
int fed__serve_state(struct fed_server *, struct fed_packet_reader *, struct fed_error *);
/* Its vectors, as they lie in shared memory. */
int fed__serve_vectors(struct fed_server *, struct fed_packet_reader *, struct fed_error *);
/* As many threads as fedsh has; NULL: one. */
struct fed_pool *fed__serve_pool(struct fed_server *, uint64_t threads);
/* Send a packet in the middle of a request, and wait for the answer (NULL: none is due). */
bool fed__serve_ask(struct fed_server *, const struct fed_packet *, struct fed_packet_reader *);

/* One request: rc with its words in err; values of the reply are put behind them, into
 * server->reply, whose code the loop sets. */
typedef int fed_serve(struct fed_server *, struct fed_packet_reader *, struct fed_error *);
fed_serve fed__serve_aggregation, fed__serve_add, fed__serve_finish, fed__serve_release,
	fed__serve_tell, fed__serve_number;
fed_serve fed__serve_plan, fed__serve_craft, fed__serve_collude, fed__serve_suits,
	fed__serve_poison, fed__serve_local_gradient, fed__serve_local_end;
fed_serve fed__serve_build, fed__serve_layer;
fed_serve fed__serve_transport;
fed_serve fed__serve_selection, fed__serve_codec;
fed_serve fed__serve_check;

#endif
