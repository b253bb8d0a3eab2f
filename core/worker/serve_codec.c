/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker/serve_codec.c - calls of a codec.
 */
#include "base/mem.h"
#include "plug/calls/call_codec.h"
#include "worker/serve.h"

static int encode(struct fed_server *s, struct fed_packet_reader *r, struct fed_coding *coding,
                  struct fed_error *err)
{
	const struct fed_wire_memory memory = fed__worker_inputs(&s->memory);
	const uint64_t floats = fed_get_number(r), bound = fed_get_number(r);
	const float *v = fed_get_input(r, &memory, coding->n * sizeof *v);
	const size_t needed = fed_call_scratch(&s->instance, coding);
	size_t bytes = 0, len = 0;
	char *values = fed__get_output(r, &s->memory, &bytes);

	if (r->short_ || bytes != floats * sizeof *v + bound)
		return FED_FAIL;
	coding->memory = floats ? (float *)(void *)values : NULL;
	coding->scratch = fed_alloc_floats(needed);
	if (!coding->scratch)
		return fed_fail_memory(err, needed * sizeof *v, "an encoding");
	const int rc = fed_call_encode(&s->instance, coding, v,
	                               (unsigned char *)values + floats * sizeof *v, &len, err);
	fed_free_floats(coding->scratch);
	fed_put_number(&s->reply, len);
	return rc;
}

static int decode(struct fed_server *s, struct fed_packet_reader *r, struct fed_coding *coding,
                  struct fed_error *err)
{
	const struct fed_wire_memory memory = fed__worker_inputs(&s->memory);
	const uint64_t len = fed_get_number(r);
	const unsigned char *in = fed_get_input(r, &memory, len);
	size_t bytes = 0;
	float *v = fed__get_output(r, &s->memory, &bytes);

	if (r->short_ || bytes != coding->n * sizeof *v)
		return FED_FAIL;
	return fed_call_decode(&s->instance, coding, in, len, v, err);
}

static int call(struct fed_server *s, uint64_t what, struct fed_packet_reader *r,
                struct fed_coding *coding, struct fed_error *err)
{
	switch (what) {
	case FED_CODEC_BOUND:
		fed_put_number(&s->reply, fed_call_bound(&s->instance, coding));
		return FED_OK;
	case FED_CODEC_MEMORY:
		fed_put_number(&s->reply, fed_call_memory(&s->instance, coding));
		return FED_OK;
	case FED_CODEC_SCRATCH:
		fed_put_number(&s->reply, fed_call_scratch(&s->instance, coding));
		return FED_OK;
	case FED_CODEC_ENCODE:
		return encode(s, r, coding, err);
	case FED_CODEC_DECODE:
		return decode(s, r, coding, err);
	default:
		return fed_fail(err, "its process does not know what a codec is to do");
	}
}

int fed__serve_codec(struct fed_server *s, struct fed_packet_reader *r, struct fed_error *err)
{
	struct fed_coding coding;

	if (fed__serve_state(s, r, err))
		return FED_FAIL;
	const uint64_t what = fed_get_number(r);
	FED_GET(r, coding);
	const size_t n = r->short_ ? 0 : coding.matrices;
	struct fed_matrix *matrix = fed_alloc_array(n, sizeof *matrix);
	if (!matrix)
		return fed_fail_memory(err, n * sizeof *matrix, "an encoding");
	fed_get(r, matrix, n * sizeof *matrix);
	coding.matrix = matrix;
	const int rc = r->short_ ? FED_FAIL : call(s, what, r, &coding, err);
	fed_free(matrix);
	return rc;
}
