/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cluster/mpi/module.c - MPI behind a table of functions; the only file that includes mpi.h.
 *
 * Built once for each MPI library (FED_MPI_NAME), as a shared object that links nothing else of
 * fedsh.  A message of at most `chunk` bytes without parts is one of MPI's, with the tag WHOLE;
 * another one is announced by its lengths (LONG) and follows in pieces (PIECE), none of which has
 * bytes of both the head and a part, or of two parts.
 */
#include "cluster/mpi/table.h"

#include <mpi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define CHUNK ((size_t)1 << 30) /* counts are ints */

enum { WHOLE = 1, LONG, PIECE };

/* The announcement of a long message. */
struct mpi_lengths {
	uint64_t head, parts, part_bytes;
};

/* A message that is being sent: its requests are finished one after another. */
struct mpi_sending {
	MPI_Request *request;       /* [n] */
	int n, left;                /* requests; those that are finished */
	struct mpi_lengths lengths; /* of a long one */
	void (*done)(void *ctx);
	void *ctx;
	struct mpi_sending *next;
};

static struct {
	size_t chunk, n;
	struct mpi_sending *first, **last;
	/* what probe() found */
	int from;
	struct mpi_lengths found;
	bool in_pieces, head_taken;
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

static size_t pieces_of(size_t bytes)
{
	return (bytes + job.chunk - 1) / job.chunk;
}

/* Begin the requests of some bytes, from request *k on. */
static int post_pieces(struct mpi_sending *s, int *k, int to, const char *bytes, size_t n)
{
	int rc = MPI_SUCCESS;

	for (size_t at = 0; rc == MPI_SUCCESS && at < n; at += job.chunk) {
		const size_t piece = n - at < job.chunk ? n - at : job.chunk;

		rc = MPI_Isend(bytes + at, (int)piece, MPI_BYTE, to, PIECE, MPI_COMM_WORLD,
		               &s->request[(*k)++]);
	}
	return rc;
}

/* Begin the requests of a message; how many there are is known. */
static int post(struct mpi_sending *s, int to, const struct fed_mpi_message *m)
{
	int k = 0;

	if (s->n == 1)
		return MPI_Isend(m->head, (int)m->bytes, MPI_BYTE, to, WHOLE, MPI_COMM_WORLD,
		                 &s->request[0]);
	s->lengths = (struct mpi_lengths){m->bytes, m->parts, m->part_bytes};
	int rc = MPI_Isend(&s->lengths, sizeof s->lengths, MPI_BYTE, to, LONG, MPI_COMM_WORLD,
	                   &s->request[k++]);
	if (rc == MPI_SUCCESS)
		rc = post_pieces(s, &k, to, m->head, m->bytes);
	for (size_t i = 0; rc == MPI_SUCCESS && i < m->parts; i++)
		rc = post_pieces(s, &k, to, m->part[i], m->part_bytes);
	return rc;
}

static int send_message(int to, const struct fed_mpi_message *m, void (*done)(void *ctx), void *ctx,
                        char *why)
{
	struct mpi_sending *s = calloc(1, sizeof *s);
	const bool whole = m->bytes <= job.chunk && m->parts == 0;
	const size_t pieces = whole ? 1 : 1 + pieces_of(m->bytes) + m->parts * pieces_of(m->part_bytes);

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
	const int rc = post(s, to, m);
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

static int probe(int *from, struct fed_mpi_message *m, char *why)
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
	job.head_taken = false;
	if (job.in_pieces) {
		rc = MPI_Recv(&job.found, sizeof job.found, MPI_BYTE, job.from, LONG, MPI_COMM_WORLD,
		              MPI_STATUS_IGNORE);
		if (rc != MPI_SUCCESS)
			return fail(rc, "MPI_Recv", why);
	} else {
		MPI_Get_count(&status, MPI_BYTE, &count);
		job.found = (struct mpi_lengths){.head = (uint64_t)count};
	}
	*from = job.from;
	*m = (struct fed_mpi_message){
		.bytes = job.found.head, .parts = job.found.parts, .part_bytes = job.found.part_bytes};
	return 0;
}

static int receive(void *to, char *why)
{
	const size_t length = job.head_taken ? job.found.part_bytes : job.found.head;
	const int tag = job.in_pieces ? PIECE : WHOLE;
	const size_t chunk = job.in_pieces ? job.chunk : length;
	size_t at = 0;

	job.head_taken = true;
	do {
		const size_t piece = length - at < chunk ? length - at : chunk;
		const int rc = MPI_Recv((char *)to + at, (int)piece, MPI_BYTE, job.from, tag,
		                        MPI_COMM_WORLD, MPI_STATUS_IGNORE);

		if (rc != MPI_SUCCESS)
			return fail(rc, "MPI_Recv", why);
		at += piece;
	} while (at < length);
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
