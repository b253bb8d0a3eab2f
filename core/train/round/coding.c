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

/* The matrices of what travels: those that lie in shared stretches, and what is left of the others
 * as rows of one. */
static int pick_matrices(const struct fed_federation *f, const struct fed_sharing *s,
                         struct fed_matrix **out, uint32_t *n, struct fed_error *err)
{
	struct fed_matrix *all = fed_alloc_array(f->matrices + s->n, sizeof *all);
	size_t at = 0;

	if (!all)
		return fed_fail_memory(err, f->matrices * sizeof *all, "the matrices of the model");
	*n = 0;
	for (uint32_t k = 0; k < f->matrices; k++) {
		const struct fed_matrix m = f->matrix[k];
		const size_t end = at + m.rows * m.columns;

		for (uint32_t i = 0; i < s->n; i++) {
			const struct fed_stretch *x = &s->stretch[i];
			const size_t from = x->from > at ? x->from : at, to = x->to < end ? x->to : end;

			if (x->local || from >= to)
				continue;
			all[(*n)++] = to - from == end - at ? m : (struct fed_matrix){1, to - from};
		}
		at = end;
	}
	*out = all;
	return FED_OK;
}

/* Set what travels, by the setting local-layers. */
static int prepare_sharing(struct fed_federation *f, struct fed_error *err)
{
	const char *text = f->settings->local_layers;
	struct fed_matrix *picked = NULL;
	struct fed_sharing *s;
	uint32_t n = 0;

	if (fed_local_layers_any(text) && f->scheme->message)
		return fed_reject(err,
		                  "local-layers: scheme %s has cuts instead, which say what clients hold; "
		                  "`set local-layers none`, or `scheme sync`",
		                  f->scheme->name);
	if (strcmp(f->sharing_text, text) == 0)
		return FED_OK;
	if (fed_local_layers_make(text, f->net, &s, err))
		return FED_FAIL;
	if (s && pick_matrices(f, s, &picked, &n, err)) {
		fed_sharing_unref(s);
		return FED_FAIL;
	}
	fed_sharing_unref(f->sharing);
	fed_free(f->travelling);
	f->sharing = s;
	f->travelling = picked;
	f->travelling_matrices = n;
	memcpy(f->sharing_text, text, sizeof f->sharing_text);
	return FED_OK;
}

int fed__codings_prepare(struct fed_federation *f, struct fed_error *err)
{
	struct fed_shared_codec *up, *down;
	struct fed_codec_names names;

	if (!f->matrix && fed_net_matrices(f->net, &f->matrix, &f->matrices, err))
		return FED_FAIL;
	const int rc = prepare_sharing(f, err);
	if (rc)
		return rc;
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
	fed_code_unref(f->sealed[0].bytes);
	fed_code_unref(f->sealed[1].bytes);
	fed_free(f->matrix);
	fed_sharing_unref(f->sharing);
	fed_free(f->travelling);
}

struct fed_coding fed__coding_of(const struct fed_federation *f, uint32_t client, uint64_t version,
                                 size_t n)
{
	const bool model = n == f->net->dim && f->matrix, some = model && f->sharing;

	return (struct fed_coding){
		.client = client,
		.version = version,
		.seed = fed_stream_key((uint64_t)f->settings->seed, FED_FOR_CODEC, version, client),
		.n = model ? fed_sharing_travels(f->sharing, n) : n,
		.matrices = some    ? f->travelling_matrices
	                : model ? f->matrices
	                        : 0,
		.matrix = some    ? f->travelling
	              : model ? f->matrix
	                      : NULL,
	};
}

int fed__recode(const struct fed_federation *f, const struct fed_shared_codec *codec,
                const struct fed_coding *coding, float *v, struct fed_code **code,
                struct fed_error *err)
{
	const struct fed_instance *plugin = codec ? &codec->instance : NULL;
	int rc = fed_check_client_failures(plugin, err);

	if (rc == FED_OK) {
		if (f->sharing)
			fed_sharing_pack(f->sharing, v, v);
		rc = fed_recode(codec, coding, v, code, err);
		if (f->sharing)
			fed_sharing_unpack(f->sharing, v, v);
		fed_count_client_call(plugin, rc != FED_OK);
	}
	return fed__excuse(f, plugin, rc);
}

struct fed_coding fed__coding_of_message(const struct fed_federation *f,
                                         const struct fed_envelope *e, size_t n)
{
	struct fed_coding coding = fed__coding_of(f, e->head.from, e->version, n);

	/* the batches of split learning differ in their draws */
	if (e->head.kind != FED_MESSAGE_UPDATE)
		coding.seed = fed_random(coding.seed, (uint64_t)e->steps << 8 | e->head.kind);
	return coding;
}

int fed__code_update(const struct fed_federation *f, struct fed_envelope *e, struct fed_error *err)
{
	if (!f->codec || e->payload->n == 0)
		return FED_OK;
	e->codec = fed_shared_codec_ref(f->codec);
	e->coding = fed__coding_of_message(f, e, e->payload->dim);
	return fed__code_again(f, e, err);
}

int fed__code_again(const struct fed_federation *f, struct fed_envelope *e, struct fed_error *err)
{
	return fed__recode(f, e->codec, &e->coding, e->payload->vector[0], &e->code, err);
}
