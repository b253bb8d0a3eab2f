/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a reader of tensors gave, as a text.
 */
#ifndef FORMATS_SHOWN_H
#define FORMATS_SHOWN_H

#include "base/text.h"
#include "formats/tensors.h"

/* A fed_tensor_taker's take(): appends "name(shape)=first,last;" to the fed_text that is its ctx.
 */
int formats_show(void *text, const struct fed_stored_tensor *, struct fed_error *);

#endif
