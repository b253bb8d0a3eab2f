/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/status.h - a snapshot of a session for front ends.
 *
 * A value: it does not change with the session.  Names are borrowed from plugins and valid as long
 * as these are chosen.
 */
#ifndef FED_SESSION_STATUS_H
#define FED_SESSION_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fed_session;

enum fed_session_phase {
	FED_PHASE_IDLE,  /* no federation is set up */
	FED_PHASE_READY, /* between two rounds */
	FED_PHASE_OPEN,  /* in an open round, between two of its events */
};

struct fed_session_status {
	enum fed_session_phase phase;
	uint64_t version;
	double clock;      /* virtual seconds */
	uint64_t restarts; /* number of the run's first event */
	uint64_t runs;     /* that began in this session, restored ones among them */
	uint64_t events;   /* sent so far */
	struct {
		uint64_t steps;                                /* opening it is the first */
		double invited, reported, refused, lost, late; /* clients */
		double bytes_up, bytes_down, messages;
	} round;          /* the open round, or the last one of this federation */
	uint32_t at_work; /* clients with an invitation in flight, also between rounds */
	struct {
		bool some;         /* `continue` will make versions */
		bool endless;      /* until a condition holds */
		uint64_t versions; /* else this many */
	} left;                /* of the last run, if it was stopped */
	size_t breakpoints;
	bool pausing; /* when version `pause` is committed */
	uint64_t pause;
	/* Names of the chosen parts; NULL: not chosen yet. */
	const char *dataset, *model, *aggregator, *pre_aggregation, *transport, *scheme;
	const char *selection; /* "uniform" where no rule was chosen */
	size_t parameters;     /* of the model; 0: not built yet */
	uint32_t clients;      /* present */
	size_t faults, faults_active;
	size_t rounds; /* in the history */
	size_t kept_runs;
};

struct fed_session_status fed_session_status(const struct fed_session *);

#endif
