/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/export.h - metrics as CSV, parameters as NPZ or safetensors by layer name, and back.
 *
 * Tensors are written as PyTorch lays them out (dense (out, in), convolution (out, in, kh, kw),
 * what follows a flatten in (C, H, W) order) under "dense1.weight" and the like.
 */
#ifndef FED_REPORT_EXPORT_H
#define FED_REPORT_EXPORT_H

#include "session/session.h"

/* By the ending of path: .csv, .npz, .safetensors, .json (a trace: report/chrome_trace.h).
 * FED_REJECT: it has another one, here and below. */
int fed_session_export(struct fed_session *, const char *path, struct fed_error *);
/* Parameters from .npz or .safetensors; every tensor of the model must be there with its shape,
 * names it does not have are refused.  The version stays, a notice says what was set. */
int fed_session_import(struct fed_session *, const char *path, struct fed_error *);

#endif
