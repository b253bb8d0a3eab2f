/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/kinds.c - the table of layers as lines, and their parser.
 */
#include "nn/layers/kinds.h"

#include <string.h>

#include "nn/layers/lora.h"

/* Settings of all kinds, as typed. */
struct args {
	int64_t units, filters, kernel, stride, pad, size, vocabulary, width, groups, heads, tokens,
		rank;
	double rate, alpha;
	bool each, causal;
	char parts[FED_RANGES_TEXT];
	char on[FED_LORA_ON_TEXT];
};

static const char *const outputs_word[] = {"outputs", NULL};
static const char *const tokens_word[] = {"tokens", NULL};

#define UNITS_MOST 1e9

static const struct fed_field dense_rows[] = {
	FED_INT_WORD(struct args, units, 0, 0, UNITS_MOST, outputs_word,
                 "numbers of its output; outputs: as many as the dataset needs"),
	FED_FLAG(struct args, each, "one product for each token of a row, not for the whole row"),
	FED_END,
};
static const struct fed_field block_rows[] = {
	FED_INT(struct args, units, 2, 1, UNITS_MOST, "numbers of the outputs of all parts together"),
	FED_TEXT(struct args, parts, "0", NULL, "columns of each part: 0-391,392-783"),
	FED_END,
};
static const struct fed_field conv_rows[] = {
	FED_INT(struct args, filters, 16, 1, 65536, "filters"),
	FED_INT(struct args, kernel, 3, 1, 1024, "pixels of a filter, on each side"),
	FED_INT(struct args, stride, 1, 1, 1024, "pixels from one place of a filter to the next"),
	FED_INT(struct args, pad, 0, 0, 1023, "rows of zeros on each side of the picture"),
	FED_END,
};
static const struct fed_field pool_rows[] = {
	FED_INT(struct args, size, 2, 1, 65536, "pixels of a window, on each side"),
	FED_END,
};
static const struct fed_field embedding_rows[] = {
	FED_INT_WORD(struct args, vocabulary, 0, 0, UNITS_MOST, tokens_word,
                 "rows of the table; tokens: as many as the dataset has"),
	FED_INT(struct args, width, 8, 1, 65536, "numbers that stand for a token"),
	FED_END,
};
static const struct fed_field gru_rows[] = {
	FED_INT(struct args, units, 64, 1, 32768, "numbers of the state"),
	FED_END,
};
static const struct fed_field group_rows[] = {
	FED_INT(struct args, groups, 8, 1, 65536, "groups of channels"),
	FED_END,
};
static const struct fed_field dropout_rows[] = {
	FED_REAL(struct args, rate, 0.5, 0, 0.99, "share of numbers that become 0 in training"),
	FED_END,
};
static const struct fed_field last_rows[] = {
	FED_INT(struct args, tokens, 1, 1, UNITS_MOST, "how many"),
	FED_END,
};
static const struct fed_field attention_rows[] = {
	FED_INT(struct args, heads, 4, 1, 1024, "heads: parts of the width that attend alone"),
	FED_FLAG(struct args, causal, "a token attends to itself and those before it"),
	FED_END,
};

static const struct fed_field lora_rows[] = {
	FED_INT(struct args, rank, 4, 0, 65536, "rank of each adapter; 0: none"),
	FED_REAL(struct args, alpha, 0, 0, 1e6, "scales it by alpha/rank; 0: by 1"),
	FED_TEXT(struct args, on, FED_LORA_ON, NULL,
             "what gets one: dense, q, k, v, out (of attention), conv, embedding, all"),
	FED_END,
};

static const struct fed_layer_kind kinds[] = {
	{"dense", "y = x W + b", FED_LINE_LAYER, &fed_layer_dense, dense_rows,
     sizeof(struct fed_dense_config)},
	{"block_dense", "a dense layer for each part of the columns", FED_LINE_LAYER,
     &fed__layer_block_dense, block_rows, sizeof(struct fed_block_dense_config)},
	{"conv", "convolution over a picture", FED_LINE_LAYER, &fed_layer_conv, conv_rows,
     sizeof(struct fed_conv_config)},
	{"max_pool", "the largest number of each window", FED_LINE_LAYER, &fed_layer_max_pool,
     pool_rows, sizeof(struct fed_pool_config)},
	{"mean_pool", "the mean of each window", FED_LINE_LAYER, &fed_layer_mean_pool, pool_rows,
     sizeof(struct fed_pool_config)},
	{"global_pool", "the mean of each channel over all pixels", FED_LINE_LAYER,
     &fed__layer_global_pool, NULL, 0},
	{"relu", "max(x, 0)", FED_LINE_LAYER, &fed__layer_relu, NULL, 0},
	{"tanh", "hyperbolic tangent", FED_LINE_LAYER, &fed__layer_tanh, NULL, 0},
	{"gelu", "x times the normal distribution function of x", FED_LINE_LAYER, &fed__layer_gelu,
     NULL, 0},
	{"flatten", "the numbers as one row", FED_LINE_LAYER, &fed_layer_flatten, NULL, 0},
	{"dropout", "zeros in training, at random", FED_LINE_LAYER, &fed__layer_dropout, dropout_rows,
     sizeof(struct fed_dropout_config)},
	{"batch_norm", "mean 0 and variance 1 of each channel over the batch", FED_LINE_LAYER,
     &fed__layer_batch_norm, NULL, 0},
	{"group_norm", "mean 0 and variance 1 of each group of channels", FED_LINE_LAYER,
     &fed__layer_group_norm, group_rows, sizeof(struct fed_group_config)},
	{"layer_norm", "mean 0 and variance 1 of each token", FED_LINE_LAYER, &fed__layer_layer_norm,
     NULL, 0},
	{"embedding", "a row of a table for each token", FED_LINE_LAYER, &fed__layer_embedding,
     embedding_rows, sizeof(struct fed_embedding_config)},
	{"positions", "a learned row is added at each place", FED_LINE_LAYER, &fed__layer_positions,
     NULL, 0},
	{"attention", "self-attention of the tokens", FED_LINE_LAYER, &fed__layer_attention,
     attention_rows, sizeof(struct fed_attention_config)},
	{"last", "the last tokens of a row", FED_LINE_LAYER, &fed__layer_last, last_rows,
     sizeof(struct fed_last_config)},
	{"gru", "the last state of a gated recurrent unit", FED_LINE_LAYER, &fed__layer_gru, gru_rows,
     sizeof(struct fed_gru_config)},
	{"residual", "begins a block, whose output is added to its input", FED_LINE_RESIDUAL, NULL,
     NULL, 0},
	{"shortcut", "begins the layers that a block's input passes", FED_LINE_SHORTCUT, NULL, NULL, 0},
	{"end", "ends a block", FED_LINE_END, NULL, NULL, 0},
	{"lora", "from here on nothing is trained but adapters of low rank", FED_LINE_LORA, NULL,
     lora_rows, 0},
	{"trained", "from here on layers are trained again", FED_LINE_TRAINED, NULL, NULL, 0},
};
#define KINDS (sizeof kinds / sizeof *kinds)

const struct fed_layer_kind *fed_layer_kind(size_t k)
{
	return k < KINDS ? &kinds[k] : NULL;
}

static const char *name_at(const void *ctx, size_t k)
{
	(void)ctx;
	return k < KINDS ? kinds[k].name : NULL;
}

/* Configs of layers, from settings and back --------------------------------- */

static void fill_config(const struct fed_layer *ops, const struct args *a, void *config)
{
	if (ops == &fed_layer_dense)
		*(struct fed_dense_config *)config =
			(struct fed_dense_config){.units = (uint32_t)a->units, .each = a->each};
	else if (ops == &fed_layer_conv)
		*(struct fed_conv_config *)config = (struct fed_conv_config){
			(uint32_t)a->filters, (uint32_t)a->kernel, (uint32_t)a->pad, (uint32_t)a->stride};
	else if (ops == &fed_layer_max_pool || ops == &fed_layer_mean_pool)
		*(struct fed_pool_config *)config = (struct fed_pool_config){(uint32_t)a->size};
	else if (ops == &fed__layer_embedding)
		*(struct fed_embedding_config *)config =
			(struct fed_embedding_config){(uint32_t)a->vocabulary, (uint32_t)a->width};
	else if (ops == &fed__layer_gru)
		*(struct fed_gru_config *)config = (struct fed_gru_config){(uint32_t)a->units};
	else if (ops == &fed__layer_group_norm)
		*(struct fed_group_config *)config = (struct fed_group_config){(uint32_t)a->groups};
	else if (ops == &fed__layer_last)
		*(struct fed_last_config *)config = (struct fed_last_config){(uint32_t)a->tokens};
	else if (ops == &fed__layer_dropout)
		*(struct fed_dropout_config *)config = (struct fed_dropout_config){a->rate};
	else if (ops == &fed__layer_attention)
		*(struct fed_attention_config *)config =
			(struct fed_attention_config){(uint32_t)a->heads, a->causal};
}

static void read_config(const struct fed_layer *ops, const void *config, struct args *a)
{
	if (ops == &fed_layer_dense) {
		const struct fed_dense_config *c = config;

		a->units = c->units;
		a->each = c->each;
	} else if (ops == &fed__layer_block_dense) {
		const struct fed_block_dense_config *c = config;

		a->units = c->units;
		fed_ranges_print(&c->parts, a->parts);
	} else if (ops == &fed_layer_conv) {
		const struct fed_conv_config *c = config;

		a->filters = c->filters;
		a->kernel = c->kernel;
		a->pad = c->pad;
		a->stride = c->stride ? c->stride : 1;
	} else if (ops == &fed_layer_max_pool || ops == &fed_layer_mean_pool) {
		a->size = ((const struct fed_pool_config *)config)->size;
	} else if (ops == &fed__layer_embedding) {
		a->vocabulary = ((const struct fed_embedding_config *)config)->vocabulary;
		a->width = ((const struct fed_embedding_config *)config)->width;
	} else if (ops == &fed__layer_gru) {
		a->units = ((const struct fed_gru_config *)config)->units;
	} else if (ops == &fed__layer_group_norm) {
		a->groups = ((const struct fed_group_config *)config)->groups;
	} else if (ops == &fed__layer_last) {
		a->tokens = ((const struct fed_last_config *)config)->tokens;
	} else if (ops == &fed__layer_dropout) {
		a->rate = ((const struct fed_dropout_config *)config)->rate;
	} else if (ops == &fed__layer_attention) {
		a->heads = ((const struct fed_attention_config *)config)->heads;
		a->causal = ((const struct fed_attention_config *)config)->causal;
	}
}

/* Lines --------------------------------------------------------------------- */

/* The next word of a line, from *at on; false at its end or at a comment. */
static bool next_word(const char *line, size_t *at, char word[FED_LAYER_LINE])
{
	*at += strspn(line + *at, " \t\r");
	const size_t n = strcspn(line + *at, " \t\r");

	if (n == 0 || line[*at] == '#' || n >= FED_LAYER_LINE)
		return false;
	memcpy(word, line + *at, n);
	word[n] = '\0';
	return true;
}

static const struct fed_layer_kind *find_kind(const char *word, struct fed_error *err)
{
	for (size_t k = 0; k < KINDS; k++)
		if (fed_same_name(kinds[k].name, word))
			return &kinds[k];
	const char *near = fed_nearest(word, name_at, NULL);
	fed_fail(err, "%s is no layer%s%s%s; `explain layers` lists them", fed_show(word).s,
	         near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	return NULL;
}

static int set_word(const struct fed_layer_kind *kind, struct args *a, char *word,
                    struct fed_error *err)
{
	char *equals = strchr(word, '=');

	if (!kind->fields)
		return fed_fail(err, "%s takes no settings, gets %s", kind->name, fed_show(word).s);
	if (equals)
		*equals = '\0';
	return fed_fields_set(kind->fields, a, word, equals ? equals + 1 : NULL, err);
}

int fed_layer_parse(const char *line, uint32_t classes, uint32_t outputs,
                    struct fed_layer_line *out, struct fed_error *err)
{
	char word[FED_LAYER_LINE];
	struct args a = {0};

	*out = (struct fed_layer_line){0};
	if (!next_word(line, &out->at, word))
		return fed_fail(err, "a line without a layer");
	out->kind = find_kind(word, err);
	if (!out->kind)
		return FED_FAIL;
	if (out->kind->fields)
		fed_fields_default(out->kind->fields, &a);
	for (out->at += strlen(word); next_word(line, &out->at, word);) {
		const size_t n = strlen(word);

		if (set_word(out->kind, &a, word, err))
			return FED_FAIL;
		out->at += n;
	}
	out->at = strspn(line, " \t"); /* what is wrong from here on is about the layer */
	if (out->kind->is == FED_LINE_LORA) {
		out->lora.rank = (uint32_t)a.rank;
		out->lora.alpha = a.alpha > 0 ? a.alpha : (double)a.rank;
		return fed__lora_on_parse(a.on, &out->lora.on, err);
	}
	if (out->kind->is != FED_LINE_LAYER)
		return FED_OK;
	struct fed_ranges parts = {0};
	if (out->kind->ops == &fed__layer_block_dense && fed_ranges_parse(a.parts, &parts, err))
		return FED_FAIL;
	if (out->kind->ops == &fed_layer_dense && a.units == 0)
		a.units = outputs;
	if (out->kind->ops == &fed__layer_embedding && a.vocabulary == 0)
		a.vocabulary = classes;
	out->ops =
		out->kind->ops == &fed_layer_conv && a.stride > 1 ? &fed__layer_strided : out->kind->ops;
	fill_config(out->kind->ops, &a, out->config);
	if (out->kind->ops == &fed__layer_block_dense)
		*(struct fed_block_dense_config *)out->config =
			(struct fed_block_dense_config){(uint32_t)a.units, parts};
	return FED_OK;
}

bool fed_layer_print(const struct fed_layer *ops, const void *config, struct fed_text *out)
{
	struct args a = {0};

	ops = fed__lora_base(ops); /* whose config an adapted layer's begins with */
	for (size_t k = 0; k < KINDS; k++) {
		if (!ops || (kinds[k].ops != ops &&
		             (ops != &fed__layer_strided || kinds[k].ops != &fed_layer_conv)))
			continue;
		fed_text_add(out, "%s", kinds[k].name);
		if (!kinds[k].fields)
			return true;
		read_config(kinds[k].ops, config, &a);
		fed_text_add(out, " ");
		fed_fields_print(kinds[k].fields, &a, false, out);
		return true;
	}
	return false;
}
