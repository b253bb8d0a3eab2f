/* SPDX-License-Identifier: 0BSD */
/*
 * fedsh/selection.h - selection rules: which clients take part in a round.
 *
 * Candidates are the clients of the session, 0 .. n - 1 in the order of their ids.  A rule asks the
 * host for what it needs of one candidate at a time, or has the host draw uniformly: no rule is
 * made to look at a million clients.  What it may know it declares in `knows`; all else is NaN or
 * 0.
 *
 * select() is enough.  A rule that needs losses at the present model offers ask() as well: the host
 * sends the model to the candidates that it names, they evaluate it on their own examples and
 * answer, all of which costs bytes, FLOPs and time; select() sees the answers.
 */
#ifndef FEDSH_SELECTION_H
#define FEDSH_SELECTION_H

#include "plugin.h"

/* What a server can know of a client. */
enum fed_known {
	FED_KNOWS_SAMPLES = 1,       /* how many examples it says it has */
	FED_KNOWS_LOSS = 2,          /* what it reported with its last update */
	FED_KNOWS_SPEED = 4,         /* what its device and link promise */
	FED_KNOWS_HISTORY = 8,       /* when it took part, how often, and how long that took */
	FED_KNOWS_LOSS_SQUARES = 16, /* the mean of its squared losses: 4 bytes more in each update */
};

/* A candidate, as far as the rule may know it. */
struct fed_candidate {
	uint32_t size;   /* sizeof(struct fed_candidate) of the running host */
	uint32_t client; /* its id */
	uint64_t samples;
	double loss;     /* LOSS: mean over its examples and epochs; NaN before its first update */
	double loss_rms; /* LOSS_SQUARES: root of the mean of the squared losses; NaN likewise */
	double expected; /* SPEED: seconds that a round takes at its device and over its link */
	double seconds;  /* HISTORY: virtual, from invitation to update; NaN before the first */
	uint64_t last;   /* HISTORY: the version that its last update helped to make; 0: none */
	uint32_t times;  /* HISTORY: updates that the server accepted */
};

/* Services of the host for selection rules, during a call. */
struct fed_selection_host {
	uint32_t size; /* sizeof(struct fed_selection_host) of the running host */
	/* Fill in candidate i; false: it is away, only its id is, and it cannot be chosen.  size:
	 * sizeof *candidate, as the plugin was compiled.  In constant time. */
	bool (*describe)(const struct fed_selection_host *, uint32_t i, struct fed_candidate *,
	                 size_t size);
	/* Draw *n different candidates that are not away, uniformly, ascending; *n becomes less when
	 * fewer are there.  Takes time for *n, not for all. */
	int (*draw)(const struct fed_selection_host *, uint32_t *chosen, uint32_t *n,
	            struct fed_error *);
	/* Zeroed memory, which the host frees after the call.  NULL: no memory, and err is set; return
	 * FED_FAIL. */
	void *(*scratch)(const struct fed_selection_host *, size_t n, size_t size, struct fed_error *);
	/* Put a line into the session's log. */
	void (*note)(const struct fed_selection_host *, const char *text);
};

/* The choice that is to be made. */
struct fed_selection_round {
	uint32_t size;         /* sizeof(struct fed_selection_round) of the running host */
	uint32_t candidates;   /* n >= 1 */
	uint32_t wanted;       /* 1 <= wanted <= n */
	uint32_t n_asked;      /* select(): candidates that ask() named, answers or not */
	uint64_t version;      /* of the global model before this round */
	uint64_t seed;         /* key for fed_random(): of this version */
	const uint32_t *asked; /* [n_asked] */
	const double *answer;  /* [n_asked], mean loss over its examples; NaN: it did not answer */
	const struct fed_selection_host *host;
};

struct fed_selection {
	struct fed_head head;
	uint32_t knows;     /* enum fed_known, or-ed */
	bool equal_weights; /* the rule's mean has equal weights, whatever `weighting` says: it has
	                       preferred the larger clients already */
	/* Choose at most r->wanted different candidates; *n says how many.  The state may change; a
	 * round that fails rolls it back.
	 * [round thread, opens a round] */
	int (*select)(void *state, const struct fed_selection_round *r, uint32_t *chosen, uint32_t *n,
	              struct fed_error *);
	/* Optional: how many candidates ask() names, at most r->candidates; 0: none this time.
	 * [round thread, opens a round] */
	uint32_t (*asks)(const void *state, const struct fed_selection_round *r);
	/* Beside asks(): name *n different candidates whose loss at the present model is asked for;
	 * *n may become less.  [round thread, opens a round] */
	int (*ask)(void *state, const struct fed_selection_round *r, uint32_t *asked, uint32_t *n,
	           struct fed_error *);
};

#define FED_SELECTION(S, name_, help_, doc_, fields_) \
	FED_HEAD(struct fed_selection, FED_KIND_SELECTION, S, name_, help_, doc_, fields_)

#endif
