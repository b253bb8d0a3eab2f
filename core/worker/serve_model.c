/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker/serve_model.c - construction of a model on a builder that records, and calls of its own
 * layers.
 */
#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "plug/guard/build_wire.h"
#include "worker/serve.h"

/* A layer of the plugin's own, copied as the host would. */
struct fed_worker_layer {
	struct fed_layer ops;
	void *config;
};

enum { LAYERS_MOST = 1024 };

/* The builder. */
struct recorder {
	struct fed_builder face; /* first: the plugin passes it back */
	struct fed_server *server;
	struct fed_packet calls;
	uint64_t n;
};

static int record(struct fed_builder *b, uint32_t kind, uint32_t x, uint32_t y, uint32_t z)
{
	struct recorder *rec = (struct recorder *)b;
	const struct fed_wire_layer call = {kind, x, y, z};

	FED_PUT(&rec->calls, call);
	rec->n++;
	return FED_OK;
}

static int dense(struct fed_builder *b, uint32_t units, struct fed_error *err)
{
	(void)err;
	return record(b, FED_BUILD_DENSE, units, 0, 0);
}

static int conv(struct fed_builder *b, uint32_t filters, uint32_t kernel, uint32_t pad,
                struct fed_error *err)
{
	(void)err;
	return record(b, FED_BUILD_CONV, filters, kernel, pad);
}

static int max_pool(struct fed_builder *b, uint32_t size, struct fed_error *err)
{
	(void)err;
	return record(b, FED_BUILD_MAX_POOL, size, 0, 0);
}

static int mean_pool(struct fed_builder *b, uint32_t size, struct fed_error *err)
{
	(void)err;
	return record(b, FED_BUILD_MEAN_POOL, size, 0, 0);
}

static int relu(struct fed_builder *b, struct fed_error *err)
{
	(void)err;
	return record(b, FED_BUILD_RELU, 0, 0, 0);
}

static int hyperbolic(struct fed_builder *b, struct fed_error *err)
{
	(void)err;
	return record(b, FED_BUILD_TANH, 0, 0, 0);
}

static int flatten(struct fed_builder *b, struct fed_error *err)
{
	(void)err;
	return record(b, FED_BUILD_FLATTEN, 0, 0, 0);
}

static int embedding(struct fed_builder *b, uint32_t vocabulary, uint32_t width,
                     struct fed_error *err)
{
	(void)err;
	return record(b, FED_BUILD_EMBEDDING, vocabulary, width, 0);
}

static int gru(struct fed_builder *b, uint32_t units, struct fed_error *err)
{
	(void)err;
	return record(b, FED_BUILD_GRU, units, 0, 0);
}

static int loss(struct fed_builder *b, enum fed_loss which, struct fed_error *err)
{
	(void)err;
	return record(b, FED_BUILD_LOSS, which, 0, 0);
}

__attribute__((format(printf, 3, 4))) static int add(struct fed_builder *b, struct fed_error *err,
                                                     const char *format, ...)
{
	char line[FED_BUILD_LINE_MAX];
	va_list ap;

	va_start(ap, format);
	const int n = vsnprintf(line, sizeof line, format, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof line)
		return fed_fail(err, "a layer's line is longer than %zu bytes", sizeof line - 1);
	record(b, FED_BUILD_LINE, 0, 0, 0);
	fed_put_text(&((struct recorder *)b)->calls, line);
	return FED_OK;
}

/* A bit for each function that a layer has. */
static uint64_t functions_of(const struct fed_layer *l)
{
	const bool has[FED_LAYER_CALLS] = {
		[FED_LAYER_SHAPE] = l->shape,
		[FED_LAYER_PARAM_COUNT] = l->param_count,
		[FED_LAYER_INIT] = l->init,
		[FED_LAYER_FORWARD] = l->forward,
		[FED_LAYER_BACKWARD] = l->backward,
		[FED_LAYER_FLOPS] = l->flops,
		[FED_LAYER_CACHE_FLOATS] = l->cache_floats,
		[FED_LAYER_SCRATCH_FLOATS] = l->scratch_floats,
		[FED_LAYER_TENSOR] = l->tensor,
		[FED_LAYER_DESCRIBE] = l->describe,
		[FED_LAYER_BUFFER_COUNT] = l->buffer_count,
		[FED_LAYER_UPDATE] = l->update,
	};
	uint64_t bits = 0;

	for (int i = 0; i < FED_LAYER_CALLS; i++)
		bits |= (uint64_t)has[i] << i;
	return bits;
}

static int layer(struct fed_builder *b, const struct fed_layer *ops, const void *config,
                 size_t config_size, struct fed_error *err)
{
	struct recorder *rec = (struct recorder *)b;
	struct fed_server *s = rec->server;

	if (s->layers == LAYERS_MOST)
		return fed_fail(err, "more than %d layers", LAYERS_MOST);
	struct fed_worker_layer *grown =
		fed_resize(s->layer, s->layers * sizeof *grown, (s->layers + 1) * sizeof *grown);
	if (!grown)
		return fed_fail_memory(err, (s->layers + 1) * sizeof *grown, "the layers");
	s->layer = grown;
	struct fed_worker_layer *l = &s->layer[s->layers];
	*l = (struct fed_worker_layer){.config = fed_alloc(config_size ? config_size : 1)};
	if (!l->config)
		return fed_fail_memory(err, config_size, "a layer");
	if (config_size)
		memcpy(l->config, config, config_size);
	memcpy(&l->ops, ops, ops->size < sizeof l->ops ? ops->size : sizeof l->ops);
	s->layers++;
	record(b, FED_BUILD_LAYER, l->ops.mixes_examples, 0, 0);
	fed_put_text(&rec->calls, l->ops.name);
	fed_put_number(&rec->calls, functions_of(&l->ops));
	return FED_OK;
}

static void forget_layers(struct fed_server *s)
{
	for (size_t i = 0; i < s->layers; i++)
		fed_free(s->layer[i].config);
	s->layers = 0;
}

int fed__serve_build(struct fed_server *s, struct fed_packet_reader *r, struct fed_error *err)
{
	struct fed_wire_build build;

	if (fed__serve_state(s, r, err))
		return FED_FAIL;
	FED_GET(r, build);
	if (r->short_)
		return FED_FAIL;
	struct recorder rec = {
		.face = {.size = sizeof rec.face,
	             .input = build.input,
	             .classes = build.classes,
	             .outputs = build.outputs,
	             .dense = dense,
	             .conv = conv,
	             .max_pool = max_pool,
	             .mean_pool = mean_pool,
	             .relu = relu,
	             .tanh = hyperbolic,
	             .flatten = flatten,
	             .layer = layer,
	             .loss = loss,
	             .tokens = build.tokens,
	             .embedding = embedding,
	             .gru = gru,
	             .add = add},
		.server = s,
	};
	forget_layers(s);
	/* its words get the plugin's name in fedsh */
	const int rc = s->instance.entry->copy.model.build(s->instance.state, &rec.face, err);
	fed_put_number(&s->reply, rec.n);
	fed_put(&s->reply, fed_text_str(&rec.calls.bytes), rec.calls.bytes.len);
	s->reply.bytes.failed |= rec.calls.bytes.failed;
	fed_packet_release(&rec.calls);
	return rc;
}

/* Calls of layers --------------------------------------------------------- */

static int run_pass(struct fed_server *s, const struct fed_worker_layer *l, bool back,
                    struct fed_packet_reader *r, struct fed_error *err)
{
	const struct fed_wire_memory memory = fed__worker_inputs(&s->memory);
	struct fed_wire_pass head;
	size_t bytes = 0;

	FED_GET(r, head);
	const size_t in = head.batch * fed_shape_size(&head.in) * sizeof(float);
	const size_t out = head.batch * fed_shape_size(&head.out) * sizeof(float);
	struct fed_pass p = {
		.size = sizeof p,
		.config = l->config,
		.in = head.in,
		.out = head.out,
		.batch = head.batch,
		.training = head.training,
		.first = head.first,
		.key = head.key,
	};
	p.params = fed_get_input(r, &memory, head.params * sizeof(float));
	p.x = fed_get_input(r, &memory, in);
	if (back) {
		p.y = (float *)(uintptr_t)fed_get_input(r, &memory, out);
		p.dy = fed_get_input(r, &memory, out);
	}
	float *values = fed__get_output(r, &s->memory, &bytes);
	const size_t first = back ? (head.dx ? in : 0) : out;
	const size_t second = (back ? head.params : head.cache) * sizeof(float);
	const size_t third = back ? head.cache * sizeof(float) : 0;
	if (r->short_ || bytes != first + second + third)
		return fed_fail(err, "a pass of a layer did not arrive");
	if (back) {
		p.dx = head.dx ? values : NULL;
		p.grads = values + first / sizeof *values;
		p.cache = values + (first + second) / sizeof *values;
	} else {
		p.y = values;
		p.cache = values + first / sizeof *values;
	}
	const size_t floats =
		l->ops.scratch_floats ? l->ops.scratch_floats(l->config, &head.in, head.batch) : 0;
	p.scratch = fed_alloc_floats(floats);
	if (!p.scratch)
		return fed_fail_memory(err, floats * sizeof(float), "a layer");
	if (back)
		l->ops.backward(&p);
	else
		l->ops.forward(&p);
	fed_free_floats(p.scratch);
	return FED_OK;
}

static int update_buffers(struct fed_server *s, const struct fed_worker_layer *l,
                          struct fed_packet_reader *r, struct fed_error *err)
{
	const struct fed_wire_memory memory = fed__worker_inputs(&s->memory);
	struct fed_wire_pass head;
	size_t bytes = 0;

	FED_GET(r, head);
	const struct fed_pass p = {
		.size = sizeof p,
		.config = l->config,
		.in = head.in,
		.out = head.out,
		.batch = head.batch,
		.cache = (float *)(uintptr_t)fed_get_input(r, &memory, head.cache * sizeof(float)),
		.training = true,
	};
	float *values = fed__get_output(r, &s->memory, &bytes);

	if (r->short_ || bytes != head.params * sizeof *values)
		return fed_fail(err, "an update of a layer did not arrive");
	l->ops.update(&p, values);
	return FED_OK;
}

static int init_params(struct fed_server *s, const struct fed_worker_layer *l,
                       struct fed_packet_reader *r, const struct fed_shape *in,
                       struct fed_error *err)
{
	const uint64_t key = fed_get_number(r);
	size_t bytes = 0;
	float *values = fed__get_output(r, &s->memory, &bytes);

	if (!values)
		return fed_fail(err, "a layer's parameters did not arrive");
	l->ops.init(l->config, in, values, key);
	return FED_OK;
}

/* Calls that are about the shape of the input. */
static int call_by_shape(struct fed_server *s, const struct fed_worker_layer *l, uint64_t what,
                         struct fed_packet_reader *r, struct fed_error *err)
{
	struct fed_tensor tensor;
	struct fed_shape in, out;
	char text[128] = "";
	double number = 0;
	int rc = FED_OK;

	FED_GET(r, in);
	switch (what) {
	case FED_LAYER_SHAPE:
		memset(&out, 0, sizeof out);
		rc = l->ops.shape(l->config, &in, &out, err);
		FED_PUT(&s->reply, out);
		return rc;
	case FED_LAYER_PARAM_COUNT:
		number = (double)l->ops.param_count(l->config, &in);
		break;
	case FED_LAYER_FLOPS:
		number = l->ops.flops(l->config, &in);
		break;
	case FED_LAYER_CACHE_FLOATS:
		number = (double)l->ops.cache_floats(l->config, &in);
		break;
	case FED_LAYER_BUFFER_COUNT:
		number = (double)l->ops.buffer_count(l->config, &in);
		break;
	case FED_LAYER_INIT:
		return init_params(s, l, r, &in, err);
	case FED_LAYER_TENSOR:
		memset(&tensor, 0, sizeof tensor);
		fed_put_number(&s->reply,
		               l->ops.tensor(l->config, &in, (uint32_t)fed_get_number(r), &tensor));
		FED_PUT(&s->reply, tensor);
		return FED_OK;
	case FED_LAYER_DESCRIBE:
		l->ops.describe(l->config, &in, text, sizeof text);
		fed_put_text(&s->reply, text);
		return FED_OK;
	default:
		return fed_fail(err, "its process does not know what a layer is to do");
	}
	FED_PUT(&s->reply, number);
	return FED_OK;
}

int fed__serve_layer(struct fed_server *s, struct fed_packet_reader *r, struct fed_error *err)
{
	const uint64_t index = fed_get_number(r), what = fed_get_number(r);

	if (index >= s->layers || what >= FED_LAYER_CALLS ||
	    !(functions_of(&s->layer[index].ops) >> what & 1))
		return fed_fail(err, "its process does not know the layer");
	if (what == FED_LAYER_FORWARD || what == FED_LAYER_BACKWARD)
		return run_pass(s, &s->layer[index], what == FED_LAYER_BACKWARD, r, err);
	if (what == FED_LAYER_UPDATE)
		return update_buffers(s, &s->layer[index], r, err);
	return call_by_shape(s, &s->layer[index], what, r, err);
}
