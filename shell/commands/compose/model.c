/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/compose/model.c - the table of the model's layers.
 */
#include "shell/commands/compose/model.h"

#include "nn/layers/image.h"
#include "session/composition.h"
#include "shell/output/print.h"
#include "shell/output/table.h"

static void add_layer(struct fed_table *t, const struct fed_net *net, size_t l)
{
	const struct fed_net_layer *layer = &net->layer[l];
	char what[48], shape[FED_SHAPE_TEXT];

	if (l + 1 < net->layers)
		fed__table_integer(t, l + 1);
	else
		fed__table_cell(t, "-");
	fed__table_cell(t, "%s", layer->name);
	fed_net_layer_describe(net, l, what);
	fed__table_cell(t, "%s", *what ? what : "-");
	fed__table_cell(t, "%s", fed_shape_text(&layer->out, shape));
	fed__table_count(t, (double)layer->count);
	fed__table_unit(t, layer->flops, "FLOP");
	if (net->frozen_dim)
		fed__table_count(t, (double)layer->frozen);
}

void fed__print_model(struct fed_shell *shell)
{
	static const struct fed_table_column columns[] = {
		{.title = "cut", .kind = FED_CELL_NUMBER},
		{.title = "layer"},
		{.title = "what it does", .kind = FED_CELL_PROSE, .rank = 2, .key = "details"},
		{.title = "output"},
		{.title = "parameters", .kind = FED_CELL_NUMBER},
		{.title = "per example", .kind = FED_CELL_NUMBER, .rank = 1, .key = "flops"},
		{.title = "frozen", .kind = FED_CELL_NUMBER}, /* of a model that has such parameters */
	};
	const struct fed_net *net = &fed_session_parts(shell->session)->net;
	struct fed_table t = {.name = "model",
	                      .column = columns,
	                      .columns = sizeof columns / sizeof *columns - !net->frozen_dim};
	char shape[FED_SHAPE_TEXT];

	fed__table_cell(&t, "-");
	fed__table_cell(&t, "input");
	fed__table_cell(&t, "-");
	fed__table_cell(&t, "%s", fed_shape_text(&net->input, shape));
	fed__table_cell(&t, "-");
	fed__table_cell(&t, "-");
	if (net->frozen_dim)
		fed__table_cell(&t, "-");
	for (size_t l = 0; l < net->layers; l++)
		add_layer(&t, net, l);
	fed__table_print(shell, &t);
}
