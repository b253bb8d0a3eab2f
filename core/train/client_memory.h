/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/client_memory.h - memory that training takes at a client, as its device would need it.
 */
#ifndef FED_TRAIN_CLIENT_MEMORY_H
#define FED_TRAIN_CLIENT_MEMORY_H

#include "train/federation.h"

/* Bytes of the layers that the scheme gives to a client, frozen ones too, and of what a step on a
 * batch of the largest client needs beside them: activations, their gradients, and the vectors of
 * momentum or of an aggregator's term.  NaN without memory to find out. */
double fed__client_memory(const struct fed_federation *);

#endif
