/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cluster/mpi/module.c - MPI behind a table of functions; the only file that includes mpi.h.
 *
 * Built once for each MPI library (FED_MPI_NAME), as a shared object that links nothing else of
 * fedsh.  A message of at most `chunk` bytes is one of MPI's, with the tag WHOLE; a longer one is
 * announced by its length (LONG) and follows in pieces (PIECE).
 */
#include "cluster/mpi/table.h"

#include <mpi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define CHUNK ((size_t)1 << 30) /* counts are ints */

enum { WHOLE = 1, LONG, PIECE };

/* A message that is being sent: its requests are finished one after another. */
struct mpi_sending {
	MPI_Request *request; /* [n] */
	int n, left;          /* requests; those that are finished */
	uint64_t length;      /* of a long one */
	void (*done)(void *ctx);
	void *ctx;
	struct mpi_sending *next;
};

static struct {
	size_t chunk, n;
	struct mpi_sending *first, **last;
	/* what probe() found */
	int from;
	size_t length;
	bool in_pieces;
	bool began;
} job;

static int fail(int code, const char *call, char *why)
{
	char text[MPI_MAX_ERROR_STRING];
	int n = 0;

	if (MPI_Error_string(code, text, &n) != MPI_SUCCESS)
		n = 0;
	snprintf(why, FED_MPI_WHY, "%s: %.*s", call, n < 160 ? n : 160, text);
	return 1;
}

static int begin(size_t chunk, struct fed_mpi_place *place, char *why)
{
	MPI_Comm node;
	int given = 0;
	int rc = MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &given);

	if (rc != MPI_SUCCESS)
		return fail(rc, "MPI_Init_thread", why);
	job.began = true;
	if (given < MPI_THREAD_SERIALIZED) {
		snprintf(why, FED_MPI_WHY, "the MPI library was built without support for threads");
		return 1;
	}
	MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
	MPI_Comm_rank(MPI_COMM_WORLD, &place->rank);
	MPI_Comm_size(MPI_COMM_WORLD, &place->ranks);
	rc = MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
	if (rc != MPI_SUCCESS)
		return fail(rc, "MPI_Comm_split_type", why);
	MPI_Comm_size(node, &place->on_node);
	MPI_Comm_free(&node);
	job.chunk = chunk ? chunk : CHUNK;
	job.last = &job.first;
	return 0;
}

static void free_sending(struct mpi_sending *s)
{
	free(s->request);
	free(s);
}

/* Begin the requests of a message; how many there are is known. */
static int post(struct mpi_sending *s, int to, const char *bytes, size_t n)
{
	int rc = MPI_SUCCESS, k = 0;

	if (s->n == 1)
		return MPI_Isend(bytes, (int)n, MPI_BYTE, to, WHOLE, MPI_COMM_WORLD, &s->request[0]);
	s->length = n;
	rc = MPI_Isend(&s->length, sizeof s->length, MPI_BYTE, to, LONG, MPI_COMM_WORLD,
	               &s->request[k++]);
	for (size_t at = 0; rc == MPI_SUCCESS && at < n; at += job.chunk) {
		const size_t piece = n - at < job.chunk ? n - at : job.chunk;

		rc = MPI_Isend(bytes + at, (int)piece, MPI_BYTE, to, PIECE, MPI_COMM_WORLD,
		               &s->request[k++]);
	}
	return rc;
}

static int send_message(int to, const void *bytes, size_t n, void (*done)(void *ctx), void *ctx,
                        char *why)
{
	struct mpi_sending *s = calloc(1, sizeof *s);
	const size_t pieces = n > job.chunk ? 1 + (n + job.chunk - 1) / job.chunk : 1;

	if (s)
		s->request = calloc(pieces, sizeof(MPI_Request));
	if (!s || !s->request) {
		free(s);
		snprintf(why, FED_MPI_WHY, "out of memory for a message");
		return 1;
	}
	s->n = (int)pieces;
	s->done = done;
	s->ctx = ctx;
	const int rc = post(s, to, bytes, n);
	if (rc != MPI_SUCCESS) {
		free_sending(s); /* some of its pieces may be on their way: the job is about to end */
		return fail(rc, "MPI_Isend", why);
	}
	*job.last = s;
	job.last = &s->next;
	job.n++;
	return 0;
}

/* Finish the messages that have left. */
static int test_sendings(char *why)
{
	struct mpi_sending **at = &job.first, *s;

	while ((s = *at)) {
		int left = 1;

		while (s->left < s->n && left) { /* a finished request stays one, and is not asked again */
			const int rc = MPI_Test(&s->request[s->left], &left, MPI_STATUS_IGNORE);

			if (rc != MPI_SUCCESS)
				return fail(rc, "MPI_Test", why);
			s->left += left;
		}
		if (s->left < s->n) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		job.n--;
		s->done(s->ctx);
		free_sending(s);
	}
	job.last = at;
	return 0;
}

static int probe(int *from, size_t *n, char *why)
{
	MPI_Status status;
	int there = 0, count = 0;

	*from = -1;
	if (test_sendings(why))
		return 1;
	int rc = MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &there, &status);
	if (rc != MPI_SUCCESS)
		return fail(rc, "MPI_Iprobe", why);
	if (!there)
		return 0;
	job.from = status.MPI_SOURCE;
	job.in_pieces = status.MPI_TAG == LONG;
	if (job.in_pieces) {
		uint64_t length;

		rc = MPI_Recv(&length, sizeof length, MPI_BYTE, job.from, LONG, MPI_COMM_WORLD,
		              MPI_STATUS_IGNORE);
		if (rc != MPI_SUCCESS)
			return fail(rc, "MPI_Recv", why);
		job.length = length;
	} else {
		MPI_Get_count(&status, MPI_BYTE, &count);
		job.length = (size_t)count;
	}
	*from = job.from;
	*n = job.length;
	return 0;
}

static int receive(void *bytes, char *why)
{
	const int tag = job.in_pieces ? PIECE : WHOLE;
	const size_t chunk = job.in_pieces ? job.chunk : job.length;
	size_t at = 0;

	do {
		const size_t piece = job.length - at < chunk ? job.length - at : chunk;
		const int rc = MPI_Recv((char *)bytes + at, (int)piece, MPI_BYTE, job.from, tag,
		                        MPI_COMM_WORLD, MPI_STATUS_IGNORE);

		if (rc != MPI_SUCCESS)
			return fail(rc, "MPI_Recv", why);
		at += piece;
	} while (at < job.length);
	return 0;
}

static size_t pending(void)
{
	return job.n;
}

static void finish(void)
{
	if (job.began)
		MPI_Finalize();
	job.began = false;
}

static void abort_job(int code)
{
	MPI_Abort(MPI_COMM_WORLD, code);
}

__attribute__((visibility("default"))) const struct fed_mpi fed__mpi = {
	.version = FED_MPI_TABLE,
	.name = FED_MPI_NAME,
	.begin = begin,
	.send = send_message,
	.probe = probe,
	.receive = receive,
	.pending = pending,
	.finish = finish,
	.abort = abort_job,
};
