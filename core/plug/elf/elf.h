/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/elf/elf.h - validation of a shared object before it is loaded (private to plug/).
 */
#ifndef FED_PLUG_ELF_ELF_H
#define FED_PLUG_ELF_ELF_H

#include "fedsh/plugin.h"

/* FED_OK if a process of this machine can load the object and it exports `symbol`; FED_REJECT with
 * a clause that follows the file's name.  *sanitizer: "address" or "thread", whose runtime the
 * process must have, or NULL.  The bytes are untrusted. */
int fed__elf_check(const void *bytes, size_t size, const char *symbol, const char **sanitizer,
                   struct fed_error *);
/* Whether this program has the runtime of a sanitizer; without it such an object ends the process.
 */
bool fed__elf_has_runtime(const char *sanitizer);

#endif
