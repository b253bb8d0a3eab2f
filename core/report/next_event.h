/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/next_event.h - what the next step of an open round will be about.
 */
#ifndef FED_REPORT_NEXT_EVENT_H
#define FED_REPORT_NEXT_EVENT_H

#include "session/session.h"

enum fed_next_event_kind {
	FED_NEXT_EVENT_OPEN,    /* no round is open: one begins */
	FED_NEXT_EVENT_VERSION, /* the version is complete: the step is made */
	FED_NEXT_EVENT_MODEL,   /* the model reaches `client` */
	FED_NEXT_EVENT_UPDATE,  /* the update of `client` reaches the server */
	FED_NEXT_EVENT_LOST,    /* a message to or from `client` is given up */
	FED_NEXT_EVENT_TRAINED, /* `client` ends its training */
	FED_NEXT_EVENT_CRASH,   /* `client` dies */
	/* Split learning: */
	FED_NEXT_EVENT_WORK,       /* `client` has computed a task */
	FED_NEXT_EVENT_SERVED,     /* the server has, for `client` */
	FED_NEXT_EVENT_SERVED_ALL, /* the server has, for all together */
	FED_NEXT_EVENT_UP,         /* a message from `client` reaches the server */
	FED_NEXT_EVENT_DOWN,       /* a message reaches `client` */
	FED_NEXT_EVENT_DEADLINE,   /* of the round */
	FED_NEXT_EVENT_SILENCE,    /* nothing is under way: who was invited will never answer */
	FED_NEXT_EVENT_WAIT,       /* real connections: whatever comes */
};

struct fed_next_event {
	enum fed_next_event_kind kind;
	double when;     /* virtual seconds */
	uint32_t client; /* where one is named */
	bool stale;      /* its invitation or version is over: nothing will come of it */
};

struct fed_next_event fed_session_next_event(const struct fed_session *);
/* Clients that the open round, or the last one, has invited or will, if their turn comes later. */
double fed_session_clients_expected(const struct fed_session *);

#endif
