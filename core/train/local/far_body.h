/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/local/far_body.h - vectors of a message from or to a process that shares no memory with
 * this one: they come behind its packet, and are received where they will lie.
 */
#ifndef FED_TRAIN_LOCAL_FAR_BODY_H
#define FED_TRAIN_LOCAL_FAR_BODY_H

#include <stddef.h>
#include <stdint.h>

#include "fedsh/plugin.h"

struct fed_far_body {
	uint32_t vectors; /* 0: they are the last bytes of the packet */
	size_t bytes;     /* of each */
	int (*next)(void *ctx, void *to, struct fed_error *);
	void *ctx;
};

#endif
