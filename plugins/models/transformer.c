/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * transformer - a decoder: predicts the token after a row of tokens.
 */
#include <fedsh/model.h>

#include "lora.h"

static const char *const all[] = {"all", NULL};

struct transformer {
	int64_t layers, heads, width, context;
	double dropout;
	int32_t loss;
	int64_t lora;
	char lora_on[64];
};

enum { LOSS_LAST, LOSS_EVERY };
static const char *const losses[] = {"last", "every", NULL};

static const struct fed_field fields[] = {
	FED_INT(struct transformer, layers, 2, 1, 48, "blocks of attention and dense layers"),
	FED_INT(struct transformer, heads, 4, 1, 64, "heads of attention"),
	FED_INT(struct transformer, width, 64, 1, 8192, "numbers that stand for a token"),
	FED_INT_WORD(struct transformer, context, 0, 0, 65536, all, "tokens that it looks back on"),
	FED_REAL(struct transformer, dropout, 0, 0, 0.9, "share of numbers that are 0 in training"),
	FED_CHOICE(struct transformer, loss, LOSS_LAST, losses,
               "answers that are trained: the one behind the window, or every token's next"),
	FED_LORA(struct transformer),
	FED_LORA_ON_FIELD(struct transformer),
	FED_END,
};

static const char doc[] =
	"    T tokens -> embedding + positions -> `layers` times the two blocks\n"
	"        x + attention(norm(x))                 causal, in `heads` parts\n"
	"        x + dense(gelu(dense(norm(x))))        4 width units inside\n"
	"    -> the last token -> norm -> dense(vocabulary), of each if every\n"
	"    attention: softmax(q k' / sqrt(width / heads)) v\n"
	"\n"
	"Loss: softmax and cross-entropy over the next token. loss=last trains the\n"
	"answer behind the window alone; loss=every the mean over the next one of each\n"
	"token, a signal for each where there was one, at little more computing. Test\n"
	"loss, accuracy and perplexity (e^loss) are those of the token behind the\n"
	"window with either, so that they compare, also with gru.\n"
	"The vocabulary is that of the data, and so is T, its window; context=16 looks\n"
	"back on 16 of them. norm is layer norm; dropout follows the embedding and\n"
	"each block. Parameters, with width W, T tokens, vocabulary V and L layers:\n"
	"V W + T W + L (12 W^2 + 13 W) + 2 W + (W + 1) V.\n"
	"\n"
	"For: `dataset text` and `dataset markov`, with more computing than gru, and\n"
	"the large model of split learning: a cut behind the first blocks leaves the\n"
	"client little to compute. Each block is one layer for cuts.\n"
	"\n"
	"Source: Vaswani et al., Attention Is All You Need, NeurIPS 2017; Radford et\n"
	"al., Language Models are Unsupervised Multitask Learners, 2019 (norms first,\n"
	"gelu with tanh).\n"
	"\n"
	"Differences: loss=last, as in gru, where GPT-2 is trained at each token.\n"
	"Weights start as PyTorch's layers do, embedding and positions normal with\n"
	"variance 1; the last dense layer has its own weights.";

static int check(const struct transformer *m, const struct fed_builder *b, struct fed_error *err)
{
	if (!FED_HAS(b, add))
		return fed_fail(err, "needs a fedsh that has attention; this one is too old");
	if (!b->tokens)
		return fed_fail(err, "needs rows of tokens (dataset text or markov); use %s",
		                b->classes > 0 ? "softmax or mlp" : "linear or mlp");
	if (m->width % m->heads)
		return fed_fail(err, "heads=%lld does not divide width=%lld", (long long)m->heads,
		                (long long)m->width);
	if (m->context > (int64_t)b->input.dim[0])
		return fed_fail(err, "context=%lld is more than the %u tokens of an example",
		                (long long)m->context, b->input.dim[0]);
	return FED_OK;
}

static int add_dropout(const struct transformer *m, struct fed_builder *b, struct fed_error *err)
{
	return m->dropout > 0 ? b->add(b, err, "dropout rate=%.17g", m->dropout) : FED_OK;
}

static int add_blocks(const struct transformer *m, struct fed_builder *b, struct fed_error *err)
{
	const int width = (int)m->width;

	if (b->add(b, err, "residual") || b->add(b, err, "layer_norm") ||
	    b->add(b, err, "attention heads=%d causal", (int)m->heads) || add_dropout(m, b, err) ||
	    b->add(b, err, "end"))
		return FED_FAIL;
	if (b->add(b, err, "residual") || b->add(b, err, "layer_norm") ||
	    b->add(b, err, "dense units=%d each", 4 * width) || b->add(b, err, "gelu") ||
	    b->add(b, err, "dense units=%d each", width) || add_dropout(m, b, err) ||
	    b->add(b, err, "end"))
		return FED_FAIL;
	return FED_OK;
}

static int build(const void *state, struct fed_builder *b, struct fed_error *err)
{
	const struct transformer *m = state;

	if (check(m, b, err))
		return FED_FAIL;
	if (begin_lora(b, m->lora, m->lora_on, err))
		return FED_FAIL;
	if (m->context > 0 && m->context < (int64_t)b->input.dim[0] &&
	    b->add(b, err, "last tokens=%d", (int)m->context))
		return FED_FAIL;
	if (b->embedding(b, b->classes, (uint32_t)m->width, err) || b->add(b, err, "positions") ||
	    add_dropout(m, b, err))
		return FED_FAIL;
	for (int64_t l = 0; l < m->layers; l++)
		if (add_blocks(m, b, err))
			return FED_FAIL;
	if (m->loss == LOSS_EVERY) {
		if (b->add(b, err, "layer_norm") || b->add(b, err, "dense units=%u each", b->classes))
			return FED_FAIL;
	} else if (b->add(b, err, "last") || b->add(b, err, "layer_norm") ||
	           b->dense(b, b->classes, err)) {
		return FED_FAIL;
	}
	return b->loss(b, FED_LOSS_CROSS_ENTROPY, err);
}

FED_PLUGIN struct fed_model fed_plugin = {
	.head = FED_MODEL(struct transformer, "transformer", "attention over the tokens before", doc,
                      fields),
	.build = build,
};
