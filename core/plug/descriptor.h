/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/descriptor.h - validation of the plugin struct of a loaded library (private to plug/).
 */
#ifndef FED_PLUG_DESCRIPTOR_H
#define FED_PLUG_DESCRIPTOR_H

#include "plug/loader.h"
#include "plug/registry.h"

/* Checks `fed_plugin` of the library and copies it into entry->copy, its field rows into
 * entry->fields, over zeroes.  Afterwards head->doc and head->fields are never NULL.  FED_REJECT:
 * invalid, with the remedy in the error; FED_FAIL: no memory. */
int fed__descriptor_read(const struct fed_library *, struct fed_entry *, struct fed_error *);
/* Check an entry's descriptor, but for where its pointers point.  FED_REJECT: invalid. */
int fed__descriptor_check(const struct fed_entry *, struct fed_error *);

#endif
