/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/schemes/split_internal.h - the split scheme's own: turns, what they compute, what they
 * send.
 *
 * split.c is the scheme: settings, who is called when, the step; split_parts.c which layers are
 * whose; split_room.c what a round will hold in memory.  split_turn.c is one client's turn from
 * message to message; split_serve.c the server, that computes for one turn or for all; split_work.c
 * what runs on a thread; split_mail.c what crosses; split_room.c the memory for it.
 */
#ifndef FED_TRAIN_SCHEMES_SPLIT_INTERNAL_H
#define FED_TRAIN_SCHEMES_SPLIT_INTERNAL_H

#include "train/schemes/split.h"

/* The layers of a part: [*first, *last), maybe none. */
void fed_part_layers(const struct fed_split *, const struct fed_net *, enum fed_split_part,
                     size_t *first, size_t *last);
/* Floats between two layers, one example: what crosses at the cut before `layer`. */
size_t fed_cut_width(const struct fed_net *, size_t layer);
/* Parameters of the server's layers: [*from, *to) of the flat vector. */
void fed_server_params(const struct fed_split *, const struct fed_net *, size_t *from, size_t *to);
/* The parameters that the server's layers have in this turn. */
float *fed_server_model(const struct fed_turn *);
/* Numbers of a turn's `params`: the model's, or only those of the head where nothing else is the
 * turn's. */
size_t fed_turn_dim(const struct fed_split *, const struct fed_net *);
/* Whether each turn has a workspace for this part.  Under v2 the server needs but one, unless it
 * goes forward for one turn before it goes back for another. */
bool fed_turn_has_memory(const struct fed_split *, const struct fed_net *, enum fed_split_part);

/* split.c */
/* The turn ended without an answer, or with one. */
int fed_turn_ended(struct fed_federation *, struct fed_split *, struct fed_turn *,
                   struct fed_error *);

/* split_room.c */
/* Whether memory will hold a round with these clients; FED_REJECT in words. */
int fed_split_check_memory(const struct fed_federation *, const struct fed_split *,
                           const uint32_t *clients, uint32_t n, struct fed_error *);

/* split_turn.c */
/* The client has its layers' parameters, in the parcel or (NULL) already: the turn begins. */
int fed_turn_begin(struct fed_turn *, const struct fed_envelope *head, struct fed_error *);
/* Activations or a gradient have reached the client. */
int fed_turn_receives(struct fed_turn *, struct fed_envelope *, struct fed_error *);
/* What the client computed is due. */
int fed_turn_worked(struct fed_turn *, struct fed_error *);
/* Let go of everything but how it ended, and of a client that an aggregator has heard its
 * parameters. */
void fed_turn_close(struct fed_turn *);
void fed_turn_release(struct fed_turn *);

/* split_serve.c */
/* Activations or a gradient of this turn have reached the server, which may refuse them. */
int fed_split_serve(struct fed_turn *, struct fed_envelope *, struct fed_error *);
/* What the server computed is due: for a turn, or (NULL) for all together. */
int fed_split_served(struct fed_federation *, struct fed_split *, struct fed_turn *,
                     struct fed_error *);
/* A turn was closed: nobody waits for it any more. */
int fed_split_missed(struct fed_federation *, struct fed_split *, struct fed_error *);

/* split_work.c: `run` of a turn's job, on any thread. */
void fed_work_forward(struct fed_job *, int worker);       /* head: examples to activations */
void fed_work_serve(struct fed_job *, int worker);         /* the server's layers, and the loss */
void fed_work_serve_forward(struct fed_job *, int worker); /* labels=client: forward alone */
void fed_work_tail(struct fed_job *, int worker);          /* the client's last layers */
void fed_work_serve_back(struct fed_job *, int worker);
void fed_work_backward(struct fed_job *, int worker); /* head */
/* The same three of the server for all together: of the scheme's all_job. */
void fed_work_serve_all(struct fed_job *, int worker);
void fed_work_serve_all_forward(struct fed_job *, int worker);
void fed_work_serve_all_back(struct fed_job *, int worker);
/* Have it run, until it is due in so many virtual seconds, when worked() gets `who` and the turn's
 * number. */
int fed_turn_compute(struct fed_turn *, void (*run)(struct fed_job *, int), double when,
                     struct fed_error *);
void fed_turn_join(struct fed_turn *);

/* split_mail.c */
/* The parameters of the client's layers, as one vector (none: a parcel without). */
struct fed_shared_vectors *fed_pack_client(const struct fed_split *, const struct fed_net *,
                                           const float *params);
/* There from; false when it has another size. */
bool fed_unpack_client(const struct fed_split *, const struct fed_net *,
                       const struct fed_shared_vectors *, float *params);
/* Send what the turn has in `crossing` (and `labels`), to the server or to its client; the turn's
 * shares go with it. */
int fed_turn_send(struct fed_turn *, enum fed_message_kind, bool up, struct fed_error *);
/* What the client hands on in turn: its layers as they are now, or what an attack or a fault makes
 * of them.  The parcel is the caller's. */
int fed_turn_head(const struct fed_turn *, struct fed_envelope *, struct fed_error *);
/* The turn's client sends the change of its layers, for the aggregator. */
int fed_turn_sends_update(struct fed_turn *, struct fed_error *);
/* The update of the whole model from that of the client's layers, in the same envelope. */
int fed_complete_update(struct fed_turn *, struct fed_envelope *, struct fed_error *);

#endif
