/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/elf.h - whether bytes are a shared object that this process may load (of plug/ alone).
 */
#ifndef FED_PLUG_ELF_H
#define FED_PLUG_ELF_H

#include "fedsh/plugin.h"

/* FED_REJECT with a clause that reads well after the file's name, else FED_OK.  `symbol` is what
 * it must export.  The bytes may be anything. */
int fed_elf_check(const void *bytes, size_t size, const char *symbol, struct fed_error *);

#endif
