/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/remote_model.c - construction of a model, and the passes of layers of its own, in a worker
 * process.
 *
 * build() runs there on a builder that records; its calls are repeated here on the host's.  A layer
 * of the plugin's own becomes one here whose functions call the worker: each pass is a message with
 * copies of its arrays.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "plug/guard/worker.h"
#include "plug/remote.h"
#include "plug/result_checks.h"
#include "plug/wire.h"
#include "plug/guard/build_wire.h"

/* Sizes of a layer, for the shape of input that it has in the net; passes need them. */
struct layer_sizes {
	bool has_params, has_cache;
	size_t params, cache;
};

/* A layer of the plugin's own, seen from the host's net. */
struct remote_layer {
	const struct fed_instance *model;
	uint32_t index;            /* among those of the model */
	struct layer_sizes *sizes; /* the worker's; set while the net is built */
};

/* Calls of layers --------------------------------------------------------- */

/* After a crash the new process does not know the layers yet. */
static int build_again(const struct fed_instance *model, struct fed_error *err)
{
	struct fed_worker *w = model->worker;
	struct fed_packet_reader reply;
	struct fed_error words;
	int rc;

	if (w->built == w->starts)
		return FED_OK;
	fed_worker_request(w, FED_ASK_BUILD);
	fed_put_state(&w->packet, model);
	FED_PUT(&w->packet, w->build);
	if (fed_worker_call(w, "build()", NULL, &reply, &rc, &words, err))
		return FED_FAIL;
	w->built = w->starts;
	return FED_OK;
}

/* Begin a call; the worker is entered on FED_OK. */
static int begin(const struct remote_layer *l, enum fed_layer_call what, struct fed_error *err)
{
	struct fed_worker *w = l->model->worker;

	if (fed_worker_enter(w, err))
		return FED_FAIL;
	if (build_again(l->model, err)) {
		fed_worker_leave(w);
		return FED_FAIL;
	}
	fed_worker_request(w, FED_ASK_LAYER);
	fed_put_number(&w->packet, l->index);
	fed_put_number(&w->packet, what);
	return FED_OK;
}

/* Send it.  What cannot fail by its type is reported as printed by the plugin. */
static bool call(const struct remote_layer *l, const char *function,
                 struct fed_packet_reader *reply, int *rc, struct fed_error *words)
{
	struct fed_worker *w = l->model->worker;
	struct fed_error err;

	if (fed_worker_call(w, function, NULL, reply, rc, words, &err) == FED_OK)
		return true;
	fed__worker_report(w, err.text);
	return false;
}

/* A number by the shape of the input. */
static double number(const void *config, const struct fed_shape *in, enum fed_layer_call what,
                     const char *function)
{
	const struct remote_layer *l = config;
	struct fed_packet_reader reply;
	struct fed_error words;
	double n = 0;
	int rc;

	if (begin(l, what, &words))
		return 0;
	FED_PUT(&l->model->worker->packet, *in);
	if (call(l, function, &reply, &rc, &words))
		FED_GET(&reply, n);
	fed_worker_leave(l->model->worker);
	return n >= 0 && n < 0x1p53 ? n : 0;
}

static int layer_shape(const void *config, const struct fed_shape *in, struct fed_shape *out,
                       struct fed_error *err)
{
	const struct remote_layer *l = config;
	struct fed_packet_reader reply;
	struct fed_error words;
	int rc;

	if (begin(l, FED_LAYER_SHAPE, err))
		return FED_FAIL;
	FED_PUT(&l->model->worker->packet, *in);
	if (fed_worker_call(l->model->worker, "shape()", NULL, &reply, &rc, &words, err))
		rc = FED_FAIL;
	else if (rc != FED_OK)
		*err = words;
	else
		FED_GET(&reply, *out);
	fed_worker_leave(l->model->worker);
	return rc;
}

static size_t layer_param_count(const void *config, const struct fed_shape *in)
{
	struct layer_sizes *known = ((const struct remote_layer *)config)->sizes;

	if (!known->has_params)
		known->params = (size_t)number(config, in, FED_LAYER_PARAM_COUNT, "param_count()");
	known->has_params = true;
	return known->params;
}

static double layer_flops(const void *config, const struct fed_shape *in)
{
	return number(config, in, FED_LAYER_FLOPS, "flops()");
}

static size_t layer_cache_floats(const void *config, const struct fed_shape *in)
{
	struct layer_sizes *known = ((const struct remote_layer *)config)->sizes;

	if (!known->has_cache)
		known->cache = (size_t)number(config, in, FED_LAYER_CACHE_FLOATS, "cache_floats()");
	known->has_cache = true;
	return known->cache;
}

static void layer_init(const void *config, const struct fed_shape *in, float *params, uint64_t key)
{
	const struct remote_layer *l = config;
	const size_t bytes = layer_param_count(config, in) * sizeof *params;
	struct fed_packet_reader reply;
	struct fed_error words;
	int rc;

	if (begin(l, FED_LAYER_INIT, &words))
		return;
	struct fed_worker *w = l->model->worker;
	float *values = fed_worker_output(w, bytes);
	FED_PUT(&w->packet, *in);
	fed_put_number(&w->packet, key);
	if (values) {
		memset(values, 0, bytes);
		fed_put_output(&w->packet, w);
		if (call(l, "init()", &reply, &rc, &words))
			memcpy(params, values, bytes);
	}
	fed_worker_leave(w);
}

static bool layer_tensor(const void *config, const struct fed_shape *in, uint32_t k,
                         struct fed_tensor *tensor)
{
	const struct remote_layer *l = config;
	struct fed_packet_reader reply;
	struct fed_error words;
	bool has = false;
	int rc;

	if (begin(l, FED_LAYER_TENSOR, &words))
		return false;
	FED_PUT(&l->model->worker->packet, *in);
	fed_put_number(&l->model->worker->packet, k);
	if (call(l, "tensor()", &reply, &rc, &words) && fed_get_number(&reply)) {
		FED_GET(&reply, *tensor);
		has = !reply.short_;
	}
	fed_worker_leave(l->model->worker);
	return has;
}

static void layer_describe(const void *config, const struct fed_shape *in, char *text, size_t size)
{
	const struct remote_layer *l = config;
	struct fed_packet_reader reply;
	struct fed_error words;
	int rc;

	*text = '\0';
	if (begin(l, FED_LAYER_DESCRIBE, &words))
		return;
	FED_PUT(&l->model->worker->packet, *in);
	if (call(l, "describe()", &reply, &rc, &words)) {
		const char *said = fed_get_text(&reply);

		snprintf(text, size, "%s", said ? fed_show(said).s : "");
	}
	fed_worker_leave(l->model->worker);
}

/* Passes ------------------------------------------------------------------ */

/* Arrays of a pass: the inputs travel as they lie or as copies, the outputs behind one another in
 * the worker's output.  A pass whose worker is lost gives NaN, which the gate refuses. */
static void run_pass(const struct fed_pass *p, enum fed_layer_call what)
{
	const struct remote_layer *l = p->config;
	const bool back = what == FED_LAYER_BACKWARD;
	const size_t in = p->batch * fed_shape_size(&p->in), out = p->batch * fed_shape_size(&p->out);
	const size_t params = l->sizes->params, cache = p->batch * l->sizes->cache;
	float *const result[2] = {back ? p->dx : p->y, back ? p->grads : p->cache};
	const size_t size[2] = {back ? (p->dx ? in : 0) : out, back ? params : cache};
	struct fed_packet_reader reply;
	struct fed_error words;
	bool done = false;
	int rc;

	if (begin(l, what, &words) == FED_OK) {
		struct fed_worker *w = l->model->worker;
		const struct fed_wire_pass head = {.in = p->in,
		                                   .out = p->out,
		                                   .batch = p->batch,
		                                   .params = params,
		                                   .cache = cache,
		                                   .dx = back && p->dx};
		float *values = fed_worker_output(w, (size[0] + size[1]) * sizeof *values);

		FED_PUT(&w->packet, head);
		fed_put_input(w, p->params, params * sizeof *values);
		fed_put_input(w, p->x, in * sizeof *values);
		if (back) {
			fed_put_input(w, p->y, out * sizeof *values);
			fed_put_input(w, p->dy, out * sizeof *values);
			fed_put_input(w, p->cache, cache * sizeof *values);
		}
		if (values) {
			fed_put_output(&w->packet, w);
			if (back) /* gradients are added to */
				memcpy(values + size[0], p->grads, params * sizeof *values);
			done = call(l, back ? "backward()" : "forward()", &reply, &rc, &words);
			if (done && !fed_worker_output_intact(w)) {
				fed__worker_report(w, "wrote past the end of its output");
				done = false;
			}
		}
		for (int k = 0; done && k < 2; k++)
			if (size[k])
				memcpy(result[k], values + (k ? size[0] : 0), size[k] * sizeof *values);
		fed_worker_drop_copies(w, 0);
		fed_worker_leave(w);
	}
	for (int k = 0; !done && k < 2; k++)
		for (size_t j = 0; j < size[k]; j++)
			result[k][j] = NAN;
}

static void layer_forward(const struct fed_pass *p)
{
	run_pass(p, FED_LAYER_FORWARD);
}

static void layer_backward(const struct fed_pass *p)
{
	run_pass(p, FED_LAYER_BACKWARD);
}

/* Construction ------------------------------------------------------------ */

/* The name, where it stays; NULL: none was given, which the builder refuses. */
static const char *keep_name(struct fed_worker *w, const char *name)
{
	const struct fed_shown shown = fed_show(name ? name : "");
	char *kept = name ? fed__worker_keep(w, sizeof shown.s) : NULL;

	return kept ? memcpy(kept, shown.s, sizeof shown.s) : NULL;
}

static int add_layer(const struct fed_instance *model, struct fed_builder *builder,
                     struct fed_packet_reader *r, uint32_t index, struct fed_error *err)
{
	const char *name = fed_get_text(r);
	const uint64_t has = fed_get_number(r);
	struct fed_layer ops = {
		.size = sizeof ops,
		.name = keep_name(model->worker, name),
		.shape = has >> FED_LAYER_SHAPE & 1 ? layer_shape : NULL,
		.param_count = has >> FED_LAYER_PARAM_COUNT & 1 ? layer_param_count : NULL,
		.init = has >> FED_LAYER_INIT & 1 ? layer_init : NULL,
		.forward = has >> FED_LAYER_FORWARD & 1 ? layer_forward : NULL,
		.backward = has >> FED_LAYER_BACKWARD & 1 ? layer_backward : NULL,
		.flops = has >> FED_LAYER_FLOPS & 1 ? layer_flops : NULL,
		.cache_floats = has >> FED_LAYER_CACHE_FLOATS & 1 ? layer_cache_floats : NULL,
		.tensor = has >> FED_LAYER_TENSOR & 1 ? layer_tensor : NULL,
		.describe = has >> FED_LAYER_DESCRIBE & 1 ? layer_describe : NULL,
	};

	const struct remote_layer config = {model, index,
	                                    fed__worker_keep(model->worker, sizeof *config.sizes)};

	if (r->short_)
		return fed_fail(err, "its layers did not arrive");
	model->worker->own_layers = index + 1;
	if (!config.sizes)
		return fed_fail_memory(err, sizeof *config.sizes, "a layer");
	return builder->layer(builder, &ops, &config, sizeof config, err);
}

/* Repeat one call of the builder. */
static int repeat(struct fed_builder *b, const struct fed_wire_layer *l, struct fed_error *err)
{
	switch (l->kind) {
	case FED_BUILD_DENSE:
		return b->dense(b, l->a, err);
	case FED_BUILD_CONV:
		return b->conv(b, l->a, l->b, l->c, err);
	case FED_BUILD_MAX_POOL:
		return b->max_pool(b, l->a, err);
	case FED_BUILD_MEAN_POOL:
		return b->mean_pool(b, l->a, err);
	case FED_BUILD_RELU:
		return b->relu(b, err);
	case FED_BUILD_TANH:
		return b->tanh(b, err);
	case FED_BUILD_FLATTEN:
		return b->flatten(b, err);
	case FED_BUILD_EMBEDDING:
		return b->embedding(b, l->a, l->b, err);
	case FED_BUILD_GRU:
		return b->gru(b, l->a, err);
	case FED_BUILD_LOSS:
		return b->loss(b, (enum fed_loss)l->a, err);
	default:
		return fed_fail(err, "its layers did not arrive");
	}
}

/* The layers of the reply, in the worker's own copy: calls of layers reuse the reply's memory. */
static int repeat_all(const struct fed_instance *model, struct fed_builder *builder,
                      struct fed_packet_reader r, struct fed_error *err)
{
	uint64_t n = fed_get_number(&r);
	uint32_t own = 0;
	int rc = FED_OK;

	for (; rc == FED_OK && n > 0 && !r.short_; n--) {
		struct fed_wire_layer l;

		FED_GET(&r, l);
		rc = l.kind == FED_BUILD_LAYER ? add_layer(model, builder, &r, own++, err)
		                               : repeat(builder, &l, err);
	}
	return rc == FED_OK && r.short_ ? fed_fail(err, "its layers did not arrive") : rc;
}

/* A copy of the instance that lives as long as the worker: layers point to it, while the caller's
 * may move.  NULL: no memory. */
static const struct fed_instance *keep_model(const struct fed_instance *model)
{
	const size_t size = model->entry->head->state_size;
	struct fed_instance *kept = fed__worker_keep(model->worker, sizeof *kept);
	void *state = fed__worker_keep(model->worker, size ? size : 1);

	if (!kept || !state)
		return NULL;
	*kept = *model;
	kept->state = memcpy(state, model->state, size);
	return kept;
}

int fed__remote_build(const struct fed_instance *model, struct fed_builder *builder,
                      struct fed_error *err)
{
	struct fed_worker *w = model->worker;
	struct fed_packet_reader reply;
	struct fed_error words = {{0}};
	struct fed_text kept = {0};
	int rc;

	if (fed_worker_enter(w, err))
		return fed__fail_by_name(model, err);
	w->build = (struct fed_wire_build){builder->input, builder->classes, builder->outputs,
	                                   builder->tokens};
	fed_worker_request(w, FED_ASK_BUILD);
	fed_put_state(&w->packet, model);
	FED_PUT(&w->packet, w->build);
	if (fed_worker_call(w, "build()", NULL, &reply, &rc, &words, err)) {
		fed_worker_leave(w);
		return fed__fail_by_name(model, err);
	}
	w->built = w->starts;
	w->own_layers = 0;
	fed_text_put(&kept, reply.at, (size_t)(reply.end - reply.at));
	fed_worker_leave(w);
	if (kept.failed)
		rc = fed_fail_memory(&words, kept.len, "a model");
	if (rc == FED_OK) {
		reply.at = kept.s;
		reply.end = kept.s + kept.len;
		const struct fed_instance *stays = keep_model(model);

		rc = stays ? repeat_all(stays, builder, reply, &words)
		           : fed_fail_memory(&words, sizeof *stays, "a model");
	}
	fed_text_release(&kept);
	return fed__check_code(model, "build", rc, false, &words, err);
}
