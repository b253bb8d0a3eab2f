/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz/lab.h - a small session for targets that read files of one. */
#ifndef FED_FUZZ_LAB_H
#define FED_FUZZ_LAB_H

#include "session/internal.h"

/* A bare session that tells nobody. */
void lab_bare(struct fed_session *);
/* A CSV file of 30 rows in the folder of the run, a softmax over it, three clients; `rounds` made.
 */
void lab_trained(struct fed_session *, uint64_t rounds);
/* The content of a file of the run becomes a seed; the file goes. */
void lab_seed_from(const char *name);
void lab_end(void);

#endif
