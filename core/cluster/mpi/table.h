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

enum { FED_MPI_WHY = 256, FED_MPI_TABLE = 1 /* its version */ };

/* This process in its job. */
struct fed_mpi_place {
	int rank, ranks;
	int on_node; /* ranks on this machine, this one included */
};

/* The exported constant is called fed__mpi. */
struct fed_mpi {
	uint32_t version; /* FED_MPI_TABLE */
	const char *name; /* of the library that it was built for */
	/* Messages of more than `chunk` bytes go in pieces; 0: of a gibibyte. */
	int (*begin)(size_t chunk, struct fed_mpi_place *, char *why);
	/* Begin to send a message, whose bytes stay as they are until done(ctx) is called, by this or
	 * by a later function. */
	int (*send)(int to, const void *bytes, size_t n, void (*done)(void *ctx), void *ctx, char *why);
	/* Look for a message: its sender and length; *from -1: there is none.  Lets messages proceed
	 * that are being sent. */
	int (*probe)(int *from, size_t *n, char *why);
	/* Receive the message that probe() found. */
	int (*receive)(void *bytes, char *why);
	/* Messages that are still being sent. */
	size_t (*pending)(void);
	/* Leave the job, which waits for the other ranks. */
	void (*finish)(void);
	/* End the job with all its ranks. */
	void (*abort)(int code);
};

#endif
