/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/record.h - record of a round's metrics, and the events of a session.
 *
 * Plain data.  The table of history/metrics.h names the members for JSON, plots, conditions and
 * exports: a new figure is one member here and one row there.
 */
#ifndef FED_TRAIN_ROUND_RECORD_H
#define FED_TRAIN_ROUND_RECORD_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

struct fed_record {
	double round;         /* the version that this round made */
	double clock;         /* virtual seconds since the session began */
	double wall;          /* real seconds that training and averaging took, evaluation apart */
	double test_accuracy; /* share of test examples; NaN for regression or when not evaluated */
	double test_loss;     /* mean over test examples; NaN when not evaluated */
	double train_loss;    /* mean of the used clients' local losses, by weight */
	double step_norm;     /* Euclidean norm of the step */
	/* Invitations of this round, and how invitations ended in it: reported (accepted by the
	 * aggregator), refused, lost (a message was dropped), or late (closed before the update
	 * arrived). */
	double invited, reported, refused, lost, late;
	double used;      /* updates in the step */
	double updates;   /* the same since version 0 */
	double staleness; /* mean over the used: versions made between sending of the model and its
	                     update */
	/* Ground truth, hidden from the aggregator: updates of Byzantine clients among the reported;
	 * share of the filtered that were theirs, share of theirs that were filtered; Euclidean
	 * distance of the step from the mean of the honest updates.  NaN where there is nothing to
	 * divide by. */
	double attackers, defence_precision, defence_recall, honest_distance;
	double attack_success;  /* share of the test examples of other classes that a backdoor's trigger
	                           turns into its class; NaN without one, or when not evaluated */
	double parameter_error; /* Euclidean distance of the model from the one that made the data; NaN
	                           where none did, or when not evaluated */
	double bytes_up, bytes_down, messages;
	double client_flops, server_flops;
	double lr; /* of the clients in this round */
	/* Over the clients that hold examples out (setting holdout), each on its own, of the global
	 * model or of the clients' own ones where they have any; NaN without any, or when not
	 evaluated. Of a regression the loss alone. */
	double clients_accuracy, clients_loss; /* means over the clients */
	double clients_weighted;               /* accuracy by examples */
	double clients_deviation, clients_worst, clients_worst_tenth, clients_fairness;
	double client_memory; /* bytes that training takes at a client */
	/* Likewise over those of them that never take part (setting unseen), which are not among the
	 * above. */
	double unseen_accuracy, unseen_loss, unseen_worst_tenth;
	double perplexity;  /* e^test_loss of a language model; NaN of others, or when not evaluated */
	double server_wait; /* virtual seconds that messages waited for the server's link, all together;
	                       NaN without such a link */
	/* Over the test examples, by the setting metrics (train/round/chosen_metrics.h); NaN when not
	 * chosen or not evaluated. */
	double macro_f1, balanced_accuracy, worst_class, auc;
	double class_recall, class_precision, class_f1; /* of the class that was chosen */
	double mae, rmse, r2;                           /* of a regression */
	/* Evaluation by messages (train/evaluation_messages.h): clients whose figures arrived, and that
	 * were asked in vain; its bytes, which are among those up and down, and virtual seconds.  NaN
	 * where the laboratory looks. */
	double clients_measured, clients_missing, evaluation_bytes, evaluation_seconds;
};

/* Set the figures that `set metrics` chooses to NaN. */
static inline void fed_record_forget_chosen(struct fed_record *r)
{
	r->macro_f1 = r->balanced_accuracy = r->worst_class = r->auc = NAN;
	r->class_recall = r->class_precision = r->class_f1 = NAN;
	r->mae = r->rmse = r->r2 = NAN;
}

/* Set the figures over clients to NaN. */
static inline void fed_record_forget_clients(struct fed_record *r)
{
	r->clients_accuracy = r->clients_loss = r->clients_weighted = NAN;
	r->unseen_accuracy = r->unseen_loss = r->unseen_worst_tenth = NAN;
	r->clients_deviation = r->clients_worst = r->clients_worst_tenth = r->clients_fairness = NAN;
	r->clients_measured = NAN;
}

/* Set all that is measured on the model to NaN. */
static inline void fed_record_forget_evaluation(struct fed_record *r)
{
	r->test_accuracy = r->test_loss = r->perplexity = NAN;
	r->attack_success = r->parameter_error = NAN;
	fed_record_forget_clients(r);
	fed_record_forget_chosen(r);
	r->clients_missing = r->evaluation_bytes = r->evaluation_seconds = NAN;
}

enum fed_event_kind {
	FED_EVENT_NOTICE,    /* text: a decision of the session ("using glyphs") */
	FED_EVENT_WARNING,   /* text */
	FED_EVENT_BEGIN,     /* a round begins; record->invited */
	FED_EVENT_SENT,      /* the model left for `client` */
	FED_EVENT_RECEIVED,  /* the model reached `client`: it begins to train */
	FED_EVENT_TRAINED,   /* `client` finished its local training and sends its update */
	FED_EVENT_REPORTED,  /* its update reached the server and was accepted */
	FED_EVENT_REFUSED,   /* the gate or the aggregator refused it: text */
	FED_EVENT_LOST,      /* a message was lost: text */
	FED_EVENT_LATE,      /* `client` had not answered when its invitation was closed: text */
	FED_EVENT_ROUND,     /* a round ended: record is complete */
	FED_EVENT_ABORTED,   /* a round ended without a step: text; the model is as before */
	FED_EVENT_PLUGIN,    /* a plugin's note: text */
	FED_EVENT_FAULT,     /* a fault begins, strikes `client`, or ends: text */
	FED_EVENT_CANCELLED, /* all open invitations are cancelled, without an event for each */
	FED_EVENT_STOP,      /* the session: a run stops before its end: text */
	/* Split learning; text: the batch, and its contents: */
	FED_EVENT_SMASHED,  /* activations or a gradient leave `client` for the server */
	FED_EVENT_GRADIENT, /* a gradient or activations leave the server for `client` */
	FED_EVENT_ARRIVED,  /* they have reached `client`, which continues */
	/* Selection by loss: */
	FED_EVENT_ASKED,    /* the model leaves for `client`, whose loss is asked for */
	FED_EVENT_ANSWERED, /* the loss of `client` reached the server: text */
	FED_EVENT_REACHED,  /* split learning: what `client` sent has reached the server: text; of a
	                       client on another machine: its update has, and waits for its turn */
	/* The server's own link; text: the direction: */
	FED_EVENT_QUEUED, /* a message of `client`, or for it, waits until the link is free */
	FED_EVENT_PASSES, /* the link is free: the message begins to pass */
	/* Evaluation by messages: */
	FED_EVENT_EVALUATION, /* the model leaves for `client`, which is to evaluate it */
	FED_EVENT_EVALUATING, /* it has reached `client`, which evaluates it */
	FED_EVENT_EVALUATED,  /* `client` has evaluated it and sends its figures */
	FED_EVENT_MEASURED,   /* the figures of `client` have reached the server: text */
	FED_EVENT_MISSING,    /* the figures of `client` will not come: text */
	FED_EVENT_KINDS,
};

struct fed_event {
	enum fed_event_kind kind;
	uint64_t version;
	double clock;
	uint32_t client;                 /* UINT32_MAX: none */
	uint64_t invitation;             /* that the event is about, or 0 */
	uint64_t bytes;                  /* of the message that leaves (SENT, TRAINED), or 0 */
	const char *text;                /* NULL: none; valid during the call */
	bool nan;                        /* a number that is not finite caused it */
	const struct fed_record *record; /* so far; NULL outside rounds */
};

/* Texts of REFUSED events about an update of no open invitation: it is not counted, for its
 * invitation has ended before.  fed_stale_update: because the scheme gave it up as too stale. */
extern const char fed_stray_update[], fed_stale_update[];
static inline bool fed_event_is_stray(const struct fed_event *event)
{
	return event->text == fed_stray_update || event->text == fed_stale_update;
}

/* Callback that receives events, and its context. */
struct fed_sink {
	void (*take)(void *ctx, const struct fed_event *);
	void *ctx;
};

#endif
