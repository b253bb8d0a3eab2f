/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/calls/call_codec.c - calls of codecs.
 */
#include "plug/calls/call_codec.h"

#include "plug/calls/remote_codec.h"
#include "plug/result_checks.h"

static const struct fed_codec *codec_of(const struct fed_instance *instance)
{
	return &instance->entry->copy.codec;
}

/* The coding as the plugin sees it; a vector without matrices is one row. */
struct seen {
	struct fed_coding coding;
	struct fed_matrix whole;
};

static const struct fed_coding *see(struct seen *s, const struct fed_coding *coding)
{
	s->coding = *coding;
	s->coding.size = sizeof s->coding;
	s->whole = (struct fed_matrix){1, coding->n};
	if (!coding->matrix) {
		s->coding.matrix = &s->whole;
		s->coding.matrices = 1;
	}
	return &s->coding;
}

size_t fed_call_bound(const struct fed_instance *codec, const struct fed_coding *coding)
{
	struct seen seen;

	if (codec->worker)
		return fed__remote_codec_number(codec, FED_CODEC_BOUND, see(&seen, coding));
	return codec_of(codec)->bound(codec->state, see(&seen, coding));
}

size_t fed_call_memory(const struct fed_instance *codec, const struct fed_coding *coding)
{
	struct seen seen;
	size_t n = 0;

	if (codec_of(codec)->memory && codec->worker)
		n = fed__remote_codec_number(codec, FED_CODEC_MEMORY, see(&seen, coding));
	else if (codec_of(codec)->memory)
		n = codec_of(codec)->memory(codec->state, see(&seen, coding));

	return n < coding->n ? n : coding->n;
}

size_t fed_call_scratch(const struct fed_instance *codec, const struct fed_coding *coding)
{
	struct seen seen;

	/* a worker process has its own */
	return codec_of(codec)->scratch && !codec->worker
	           ? codec_of(codec)->scratch(codec->state, see(&seen, coding))
	           : 0;
}

int fed_call_encode(const struct fed_instance *codec, const struct fed_coding *coding,
                    const float *v, unsigned char *out, size_t *len, struct fed_error *err)
{
	struct seen seen;
	const struct fed_coding *c = see(&seen, coding);
	struct fed_error words = {{0}};

	*len = 0;
	if (codec->worker)
		return fed__remote_encode(codec, c, v, out, len, err);
	const int rc = codec_of(codec)->encode(codec->state, c, v, out, len, &words);
	if (fed__check_code(codec, "encode", rc, false, &words, err))
		return FED_FAIL;
	const size_t most = codec_of(codec)->bound(codec->state, c);
	if (*len > most)
		return fed_fail(err, "codec %s: wrote %zu bytes, its bound() is %zu",
		                codec->entry->head->name, *len, most);
	return FED_OK;
}

int fed_call_decode(const struct fed_instance *codec, const struct fed_coding *coding,
                    const unsigned char *in, size_t len, float *v, struct fed_error *err)
{
	struct seen seen;
	struct fed_error words = {{0}};

	see(&seen, coding);
	seen.coding.memory = seen.coding.scratch = NULL;
	if (codec->worker)
		return fed__remote_decode(codec, &seen.coding, in, len, v, err);
	fed__fill_unwritten(v, coding->n);
	const int rc = codec_of(codec)->decode(codec->state, &seen.coding, in, len, v, &words);
	if (rc)
		return fed__check_code(codec, "decode", rc, true, &words, err);
	const size_t j = fed__find_unwritten(v, coding->n);
	if (j < coding->n)
		return fed_fail(err, "codec %s: number %zu was never decoded", codec->entry->head->name, j);
	return FED_OK;
}

bool fed_codec_is_unbiased(const struct fed_instance *codec)
{
	return codec_of(codec)->unbiased;
}
