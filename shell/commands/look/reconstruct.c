/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/look/reconstruct.c - a client's example beside its reconstruction.
 */
#include "shell/commands/look/reconstruct.h"

#include <math.h>
#include <string.h>

#include "privacy/reconstruction.h"
#include "history/client_selector.h"
#include "session/composition.h"
#include "train/clients/names.h"
#include "shell/output/image.h"
#include "shell/output/print.h"
#include "train/schemes/schemes.h"
#include "train/schemes/split.h"

enum { BY_SCHEME, SMASHED, UPDATE };
static const char *const sources[] = {"auto", "smashed", "update", NULL};
static const char *const by_scheme[] = {"auto", NULL};

/* Most rows of the table for inputs that are not images. */
#define NUMBERS_MAX 20u

#define A struct fed_reconstruct_args
const struct fed_field fed__reconstruct_rows[] = {
	FED_ARG_TEXT(A, client, FED_ARG_NEEDED, "client", "a client's number or name"),
	FED_ARG_INT(A, example, 0, 0, 0, 1e9, "which of its examples, counted from 0"),
	FED_ARG_CHOICE(
		A, from, 0, BY_SCHEME, sources,
		"what the server gets; auto: smashed data under split and vertical, else an update"),
	FED_INT_WORD(A, cut, 0, 0, 1e6, by_scheme,
                 "where smashed data cross; auto: the scheme's, or the middle of the model"),
	FED_ARG_INT(A, batch, 0, 1, 1, FED_RECONSTRUCTION_BATCH_MAX,
                "examples in the step that made the update"),
	FED_ARG_INT(A, steps, 0, 400, 1, 1e6, "steps of the decoder's training, or of the search"),
	FED_END,
};
#undef A

static const char *name_of(const struct fed_session *s, int32_t label)
{
	const struct fed_composition *parts = fed_session_parts(s);

	return label >= 0 && parts->data->class_name ? parts->data->class_name[label] : NULL;
}

static void say_label(struct fed_shell *shell, const struct fed_reconstruction *k, uint32_t i)
{
	const char *name = name_of(shell->session, k->label[i]);

	if (k->label[i] >= 0)
		fed__print(shell, ", class %d%s%s", k->label[i], name ? " " : "", name ? name : "");
}

static void show_picture(struct fed_shell *shell, const struct fed_reconstruction *k, uint32_t i)
{
	const size_t size = fed_shape_size(&k->shape);
	const struct fed_image_file pictures[] = {
		{"original", k->original + i * size, k->shape, k->low, k->high},
		{"recovered", k->recovered + i * size, k->shape, k->low, k->high},
	};
	struct fed_text drawing = {0};

	fed__screen_measure(shell);
	fed__images_text(pictures, 2, &shell->screen, &drawing);
	fed__print_drawing(shell, &drawing);
	fed_text_release(&drawing);
}

static void show_numbers(struct fed_shell *shell, const struct fed_reconstruction *k, uint32_t i)
{
	const uint32_t all = (uint32_t)fed_shape_size(&k->shape), size = fed_range_size(&k->columns);
	const uint32_t n = size < NUMBERS_MAX ? size : NUMBERS_MAX, first = k->columns.first;
	static const struct fed_table_column columns[] = {
		{.title = "input", .kind = FED_CELL_NUMBER},
		{.title = "original", .kind = FED_CELL_NUMBER},
		{.title = "recovered", .kind = FED_CELL_NUMBER},
	};
	struct fed_table table = {.name = "inputs", .column = columns, .columns = 3};

	for (uint32_t j = first; j < first + n; j++) {
		fed__table_integer(&table, j);
		fed__table_real(&table, k->original[i * all + j], "%#.4g");
		fed__table_real(&table, k->recovered[i * all + j], "%#.4g");
	}
	fed__table_print(shell, &table);
	if (n < size)
		fed__print(shell, "the first %u of %u inputs\n", n, size);
}

static void put_psnr(struct fed_text *text, const struct fed_reconstruction *k, double mse)
{
	if (mse > 0)
		fed_text_add(text, "%.1f dB", fed_reconstruction_psnr(k, mse));
	else
		fed_text_add(text, "infinite");
}

static void say_figures(struct fed_shell *shell, const struct fed_reconstruction *k, uint32_t i)
{
	struct fed_text text = {0};

	fed_text_add(&text, "MSE %.3g, PSNR ", k->mse[i]);
	put_psnr(&text, k, k->mse[i]);
	fed_text_add(&text, "; for comparison, the mean of %u public examples: MSE %.3g, PSNR ",
	             k->publics, k->guess[i]);
	put_psnr(&text, k, k->guess[i]);
	fed__print(shell, "%s\n", fed_text_str(&text));
	fed_text_release(&text);
}

/* The codec of what clients send. */
static struct fed_codec_names codecs_of(const struct fed_settings *settings)
{
	struct fed_codec_names names = {"none", "none"};
	struct fed_error unused; /* the text was checked when it was set */

	fed_codec_names_parse(settings->codec, &names, &unused);
	return names;
}

/* Whether updates are sent unchanged: no noise, no codec. */
static bool is_sent_unchanged(const struct fed_settings *settings)
{
	return settings->noise == 0 && strcmp(codecs_of(settings).up, "none") == 0;
}

static void say_method(struct fed_shell *shell, const struct fed_reconstruction *k,
                       const struct fed_reconstruction_plan *plan)
{
	const struct fed_session *s = shell->session;
	const struct fed_composition *parts = fed_session_parts(s);

	if (k->how == FED_RECONSTRUCTION_DECODER)
		fed__print(shell,
		           "from smashed data at cut %zu, after %s, by a decoder trained %u step%s on %u\n"
		           "public examples (the test examples)",
		           plan->cut, parts->net.layer[plan->cut - 1].name, k->steps,
		           k->steps == 1 ? "" : "s", k->publics);
	else if (k->how == FED_RECONSTRUCTION_EXACT)
		fed__print(shell,
		           "from the update of one step on this example, %s: the first layer is dense",
		           is_sent_unchanged(&parts->settings) ? "exactly" : "by one division");
	else
		fed__print(shell,
		           "from the update of one step on %u example%s, by matching gradients in "
		           "%u step%s,\nto a cosine of %.4f",
		           k->batch, k->batch == 1 ? "" : "s", k->steps, k->steps == 1 ? "" : "s",
		           1 - k->distance);
	fed__print(shell, "; noise %g", parts->settings.noise);
	const struct fed_codec_names codecs = codecs_of(&parts->settings);
	if (k->how != FED_RECONSTRUCTION_DECODER && strcmp(codecs.up, "none") != 0)
		fed__print(shell, ", codec %s", codecs.up);
	fed__print(shell, "\n");
}

static void write_json(struct fed_shell *shell, const struct fed_reconstruction *k,
                       const struct fed_reconstruction_plan *plan, uint32_t i)
{
	static const char *const how[] = {"decoder", "exact", "matching"};
	struct fed_text line = {0};

	fed_text_add(
		&line, "{\"v\":1,\"event\":\"reconstruct\",\"version\":%llu,\"client\":%u,\"example\":%u,",
		(unsigned long long)fed_session_version(shell->session), plan->client, plan->example + i);
	fed_text_add(&line, "\"how\":\"%s\",\"cut\":", how[k->how]);
	fed_text_json_number(&line, k->how == FED_RECONSTRUCTION_DECODER ? (double)plan->cut : NAN);
	fed_text_add(&line, ",\"noise\":");
	fed_text_json_number(&line, fed_session_parts(shell->session)->settings.noise);
	fed_text_add(&line, ",\"mse\":");
	fed_text_json_number(&line, k->mse[i]);
	fed_text_add(&line, ",\"psnr\":");
	fed_text_json_number(&line, k->mse[i] > 0 ? fed_reconstruction_psnr(k, k->mse[i]) : NAN);
	fed_text_add(&line, ",\"guess_psnr\":");
	fed_text_json_number(&line, k->guess[i] > 0 ? fed_reconstruction_psnr(k, k->guess[i]) : NAN);
	fed_text_add(&line, "}");
	fed__print_json(shell, &line);
}

static void say_client(struct fed_shell *shell, uint32_t id)
{
	struct fed_text text = {0};

	fed_client_put(&text, &fed_session_parts(shell->session)->clients, id);
	fed__print(shell, "%s", fed_text_str(&text));
	fed_text_release(&text);
}

static void show(struct fed_shell *shell, const struct fed_reconstruction *k,
                 const struct fed_reconstruction_plan *plan)
{
	for (uint32_t i = 0; i < k->batch; i++) {
		say_client(shell, plan->client);
		fed__print(shell, ", example %u", plan->example + i);
		say_label(shell, k, i);
		if (k->party)
			fed__print(shell, ", columns %u to %u (the others: the mean)", k->columns.first,
			           k->columns.last);
		fed__print(shell, "\n");
		if (k->shape.rank > 1)
			show_picture(shell, k, i);
		else
			show_numbers(shell, k, i);
		say_figures(shell, k, i);
		write_json(shell, k, plan, i);
	}
	say_method(shell, k, plan);
}

static bool is_split(const struct fed_session *s)
{
	const struct fed_scheme *scheme = fed_session_parts(s)->scheme;

	return scheme == &fed_scheme_split || scheme == &fed_scheme_vertical;
}

/* The scheme's cut, or the middle of a model that is not cut. */
static int default_cut(const struct fed_session *s, size_t *cut, struct fed_error *err)
{
	const struct fed_composition *parts = fed_session_parts(s);
	size_t at[2];

	*cut = parts->net.layers / 2;
	if (!is_split(s))
		return FED_OK;
	if (fed_split_cuts(parts->scheme_state, &parts->net, at, err))
		return FED_FAIL;
	*cut = at[0];
	return FED_OK;
}

int fed__run_reconstruct(struct fed_shell *shell, const struct fed_call *call,
                         struct fed_error *err)
{
	const struct fed_reconstruct_args *a = call->args;
	struct fed_session *s = shell->session;
	struct fed_reconstruction k;

	size_t cut;
	uint32_t client;
	if (fed_client_parse(a->client, &fed_session_parts(s)->clients, &client, err) ||
	    fed_session_start(s, err) || default_cut(s, &cut, err))
		return FED_FAIL;
	const bool smashed = a->from == SMASHED || (a->from == BY_SCHEME && is_split(s));
	const struct fed_reconstruction_plan plan = {
		.client = client,
		.example = (uint32_t)a->example,
		.from = smashed ? FED_RECONSTRUCTION_SMASHED : FED_RECONSTRUCTION_UPDATE,
		.cut = a->cut ? (size_t)a->cut : cut,
		.batch = smashed ? 1 : (uint32_t)a->batch,
		.steps = (uint32_t)a->steps,
	};
	if (fed_reconstruction_make(&k, s, &plan, err))
		return FED_FAIL;
	show(shell, &k, &plan);
	if (k.stopped) {
		fed__print(shell, "stopped early, after %u of %u step%s\n", k.steps, plan.steps,
		           plan.steps == 1 ? "" : "s");
		shell->fault = FED_EXIT_INTERRUPTED;
		fed__signals_interrupted();
	}
	fed_reconstruction_release(&k);
	return FED_OK;
}
