/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/builder.c - the builder that a model plugin's build() calls; each call appends one checked
 * layer.
 */
#include <string.h>

#include "base/mem.h"
#include "nn/layers/image.h"
#include "nn/layers/layers.h"
#include "nn/net.h"

#define LAYERS_MAX 1024u
#define PARAMETERS_MAX ((size_t)1 << 31)
#define EXAMPLE_MAX ((size_t)1 << 28) /* floats of one example at any boundary */
#define CONFIG_MAX ((size_t)1 << 16)
/* The members that every version of struct fed_layer has. */
#define LAYER_CORE_SIZE offsetof(struct fed_layer, cache_floats)

/* An owned copy of a plugin's layer; config follows, aligned for any type. */
struct layer_copy {
	struct fed_layer ops;
	_Alignas(max_align_t) unsigned char config[];
};

static struct fed_net *net_of(struct fed_builder *b)
{
	return ((struct fed_net_builder *)b)->net;
}

/* Add an error text to a layer that failed without one. */
static int refused(const char *layer, struct fed_error *err)
{
	if (!err->text[0])
		fed_fail(err, "%s does not say why it refuses its input", layer);
	return FED_FAIL;
}

static bool is_sound(const struct fed_shape *s)
{
	size_t n = 1;

	if (s->rank < 1 || s->rank > 3)
		return false;
	for (uint32_t i = 0; i < s->rank; i++) {
		if (s->dim[i] < 1 || s->dim[i] > EXAMPLE_MAX / n)
			return false;
		n *= s->dim[i];
	}
	return true;
}

bool fed_net_layer_is_own(const struct fed_net_layer *l)
{
	return l->ops == &((const struct layer_copy *)l->copy)->ops;
}

bool fed_net_mixes_examples(const struct fed_net *net)
{
	for (size_t l = 0; l < net->layers; l++)
		if (net->layer[l].ops->mixes_examples)
			return true;
	return false;
}

/* Set out, count and flops of a layer from its ops, config and in. */
static int measure_layer(const struct fed_net *net, struct fed_net_layer *l, struct fed_error *err)
{
	err->text[0] = '\0';
	if (l->ops->shape(l->config, &l->in, &l->out, err))
		return refused(l->ops->name, err);
	if (!is_sound(&l->out))
		return fed_fail(err, "%s makes a shape of rank %u with no or more than %zu values",
		                l->ops->name, l->out.rank, EXAMPLE_MAX);
	l->offset = net->dim;
	l->count = l->ops->param_count ? l->ops->param_count(l->config, &l->in) : 0;
	if (l->count > PARAMETERS_MAX - net->dim)
		return fed_fail(err, "%s would make the model larger than %zu parameters", l->ops->name,
		                PARAMETERS_MAX);
	l->flops = l->ops->flops(l->config, &l->in);
	return FED_OK;
}

/* Name a layer by its kind and count: "conv2". */
static void name_layer(const struct fed_net *net, struct fed_net_layer *l)
{
	unsigned count = 1;

	for (size_t i = 0; i < net->layers; i++)
		count += strcmp(net->layer[i].ops->name, l->ops->name) == 0;
	snprintf(l->name, sizeof l->name, "%.18s%u", l->ops->name, count);
}

static int append(struct fed_net *net, const struct fed_layer *ops, const void *config,
                  size_t config_size, bool copy_ops, struct fed_error *err)
{
	if (net->loss)
		return fed_fail(err, "%s comes after the loss, which must be last", ops->name);
	if (net->layers == LAYERS_MAX)
		return fed_fail(err, "more than %u layers", LAYERS_MAX);
	struct fed_net_layer *grown =
		fed_resize(net->layer, net->layers * sizeof *grown, (net->layers + 1) * sizeof *grown);
	if (!grown)
		return fed_fail_memory(err, (net->layers + 1) * sizeof *grown, "the layers");
	net->layer = grown;

	struct layer_copy *copy = fed_alloc(sizeof *copy + config_size);
	if (!copy)
		return fed_fail_memory(err, sizeof *copy + config_size, "a layer");
	memcpy(&copy->ops, ops, ops->size < sizeof *ops ? ops->size : sizeof *ops);
	if (config_size)
		memcpy(copy->config, config, config_size);

	struct fed_net_layer *l = &net->layer[net->layers];
	*l = (struct fed_net_layer){
		.ops = copy_ops ? &copy->ops : ops,
		.config = copy->config,
		.copy = copy,
		.in = net->layers ? l[-1].out : net->input,
	};
	if (measure_layer(net, l, err)) {
		fed_free(copy);
		return FED_FAIL;
	}
	name_layer(net, l);
	net->dim += l->count;
	net->layers++;
	return FED_OK;
}

/* A failure is permanent: a plugin that ignores it gets no net. */
static int append_built_in(struct fed_builder *b, const struct fed_layer *ops, const void *config,
                           size_t config_size, struct fed_error *err)
{
	struct fed_net *net = net_of(b);
	const int rc = append(net, ops, config, config_size, false, err);

	net->broken |= rc != FED_OK;
	return rc;
}

/* The image whose flattened values are the input of a dense layer, or rank 0. */
static struct fed_shape image_before(const struct fed_net *net)
{
	struct fed_shape shape = net->layers ? net->layer[net->layers - 1].out : net->input;

	for (size_t l = net->layers; shape.rank != 3 && l-- > 0;) {
		const struct fed_layer *ops = net->layer[l].ops;

		if (ops != &fed_layer_flatten && ops != &fed__layer_relu && ops != &fed__layer_tanh)
			break;
		shape = net->layer[l].in;
	}
	return shape.rank == 3 ? shape : (struct fed_shape){0};
}

static int add_dense(struct fed_builder *b, uint32_t units, struct fed_error *err)
{
	const struct fed_dense_config c = {.units = units, .image = image_before(net_of(b))};

	return append_built_in(b, &fed_layer_dense, &c, sizeof c, err);
}

static int add_conv(struct fed_builder *b, uint32_t filters, uint32_t kernel, uint32_t pad,
                    struct fed_error *err)
{
	const struct fed_conv_config c = {.filters = filters, .kernel = kernel, .pad = pad};

	return append_built_in(b, &fed_layer_conv, &c, sizeof c, err);
}

static int add_max_pool(struct fed_builder *b, uint32_t size, struct fed_error *err)
{
	const struct fed_pool_config c = {.size = size};

	return append_built_in(b, &fed_layer_max_pool, &c, sizeof c, err);
}

static int add_mean_pool(struct fed_builder *b, uint32_t size, struct fed_error *err)
{
	const struct fed_pool_config c = {.size = size};

	return append_built_in(b, &fed_layer_mean_pool, &c, sizeof c, err);
}

static int add_relu(struct fed_builder *b, struct fed_error *err)
{
	return append_built_in(b, &fed__layer_relu, NULL, 0, err);
}

static int add_tanh(struct fed_builder *b, struct fed_error *err)
{
	return append_built_in(b, &fed__layer_tanh, NULL, 0, err);
}

static int add_flatten(struct fed_builder *b, struct fed_error *err)
{
	return append_built_in(b, &fed_layer_flatten, NULL, 0, err);
}

static int add_embedding(struct fed_builder *b, uint32_t vocabulary, uint32_t width,
                         struct fed_error *err)
{
	const struct fed_embedding_config c = {.vocabulary = vocabulary, .width = width};

	return append_built_in(b, &fed__layer_embedding, &c, sizeof c, err);
}

static int add_gru(struct fed_builder *b, uint32_t units, struct fed_error *err)
{
	const struct fed_gru_config c = {.units = units};

	return append_built_in(b, &fed__layer_gru, &c, sizeof c, err);
}

/* The plugin's struct may be older, and shorter, than the host's. */
static int check_layer(const struct fed_layer *ops, const void *config, size_t config_size,
                       struct fed_error *err)
{
	if (!ops)
		return fed_fail(err, "layer() without a struct fed_layer");
	if (ops->size < LAYER_CORE_SIZE)
		return fed_fail(err, "a layer says that its struct has %u bytes, at least %zu are needed",
		                ops->size, LAYER_CORE_SIZE);
	if (!ops->name || !ops->name[0])
		return fed_fail(err, "a layer without a name");
	const char *missing = !ops->shape      ? "shape"
	                      : !ops->forward  ? "forward"
	                      : !ops->backward ? "backward"
	                      : !ops->flops    ? "flops"
	                                       : NULL;
	if (missing)
		return fed_fail(err, "layer %s has no %s()", ops->name, missing);
	if (config_size > CONFIG_MAX || (config_size && !config))
		return fed_fail(err, "layer %s has a config of %zu bytes, at most %zu are kept", ops->name,
		                config_size, CONFIG_MAX);
	return FED_OK;
}

static int add_layer(struct fed_builder *b, const struct fed_layer *ops, const void *config,
                     size_t config_size, struct fed_error *err)
{
	struct fed_net *net = net_of(b);
	int rc = check_layer(ops, config, config_size, err);

	if (rc == FED_OK)
		rc = append(net, ops, config, config_size, true, err);
	net->broken |= rc != FED_OK;
	return rc;
}

static int check_loss(const struct fed_net *net, enum fed_loss loss, struct fed_error *err)
{
	if (net->loss)
		return fed_fail(err, "the loss is given twice");
	if (loss != FED_LOSS_CROSS_ENTROPY && loss != FED_LOSS_SQUARED)
		return fed_fail(err, "loss %d is unknown", (int)loss);
	if (loss == FED_LOSS_CROSS_ENTROPY && net->classes == 0)
		return fed_fail(err, "cross entropy needs classes, this dataset is a regression");
	if (loss == FED_LOSS_SQUARED && net->classes > 0)
		return fed_fail(err, "squared loss needs a regression, this dataset has %u classes",
		                net->classes);
	return FED_OK;
}

static int set_loss(struct fed_builder *b, enum fed_loss loss, struct fed_error *err)
{
	struct fed_net *net = net_of(b);
	const int rc = check_loss(net, loss, err);

	if (rc == FED_OK)
		net->loss = loss;
	net->broken |= rc != FED_OK;
	return rc;
}

struct fed_builder *fed_net_builder(struct fed_net_builder *storage, struct fed_net *net)
{
	*storage = (struct fed_net_builder){
		.face =
			{
				.size = sizeof(struct fed_builder),
				.input = net->input,
				.classes = net->classes,
				.outputs = net->outputs,
				.dense = add_dense,
				.conv = add_conv,
				.max_pool = add_max_pool,
				.mean_pool = add_mean_pool,
				.relu = add_relu,
				.tanh = add_tanh,
				.flatten = add_flatten,
				.layer = add_layer,
				.loss = set_loss,
				.tokens = net->tokens,
				.embedding = add_embedding,
				.gru = add_gru,
			},
		.net = net,
	};
	return &storage->face;
}
