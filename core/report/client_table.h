/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/client_table.h - table of clients: device, activity, last update and its verdict, filtered
 * by WHO and by conditions, sorted by any figure.
 *
 * One table of field rows serves filters, sorting and the columns of views.  Figures that cost more
 * than a lookup (label counts, lengths of updates) are computed on first use, and cached until the
 * clients or the version change.
 */
#ifndef FED_REPORT_CLIENT_TABLE_H
#define FED_REPORT_CLIENT_TABLE_H

#include "history/invitation_log.h"
#include "session/session.h"

enum fed_activity {
	FED_ACTIVITY_IDLE, /* not invited in this round, or in the last one if none is open */
	FED_ACTIVITY_DOWNLOADS,
	FED_ACTIVITY_TRAINS,
	FED_ACTIVITY_HOLDS, /* trained; a fault holds the update at the client */
	FED_ACTIVITY_UPLOADS,
	FED_ACTIVITY_QUEUES, /* its model or update waits for the server's link, or for its turn */
	/* The outcome of its invitation in this round, or in the last one. */
	FED_ACTIVITY_DONE,
	FED_ACTIVITY_REFUSED,
	FED_ACTIVITY_LOST,
	FED_ACTIVITY_LATE,
	FED_ACTIVITY_CANCELLED,
	FED_ACTIVITY_AWAY, /* under faults: offline, or absent by churn */
	FED_ACTIVITIES
};
extern const char *const fed_activity_names[FED_ACTIVITIES + 1];
/* The activity of a client with this invitation. */
enum fed_activity fed_activity_of(const struct fed_invitation_record *);

enum fed_verdict_kind {
	FED_VERDICT_NONE,
	FED_VERDICT_USED,
	FED_VERDICT_DISTRUSTED,
	FED_VERDICT_FILTERED,
	FED_VERDICT_SKIPPED /* the step was skipped, for its aggregator failed */
};
extern const char *const fed_verdict_kind_names[];

/* The figures of one client; NaN: not known, or none. */
struct fed_client_table_row {
	double client, examples, labels; /* labels: different ones among its examples */
	double device, link;             /* FLOP/s; bytes/s down: infinite where there is no limit */
	double accuracy;                 /* of the global model on the held-out examples */
	double own_accuracy;             /* of its own model, where that is another */
	double model;                    /* of several global ones: that it last chose, from 1 */
	double updates, loss, bytes;     /* used ones; last local loss; both ways, closed rounds */
	/* Of its last update with a verdict. */
	double staleness, score, weight;
	double norm, cosine; /* of its update of the last version: with the step */
	double faults;       /* active or to come */
	int state;           /* enum fed_activity */
	int verdict;         /* enum fed_verdict_kind */
	bool byzantine;      /* under an active fault of that kind */
	bool unseen;         /* it never takes part */
};
extern const struct fed_field fed_client_table_fields[];

struct fed_ranked {
	uint64_t key; /* ascends in the direction of the order; the largest for NaN */
	uint32_t client;
};

/* A filter and an order of clients; zeroed: all clients, by number. */
struct fed_client_table {
	char filter[4096];           /* as typed; "": none */
	struct fed_condition *where; /* NULL: all */
	uint32_t *who;               /* [n_who] ascending; NULL: all */
	uint32_t n_who;
	const struct fed_field *by; /* NULL: the client's number */
	bool down;
	struct fed_ranked *ranked; /* [n] that pass the filter; [sorted_from, sorted_to) is sorted */
	uint32_t n, capacity, sorted_from, sorted_to;
	/* Cached figures. */
	uint32_t *labels; /* [n_labels] by client, different labels + 1; 0: not counted yet */
	uint32_t n_labels;
	const struct fed_dataset *labelled;    /* the dataset of these counts */
	struct fed_measured_updates *measured; /* [n_measured], the last version's updates by client */
	uint32_t n_measured;
	uint64_t version; /* of `measured` */
};
void fed_client_table_release(struct fed_client_table *);

/* Set the filter: "1-20", "20%", "loss>2 and state==training", "1-20 and lost"; "" removes the
 * filter. Unchanged on FED_FAIL. */
int fed_client_table_filter(struct fed_client_table *, const struct fed_session *, const char *text,
                            struct fed_error *);
/* Set the order; by NULL: by number. */
void fed_client_table_sort(struct fed_client_table *, const struct fed_field *by, bool down);
/* Apply the filter and compute the keys of the order; again after each change of the session. */
int fed_client_table_make(struct fed_client_table *, const struct fed_session *,
                          struct fed_error *);
/* Sort the ranks from .. to - 1. */
void fed_client_table_order(struct fed_client_table *, uint32_t from, uint32_t to);
/* The client's rank in the order; n: it does not pass the filter. */
uint32_t fed_client_table_place(const struct fed_client_table *, uint32_t client);
/* All figures of a present client. */
void fed_client_table_figures(struct fed_client_table *, const struct fed_session *,
                              uint32_t client, struct fed_client_table_row *);

#endif
