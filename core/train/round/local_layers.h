/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/local_layers.h - local layers: those whose parameters stay with each client (setting
 * `local-layers`).
 *
 * A list of last:K and first:K (layers that have parameters, from the output and from the input),
 * norm (every normalisation: batch, group, layer), and names of layers, "dense2", or of kinds,
 * "dense".  Each client trains its own copy of them; only the rest travels and is averaged.  Until
 * a client has trained it has the server's copy, which no step changes.  FedPer (Arivazhagan 2019)
 * is last:1, FedBN (Li 2021) norm, LG-FedAvg (Liang 2020) first:K.
 */
#ifndef FED_TRAIN_ROUND_LOCAL_LAYERS_H
#define FED_TRAIN_ROUND_LOCAL_LAYERS_H

#include "net/sharing.h"
#include "nn/net.h"

enum { FED_LOCAL_LAYERS_TEXT = 128 };

bool fed_local_layers_any(const char *text);
/* Check the words of a list, without a model. */
int fed__local_layers_check(const char *text, struct fed_error *);
/* What travels of this model: *out, the caller's reference; NULL: all of it. */
int fed_local_layers_make(const char *text, const struct fed_net *, struct fed_sharing **out,
                          struct fed_error *);

#endif
