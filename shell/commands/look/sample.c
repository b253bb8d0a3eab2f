/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/look/sample.c - examples of the dataset or of a client: pictures as half blocks,
 * rows of tables as a table, tokens as text.
 */
#include "shell/commands/look/sample.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "history/client_selector.h"
#include "report/sample.h"
#include "session/composition.h"
#include "shell/output/image.h"
#include "shell/output/print.h"

/* Pictures beside one another, and columns of a table of features. */
enum { ACROSS = 4, FEATURES_MOST = 12 };

enum { TRAIN, TEST };
static const char *const parts_names[] = {"train", "test", NULL};

#define A struct fed_sample_args
const struct fed_field fed__sample_rows[] = {
	FED_ARG_TEXT(A, who, FED_FIELD_POSITIONAL, "who",
                 "one client, whose examples are shown as it sees them; without it the dataset's"),
	FED_ARG_INT(A, n, 0, 8, 1, FED_SAMPLE_MOST, "how many"),
	FED_ARG_TEXT(A, class, 0, "class", "of one class alone: its name or number"),
	FED_ARG_CHOICE(A, part, 0, TRAIN, parts_names, "of the dataset: which part"),
	FED_ARG_INT(A, draw, 0, 1, 1, 1e9, "another number draws other examples"),
	FED_END,
};
#undef A

static int find_client(const struct fed_shell *shell, const char *who, struct fed_sample_plan *plan,
                       struct fed_error *err)
{
	const struct fed_composition *parts = fed_session_parts(shell->session);
	uint64_t drawn = fed_session_draws(shell->session); /* a copy: nothing is advanced */
	uint32_t *ids = NULL, n = 0;

	plan->of_client = *who;
	if (!*who)
		return FED_OK;
	if (fed_client_selector_parse(who, &parts->clients, (uint64_t)parts->settings.seed, &drawn,
	                              &ids, &n, err))
		return FED_FAIL;
	const int rc =
		n == 1 ? FED_OK : fed_fail(err, "%s are %u clients; choose one", fed_show(who).s, n);
	plan->client = n ? ids[0] : 0;
	fed_free(ids);
	return rc;
}

/* "client 3: 8 of 600 examples" and what it sees differently. */
static void say_head(struct fed_shell *shell, const struct fed_sample *sample,
                     const struct fed_sample_plan *plan, const char *class)
{
	const struct fed_dataset *data = fed_session_parts(shell->session)->data;

	if (plan->of_client)
		fed__print(shell, "client %u: ", plan->client);
	else
		fed__print(shell, "dataset %s: ", data->name);
	fed__print(shell, "%u of %s %sexample%s", sample->n, fed_count(sample->among).s,
	           plan->of_client ? ""
	           : plan->test    ? "test "
	                           : "training ",
	           sample->among == 1 ? "" : "s");
	if (*class)
		fed__print(shell, ", of class %s", class);
	if (sample->changed.len)
		fed__print(shell, "; it sees %s", fed_text_str(&sample->changed));
	fed__print(shell, "\n");
}

/* Pictures -------------------------------------------------------------------------------- */

static void show_pictures(struct fed_shell *shell, const struct fed_sample *sample)
{
	const struct fed_dataset *data = fed_session_parts(shell->session)->data;
	const size_t size = fed_shape_size(&data->shape);
	const uint32_t across = sample->n < ACROSS ? sample->n : ACROSS; /* a few are larger */
	struct fed_text drawing = {0};

	fed__screen_measure(shell);
	for (uint32_t from = 0; from < sample->n; from += ACROSS) {
		struct fed_image_file pictures[ACROSS];
		struct fed_text titles[ACROSS] = {{0}};
		uint32_t n = 0;

		for (; n < ACROSS && from + n < sample->n; n++) {
			fed_sample_put_label(sample, data, from + n, &titles[n]);
			fed_text_add(&titles[n], " #%u", sample->place[from + n]);
			pictures[n] =
				(struct fed_image_file){fed_text_str(&titles[n]), sample->x + (from + n) * size,
			                            data->shape, sample->low, sample->high};
		}
		fed__image_row_text(pictures, n, across, &shell->screen, &drawing);
		for (uint32_t k = 0; k < n; k++)
			fed_text_release(&titles[k]);
	}
	fed__print_drawing(shell, &drawing);
	fed_text_release(&drawing);
}

/* Tokens ---------------------------------------------------------------------------------- */

static void show_tokens(struct fed_shell *shell, const struct fed_sample *sample)
{
	const struct fed_dataset *data = fed_session_parts(shell->session)->data;

	for (uint32_t i = 0; i < sample->n; i++) {
		struct fed_text line = {0};

		fed_sample_put_tokens(sample, data, i, &line);
		fed__print(shell, "  #%u  %s\n", sample->place[i], fed_text_str(&line));
		fed_text_release(&line);
	}
}

/* Tables ------------------------------------------------------------------------------------ */

/* Columns of a table: example, class or target, features.  The names are in `names`. */
static struct fed_table_column *make_columns(const struct fed_dataset *data, size_t features,
                                             struct fed_text *names)
{
	struct fed_table_column *c = fed_alloc_array(2 + features, sizeof *c);
	size_t at = 0;

	for (size_t k = 0; !data->input_name && k < features; k++) {
		fed_text_add(names, "x%zu", k + 1);
		fed_text_put(names, "", 1);
	}
	if (!c || names->failed) {
		fed_free(c);
		return NULL;
	}
	c[0] = (struct fed_table_column){.title = "example", .kind = FED_CELL_NUMBER};
	c[1] = (struct fed_table_column){.title = data->classes ? "class" : "target"};
	for (size_t k = 0; k < features; k++) {
		const char *name = data->input_name ? data->input_name[k] : names->s + at;

		c[2 + k] = (struct fed_table_column){
			.title = name, .kind = FED_CELL_NUMBER, .rank = 1 + (unsigned)k, .key = name};
		at += data->input_name ? 0 : strlen(name) + 1;
	}
	return c;
}

/* Also what --csv and --json show of any dataset. */
static int show_table(struct fed_shell *shell, const struct fed_sample *sample,
                      struct fed_error *err)
{
	const struct fed_dataset *data = fed_session_parts(shell->session)->data;
	const size_t size = fed_shape_size(&data->shape);
	const size_t most = shell->form == FED_FORM_TEXT ? FEATURES_MOST : size;
	const size_t features = size < most ? size : most;
	struct fed_text names = {0};
	struct fed_table_column *columns = make_columns(data, features, &names);
	struct fed_table table = {.name = "sample", .column = columns, .columns = 2 + features};

	if (!columns) {
		fed_text_release(&names);
		return fed_fail_memory(err, size * sizeof *columns, "a table");
	}
	for (uint32_t i = 0; i < sample->n; i++) {
		struct fed_text label = {0};

		fed_sample_put_label(sample, data, i, &label);
		fed__table_integer(&table, sample->place[i]);
		fed__table_cell(&table, "%s", fed_text_str(&label));
		for (size_t k = 0; k < features; k++)
			fed__table_real(&table, (double)sample->x[i * size + k], "%.4g");
		fed_text_release(&label);
	}
	fed__table_print(shell, &table);
	if (features < size)
		fed__print(shell, "the first %zu of %s features\n", features, fed_count((double)size).s);
	fed_free(columns);
	fed_text_release(&names);
	return FED_OK;
}

static int show(struct fed_shell *shell, const struct fed_sample *sample, struct fed_error *err)
{
	const struct fed_dataset *data = fed_session_parts(shell->session)->data;

	if (shell->form != FED_FORM_TEXT || (!data->tokens && data->shape.rank == 1))
		return show_table(shell, sample, err);
	if (data->tokens)
		show_tokens(shell, sample);
	else
		show_pictures(shell, sample);
	return FED_OK;
}

int fed__run_sample(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_sample_args *a = call->args;
	const struct fed_dataset *data = fed_session_parts(shell->session)->data;
	struct fed_sample_plan plan = {
		.class = -1, .n = (uint32_t)a->n, .draw = (uint64_t)a->draw, .test = a->part == TEST};
	struct fed_sample sample;

	if (!data)
		return fed_fail(err, "there is no dataset yet; `dataset glyphs` chooses one");
	if (find_client(shell, a->who, &plan, err))
		return FED_FAIL;
	if (plan.of_client && plan.test)
		return fed_fail(err, "clients hold training examples alone; leave out part=test");
	if ((*a->class && fed_sample_class(data, a->class, &plan.class, err)) ||
	    fed_sample_draw(&sample, shell->session, &plan, err))
		return FED_FAIL;
	say_head(shell, &sample, &plan, a->class);
	const int rc = show(shell, &sample, err);
	fed_sample_release(&sample);
	return rc;
}
