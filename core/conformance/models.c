/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conformance/models.c - the checks of models and of the layers that they bring.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "conformance/forms.h"
#include "conformance/layers.h"
#include "plug/calls/call.h"

enum { BATCH = 3 };

/* FLOPs of the finite differences of a layer that the plugin brings, and of one of the host's,
 * which its own tests cover; of both in the quick check. */
#define OWN_FLOPS 2e8
#define HOST_FLOPS 2e7
#define QUICK_FLOPS 4e6
/* Numbers, however many FLOPs they take. */
enum { LEAST = 6, LEAST_QUICK = 2 };

/* The model for each form, with an instance of its own: a guarded one has the layers of the last
 * net that it built, and they live no longer than it does. */
struct models {
	struct fed_instance model[FED_FORMS];
	struct fed_net net[FED_FORMS];
	bool taken[FED_FORMS];
	void (*with)(struct fed_layer_trial *);
	const struct fed_example_form *form; /* present one */
};

/* Build the model for a form.  False: it refused, in words, or the check has failed. */
static bool build(struct fed_checker *c, const struct fed_instance *model,
                  const struct fed_example_form *form, struct fed_net *net, struct fed_error *err)
{
	struct fed_net_builder builder;

	fed_net_init(net, &form->input, form->classes, form->outputs);
	net->tokens = form->tokens;
	if (fed_call_build(model, fed_net_builder(&builder, net), err)) {
		fed__check_words(c, err);
		fed_net_release(net);
		return false;
	}
	if (fed_net_finish(net, err)) {
		fed__failed(c,
		            "layers that end in `outputs` numbers and then a loss, or a refusal in words",
		            "%s", err->text);
		fed_net_release(net);
		return false;
	}
	return true;
}

/* Whether build() writes to its state. */
static void check_state(struct fed_checker *c, const struct fed_example_form *form)
{
	struct fed_guarded model;
	struct fed_error err;
	struct fed_net net;

	if (fed__guarded_init(c, &model, NULL, 0, &err))
		return;
	fed__seal(c, model.instance.state);
	if (build(c, &model.instance, form, &net, &err))
		fed_net_release(&net);
	fed__check_seals(c);
	fed__check_guards(c);
	fed__guarded_release(&model);
}

/* Fills the nets that the other checks are about. */
static void check_builds(struct fed_checker *c, void *ctx)
{
	struct models *m = ctx;
	struct fed_text refused = {0};
	struct fed_error err;
	size_t taken = 0;

	for (size_t k = 0; k < FED_FORMS && !c->no_memory; k++) {
		fed__given(c, "%s", fed__forms[k].what);
		check_state(c, &fed__forms[k]);
		if (fed_instance_init(&m->model[k], c->entry, c->options.assign, c->options.n_assign, &err))
			fed__failed(c, "an instance", "%s", err.text);
		else
			m->taken[k] = build(c, &m->model[k], &fed__forms[k], &m->net[k], &err);
		taken += m->taken[k];
		if (!m->taken[k])
			fed_text_add(&refused, "%s%s: %s", refused.len ? "; " : "", fed__forms[k].what,
			             err.text);
	}
	fed__given(c, "%d kinds of examples", FED_FORMS);
	if (taken == 0)
		fed__failed(c, "a model for one of them", "%s", fed_text_str(&refused));
	else
		fed__remark(c, "%zu are taken%s%s", taken, refused.len ? "; not " : "",
		            fed_text_str(&refused));
	fed_text_release(&refused);
}

static void with_layer(struct fed_layer_trial *t, void *ctx)
{
	const struct models *m = ctx;

	fed__given(t->checker, "%s; layer %s on %u examples of %zu numbers", m->form->what,
	           t->layer->name, t->batch, t->in);
	m->with(t);
}

/* With `once`, for the first form that is taken alone. */
static void each_layer_of(struct fed_checker *c, struct models *m, uint32_t batch, bool once,
                          void (*with)(struct fed_layer_trial *))
{
	m->with = with;
	for (size_t k = 0; k < FED_FORMS && fed_check_goes_on(c); k++) {
		if (!m->taken[k])
			continue;
		m->form = &fed__forms[k];
		fed__each_layer(c, &m->net[k], batch, false, with_layer, m);
		if (once)
			return;
	}
}

static void each_layer(struct fed_checker *c, struct models *m,
                       void (*with)(struct fed_layer_trial *))
{
	each_layer_of(c, m, BATCH, false, with);
}

static void differentiate(struct fed_layer_trial *t)
{
	fed__check_layer_gradients(t, fed_net_layer_is_own(t->layer) ? OWN_FLOPS : HOST_FLOPS, LEAST);
}

static void check_gradients(struct fed_checker *c, void *ctx)
{
	each_layer(c, ctx, differentiate);
}

/* Shapes -------------------------------------------------------------------- */

static void measure(struct fed_layer_trial *t)
{
	const struct fed_net_layer *l = t->layer;
	struct fed_shape out = {0};
	struct fed_error err;

	if (l->ops->shape(l->config, &l->in, &out, &err) || memcmp(&out, &l->out, sizeof out.rank) ||
	    fed_shape_size(&out) != t->out)
		fed__failed(t->checker, "the same shape at each call", "%s gives another shape than before",
		            l->name);
	if (!isfinite(l->flops) || l->flops < 0 ||
	    (fed_net_layer_is_own(l) && l->count && l->flops == 0)) /* the host's embedding has none */
		fed__failed(t->checker, "the FLOPs of forward() for one example, more than 0",
		            "%s has %zu parameters and flops() gives %g", l->name, l->count, l->flops);
}

static void check_shapes(struct fed_checker *c, void *ctx)
{
	each_layer(c, ctx, measure);
}

/* Index of the first number that was never written, or n. */
static size_t first_unset(const float *v, size_t n)
{
	static const unsigned char unset[sizeof(float)] = {0xff, 0xff, 0xff, 0xff};
	size_t j = 0;

	while (j < n && memcmp(&v[j], unset, sizeof unset) != 0)
		j++;
	return j;
}

static void expect_written(struct fed_layer_trial *t, const char *function, const char *what,
                           const float *v, size_t n)
{
	const size_t unset = first_unset(v, n), bad = fed__first_nonfinite(v, n);

	if (unset < n)
		fed__failed(t->checker, "every number of it is written",
		            "%s() of %s did not write %s[%zu] of %zu", function, t->layer->name, what,
		            unset, n);
	else if (bad < n)
		fed__failed(t->checker, "finite numbers of ordinary inputs",
		            "%s() of %s makes %s[%zu] = %g", function, t->layer->name, what, bad,
		            (double)v[bad]);
}

static void write_all(struct fed_layer_trial *t)
{
	const bool input = fed__layer_has_input_gradient(t);

	fed__layer_forward(t);
	expect_written(t, "forward", "y", t->y, t->batch * t->out);
	fed__layer_backward(t, t->params, input ? t->dx : NULL, t->grads);
	if (input)
		expect_written(t, "backward", "dx", t->dx, t->batch * t->in);
	expect_written(t, "backward", "grads", t->grads, t->layer->count);
	t->evaluates = true;
	fed__layer_forward(t);
	expect_written(t, "forward", "y in evaluation", t->y, t->batch * t->out);
	t->evaluates = false;
	fed__check_guards(t->checker);
}

static void check_memory(struct fed_checker *c, void *ctx)
{
	each_layer(c, ctx, write_all);
}

static void read_only(struct fed_layer_trial *t)
{
	fed__seal(t->checker, t->params);
	fed__seal(t->checker, t->x);
	fed__layer_forward(t);
	fed__check_seals(t->checker);
	fed__seal(t->checker, t->dy);
	fed__seal(t->checker, t->y);
	fed__layer_backward(t, t->params, fed__layer_has_input_gradient(t) ? t->dx : NULL, t->grads);
	fed__check_seals(t->checker);
}

static void check_inputs(struct fed_checker *c, void *ctx)
{
	each_layer(c, ctx, read_only);
}

/* Largest |got - wanted| over n, relative to the largest wanted. */
static void expect_close(struct fed_layer_trial *t, const char *what, const float *got,
                         const float *wanted, size_t n, double tolerance, const char *expected)
{
	double largest = 1e-3;
	size_t j;

	for (size_t i = 0; i < n; i++)
		largest = fmax(largest, fabs((double)wanted[i]));
	if (!(fed__largest_difference(got, wanted, n, &j) <= tolerance * largest))
		fed__failed(t->checker, expected, "%s of %s: number %zu is %.7g instead of %.7g", what,
		            t->layer->name, j, (double)got[j], (double)wanted[j]);
}

/* backward() may use up the cache, so each has its forward(). */
static void forward_and_back(struct fed_layer_trial *t, const float *params, float *dx,
                             float *grads)
{
	fed__layer_forward(t);
	fed__layer_backward(t, params, dx, grads);
}

/* The three ways in which backward() is called: with a gradient that holds something, without dx,
 * and with the parameters themselves as the gradient. */
static void add_gradients(struct fed_layer_trial *t)
{
	struct fed_checker *c = t->checker;
	const size_t n = t->layer->count;
	const bool input = fed__layer_has_input_gradient(t);
	float *sum = fed__floats(c, "grads", n), *other = fed__floats(c, "grads", n);
	float *dx = fed__floats(c, "dx", t->batch * t->in);

	if (c->no_memory)
		return;
	forward_and_back(t, t->params, input ? t->dx : NULL, t->grads);
	fed__fill_uniform(sum, n, 5, -1, 1);
	memcpy(other, sum, n * sizeof *sum);
	forward_and_back(t, t->params, input ? dx : NULL, sum);
	for (size_t j = 0; j < n; j++)
		other[j] += t->grads[j];
	expect_close(t, "grads", sum, other, n, 1e-4,
	             "the gradient is added to what grads holds: a second batch, or plain SGD");
	memset(sum, 0, n * sizeof *sum);
	forward_and_back(t, t->params, NULL, sum);
	expect_close(t, "grads without dx", sum, t->grads, n, 1e-4,
	             "the same gradient when dx is NULL: the first layer is asked for none");
	memcpy(sum, t->params, n * sizeof *sum);
	for (size_t j = 0; j < n; j++)
		other[j] = t->params[j] + t->grads[j];
	forward_and_back(t, sum, input ? dx : NULL, sum);
	expect_close(t, "params after a step into them", sum, other, n, 1e-4,
	             "params + gradient where grads is params itself");
	if (input)
		expect_close(t, "dx after a step into params", dx, t->dx, t->batch * t->in, 1e-4,
		             "the same dx where grads is params itself: make dx before touching grads");
}

static void check_adding(struct fed_checker *c, void *ctx)
{
	each_layer(c, ctx, add_gradients);
}

/* Batches -------------------------------------------------------------------- */

/* Each example alone gives what it gives in the batch. */
static void one_by_one(struct fed_layer_trial *t)
{
	struct fed_checker *c = t->checker;
	const size_t in = t->in, out = t->out;

	fed__layer_forward(t);
	for (uint32_t b = 0; b < t->batch && fed_check_goes_on(c); b++) {
		struct fed_layer_trial one;

		if (!fed__layer_trial_init(&one, c, t->net, t->number, 1, t->x + b * in, t->params))
			return;
		one.first = b;
		fed__layer_forward(&one);
		expect_close(t, "y", t->y + b * out, one.y, out, 1e-4,
		             "the same as for this example alone; a layer that mixes the examples of a "
		             "batch, as batch normalization does, sets .mixes_examples");
	}
}

/* The batch in reverse order gives the same outputs, in reverse order. */
static void reversed(struct fed_layer_trial *t)
{
	struct fed_checker *c = t->checker;
	const size_t in = t->in, out = t->out;
	struct fed_layer_trial other;

	if (!fed__layer_trial_init(&other, c, t->net, t->number, t->batch, t->x, t->params))
		return;
	for (uint32_t b = 0; b < t->batch; b++)
		memcpy(other.x + b * in, t->x + (t->batch - 1 - b) * in, in * sizeof *t->x);
	fed__layer_forward(t);
	fed__layer_forward(&other);
	for (uint32_t b = 0; b < t->batch && fed_check_goes_on(c); b++)
		expect_close(t, "y", t->y + b * out, other.y + (t->batch - 1 - b) * out, out, 1e-4,
		             "the same when the examples of the batch come in reverse order");
}

static void in_batches(struct fed_layer_trial *t)
{
	if (t->layer->ops->mixes_examples)
		reversed(t);
	else
		one_by_one(t);
}

static void check_batches(struct fed_checker *c, void *ctx)
{
	each_layer(c, ctx, in_batches);
}

/* A second batch between forward() and backward() of the first changes nothing: what they hand over
 * is in the cache. */
static void interleave(struct fed_layer_trial *t)
{
	struct fed_checker *c = t->checker;
	const bool input = fed__layer_has_input_gradient(t);
	const size_t n = t->layer->count, inputs = t->batch * t->in;
	float *grads = fed__floats(c, "grads", n), *dx = fed__floats(c, "dx", inputs);
	float *y = fed__floats(c, "y", t->batch * t->out);
	struct fed_layer_trial other;

	if (c->no_memory ||
	    !fed__layer_trial_init(&other, c, t->net, t->number, t->batch, t->x, t->params))
		return;
	for (size_t j = 0; j < inputs && input; j++)
		other.x[j] = t->x[inputs - 1 - j];
	fed__layer_forward(t);
	memcpy(y, t->y, t->batch * t->out * sizeof *y);
	fed__layer_backward(t, t->params, input ? t->dx : NULL, t->grads);
	fed__layer_forward(t);
	if (fed__first_difference(y, t->y, t->batch * t->out) < t->batch * t->out)
		fed__failed(c, "the same bits for the same batch",
		            "forward() of %s gives other numbers then", t->layer->name);
	fed__layer_forward(&other);
	fed__layer_backward(t, t->params, input ? dx : NULL, grads);
	if (fed__first_difference(grads, t->grads, n) < n ||
	    (input && fed__first_difference(dx, t->dx, inputs) < inputs))
		fed__failed(c, "the same bits: forward() leaves in `cache` what backward() needs",
		            "backward() of %s gives other numbers after forward() of another batch",
		            t->layer->name);
}

static void check_determinism(struct fed_checker *c, void *ctx)
{
	each_layer(c, ctx, interleave);
}

static void forward_and_backward(void *ctx)
{
	struct fed_layer_trial *t = ctx;

	fed__layer_forward(t);
	fed__layer_backward(t, t->params, NULL, t->grads);
}

static void call_often(struct fed_layer_trial *t)
{
	if (fed_net_layer_is_own(t->layer))
		fed__check_growth(t->checker, "batches", forward_and_backward, t);
}

static void check_growth(struct fed_checker *c, void *ctx)
{
	each_layer_of(c, ctx, 1, true, call_often);
}

/* Parameters ------------------------------------------------------------------ */

static void initialise(struct fed_layer_trial *t)
{
	const struct fed_net_layer *l = t->layer;
	const size_t n = l->count;

	if (!n || !l->ops->init)
		return;
	memset(t->params, 0, n * sizeof *t->params);
	l->ops->init(l->config, &l->in, t->params, 42);
	l->ops->init(l->config, &l->in, t->grads, 7); /* another key between */
	memset(t->grads, 0, n * sizeof *t->grads);
	l->ops->init(l->config, &l->in, t->grads, 42);
	const size_t bad = fed__first_nonfinite(t->params, n);
	const size_t j = fed__first_difference(t->params, t->grads, n);
	if (bad < n)
		fed__failed(t->checker, "finite parameters", "init() of %s makes params[%zu] = %g", l->name,
		            bad, (double)t->params[bad]);
	else if (j < n)
		fed__failed(t->checker, "the same parameters for the same key",
		            "init() of %s gives %.9g and then %.9g as params[%zu]", l->name,
		            (double)t->params[j], (double)t->grads[j], j);
	fed__check_guards(t->checker);
}

static void check_init(struct fed_checker *c, void *ctx)
{
	each_layer(c, ctx, initialise);
}

/* Mark the parameters of one tensor; false: it reaches out of the layer. */
static bool mark_tensor(const struct fed_tensor *t, uint8_t *seen, size_t n)
{
	uint32_t at[4] = {0};

	for (;;) {
		size_t j = t->offset;
		uint32_t k = t->rank;

		for (uint32_t r = 0; r < t->rank; r++)
			j += at[r] * t->stride[r];
		if (j >= n)
			return false;
		seen[j] = (uint8_t)(seen[j] < 2 ? seen[j] + 1 : 2);
		while (k > 0 && ++at[k - 1] == t->dim[k - 1])
			at[--k] = 0;
		if (k == 0)
			return true;
	}
}

static void cover(struct fed_layer_trial *t)
{
	struct fed_checker *c = t->checker;
	const struct fed_net_layer *l = t->layer;
	uint8_t *seen = fed__buffer(c, "marks", l->count);
	struct fed_tensor tensor;
	char name[48];

	for (uint32_t k = 0; seen && k < 1000 && fed_net_op_tensor(t->net, t->number, k, name, &tensor);
	     k++) {
		size_t walk = 1, file = 1;

		tensor.offset -= l->offset;
		for (uint32_t r = 0; r < tensor.rank && tensor.rank <= 4; r++)
			walk *= tensor.dim[r];
		for (uint32_t r = 0; r < tensor.file_rank && tensor.file_rank <= 4; r++)
			file *= tensor.file_shape[r];
		if (tensor.rank < 1 || tensor.rank > 4 || tensor.file_rank < 1 || tensor.file_rank > 4 ||
		    walk != file || walk == 0)
			fed__failed(c, "ranks of 1 to 4, and as many numbers in the file as in the walk",
			            "tensor %s walks over %zu numbers, its file has %zu", name, walk, file);
		else if (!mark_tensor(&tensor, seen, l->count))
			fed__failed(c, "tensors within the parameters", "tensor %s reaches past the %zu of %s",
			            name, l->count, l->name);
	}
	for (size_t j = 0; seen && j < l->count; j++)
		if (seen[j] != 1)
			fed__failed(c, "tensors that cover each parameter exactly once",
			            "parameter %zu of %s is in %s of its tensors", j, l->name,
			            seen[j] ? "several" : "none");
}

static void check_tensors(struct fed_checker *c, void *ctx)
{
	each_layer(c, ctx, cover);
}

/* Cuts -------------------------------------------------------------------------- */

/* Outputs of layers [first, last) on x, into y. */
static bool run(struct fed_checker *c, const struct fed_net *net, size_t first, size_t last,
                const float *params, const float *x, float *y)
{
	struct fed_workspace ws;

	if (fed_workspace_init(&ws, net, first, last, BATCH, false, &c->why)) {
		c->no_memory = true;
		return false;
	}
	memcpy(fed_workspace_input(&ws), x, BATCH * fed_shape_size(&net->layer[first].in) * sizeof *x);
	const float *out = fed_net_forward(&ws, params, BATCH);
	memcpy(y, out, BATCH * fed_shape_size(&net->layer[last - 1].out) * sizeof *y);
	fed_workspace_release(&ws);
	return true;
}

static void cut_net(struct fed_checker *c, const struct fed_net *net, const char *what)
{
	const size_t n = BATCH * net->outputs;
	float *params = fed__floats(c, "the parameters", net->dim);
	float *x = fed__floats(c, "the examples", BATCH * fed_shape_size(&net->input));
	float *whole = fed__floats(c, "the outputs", n), *y = fed__floats(c, "the outputs", n);

	if (c->no_memory)
		return;
	fed_net_init_params(net, params, c->options.seed);
	fed__fill_examples(net, x, BATCH, 3);
	if (!run(c, net, 0, net->layers, params, x, whole))
		return;
	for (size_t cut = 1; cut < net->layers && fed_check_goes_on(c); cut++) {
		float *middle =
			fed__floats(c, "the smashed data", BATCH * fed_shape_size(&net->layer[cut].in));

		fed__given(c, "%s; cut before layer %s", what, net->layer[cut].name);
		if (!middle || !run(c, net, 0, cut, params, x, middle) ||
		    !run(c, net, cut, net->layers, params, middle, y))
			return;
		const size_t j = fed__first_difference(y, whole, n);
		if (j < n)
			fed__failed(c, "the outputs of the whole model", "output %zu is %.9g instead of %.9g",
			            j, (double)y[j], (double)whole[j]);
	}
}

static void check_cuts(struct fed_checker *c, void *ctx)
{
	const struct models *m = ctx;

	for (size_t k = 0; k < FED_FORMS && fed_check_goes_on(c); k++) {
		if (m->taken[k])
			cut_net(c, &m->net[k], fed__forms[k].what);
		fed__buffers_release(c);
	}
}

/* Settings ------------------------------------------------------------------------ */

static void build_at_end(struct fed_checker *c, void *ctx, const struct fed_assign *setting)
{
	struct fed_guarded model;
	struct fed_error err;

	(void)ctx;
	if (fed__guarded_init(c, &model, setting, 0, &err)) {
		fed__failed(c, "an instance with this setting", "%s", err.text);
		return;
	}
	for (size_t k = 0; k < FED_FORMS && fed_check_goes_on(c); k++) {
		struct fed_net net;

		fed__given(c, "%s", fed__forms[k].what);
		if (build(c, &model.instance, &fed__forms[k], &net, &err))
			fed_net_release(&net);
	}
	fed__check_guards(c);
	fed__guarded_release(&model);
	fed__buffers_release(c);
}

static void check_parameters(struct fed_checker *c, void *ctx)
{
	fed__each_end(c, build_at_end, ctx);
}

static const struct fed_check checks[] = {
	{"building", check_builds, .needed = true},
	{"shapes", check_shapes},
	{"gradients", check_gradients},
	{"gradients are added", check_adding},
	{"batches", check_batches},
	{"determinism", check_determinism},
	{"inputs unchanged", check_inputs},
	{"within its memory", check_memory},
	{"growth", check_growth},
	{"first parameters", check_init},
	{"tensors", check_tensors},
	{"cuts", check_cuts},
	{"parameters", check_parameters},
	{0},
};

void fed__check_model(struct fed_checker *c)
{
	struct models m = {0};

	fed__run_checks(c, checks, &m);
	for (size_t k = 0; k < FED_FORMS; k++) {
		if (m.taken[k])
			fed_net_release(&m.net[k]);
		fed_instance_release(&m.model[k]);
	}
}

/* The quick check ----------------------------------------------------------------- */

static void differentiate_quickly(struct fed_layer_trial *t, void *ctx)
{
	(void)ctx;
	fed__check_layer_gradients(t, QUICK_FLOPS, LEAST_QUICK);
}

int fed_conformance_check_layers(const struct fed_net *net, struct fed_error *err)
{
	struct fed_checker c = {.check = "gradients"};
	bool any = false;
	int rc = FED_OK;

	for (size_t o = 0; o < net->ops; o++)
		any |= fed_net_layer_is_own(&net->op[o]);
	if (!any)
		return FED_OK;
	fed__each_layer(&c, net, 2, true, differentiate_quickly, NULL);
	if (c.no_memory) {
		*err = c.why;
		rc = FED_FAIL;
	} else if (c.outcome == FED_CONFORMANCE_FAILED) {
		rc = fed_reject(err, "%s", fed_text_str(&c.got));
	}
	fed__checker_release(&c);
	return rc;
}
