/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/elf.h - validation of a shared object before it is loaded (private to plug/).
 */
#ifndef FED_PLUG_ELF_H
#define FED_PLUG_ELF_H

#include "fedsh/plugin.h"

/* FED_OK if this process can load the object and it exports `symbol`; FED_REJECT with a clause that
 * follows the file's name.  The bytes are untrusted. */
int fed__elf_check(const void *bytes, size_t size, const char *symbol, struct fed_error *);

#endif
