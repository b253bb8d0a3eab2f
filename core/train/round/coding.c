/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/coding.c - the codecs of a round, and the descriptions of vectors that they get.
 */
#include "train/round/coding.h"

#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "plug/calls/call.h"
#include "train/round/invitations.h"
#include "train/round/state.h"

int fed__codings_prepare(struct fed_federation *f, struct fed_error *err)
{
	struct fed_shared_codec *up, *down;
	struct fed_codec_names names;

	if (!f->matrix && fed_net_matrices(f->net, &f->matrix, &f->matrices, err))
		return FED_FAIL;
	if (strcmp(f->codec_text, f->settings->codec) == 0)
		return FED_OK;
	if (fed_codec_names_parse(f->settings->codec, &names, err) ||
	    fed_codec_make(f->plugins, names.up, &up, err))
		return FED_FAIL;
	if (fed_codec_make(f->plugins, names.down, &down, err)) {
		fed_shared_codec_unref(up);
		return FED_FAIL;
	}
	fed_shared_codec_unref(f->codec);
	fed_shared_codec_unref(f->codec_down);
	f->codec = up;
	f->codec_down = down;
	memcpy(f->codec_text, f->settings->codec, sizeof f->codec_text);
	return FED_OK;
}

void fed__codings_release(struct fed_federation *f)
{
	fed_shared_codec_unref(f->codec);
	fed_shared_codec_unref(f->codec_down);
	fed_code_unref(f->outgoing_code);
	fed_free(f->matrix);
}

struct fed_coding fed__coding_of(const struct fed_federation *f, uint32_t client, uint64_t version,
                                 size_t n)
{
	const bool model = n == f->net->dim && f->matrix;

	return (struct fed_coding){
		.client = client,
		.version = version,
		.seed = fed_stream_key((uint64_t)f->settings->seed, FED_FOR_CODEC, version, client),
		.n = n,
		.matrices = model ? f->matrices : 0,
		.matrix = model ? f->matrix : NULL,
	};
}

int fed__recode(const struct fed_federation *f, const struct fed_shared_codec *codec,
                const struct fed_coding *coding, float *v, struct fed_code **code,
                struct fed_error *err)
{
	const struct fed_instance *plugin = codec ? &codec->instance : NULL;
	int rc = fed_check_client_failures(plugin, err);

	if (rc == FED_OK) {
		rc = fed_recode(codec, coding, v, code, err);
		fed_count_client_call(plugin, rc != FED_OK);
	}
	return fed__excuse(f, plugin, rc);
}

int fed__code_update(const struct fed_federation *f, struct fed_envelope *e, struct fed_error *err)
{
	if (!f->codec || e->payload->n == 0)
		return FED_OK;
	e->codec = fed_shared_codec_ref(f->codec);
	e->coding = fed__coding_of(f, e->head.from, e->version, e->payload->dim);
	/* the batches of split learning differ in their draws */
	if (e->head.kind != FED_MESSAGE_UPDATE)
		e->coding.seed = fed_random(e->coding.seed, (uint64_t)e->steps << 8 | e->head.kind);
	return fed__code_again(f, e, err);
}

int fed__code_again(const struct fed_federation *f, struct fed_envelope *e, struct fed_error *err)
{
	return fed__recode(f, e->codec, &e->coding, e->payload->vector[0], &e->code, err);
}
