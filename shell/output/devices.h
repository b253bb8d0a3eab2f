/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/devices.h - devices and links of clients: counts and explanations.
 */
#ifndef FED_SHELL_OUTPUT_DEVICES_H
#define FED_SHELL_OUTPUT_DEVICES_H

#include "shell/shell.h"

/* Print how many clients have each profile; nothing without clients. */
void fed__show_equipment(struct fed_shell *);

/* Explain "device", "link", "server-link" or a profile; false: another name. */
bool fed__explain_equipment(struct fed_shell *, const char *name);

#endif
