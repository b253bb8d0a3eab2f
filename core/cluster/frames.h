/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cluster/frames.h - messages of ranks over a local socket: each behind the number of its rank and
 * its length.
 */
#ifndef FED_CLUSTER_FRAMES_H
#define FED_CLUSTER_FRAMES_H

#include "cluster/link.h"

struct fed_frame_head {
	uint32_t rank, unused;
	uint64_t length;
};

struct fed_frames {
	int fd;
	struct fed_text in;
	size_t taken; /* bytes of `in` */
	bool moved;   /* the last poll sent or received something */
	struct fed_frame_out {
		struct fed_frame_head head;
		struct fed_bytes *bytes;
		size_t sent; /* of head and bytes */
		struct fed_frame_out *next;
	} * first, **last; /* that are being sent */
};
void fed__frames_init(struct fed_frames *, int fd);
void fed__frames_release(struct fed_frames *); /* closes the socket; zeroed is no valid one */
/* Takes a reference. */
int fed__frames_send(struct fed_frames *, uint32_t rank, struct fed_bytes *, struct fed_error *);
/* The next message into `out` (cleared first); *rank -1: none is there.  Sends what can be sent.
 * FED_FAIL: the other end is gone. */
int fed__frames_poll(struct fed_frames *, int *rank, struct fed_text *out, struct fed_error *);
bool fed__frames_idle(const struct fed_frames *);

#endif
