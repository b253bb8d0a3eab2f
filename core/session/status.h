/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/status.h - a snapshot of a session for front ends.
 *
 * A value: it stays as it is when the session goes on.  Names are borrowed from plugins and live as
 * long as these are chosen.
 */
#ifndef FED_SESSION_STATUS_H
#define FED_SESSION_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fed_session;

enum fed_session_phase {
	FED_PHASE_IDLE,  /* no federation is set up: nothing has begun */
	FED_PHASE_READY, /* between two rounds */
	FED_PHASE_OPEN,  /* in a round, between two of its events */
};

struct fed_session_status {
	enum fed_session_phase phase;
	uint64_t version;
	double clock;      /* virtual seconds */
	uint64_t restarts; /* raised by whatever begins again at version 0 */
	uint64_t events;   /* told so far */
	struct {
		uint64_t steps;                                /* opening it is the first */
		double invited, reported, refused, lost, late; /* clients */
		double bytes_up, bytes_down, messages;
	} round;          /* the open one, or the last one that this federation made */
	uint32_t at_work; /* clients whose invitation is open, also between rounds */
	struct {
		bool some;         /* `continue` makes versions */
		bool endless;      /* until a condition holds */
		uint64_t versions; /* else so many */
	} left;                /* by what stopped the last run */
	size_t breakpoints;
	bool pausing; /* when version `pause` stands */
	uint64_t pause;
	/* Names of what is chosen; NULL: not yet. */
	const char *dataset, *model, *aggregator, *pre_aggregation, *transport, *scheme;
	size_t parameters; /* of the model; 0: not built yet */
	uint32_t clients;  /* present */
	size_t faults, faults_active;
	size_t rounds; /* in the history */
	size_t kept_runs;
};

struct fed_session_status fed_session_status(const struct fed_session *);

#endif
