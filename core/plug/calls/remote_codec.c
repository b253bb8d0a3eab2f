/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/calls/remote_codec.c - calls of a codec in a worker process.
 */
#include "plug/calls/remote_codec.h"

#include <string.h>

#include "plug/guard/worker.h"
#include "plug/calls/remote.h"
#include "plug/result_checks.h"
#include "plug/wire.h"

/* Begin a call; the worker is entered on FED_OK. */
static int begin(const struct fed_instance *codec, enum fed_codec_call what,
                 const struct fed_coding *coding, struct fed_error *err)
{
	struct fed_coding copy = *coding;

	if (fed__remote_request(codec, FED_ASK_CODEC, err))
		return FED_FAIL;
	struct fed_packet *p = &codec->worker->packet;
	copy.matrix = NULL;
	copy.memory = copy.scratch = NULL;
	fed_put_number(p, what);
	FED_PUT(p, copy);
	fed_put(p, coding->matrix, coding->matrices * sizeof *coding->matrix);
	return FED_OK;
}

static int ask_number(const struct fed_instance *codec, enum fed_codec_call what,
                      const struct fed_coding *coding, size_t *n, struct fed_error *err)
{
	static const char *const functions[] = {[FED_CODEC_BOUND] = "bound()",
	                                        [FED_CODEC_MEMORY] = "memory()",
	                                        [FED_CODEC_SCRATCH] = "scratch()"};
	struct fed_packet_reader reply;

	if (begin(codec, what, coding, err) ||
	    fed__remote_send(codec, functions[what], NULL, &reply, err))
		return FED_FAIL;
	*n = fed_get_number(&reply);
	fed__remote_leave(codec);
	return FED_OK;
}

size_t fed__remote_codec_number(const struct fed_instance *codec, enum fed_codec_call what,
                                const struct fed_coding *coding)
{
	struct fed_error why;
	size_t n;

	if (ask_number(codec, what, coding, &n, &why) == FED_OK)
		return n;
	if (what != FED_CODEC_BOUND) /* without it nothing can be encoded, which has an error */
		fed__remote_report(codec, &why);
	return 0;
}

int fed__remote_encode(const struct fed_instance *codec, const struct fed_coding *coding,
                       const float *v, unsigned char *out, size_t *len, struct fed_error *err)
{
	size_t bound;

	if (ask_number(codec, FED_CODEC_BOUND, coding, &bound, err))
		return FED_FAIL;
	const size_t floats =
		coding->memory ? fed__remote_codec_number(codec, FED_CODEC_MEMORY, coding) : 0;
	const size_t memory = (floats < coding->n ? floats : coding->n) * sizeof *v;
	struct fed_packet_reader reply;

	if (begin(codec, FED_CODEC_ENCODE, coding, err))
		return FED_FAIL;
	struct fed_worker *w = codec->worker;
	fed_put_number(&w->packet, memory / sizeof *v);
	fed_put_number(&w->packet, bound);
	fed_put_input(w, v, coding->n * sizeof *v);
	/* its memory, then the bytes, which end where the page does */
	char *values = fed__remote_output(codec, memory + bound, err);
	if (!values)
		return FED_FAIL;
	if (memory)
		memcpy(values, coding->memory, memory);
	if (fed__remote_send(codec, "encode()", NULL, &reply, err))
		return FED_FAIL;
	*len = fed_get_number(&reply);
	const bool fits = *len <= bound;
	if (fits) {
		memcpy(out, values + memory, *len);
		if (memory)
			memcpy(coding->memory, values, memory);
	}
	fed__remote_leave(codec);
	return fits ? FED_OK
	            : fed_fail(err, "codec %s: wrote %zu bytes, its bound() is %zu",
	                       codec->entry->head->name, *len, bound);
}

int fed__remote_decode(const struct fed_instance *codec, const struct fed_coding *coding,
                       const unsigned char *in, size_t len, float *v, struct fed_error *err)
{
	const size_t bytes = coding->n * sizeof *v;
	struct fed_packet_reader reply;

	if (begin(codec, FED_CODEC_DECODE, coding, err))
		return FED_FAIL;
	struct fed_worker *w = codec->worker;
	fed_put_number(&w->packet, len);
	fed_put_input(w, in, len);
	float *values = fed__remote_output(codec, bytes, err);
	if (!values)
		return FED_FAIL;
	fed__fill_unwritten(values, coding->n);
	const int rc = fed__remote_send(codec, "decode()", NULL, &reply, err);
	if (rc != FED_OK)
		return rc;
	memcpy(v, values, bytes);
	fed__remote_leave(codec);
	return FED_OK;
}
