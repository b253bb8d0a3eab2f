/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/result_checks.h - checks of a plugin's results (private to plug/).
 */
#ifndef FED_PLUG_RESULT_CHECKS_H
#define FED_PLUG_RESULT_CHECKS_H

#include "plug/registry.h"

/* Check a function's return code; prefixes the plugin's error with "aggregator krum: ".  An invalid
 * code is a failure, and so is FED_REJECT where the function cannot refuse. */
int fed__check_code(const struct fed_instance *, const char *function, int rc, bool may_reject,
                    struct fed_error *words, struct fed_error *);
/* Put the plugin's kind and name before an error; returns FED_FAIL. */
int fed__fail_by_name(const struct fed_instance *, struct fed_error *);
/* Fill with a NaN that no arithmetic produces, before the plugin writes. */
void fed__fill_unwritten(float *out, size_t n);
/* Index of the first number that the plugin never wrote, or n. */
size_t fed__find_unwritten(const float *out, size_t n);
/* Check that out[j0 .. j1) is written and finite. */
int fed__check_step(const struct fed_instance *, const float *out, size_t j0, size_t j1,
                    struct fed_error *);

#endif
