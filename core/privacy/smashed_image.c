/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * privacy/smashed_image.c - forward pass of examples to a cut, with the client's noise.
 */
#include "privacy/smashed_image.h"

#include <string.h>

#include "base/random.h"
#include "session/composition.h"
#include "train/clients/noise.h"

int fed__cut_check(const struct fed_net *net, size_t cut, struct fed_error *err)
{
	if (net->layers < 2)
		return fed_fail(err, "a model of one layer cannot be cut; `model mlp` can");
	if (cut < 1 || cut >= net->layers)
		return fed_fail(err, "no cut %zu: this model has cuts 1 to %zu; `model` shows them", cut,
		                net->layers - 1);
	return FED_OK;
}

int fed__tests_choose(const struct fed_session *s, uint32_t n, uint32_t *id, struct fed_error *err)
{
	const struct fed_composition *c = fed_session_parts(s);

	/* a version without noise draws */
	struct fed_stream r =
		fed_stream_open((uint64_t)c->settings.seed, FED_FOR_OBSERVER, UINT64_MAX, UINT64_MAX);

	if (fed_stream_choose(&r, c->data->test, n, id, err))
		return FED_FAIL;
	for (uint32_t i = 0; i < n; i++)
		id[i] += c->data->train;
	fed_stream_shuffle(&r, id, n); /* so that a file's order has no influence */
	return FED_OK;
}

void fed__smashed_image_make(const struct fed_session *s, struct fed_workspace *head,
                             const uint32_t *id, uint32_t n, const struct fed_shift *shift,
                             float *z)
{
	const struct fed_composition *parts = fed_session_parts(s);
	const size_t d = fed_shape_size(&head->net->layer[head->last - 1].out);

	fed_dataset_gather(parts->data, id, n, shift, fed_workspace_input(head), NULL, NULL);
	memcpy(z, fed_net_forward(head, fed_session_params(s), n), n * d * sizeof *z);
	for (uint32_t i = 0; i < n; i++) {
		struct fed_stream r = fed_stream_open((uint64_t)parts->settings.seed, FED_FOR_OBSERVER,
		                                      fed_session_version(s), id[i]);

		fed_noise_add(&r, parts->settings.noise, z + i * d, d);
	}
}
