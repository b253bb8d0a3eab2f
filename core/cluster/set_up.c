/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cluster/set_up.c - set-ups of federations as messages.
 */
#include "cluster/set_up.h"

#include <string.h>

#include "cluster/protocol.h"
#include "train/local/far_training.h"

struct fed_bytes *fed__set_up_new(struct fed_trainer *t, uint64_t number)
{
	struct fed_packet p = {0};

	fed_packet_clear(&p, FED_RANK_SET_UP);
	fed_put_number(&p, number);
	fed_put_set_up(&p, t);
	return fed__bytes_new(&p.bytes);
}

struct fed_bytes *fed__set_up_data(const struct fed_dataset *data, uint64_t number)
{
	struct fed_packet p = {0};

	fed_packet_clear(&p, FED_RANK_DATA);
	fed_put_number(&p, number);
	fed_put_data(&p, data);
	return fed__bytes_new(&p.bytes);
}

bool fed__set_ups_equal(const struct fed_bytes *a, const struct fed_bytes *b)
{
	const size_t head = 2 * sizeof(uint32_t) + sizeof(uint64_t);

	return a->text.len == b->text.len &&
	       memcmp(a->text.s + head, b->text.s + head, a->text.len - head) == 0;
}
