/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/devices.h - the section "links" of a saved file: where each client's device came from,
 * and its link.  The device's speed is in the section "clients".
 */
#ifndef FED_CHECKPOINT_DEVICES_H
#define FED_CHECKPOINT_DEVICES_H

#include "checkpoint/sections.h"
#include "train/clients/clients.h"

void fed_save_links(struct fed_saver *, const struct fed_clients *);
/* After the clients.  A file of format 1 has no such section: their links are ideal. */
int fed_load_links(struct fed_loader *, struct fed_clients *);

/* The names of all profiles; reading: what numbers in the file stand for here. */
uint64_t fed_size_profiles(void);
void fed_put_profiles(struct fed_saver *);
void fed_get_profiles(struct fed_loader *, uint8_t device[256], uint8_t link[256]);
/* Whether a client may have these. */
bool fed_link_is_possible(float device, const struct fed_client_link *);

#endif
