/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/invitations.h - open invitations: a table by client.
 *
 * An invitation is open from the moment the model leaves for a client until its update was taken
 * or refused, one of the messages was lost, or the scheme closed it (late).  Each ends in exactly
 * one of these, and is counted there: invited = reported + refused + lost + late + still open.
 */
#ifndef FED_TRAIN_ROUND_INVITATIONS_H
#define FED_TRAIN_ROUND_INVITATIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "fedsh/plugin.h"

struct fed_federation;
struct fed_invitation;
struct fed_shared_vectors;

/* Room in the table for n more. */
int fed_invitations_reserve(struct fed_federation *, uint32_t n, struct fed_error *);
/* Open one to a client which has none, for whom there is room; returns its number.  Takes a share
 * of the model. */
uint64_t fed_invitation_open(struct fed_federation *, uint32_t client,
                             struct fed_shared_vectors *model);
/* The open invitation of the client ends as lost. */
int fed_invitation_lost(struct fed_federation *, uint32_t client, const char *why,
                        struct fed_error *);
/* The open invitation of a client, or NULL. */
const struct fed_invitation *fed_invitation_of(const struct fed_federation *, uint32_t client);
/* Whether it is open, and has this number. */
bool fed_invitation_is_open(const struct fed_federation *, uint32_t client, uint64_t number);
/* It ends; the caller counts how. */
void fed_invitation_close(struct fed_federation *, uint32_t client);
/* All that are open end as late. */
void fed_invitations_expire(struct fed_federation *, const char *why);
/* Those of models before this version. */
void fed_invitations_expire_before(struct fed_federation *, uint64_t version, const char *why);

#endif
