/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/tensorboard.h - records of TensorBoard's event files: scalars and texts.
 *
 * A file is a sequence of records in the TFRecord format: length (u64), masked CRC-32C of it, the
 * bytes, masked CRC-32C of them; all little-endian.  The bytes are protocol buffers `Event`, the
 * first of which has the version "brain.Event:2".
 */
#ifndef FED_REPORT_TENSORBOARD_H
#define FED_REPORT_TENSORBOARD_H

#include "base/text.h"
#include "history/metrics.h"

/* Append the first record of a file. wall: seconds since 1970, here and below. */
void fed_tensorboard_begin(struct fed_text *, double wall);
/* Append the finite metrics of a round, each a scalar of its name. */
void fed_tensorboard_round(struct fed_text *, const struct fed_record *, double wall);
/* Append a text, which TensorBoard shows as Markdown. */
void fed_tensorboard_text(struct fed_text *, const char *tag, const char *text, uint64_t step,
                          double wall);

#endif
