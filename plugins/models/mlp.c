/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mlp - a multilayer perceptron: dense layers with an activation between them.
 *
 * With hidden=200,200 on 28x28 images it is the 2NN of McMahan 2017 (199,210 parameters).
 */
#include <fedsh/model.h>

#include "lora.h"

enum activation { RELU, TANH };
static const char *const activations[] = {"relu", "tanh", NULL};

struct mlp {
	struct fed_list hidden;
	int activation; /* enum activation */
	char parts[192];
	int64_t lora;
};

static const struct fed_field fields[] = {
	FED_LIST(struct mlp, hidden, "200,200", 1, 65536, "units of each hidden layer"),
	FED_CHOICE(struct mlp, activation, RELU, activations, "what follows each hidden layer"),
	FED_TEXT(struct mlp, parts, "", NULL,
             "columns whose first hidden layers are apart: 0-391,392-783, for scheme vertical"),
	FED_LORA(struct mlp),
	FED_END,
};

static const char doc[] =
	"    input -> [dense(units) -> activation] for each of hidden -> dense(outputs)\n"
	"\n"
	"Loss: softmax and cross-entropy when the dataset has classes, else the\n"
	"squared error.  Images are flattened to one row first.\n"
	"\n"
	"With parts= the units of the first hidden layer are shared out, and each share\n"
	"sees one part of the columns alone: parties of vertical federated learning.\n"
	"`explain vertical` has more.\n"
	"\n"
	"For: the default model.  hidden=200,200 with relu on 28x28 digits is the 2NN\n"
	"of the FedAvg paper with its 199,210 parameters.\n"
	"\n"
	"Source: McMahan et al., Communication-Efficient Learning of Deep Networks\n"
	"from Decentralized Data, AISTATS 2017, sec. 3 (\"MNIST 2NN\").\n"
	"\n"
	"Differences: the paper does not say how its weights start; here uniform in\n"
	"+-1/sqrt(inputs of the layer), biases too.";

static int build(const void *state, struct fed_builder *b, struct fed_error *err)
{
	const struct mlp *m = state;

	if (begin_lora(b, m->lora, NULL, err))
		return FED_FAIL;
	if (b->input.rank > 1 && b->flatten(b, err))
		return FED_FAIL;
	for (int64_t i = 0; i < m->hidden.n; i++) {
		const uint32_t units = (uint32_t)m->hidden.v[i];

		if (i == 0 && m->parts[0]) {
			if (b->add(b, err, "block_dense units=%u parts=%s", units, m->parts))
				return FED_FAIL;
		} else if (b->dense(b, units, err)) {
			return FED_FAIL;
		}
		if (m->activation == TANH ? b->tanh(b, err) : b->relu(b, err))
			return FED_FAIL;
	}
	if (b->dense(b, b->outputs, err))
		return FED_FAIL;
	return b->loss(b, b->classes > 0 ? FED_LOSS_CROSS_ENTROPY : FED_LOSS_SQUARED, err);
}

FED_PLUGIN struct fed_model fed_plugin = {
	.head =
		FED_MODEL(struct mlp, "mlp", "dense layers with an activation between them", doc, fields),
	.build = build,
};
