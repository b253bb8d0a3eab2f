/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The models: how many parameters, which layers and loss, and which data they refuse.
 */
#include <string.h>

#include "drive.h"
#include "nn/layers/layers.h"
#include "nn/net.h"
#include "support/suite.h"

#define POINT(n)                \
	{                           \
		.rank = 1, .dim = { n } \
	}
#define IMAGE(h, w, c)                \
	{                                 \
		.rank = 3, .dim = { h, w, c } \
	}

enum { NO_TOKENS = 7 }; /* outputs of data that are no tokens although the model is gru */

/* Build a model for data of this shape; the caller releases the net in any case. */
static int build(const char *name, const char *settings, const struct fed_shape *input,
                 uint32_t classes, uint32_t outputs, struct fed_net *net, struct fed_error *err)
{
	struct drive d;
	struct fed_net_builder builder;

	drive_open(&d, name, settings);
	fed_net_init(net, input, classes, outputs);
	net->tokens =
		(strcmp(name, "gru") == 0 || strcmp(name, "transformer") == 0) && outputs != NO_TOKENS;
	int rc = fed_call_build(&d.instance, fed_net_builder(&builder, net), err);
	if (rc == FED_OK)
		rc = fed_net_finish(net, err);
	drive_close(&d); /* built-in layers belong to the host */
	return rc;
}

static const struct accepted {
	const char *name, *settings;
	struct fed_shape input;
	uint32_t classes, outputs;
	size_t parameters;
	enum fed_loss loss;
	const char *layers; /* kinds, one letter each: see letter_of */
} accepted[] = {
	{"softmax", "", IMAGE(28, 28, 1), 10, 10, 7850, FED_LOSS_CROSS_ENTROPY, "fd"},
	{"softmax", "", POINT(2), 3, 3, 9, FED_LOSS_CROSS_ENTROPY, "d"},
	{"linear", "", POINT(5), 0, 1, 6, FED_LOSS_SQUARED, "d"},
	{"linear", "", IMAGE(2, 3, 1), 0, 2, 14, FED_LOSS_SQUARED, "fd"},
	{"mlp", "", IMAGE(28, 28, 1), 10, 10, 199210, FED_LOSS_CROSS_ENTROPY, "fdrdrd"},
	{"mlp", "hidden=3 activation=tanh", POINT(2), 4, 4, 25, FED_LOSS_CROSS_ENTROPY, "dtd"},
	{"mlp", "hidden=4", POINT(3), 0, 2, 26, FED_LOSS_SQUARED, "drd"},
	{"cnn", "", IMAGE(28, 28, 1), 10, 10, 1663370, FED_LOSS_CROSS_ENTROPY, "crxcrxfdrd"},
	{"cnn", "filters1=2 filters2=3 units=4", IMAGE(8, 8, 1), 2, 2, 267, FED_LOSS_CROSS_ENTROPY,
     "crxcrxfdrd"},
	{"cnn", "filters1=2 filters2=3 units=4", IMAGE(4, 4, 1), 2, 2, 231, FED_LOSS_CROSS_ENTROPY,
     "crxcrxfdrd"},
	{"lenet", "", IMAGE(28, 28, 1), 10, 10, 61706, FED_LOSS_CROSS_ENTROPY, "ctmctmfdtdtd"},
	{"lenet", "", IMAGE(32, 32, 1), 10, 10, 61706, FED_LOSS_CROSS_ENTROPY, "ctmctmfdtdtd"},
	{"lenet", "", IMAGE(32, 32, 3), 10, 10, 62006, FED_LOSS_CROSS_ENTROPY, "ctmctmfdtdtd"},
	{"lenet", "activation=relu pooling=max", IMAGE(12, 12, 1), 10, 10, 15626,
     FED_LOSS_CROSS_ENTROPY, "crxcrxfdrdrd"},
	/* 90 x 8; 3 x 64 x (8 + 64 + 2); 64 x 90 + 90 */
	{"gru", "", POINT(40), 90, 90, 720 + 14208 + 5850, FED_LOSS_CROSS_ENTROPY, "eGd"},
	/* MLPerf Tiny's 78,666 with 2 x 240 running statistics */
	{"resnet8", "norm=batch", IMAGE(32, 32, 3), 10, 10, 78666, FED_LOSS_CROSS_ENTROPY,
     "cnrRrRrRrgd"},
	{"resnet8", "", IMAGE(32, 32, 3), 10, 10, 78186, FED_LOSS_CROSS_ENTROPY, "cNrRrRrRrgd"},
	{"resnet8", "width=4", IMAGE(8, 9, 1), 5, 5, 5093, FED_LOSS_CROSS_ENTROPY, "cNrRrRrRrgd"},
	/* V W + T W + L (12 W^2 + 13 W) + 2 W + (W + 1) V */
	{"transformer", "layers=3 width=8 heads=2", POINT(5), 9, 9,
     72 + 40 + 3 * (12 * 64 + 13 * 8) + 16 + 81, FED_LOSS_CROSS_ENTROPY, "epRRRRRRlLd"},
	{"transformer", "layers=1 width=8 context=3 dropout=0.1", POINT(5), 9, 9,
     72 + 24 + 12 * 64 + 13 * 8 + 16 + 81, FED_LOSS_CROSS_ENTROPY, "lepoRRlLd"},
	{"gru", "embedding=2 units=3", POINT(5), 4, 4, 8 + 63 + 16, FED_LOSS_CROSS_ENTROPY, "eGd"},
};

static char letter_of(const struct fed_layer *ops)
{
	static const struct {
		const struct fed_layer *ops;
		char letter;
	} kinds[] = {
		{&fed_layer_dense, 'd'},
		{&fed_layer_conv, 'c'},
		{&fed__layer_relu, 'r'},
		{&fed__layer_tanh, 't'},
		{&fed_layer_max_pool, 'x'},
		{&fed_layer_mean_pool, 'm'},
		{&fed_layer_flatten, 'f'},
		{&fed__layer_embedding, 'e'},
		{&fed__layer_gru, 'G'},
		{&fed__layer_batch_norm, 'n'},
		{&fed__layer_group_norm, 'N'},
		{&fed__layer_global_pool, 'g'},
		{&fed__layer_positions, 'p'},
		{&fed__layer_last, 'l'},
		{&fed__layer_layer_norm, 'L'},
		{&fed__layer_dropout, 'o'},
		{NULL, 'R'}, /* a residual block */
	};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (ops == kinds[i].ops)
			return kinds[i].letter;
	return '?';
}

START_TEST(layers_and_parameters)
{
	const struct accepted *row = &accepted[_i];
	struct fed_net net;
	struct fed_error err;
	char layers[32] = "";

	fed_assert_ok(
		build(row->name, row->settings, &row->input, row->classes, row->outputs, &net, &err), &err);
	ck_assert_uint_eq(net.dim, row->parameters);
	ck_assert_int_eq(net.loss, row->loss);
	ck_assert_uint_lt(net.layers, sizeof layers);
	for (size_t l = 0; l < net.layers; l++)
		layers[l] = letter_of(net.layer[l].ops);
	ck_assert_str_eq(layers, row->layers);
	fed_net_release(&net);
}
END_TEST

static const struct refused {
	const char *name;
	struct fed_shape input;
	uint32_t classes, outputs;
	const char *words, *instead;
} refused[] = {
	{"softmax", POINT(5), 0, 1, "needs classes", "use linear or mlp"},
	{"linear", POINT(5), 3, 3, "has 3 classes", "use softmax"},
	{"cnn", POINT(2), 4, 4, "needs images, gets examples of 2 numbers", "use softmax or mlp"},
	{"cnn", IMAGE(2, 9, 1), 4, 4, "at least 4x4, gets 2x9", "use softmax or mlp"},
	{"cnn", IMAGE(28, 28, 1), 0, 1, "needs classes", "use linear or mlp"},
	{"lenet", POINT(60), 4, 4, "needs images, gets examples of 60 numbers", "use softmax or mlp"},
	{"lenet", IMAGE(28, 11, 1), 4, 4, "at least 12x12, gets 28x11", "use cnn or mlp"},
	{"lenet", IMAGE(28, 28, 1), 0, 1, "needs classes", "use linear or mlp"},
	{"resnet8", POINT(60), 4, 4, "needs images, gets examples of 60 numbers", "use softmax or mlp"},
	{"resnet8", IMAGE(28, 7, 1), 4, 4, "at least 8x8, gets 28x7", "use softmax or mlp"},
	{"resnet8", IMAGE(28, 28, 1), 0, 1, "needs classes", "use linear or mlp"},
	{"transformer", POINT(5), NO_TOKENS, NO_TOKENS, "needs rows of tokens", "use softmax or mlp"},
	{"transformer", POINT(5), 0, NO_TOKENS, "needs rows of tokens", "use linear or mlp"},
	{"gru", POINT(5), NO_TOKENS, NO_TOKENS, "needs rows of tokens", "use softmax or mlp"},
	{"gru", POINT(5), 0, NO_TOKENS, "needs rows of tokens", "use linear or mlp"},
};

START_TEST(refusals_name_another_model)
{
	const struct refused *row = &refused[_i];
	struct fed_net net;
	struct fed_error err = {{0}};

	ck_assert_int_eq(build(row->name, "", &row->input, row->classes, row->outputs, &net, &err),
	                 FED_FAIL);
	ck_assert_msg(strstr(err.text, row->words), "%s", err.text);
	ck_assert_msg(strstr(err.text, row->instead), "%s", err.text);
	fed_net_release(&net);
}
END_TEST

FED_SUITE(architectures)
{
	Suite *suite = suite_create("architectures");
	TCase *tests = tcase_create("architectures");

	tcase_add_loop_test(tests, layers_and_parameters, 0, sizeof accepted / sizeof *accepted);
	tcase_add_loop_test(tests, refusals_name_another_model, 0, sizeof refused / sizeof *refused);
	suite_add_tcase(suite, tests);
	return suite;
}
