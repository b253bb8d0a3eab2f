/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * layers - a model that is written down: the host's layers, one after another.
 */
#include <fedsh/model.h>
#include <string.h>

enum { MOST = 8192 };

struct layers {
	char lines[MOST];
};

static const struct fed_field fields[] = {
	FED_TEXT(struct layers, lines, "dense", NULL, "layers in order, with ; between them"),
	FED_END,
};

static const char doc[] =
	"    input -> layer ; layer ; layer -> outputs\n"
	"\n"
	"Loss: softmax and cross-entropy when the dataset has classes, else the\n"
	"squared error.  `explain layers` lists the layers and their settings;\n"
	"dense units=outputs has as many units as the dataset needs.  residual begins\n"
	"a block and end ends it, as in\n"
	"    conv filters=8; residual; conv filters=8 pad=1; relu; end; dense\n"
	"\n"
	"For: a model without C.  `model FILE.fed-model` reads the layers from a file,\n"
	"a line each, # before what is no layer; the session keeps them, not the file.\n"
	"`export FILE.fed-model` writes those of the present model.\n"
	"\n"
	"Source: none; the layers say theirs.\n"
	"\n"
	"Differences: none.";

/* What goes wrong is told with the number of the line. */
static int add_line(struct fed_builder *b, const char *line, size_t n, unsigned number,
                    struct fed_error *err)
{
	struct fed_error why = {{0}};

	if (n >= 256)
		return fed_fail(err, "line %u: a layer has at most 255 bytes", number);
	if (b->add(b, &why, "%.*s", (int)n, line) == FED_OK)
		return FED_OK;
	return fed_fail(err, "line %u: %.*s: %.250s", number, (int)(n < 60 ? n : 60), line, why.text);
}

static int build(const void *state, struct fed_builder *b, struct fed_error *err)
{
	const struct layers *m = state;
	const char *at = m->lines;

	if (!FED_HAS(b, add))
		return fed_fail(err, "needs a fedsh that takes layers as text; this one is too old");
	for (unsigned number = 1;; number++) {
		at += strspn(at, " \t");
		const size_t n = strcspn(at, ";");

		if (n > 0 && *at != '#' && add_line(b, at, n, number, err))
			return FED_FAIL;
		at += n;
		if (!*at++)
			break;
	}
	return b->loss(b, b->classes > 0 ? FED_LOSS_CROSS_ENTROPY : FED_LOSS_SQUARED, err);
}

FED_PLUGIN struct fed_model fed_plugin = {
	.head = FED_MODEL(struct layers, "layers", "layers as they are written down", doc, fields),
	.build = build,
};
