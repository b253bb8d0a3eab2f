/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/guard/protocol.h - protocol between fedsh and a worker process: descriptors, kinds of
 * packets and their values, the report of a crash.
 *
 * fedsh sends a request and waits.  The worker answers with one FED_REPLY; before it, it may send
 * what the plugin asks of the host.  Vectors do not travel: a packet has their offsets in the
 * shared memory, which the worker maps read-only but for what a request lets it write.
 */
#ifndef FED_PLUG_GUARD_PROTOCOL_H
#define FED_PLUG_GUARD_PROTOCOL_H

#include <stdbool.h>
#include <stdint.h>

/* Descriptors that a worker process inherits; standard output and error are captured. */
enum fed_worker_descriptor {
	FED_WORKER_SOCKET = 3,
	FED_WORKER_MEMORY, /* base/system/shared_memory.h */
	FED_WORKER_PLUGIN, /* the file; for trainings that of the model */
	FED_WORKER_BEFORE, /* the pre-aggregation's, if there is one; for trainings the aggregator's */
	FED_WORKER_ATTACK, /* for trainings: of an attack that poisons, if there is one */
	FED_WORKER_DESCRIPTORS,
	FED_WORKER_FILES = FED_WORKER_DESCRIPTORS - FED_WORKER_PLUGIN
};

/* What a process is for. */
enum fed_worker_task { FED_WORKER_CALLS, FED_WORKER_TRAININGS };

enum { FED_PACKET_MOST = 1 << 28 }; /* bytes of a packet */
#define FED_NO_INPUT UINT64_MAX     /* the offset of a vector that is NULL */

/* Requests, each with its values, then those of the reply behind code and text of the error and the
 * bytes that the process has allocated. */
enum fed_request {
	/* - ; descriptor (plug/descriptor_wire.h) */
	FED_ASK_DESCRIPTOR = 1,
	/* instance, round, capacity, threads; instance */
	FED_ASK_AGGREGATION,
	/* update; verdict */
	FED_ASK_ADD,
	/* out, updates that were kept; verdicts, trust, mixed, instance: the aggregation is closed */
	FED_ASK_FINISH,
	/* - ; - : of one that is not finished */
	FED_ASK_RELEASE,
	/* instance, round, updates, verdicts, step; lines */
	FED_ASK_TELL,
	/* instance, which, its arguments; results */
	FED_ASK_PLAN,
	FED_ASK_NUMBER,
	/* instance, attacker, out; instance */
	FED_ASK_CRAFT,
	FED_ASK_COLLUDE,
	FED_ASK_SUITS,
	FED_ASK_POISON,
	/* instance, local, w, g; instance */
	FED_ASK_LOCAL_GRADIENT,
	FED_ASK_LOCAL_END,
	/* instance, input; layers */
	FED_ASK_BUILD,
	/* layer, what; results */
	FED_ASK_LAYER,
	/* instance, what; instance */
	FED_ASK_TRANSPORT,
	/* number, seed, large, settings; outcome and texts, or for number 0 the names */
	FED_ASK_CHECK,
	/* instance, what, most, round; ids, instance */
	FED_ASK_SELECTION,
	/* instance, what, coding, vectors; number or bytes */
	FED_ASK_CODEC,
	/* dataset, model; - */
	FED_ASK_SET_UP,
	/* client, plan, faults, states, vectors; steps, losses */
	FED_ASK_TRAIN,
};

/* Whether the worker makes a call on the processor of the thread that waits (handover.h): it is
 * short, has one thread, and is one of many. */
static inline bool fed_request_hands_over(enum fed_request what)
{
	return what == FED_ASK_ADD;
}

/* What comes from a worker. */
enum fed_answer {
	FED_REPLY = 0x100,
	FED_NOTE,       /* text: fed_host.note() */
	FED_ALIVE,      /* a training goes on: the deadline begins again */
	FED_LINK,       /* client; fedsh answers with the link */
	FED_DELIVER,    /* id, time */
	FED_DROP,       /* id, time, text */
	FED_BYTES,      /* id; fedsh answers with the bytes */
	FED_ARRIVE,     /* bytes, now(); fedsh answers with code and text */
	FED_CLOCK,      /* - ; fedsh answers with the time */
	FED_CANDIDATES, /* first, n; fedsh answers with them */
	FED_DRAW,       /* n; fedsh answers with code, text and ids */
};

/* Numbers that an aggregator computes from its state alone (FED_ASK_NUMBER). */
enum fed_number {
	FED_NUMBER_UPDATES_PER_STEP,
	FED_NUMBER_MIXTURES, /* n */
	FED_NUMBER_SCRATCH,  /* n, dim */
};

/* Calls of a selection rule (FED_ASK_SELECTION). */
enum fed_selection_call { FED_SELECTION_ASKS, FED_SELECTION_ASK, FED_SELECTION_SELECT };
enum { FED_CANDIDATE_BATCH = 256 }; /* candidates of one answer */

/* Calls of a codec (FED_ASK_CODEC). */
enum fed_codec_call {
	FED_CODEC_BOUND,
	FED_CODEC_MEMORY,
	FED_CODEC_SCRATCH,
	FED_CODEC_ENCODE,
	FED_CODEC_DECODE,
};

/* Calls of a transport (FED_ASK_TRANSPORT). */
enum fed_transport_call {
	FED_TRANSPORT_OPEN,
	FED_TRANSPORT_SEND, /* message */
	FED_TRANSPORT_POLL, /* timeout */
	FED_TRANSPORT_NOW,  /* ; time */
	FED_TRANSPORT_CLOSE,
};

/* Functions of a layer of a plugin's own (FED_ASK_LAYER). */
enum fed_layer_call {
	FED_LAYER_SHAPE,
	FED_LAYER_PARAM_COUNT,
	FED_LAYER_INIT,
	FED_LAYER_FORWARD,
	FED_LAYER_BACKWARD,
	FED_LAYER_FLOPS,
	FED_LAYER_CACHE_FLOATS,
	FED_LAYER_SCRATCH_FLOATS,
	FED_LAYER_TENSOR,
	FED_LAYER_DESCRIBE,
	FED_LAYER_BUFFER_COUNT,
	FED_LAYER_UPDATE,
	FED_LAYER_CALLS
};

/* Where an address of a fault lies. */
enum fed_fault_place {
	FED_FAULT_ELSEWHERE,
	FED_FAULT_INPUT,  /* memory that the plugin may only read */
	FED_FAULT_PAST,   /* a page beside an output */
	FED_FAULT_VECTOR, /* a page beside the vectors of its state */
	FED_FAULT_STACK,  /* the stack's end */
};

enum { FED_REPORT_FRAMES = 24 };

/* Crash report, in shared memory, written by a signal handler of the worker. */
struct fed_crash_report {
	volatile uint32_t signal; /* 0: none */
	volatile int32_t code;    /* si_code */
	volatile uint64_t address;
	volatile uint32_t place;  /* enum fed_fault_place */
	volatile uint32_t plugin; /* of the innermost frame: its place among the files */
	volatile uint32_t frames; /* of that plugin, the innermost first */
	volatile uint64_t frame[FED_REPORT_FRAMES]; /* offsets in the plugin's file, as linked: of the
	                                               fault, then within the calls */
	volatile uint32_t exited;                   /* exit() was called while the plugin ran */
	volatile uint32_t memory; /* an allocation had failed, or its memory was used up */
};

#endif
