/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/export.h - export of metrics, parameters and traces to files, and import of parameters.
 *
 * Tensors have PyTorch's layout (dense (out, in), convolution (out, in, kh, kw),
 * after a flatten in (C, H, W) order) and names like "dense1.weight".
 */
#ifndef FED_REPORT_EXPORT_H
#define FED_REPORT_EXPORT_H

#include "report/composition_log.h"
#include "session/session.h"

/* Export by the ending of path: .csv or .jsonl (rounds with their composition, report/tidy.h; log:
 * NULL: metrics alone), .npz or .safetensors (parameters), .json (a trace: report/chrome_trace.h).
 * FED_REJECT: another ending, here and below. */
int fed_session_export(struct fed_session *, const char *path, const struct fed_composition_log *,
                       struct fed_error *);
/* Import parameters from .npz or .safetensors.  The file must have all tensors of the model with
 * their shapes, and no others.  The version stays; sends a notice. */
int fed_session_import(struct fed_session *, const char *path, struct fed_error *);

#endif
