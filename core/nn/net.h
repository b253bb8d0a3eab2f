/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/net.h - a model: layers over one flat vector of parameters.
 *
 * struct fed_net is immutable once built and shared by all threads.  A struct fed_workspace is the
 * memory to run a range of its layers on up to max_batch examples; one thread uses it at a time,
 * with the help of others (nn/thread_scratch.h).  Nothing allocates after the workspace's
 * initialisation.
 *
 * Order of calls: fed_net_init, the plugin's build() on fed_net_builder(), fed_net_finish;
 * fed_workspace_init; then forward, loss, backward for each batch.
 */
#ifndef FED_NN_NET_H
#define FED_NN_NET_H

#include "base/text.h"
#include "fedsh/model.h"
#include "nn/layers/layers.h"
#include "nn/thread_scratch.h"

/* A layer, and also an operation: what the executor runs.  Most layers are one operation.  A
 * residual block is one layer, without ops, of several; its last one adds two inputs. */
struct fed_net_layer {
	const struct fed_layer *ops;
	void *config;
	char name[24]; /* "conv1", "relu2": the kind and its count, unique in the net */
	struct fed_shape in, out;
	size_t offset, count; /* its part of the flat vector */
	size_t buffers;       /* the last ones of them, which are not trained */
	double flops;         /* forward, one example */
	double back;          /* backward, one example; of which for dx: */
	double back_dx;
	size_t frozen, frozen_at; /* its part of the frozen vector: count and offset */
	bool adapted;             /* it is a frozen layer with an adapter (nn/layers/lora.h) */
	struct fed_lora lora;     /* where it is frozen: what the lines before said of adapters */
	void *copy;               /* owned memory of ops (a plugin's) and config */
	size_t begin, end;        /* its operations */
	/* Of an operation, by boundaries: boundary o is before operation o of the net. */
	size_t source; /* its input */
	size_t other;  /* of an addition: the second input; else FED_NO_BOUNDARY */
	size_t reader; /* last operation that reads boundary o, at least o */
	bool adds;     /* another one after it reads its input: the gradients are added */
};
#define FED_NO_BOUNDARY SIZE_MAX

/* Whether a model plugin brought the layer; else it is one of the host's. */
bool fed_net_layer_is_own(const struct fed_net_layer *);

struct fed_net {
	struct fed_shape input;
	uint32_t classes, outputs;
	bool tokens; /* the dataset's; set after fed_net_init, before the builder is made */
	/* Answers for an example while it trains: 1, or of a language model one for each token, whose
	 * last one is the answer for the token after the window. */
	uint32_t positions;
	enum fed_loss loss;
	size_t layers;
	struct fed_net_layer *layer; /* [layers] */
	size_t ops;
	struct fed_net_layer *op; /* [ops] */
	size_t dim;               /* parameters that are trained and travel, with buffers */
	size_t buffers;           /* how many of them are not trained */
	/* The frozen base: parameters that no step changes and that do not travel. */
	float *frozen; /* [frozen_dim], the net's; changed between rounds alone */
	size_t frozen_dim;
	bool frozen_given; /* not from the seed: imported or pre-trained */
	/* what the layers to come are: frozen, some with adapters */
	bool freezes;
	struct fed_lora lora;
	bool whole;  /* set before the builder is made: nothing is frozen, the net of a base */
	bool broken; /* a builder call failed: never finished */
	/* the residual block that is being built: its first operation, and that of its shortcut */
	bool in_block, in_shortcut;
	size_t block, shortcut;
};

/* input and outputs are the dataset's; classes 0 for regression. */
void fed_net_init(struct fed_net *, const struct fed_shape *input, uint32_t classes,
                  uint32_t outputs);
void fed_net_release(struct fed_net *);

/* A builder that appends to the net; valid while `net` and `storage` are. */
struct fed_net_builder {
	struct fed_builder face; /* the plugin's view; first member */
	struct fed_net *net;
};
struct fed_builder *fed_net_builder(struct fed_net_builder *storage, struct fed_net *net);
/* Refuses a net without layers or loss, or whose last shape is not `outputs`, in words. */
int fed_net_finish(struct fed_net *, struct fed_error *);

/* Whether the output of an example depends on the others of its batch (fed_layer.mixes_examples).
 */
bool fed_net_mixes_examples(const struct fed_net *);

/* Call take() for each stretch [from, to) of parameters that steps train, in order; all but the
 * buffers, cut at `limit` (a prefix of the model). */
void fed__net_each_trained(const struct fed_net *, size_t limit,
                           void (*take)(void *ctx, size_t from, size_t to), void *ctx);

/* params: [dim].  The same seed gives the same parameters. */
void fed_net_init_params(const struct fed_net *, float *params, uint64_t seed);

/* The frozen base as it begins: what the same layers begin with where nothing is frozen. */
void fed_net_init_frozen(struct fed_net *, uint64_t seed);

/* FLOPs of layers [first, last) for one example, forward. */
double fed_net_flops(const struct fed_net *, size_t first, size_t last);
/* The same backward: 2 x forward; where layers are frozen, what the gradients of the others need.
 * input_gradient: also that by the input of layer first. */
double fed_net_backward_flops(const struct fed_net *, size_t first, size_t last,
                              bool input_gradient);

/* Operations [first, last) that run on `chunk` examples at a time; one that needs the whole batch
 * is a run of its own. */
struct fed_run {
	size_t first, last;
	uint32_t chunk;
};

/* Largest batch whose gradients are added to the parameters example by example when grads ==
 * params.  Each addition rounds to the parameter's precision, which loses much smaller terms;
 * larger batches are summed separately, and the sum is added once. */
enum { FED_DIRECT_EXAMPLES = 128 };

/* Random numbers of a step of training: a key, and how many examples of the batch came in parts
 * before. */
struct fed_step_random {
	uint64_t key;
	uint32_t first;
};

/* Activations and gradients of a batch in layers [first, last). */
struct fed_workspace {
	const struct fed_net *net;
	size_t first, last; /* layers */
	size_t begin, end;  /* their operations; i counts from begin */
	uint32_t max_batch;
	size_t lowest; /* operations below need no backward: they have no parameters */
	bool input_gradient;
	struct fed_run *run; /* [runs] */
	size_t runs;
	/* adjacent ones may share memory where a layer works in place */
	float **activation; /* [end - begin + 1]: input of each operation, then the output */
	float **gradient; /* [end - begin + 1]: by those; NULL where unused, and inside a run, where it
	                     is in a lane from inner[i] on */
	size_t *inner;
	/* [end - begin]: of an operation that `adds`: its own gradient, likewise */
	float **branch;
	size_t *inner_branch;
	float **cache;   /* [end - begin] */
	float **scratch; /* [end - begin]: of a stage: memory for a batch */
	float **sum;     /* [end - begin]: of a stage: sum of its gradients */
	float *sink;     /* gradients of frozen parameters, which are not used */
	float *step;     /* [parameters of operations lowest .. end - 1], zero between passes;
	                    NULL: max_batch is at most FED_DIRECT_EXAMPLES */
	/* of a range that ends a net of several positions: */
	int32_t *label; /* (max_batch, positions) */
	float *answer;  /* (max_batch, outputs): those at the last position */
	float *block;   /* the one allocation that holds all of the above */
	const struct fed_thread_scratch
		*shared; /* of the threads that compute; NULL: `own`, the caller alone */
	struct fed_thread_scratch own;
	int worker; /* index of the thread that calls forward and backward */
	/* of the last forward pass, for backward and update */
	bool training;
	struct fed_step_random key;
};
/* input_gradient: whether backward() also makes the gradient by the input (split learning). */
int fed_workspace_init(struct fed_workspace *, const struct fed_net *, size_t first, size_t last,
                       uint32_t max_batch, bool input_gradient, struct fed_error *);
/* The same, for the net and the threads of a thread scratch, which outlives the workspace. */
int fed_workspace_init_for(struct fed_workspace *, const struct fed_thread_scratch *, size_t first,
                           size_t last, uint32_t max_batch, bool input_gradient,
                           struct fed_error *);
void fed_workspace_release(struct fed_workspace *);
/* Memory estimate of such a workspace, without a few small tables. */
int fed_workspace_bytes(const struct fed_net *, size_t first, size_t last, uint32_t max_batch,
                        bool input_gradient, double *bytes, struct fed_error *);
/* The input buffer, which the caller fills with a batch: (B, in of layer first). */
float *fed_workspace_input(struct fed_workspace *);

/* Run the range on the batch in the input buffer; returns (B, out of layer last - 1).  params is
 * the whole flat vector [dim].  Of a language model that answers at each token, (B, outputs) is
 * returned: what follows the window. */
const float *fed_net_forward(struct fed_workspace *, const float *params, uint32_t batch);
/* The same for a step of training: layers may draw random numbers and use statistics of the batch.
 */
const float *fed_net_forward_training(struct fed_workspace *, const float *params, uint32_t batch,
                                      struct fed_step_random);
/* After forward_training and backward: set the buffers of the range, in params [dim]. */
void fed_net_update_buffers(struct fed_workspace *, float *params, uint32_t batch);

/* After forward.  dy (B, out) may be the workspace's own output gradient
 * (fed_workspace_output_gradient).  Adds to grads [dim]; grads may be params: see fed_pass and
 * FED_DIRECT_EXAMPLES. */
void fed_net_backward(struct fed_workspace *, const float *params, float *grads, const float *dy,
                      uint32_t batch);
float *fed_workspace_output_gradient(struct fed_workspace *);
/* Gradient by the input after backward, if input_gradient was set. */
const float *fed_workspace_input_gradient(const struct fed_workspace *);

/* Losses: the sum over the batch of each example's loss; dy = scale * gradient of that sum (may be
 * NULL).  hits, when not NULL, is increased by the number of argmax == label. */
double fed__loss_cross_entropy(const float *y, const int32_t *label, uint32_t batch,
                               uint32_t classes, float scale, float *dy, uint32_t *hits);
double fed__loss_squared(const float *y, const float *target, uint32_t batch, uint32_t outputs,
                         float scale, float *dy);
/* The net's own loss; label or target is read, depending on the loss. */
double fed_net_loss(const struct fed_net *, const float *y, const int32_t *label,
                    const float *target, uint32_t batch, float scale, float *dy, uint32_t *hits);

/* Labels of a step of training, (n, positions): the token after each one, from the inputs
 * x (n, input), and the examples' own label last.  `out` may be `label`. */
void fed_net_spread_labels(const struct fed_net *, const float *x, const int32_t *label, uint32_t n,
                           int32_t *out);
/* Make the gradient by the answers that fed_net_forward() returned, (n, outputs), one by the whole
 * output, in place. */
void fed_net_spread_gradient(const struct fed_net *, float *dy, uint32_t n);
/* The loss of a training pass, of whose y each position counts 1/positions: the sum over the batch;
 * dy = scale * its gradient.  label: those of fed_net_spread_labels. */
double fed_net_training_loss(const struct fed_net *, const float *y, const int32_t *label,
                             const float *target, uint32_t batch, float scale, float *dy);

/* Tensor t of layer l for export: fills name "conv1.weight" and the tensor with its offset in the
 * flat vector; false when there is none. */
bool fed_net_tensor(const struct fed_net *, size_t l, uint32_t t, char name[48],
                    struct fed_tensor *);
/* The same for operation o. */
bool fed_net_op_tensor(const struct fed_net *, size_t o, uint32_t t, char name[48],
                       struct fed_tensor *);
/* The same for the frozen vector. */
bool fed_net_frozen_tensor(const struct fed_net *, size_t l, uint32_t t, char name[48],
                           struct fed_tensor *);
/* The flat vector as matrices, one after the other ([*n], the caller's: fed_free): a tensor with
 * outputs and inputs is one as it lies in memory, all else is rows of one. */
struct fed_matrix;
int fed_net_matrices(const struct fed_net *, struct fed_matrix **, uint32_t *n, struct fed_error *);

/* What layer l does in a few words: "784 to 200", "5x5, 64 filters"; empty where its name says it.
 */
void fed_net_layer_describe(const struct fed_net *, size_t l, char what[48]);

/* The layer whose parameters are frozen: of an adapted one the layer without its adapter. */
const struct fed_layer *fed__net_base_ops(const struct fed_net_layer *);
/* Whether none of its parameters is trained. */
bool fed__net_is_frozen(const struct fed_net_layer *);

#endif
