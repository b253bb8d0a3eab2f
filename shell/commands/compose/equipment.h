/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/compose/equipment.h - devices and links as `add-client` and `set client` take
 * them.
 */
#ifndef FED_SHELL_COMMANDS_EQUIPMENT_H
#define FED_SHELL_COMMANDS_EQUIPMENT_H

#include "shell/shell.h"
#include "train/clients/device.h"

#define FED_DEVICE_HELP "phone, 2e9 (FLOP/s), phone:0.5 with a spread; `explain device`"
#define FED_LINK_HELP "4g, 1e6 (bytes/s), 4g:0.3 with a spread of the bandwidths; `explain link`"

/* Fields of `set client WHO`. */
extern const struct fed_field fed__equipment_fields[];
int fed__set_equipment(struct fed_shell *, const char *who, const struct fed_assign *, size_t n,
                       struct fed_error *);
/* At the prompt, while the setting device-spread is `auto`: give a device and a link that come
 * without a spread that of the prompt, so that clients of one profile differ.  True: it did, and
 * when their command has succeeded fed__spread_keep() sets and records it.  NULL: none is given. */
bool fed__spread_at_prompt(const struct fed_shell *, struct fed_device_spec *,
                           struct fed_link_spec *);
int fed__spread_keep(struct fed_shell *, struct fed_error *);
/* At the prompt: how the losses of a link are made to happen, where the transport knows none. */
void fed__hint_at_losses(struct fed_shell *, const struct fed_link_spec *);

#endif
