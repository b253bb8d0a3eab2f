/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/remote.h - a session whose clients are on other machines, and one that is such a client.
 */
#ifndef FED_SESSION_REMOTE_H
#define FED_SESSION_REMOTE_H

#include "session/session.h"
#include "train/clients/clients.h"

struct fed_network_service;
struct fed_data_form;

/* Give the session a network (borrowed; NULL takes it back), and transport zmq with it, or local.
 * settle is called before each round: clients that came or went are added or marked then.  Refused
 * while a round is open, and while there are simulated clients: their time is virtual. */
int fed_session_set_network(struct fed_session *, const struct fed_network_service *,
                            void (*settle)(void *ctx), void *ctx, struct fed_error *);
/* Add a client that holds so many examples elsewhere; between rounds. */
int fed_session_add_remote(struct fed_session *, const char *name, const char *key,
                           uint32_t examples, uint32_t *id, struct fed_error *);
/* The client is connected with so many examples, or away. */
int fed_session_remote_here(struct fed_session *, uint32_t id, uint32_t examples,
                            struct fed_error *);
void fed_session_remote_away(struct fed_session *, uint32_t id);
/* What the client is from now on, as far as it is told. */
void fed_session_remote_truth(struct fed_session *, uint32_t id, enum fed_client_truth);
/* What it was until now is told, also of the last version's updates: it is honest again. */
void fed_session_remote_tell(struct fed_session *, uint32_t id, bool byzantine);
/* Take transport zmq again, if the composition was replaced while the network is open. */
int fed_session_use_network(struct fed_session *, struct fed_error *);
/* In a client's own process: make it client `id`, with examples [from, from + n) of its dataset,
 * and set the federation up. */
int fed_session_become_client(struct fed_session *, uint32_t id, uint32_t from, uint32_t n,
                              struct fed_error *);
/* In a client's own process: load the dataset, also where the same was chosen, by a form (borrowed,
 * until the next one or NULL) that the server has; the client's examples go.  FED_REJECT: it does
 * not fit, and the session is as before, without clients. */
int fed_session_dataset_by(struct fed_session *, const struct fed_data_form *, const char *name,
                           const struct fed_assign *, size_t n, struct fed_error *);
/* FLOPs of one training of the client, as the open round, or the last one, asks for it. */
double fed_session_training_flops(const struct fed_session *, uint32_t client);
/* Whether the clients keep a part of the model from this session (split learning, relay=peer): what
 * it has in its place is as old as the run. */
bool fed_session_hides_model(const struct fed_session *);
/* The federation that a client works in. */
struct fed_federation *fed_session_working(struct fed_session *);

#endif
