/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/coding.h - the codecs of a round, and the descriptions of vectors that they get.
 */
#ifndef FED_TRAIN_ROUND_CODING_H
#define FED_TRAIN_ROUND_CODING_H

#include "net/codec.h"

struct fed_envelope;
struct fed_federation;

/* Make the codecs that the settings name, and what travels of the model (setting local-layers),
 * unless they are made already.  FED_REJECT: the scheme has no local layers. */
int fed__codings_prepare(struct fed_federation *, struct fed_error *);
void fed__codings_release(struct fed_federation *);
/* A vector of n numbers that this client (FED_SERVER: the server) sends about a version.  Of the
 * model's length: with the matrices of what travels of its layers. */
struct fed_coding fed__coding_of(const struct fed_federation *, uint32_t client, uint64_t version,
                                 size_t n);
/* fed_recode() of what travels of a vector [dim] that a client sends; the rest becomes 0.
 * FED_REJECT: a loaded codec failed, and the session goes on without the message (on-plugin-error).
 */
int fed__recode(const struct fed_federation *, const struct fed_shared_codec *,
                const struct fed_coding *, float *v, struct fed_code **, struct fed_error *);
/* Description of vector 0, of n numbers, of what a client sends, or gets in split learning. */
struct fed_coding fed__coding_of_message(const struct fed_federation *, const struct fed_envelope *,
                                         size_t n);
/* Send an update's vector 0 through the codec of what clients send; fails as fed__recode(). */
int fed__code_update(const struct fed_federation *, struct fed_envelope *, struct fed_error *);
/* The same again, after it was changed: through its own codec. */
int fed__code_again(const struct fed_federation *, struct fed_envelope *, struct fed_error *);

#endif
