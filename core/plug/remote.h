/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/remote.h - worker processes of guarded entries and instances (private to plug/).
 */
#ifndef FED_PLUG_REMOTE_H
#define FED_PLUG_REMOTE_H

#include "plug/registry.h"

/* Fill the entry's descriptor from a worker that loads its library.  FED_REJECT: the file is
 * refused, or kills the process that loads it. */
int fed__remote_describe(struct fed_entry *, struct fed_error *);
/* Let a worker of this guard load the entry's library.  FED_REJECT: that ended its process, as it
 * would end this one; a refusal in words is left to the one that loads it here. */
int fed__remote_try(const struct fed_entry *, struct fed_guard *, struct fed_error *);
/* Give an instance its worker if it, or its pre-aggregation, is guarded. */
int fed__remote_attach(struct fed_instance *, struct fed_error *);
void fed__remote_detach(struct fed_instance *);
/* NULL: it runs inside. */
struct fed_guard *fed__remote_guard(const struct fed_instance *);

#endif
