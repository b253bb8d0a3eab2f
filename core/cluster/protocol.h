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
	FED_RANK_DONE,          /* job, seconds, the result (train/local/training_wire.h) */
	FED_RANK_FAILED,        /* text: this rank cannot go on */
	/* from rank 0 */
	FED_RANK_WELCOME, /* instruction set, name of OpenBLAS's kernels */
	FED_RANK_SET_UP,  /* federation, set-up */
	FED_RANK_DATA,    /* federation, the arrays of its dataset */
	FED_RANK_MODEL,   /* federation, place, the vectors */
	FED_RANK_JOB,     /* federation, job, place of the model, the training */
	FED_RANK_CANCEL,  /* federation, the last job that is cancelled with all before it */
	FED_RANK_FORGET,  /* federation: it has ended */
	FED_RANK_LEAVE,   /* the session has ended */
};

/* What a rank has. */
struct fed_rank_hello {
	uint32_t version, threads, processors, node_processors;
	uint32_t isa;  /* enum fed_isa */
	char blas[32]; /* OpenBLAS's kernels */
	char build[64], host[64];
};

enum { FED_RANK_MODELS = 8 /* places for models of a federation at a rank */ };

#endif
