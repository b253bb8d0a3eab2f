/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/load.h - a dataset by its name and its arguments as a line of text.
 */
#ifndef FED_TEST_DATA_LOAD_H
#define FED_TEST_DATA_LOAD_H

#include "data/dataset.h"

/* args: "key=value key=value" without quotes, at most eight; no value holds a blank. */
int load_by_words(struct fed_dataset **data, const char *name, const char *args,
                  struct fed_error *err);

/* The note on a subject, or NULL; what it found, "" if there is none. */
const struct fed_note *note_on(const struct fed_dataset *, const char *subject);
const char *found_of(const struct fed_dataset *, const char *subject);

#endif
