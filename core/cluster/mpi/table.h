/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cluster/mpi/table.h - functions that the module for an MPI library exports.
 *
 * All are called by one thread of a rank.  Those that return int return 0, or 1 with a clause in
 * `why` [FED_MPI_WHY].
 */
#ifndef FED_CLUSTER_MPI_TABLE_H
#define FED_CLUSTER_MPI_TABLE_H

#include <stddef.h>
#include <stdint.h>

enum { FED_MPI_WHY = 256, FED_MPI_TABLE = 2 /* its version */ };

/* This process in its job. */
struct fed_mpi_place {
	int rank, ranks;
	int on_node; /* ranks on this machine, this one included */
};

/* A message: bytes, and parts of one length that are sent and received where they lie. */
struct fed_mpi_message {
	const void *head;
	size_t bytes; /* of the head, at least one */
	const void *const *part;
	size_t parts, part_bytes;
};

/* The exported constant is called fed__mpi. */
struct fed_mpi {
	uint32_t version; /* FED_MPI_TABLE */
	const char *name; /* of the library that it was built for */
	/* Messages of more than `chunk` bytes go in pieces; 0: of a gibibyte. */
	int (*begin)(size_t chunk, struct fed_mpi_place *, char *why);
	/* Begin to send a message, whose head and parts stay as they are until done(ctx) is called, by
	 * this or by a later function. */
	int (*send)(int to, const struct fed_mpi_message *, void (*done)(void *ctx), void *ctx,
	            char *why);
	/* Look for a message: its sender and lengths, without pointers; *from -1: there is none.  Lets
	 * messages proceed that are being sent. */
	int (*probe)(int *from, struct fed_mpi_message *, char *why);
	/* Receive of the message that probe() found the head, then one part a call; all of them before
	 * the next probe(). */
	int (*receive)(void *to, char *why);
	/* Messages that are still being sent. */
	size_t (*pending)(void);
	/* Leave the job, which waits for the other ranks. */
	void (*finish)(void);
	/* End the job with all its ranks. */
	void (*abort)(int code);
};

#endif
