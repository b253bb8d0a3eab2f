/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/shape.c - the shape of an example as a user says it.
 */
#include "data/readers/shape.h"

#include <stdlib.h>

#include "base/text.h"

enum { SIDE_MAX = 1 << 24 };

int fed__shape_parse(const char *text, uint32_t width, struct fed_shape *shape,
                     struct fed_error *err)
{
	uint64_t size = 1;
	const char *at = text;
	char *end = NULL;

	*shape = (struct fed_shape){0};
	for (; shape->rank < 3; at = end + 1) {
		const unsigned long side = *at >= '0' && *at <= '9' ? strtoul(at, &end, 10) : 0;

		if (side == 0 || side > SIDE_MAX || (*end && *end != 'x'))
			break;
		shape->dim[shape->rank++] = (uint32_t)side;
		size *= side;
		if (!*end)
			break;
	}
	if (!end || *end || shape->rank == 0)
		return fed_reject(err,
		                  "shape=%s is no shape; write HEIGHTxWIDTH, HEIGHTxWIDTHxCHANNELS or "
		                  "a number",
		                  fed_show(text).s);
	if (width && size != width)
		return fed_reject(err,
		                  "shape=%s has %llu numbers, an example has %u; write another shape=, or "
		                  "shape=%u",
		                  fed_show(text).s, (unsigned long long)size, width, width);
	if (shape->rank == 2) {
		shape->dim[2] = 1;
		shape->rank = 3;
	}
	return FED_OK;
}
