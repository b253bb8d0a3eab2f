/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/remote_codec.c - calls of a codec in a worker process.
 */
#include "plug/remote_codec.h"

#include <string.h>

#include "base/mem.h"
#include "plug/guard/worker.h"
#include "plug/result_checks.h"
#include "plug/wire.h"

/* Begin a call; the worker is entered on FED_OK. */
static int begin(const struct fed_instance *codec, enum fed_codec_call what,
                 const struct fed_coding *coding, struct fed_error *err)
{
	struct fed_worker *w = codec->worker;
	struct fed_coding copy = *coding;

	if (fed_worker_enter(w, err))
		return fed__fail_by_name(codec, err);
	copy.matrix = NULL;
	copy.memory = copy.scratch = NULL;
	fed_worker_request(w, FED_ASK_CODEC);
	fed_put_state(&w->packet, codec);
	fed_put_number(&w->packet, what);
	FED_PUT(&w->packet, copy);
	fed_put(&w->packet, coding->matrix, coding->matrices * sizeof *coding->matrix);
	return FED_OK;
}

/* Send it, and leave the worker unless all is well. */
static int call(const struct fed_instance *codec, const char *function,
                struct fed_packet_reader *reply, struct fed_error *err)
{
	struct fed_worker *w = codec->worker;
	struct fed_error words;
	int rc;

	if (fed_worker_call(w, function, NULL, reply, &rc, &words, err))
		rc = fed__fail_by_name(codec, err);
	else if (rc != FED_OK)
		*err = words;
	if (rc == FED_OK && w->out.values && !fed_worker_output_intact(w)) {
		fed_fail(err, "%s wrote past the end of its output", function);
		rc = fed__fail_by_name(codec, err);
	}
	if (rc != FED_OK) {
		fed_worker_drop_copies(w, 0);
		fed_worker_leave(w);
	}
	return rc;
}

static void leave(const struct fed_instance *codec)
{
	fed_worker_drop_copies(codec->worker, 0);
	fed_worker_leave(codec->worker);
}

size_t fed__remote_codec_number(const struct fed_instance *codec, enum fed_codec_call what,
                                const struct fed_coding *coding)
{
	static const char *const functions[] = {[FED_CODEC_BOUND] = "bound()",
	                                        [FED_CODEC_MEMORY] = "memory()",
	                                        [FED_CODEC_SCRATCH] = "scratch()"};
	struct fed_packet_reader reply;
	struct fed_error unused; /* a codec that fails here fails when it encodes */

	if (begin(codec, what, coding, &unused))
		return 0;
	codec->worker->out.values = NULL;
	if (call(codec, functions[what], &reply, &unused))
		return 0;
	const uint64_t n = fed_get_number(&reply);
	leave(codec);
	return n;
}

/* Memory of a request's output, or NULL, when the worker has been left. */
static void *output(const struct fed_instance *codec, size_t bytes, struct fed_error *err)
{
	void *values = fed_worker_output(codec->worker, bytes);

	if (!values) {
		leave(codec);
		fed_fail_memory(err, bytes, "an encoding");
		return NULL;
	}
	fed_put_output(&codec->worker->packet, codec->worker);
	return values;
}

int fed__remote_encode(const struct fed_instance *codec, const struct fed_coding *coding,
                       const float *v, unsigned char *out, size_t *len, struct fed_error *err)
{
	const size_t bound = fed__remote_codec_number(codec, FED_CODEC_BOUND, coding);
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
	char *values = output(codec, memory + bound, err);
	if (!values)
		return FED_FAIL;
	if (memory)
		memcpy(values, coding->memory, memory);
	if (call(codec, "encode()", &reply, err))
		return FED_FAIL;
	*len = fed_get_number(&reply);
	const bool fits = *len <= bound;
	if (fits) {
		memcpy(out, values + memory, *len);
		if (memory)
			memcpy(coding->memory, values, memory);
	}
	leave(codec);
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
	float *values = output(codec, bytes, err);
	if (!values)
		return FED_FAIL;
	fed__fill_unwritten(values, coding->n);
	const int rc = call(codec, "decode()", &reply, err);
	if (rc != FED_OK)
		return rc;
	memcpy(v, values, bytes);
	leave(codec);
	return FED_OK;
}
