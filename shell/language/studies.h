/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/studies.h - the file of studies, which all sessions of a user share.
 */
#ifndef FED_SHELL_LANGUAGE_STUDIES_H
#define FED_SHELL_LANGUAGE_STUDIES_H

#include "experiments/store.h"

/* Open the file of studies in the user's data folder. */
int fed__open_store(struct fed_store **, enum fed_store_use, struct fed_error *);
/* Call for the name of each study that is kept, with this behind it. */
void fed__study_names(const char *end, void (*take)(void *ctx, const char *name), void *ctx);

#endif
