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

/* Whether a file of that name, exported, has the parameters of the model. */
bool fed_export_has_model(const char *path);
/* Export by the ending of path: .csv or .jsonl (rounds with their composition, report/tidy.h; log:
 * NULL: metrics alone), .npz or .safetensors (parameters), .json (a trace: report/chrome_trace.h).
 * FED_REJECT: another ending, here and below. */
int fed_session_export(struct fed_session *, const char *path, const struct fed_composition_log *,
                       struct fed_error *);

/* Which tensor of the file became which of the model; n 0: they have the same names. */
struct fed_import_row {
	char to[48], from[200], shape[48];
	const char *note; /* how the file has it, where that is not the model's way; else "-" */
};
struct fed_import_map {
	struct fed_import_row *row;
	size_t n;
	size_t left_out; /* counters of batches, which are none of the model's */
};
/* Import parameters from .npz or .safetensors.  The file must have all tensors of the model with
 * their shapes, and no others; of a model with a frozen base it may have the base or the adapters
 * alone.  A file may also have names of its own, as a state dict of PyTorch
 * (report/import_match.h).  The version stays; sends a notice.  map may be NULL; release it in any
 * case. */
int fed_session_import(struct fed_session *, const char *path, struct fed_import_map *map,
                       struct fed_error *);
void fed_import_map_release(struct fed_import_map *);

#endif
