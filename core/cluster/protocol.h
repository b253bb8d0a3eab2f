/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cluster/protocol.h - messages between rank 0 and the others: packets (plug/guard/packet.h).
 *
 * All ranks run one build on one kind of machine, which HELLO checks: numbers and structs are in
 * the machine's own form.
 */
#ifndef FED_CLUSTER_PROTOCOL_H
#define FED_CLUSTER_PROTOCOL_H

#include <stdint.h>

enum fed_rank_message {
	/* to rank 0 */
	FED_RANK_HELLO = 0x200, /* struct fed_rank_hello: the first message */
	FED_RANK_LACKS,         /* federation: its dataset is not to be had here, send the arrays */
	FED_RANK_READY,         /* federation, whether it is; else why it is not */
	FED_RANK_DONE,          /* job, seconds, whether the rank remembers what the client keeps, the
	                           result of the training or evaluation */
	FED_RANK_UNDONE,        /* job, why: it is to run elsewhere */
	/* of a relay, to the shell that started it: struct fed_mpi_place */
	FED_RANK_RELAY,
	/* from rank 0 */
	FED_RANK_WELCOME,  /* struct fed_rank_welcome */
	FED_RANK_SET_UP,   /* federation, set-up */
	FED_RANK_DATA,     /* federation, the arrays of its dataset */
	FED_RANK_MODEL,    /* federation, place, the vectors */
	FED_RANK_JOB,      /* federation, job, place of the model, the training */
	FED_RANK_EVALUATE, /* federation, job, place of the model, examples */
	FED_RANK_CANCEL,   /* federation: the jobs that it has */
	FED_RANK_FORGET,   /* federation: it has ended */
	FED_RANK_LEAVE,    /* the session has ended */
};

/* What a rank has. */
struct fed_rank_hello {
	uint32_t threads, processors, node_processors; /* that it uses, sees, and that there are */
	uint32_t isa;                                  /* enum fed_isa */
	uint32_t halves;                               /* fed_cpu_halves_vectors() */
	uint32_t build;                                /* CRC-32 of the program */
	char core[32];                                 /* OpenBLAS's kernels */
	char host[64];
};

/* What all ranks compute with. */
struct fed_rank_welcome {
	uint32_t isa, halves;
	char core[32];
	char refusal[200]; /* "": welcome */
};

enum { FED_RANK_MODELS = 8 /* places for models of a federation at a rank */ };

/* The rank that remembers what a client keeps; rank 0 has it of all. */
static inline uint32_t fed__home_rank(uint32_t client, uint32_t ranks)
{
	return ranks > 1 ? 1 + client % (ranks - 1) : 0;
}

#endif
