/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * room/recording.h - what happened in the rounds of a room: who, when, how long, how many bytes;
 * and simulated clients of that kind.
 *
 * Each invitation has a row: when the server gave the model away, learned that the client has it,
 * and had the answer.  From these come devices and links (recording_fit.c), and a script with which
 * the same lesson goes on without the room (recording_script.c).
 */
#ifndef FED_ROOM_RECORDING_H
#define FED_ROOM_RECORDING_H

#include "session/session.h"

#define FED_RECORDED_MOST (1u << 20) /* invitations; later ones are not recorded */

struct fed_recorded {
	uint64_t invitation;
	uint64_t version; /* of the model */
	uint64_t message; /* its id, by which the network tells of it */
	uint32_t client;
	uint32_t examples;                /* that it holds */
	double sent, delivered, answered; /* seconds of the wall; NaN: not yet, or never */
	double round_trip;                /* of small messages, at best, so far; NaN: unknown */
	double flops;                     /* of its training */
	uint64_t bytes_down, bytes_up;
	char why[48]; /* it was lost; "": not */
};

/* Zeroed is empty. */
struct fed_recording {
	struct fed_recorded *of; /* [n] in the order of sending */
	size_t n, capacity;
	uint64_t left_out; /* for want of memory, or past FED_RECORDED_MOST */
};
void fed__recording_release(struct fed_recording *);
/* A model was given away; `of` is copied, with what is not known yet NaN and 0.  Of a version
 * before the last one: another run begins, and the recording is cleared. */
void fed__recording_sent(struct fed_recording *, const struct fed_recorded *);
void fed__recording_delivered(struct fed_recording *, uint32_t client, uint64_t message,
                              double when);
void fed__recording_answered(struct fed_recording *, uint32_t client, uint64_t invitation,
                             double when, uint64_t bytes);
/* The client's open invitation is lost, if it has one. */
void fed__recording_lost(struct fed_recording *, uint32_t client, const char *why);

/* Fit --------------------------------------------------------------------------------- */

/* A simulated client that takes as long as a real one did. */
struct fed_fitted_client {
	uint32_t client, examples;
	uint32_t answers, lost; /* invitations that it answered; that it did not */
	uint32_t undelivered;   /* of the lost, those that did not reach it */
	double device;          /* FLOP/s; 0: computing takes no time */
	double latency;         /* seconds, one way */
	double rate;            /* bytes/s, in both directions; INFINITY: too fast to be measured */
};

struct fed_room_fit {
	struct fed_fitted_client *client; /* [n], those that answered once at least */
	uint32_t n;
	uint64_t first, last; /* versions of the models that were sent */
	/* Seconds from the first model to the last answer of a round, real and as the fitted clients
	 * make it, medians; the medians of the relative error of a round, and its largest one. */
	uint32_t rounds;
	double real, made, error, worst;
};
/* FED_REJECT: nothing was answered yet. */
int fed_room_fit_make(struct fed_room_fit *, const struct fed_recording *, struct fed_error *);
void fed_room_fit_release(struct fed_room_fit *);

/* Script -------------------------------------------------------------------------------- */

/* Append a script for the simulator: the session's composition, a client for each that was fitted
 * or, if clients is not 0, so many of their kind, faults for what was lost, and as many rounds as
 * there were. */
int fed_recording_put_script(const struct fed_session *, const struct fed_recording *,
                             uint32_t clients, struct fed_text *, struct fed_error *);

#endif
