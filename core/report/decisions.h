/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/decisions.h - decision regions of the global model and of the clients' own models over a
 * plane of inputs: a snapshot that holds no pointer into the session.
 *
 * Own models are those of report/client_models.h.
 */
#ifndef FED_REPORT_DECISIONS_H
#define FED_REPORT_DECISIONS_H

#include "report/input_plane.h"
#include "session/session.h"
#include "train/clients/names.h"

enum { FED_DECISION_LEVELS = 6 };

/* What a model answers at a point. */
struct fed_decision {
	uint16_t class; /* regression: 0 below the middle of the targets' range, 1 above */
	uint8_t level;  /* of confidence, below FED_DECISION_LEVELS: (max p - 1/K)/(1 - 1/K), cut into
	                   equal parts; regression: distance from the middle */
	bool known;     /* false: the outputs are not finite */
};

/* A grid of answers, the first row at the top; each is that of the middle of its place. */
struct fed_regions {
	struct fed_decision *at; /* [rows][columns] */
	int columns, rows;       /* 0: none */
};

/* An example on the plane. */
struct fed_placed_example {
	float x, y;     /* from the left and from the top, 0 to 1 is drawn */
	uint16_t class; /* as in struct fed_decision */
	bool wrong[2];  /* whether the model gets it wrong: before local training, after it */
};

struct fed_client_decisions {
	uint32_t client, staleness;
	char name[FED_CLIENT_NAME_MAX]; /* "": none */
	bool updated;                   /* its update is known: `regions` is of its own model */
	bool byzantine, trusted;
	struct fed_regions regions;
	struct fed_placed_example *example; /* [n] of its own */
	uint32_t n;
};

struct fed_decisions {
	uint64_t version;
	bool modelled;             /* there is a model */
	bool arrived;              /* the updates are those of the open round so far */
	bool limited;              /* coarser, or with fewer examples, than wanted: it costs much */
	double flops;              /* of one answer */
	struct fed_regions global; /* of that version */
	struct fed_regions before; /* of the model before local training, as large as a client's */
	struct fed_placed_example
		*example; /* [n] of the test examples; wrong[1]: by the global model */
	uint32_t n;
	struct fed_client_decisions *client; /* [clients]: with updates, by id; without any all */
	uint32_t clients, first, all;        /* those from `first` on of `all` */
};

/* What to compute. */
struct fed_decisions_wanted {
	int columns, rows;                  /* of the global model's regions */
	int client_columns, client_rows;    /* of a client's */
	uint32_t first, clients;            /* clients to compute, from the first-th on, at most */
	uint32_t examples, client_examples; /* to place, at most; they are spread over all */
	double flops;                       /* at most, about: regions are coarser if they cost more */
};

/* FED_REJECT: there is no dataset. */
int fed_decisions_take(struct fed_decisions *, const struct fed_input_plane *,
                       const struct fed_session *, const struct fed_decisions_wanted *,
                       struct fed_error *);
void fed_decisions_release(struct fed_decisions *); /* zeroed is fine */
/* The clients that fed_decisions_take() can show. */
uint32_t fed_decisions_clients(const struct fed_session *);
/* The place among them of a client; FED_REJECT, with the reason, if it has none. */
int fed_decisions_find(const struct fed_session *, uint32_t client, uint32_t *place,
                       struct fed_error *);

#endif
