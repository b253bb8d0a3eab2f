/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cluster/link.h - link of a rank: whole messages to and from the other ranks of its job.
 *
 * Of one thread; no function waits.  Messages of one rank to another arrive in their order.
 */
#ifndef FED_CLUSTER_LINK_H
#define FED_CLUSTER_LINK_H

#include <stdatomic.h>

#include "base/text.h"
#include "fedsh/plugin.h"
#include "net/shared_vectors.h"
#include "plug/guard/packet.h"
#include "train/local/far_body.h"

/* The bytes of a message, shared by the ranks that it is sent to: a text and vectors behind it,
 * which are sent from where they lie. */
struct fed_bytes {
	atomic_uint references;
	struct fed_text text;
	struct fed_shared_vectors *body; /* a reference; NULL: there are none */
	uint32_t first;                  /* the first vector of the body that is sent */
};
/* Takes the text, also on failure; NULL: no memory. */
struct fed_bytes *fed__bytes_new(struct fed_text *);
/* The same, with vectors `first` and those behind it; takes a reference to them, also on failure.
 */
struct fed_bytes *fed__bytes_with(struct fed_text *, struct fed_shared_vectors *, uint32_t first);
size_t fed__bytes_length(const struct fed_bytes *); /* of both */
struct fed_bytes *fed__bytes_ref(struct fed_bytes *);
void fed__bytes_unref(struct fed_bytes *); /* NULL is fine */

struct fed_rank_link {
	int rank, ranks;     /* of the job, and what follows: */
	int on_node;         /* ranks on this machine, this one included */
	const char *name;    /* of the library */
	const char *unbound; /* what is typed to start ranks that may use all processors */
	bool moved;          /* the last poll sent or received something, if not a whole message */
	/* Vectors that the message of the last poll has besides, and bytes of each; 0: none, or they
	 * are at its end. */
	uint32_t vectors;
	size_t vector_bytes;
	struct fed_rank_link_row {
		/* Takes a reference. */
		int (*send)(struct fed_rank_link *, int to, struct fed_bytes *, struct fed_error *);
		/* The next message, appended to `out` (cleared first); *from -1: none has come.  All
		 * vectors of the one before it were received. */
		int (*poll)(struct fed_rank_link *, int *from, struct fed_text *out, struct fed_error *);
		/* The next of its vectors.  NULL: they are always at the end of the message. */
		int (*receive)(struct fed_rank_link *, void *to, struct fed_error *);
		/* Whether all that was sent has left. */
		bool (*idle)(struct fed_rank_link *);
		void (*close)(struct fed_rank_link *);
	} const *row;
};

/* The link of rank 0 to workers that it starts: a shell on its own terminal.  program: the path of
 * fedsh.  FEDSH_MPIRUN in the environment is the launcher with its options; without it, `mpirun`.
 */
int fed__rank_link_workers(struct fed_rank_link **, int workers, const char *program,
                           struct fed_error *);
/* The other end: pass messages between the shell at the socket and the ranks of this link, which is
 * that of rank 0, until one of them ends. */
int fed__relay(struct fed_rank_link *, const char *socket, struct fed_error *);

/* The link of a process that an MPI launcher started.  folder: where the modules may be, NULL past
 * the last.  FED_REJECT: no launcher started it, or the module for its library is missing: what to
 * do. */
int fed__rank_link_mpi(struct fed_rank_link **, const char *const *folder, struct fed_error *);

/* Pauses of a thread that looks for messages: they grow while none comes.  Short ones take time
 * from the trainings of this process, and long ones leave threads idle that wait for a message; so
 * they grow further while all threads work than while one waits. */
struct fed_link_pause {
	double seconds; /* of the last one; 0: none was needed */
	double since;   /* the last message, in the same seconds */
};
enum fed_link_wait {
	FED_WAIT_BUSY,  /* all threads of this process have work */
	FED_WAIT_IDLE,  /* a thread waits for what comes */
	FED_WAIT_QUIET, /* nothing is waited for */
};
/* moved: something came or left since the last one. */
double fed__link_pause(struct fed_link_pause *, bool moved, enum fed_link_wait);
#define FED_PAUSE_MOST 1e-3

/* The vectors of the last message, for who reads it. */
struct fed_far_body fed__link_body(struct fed_rank_link *);
/* Append to it the vectors that were not received. */
int fed__link_rest(struct fed_rank_link *, struct fed_text *, struct fed_error *);
/* Send a packet, which is cleared. */
int fed__send_packet(struct fed_rank_link *, int to, struct fed_packet *, struct fed_error *);

#endif
