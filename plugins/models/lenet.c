/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lenet - LeNet-5 (61,706 parameters on 28x28x1 with 10 classes).
 */
#include <fedsh/model.h>

#include "lora.h"

enum activation { TANH, RELU };
static const char *const activations[] = {"tanh", "relu", NULL};
enum pooling { MEAN, MAX };
static const char *const poolings[] = {"mean", "max", NULL};

struct lenet {
	int activation; /* enum activation */
	int pooling;    /* enum pooling */
	int64_t lora;
	char lora_on[64];
};

static const struct fed_field fields[] = {
	FED_CHOICE(struct lenet, activation, TANH, activations, "what follows each layer"),
	FED_CHOICE(struct lenet, pooling, MEAN, poolings, "how 2x2 pixels become one"),
	FED_LORA(struct lenet),
	FED_LORA_ON_FIELD(struct lenet),
	FED_END,
};

static const char doc[] =
	"    image -> conv 5x5, 6 filters -> tanh -> mean pool 2x2\n"
	"          -> conv 5x5, 16 filters -> tanh -> mean pool 2x2\n"
	"          -> dense(120) -> tanh -> dense(84) -> tanh -> dense(classes)\n"
	"\n"
	"Loss: softmax and cross-entropy.  The first convolution adds two rows of\n"
	"zeros on each side of images below 32x32, so that 28x28 comes to 14x14 after\n"
	"the first pooling as in the original.  61,706 parameters on 28x28 grey\n"
	"images with ten classes.\n"
	"\n"
	"For: images with a small model; its many layers make many cuts for split\n"
	"learning.\n"
	"\n"
	"Source: LeCun, Bottou, Bengio, Haffner, Gradient-Based Learning Applied to\n"
	"Document Recognition, Proceedings of the IEEE 86(11), 1998, sec. II.B.\n"
	"\n"
	"Differences: as in most later versions every filter of the second\n"
	"convolution sees all six maps (the original has a table of connections),\n"
	"poolings have no weights of their own and no activation, tanh is not scaled,\n"
	"and the output is a dense layer with softmax, not radial basis functions.\n"
	"activation=relu pooling=max is what many tutorials call LeNet.";

static int activate(const struct lenet *m, struct fed_builder *b, struct fed_error *err)
{
	return m->activation == TANH ? b->tanh(b, err) : b->relu(b, err);
}

static int convolve(const struct lenet *m, struct fed_builder *b, uint32_t filters, uint32_t pad,
                    struct fed_error *err)
{
	if (b->conv(b, filters, 5, pad, err) || activate(m, b, err))
		return FED_FAIL;
	return m->pooling == MEAN ? b->mean_pool(b, 2, err) : b->max_pool(b, 2, err);
}

static int build(const void *state, struct fed_builder *b, struct fed_error *err)
{
	const struct lenet *m = state;
	const struct fed_shape *in = &b->input;

	if (in->rank != 3)
		return fed_fail(err, "needs images, gets examples of %zu number%s; use softmax or mlp",
		                fed_shape_size(in), fed_shape_size(in) == 1 ? "" : "s");
	if (in->dim[0] < 12 || in->dim[1] < 12)
		return fed_fail(err, "needs images of at least 12x12, gets %ux%u; use cnn or mlp",
		                in->dim[0], in->dim[1]);
	if (b->classes == 0)
		return fed_fail(err, "needs classes, this dataset is a regression; use linear or mlp");

	if (begin_lora(b, m->lora, m->lora_on, err))
		return FED_FAIL;
	const bool large = in->dim[0] >= 32 && in->dim[1] >= 32;
	if (convolve(m, b, 6, large ? 0 : 2, err) || convolve(m, b, 16, 0, err) || b->flatten(b, err))
		return FED_FAIL;
	if (b->dense(b, 120, err) || activate(m, b, err) || b->dense(b, 84, err) || activate(m, b, err))
		return FED_FAIL;
	if (b->dense(b, b->classes, err))
		return FED_FAIL;
	return b->loss(b, FED_LOSS_CROSS_ENTROPY, err);
}

FED_PLUGIN struct fed_model fed_plugin = {
	.head = FED_MODEL(struct lenet, "lenet", "LeNet-5, a small convolutional network", doc, fields),
	.build = build,
};
