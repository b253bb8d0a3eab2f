/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gru - character model: predicts the token after a row of tokens.
 */
#include <fedsh/model.h>

#include "lora.h"

struct gru {
	int64_t embedding, units;
	int64_t lora;
	char lora_on[64];
};

static const struct fed_field fields[] = {
	FED_INT(struct gru, embedding, 8, 1, 4096, "numbers that stand for a token"),
	FED_INT(struct gru, units, 64, 1, 32768, "numbers of the state"),
	FED_LORA(struct gru),
	FED_LORA_ON_FIELD(struct gru),
	FED_END,
};

static const char doc[] =
	"    T tokens -> embedding -> GRU -> its last state -> dense(vocabulary)\n"
	"    r = sigmoid(W_r x + U_r h),  z = sigmoid(W_z x + U_z h)   (and biases)\n"
	"    n = tanh(W_n x + r * U_n h),  h <- (1 - z) * n + z * h\n"
	"\n"
	"Loss: softmax and cross-entropy over the next token.  The vocabulary is that\n"
	"of the data.\n"
	"\n"
	"For: `dataset text` and `dataset markov`; keyboards that learn to predict.\n"
	"\n"
	"Source: Cho et al., Learning Phrase Representations using RNN\n"
	"Encoder-Decoder for Statistical Machine Translation, EMNLP 2014; the\n"
	"federated task is McMahan et al. 2017, sec. 3 (Shakespeare by role).\n"
	"\n"
	"Differences: r scales the product U_n h with its bias (the form of cuDNN and\n"
	"PyTorch), not h as first printed.  McMahan 2017 trains two layers of 256 LSTM\n"
	"units on 80 characters, with the loss at every character; here one GRU, with\n"
	"the loss at the last one.";

static int build(const void *state, struct fed_builder *b, struct fed_error *err)
{
	const struct gru *m = state;

	if (b->size < offsetof(struct fed_builder, gru) + sizeof b->gru)
		return fed_fail(err, "needs a fedsh that has recurrent layers; this one is too old");
	if (!b->tokens)
		return fed_fail(err, "needs rows of tokens (dataset text or markov); use %s",
		                b->classes > 0 ? "softmax or mlp" : "linear or mlp");
	if (begin_lora(b, m->lora, m->lora_on, err))
		return FED_FAIL;
	if (b->embedding(b, b->classes, (uint32_t)m->embedding, err) ||
	    b->gru(b, (uint32_t)m->units, err) || b->dense(b, b->classes, err))
		return FED_FAIL;
	return b->loss(b, FED_LOSS_CROSS_ENTROPY, err);
}

FED_PLUGIN struct fed_model fed_plugin = {
	.head = FED_MODEL(struct gru, "gru", "a recurrent model of what comes next", doc, fields),
	.build = build,
};
