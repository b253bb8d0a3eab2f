/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/schemes/schemes.h - the training schemes by name.
 */
#ifndef FED_TRAIN_SCHEMES_SCHEMES_H
#define FED_TRAIN_SCHEMES_SCHEMES_H

#include "train/round/scheme.h"

extern const struct fed_scheme fed_scheme_sync, fed__scheme_async, fed_scheme_split,
	fed_scheme_vertical;
const struct fed_scheme *fed_scheme_at(size_t i); /* NULL past the last */
int fed_scheme_find(const char *name, const struct fed_scheme **, struct fed_error *);
/* Allocated state of a scheme, with its defaults and the given settings (fed_free). */
int fed_scheme_state_new(void **, const struct fed_scheme *, const struct fed_assign *, size_t n,
                         struct fed_error *);

#endif
