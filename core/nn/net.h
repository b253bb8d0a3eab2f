/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/net.h - a model: layers over one flat vector of parameters.
 *
 * struct fed_net is immutable once built and shared by all threads.  What it takes to run a range
 * of its layers on up to max_batch examples is a struct fed_workspace, which one thread uses at a
 * time, others helping it (nn/thread_scratch.h).  No function here allocates once the workspace
 * stands.
 *
 * Order of calls: fed_net_init, the plugin's build() on fed_net_builder(), fed_net_finish;
 * fed_workspace_init; then forward, loss, backward for each batch.
 */
#ifndef FED_NN_NET_H
#define FED_NN_NET_H

#include "base/text.h"
#include "fedsh/model.h"
#include "nn/thread_scratch.h"

struct fed_net_layer {
	const struct fed_layer *ops;
	void *config;
	char name[24]; /* "conv1", "relu2": the kind and its count, unique in the net */
	struct fed_shape in, out;
	size_t offset, count; /* its part of the flat vector */
	double flops;         /* forward, one example */
	void *copy;           /* what ops (a plugin's) and config live in */
};

struct fed_net {
	struct fed_shape input;
	uint32_t classes, outputs;
	bool tokens; /* the dataset's; set after fed_net_init, before the builder is made */
	enum fed_loss loss;
	size_t layers;
	struct fed_net_layer *layer; /* [layers] */
	size_t dim;                  /* parameters */
	bool broken;                 /* a builder call failed: never finished */
};

/* input and outputs are the dataset's; classes 0 for regression. */
void fed_net_init(struct fed_net *, const struct fed_shape *input, uint32_t classes,
                  uint32_t outputs);
void fed_net_release(struct fed_net *);

/* A builder that appends to the net; valid while `net` and `storage` are. */
struct fed_net_builder {
	struct fed_builder face; /* what the plugin sees; first member */
	struct fed_net *net;
};
struct fed_builder *fed_net_builder(struct fed_net_builder *storage, struct fed_net *net);
/* Refuses a net without layers or loss, or whose last shape is not `outputs`, in words. */
int fed_net_finish(struct fed_net *, struct fed_error *);

/* params: [dim].  The same seed gives the same parameters. */
void fed_net_init_params(const struct fed_net *, float *params, uint64_t seed);

/* FLOPs of layers [first, last) for one example; training counts backward as 2 x forward. */
double fed_net_flops(const struct fed_net *, size_t first, size_t last);

/* Layers [first, last) that run on `chunk` examples at a time; a layer that wants the whole batch
 * is a run of its own. */
struct fed_run {
	size_t first, last;
	uint32_t chunk;
};

/* Examples whose shares of the gradient are added to the parameters one by one when grads ==
 * params.  Each sum is rounded to the parameter's own precision, and what is much smaller is lost;
 * of more examples the shares are summed by themselves, and their sum is added once. */
enum { FED_DIRECT_EXAMPLES = 128 };

/* Activations and gradients of a batch in layers [first, last).  i counts from first. */
struct fed_workspace {
	const struct fed_net *net;
	size_t first, last;
	uint32_t max_batch;
	size_t lowest; /* layers below need no backward: they have no parameters */
	bool input_gradient;
	struct fed_run *run; /* [runs] */
	size_t runs;
	/* Neighbours may share memory where a layer works in place. */
	float **activation; /* [last - first + 1]: input of each layer, then the output */
	float **gradient;   /* [last - first + 1]: by those; NULL where nobody needs it, and inside a
	                       run, where a lane has it from inner[i] on */
	size_t *inner;
	float **cache;   /* [last - first] */
	float **scratch; /* [last - first]: of a stage what it wants for a batch */
	float **sum;     /* [last - first]: of a stage its gradients' sum */
	float *step;     /* [parameters of layers lowest .. last - 1], zero between passes;
	                    NULL: max_batch is at most FED_DIRECT_EXAMPLES */
	float *block;    /* all of the above live in here */
	const struct fed_thread_scratch *shared; /* who computes; NULL: `alone`, its caller */
	struct fed_thread_scratch alone;
	int worker; /* which of the crew's threads calls forward and backward */
};
/* input_gradient: whether backward() also makes the gradient by the input (split learning). */
int fed_workspace_init(struct fed_workspace *, const struct fed_net *, size_t first, size_t last,
                       uint32_t max_batch, bool input_gradient, struct fed_error *);
/* The same, of the crew's net and for its threads; the crew outlives it. */
int fed_workspace_init_for(struct fed_workspace *, const struct fed_thread_scratch *, size_t first,
                           size_t last, uint32_t max_batch, bool input_gradient,
                           struct fed_error *);
void fed_workspace_release(struct fed_workspace *);
/* What such a workspace takes, but for a few small tables. */
int fed_workspace_bytes(const struct fed_net *, size_t first, size_t last, uint32_t max_batch,
                        bool input_gradient, double *bytes, struct fed_error *);
/* Where the caller puts a batch: (B, in of layer first). */
float *fed_workspace_input(struct fed_workspace *);

/* Run the range on the batch that stands in the input; returns (B, out of layer last - 1).
 * params is the whole flat vector [dim]. */
const float *fed_net_forward(struct fed_workspace *, const float *params, uint32_t batch);

/* After forward.  dy (B, out) may be the workspace's own output gradient
 * (fed_workspace_output_gradient).  Adds to grads [dim]; grads may be params: see fed_pass and
 * FED_DIRECT_EXAMPLES. */
void fed_net_backward(struct fed_workspace *, const float *params, float *grads, const float *dy,
                      uint32_t batch);
float *fed_workspace_output_gradient(struct fed_workspace *);
/* Gradient by the input after backward, when it was asked for. */
const float *fed_workspace_input_gradient(const struct fed_workspace *);

/* Losses: the sum over the batch of each example's loss; dy = scale * gradient of that sum (may be
 * NULL).  hits, when not NULL, is increased by the number of argmax == label. */
double fed_loss_cross_entropy(const float *y, const int32_t *label, uint32_t batch,
                              uint32_t classes, float scale, float *dy, uint32_t *hits);
double fed_loss_squared(const float *y, const float *target, uint32_t batch, uint32_t outputs,
                        float scale, float *dy);
/* The net's own loss; label or target is used as its loss asks. */
double fed_net_loss(const struct fed_net *, const float *y, const int32_t *label,
                    const float *target, uint32_t batch, float scale, float *dy, uint32_t *hits);

/* Tensor t of layer l for export: fills name "conv1.weight" and the tensor with its offset in the
 * flat vector; false when there is none. */
bool fed_net_tensor(const struct fed_net *, size_t l, uint32_t t, char name[48],
                    struct fed_tensor *);

/* The table that `model` prints: layer, shape, parameters, FLOPs, cut. */
void fed_net_describe(const struct fed_net *, struct fed_text *);

#endif
