/* SPDX-License-Identifier: GPL-3.0-or-later */
/* train/lab.c - a small federation, composed as a session does it.
 */
#include "train/lab.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "train/schemes/schemes.h"

#define WORDS_MAX 8

struct words {
	char text[1024];
	const char *name;
	struct fed_assign assign[WORDS_MAX];
	size_t n;
};

static void split(const char *spec, struct words *w)
{
	char *rest = w->text;

	w->n = 0;
	snprintf(w->text, sizeof w->text, "%s", spec);
	/* A path may have blanks in it. */
	char *suffix = *spec == '/' ? strstr(w->text, ".so") : NULL;
	if (suffix)
		rest = suffix;
	strsep(&rest, " ");
	w->name = w->text;
	while (rest && w->n < WORDS_MAX) {
		char *value = strsep(&rest, " ");
		const char *key = strsep(&value, "=");
		w->assign[w->n++] = (struct fed_assign){.key = key, .value = value};
	}
}

const struct fed_entry *lab_load(struct lab *lab, const char *path)
{
	struct fed_error err = {""};
	const struct fed_entry *entry;

	setenv("FEDSH_PLUGINS_IN_PLACE", "1", 1);
	ck_assert_msg(fed_registry_load_trusted(lab->plugins, path, &entry, &err) == FED_OK, "%s: %s",
	              path, err.text);
	return entry;
}

static void instance(struct lab *lab, enum fed_kind kind, const char *spec,
                     struct fed_instance *out)
{
	struct fed_error err = {""};
	struct words w;
	char path[512];
	const struct fed_entry *entry;

	split(spec, &w);
	const char *folder = strchr(w.name, '/') ? "" : FED_PLUGIN_DIR "/";
	snprintf(path, sizeof path, "%s%s%s", folder, w.name, *folder ? ".so" : "");
	if (fed_registry_find(lab->plugins, kind, w.name, &entry, &err)) /* else loaded before */
		entry = lab_load(lab, path);
	ck_assert_int_eq(entry->head->kind, kind);
	ck_assert_msg(fed_instance_init(out, entry, w.assign, w.n, &err) == FED_OK, "%s", err.text);
}

static void load_codecs(struct lab *lab)
{
	static const char *const names[] = {"fp16", "int8", "top-k", "sign", "qsgd", "powersgd"};
	char path[512];

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "%s/%s.so", FED_PLUGIN_DIR, names[i]);
		lab_load(lab, path);
	}
}

void lab_compose(struct lab *lab, const char *dataset, const char *model, const char *aggregator,
                 const char *transport, uint32_t clients, int64_t samples,
                 enum fed_partition_kind kind)
{
	struct fed_error err = {""};
	struct fed_net_builder builder;
	struct words w;

	memset(lab, 0, sizeof *lab);
	fed_fields_default(fed_settings_fields, &lab->settings);
	lab->settings.threads = 2;
	lab_scheme(lab, &fed_scheme_sync, NULL, NULL);
	ck_assert_int_eq(fed_registry_init(&lab->plugins, &err), FED_OK);
	split(dataset, &w);
	ck_assert_msg(fed_dataset_load(&lab->data, w.name, w.assign, w.n, &(struct fed_generation){1},
	                               &err) == FED_OK,
	              "%s", err.text);
	load_codecs(lab);
	instance(lab, FED_KIND_MODEL, model, &lab->model);
	instance(lab, FED_KIND_AGGREGATOR, aggregator, &lab->aggregator);
	instance(lab, FED_KIND_TRANSPORT, transport, &lab->transport);

	fed_net_init(&lab->net, &lab->data->shape, lab->data->classes, lab->data->outputs);
	lab->net.tokens = lab->data->tokens;
	ck_assert_msg(fed_call_build(&lab->model, fed_net_builder(&builder, &lab->net), &err) == FED_OK,
	              "%s", err.text);
	ck_assert_msg(fed_net_finish(&lab->net, &err) == FED_OK, "%s", err.text);
	ck_assert_int_eq(fed_clients_init(&lab->clients, lab->data->train, &err), FED_OK);
	if (clients)
		lab_add(lab, clients, samples, kind, 1e9);
}

void lab_add(struct lab *lab, uint32_t clients, int64_t samples, enum fed_partition_kind kind,
             double flops)
{
	const struct fed_device_spec device = {.flops = flops, .profile = FED_NO_PROFILE};
	const struct fed_clients_plan plan = {
		.n = clients,
		.how = {.kind = kind, .samples = samples, .shards = 2, .alpha = 0.5, .spread = 0.3},
		.device = &device,
		.seed = 1,
	};
	struct fed_error err = {""};
	uint32_t first;

	ck_assert_msg(fed_clients_add(&lab->clients, lab->data, &plan, &first, &err) == FED_OK, "%s",
	              err.text);
}

void lab_scheme(struct lab *lab, const struct fed_scheme *scheme, const char *key,
                const char *value)
{
	struct fed_error err = {""};

	ck_assert_uint_le(scheme->state_size, sizeof lab->scheme_state);
	if (lab->scheme != scheme) {
		memset(lab->scheme_state, 0, sizeof lab->scheme_state);
		fed_fields_default(scheme->fields, lab->scheme_state);
	}
	lab->scheme = scheme;
	if (key)
		ck_assert_msg(fed_fields_set(scheme->fields, lab->scheme_state, key, value, &err) == FED_OK,
		              "%s", err.text);
}

void lab_select(struct lab *lab, const char *rule)
{
	instance(lab, FED_KIND_SELECTION, rule, &lab->selection);
}

/* Words behind attack=NAME are settings of the attack plugin. */
static void load_attack(struct lab *lab, const struct fed_fault_args *args, const struct words *w,
                        struct fed_fault *fault)
{
	char spec[256];
	struct fed_instance attack;
	int n = snprintf(spec, sizeof spec, "%s", args->attack);

	for (size_t i = 0; i < w->n; i++)
		if (!fed_fields_find(fed_fault_types[FED_FAULT_BYZANTINE].fields, w->assign[i].key))
			n += snprintf(spec + n, sizeof spec - (size_t)n, " %s=%s", w->assign[i].key,
			              w->assign[i].value);
	instance(lab, FED_KIND_ATTACK, spec, &attack);
	fault->attack = fed_shared_attack_new(&attack);
}

uint64_t lab_inject(struct lab *lab, const char *typed, uint32_t first, uint32_t n, uint64_t from,
                    uint64_t until)
{
	struct fed_fault fault = {.from = from, .until = until, .n = n};
	struct fed_error err = {""};
	struct words w;

	split(typed, &w);
	ck_assert_msg(fed_fault_find_type(w.name, &fault.kind, &err) == FED_OK, "%s", err.text);
	const struct fed_field *rows = fed_fault_types[fault.kind].fields;
	fed_fields_default(rows, &fault.args);
	for (size_t i = 0; i < w.n; i++)
		if (fed_fields_find(rows, w.assign[i].key) || fault.kind != FED_FAULT_BYZANTINE)
			ck_assert_msg(fed_fields_set(rows, &fault.args, w.assign[i].key, w.assign[i].value,
			                             &err) == FED_OK,
			              "%s", err.text);
	if (fault.kind == FED_FAULT_BYZANTINE)
		load_attack(lab, &fault.args, &w, &fault);
	fault.client = fed_alloc_array(n, sizeof *fault.client);
	for (uint32_t i = 0; i < n; i++)
		fault.client[i] = first + i;
	ck_assert_int_eq(fed_faults_reserve(&lab->faults, &err), FED_OK);
	fed_faults_add(&lab->faults, &fault);
	return lab->faults.made;
}

static void count_down(void *ctx, const struct fed_event *event)
{
	struct lab_interrupter *i = ctx;

	(void)event;
	if (i->left > 0 && --i->left == 0)
		atomic_store(&i->federation->stop, 2);
}

struct fed_sink lab_interrupt(struct lab *lab, struct lab_interrupter *i)
{
	*i = (struct lab_interrupter){.federation = &lab->federation};
	return (struct fed_sink){.take = count_down, .ctx = i};
}

void lab_start(struct lab *lab)
{
	const struct fed_federation_parts parts = {
		.data = lab->data,
		.net = &lab->net,
		.clients = &lab->clients,
		.aggregator = &lab->aggregator,
		.transport = &lab->transport,
		.settings = &lab->settings,
		.scheme = lab->scheme,
		.scheme_state = lab->scheme_state,
		.sink = lab->sink,
		.selection = &lab->selection,
		.plugins = lab->plugins,
		.faults = &lab->faults,
		.network = lab->network,
	};
	struct fed_error err = {""};

	ck_assert_msg(fed_federation_init(&lab->federation, &parts, &err) == FED_OK, "%s", err.text);
	lab->faults.seed = (uint64_t)lab->settings.seed;
}

void lab_run(struct lab *lab, int n)
{
	struct fed_error err = {""};

	for (int i = 0; i < n; i++)
		ck_assert_msg(fed_federation_round(&lab->federation, &err) == FED_OK, "round %d: %s", i,
		              err.text);
}

void lab_release(struct lab *lab)
{
	fed__federation_release(&lab->federation);
	fed_faults_release(&lab->faults);
	fed_clients_release(&lab->clients);
	fed_net_release(&lab->net);
	fed_instance_release(&lab->model);
	fed_instance_release(&lab->aggregator);
	fed_instance_release(&lab->transport);
	fed_instance_release(&lab->selection);
	fed_dataset_free(lab->data);
	fed_registry_free(lab->plugins);
}
