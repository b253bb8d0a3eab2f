/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/result_checks.h - what a plugin gave back, checked (of plug/ alone).
 */
#ifndef FED_PLUG_RESULT_CHECKS_H
#define FED_PLUG_RESULT_CHECKS_H

#include "plug/registry.h"

/* What a function returned, with "aggregator krum: " in front of the plugin's words.  A code that
 * is none is a failure; FED_REJECT is one too where a refusal means nothing. */
int fed_check_code(const struct fed_instance *, const char *function, int rc, bool may_reject,
                   struct fed_error *words, struct fed_error *);
/* Before the plugin writes: with a number that no arithmetic makes. */
void fed_fill_unwritten(float *out, size_t n);
/* The first number that the plugin never wrote, or n. */
size_t fed_find_unwritten(const float *out, size_t n);
/* out[j0 .. j1) is a step: written, finite. */
int fed_check_step(const struct fed_instance *, const float *out, size_t j0, size_t j1,
                   struct fed_error *);

#endif
