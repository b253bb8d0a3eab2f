/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/client_table.h - the clients as rows of figures: what each one is, what it does now, what
 * its last update was good for; chosen by WHO and by conditions, sorted by any figure.
 *
 * One table of field rows serves filters, sorting and the columns of views.  What costs more than
 * a lookup (label counts, lengths of updates) is made when it is first asked for, and kept until
 * the clients or the version change.
 */
#ifndef FED_REPORT_CLIENT_TABLE_H
#define FED_REPORT_CLIENT_TABLE_H

#include "history/invitation_log.h"
#include "session/session.h"

enum fed_activity {
	FED_ACTIVITY_IDLE, /* not invited in this round, or in the last one where none is open */
	FED_ACTIVITY_DOWNLOADS,
	FED_ACTIVITY_TRAINS,
	FED_ACTIVITY_HOLDS, /* trained, and a fault keeps the update at the client */
	FED_ACTIVITY_UPLOADS,
	/* What became of its invitation of this round, or of the last one. */
	FED_ACTIVITY_DONE,
	FED_ACTIVITY_REFUSED,
	FED_ACTIVITY_LOST,
	FED_ACTIVITY_LATE,
	FED_ACTIVITY_CANCELLED,
	FED_ACTIVITY_AWAY, /* under faults: offline, or churn took it */
	FED_ACTIVITIES
};
extern const char *const fed_activity_names[FED_ACTIVITIES + 1];
/* What a client does, or what became of it, while its invitation is in this state. */
enum fed_activity fed_activity_of(enum fed_invitation_state);

enum fed_verdict_kind {
	FED_VERDICT_NONE,
	FED_VERDICT_USED,
	FED_VERDICT_DISTRUSTED,
	FED_VERDICT_FILTERED
};
extern const char *const fed_verdict_kind_names[];

/* NaN: not known, or there is none. */
struct fed_client_table_row {
	double client, examples, labels; /* labels: different ones among its examples */
	double device, link;             /* FLOP/s; bytes/s down: infinite where there is no limit */
	double updates, loss, bytes;     /* used ones; last local loss; both ways, closed rounds */
	/* Of its last update that was judged. */
	double staleness, score, weight;
	double norm, cosine; /* of its update of the last version: with the step */
	double faults;       /* that are active or to come */
	int state;           /* enum fed_activity */
	int verdict;         /* enum fed_verdict_kind */
	bool byzantine;      /* under an active fault of that kind */
};
extern const struct fed_field fed_client_table_fields[];

struct fed_ranked {
	uint64_t key; /* ascends as the figure does in the wanted direction; the largest for NaN */
	uint32_t client;
};

/* Zeroed is one of all clients, by their numbers. */
struct fed_client_table {
	char filter[256];            /* as it was typed; "": none */
	struct fed_condition *where; /* NULL: all */
	uint32_t *who;               /* [n_who] ascending; NULL: all */
	uint32_t n_who;
	const struct fed_field *by; /* NULL: the client's number */
	bool down;
	struct fed_ranked *ranked; /* [n] those chosen; [sorted_from, sorted_to) are in their places */
	uint32_t n, capacity, sorted_from, sorted_to;
	/* Kept figures. */
	uint32_t *labels; /* [n_labels] by client, different labels + 1; 0: not counted yet */
	uint32_t n_labels;
	const struct fed_dataset *labelled;    /* the data that they were counted in */
	struct fed_measured_updates *measured; /* [n_measured], the last version's updates by client */
	uint32_t n_measured;
	uint64_t version; /* of `measured` */
};
void fed_client_table_release(struct fed_client_table *);

/* "1-20", "20%", "loss>2 and state==training", "1-20 and lost"; "" takes the filter away.
 * Unchanged on FED_FAIL. */
int fed_client_table_filter(struct fed_client_table *, const struct fed_session *, const char *text,
                            struct fed_error *);
/* NULL: by number. */
void fed_client_table_sort(struct fed_client_table *, const struct fed_field *by, bool down);
/* Who is chosen now, and the keys of the order: after anything changed. */
int fed_client_table_make(struct fed_client_table *, const struct fed_session *,
                          struct fed_error *);
/* Bring the places from .. to - 1 of the order into it. */
void fed_client_table_order(struct fed_client_table *, uint32_t from, uint32_t to);
/* The client's place in the order; n: it is not chosen. */
uint32_t fed_client_table_place(const struct fed_client_table *, uint32_t client);
/* All figures of a present client. */
void fed_client_table_figures(struct fed_client_table *, const struct fed_session *,
                              uint32_t client, struct fed_client_table_row *);

#endif
