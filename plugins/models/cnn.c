/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cnn - the convolutional network of McMahan 2017 (1,663,370 parameters on 28x28x1 with 10
 * classes): two 5x5 convolutions, each with ReLU and 2x2 max pooling, then a dense layer.
 */
#include <fedsh/model.h>

#include "lora.h"

struct cnn {
	int64_t filters1, filters2, units;
	int64_t lora;
	char lora_on[64];
};

static const struct fed_field fields[] = {
	FED_INT(struct cnn, filters1, 32, 1, 4096, "filters of the first convolution"),
	FED_INT(struct cnn, filters2, 64, 1, 4096, "filters of the second convolution"),
	FED_INT(struct cnn, units, 512, 1, 65536, "units of the dense layer"),
	FED_LORA(struct cnn),
	FED_LORA_ON_FIELD(struct cnn),
	FED_END,
};

static const char doc[] =
	"    image -> [conv 5x5 -> relu -> max pool 2x2] twice, 32 and 64 filters\n"
	"          -> dense(512) -> relu -> dense(classes)\n"
	"\n"
	"Loss: softmax and cross-entropy.  The convolutions keep height and width\n"
	"(two rows of zeros on each side), the poolings halve them.  1,663,370\n"
	"parameters on 28x28 grey images with ten classes.\n"
	"\n"
	"For: images, when 99% on digits is the question; the model behind the\n"
	"published numbers of rounds.  It costs about 60 times the FLOPs of mlp.\n"
	"\n"
	"Source: McMahan et al., Communication-Efficient Learning of Deep Networks\n"
	"from Decentralized Data, AISTATS 2017, sec. 3 (\"CNN\").\n"
	"\n"
	"Differences: the paper gives the number of parameters, from which the\n"
	"padding follows, but not how the weights start; here uniform in +-1/sqrt(fan\n"
	"in).";

static int build(const void *state, struct fed_builder *b, struct fed_error *err)
{
	const struct cnn *m = state;
	const struct fed_shape *in = &b->input;

	if (in->rank != 3)
		return fed_fail(err, "needs images, gets examples of %zu number%s; use softmax or mlp",
		                fed_shape_size(in), fed_shape_size(in) == 1 ? "" : "s");
	if (in->dim[0] < 4 || in->dim[1] < 4)
		return fed_fail(err, "needs images of at least 4x4, gets %ux%u; use softmax or mlp",
		                in->dim[0], in->dim[1]);
	if (b->classes == 0)
		return fed_fail(err, "needs classes, this dataset is a regression; use linear or mlp");

	if (begin_lora(b, m->lora, m->lora_on, err))
		return FED_FAIL;
	const uint32_t filters[2] = {(uint32_t)m->filters1, (uint32_t)m->filters2};
	for (int i = 0; i < 2; i++)
		if (b->conv(b, filters[i], 5, 2, err) || b->relu(b, err) || b->max_pool(b, 2, err))
			return FED_FAIL;
	if (b->flatten(b, err) || b->dense(b, (uint32_t)m->units, err) || b->relu(b, err) ||
	    b->dense(b, b->classes, err))
		return FED_FAIL;
	return b->loss(b, FED_LOSS_CROSS_ENTROPY, err);
}

FED_PLUGIN struct fed_model fed_plugin = {
	.head =
		FED_MODEL(struct cnn, "cnn", "two convolutions and a dense layer, for images", doc, fields),
	.build = build,
};
