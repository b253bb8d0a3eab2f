/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/invitations.h - hash table of open invitations, by client.
 *
 * An invitation is open from the moment the model leaves for a client until its update was accepted
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

/* Reserve capacity for n more. */
int fed__invitations_reserve(struct fed_federation *, uint32_t n, struct fed_error *);
/* Open an invitation to a client which has none, within the reserved capacity; returns its number.
 * Adds a reference to the model. */
uint64_t fed__invitation_open(struct fed_federation *, uint32_t client,
                              struct fed_shared_vectors *model);
/* End the client's open invitation as lost. */
int fed__invitation_lost(struct fed_federation *, uint32_t client, const char *why,
                         struct fed_error *);
/* Whether a round goes on where a loaded plugin fails at a client (on-plugin-error). */
bool fed__goes_on_without(const struct fed_federation *);
/* The code of a call of a plugin (NULL: none) at a client: FED_REJECT in place of FED_FAIL where a
 * loaded one failed, and the session goes on without the update. */
struct fed_instance;
int fed__excuse(const struct fed_federation *, const struct fed_instance *plugin, int rc);
/* End the invitation of a client whose update such a failure cost, if it is still open: refused.
 * err: in, why; out, the scheme's failure. */
int fed__skip_update(struct fed_federation *, uint32_t client, uint64_t number, struct fed_error *);
/* The open invitation of a client, or NULL. */
const struct fed_invitation *fed_invitation_of(const struct fed_federation *, uint32_t client);
/* Whether the client's open invitation, if any, has this number. */
bool fed__invitation_is_open(const struct fed_federation *, uint32_t client, uint64_t number);
/* End the client's open invitation; the caller counts how. */
void fed__invitation_close(struct fed_federation *, uint32_t client);
/* End all open invitations as late. */
void fed__invitations_expire(struct fed_federation *, const char *why);
/* End as late those whose model is older than this version. */
void fed__invitations_expire_before(struct fed_federation *, uint64_t version, const char *why);

#endif
