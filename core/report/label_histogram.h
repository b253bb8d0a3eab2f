/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/label_histogram.h - histogram of a client's labels as text, with a bar for each class.
 */
#ifndef FED_REPORT_LABEL_HISTOGRAM_H
#define FED_REPORT_LABEL_HISTOGRAM_H

#include "base/text.h"
#include "session/session.h"

struct fed_client;
struct fed_dataset;

#define FED_BARS_MAX 40u

/* Append the client's histogram of labels as bars, at most `most` of them: more classes share bars.
 * The dataset must have classes. */
int fed_labels_put(struct fed_text *, const struct fed_client *, const struct fed_dataset *,
                   uint32_t most, bool utf8, struct fed_error *);
/* Append what data a client has: "300 examples, noniid, labels ...". */
int fed_client_put_data(struct fed_text *, const struct fed_session *, const struct fed_client *,
                        bool utf8, struct fed_error *);
/* Append a bar of share * columns cells, share from 0 to 1; '#' unless utf8. */
void fed_bar_put(struct fed_text *, double share, int columns, bool utf8);

#endif
