/* SPDX-License-Identifier: 0BSD */
/*
 * fedsh/model.h - model architectures: a list of layers over one flat vector of parameters.
 *
 * build() calls the builder once per layer, in forward order, and names the loss.  A plugin may
 * bring its own layer as a struct fed_layer.  Every boundary between layers is a possible cut of
 * split learning.
 *
 * Shapes: one example is (d0), (d0, d1) or (d0, d1, d2), row-major; images are (H, W, C), channels
 * last.  A batch of B examples is (B, ...), contiguous.
 */
#ifndef FEDSH_MODEL_H
#define FEDSH_MODEL_H

#include "plugin.h"

struct fed_shape {
	uint32_t rank; /* 1 to 3 */
	uint32_t dim[3];
};

static inline size_t fed_shape_size(const struct fed_shape *s)
{
	size_t n = 1;

	for (uint32_t i = 0; i < s->rank; i++)
		n *= s->dim[i];
	return n;
}

/* Arguments of a layer's pass over a batch. */
struct fed_pass {
	uint32_t size;            /* sizeof(struct fed_pass) of the running host */
	const void *config;       /* the layer's own copy of what build() gave */
	struct fed_shape in, out; /* of one example */
	uint32_t batch;           /* examples, B >= 1 */
	const float *params;      /* [param_count] */
	const float *x;           /* (B, in) */
	float *y;                 /* (B, out): forward() writes it, backward() may read it */
	const float *dy;          /* (B, out): gradient of the loss by y */
	float *dx;                /* (B, in): backward() writes it; NULL when it is not needed */
	float *grads;             /* [param_count]: backward() ADDS the gradient here.  It may be
	                             params itself (the host scaled dy by -lr: plain SGD without a
	                             gradient buffer), so compute dx before touching it. */
	float *cache;             /* [B * cache_floats]: from forward() to its backward() */
	float *scratch;           /* [scratch_floats]: uninitialised, of this thread */
	/* Later members: a host whose `size` ends before one does not have it. */
	bool training;  /* a step of training; else evaluation, where nothing is drawn and running
	                   statistics are used.  The same in backward(). */
	uint32_t first; /* number of x's first example in its batch: random numbers go by it */
	uint64_t key;   /* of this layer's random numbers in this step, fed_random(key, ...); the same
	                   in backward() */
	const float *frozen; /* of the host's own layers: parameters that no step changes */
};

/* A named tensor inside a layer's parameters, for export and import.  Its file form has shape
 * file_shape, row-major; it reads the flat vector at offset + sum index[k] * stride[k], the
 * indices running over dim[] row-major.  That permutes where a file's convention differs. */
struct fed_tensor {
	char name[16]; /* "weight", "bias" */
	size_t offset; /* into the layer's parameters */
	uint32_t rank; /* of the walk: 1 to 4 */
	uint32_t dim[4];
	size_t stride[4];
	uint32_t file_rank; /* 1 to 4; the products of dim and file_shape are equal */
	uint32_t file_shape[4];
};

/* The operations of one kind of layer: pure functions of their arguments.
 * All: [any thread, other batches at once] */
struct fed_layer {
	uint32_t size;    /* sizeof(struct fed_layer), as compiled */
	const char *name; /* "dense" */
	/* out from in; FED_FAIL when the layer cannot take this input. */
	int (*shape)(const void *config, const struct fed_shape *in, struct fed_shape *out,
	             struct fed_error *);
	/* Optional (0 parameters). */
	size_t (*param_count)(const void *config, const struct fed_shape *in);
	void (*init)(const void *config, const struct fed_shape *in, float *params, uint64_t key);
	void (*forward)(const struct fed_pass *);
	void (*backward)(const struct fed_pass *);
	/* FLOPs of forward() for one example; a multiply-add is 2. */
	double (*flops)(const void *config, const struct fed_shape *in);
	/* Optional: floats that forward() leaves for backward(), per example. */
	size_t (*cache_floats)(const void *config, const struct fed_shape *in);
	/* Optional: floats of scratch for a batch of B. */
	size_t (*scratch_floats)(const void *config, const struct fed_shape *in, uint32_t batch);
	/* Optional: tensor k of the parameters; false when there is no k-th.  Without it the whole
	 * vector is one tensor "params". */
	bool (*tensor)(const void *config, const struct fed_shape *in, uint32_t k, struct fed_tensor *);
	/* Optional: one phrase about the configuration for listings, "5x5, 32 filters". */
	void (*describe)(const void *config, const struct fed_shape *in, char *text, size_t size);
	/* Later members: a plugin whose `size` ends before one has zero there. */
	/* Whether the output of an example depends on the others of its batch, as in batch
	 * normalization.  The host always calls a plugin's layer with all examples that it has at
	 * once: a batch, but for one too large for the memory, which comes in equal parts;
	 * evaluation in batches of its own.  Their order must not matter. */
	bool mixes_examples;
	/* Optional: how many parameters, the last ones of param_count, are buffers: numbers that
	 * travel and are averaged as all others, but that no step trains (running statistics).
	 * backward() leaves their gradient alone; momentum, weight decay and hooks do not touch them.
	 */
	size_t (*buffer_count)(const void *config, const struct fed_shape *in);
	/* Needed with buffer_count: set the buffers after a step's forward() and backward(), from
	 * pass->cache.  Of `pass` only config, in, out, batch and cache are set. */
	void (*update)(const struct fed_pass *, float *buffers);
};

enum fed_loss {
	/* Softmax and negative log likelihood; outputs == classes.  With tokens the last layer may give
	 * (P, classes), answers for the last P tokens: the loss is the mean over what follows each of
	 * them, and the last one is the model's answer. */
	FED_LOSS_CROSS_ENTROPY = 1,
	FED_LOSS_SQUARED, /* mean over outputs of (y - target)^2 / 2 */
};

/* The host as build() sees it, valid during build().  Each call appends one layer and returns
 * FED_OK or FED_FAIL. */
struct fed_builder {
	uint32_t size;          /* sizeof(struct fed_builder) of the running host */
	struct fed_shape input; /* of one example of the dataset */
	uint32_t classes;       /* 0 for regression */
	uint32_t outputs;       /* classes, or the width of the regression target */
	/* y = x W + b, W is (in, units); an input of any rank counts as one row. */
	int (*dense)(struct fed_builder *, uint32_t units, struct fed_error *);
	/* kernel x kernel over (H, W, C), stride 1; pad zeros on each side: H + 2 pad - kernel + 1. */
	int (*conv)(struct fed_builder *, uint32_t filters, uint32_t kernel, uint32_t pad,
	            struct fed_error *);
	/* size x size windows, stride size; a rest at the edge is left out. */
	int (*max_pool)(struct fed_builder *, uint32_t size, struct fed_error *);
	int (*mean_pool)(struct fed_builder *, uint32_t size, struct fed_error *);
	int (*relu)(struct fed_builder *, struct fed_error *);
	int (*tanh)(struct fed_builder *, struct fed_error *);
	int (*flatten)(struct fed_builder *, struct fed_error *);
	/* The plugin's own layer; the host copies config_size bytes of config. */
	int (*layer)(struct fed_builder *, const struct fed_layer *, const void *config,
	             size_t config_size, struct fed_error *);
	/* Exactly once, last. */
	int (*loss)(struct fed_builder *, enum fed_loss, struct fed_error *);
	/* Later members: a host whose `size` ends before one does not have it. */
	bool tokens; /* an example is a row of tokens 0 .. classes - 1, its label the next one */
	/* (T) tokens to (T, width): a row of a table for each. */
	int (*embedding)(struct fed_builder *, uint32_t vocabulary, uint32_t width, struct fed_error *);
	/* (T, width) to (units): the last state of a gated recurrent unit (as torch.nn.GRU). */
	int (*gru)(struct fed_builder *, uint32_t units, struct fed_error *);
	/* Any of the host's layers, as a line of words like printf's: "conv filters=16 kernel=3
	 * stride=2 pad=1", "batch_norm", "dropout rate=0.1".  `explain layers` lists them.
	 *
	 * A residual block is a line "residual", the lines of its layers, and "end": its output is
	 * theirs plus its input.  Behind a line "shortcut" come layers that the input passes before it
	 * is added, where shapes differ.  A block counts as one layer: no cut divides it.
	 *
	 * Behind a line "lora rank=4" no layer is trained, but for adapters of that rank, which dense
	 * layers get and the projections q and v of attention, or those that on=dense,q,k,v,out,conv,
	 * embedding lists: what was frozen does not travel.  A line "trained" ends this. */
	int (*add)(struct fed_builder *, struct fed_error *, const char *format, ...)
		__attribute__((format(printf, 3, 4)));
};

struct fed_model {
	struct fed_head head;
	/* Name the layers, in forward order, then the loss.
	 * [round thread, between rounds, once a model is chosen] */
	int (*build)(const void *state, struct fed_builder *, struct fed_error *);
};

#define FED_MODEL(S, name_, help_, doc_, fields_) \
	FED_HEAD(struct fed_model, FED_KIND_MODEL, S, name_, help_, doc_, fields_)

#endif
