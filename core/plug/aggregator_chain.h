/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/aggregator_chain.h - an aggregator and the pre-aggregation before it: creation, settings and
 * their text form.
 */
#ifndef FED_PLUG_AGGREGATOR_CHAIN_H
#define FED_PLUG_AGGREGATOR_CHAIN_H

#include "base/key_values.h"
#include "plug/registry.h"

/* Make an aggregator, with the pre-aggregation that after=NAME puts before it, from settings of
 * both. */
int fed_aggregator_make(const struct fed_registry *, struct fed_instance *out, const char *name,
                        const struct fed_assign *, size_t n, struct fed_error *);
/* Set one parameter; the key may be "after", "after.KEY" or, where the aggregator has none of that
 * name, one of the pre-aggregation. */
int fed_instance_put(const struct fed_registry *, struct fed_instance *, const char *key,
                     const char *value, struct fed_error *);
/* All settings, those of the pre-aggregation as "after" and "after.KEY", as fed_aggregator_make
 * accepts them. */
int fed_instance_settings(struct fed_key_values *out, const struct fed_instance *,
                          struct fed_error *);

#endif
