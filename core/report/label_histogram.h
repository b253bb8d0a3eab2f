/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/label_histogram.h - what a client's examples look like, in one word of text: a bar for
 * each class.
 */
#ifndef FED_REPORT_LABEL_HISTOGRAM_H
#define FED_REPORT_LABEL_HISTOGRAM_H

#include "base/text.h"
#include "train/clients/clients.h"

#define FED_BARS_MAX 40u

/* The client's histogram of labels as bars, at most `most` of them: more classes are put together.
 * The data must have classes. */
int fed_labels_put(struct fed_text *, const struct fed_client *, const struct fed_dataset *,
                   uint32_t most, bool utf8, struct fed_error *);
/* A bar of share * columns cells, share from 0 to 1; '#' unless utf8. */
void fed_bar_put(struct fed_text *, double share, int columns, bool utf8);

#endif
