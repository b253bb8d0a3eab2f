/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/calls/remote_model.c - construction of a model, and the passes of layers of its own, in a
 * worker process.
 *
 * build() runs there on a builder that records; its calls are repeated here on the host's.  A layer
 * of the plugin's own becomes one here whose functions call the worker: each pass is a message with
 * copies of its arrays.
 */
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/mem.h"
#include "plug/guard/worker.h"
#include "plug/calls/remote.h"
#include "plug/result_checks.h"
#include "plug/wire.h"
#include "plug/guard/build_wire.h"

/* Sizes of a layer, for the shape of input that it has in the net; passes need them. */
struct layer_sizes {
	bool has_params, has_cache, has_buffers;
	size_t params, cache, buffers;
};

/* A layer of the plugin's own, seen from the host's net. */
struct remote_layer {
	struct fed_worker *worker; /* of the model's instance, which may move */
	uint32_t index;            /* among those of the model */
	struct layer_sizes *sizes; /* the worker's; set while the net is built */
};

/* Calls of layers --------------------------------------------------------- */

/* Keep what a call did that ended the process.  What cannot fail by its type is reported as printed
 * by the plugin. */
static void lose(struct fed_worker *w, const struct fed_error *why)
{
	struct fed_text text = {0};

	/* an interrupt is the user's, who need not wait for a slow layer */
	if (!w->trial && atomic_load(&w->guard->interrupted))
		return;
	if (w->losses++ == 0)
		w->loss = *why;
	if (w->trial)
		return;
	fed__worker_report(w, why->text);
	if (w->losses < FED_FAILURES_MOST)
		return;
	fed_text_add(&text,
	             "its layers failed %d times in a row and are not called any more; `build %s` or "
	             "`reload %s` brings them back",
	             FED_FAILURES_MOST, w->name, w->name);
	fed__worker_report(w, fed_text_str(&text));
	fed_text_release(&text);
}

/* Whether layers are not called any more. */
static bool is_given_up(const struct fed_worker *w)
{
	return w->losses >= (w->trial ? 1 : FED_FAILURES_MOST);
}

int fed_end_layer_trial(const struct fed_instance *model, struct fed_error *err)
{
	struct fed_worker *w = model->worker;

	if (!w)
		return FED_OK;
	pthread_mutex_lock(&w->lock);
	const bool lost = w->trial && w->losses;
	w->trial = false;
	if (lost)
		*err = w->loss;
	pthread_mutex_unlock(&w->lock);
	return lost ? fed__fail_by_name(model, err) : FED_OK;
}

/* After a crash the new process does not know the layers yet. */
static int build_again(struct fed_worker *w, struct fed_error *err)
{
	struct fed_packet_reader reply;
	struct fed_error words;
	int rc;

	if (w->built == w->starts)
		return FED_OK;
	fed_worker_request(w, FED_ASK_BUILD);
	fed_put(&w->packet, w->build.s, w->build.len);
	if (fed_worker_call(w, "build()", NULL, &reply, &rc, &words, err))
		return FED_FAIL;
	w->built = w->starts;
	return FED_OK;
}

/* Begin a call; the worker is entered on FED_OK. */
static int begin(const struct remote_layer *l, enum fed_layer_call what, struct fed_error *err)
{
	struct fed_worker *w = l->worker;

	if (fed_worker_enter(w, err))
		return FED_FAIL;
	const bool over = is_given_up(w);
	if (over)
		*err = w->loss;
	else if (build_again(w, err))
		lose(w, err);
	if (over || w->built != w->starts) {
		fed_worker_leave(w);
		return FED_FAIL;
	}
	fed_worker_request(w, FED_ASK_LAYER);
	fed_put_number(&w->packet, l->index);
	fed_put_number(&w->packet, what);
	return FED_OK;
}

/* Send it. */
static bool call(const struct remote_layer *l, const char *function,
                 struct fed_packet_reader *reply, int *rc, struct fed_error *words)
{
	struct fed_worker *w = l->worker;
	struct fed_error err;

	if (fed_worker_call(w, function, NULL, reply, rc, words, &err)) {
		lose(w, &err);
		return false;
	}
	if (!w->trial)
		w->losses = 0;
	if (*rc != FED_OK)
		fed__worker_report(w, words->text);
	return *rc == FED_OK;
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
	FED_PUT(&l->worker->packet, *in);
	if (call(l, function, &reply, &rc, &words))
		FED_GET(&reply, n);
	fed_worker_leave(l->worker);
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
	FED_PUT(&l->worker->packet, *in);
	if (fed_worker_call(l->worker, "shape()", NULL, &reply, &rc, &words, err))
		rc = FED_FAIL;
	else if (rc != FED_OK)
		*err = words;
	else
		FED_GET(&reply, *out);
	fed_worker_leave(l->worker);
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

static size_t layer_buffer_count(const void *config, const struct fed_shape *in)
{
	struct layer_sizes *known = ((const struct remote_layer *)config)->sizes;

	if (!known->has_buffers)
		known->buffers = (size_t)number(config, in, FED_LAYER_BUFFER_COUNT, "buffer_count()");
	known->has_buffers = true;
	return known->buffers;
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
	struct fed_worker *w = l->worker;
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
	FED_PUT(&l->worker->packet, *in);
	fed_put_number(&l->worker->packet, k);
	if (call(l, "tensor()", &reply, &rc, &words) && fed_get_number(&reply)) {
		FED_GET(&reply, *tensor);
		has = !reply.short_;
	}
	fed_worker_leave(l->worker);
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
	FED_PUT(&l->worker->packet, *in);
	if (call(l, "describe()", &reply, &rc, &words)) {
		const char *said = fed_get_text(&reply);

		snprintf(text, size, "%s", said ? fed_show(said).s : "");
	}
	fed_worker_leave(l->worker);
}

/* Passes ------------------------------------------------------------------ */

/* Arrays that a pass writes, one behind another: forward y and cache; backward dx, grads and, as
 * memory to work in, cache. */
struct pass_results {
	float *array[3];
	size_t floats[3];
};

static struct pass_results results_of(const struct fed_pass *p, bool back)
{
	const struct remote_layer *l = p->config;
	const size_t in = p->batch * fed_shape_size(&p->in), out = p->batch * fed_shape_size(&p->out);
	const size_t params = l->sizes->params, cache = p->batch * l->sizes->cache;

	if (back)
		return (struct pass_results){{p->dx, p->grads, p->cache}, {p->dx ? in : 0, params, cache}};
	return (struct pass_results){{p->y, p->cache, NULL}, {out, cache, 0}};
}

/* Send a pass, with copies of its inputs; false: it has no results. */
static bool send_pass(const struct fed_pass *p, bool back, const struct pass_results *results)
{
	const struct remote_layer *l = p->config;
	struct fed_worker *w = l->worker;
	const size_t in = p->batch * fed_shape_size(&p->in), out = p->batch * fed_shape_size(&p->out);
	const struct fed_wire_pass head = {.in = p->in,
	                                   .out = p->out,
	                                   .batch = p->batch,
	                                   .params = l->sizes->params,
	                                   .cache = p->batch * l->sizes->cache,
	                                   .dx = back && p->dx,
	                                   .training = p->training,
	                                   .first = p->first,
	                                   .key = p->key};
	struct fed_packet_reader reply;
	struct fed_error words;
	int rc;

	float *values = fed_worker_output(
		w, (results->floats[0] + results->floats[1] + results->floats[2]) * sizeof *values);
	if (!values)
		return false;
	FED_PUT(&w->packet, head);
	fed_put_input(w, p->params, head.params * sizeof *values);
	fed_put_input(w, p->x, in * sizeof *values);
	if (back) {
		fed_put_input(w, p->y, out * sizeof *values);
		fed_put_input(w, p->dy, out * sizeof *values);
	}
	fed_put_output(&w->packet, w);
	for (int k = 1; back && k < 3; k++) /* gradients are added to */
		if (results->floats[k])
			memcpy(values + results->floats[0] + (k > 1 ? results->floats[1] : 0),
			       results->array[k], results->floats[k] * sizeof *values);
	if (!call(l, back ? "backward()" : "forward()", &reply, &rc, &words))
		return false;
	if (fed_worker_output_intact(w))
		return true;
	fed__worker_report(w, "wrote past the end of its output");
	return false;
}

/* A pass whose worker is lost gives NaN, which the gate refuses. */
static void run_pass(const struct fed_pass *p, enum fed_layer_call what)
{
	const struct remote_layer *l = p->config;
	const bool back = what == FED_LAYER_BACKWARD;
	const struct pass_results results = results_of(p, back);
	struct fed_error unused;
	const bool entered = begin(l, what, &unused) == FED_OK;
	const bool done = entered && send_pass(p, back, &results);
	const float *from = done ? l->worker->out.values : NULL;

	for (int k = 0; k < 2; k++) {
		for (size_t j = 0; !done && j < results.floats[k]; j++)
			results.array[k][j] = NAN;
		if (done && results.floats[k])
			memcpy(results.array[k], from, results.floats[k] * sizeof *from);
		from = done ? from + results.floats[k] : NULL;
	}
	if (!entered)
		return;
	fed_worker_drop_copies(l->worker, 0);
	fed_worker_leave(l->worker);
}

static void layer_forward(const struct fed_pass *p)
{
	run_pass(p, FED_LAYER_FORWARD);
}

static void layer_backward(const struct fed_pass *p)
{
	run_pass(p, FED_LAYER_BACKWARD);
}

/* Buffers of a worker that is lost become NaN, which the gate refuses. */
static void layer_update(const struct fed_pass *p, float *buffers)
{
	const struct remote_layer *l = p->config;
	const size_t n = l->sizes->buffers;
	const struct fed_wire_pass head = {.in = p->in,
	                                   .out = p->out,
	                                   .batch = p->batch,
	                                   .params = n,
	                                   .cache = p->batch * l->sizes->cache};
	struct fed_packet_reader reply;
	struct fed_error words;
	int rc;

	if (begin(l, FED_LAYER_UPDATE, &words)) {
		for (size_t j = 0; j < n; j++)
			buffers[j] = NAN;
		fed__worker_report(l->worker, words.text);
		return;
	}
	struct fed_worker *w = l->worker;
	float *values = fed_worker_output(w, n * sizeof *values);
	if (values)
		memcpy(values, buffers, n * sizeof *values);
	FED_PUT(&w->packet, head);
	fed_put_input(w, p->cache, head.cache * sizeof *values);
	fed_put_output(&w->packet, w);
	const bool done = values && call(l, "update()", &reply, &rc, &words);
	for (size_t j = 0; j < n; j++)
		buffers[j] = done ? values[j] : NAN;
	fed_worker_drop_copies(w, 0);
	fed_worker_leave(w);
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
                     const struct fed_wire_layer *l, struct fed_packet_reader *r, uint32_t index,
                     struct fed_error *err)
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
		.mixes_examples = l->a,
		.buffer_count = has >> FED_LAYER_BUFFER_COUNT & 1 ? layer_buffer_count : NULL,
		.update = has >> FED_LAYER_UPDATE & 1 ? layer_update : NULL,
	};

	const struct remote_layer config = {model->worker, index,
	                                    fed__worker_keep(model->worker, sizeof *config.sizes)};

	if (r->short_)
		return fed_fail(err, "its layers did not arrive");
	model->worker->own_layers = index + 1;
	if (!config.sizes)
		return fed_fail_memory(err, sizeof *config.sizes, "a layer");
	return builder->layer(builder, &ops, &config, sizeof config, err);
}

static int add_line(struct fed_builder *b, struct fed_packet_reader *r, struct fed_error *err)
{
	const char *line = fed_get_text(r);

	return line ? b->add(b, err, "%s", line) : fed_fail(err, "its layers did not arrive");
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
		if (l.kind == FED_BUILD_LAYER)
			rc = add_layer(model, builder, &l, &r, own++, err);
		else
			rc = l.kind == FED_BUILD_LINE ? add_line(builder, &r, err) : repeat(builder, &l, err);
	}
	return rc == FED_OK && r.short_ ? fed_fail(err, "its layers did not arrive") : rc;
}

int fed__remote_build(const struct fed_instance *model, struct fed_builder *builder,
                      struct fed_error *err)
{
	struct fed_worker *w = model->worker;
	struct fed_packet_reader reply;
	struct fed_error words = {{0}};
	struct fed_text kept = {0};
	struct fed_packet values = {0};
	int rc;

	if (fed_worker_enter(w, err))
		return fed__fail_by_name(model, err);
	const struct fed_wire_build build = {builder->input, builder->classes, builder->outputs,
	                                     builder->tokens};
	fed_put_state(&values, model);
	FED_PUT(&values, build);
	fed_text_clear(&w->build);
	fed_text_put(&w->build, fed_text_str(&values.bytes), values.bytes.len);
	w->build.failed |= values.bytes.failed;
	fed_packet_release(&values);
	fed_worker_request(w, FED_ASK_BUILD);
	fed_put(&w->packet, fed_text_str(&w->build), w->build.len);
	w->packet.bytes.failed |= w->build.failed;
	if (fed_worker_call(w, "build()", NULL, &reply, &rc, &words, err)) {
		fed_worker_leave(w);
		return fed__fail_by_name(model, err);
	}
	w->built = w->starts;
	w->own_layers = 0;
	w->trial = true;
	w->losses = 0;
	fed_text_put(&kept, reply.at, (size_t)(reply.end - reply.at));
	fed_worker_leave(w);
	if (kept.failed)
		rc = fed_fail_memory(&words, kept.len, "a model");
	if (rc == FED_OK) {
		reply.at = kept.s;
		reply.end = kept.s + kept.len;
		rc = repeat_all(model, builder, reply, &words);
	}
	fed_text_release(&kept);
	return fed__check_code(model, "build", rc, false, &words, err);
}
