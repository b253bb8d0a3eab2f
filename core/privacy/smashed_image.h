/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * privacy/smashed_image.h - smashed data to look at: what the server would get of given examples.
 */
#ifndef FED_PRIVACY_SMASHED_IMAGE_H
#define FED_PRIVACY_SMASHED_IMAGE_H

#include "session/session.h"

/* Whether the model has this cut: 1 to layers - 1; else says so. */
int fed_cut_check(const struct fed_net *, size_t cut, struct fed_error *);
/* n distinct test examples in a random order that depends on the seed alone; n at most the
 * dataset's. */
int fed_tests_choose(const struct fed_session *, uint32_t n, uint32_t *id, struct fed_error *);
/* Examples id [n], n at most head's batch, through the layers that `head` spans, with the setting
 * `noise` added, into z (n, smashed). */
void fed_smashed_image_make(const struct fed_session *, struct fed_workspace *head,
                            const uint32_t *id, uint32_t n, const struct fed_shift *, float *z);

#endif
