/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/descriptor.h - what a loaded library says about its plugin, checked (of plug/ alone).
 */
#ifndef FED_PLUG_DESCRIPTOR_H
#define FED_PLUG_DESCRIPTOR_H

#include "plug/loader.h"
#include "plug/registry.h"

/* Checks `fed_plugin` of the library and copies it into entry->copy, its field rows
 * into entry->fields, over zeroes.  Afterwards
 * head->doc and head->fields are never NULL.  FED_REJECT says what to do; FED_FAIL: no
 * memory. */
int fed_head_read(const struct fed_library *, struct fed_entry *, struct fed_error *);

#endif
