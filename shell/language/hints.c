/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/hints.c - the names for each hint of a field row, for completion and errors.
 */
#include <string.h>

#include "history/kept_runs.h"
#include "room/room.h"
#include "history/metrics.h"
#include "report/client_table.h"
#include "session/composition.h"
#include "shell/glossary/glossary.h"
#include "shell/language/command.h"
#include "history/event_log.h"
#include "train/schemes/schemes.h"

typedef const char *name_at(const struct fed_shell *, size_t i);

static const char *entry_name(const struct fed_shell *shell, enum fed_kind kind, size_t i)
{
	const struct fed_entry *e = fed_registry_at(fed_session_plugins(shell->session), kind, i);

	return e ? e->head->name : NULL;
}
/* Aggregators, or the pre-aggregations among them. */
static const char *aggregator_of(const struct fed_shell *shell, bool pre_aggregation, size_t i)
{
	const struct fed_entry *e;

	for (size_t k = 0;
	     (e = fed_registry_at(fed_session_plugins(shell->session), FED_KIND_AGGREGATOR, k)); k++)
		if (fed_is_pre_aggregation(e) == pre_aggregation && i-- == 0)
			return e->head->name;
	return NULL;
}
static const char *aggregator_at(const struct fed_shell *shell, size_t i)
{
	return aggregator_of(shell, false, i);
}
static const char *pre_aggregation_at(const struct fed_shell *shell, size_t i)
{
	return aggregator_of(shell, true, i);
}
static const char *transport_at(const struct fed_shell *shell, size_t i)
{
	return entry_name(shell, FED_KIND_TRANSPORT, i);
}
static const char *model_at(const struct fed_shell *shell, size_t i)
{
	return entry_name(shell, FED_KIND_MODEL, i);
}
static const char *attack_at(const struct fed_shell *shell, size_t i)
{
	return entry_name(shell, FED_KIND_ATTACK, i);
}
static const char *selection_at(const struct fed_shell *shell, size_t i)
{
	return entry_name(shell, FED_KIND_SELECTION, i);
}
static const char *plugin_at(const struct fed_shell *shell, size_t i)
{
	for (enum fed_kind kind = FED_KIND_AGGREGATOR; kind <= FED_KIND_LAST; kind++)
		for (size_t k = 0; entry_name(shell, kind, k); k++)
			if (i-- == 0)
				return entry_name(shell, kind, k);
	return NULL;
}
static const char *scheme_at(const struct fed_shell *shell, size_t i)
{
	(void)shell;
	return fed_scheme_at(i) ? fed_scheme_at(i)->name : NULL;
}
static const char *dataset_at(const struct fed_shell *shell, size_t i)
{
	(void)shell;
	return fed_source_at(i) ? fed_source_at(i)->name : NULL;
}
static const char *partition_at(const struct fed_shell *shell, size_t i)
{
	(void)shell;
	for (size_t k = 0; k <= i; k++)
		if (!fed_partition_names[k])
			return NULL;
	return fed_partition_names[i];
}
static const char *device_at(const struct fed_shell *shell, size_t i)
{
	(void)shell;
	for (size_t k = 0; k <= i; k++)
		if (!fed_device_profiles[k].name)
			return NULL;
	return fed_device_profiles[i].name;
}
static const char *link_at(const struct fed_shell *shell, size_t i)
{
	(void)shell;
	for (size_t k = 0; k <= i; k++)
		if (!fed_link_profiles[k].name)
			return NULL;
	return fed_link_profiles[i].name;
}
static const char *fault_at(const struct fed_shell *shell, size_t i)
{
	(void)shell;
	return i < FED_FAULT_KINDS ? fed_fault_types[i].name : NULL;
}
/* Values of `set codec`. */
static const char *codec_at(const struct fed_shell *shell, size_t i)
{
	static const char *const others[] = {"none", "up=", "down="};
	const size_t n = sizeof others / sizeof *others;

	return i < n ? others[i] : entry_name(shell, FED_KIND_CODEC, i - n);
}
/* Values of `set server-link`. */
static const char *server_link_at(const struct fed_shell *shell, size_t i)
{
	return i == 0 ? "none" : link_at(shell, i - 1);
}
/* Devices, then links. */
static const char *equipment_at(const struct fed_shell *shell, size_t i)
{
	static const char *const names[] = {"device", "link", "server-link"};

	(void)shell;
	return i < sizeof names / sizeof *names ? names[i] : NULL;
}
static const char *metric_at(const struct fed_shell *shell, size_t i)
{
	static const char *const shorts[] = {"accuracy", "loss", "version"};
	const size_t n = sizeof shorts / sizeof *shorts;

	(void)shell;
	if (i < n)
		return shorts[i];
	for (size_t k = 0; k <= i - n; k++)
		if (!fed_metrics[k].type)
			return NULL;
	return fed_metrics[i - n].name;
}
static const char *chosen_metric_at(const struct fed_shell *shell, size_t i)
{
	(void)shell;
	return fed_chosen_metric_word(i);
}
static const char *command_at(const struct fed_shell *shell, size_t i)
{
	return fed__command_name_at(shell, i);
}
static const char *topic_at(const struct fed_shell *shell, size_t i)
{
	return i < FED_GROUPS ? fed__group_names[i] : command_at(shell, i - FED_GROUPS);
}
static const char *alias_at(const struct fed_shell *shell, size_t i)
{
	return i < shell->n_aliases ? shell->alias[i].name : NULL;
}
static const char *run_at(const struct fed_shell *shell, size_t i)
{
	const struct fed_runs *runs = fed_session_kept_runs(shell->session);

	return i < runs->n ? runs->run[i].name : NULL;
}
/* What `runs` and `diff` compare, but for the runs of studies. */
static const char *kept_run_at(const struct fed_shell *shell, size_t i)
{
	return i ? run_at(shell, i - 1) : "now";
}

static const char *event_at(const struct fed_shell *shell, size_t i)
{
	(void)shell;
	return fed_event_name(i);
}

/* Name i of several lists, one after the other. */
static const char *chain(const struct fed_shell *shell, name_at *const *lists, size_t n, size_t i)
{
	for (size_t k = 0; k < n; k++)
		for (size_t j = 0; lists[k](shell, j); j++)
			if (i-- == 0)
				return lists[k](shell, j);
	return NULL;
}
/* First words of a breakpoint. */
static const char *break_word_at(const struct fed_shell *shell, size_t i)
{
	static const char *const words[] = {"client==", "event==", "nan", "delete"};

	(void)shell;
	return i < sizeof words / sizeof *words ? words[i] : NULL;
}
static const char *break_at(const struct fed_shell *shell, size_t i)
{
	static name_at *const lists[] = {break_word_at, metric_at};

	return chain(shell, lists, sizeof lists / sizeof *lists, i);
}
static const char *autosave_at(const struct fed_shell *shell, size_t i)
{
	static const char *const words[] = {"off", "discard"};

	(void)shell;
	return i < sizeof words / sizeof *words ? words[i] : NULL;
}
/* What `explain` knows besides the glossary's words, commands, settings and metrics. */
static const char *named_at(const struct fed_shell *shell, size_t i)
{
	static name_at *const lists[] = {plugin_at,    scheme_at, dataset_at, partition_at,
	                                 equipment_at, device_at, link_at,    fault_at};

	return chain(shell, lists, sizeof lists / sizeof *lists, i);
}
/* The words first: chain() would walk them once for each. */
static const char *explain_at(const struct fed_shell *shell, size_t i)
{
	const char *word = fed__glossary_name_at(i, true);

	return word ? word : named_at(shell, i - fed__glossary_count(true));
}

static const struct fed_field *setting_rows(const struct fed_shell *shell, size_t part)
{
	const struct fed_session *s = shell->session;
	const struct fed_composition *parts = fed_session_parts(s);
	const struct fed_instance *const plugins[] = {&parts->aggregator, &parts->model,
	                                              &parts->transport, &parts->selection};

	if (part == 0)
		return fed_settings_fields;
	if (part <= 4)
		return plugins[part - 1]->entry ? plugins[part - 1]->entry->head->fields : NULL;
	return parts->scheme->fields;
}
static const char *setting_at(const struct fed_shell *shell, size_t i)
{
	for (size_t part = 0; part < 6; part++)
		for (const struct fed_field *r = setting_rows(shell, part); r && r->type; r++)
			if (fed_field_settable(r) && !(r->flags & FED_FIELD_HIDDEN) && i-- == 0)
				return r->name;
	return i == 0 ? "client" : NULL; /* `set client WHO ...`, `show client` */
}

static const char *own_setting_at(const struct fed_shell *shell, size_t i)
{
	(void)shell;
	for (size_t k = 0; k <= i; k++)
		if (!fed__shell_fields[k].type)
			return NULL;
	return fed__shell_fields[i].name;
}
/* What `set` and `show` know. */
static const char *any_setting_at(const struct fed_shell *shell, size_t i)
{
	static name_at *const lists[] = {setting_at, own_setting_at};

	return chain(shell, lists, sizeof lists / sizeof *lists, i);
}
static const char *member_at(const struct fed_shell *shell, size_t i)
{
	const struct fed_member *m =
		shell->room && i && i < UINT32_MAX ? fed_room_member(shell->room, (uint32_t)i - 1) : NULL;

	return m ? m->name : i || !shell->room ? NULL : "all";
}
static const char *lesson_at(const struct fed_shell *shell, size_t i)
{
	return i < shell->lessons.n ? shell->lessons.lesson[i].number : NULL;
}

/* Arguments of `sweep` besides settings. */
static const char *sweep_word_at(const struct fed_shell *shell, size_t i)
{
	static const char *const words[] = {"aggregator", "model", "scheme", "transport", "select",
	                                    "clients",    "cut",   "device", "link"};

	(void)shell;
	return i < sizeof words / sizeof *words ? words[i] : NULL;
}
static const char *sweep_at(const struct fed_shell *shell, size_t i)
{
	static name_at *const lists[] = {sweep_word_at, setting_at};

	return chain(shell, lists, sizeof lists / sizeof *lists, i);
}

/* Factors of a study besides settings. */
static const char *factor_word_at(const struct fed_shell *shell, size_t i)
{
	static const char *const words[] = {"aggregator", "model", "scheme", "transport", "select",
	                                    "clients",    "cut",   "device", "link",      "partition",
	                                    "dataset",    "fault", "attack"};

	(void)shell;
	return i < sizeof words / sizeof *words ? words[i] : NULL;
}
static const char *factor_at(const struct fed_shell *shell, size_t i)
{
	static name_at *const lists[] = {factor_word_at, setting_at};

	return chain(shell, lists, sizeof lists / sizeof *lists, i);
}
static const char *study_verb_at(const struct fed_shell *shell, size_t i)
{
	static const char *const words[] = {"table", "continue", "delete"};

	(void)shell;
	return i < sizeof words / sizeof *words ? words[i] : NULL;
}
/* METRIC by FACTOR */
static const char *study_word_at(const struct fed_shell *shell, size_t i)
{
	return i ? metric_at(shell, i - 1) : "by";
}

static const char *client_column_at(const struct fed_shell *shell, size_t i)
{
	(void)shell;
	for (size_t k = 0; k <= i; k++)
		if (!fed_client_table_fields[k].type)
			return NULL;
	return fed_client_table_fields[i].name;
}

static const char *class_at(const struct fed_shell *shell, size_t i)
{
	const struct fed_dataset *data =
		shell->session ? fed_session_parts(shell->session)->data : NULL;

	return data && data->class_name && i < data->classes ? data->class_name[i] : NULL;
}

const char *fed__hint_name(const struct fed_shell *shell, const char *hint, size_t i)
{
	static const struct {
		const char *hint;
		name_at *at;
	} lists[] = {
		{"aggregator", aggregator_at},
		{"pre-aggregation", pre_aggregation_at},
		{"attack", attack_at},
		{"transport", transport_at},
		{"model", model_at},
		{"plugin", plugin_at},
		{"selection", selection_at},
		{"select", selection_at},
		{"scheme", scheme_at},
		{"dataset", dataset_at},
		{"device", device_at},
		{"link", link_at},
		{"metric", metric_at},
		{"command", command_at},
		{"topic", topic_at},
		{"alias", alias_at},
		{"explain", explain_at},
		{"setting", any_setting_at},
		{"sweep", sweep_at},
		{"run", run_at},
		{"kept-run", kept_run_at},
		{"partition", partition_at},
		{"factor", factor_at},
		{"study-verb", study_verb_at},
		{"study-words", study_word_at},
		{"event", event_at},
		{"fault", fault_at},
		{"break", break_at},
		{"codec", codec_at},
		{"autosave", autosave_at},
		{"server-link", server_link_at},
		{"lesson", lesson_at},
		{"member", member_at},
		{"client-column", client_column_at},
		{"named", named_at},
		{"class", class_at},
		{"chosen-metric", chosen_metric_at},
	};

	for (size_t k = 0; k < sizeof lists / sizeof *lists; k++)
		if (strcmp(lists[k].hint, hint) == 0)
			return lists[k].at(shell, i);
	return NULL;
}
