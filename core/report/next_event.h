/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/next_event.h - preview of the next event of an open round.
 */
#ifndef FED_REPORT_NEXT_EVENT_H
#define FED_REPORT_NEXT_EVENT_H

#include "session/session.h"

enum fed_next_event_kind {
	FED_NEXT_EVENT_OPEN,    /* no round is open: opens one */
	FED_NEXT_EVENT_VERSION, /* the round is complete: commits a version */
	FED_NEXT_EVENT_MODEL,   /* the model reaches `client` */
	FED_NEXT_EVENT_UPDATE,  /* the update of `client` reaches the server */
	FED_NEXT_EVENT_LOST,    /* a message to or from `client` is lost */
	FED_NEXT_EVENT_TRAINED, /* `client` ends its training */
	FED_NEXT_EVENT_CRASH,   /* `client` crashes */
	/* Split learning: */
	FED_NEXT_EVENT_WORK,       /* `client` has computed a task */
	FED_NEXT_EVENT_SERVED,     /* the server has computed a task for `client` */
	FED_NEXT_EVENT_SERVED_ALL, /* the server has computed a task for all clients */
	FED_NEXT_EVENT_UP,         /* a message from `client` reaches the server */
	FED_NEXT_EVENT_DOWN,       /* a message reaches `client` */
	FED_NEXT_EVENT_AT_LINK,    /* a message of `client` comes to the server's own link */
	FED_NEXT_EVENT_PASSES,     /* one that waited there begins to pass */
	FED_NEXT_EVENT_DEPARTS,    /* one has passed it and leaves for `client` */
	FED_NEXT_EVENT_DEADLINE,   /* of the round */
	FED_NEXT_EVENT_SILENCE,    /* nothing is in flight: invited clients will never answer */
	FED_NEXT_EVENT_WAIT,       /* real connections: the next message */
};

struct fed_next_event {
	enum fed_next_event_kind kind;
	double when;     /* virtual seconds */
	uint32_t client; /* if the kind names one */
	bool stale;      /* its invitation or version is over: the event has no effect */
};

struct fed_next_event fed_session_next_event(const struct fed_session *);
/* The number of clients that the open round, or the last one, invites, with those of later turns.
 */
double fed_session_clients_expected(const struct fed_session *);

#endif
