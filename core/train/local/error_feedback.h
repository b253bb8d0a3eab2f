/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/local/error_feedback.h - updates under a codec, and the memory of what it lost.
 *
 * Error feedback (Seide et al. 2014; Karimireddy et al. 2019, algorithm 2): a client sends
 * C(delta + e) and keeps e = delta + e - what the server decodes of that, its residual, for its
 * next training.  So no part of an update is lost, it comes later.  The residual is that of the
 * codec alone: an update that is lost on its way stays lost.
 *
 * Vectors that travel beside an update (SCAFFOLD's differences of c_i) are sent as they are: client
 * and server must add up the same numbers.  So is the model on its way down.
 */
#ifndef FED_TRAIN_LOCAL_ERROR_FEEDBACK_H
#define FED_TRAIN_LOCAL_ERROR_FEEDBACK_H

#include "net/codec.h"
#include "train/local/internal.h"

/* In a training's thread, when its delta is there: add the client's residual, encode, and put what
 * the server will decode in its place.  FED_FAIL: no memory. */
int fed_feedback_code(struct fed_training *, struct fed_thread_buffers *);

#endif
