/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * privacy/smashed_image.h - smashed data of given examples, as the server gets them.
 */
#ifndef FED_PRIVACY_SMASHED_IMAGE_H
#define FED_PRIVACY_SMASHED_IMAGE_H

#include "session/session.h"

struct fed_net;
struct fed_shift;
struct fed_workspace;

/* FED_OK if the model has this cut: 1 to layers - 1. */
int fed__cut_check(const struct fed_net *, size_t cut, struct fed_error *);
/* Choose n distinct test examples in a random order that depends on the seed alone; n at most the
 * dataset's. */
int fed__tests_choose(const struct fed_session *, uint32_t n, uint32_t *id, struct fed_error *);
/* Pass examples id [n], n at most head's batch, through the layers of `head`, and add the setting
 * `noise`; into z (n, smashed). */
void fed__smashed_image_make(const struct fed_session *, struct fed_workspace *head,
                             const uint32_t *id, uint32_t n, const struct fed_shift *, float *z);

#endif
