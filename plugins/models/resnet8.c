/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * resnet8 - the small residual network of the MLPerf Tiny benchmark (78,666 numbers on 32x32x3 with
 * 10 classes and batch norm).
 */
#include <fedsh/model.h>

#include "lora.h"

enum norm { GROUP, BATCH };
static const char *const norms[] = {"group", "batch", NULL};

struct resnet8 {
	int64_t width;
	int norm; /* enum norm */
	int64_t groups;
	int64_t lora;
	char lora_on[64];
};

static const struct fed_field fields[] = {
	FED_INT(struct resnet8, width, 16, 1, 1024, "filters of the first stage"),
	FED_CHOICE(struct resnet8, norm, GROUP, norms, "what makes activations even"),
	FED_INT(struct resnet8, groups, 2, 1, 1024, "norm=group: groups of channels"),
	FED_LORA(struct resnet8),
	FED_LORA_ON_FIELD(struct resnet8),
	FED_END,
};

static const char doc[] =
	"    image -> conv 3x3, 16 filters -> norm -> relu\n"
	"          -> block(16) -> block(32, stride 2) -> block(64, stride 2)\n"
	"          -> mean over all pixels -> dense(classes)\n"
	"    block: relu(x + norm(conv(relu(norm(conv(x))))))\n"
	"           where it shrinks: x passes conv 1x1, stride 2, before it is added\n"
	"\n"
	"Loss: softmax and cross-entropy.  The stages have width, 2 width and 4 width\n"
	"filters.  78,666 numbers on 32x32 colour images with ten classes and batch\n"
	"norm, 480 of them running statistics, which are averaged and not trained;\n"
	"78,186 with group norm.\n"
	"\n"
	"For: CIFAR-10 and other colour images, with a twentieth of the parameters of\n"
	"cnn.  Cuts of split learning come between blocks, not inside.  norm=batch\n"
	"needs batches, and suffers where clients have different classes; norm=group\n"
	"does not depend on the batch.\n"
	"\n"
	"Source: Banbury et al., MLPerf Tiny Benchmark, NeurIPS 2021, sec. 4.2; He et\n"
	"al., Deep Residual Learning for Image Recognition, CVPR 2016; Wu, He, Group\n"
	"Normalization, ECCV 2018.  Why group norm: Hsieh et al., The Non-IID Data\n"
	"Quagmire of Decentralized Machine Learning, ICML 2020.\n"
	"\n"
	"Differences: strided convolutions have a row of zeros on each side (the\n"
	"benchmark's TensorFlow has it below and on the right alone); weights start\n"
	"uniform in +-1/sqrt(fan in), and there is no weight decay unless it is set.";

static int normalize(const struct resnet8 *m, struct fed_builder *b, struct fed_error *err)
{
	return m->norm == BATCH ? b->add(b, err, "batch_norm")
	                        : b->add(b, err, "group_norm groups=%d", (int)m->groups);
}

static int convolve(const struct resnet8 *m, struct fed_builder *b, int filters, int stride,
                    struct fed_error *err)
{
	if (b->add(b, err, "conv filters=%d kernel=3 stride=%d pad=1", filters, stride))
		return FED_FAIL;
	return normalize(m, b, err);
}

static int add_block(const struct resnet8 *m, struct fed_builder *b, int filters, int stride,
                     struct fed_error *err)
{
	if (b->add(b, err, "residual") || convolve(m, b, filters, stride, err) || b->relu(b, err) ||
	    convolve(m, b, filters, 1, err))
		return FED_FAIL;
	if (stride > 1 && (b->add(b, err, "shortcut") ||
	                   b->add(b, err, "conv filters=%d kernel=1 stride=%d", filters, stride)))
		return FED_FAIL;
	return b->add(b, err, "end") || b->relu(b, err) ? FED_FAIL : FED_OK;
}

static int check(const struct resnet8 *m, const struct fed_builder *b, struct fed_error *err)
{
	const struct fed_shape *in = &b->input;

	if (!FED_HAS(b, add))
		return fed_fail(err, "needs a fedsh that has residual blocks; this one is too old");
	if (in->rank != 3)
		return fed_fail(err, "needs images, gets examples of %zu number%s; use softmax or mlp",
		                fed_shape_size(in), fed_shape_size(in) == 1 ? "" : "s");
	if (in->dim[0] < 8 || in->dim[1] < 8)
		return fed_fail(err, "needs images of at least 8x8, gets %ux%u; use softmax or mlp",
		                in->dim[0], in->dim[1]);
	if (b->classes == 0)
		return fed_fail(err, "needs classes, this dataset is a regression; use linear or mlp");
	if (m->norm == GROUP && m->width % m->groups)
		return fed_fail(err, "groups=%lld does not divide width=%lld", (long long)m->groups,
		                (long long)m->width);
	return FED_OK;
}

static int build(const void *state, struct fed_builder *b, struct fed_error *err)
{
	const struct resnet8 *m = state;
	const int width = (int)m->width;

	if (check(m, b, err))
		return FED_FAIL;
	if (begin_lora(b, m->lora, m->lora_on, err))
		return FED_FAIL;
	if (convolve(m, b, width, 1, err) || b->relu(b, err) || add_block(m, b, width, 1, err) ||
	    add_block(m, b, 2 * width, 2, err) || add_block(m, b, 4 * width, 2, err))
		return FED_FAIL;
	if (b->add(b, err, "global_pool") || b->dense(b, b->classes, err))
		return FED_FAIL;
	return b->loss(b, FED_LOSS_CROSS_ENTROPY, err);
}

FED_PLUGIN struct fed_model fed_plugin = {
	.head = FED_MODEL(struct resnet8, "resnet8", "a small residual network, for colour images", doc,
                      fields),
	.build = build,
};
