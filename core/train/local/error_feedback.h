/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/local/error_feedback.h - error feedback: encoding of updates, and the residual of the
 * codec.
 *
 * Error feedback (Seide et al. 2014; Karimireddy et al. 2019, algorithm 2): a client sends C(delta
 * + e) and keeps e = delta + e - what the server decodes of that, its residual, for its next
 * training.  So no part of an update is lost, only delayed.  The residual is that of the codec
 * alone: an update whose message is lost is not sent again.
 *
 * A codec that is unbiased leaves no residual.  What a codec keeps for itself (PowerSGD's Q) is the
 * residual's second vector.
 *
 * Vectors that travel beside an update (SCAFFOLD's differences of c_i) are sent uncompressed:
 * client and server must add the same numbers.
 */
#ifndef FED_TRAIN_LOCAL_ERROR_FEEDBACK_H
#define FED_TRAIN_LOCAL_ERROR_FEEDBACK_H

#include "net/codec.h"
#include "train/local/internal.h"

/* Encode the delta of a training, on its thread: add the client's residual, encode, and replace the
 * delta by what the server will decode.  FED_FAIL: no memory, or the codec failed. */
int fed__feedback_code(struct fed_training *, struct fed_thread_buffers *, struct fed_error *);

#endif
