/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/compose.c - commands that compose a session: data, model, clients, plugins,
 * scheme, settings.
 */
#include <string.h>

#include "base/mem.h"
#include "report/model_file.h"
#include "session/composition.h"
#include "shell/commands/compose/dataset.h"
#include "shell/commands/compose/equipment.h"
#include "shell/commands/compose/pretrain.h"
#include "shell/commands/groups.h"
#include "shell/language/command.h"
#include "shell/output/print.h"
#include "shell/commands/compose/model.h"
#include "shell/commands/compose/select.h"
#include "shell/commands/compose/settings.h"
#include "shell/output/settings.h"
#include "shell/serving/serving.h"
#include "train/schemes/schemes.h"

struct name_args {
	char name[4096];
};

/* Field rows of the named plugin or scheme: its parameters. */
static const struct fed_field *plugin_rows(const struct fed_shell *shell, enum fed_kind kind,
                                           const void *args)
{
	const struct name_args *a = args;
	const struct fed_entry *entry;
	struct fed_error unused;

	return fed_registry_find(fed_session_plugins(shell->session), kind, a->name, &entry, &unused) ==
	               FED_OK
	           ? entry->head->fields
	           : NULL;
}
struct aggregator_args {
	char name[4096]; /* as in struct name_args */
	char after[64];
};
static const struct fed_field *aggregator_rows(const struct fed_shell *shell, const void *args)
{
	return plugin_rows(shell, FED_KIND_AGGREGATOR, args);
}
/* The parameters of the pre-aggregation. */
static const struct fed_field *after_rows(const struct fed_shell *shell,
                                          const struct fed_call *call)
{
	const struct aggregator_args *a = call->args;
	const struct fed_entry *entry;
	struct fed_error unused;

	return fed_registry_find(fed_session_plugins(shell->session), FED_KIND_AGGREGATOR, a->after,
	                         &entry, &unused) == FED_OK
	           ? entry->head->fields
	           : NULL;
}
static const struct fed_field *model_rows(const struct fed_shell *shell, const void *args)
{
	return plugin_rows(shell, FED_KIND_MODEL, args);
}
static const struct fed_field *transport_rows(const struct fed_shell *shell, const void *args)
{
	return plugin_rows(shell, FED_KIND_TRANSPORT, args);
}
static const struct fed_field *scheme_rows(const struct fed_shell *shell, const void *args)
{
	const struct name_args *a = args;
	const struct fed_scheme *scheme;
	struct fed_error unused;

	(void)shell;
	return fed_scheme_find(a->name, &scheme, &unused) == FED_OK ? scheme->fields : NULL;
}

static void say_model(struct fed_shell *shell)
{
	const struct fed_session *s = shell->session;
	const struct fed_composition *parts = fed_session_parts(s);
	struct fed_text text = {0};

	fed_text_add(&text, "model %s: ", parts->model.entry->head->name);
	if (parts->net_built) {
		fed_text_count(&text, (double)parts->net.dim);
		fed_text_add(&text, " parameters, ");
		fed_text_bytes(&text, 4.0 * (double)parts->net.dim);
		fed_text_add(&text, ", ");
		if (parts->net.frozen_dim) {
			fed_text_count(&text, (double)parts->net.frozen_dim);
			fed_text_add(&text, " frozen, ");
		}
		fed_text_si(&text, fed_net_flops(&parts->net, 0, parts->net.layers), "FLOP");
		fed_text_add(&text, " forward per example");
	} else {
		fed_text_add(&text, "built when a dataset is chosen");
	}
	fed__print(shell, "%s\n", fed_text_str(&text));
	fed_text_release(&text);
}

/* "aggregator fedadam eta=0.1 ..." */
static void say_instance(struct fed_shell *shell, const char *kind, const char *name,
                         const struct fed_field *rows, const void *state)
{
	struct fed_text text = {0};

	if (rows)
		fed_fields_print(rows, state, false, &text);
	fed__print(shell, "%s %s%s%s\n", kind, name, text.len ? "  " : "", fed_text_str(&text));
	fed_text_release(&text);
}

static void say_cut(struct fed_shell *shell)
{
	struct fed_text text = {0};

	fed__put_cut(shell->session, &text);
	if (text.len)
		fed__print(shell, "cut: %s\n", fed_text_str(&text));
	fed_text_release(&text);
}

static int run_model(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct name_args *a = call->args;
	struct fed_session *s = shell->session;
	const struct fed_composition *parts = fed_session_parts(s);

	if (*a->name) {
		if (fed_is_model_file(a->name) && call->n_extra)
			return fed_fail(
				err, "a file of layers takes no settings, gets %s=", fed_show(call->extra->key).s);
		const bool file = fed_is_model_file(a->name);
		struct fed_failing *failing = &shell->failing;

		if (file ? fed_session_model_from_file(s, a->name, err)
		         : fed_session_model(s, a->name, call->extra, call->n_extra, err)) {
			if (!file || !fed_model_file_line(a->name, err->text, failing->file_line,
			                                  sizeof failing->file_line, &failing->file_at))
				*failing->file_line = '\0';
			return FED_FAIL;
		}
		say_model(shell);
		return FED_OK;
	}
	if (fed_session_complete(s, err))
		return FED_FAIL;
	say_instance(shell, "model", parts->model.entry->head->name, parts->model.entry->head->fields,
	             parts->model.state);
	fed__print_model(shell);
	struct fed_text text = {0};
	fed_text_count(&text, (double)parts->net.dim);
	fed_text_add(&text, " parameters, ");
	fed_text_si(&text, fed_net_flops(&parts->net, 0, parts->net.layers), "FLOP");
	fed__print(shell, "%s forward per example, %s\n", fed_text_str(&text),
	           parts->net.loss == FED_LOSS_CROSS_ENTROPY ? "cross entropy" : "squared loss");
	fed_text_release(&text);
	say_cut(shell);
	return FED_OK;
}

/* Choose the aggregator with its settings and the pre-aggregation, which has a row of its own here.
 */
static int choose_aggregator(struct fed_session *s, const struct fed_call *call,
                             struct fed_error *err)
{
	const struct aggregator_args *a = call->args;
	struct fed_key_values all;

	if (fed_key_values_copy(&all, call->extra, call->n_extra, err))
		return FED_FAIL;
	int rc = *a->after ? fed_key_values_add(&all, "after", a->after, err) : FED_OK;
	if (rc == FED_OK)
		rc = fed_session_aggregator(s, a->name, all.assign, all.n, err);
	fed_key_values_release(&all);
	return rc;
}

static int run_aggregator(struct fed_shell *shell, const struct fed_call *call,
                          struct fed_error *err)
{
	const struct aggregator_args *a = call->args;
	struct fed_session *s = shell->session;
	const struct fed_composition *parts = fed_session_parts(s);
	struct fed_text text = {0};

	if (!*a->name && (*a->after || call->n_extra))
		return fed_fail(err, "after= needs an aggregator: `aggregator NAME after=NAME`");
	if (*a->name && choose_aggregator(s, call, err))
		return FED_FAIL;
	if (!parts->aggregator.entry) {
		shell->fault = FED_EXIT_FAILED;
		return fed_fail(err, "none chosen yet; the first round uses fedavg");
	}
	fed__put_instance(&parts->aggregator, &text);
	fed__print(shell, "aggregator %s%s%s\n", parts->aggregator.entry->head->name,
	           text.len ? "  " : "", fed_text_str(&text));
	fed_text_release(&text);
	return FED_OK;
}

static int run_transport(struct fed_shell *shell, const struct fed_call *call,
                         struct fed_error *err)
{
	const struct name_args *a = call->args;
	struct fed_session *s = shell->session;
	const struct fed_composition *parts = fed_session_parts(s);

	if (*a->name && fed_session_transport(s, a->name, call->extra, call->n_extra, err))
		return FED_FAIL;
	if (!parts->transport.entry) {
		shell->fault = FED_EXIT_FAILED;
		return fed_fail(err, "none chosen yet; the first round uses local");
	}
	say_instance(shell, "transport", parts->transport.entry->head->name,
	             parts->transport.entry->head->fields, parts->transport.state);
	return FED_OK;
}

static int run_scheme(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct name_args *a = call->args;
	struct fed_session *s = shell->session;
	const struct fed_composition *parts = fed_session_parts(s);

	if (*a->name && fed_session_scheme(s, a->name, call->extra, call->n_extra, err))
		return FED_FAIL;
	say_instance(shell, "scheme", parts->scheme->name, parts->scheme->fields, parts->scheme_state);
	say_cut(shell);
	return FED_OK;
}

/* Clients ------------------------------------------------------------------ */

struct add_args {
	int64_t n;
	int partition; /* enum fed_partition_kind */
	int64_t samples, shards;
	double alpha, spread;
	char device[64], link[64], name[4096];
	bool reuse;
};
enum { ADD_N, ADD_PARTITION, ADD_SAMPLES, ADD_SHARDS, ADD_ALPHA, ADD_SPREAD };
static const struct fed_field add_rows[] = {
	FED_ARG_INT(struct add_args, n, FED_ARG_NEEDED, 1, 1, 4e9, "number of clients"),
	FED_ROW(struct add_args, partition, int, FED_TYPE_CHOICE, .flags = FED_FIELD_POSITIONAL,
            .def = FED_PARTITION_IID, .choice = fed_partition_names,
            .help = "how examples are partitioned; `explain NAME` describes each"),
	FED_INT(struct add_args, samples, FED_PARTITION_SAMPLES, 1, UINT32_MAX,
            "examples of each client; without it fewer when the pool is short"),
	FED_INT(struct add_args, shards, 2, 1, UINT32_MAX, "partition shards: label shards a client"),
	FED_REAL(struct add_args, alpha, 0.5, 1e-6, 1e6,
             "partition dirichlet: small is few classes a client"),
	FED_REAL(struct add_args, spread, 0.5, 0, 100,
             "partition quantity: spread of the sizes; feature: of the inputs"),
	FED_TEXT(struct add_args, device, FED_DEVICE_DEFAULT, "device", FED_DEVICE_HELP),
	FED_TEXT(struct add_args, link, FED_LINK_DEFAULT, "link", FED_LINK_HELP),
	FED_TEXT(struct add_args, name, NULL, NULL,
             "a name, to which several clients add a number; or as many, joined by commas"),
	FED_FLAG(struct add_args, reuse, "clients may share examples once the pool is empty"),
	FED_END,
};

/* Infer the partition from shards= or alpha=, which are rejected with another partition. */
static int choose_partition(const struct fed_call *call, int *kind, struct fed_error *err)
{
	const struct add_args *a = call->args;
	const bool named = fed_call_has(call, ADD_PARTITION);
	static const struct {
		size_t row;
		int kind, also;
		const char *key;
	} keys[] = {
		{ADD_SHARDS, FED_PARTITION_SHARDS, FED_PARTITION_SHARDS, "shards"},
		{ADD_ALPHA, FED_PARTITION_DIRICHLET, FED_PARTITION_DIRICHLET, "alpha"},
		{ADD_SPREAD, FED_PARTITION_QUANTITY, FED_PARTITION_FEATURE, "spread"},
	};

	*kind = a->partition;
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		if (!fed_call_has(call, keys[i].row))
			continue;
		if (!named)
			*kind = keys[i].kind;
		if (*kind != keys[i].kind && *kind != keys[i].also)
			return fed_fail(err, "%s= belongs to partition %s, not to %s", keys[i].key,
			                fed_partition_names[keys[i].kind], fed_partition_names[*kind]);
	}
	return FED_OK;
}

static int run_add(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct add_args *a = call->args;
	struct fed_session *s = shell->session;
	struct fed_text text = {0};
	struct fed_device_spec device;
	struct fed_link_spec link;
	uint32_t first;
	int kind;

	if (choose_partition(call, &kind, err) || fed_device_parse(a->device, &device, err) ||
	    fed_link_parse(a->link, &link, err)) {
		shell->fault = FED_EXIT_USAGE;
		return FED_FAIL;
	}
	const struct fed_partition how = {
		.kind = (enum fed_partition_kind)kind,
		.samples = fed_call_has(call, ADD_SAMPLES) ? a->samples : 0,
		.shards = a->shards,
		.alpha = a->alpha,
		.spread = a->spread,
		.reuse = a->reuse,
	};
	const bool spreads = fed__spread_at_prompt(shell, &device, &link);
	if (fed_session_add_clients(s, (uint32_t)a->n, &how, &device, &link, *a->name ? a->name : NULL,
	                            &first, err))
		return FED_FAIL;
	fed_text_count(&text, (double)a->n);
	if (a->n == 1)
		fed_text_add(&text, " client, number %u, %s; ", first, fed_partition_names[kind]);
	else
		fed_text_add(&text, " clients, %u to %u, %s; ", first, first + (uint32_t)a->n - 1,
		             fed_partition_names[kind]);
	const uint32_t left = fed_session_parts(s)->clients.pool.left;
	fed_text_count(&text, left);
	fed__print(shell, "%s example%s left in the pool\n", fed_text_str(&text), left == 1 ? "" : "s");
	fed_text_release(&text);
	fed__hint_at_losses(shell, &link);
	return spreads ? fed__spread_keep(shell, err) : FED_OK;
}

struct who_args {
	char who[4096];
};
static const struct fed_field remove_rows[] = {
	FED_ARG_TEXT(struct who_args, who, FED_ARG_NEEDED, "who",
                 "3, 1-5, 1,4,7-9, 20%, random:3, all"),
	FED_END,
};
static int run_remove(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct who_args *a = call->args;
	struct fed_session *s = shell->session;
	const struct fed_composition *parts = fed_session_parts(s);
	struct fed_text text = {0};
	uint32_t n;

	if (fed_session_remove_clients(s, a->who, &n, err))
		return FED_FAIL;
	fed_text_count(&text, n);
	fed_text_add(&text, n == 1 ? " client removed, " : " clients removed, ");
	fed_text_count(&text, parts->clients.n_present);
	fed_text_add(&text, " left; ");
	fed_text_count(&text, parts->clients.pool.left);
	fed__print(shell, "%s example%s in the pool\n", fed_text_str(&text),
	           parts->clients.pool.left == 1 ? "" : "s");
	fed_text_release(&text);
	return FED_OK;
}

/* Settings ----------------------------------------------------------------- */

struct set_args {
	char key[64], value[512];
};
static const struct fed_field set_rows[] = {
	FED_ARG_TEXT(struct set_args, key, FED_FIELD_POSITIONAL, "setting", "a name that `show` lists"),
	FED_ARG_TEXT(struct set_args, value, FED_FIELD_POSITIONAL, "value", "its new value"),
	FED_END,
};
/* Whether it is `set client 3-7 link=3g`, whose value is WHO. */
static bool is_client(const struct set_args *a)
{
	return strcmp(a->key, "client") == 0;
}
static const struct fed_field *setting_rows(const struct fed_shell *shell, const void *args)
{
	const struct set_args *a = args;

	(void)shell;
	return is_client(a) ? fed__equipment_fields : fed_settings_fields;
}

/* Set KEY VALUE and all key=value: all or none. */
static int set_all(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct set_args *a = call->args;
	const size_t first = *a->key != 0, n = first + call->n_extra;
	struct fed_assign *assign = fed_alloc_array(n, sizeof *assign);

	if (!assign)
		return fed_fail_memory(err, n * sizeof *assign, "the settings");
	if (first)
		assign[0] = (struct fed_assign){.key = a->key, .value = a->value};
	for (size_t i = 0; i < call->n_extra; i++)
		assign[first + i] = call->extra[i];
	const bool own = fed_fields_find(fed__shell_fields, assign[0].key);
	const int rc = own ? fed__set_own(shell, assign, n, err)
	                   : fed_session_set_all(shell->session, assign, n, err);
	for (size_t i = 0; rc == FED_OK && !own && i < n; i++)
		fed__show_setting(shell, assign[i].key, err);
	fed_free(assign);
	return rc;
}

/* Whether it is `set noise sigma=0.5`, whose value is named by the field's hint. */
static bool is_named(const struct fed_shell *shell, const struct set_args *a,
                     const struct fed_assign *value)
{
	const struct fed_field *row = fed__find_setting(shell, a->key);

	return row && row->hint && strcmp(row->hint, value->key) == 0;
}

static int set_named(struct fed_shell *shell, const struct set_args *a,
                     const struct fed_assign *value, struct fed_error *err)
{
	if (fed_session_set(shell->session, a->key, value->value, err))
		return FED_FAIL;
	return fed__show_setting(shell, a->key, err);
}

/* Whether it is `set NAME ...` of what is no setting, as `set rounds 5`. */
static bool asks(const struct fed_shell *shell, const struct fed_call *call, const char *name)
{
	const struct set_args *a = call->args;
	const char *key = *a->key ? a->key : call->n_extra ? call->extra[0].key : "";

	return fed_same_name(key, name) && !fed__find_setting(shell, key);
}
/* Whether each setting is one of the shell's own. */
static bool are_own(const struct fed_call *call)
{
	const struct set_args *a = call->args;
	bool own = !*a->key || fed_fields_find(fed__shell_fields, a->key);

	for (size_t i = 0; i < call->n_extra; i++)
		own = own && fed_fields_find(fed__shell_fields, call->extra[i].key);
	return own;
}

static int run_set(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct set_args *a = call->args;

	if (shell->configuring && !are_own(call))
		return fed_fail(err, "the configuration holds only settings of the shell (echo, step), so "
		                     "that sessions begin the same everywhere");
	if (is_client(a))
		return fed__set_equipment(shell, a->value, call->extra, call->n_extra, err);
	if (!*a->key && !call->n_extra)
		return fed_fail(
			err, "needs a setting: `set lr 0.05` or `set lr=0.05 batch=20`; `show` lists all");
	if (asks(shell, call, "rounds") || asks(shell, call, "round"))
		return fed_fail(err, "there is no setting rounds; `round N` makes N rounds");
	if (asks(shell, call, "autosave"))
		return fed_fail(err,
		                "autosave is not a setting of the session; `autosave 30` saves every 30 "
		                "seconds, `autosave off` not at all");
	if (*a->key && !fed_call_has(call, 1) && call->n_extra == 1 && is_named(shell, a, call->extra))
		return set_named(shell, a, call->extra, err);
	if (fed_same_name(a->key, "codec") && !fed_call_has(call, 1) &&
	    fed__are_directions(call->extra, call->n_extra))
		return fed__set_directions(shell, call->extra, call->n_extra, err);
	if (*a->key && !fed_call_has(call, 1) && !fed__find_setting(shell, a->key))
		return fed__show_setting(shell, a->key, err); /* which says that there is none */
	if (*a->key && !fed_call_has(call, 1))
		return fed_fail(err, "%s needs a value: `set %s VALUE`", fed_show(a->key).s,
		                fed_show(a->key).s);
	return set_all(shell, call, err);
}

struct reset_args {
	bool keep_settings;
};
static const struct fed_field reset_rows[] = {
	FED_FLAG(struct reset_args, keep_settings, "keep learning rate, epochs and all other settings"),
	FED_END,
};
static int run_reset(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct reset_args *a = call->args;

	if (fed_session_reset(shell->session, a->keep_settings, err))
		return FED_FAIL;
	if (!a->keep_settings)
		fed__journal_restart(shell);
	fed__print(shell, a->keep_settings ? "session reset; settings kept\n" : "session reset\n");
	fed__serving_renew(shell);
	return FED_OK;
}

static int run_restart(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	(void)call;
	if (fed_session_restart(shell->session, err))
		return FED_FAIL;
	fed__print(shell, "restarted at version 0; clients, model and settings kept\n");
	fed__serving_restart(shell);
	return FED_OK;
}

#define NAME_ARGS(rows) .args = rows, .args_size = sizeof(struct name_args)
#define NAME_ROWS(rows, hint, help)          \
	static const struct fed_field rows[] = { \
		FED_ARG_TEXT(struct name_args, name, FED_FIELD_POSITIONAL, hint, help), FED_END}
NAME_ROWS(model_args, "model",
          "a model plugin, or a file of layers (.fed-model); without it the layers are shown");
static const struct fed_field aggregator_args[] = {
	FED_ARG_TEXT(struct aggregator_args, name, FED_FIELD_POSITIONAL, "aggregator",
                 "an aggregator plugin"),
	FED_ARG_TEXT(struct aggregator_args, after, 0, "pre-aggregation",
                 "a pre-aggregation that mixes the updates first"),
	FED_END};
NAME_ROWS(transport_args, "transport", "a transport plugin");
NAME_ROWS(scheme_args, "scheme", "who talks to whom and who waits for whom");

const struct fed_command fed__commands_compose[] = {
	{.name = "dataset",
     .help = "choose the examples, or show what they are",
     .text =
         "Built in and made from the seed: glyphs, scans, moons, circles, spirals,\n"
         "xor, blobs, synthetic, linear. fashion reads Debian's package\n"
         "dataset-fashion-mnist. A folder is read as IDX files (MNIST and its kin, plain\n"
         "or .gz), a table (.csv, .tsv, .data) row by row: the label is in its last column,\n"
         "or in label=COLUMN; client=COLUMN makes natural clients. What was guessed of a file\n"
         "is told; `dataset` alone shows all that was found, and what overrules it.\n"
         "JSON of LEAF (a file, or a folder with train/ and test/) makes its users clients.\n"
         "NumPy's arrays come from .npz, a folder of .npy files or x.npy labels=y.npy.\n"
         "`dataset text FILE` makes a character task of a file, of several\n"
         "(a.txt,b.txt) or of a folder of .txt files; markov generates users who write by habit.",
     .examples =
         FED_EXAMPLES("dataset glyphs train=500 test=100", "dataset blobs classes=3",
                      "dataset linear d=5 noise=0.1", "dataset spirals classes=3 noise=0.02",
                      "dataset fashion else=glyphs", "dataset markov users=20 habits=0.5",
                      "dataset scans; add-client 5 natural; clients", "dataset blobs; dataset"),
     .args = fed__dataset_rows,
     .args_size = sizeof(struct fed_dataset_args),
     .more = fed__dataset_more,
     .run = fed__run_dataset,
     .looks = fed__names_nothing,
     .flags = FED_COMMAND_CHANGES | FED_COMMAND_DISCARDS | FED_COMMAND_REJECTS},
	{.name = "model",
     .help = "choose the model, or show its layers",
     .text = "Without a name: layers, shapes, parameters, FLOPs of one example, possible cuts.\n"
             "A new model starts at version 0 with parameters from the seed. FILE.fed-model has\n"
             "a layer a line (`explain layers`); `export FILE.fed-model` writes one.\n"
             "With lora=4 all layers are frozen; adapters of rank 4, of dense layers and in\n"
             "attention of q and v, or where lora-on= says, alone are trained and travel:\n"
             "`pretrain` or `import` the base.",
     .examples = FED_EXAMPLES("dataset blobs; model softmax", "model mlp hidden=64",
                              "dataset blobs; model mlp hidden=16; model",
                              "dataset blobs; model mlp hidden=16 lora=2; model"),
     NAME_ARGS(model_args),
     .more = model_rows,
     .run = run_model,
     .looks = fed__names_nothing,
     .flags = FED_COMMAND_CHANGES | FED_COMMAND_DISCARDS | FED_COMMAND_TABLE,
     .failure = FED_EXIT_USAGE},
	{.name = "pretrain",
     .help = "train the model, or its frozen base, at one place before the federation",
     .text =
         "On examples that no client holds, all layers, with the clients' batch, lr and momentum;\n"
         "Of a model with lora= the outcome is the frozen base, which clients have and do not\n"
         "train; of any other it is version 0. `import FILE` takes one from elsewhere. `restart`\n"
         "and another seed keep a base; without lora= they begin from the seed. A second\n"
         "`pretrain` goes on from the first.",
     .examples = FED_EXAMPLES("dataset blobs; model mlp hidden=16 lora=2; pretrain; add-client 5",
                              "dataset blobs; add-client 5 samples=20; model mlp hidden=16 lora=2; "
                              "pretrain 2 examples=500 lr=0.05; round 1"),
     .args = fed__pretrain_rows,
     .run = fed__run_pretrain,
     .args_size = sizeof(struct fed_pretrain_plan),
     .flags = FED_COMMAND_CHANGES | FED_COMMAND_REJECTS | FED_COMMAND_LIVE,
     .failure = FED_EXIT_ROUND},
	{.name = "add-client",
     .help = "let clients join; each gets examples from the pool",
     .text =
         "Without a partition: iid. shards= or alpha= alone choose theirs. Examples are drawn\n"
         "without replacement until the pool is empty; reuse lets clients share them. device= and\n"
         "link= decide what computing and messages take in virtual time; device=phone:0.5\n"
         "link=4g:0.3 spreads clients around it, without which `device-spread` does: 0.2 at the\n"
         "prompt, so that clients of one profile do not answer together, and none in scripts. A\n"
         "link's drops and jitter happen with `transport lossy`.",
     .examples = FED_EXAMPLES("dataset blobs; add-client 10 samples=50",
                              "dataset blobs; add-client 5 shards=3 samples=60",
                              "dataset blobs; add-client 20 dirichlet alpha=0.1 samples=100",
                              "dataset blobs; add-client 1000 reuse device=1e9",
                              "dataset blobs; add-client 10 samples=50 device=phone:0.5 link=4g"),
     .args = add_rows,
     .args_size = sizeof(struct add_args),
     .run = run_add,
     .flags = FED_COMMAND_CHANGES},
	{.name = "remove-client",
     .help = "let clients leave; their examples return to the pool",
     .examples = FED_EXAMPLES("dataset blobs; add-client 10 samples=50; remove-client 3,5-7",
                              "dataset blobs; add-client 10 samples=50; remove-client random:2"),
     .args = remove_rows,
     .args_size = sizeof(struct who_args),
     .run = run_remove,
     .flags = FED_COMMAND_CHANGES,
     .failure = FED_EXIT_USAGE},
	{.name = "aggregator",
     .help = "choose how updates become a step",
     .text = "The model and its version stay. `explain NAME` shows formula and source. A\n"
             "pre-aggregation (after=) mixes the updates before the aggregator gets them; its\n"
             "parameters are after.KEY, or KEY alone. A KEY that both have is set in both.",
     .examples = FED_EXAMPLES(
		 "aggregator fedavg", "aggregator fedadam eta=0.1", "aggregator krum f=3 after=nnm",
		 "aggregator median after=bucketing s=3", "aggregator multi-krum f=2 after=nnm after.f=1"),
     .args = aggregator_args,
     .args_size = sizeof(struct aggregator_args),
     .more = aggregator_rows,
     .also = after_rows,
     .run = run_aggregator,
     .looks = fed__names_nothing,
     .flags = FED_COMMAND_CHANGES,
     .failure = FED_EXIT_USAGE},
	{.name = "transport",
     .help = "choose what carries the messages",
     .examples = FED_EXAMPLES("transport local", "transport lossy retries=2"),
     NAME_ARGS(transport_args),
     .more = transport_rows,
     .run = run_transport,
     .looks = fed__names_nothing,
     .flags = FED_COMMAND_CHANGES,
     .failure = FED_EXIT_USAGE},
	{.name = "select",
     .help = "choose which clients take part in a round, or show the rule",
     .text = "Without it every client is equally likely. A rule sees of the clients what it\n"
             "declares (`info NAME`); how many it picks is the setting fraction or participants.",
     .examples = FED_EXAMPLES("select power-of-choice d=6", "select oort alpha=1; select",
                              "dataset blobs; add-client 10 quantity samples=40; select by-size; "
                              "set participants 3; round 2"),
     .args = fed__select_rows,
     .args_size = sizeof(struct fed_select_args),
     .more = fed__select_more,
     .run = fed__run_select,
     .looks = fed__names_nothing,
     .flags = FED_COMMAND_CHANGES,
     .failure = FED_EXIT_USAGE},
	{.name = "scheme",
     .help = "choose who waits for whom",
     .examples = FED_EXAMPLES("scheme sync"),
     NAME_ARGS(scheme_args),
     .more = scheme_rows,
     .run = run_scheme,
     .looks = fed__names_nothing,
     .flags = FED_COMMAND_CHANGES,
     .failure = FED_EXIT_USAGE},
	{.name = "set",
     .help = "change a setting",
     .text = "Settings of the session, or of the present aggregator, model, transport and\n"
             "scheme; where two have the name, write aggregator.KEY and so on.\n"
             "`set client WHO` changes devices and links of clients.",
     .examples =
         FED_EXAMPLES("dataset blobs; add-client 10 samples=50; set client 3-7 link=3g "
                      "device=iot",
                      "set lr 0.05", "set fraction=0.1 epochs=5 batch=10",
                      "aggregator fedadam; set aggregator.eta 0.01", "set codec top-k:0.01",
                      "set codec up=qsgd:levels=64:bucket=512 down=fp16", "set noise sigma=0.001"),
     .args = set_rows,
     .args_size = sizeof(struct set_args),
     .more = setting_rows,
     .run = run_set,
     .flags = FED_COMMAND_CONFIGURES | FED_COMMAND_CHANGES | FED_COMMAND_ANY_KEY,
     .failure = FED_EXIT_USAGE},
	{.name = "show",
     .help = "show settings with their values",
     .examples = FED_EXAMPLES("show", "show lr"),
     .args = fed__show_rows,
     .args_size = sizeof(struct fed_show_args),
     .run = fed__run_show,
     .flags = FED_COMMAND_TABLE,
     .failure = FED_EXIT_USAGE},
	{.name = "reset",
     .help = "begin again with an empty session",
     .examples = FED_EXAMPLES("reset", "set lr 0.2; reset keep-settings"),
     .args = reset_rows,
     .args_size = sizeof(struct reset_args),
     .run = run_reset,
     .flags = FED_COMMAND_CHANGES | FED_COMMAND_DISCARDS},
	{.name = "restart",
     .help = "go back to version 0; clients, model and settings stay",
     .examples = FED_EXAMPLES("dataset blobs; add-client 4 samples=50; round 2; restart"),
     .run = run_restart,
     .flags = FED_COMMAND_CHANGES | FED_COMMAND_DISCARDS},
	{0},
};
