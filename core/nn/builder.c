/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/builder.c - the builder that a model plugin's build() calls; each call appends one checked
 * layer.
 */
#include <string.h>

#include "base/mem.h"
#include "nn/layers/image.h"
#include "nn/layers/kinds.h"
#include "nn/layers/layers.h"
#include "nn/layers/lora.h"
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
	return l->ops && l->ops == &((const struct layer_copy *)l->copy)->ops;
}

bool fed_net_mixes_examples(const struct fed_net *net)
{
	for (size_t o = 0; o < net->ops; o++)
		if (net->op[o].ops->mixes_examples && !net->op[o].frozen)
			return true;
	return false;
}

const struct fed_layer *fed__net_base_ops(const struct fed_net_layer *l)
{
	return l->adapted ? fed__lora_base(l->ops) : l->ops;
}

bool fed__net_is_frozen(const struct fed_net_layer *l)
{
	return l->frozen && !l->adapted;
}

/* Whether a model of `has` parameters can get `more`. */
static int check_size(const char *layer, size_t has, size_t more, struct fed_error *err)
{
	return more <= PARAMETERS_MAX - has
	           ? FED_OK
	           : fed_fail(err, "%s would make the model larger than %zu parameters", layer,
	                      PARAMETERS_MAX);
}

/* Divide the parameters of an operation in those that are trained and the frozen ones, and the cost
 * of its gradients. */
static int divide_layer(const struct fed_net *net, struct fed_net_layer *l, struct fed_error *err)
{
	const struct fed_layer *base = fed__net_base_ops(l);

	l->back = 2 * l->flops;
	l->back_dx = l->flops;
	l->frozen_at = net->frozen_dim;
	if (!net->freezes || net->whole)
		return FED_OK;
	l->frozen = base->param_count ? base->param_count(l->config, &l->in) : 0;
	if (check_size(l->ops->name, net->frozen_dim, l->frozen, err))
		return FED_FAIL;
	if (l->frozen == 0)
		return FED_OK;
	l->lora = net->lora;
	if (l->adapted) {
		l->back = fed__lora_back(l->ops, l->config, &l->in, true);
		l->back_dx = l->back - fed__lora_back(l->ops, l->config, &l->in, false);
		return FED_OK;
	}
	/* a frozen layer has the gradient by its input alone */
	l->back = l->flops;
	l->count = l->buffers = 0;
	return FED_OK;
}

/* Set out, count and flops of an operation from its ops, config and in. */
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
	if (check_size(l->ops->name, net->dim, l->count, err))
		return FED_FAIL;
	l->buffers = l->ops->buffer_count ? l->ops->buffer_count(l->config, &l->in) : 0;
	if (l->buffers > l->count)
		return fed_fail(err, "%s has %zu buffers among %zu parameters", l->ops->name, l->buffers,
		                l->count);
	l->flops = l->ops->flops(l->config, &l->in);
	return divide_layer(net, l, err);
}

/* Name an operation by its kind and count: "conv2". */
static void name_layer(const struct fed_net *net, struct fed_net_layer *l)
{
	unsigned count = 1;

	for (size_t i = 0; i < net->ops; i++)
		count += strcmp(net->op[i].ops->name, l->ops->name) == 0;
	snprintf(l->name, sizeof l->name, "%.18s%u", l->ops->name, count);
}

/* Room for one more operation or layer. */
static int grow(struct fed_net_layer **list, size_t n, struct fed_error *err)
{
	if (n == LAYERS_MAX)
		return fed_fail(err, "more than %u layers", LAYERS_MAX);
	struct fed_net_layer *grown = fed_resize(*list, n * sizeof *grown, (n + 1) * sizeof *grown);
	if (!grown)
		return fed_fail_memory(err, (n + 1) * sizeof *grown, "the layers");
	*list = grown;
	return FED_OK;
}

/* The last operation is the first one of a shortcut, or of the block itself. */
static size_t source_of_next(const struct fed_net *net)
{
	return net->in_shortcut && net->ops == net->shortcut ? net->block : net->ops;
}

static const struct fed_shape *shape_at(const struct fed_net *net, size_t boundary)
{
	return boundary ? &net->op[boundary - 1].out : &net->input;
}

/* Append an operation, and outside of blocks the layer that it is. */
static int append(struct fed_net *net, const struct fed_layer *ops, const void *config,
                  size_t config_size, bool copy_ops, struct fed_error *err)
{
	if (net->loss)
		return fed_fail(err, "%s comes after the loss, which must be last", ops->name);
	if (grow(&net->op, net->ops, err) || grow(&net->layer, net->layers, err))
		return FED_FAIL;

	struct layer_copy *copy = fed_alloc(sizeof *copy + config_size);
	if (!copy)
		return fed_fail_memory(err, sizeof *copy + config_size, "a layer");
	memcpy(&copy->ops, ops, ops->size < sizeof *ops ? ops->size : sizeof *ops);
	if (config_size)
		memcpy(copy->config, config, config_size);

	struct fed_net_layer *l = &net->op[net->ops];
	*l = (struct fed_net_layer){
		.ops = copy_ops ? &copy->ops : ops,
		.config = copy->config,
		.copy = copy,
		.begin = net->ops,
		.end = net->ops + 1,
		.source = source_of_next(net),
		.other = FED_NO_BOUNDARY,
		.reader = net->ops,
		.adapted = !copy_ops && fed__lora_base(ops) != ops,
	};
	l->in = *shape_at(net, l->source);
	if (measure_layer(net, l, err)) {
		fed_free(copy);
		return FED_FAIL;
	}
	name_layer(net, l);
	net->frozen_dim += l->frozen;
	net->dim += l->count;
	net->buffers += l->buffers;
	net->ops++;
	if (!net->in_block)
		net->layer[net->layers++] = *l;
	return FED_OK;
}

/* Append a layer of the host's, behind a line "lora" a frozen one, perhaps with an adapter. */
static int append_own(struct fed_net *net, const struct fed_layer *ops, const void *config,
                      size_t config_size, struct fed_error *err)
{
	struct fed_lora_config adapted = {.lora = net->lora};
	const struct fed_layer *lora =
		net->freezes && !net->whole ? fed__lora_of(ops, &adapted.lora) : NULL;

	if (!lora)
		return append(net, ops, config, config_size, false, err);
	memcpy(&adapted, config, config_size);
	return append(net, lora, &adapted, sizeof adapted, false, err);
}

/* A failure is permanent: a plugin that ignores it gets no net. */
static int append_built_in(struct fed_builder *b, const struct fed_layer *ops, const void *config,
                           size_t config_size, struct fed_error *err)
{
	struct fed_net *net = net_of(b);
	const int rc = append_own(net, ops, config, config_size, err);

	net->broken |= rc != FED_OK;
	return rc;
}

/* The image whose flattened values are the input of a dense layer, or rank 0. */
static struct fed_shape image_before(const struct fed_net *net)
{
	struct fed_shape shape = *shape_at(net, source_of_next(net));

	for (size_t o = source_of_next(net); shape.rank != 3 && o-- > 0;) {
		const struct fed_layer *ops = net->op[o].ops;

		if (net->op[o].source != o || (ops != &fed_layer_flatten && ops != &fed__layer_relu &&
		                               ops != &fed__layer_tanh && ops != &fed__layer_dropout))
			break;
		shape = net->op[o].in;
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
	const struct fed_conv_config c = {
		.filters = filters, .kernel = kernel, .pad = pad, .stride = 1};

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

/* Residual blocks ----------------------------------------------------------- */

static int begin_block(struct fed_net *net, struct fed_error *err)
{
	if (net->in_block)
		return fed_fail(err, "a residual block within another one");
	net->in_block = true;
	net->in_shortcut = false;
	net->block = net->ops;
	return FED_OK;
}

static int begin_shortcut(struct fed_net *net, struct fed_error *err)
{
	if (!net->in_block || net->in_shortcut)
		return fed_fail(err, net->in_block ? "a block has one shortcut at most"
		                                   : "a shortcut outside of a residual block");
	if (net->ops == net->block)
		return fed_fail(err, "a residual block has no layers before its shortcut");
	net->in_shortcut = true;
	net->shortcut = net->ops;
	return FED_OK;
}

/* The boundary whose values are added to those of the last operation. */
static int find_other(const struct fed_net *net, size_t *other, struct fed_error *err)
{
	char a[FED_SHAPE_TEXT], b[FED_SHAPE_TEXT];

	if (net->ops == (net->in_shortcut ? net->shortcut : net->block))
		return fed_fail(err, "a %s has no layers",
		                net->in_shortcut ? "shortcut" : "residual block");
	*other = net->in_shortcut ? net->shortcut : net->block;
	const struct fed_shape *x = shape_at(net, *other), *y = shape_at(net, net->ops);
	if (x->rank == y->rank && memcmp(x->dim, y->dim, x->rank * sizeof *x->dim) == 0)
		return FED_OK;
	if (net->in_shortcut)
		return fed_fail(err, "a block's layers give %s, its shortcut %s", fed_shape_text(x, a),
		                fed_shape_text(y, b));
	return fed_fail(err, "a block gets %s and gives %s; a shortcut with layers makes them equal",
	                fed_shape_text(x, a), fed_shape_text(y, b));
}

/* The block becomes one layer. */
static int end_block(struct fed_net *net, struct fed_error *err)
{
	size_t other = 0;
	unsigned count = 1;

	if (!net->in_block)
		return fed_fail(err, "an end without a residual block");
	if (find_other(net, &other, err) || append(net, &fed__layer_add, NULL, 0, false, err))
		return FED_FAIL;
	struct fed_net_layer *first = &net->op[net->block], *last = &net->op[net->ops - 1];

	last->other = other;
	net->op[other].reader = net->ops - 1;
	if (net->in_shortcut)
		first->reader = net->shortcut;
	first->adds = true;
	for (size_t l = 0; l < net->layers; l++)
		count += net->layer[l].ops == NULL;
	struct fed_net_layer *l = &net->layer[net->layers++];
	*l = (struct fed_net_layer){
		.in = first->in,
		.out = last->out,
		.offset = first->offset,
		.count = net->dim - first->offset,
		.begin = net->block,
		.end = net->ops,
	};
	for (size_t o = l->begin; o < l->end; o++) {
		l->flops += net->op[o].flops;
		l->frozen += net->op[o].frozen;
		l->buffers += net->op[o].buffers;
	}
	snprintf(l->name, sizeof l->name, "residual%u", count);
	net->in_block = net->in_shortcut = false;
	return FED_OK;
}

static int add_line(struct fed_net *net, const char *line, struct fed_error *err)
{
	struct fed_layer_line parsed;

	if (fed_layer_parse(line, net->classes, net->outputs, &parsed, err))
		return FED_FAIL;
	switch (parsed.kind->is) {
	case FED_LINE_RESIDUAL:
		return begin_block(net, err);
	case FED_LINE_SHORTCUT:
		return begin_shortcut(net, err);
	case FED_LINE_END:
		return end_block(net, err);
	case FED_LINE_LORA:
		net->freezes = true;
		net->lora = parsed.lora;
		return FED_OK;
	case FED_LINE_TRAINED:
		net->freezes = false;
		return FED_OK;
	case FED_LINE_LAYER:
		break;
	}
	if (parsed.ops == &fed_layer_dense)
		((struct fed_dense_config *)parsed.config)->image = image_before(net);
	return append_own(net, parsed.ops, parsed.config, parsed.kind->config_size, err);
}

__attribute__((format(printf, 3, 4))) static int
add_text(struct fed_builder *b, struct fed_error *err, const char *format, ...)
{
	char line[FED_LAYER_LINE];
	va_list ap;

	va_start(ap, format);
	const int n = vsnprintf(line, sizeof line, format, ap);
	va_end(ap);
	const int rc = n < 0 || (size_t)n >= sizeof line
	                   ? fed_fail(err, "a layer's line is longer than %zu bytes", sizeof line - 1)
	                   : add_line(net_of(b), line, err);
	net_of(b)->broken |= rc != FED_OK;
	return rc;
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
	const bool later = ops->size >= offsetof(struct fed_layer, update) + sizeof ops->update;
	if (later && !ops->buffer_count != !ops->update)
		return fed_fail(err,
		                "layer %s has one of buffer_count() and update(), which need each other",
		                ops->name);
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
	if (net->in_block)
		return fed_fail(err, "a residual block has no end");
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
				.add = add_text,
			},
		.net = net,
	};
	return &storage->face;
}
