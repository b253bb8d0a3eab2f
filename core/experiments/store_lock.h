/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/store_lock.h - locks of studies: the byte of a study's number in PATH.lock, which the
 * system frees when the program ends.
 */
#ifndef FED_EXPERIMENTS_STORE_LOCK_H
#define FED_EXPERIMENTS_STORE_LOCK_H

#include "experiments/store.h"

/* *file: the descriptor of PATH.lock, or -1: it is opened then, and the caller's to close.
 * FED_REJECT: another program runs the study. */
int fed__study_lock(int *file, const char *path, const struct fed_stored_study *,
                    struct fed_error *);
void fed__study_unlock(int file, const struct fed_stored_study *);

#endif
