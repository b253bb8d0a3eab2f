/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/devices.h - devices and links of clients: fields of `set client`, counts,
 * explanations.
 */
#ifndef FED_SHELL_OUTPUT_DEVICES_H
#define FED_SHELL_OUTPUT_DEVICES_H

#include "shell/shell.h"

#define FED_DEVICE_HELP "phone, 2e9 (FLOP/s), phone:0.5 with a spread; `explain device`"
#define FED_LINK_HELP "4g, 1e6 (bytes/s), 4g:0.3 with a spread of the bandwidths; `explain link`"

/* Fields of `set client WHO`. */
extern const struct fed_field fed__equipment_fields[];
int fed__set_equipment(struct fed_shell *, const char *who, const struct fed_assign *, size_t n,
                       struct fed_error *);
/* Print how many clients have each profile; nothing without clients. */
void fed__show_equipment(struct fed_shell *);

/* Explain "device", "link" or a profile; false: another name. */
bool fed__explain_equipment(struct fed_shell *, const char *name);

#endif
