/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/model_file.c - reading and writing of models as text.
 */
#include "report/model_file.h"

#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/mem.h"
#include "nn/layers/kinds.h"
#include "nn/layers/lora.h"

#define BYTES_MOST (1u << 20)

bool fed_is_model_file(const char *name)
{
	static const char ending[] = ".fed-model";
	const size_t n = strlen(name), m = sizeof ending - 1;

	return n > m && strcasecmp(name + n - m, ending) == 0;
}

/* Check the words of a line; the layers' shapes are checked when the net is built. */
static int check_line(const char *path, unsigned number, const char *line, struct fed_error *err)
{
	struct fed_layer_line parsed;
	struct fed_error why;

	if (strlen(line) >= FED_LAYER_LINE)
		return fed_fail(err, "%s:%u: a line has at most %d bytes", path, number,
		                FED_LAYER_LINE - 1);
	if (strchr(line, ';'))
		return fed_fail(err, "%s:%u:%zu: a layer a line, without ;", path, number,
		                strcspn(line, ";") + 1);
	if (line[strspn(line, " \t\r")] == '\0' || line[strspn(line, " \t\r")] == '#')
		return FED_OK;
	/* any numbers will do */
	if (fed_layer_parse(line, 1, 1, &parsed, &why) == FED_OK)
		return FED_OK;
	return fed_fail(err, "%s:%u:%zu: %s", path, number, parsed.at + 1, why.text);
}

/* The lines joined by ;, with the empty ones, so that their numbers stay. */
static int join_lines(const char *path, char *text, struct fed_text *joined, struct fed_error *err)
{
	unsigned number = 0;

	for (char *line; (line = strsep(&text, "\n"));) {
		char *comment = strchr(line, '#');

		if (comment)
			*comment = '\0';
		line[strcspn(line, "\r")] = '\0';
		if (check_line(path, ++number, line, err))
			return FED_FAIL;
		fed_text_add(joined, "%s%s", number > 1 ? ";" : "", line);
	}
	return joined->failed ? fed_fail_memory(err, joined->len, "a model") : FED_OK;
}

static int choose(struct fed_session *s, const char *path, struct fed_text *bytes,
                  struct fed_error *err)
{
	struct fed_text joined = {0};
	struct fed_error why;

	if (strlen(bytes->s) != bytes->len)
		return fed_fail(err, "%s: is no text", path);
	int rc = join_lines(path, bytes->s, &joined, err);
	if (rc == FED_OK) {
		const struct fed_assign lines = {"lines", fed_text_str(&joined)};

		rc = fed_session_model(s, "layers", &lines, 1, &why);
		if (rc)
			fed_fail(err, "%s: %s", path, why.text);
	}
	fed_text_release(&joined);
	return rc;
}

int fed_session_model_from_file(struct fed_session *s, const char *path, struct fed_error *err)
{
	struct fed_text expanded = {0}, bytes = {0};
	int rc;

	fed_path_expand(path, &expanded);
	rc = expanded.failed ? fed_fail_memory(err, strlen(path), "a path")
	                     : fed_file_read(fed_text_str(&expanded), BYTES_MOST, &bytes, err);
	if (rc == FED_OK)
		rc = choose(s, fed_show(path).s, &bytes, err);
	fed_text_release(&expanded);
	fed_text_release(&bytes);
	return rc;
}

/* Line and column, from 1, that an error behind the path speaks of: ":3:7:", ": line 3:" (column
 * 0). */
static bool find_place(const char *path, const char *error, unsigned *line, size_t *column)
{
	const struct fed_shown shown = fed_show(path);
	const size_t n = strlen(shown.s);

	if (strncmp(error, shown.s, n) != 0)
		return false;
	if (sscanf(error + n, ":%u:%zu:", line, column) == 2 && *column > 0)
		return true;
	const char *words = strstr(error + n, ": line ");
	*column = 0;
	return words && sscanf(words, ": line %u:", line) == 1;
}

bool fed_model_file_line(const char *path, const char *error, char *line, size_t size, size_t *at)
{
	struct fed_text expanded = {0}, bytes = {0};
	struct fed_error unused;
	unsigned number = 0;
	size_t column;
	bool found = false;

	if (!find_place(path, error, &number, &column))
		return false;
	fed_path_expand(path, &expanded);
	if (!expanded.failed &&
	    fed_file_read(fed_text_str(&expanded), BYTES_MOST, &bytes, &unused) == FED_OK) {
		const char *from = fed_text_str(&bytes);

		for (unsigned k = 1; k < number && *from; k++) {
			from += strcspn(from, "\n");
			from += *from != '\0';
		}
		const size_t n = strcspn(from, "\r\n");
		snprintf(line, size, "%.*s", (int)(n < size ? n : size - 1), from);
		*at = column ? column - 1 : strspn(line, " \t");
		found = *line && *at < strlen(line);
	}
	fed_text_release(&expanded);
	fed_text_release(&bytes);
	return found;
}

/* Writing --------------------------------------------------------------------- */

/* What the lines so far say of those to come. */
struct marks {
	bool frozen;
	struct fed_lora lora;
};

static bool is_said(const struct marks *now, const struct fed_lora *wanted)
{
	return now->frozen && now->lora.rank == wanted->rank && now->lora.alpha == wanted->alpha &&
	       now->lora.on == wanted->on;
}

/* A line `lora` or `trained` where operation o is another than the lines so far say. */
static void add_mark(const struct fed_net *net, size_t o, const char *indent, struct marks *now,
                     struct fed_text *out)
{
	const struct fed_net_layer *op = &net->op[o];
	char on[FED_LORA_ON_TEXT];

	if (op->count == 0 && op->frozen == 0)
		return;
	if (op->frozen == 0) {
		if (now->frozen)
			fed_text_add(out, "%strained\n", indent);
		now->frozen = false;
		return;
	}
	if (is_said(now, &op->lora))
		return;
	fed_text_add(out, "%slora rank=%u", indent, op->lora.rank);
	if (op->lora.alpha != op->lora.rank)
		fed_text_add(out, " alpha=%.17g", op->lora.alpha);
	if (op->lora.on != fed_lora_on_usual())
		fed_text_add(out, " on=%s", fed_lora_on_print(op->lora.on, on));
	fed_text_add(out, "\n");
	*now = (struct marks){true, op->lora};
}

static int add_op(const struct fed_net *net, size_t o, const char *indent, struct marks *now,
                  struct fed_text *out, struct fed_error *err)
{
	const struct fed_net_layer *op = &net->op[o];

	add_mark(net, o, indent, now, out);
	fed_text_add(out, "%s", indent);
	if (!fed_layer_print(op->ops, op->config, out))
		return fed_fail(err, "%s is a layer of the model's own, which has no line", op->name);
	fed_text_add(out, "\n");
	return FED_OK;
}

static int add_block(const struct fed_net *net, const struct fed_net_layer *block,
                     struct marks *now, struct fed_text *out, struct fed_error *err)
{
	const size_t other = net->op[block->end - 1].other;

	fed_text_add(out, "residual\n");
	for (size_t o = block->begin; o + 1 < block->end; o++) {
		if (o == other && o > block->begin)
			fed_text_add(out, "shortcut\n");
		if (add_op(net, o, "  ", now, out, err))
			return FED_FAIL;
	}
	fed_text_add(out, "end\n");
	return FED_OK;
}

int fed__model_lines(const struct fed_net *net, struct fed_text *out, struct fed_error *err)
{
	struct marks now = {0};

	for (size_t l = 0; l < net->layers; l++) {
		const struct fed_net_layer *layer = &net->layer[l];

		if (layer->ops ? add_op(net, layer->begin, "", &now, out, err)
		               : add_block(net, layer, &now, out, err))
			return FED_FAIL;
	}
	return out->failed ? fed_fail_memory(err, out->len, "a model") : FED_OK;
}
