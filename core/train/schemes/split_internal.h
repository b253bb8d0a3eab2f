/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/schemes/split_internal.h - private interface of the split scheme: turns, their jobs and
 * messages.
 *
 * split.c: the scheme: settings, order of turns, the step.  split_order.c: whose turns.
 * split_sealed.c: heads that the server cannot read. split_layers.c: layers and parameters of each
 * part.  split_memory.c: memory estimate of a round. split_turn.c: a client's turn, from message to
 * message.  split_server.c: the server, which computes for one turn or for all. split_deadline.c:
 * who is waited for no longer. split_work.c: jobs on the threads.  split_messages.c: the messages
 * of a turn.  split_vertical.c: columns of parties.  split_remote.c: turns of clients on other
 * machines, here and there.
 */
#ifndef FED_TRAIN_SCHEMES_SPLIT_INTERNAL_H
#define FED_TRAIN_SCHEMES_SPLIT_INTERNAL_H

#include "train/schemes/split.h"

/* Layers of a part: [*first, *last), maybe none. */
/* Those of a client: see struct fed_scheme. */
void fed__split_client_layers(const void *state, const struct fed_net *, size_t at[2]);
void fed__part_layers(const struct fed_split *, const struct fed_net *, enum fed_split_part,
                      size_t *first, size_t *last);
/* Floats of one example at the cut before `layer`. */
size_t fed__cut_width(const struct fed_net *, size_t layer);
/* Parameters of the server's layers: [*from, *to) of the flat vector. */
void fed__server_params(const struct fed_split *, const struct fed_net *, size_t *from, size_t *to);
/* Parameters of the server's layers in this turn. */
float *fed__server_model(const struct fed_turn *);
/* Length of a turn's `params`: the model's, or only the head's where the turn owns no other layers.
 */
size_t fed__turn_dim(const struct fed_split *, const struct fed_net *);
/* Whether each turn has a workspace for this part.  Under v2 the server needs only one, unless it
 * goes forward for one turn before it goes back for another. */
bool fed__turn_has_memory(const struct fed_split *, const struct fed_net *, enum fed_split_part);

/* split.c */
/* A party of scheme vertical ends its turn early, with what it has learned. */
int fed__party_stops(struct fed_turn *, const char *why, struct fed_error *);
/* Relay the layers that a client has trained (their message is the caller's until then). */
int fed__turn_relays(struct fed_turn *, struct fed_envelope *, struct fed_error *);
/* The turn that this invitation began, or NULL: it is of another round. */
struct fed_turn *fed__turn_of(const struct fed_split *, uint64_t number);
/* A turn has ended, with or without an answer. */
int fed__turn_ended(struct fed_federation *, struct fed_split *, struct fed_turn *,
                    struct fed_error *);

/* split_order.c */
/* Make the turns of a round. */
int fed__split_choose(struct fed_federation *, struct fed_split *, struct fed_error *);
/* Invite the client of the next turn. */
int fed__split_call_next(struct fed_federation *, struct fed_split *, struct fed_error *);
/* Begin the turns of all parties, each with the layers that it has. */
int fed__split_begin_parties(struct fed_federation *, struct fed_split *, struct fed_error *);

/* split_sealed.c: heads that clients on other machines seal for each other (relay=peer). */
/* The present head of a round is that of the last one. */
void fed__split_take_sealed(const struct fed_federation *, struct fed_split *);
/* ... and the reverse, of a round that is complete. */
void fed__split_keep_sealed(struct fed_federation *, struct fed_split *);
void fed__split_drop_sealed(struct fed_split *);
/* Have a client that the present head is sealed for come next, if there is one. */
void fed__split_swap_sealed(struct fed_split *);
/* Begin a turn with the present head. */
int fed__split_send_sealed(struct fed_federation *, struct fed_split *, struct fed_turn *,
                           struct fed_error *);
/* A client ends its turn with a sealed head, which becomes the present one. */
void fed__split_set_sealed(struct fed_split *, const struct fed_turn *,
                           const struct fed_envelope *);
/* Callbacks of fed_scheme. */
void fed__split_unable(struct fed_federation *, void *state, uint64_t number);
bool fed__split_hides_model(const struct fed_federation *, const void *state);

/* split_memory.c */
/* Check the memory estimate of a round with these clients.  FED_REJECT: it exceeds the budget. */
int fed__split_check_memory(const struct fed_federation *, const struct fed_split *,
                            const uint32_t *clients, uint32_t n, struct fed_error *);

/* split_deadline.c */
/* Have the deadline come for the turn that has been awaited longest, unless it is set. */
int fed__split_set_deadline(struct fed_federation *, const struct fed_split *, struct fed_error *);
/* Callback fed_scheme.deadline: end the turns whose clients have not answered in time. */
int fed__split_deadline(struct fed_federation *, void *state, struct fed_error *);

/* split_turn.c */
/* Begin a turn: the client has its layers' parameters, in this message or (NULL) already. */
int fed__turn_begin(struct fed_turn *, const struct fed_envelope *head, struct fed_error *);
/* Arrival of activations or of a gradient at the client. */
int fed__turn_receives(struct fed_turn *, struct fed_envelope *, struct fed_error *);
/* The client's computation is due. */
int fed__turn_worked(struct fed_turn *, struct fed_error *);
/* Advance to the next batch; false after the last. */
bool fed__turn_next_batch(struct fed_turn *);
/* Allocate the result of the client's forward pass. */
int fed__turn_expects_activations(struct fed_turn *, struct fed_error *);
/* In a client's own process: prepare its turn, with the layers of this message, up to the first
 * batch. */
int fed__turn_open_here(struct fed_turn *, const struct fed_envelope *head, struct fed_error *);
/* Release a turn's memory; how it ended stays, and the parameters of a client whose update an
 * aggregator was given. */
void fed__turn_close(struct fed_turn *);
void fed__turn_release(struct fed_turn *);

/* split_server.c */
/* Arrival of activations or of a gradient of this turn at the server, which may refuse them. */
int fed__split_serve(struct fed_turn *, struct fed_envelope *, struct fed_error *);
/* The server's computation is due: for a turn, or (NULL) for the joined batch. */
int fed__split_served(struct fed_federation *, struct fed_split *, struct fed_turn *,
                      struct fed_error *);
/* A turn was closed: the server no longer waits for it. */
int fed__split_missed(struct fed_federation *, struct fed_split *, struct fed_error *);

/* split_work.c: `run` of a turn's job, on any thread. */
void fed__work_forward(struct fed_job *, int worker); /* head, forward: examples to activations */
void fed__work_serve(struct fed_job *,
                     int worker); /* the server's layers, forward and back, and the loss */
void fed__work_serve_forward(struct fed_job *, int worker); /* labels=client: forward alone */
void fed__work_tail(struct fed_job *, int worker);          /* the client's last layers */
void fed__work_serve_back(struct fed_job *, int worker);
void fed__work_backward(struct fed_job *, int worker); /* head */
/* The server's three for the joined batch: `run` of the scheme's all_job. */
void fed__work_serve_all(struct fed_job *, int worker);
void fed__work_serve_all_forward(struct fed_job *, int worker);
void fed__work_serve_all_back(struct fed_job *, int worker);
/* Submit a turn's job; its end is due in `when` virtual seconds, when worked() is called with the
 * turn's number. */
int fed__turn_compute(struct fed_turn *, void (*run)(struct fed_job *, int), double when,
                      struct fed_error *);
void fed__turn_join(struct fed_turn *);
/* Run a computation of the turn on this thread. */
void fed__turn_compute_here(struct fed_turn *, void (*run)(struct fed_job *, int));

/* split_remote.c: fed_scheme's callbacks for clients on other machines. */
uint64_t fed__split_place(const struct fed_federation *, const void *state, uint64_t number);
size_t fed__split_expect(const struct fed_federation *, const void *state, struct fed_envelope *);
int fed__split_reported(struct fed_federation *, void *state, struct fed_envelope *,
                        struct fed_error *);
int fed__split_works(struct fed_federation *, void *state, const struct fed_envelope *,
                     struct fed_envelope *answer, bool *answers, struct fed_error *);
void fed__split_end(struct fed_federation *, void *state);

/* split_vertical.c */
extern const struct fed_field fed__vertical_fields[];
extern const char fed__vertical_doc[];
int fed__vertical_cuts(const struct fed_split *, const struct fed_net *, size_t at[2],
                       struct fed_error *);
/* Make a turn for each party, and find their common examples. */
int fed__vertical_choose(struct fed_federation *, struct fed_split *, struct fed_error *);
/* A party was lost: the others' turns end, for no batch can be joined without it. */
int fed__vertical_lost(struct fed_federation *, struct fed_split *, const struct fed_turn *lost,
                       struct fed_error *);
/* Floats that cross the first cut, of one example of the turn. */
size_t fed__turn_width(const struct fed_turn *);
/* Numbers that a party sends in the round: before its present batch, and in all. */
size_t fed__turn_sent(const struct fed_turn *);
size_t fed__turn_sends(const struct fed_turn *);
/* FLOPs of a party's own part of the head, forward, one example. */
double fed__party_flops(const struct fed_turn *);
/* Set the columns of x (n, input) that are not the party's to 0. */
void fed__vertical_hide(const struct fed_turn *, float *x);
/* The party's columns at the cut out of all parties', and back. */
void fed__vertical_take(const struct fed_turn *, const float *all, float *own);
void fed__vertical_put(const struct fed_turn *, const float *own, float *all);
/* Copy the party's own parameters from its turn to the model's. */
void fed__vertical_keep(const struct fed_turn *, float *params);

/* split_messages.c */
/* Parameters of the client's layers, as one shared vector (no layers: no vector). */
struct fed_shared_vectors *fed__pack_client(const struct fed_split *, const struct fed_net *,
                                            const float *params);
/* The reverse; false when the vector has another size. */
bool fed__unpack_client(const struct fed_split *, const struct fed_net *,
                        const struct fed_shared_vectors *, float *params);
/* Make a message of the turn's `crossing` (and `labels`), under the codec, to the server (up) or to
 * its client; moves the turn's references.  Fails as an attack of the client does. */
int fed__turn_message(struct fed_turn *, enum fed_message_kind, bool up, struct fed_envelope *,
                      struct fed_error *);
/* Make it and send it. */
int fed__turn_send(struct fed_turn *, enum fed_message_kind, bool up, struct fed_error *);
/* Send what a client on another machine made, subject to attacks; takes the references. */
int fed__turn_passes_on(struct fed_turn *, struct fed_envelope *, struct fed_error *);
/* Message that relays the client's layers as trained (the payload is the caller's), and what an
 * attack or a fault makes of it: FED_REJECT, the attack failed, and the session goes on without it.
 */
int fed__turn_head(const struct fed_turn *, struct fed_envelope *, struct fed_error *);
int fed__turn_spoil_head(const struct fed_turn *, struct fed_envelope *, struct fed_error *);
/* Whether a client on another machine ends its turn with its layers as trained (FED_MESSAGE_HEAD):
 * in turn, and where neither codec nor noise changes the delta, which the server makes of them. */
bool fed__turn_ends_with_layers(const struct fed_turn *);
/* Make the delta of the client's layers, for the aggregator; fails as fed__code_update(). */
int fed__turn_update(struct fed_turn *, struct fed_envelope *, struct fed_error *);
/* Send it; takes the references. */
int fed__turn_sends_update(struct fed_turn *, struct fed_envelope *, struct fed_error *);
/* Extend an update of the client's layers to one of the whole model, in the same envelope. */
int fed__complete_update(struct fed_turn *, struct fed_envelope *, struct fed_error *);

#endif
