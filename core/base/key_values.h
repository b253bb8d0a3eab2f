/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/key_values.h - settings as a list of key=value texts, which survive a rebuilt plugin and a
 * saved file.
 */
#ifndef FED_BASE_KEY_VALUES_H
#define FED_BASE_KEY_VALUES_H

#include "base/fields.h"

/* Owns its strings. {0} is valid and empty. */
struct fed_key_values {
	struct fed_assign *assign; /* [n] */
	size_t n;
};
/* A value of NULL is a bare flag and kept as "yes". */
int fed_key_values_add(struct fed_key_values *, const char *key, const char *value,
                       struct fed_error *);
int fed_key_values_copy(struct fed_key_values *out, const struct fed_assign *, size_t n,
                        struct fed_error *);
/* All settable rows with their current values; rows may be NULL. */
int fed_key_values_of(struct fed_key_values *out, const struct fed_field *rows, const void *state,
                      struct fed_error *);
/* "krum:f=3:m=2" split at its colons into a name and at most FED_COLONS_MAX settings, which point
 * into the text; the text is modified. */
#define FED_COLONS_MAX 16
int fed_assign_cut(char *text, const char **name, struct fed_assign assign[FED_COLONS_MAX],
                   size_t *n, struct fed_error *err);
void fed_key_values_release(struct fed_key_values *);

#endif
