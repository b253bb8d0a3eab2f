/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/data_form_errors.h - why a dataset does not fit a form, each in one sentence that says what
 * to do; for core/data alone.
 */
#ifndef FED_DATA_DATA_FORM_ERRORS_H
#define FED_DATA_DATA_FORM_ERRORS_H

#include "data/data_form.h"

/* Classes, targets or text. */
int fed__form_check_kind(const struct fed_dataset *, const struct fed_source *,
                         const struct fed_data_form *, struct fed_error *);
/* FED_REJECT with the sizes, and with the source's settings that change them. */
int fed__form_check_shape(const struct fed_dataset *, const struct fed_source *,
                          const struct fed_data_form *, struct fed_error *);
/* A class of the dataset that the form lacks. */
int fed__form_refuse_class(const struct fed_dataset *, const struct fed_data_form *, uint32_t class,
                           struct fed_error *);
/* An input of the form that the dataset lacks: FED_OK if it is a text that does not occur here. */
int fed__form_check_missing(const struct fed_dataset *, const struct fed_data_form *, size_t input,
                            struct fed_error *);
/* An input of the dataset that the form lacks. */
int fed__form_refuse_input(const struct fed_dataset *, const struct fed_data_form *, size_t input,
                           struct fed_error *);
/* Whether inputs are called "column 3", as those of a table without names in its first row: the
 * order says which they are. */
bool fed__form_is_nameless(char *const *name, size_t n);

#endif
