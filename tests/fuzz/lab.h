/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz/lab.h - a small session for targets that read files of one. */
#ifndef FED_FUZZ_LAB_H
#define FED_FUZZ_LAB_H

#include "session/internal.h"

/* A bare session without sinks. */
void lab_bare(struct fed_session *);
/* A session with a CSV dataset of 30 rows, a softmax model and three clients, after `rounds`
 * rounds. */
void lab_trained(struct fed_session *, uint64_t rounds);
/* Add the content of a file as a seed and remove the file. */
void lab_seed_from(const char *name);
void lab_end(void);

#endif
