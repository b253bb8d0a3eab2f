/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/model_file.h - models as text: a layer a line (nn/layers/kinds.h).
 */
#ifndef FED_REPORT_MODEL_FILE_H
#define FED_REPORT_MODEL_FILE_H

#include "nn/net.h"
#include "session/session.h"

/* Whether a path is meant, not the name of a plugin. */
bool fed_is_model_file(const char *name);
/* Choose the model that the file has.  The session keeps its lines, not the file. */
int fed_session_model_from_file(struct fed_session *, const char *path, struct fed_error *);
/* Of an error of that function: the line that it is about, and where in it (bytes from 0);
 * false: it is about none. */
bool fed_model_file_line(const char *path, const char *error, char *line, size_t size, size_t *at);
/* Append the lines of a net; FED_FAIL: a layer is a plugin's own. */
int fed__model_lines(const struct fed_net *, struct fed_text *, struct fed_error *);

#endif
