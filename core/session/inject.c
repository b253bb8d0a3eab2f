/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/inject.c - injection and healing of faults, and events when they begin and end.
 */
#include "session/inject.h"

#include <string.h>

#include "base/mem.h"
#include "plug/calls/call.h"
#include "session/fault_notices.h"
#include "session/internal.h"
#include "history/client_selector.h"
#include "train/local/data_faults.h"

#define LIST_MAX 100 /* characters of a list of clients in an event */

/* In words ----------------------------------------------------------------------- */

void fed_fault_put_args(const struct fed_fault *fault, struct fed_text *out)
{
	struct fed_text attack = {0};

	fed_fields_print(fed_fault_types[fault->kind].fields, &fault->args, false, out);
	if (fault->attack) {
		const struct fed_instance *x = &fault->attack->instance;

		fed_fields_print(x->entry->head->fields, x->state, false, &attack);
		fed_text_add(out, "%s%s", attack.len ? " " : "", fed_text_str(&attack));
	}
	fed_text_release(&attack);
}

void fed__fault_put(const struct fed_fault *fault, struct fed_text *out)
{
	struct fed_text args = {0};

	fed_fault_put_args(fault, &args);
	fed_text_add(out, "%s%s%s", fed_fault_types[fault->kind].name, args.len ? " " : "",
	             fed_text_str(&args));
	fed_text_release(&args);
}

void fed_fault_put_versions(const struct fed_fault *fault, struct fed_text *out)
{
	const unsigned long long first = fault->from + 1, last = fault->until;

	if (fault->until == UINT64_MAX)
		fed_text_add(out, "from version %llu on", first);
	else if (first == last)
		fed_text_add(out, "version %llu", first);
	else
		fed_text_add(out, "versions %llu to %llu", first, last);
}

enum fed_fault_phase fed_fault_phase(const struct fed_session *s, const struct fed_fault *fault)
{
	const uint64_t version = fed_session_version(s);

	if (version < fault->from)
		return FED_FAULT_AHEAD;
	return version < fault->until ? FED_FAULT_ACTIVE : FED_FAULT_OVER;
}

void fed_client_put_faults(const struct fed_session *s, uint32_t client, struct fed_text *out)
{
	const char *comma = "";

	for (size_t i = 0; i < s->parts.faults.n; i++) {
		const struct fed_fault *fault = &s->parts.faults.fault[i];
		const enum fed_fault_phase phase = fed_fault_phase(s, fault);

		if (phase == FED_FAULT_OVER || !fed_client_ids_contain(fault->client, fault->n, client))
			continue;
		fed_text_add(out, phase == FED_FAULT_AHEAD ? "%s(%s)" : "%s%s", comma,
		             fed_fault_types[fault->kind].name);
		comma = ",";
	}
}

bool fed_fault_counts(const struct fed_fault *fault)
{
	switch (fault->kind) {
	case FED_FAULT_STRAGGLER:
	case FED_FAULT_SLOW_LINK:
	case FED_FAULT_DATA_ARRIVES:
	case FED_FAULT_DATA_EXPIRES:
	case FED_FAULT_DRIFT:
	case FED_FAULT_CHURN:
		return false;
	default:
		return !fault->attack || fed_attack_form(&fault->attack->instance) != FED_ATTACK_ON_DATA;
	}
}

/* "fault 2: straggler factor=10 HAPPENS clients 3,7" */
static void tell_fault(struct fed_session *s, const struct fed_fault *fault, const char *happens,
                       const uint32_t *client, uint32_t n, const char *when)
{
	struct fed_text what = {0}, list = {0};

	fed__fault_put(fault, &what);
	fed_client_labels_put(&list, &s->parts.clients, client, n, LIST_MAX);
	fed_session_tell(s, FED_EVENT_FAULT, "fault %llu: %s %s client%s %s%s",
	                 (unsigned long long)fault->number, fed_text_str(&what), happens,
	                 n == 1 ? "" : "s", fed_text_str(&list), when);
	fed_text_release(&what);
	fed_text_release(&list);
}

void fed__session_tell_faults(struct fed_session *s)
{
	const uint64_t version = fed_session_version(s);

	for (size_t i = 0; i < s->parts.faults.n; i++) {
		const struct fed_fault *fault = &s->parts.faults.fault[i];

		/* A fault that began at once had its event on injection. */
		if (fault->from == version && fault->number <= s->faults_announced)
			tell_fault(s, fault, "begins on", fault->client, fault->n, "");
		if (fault->until == version)
			tell_fault(s, fault, "is over on", fault->client, fault->n, "");
	}
	s->faults_announced = s->parts.faults.made;
}

/* Injection ------------------------------------------------------------------- */

/* Keys of an injection: two tables of fields and two words of the command. */
struct injection_keys {
	const struct fed_field *rows[2];
};
static const char *parameter_at(const void *ctx, size_t i)
{
	static const char *const words[] = {"at", "for"};
	const struct injection_keys *keys = ctx;

	for (size_t k = 0; k < 2; k++)
		for (const struct fed_field *row = keys->rows[k]; row && row->type; row++)
			if (fed_field_settable(row) && i-- == 0)
				return row->name;
	return i < 2 ? words[i] : NULL;
}

static int refuse_key(const char *fault, const struct fed_entry *attack,
                      const struct fed_field *rows, const char *key, struct fed_error *err)
{
	const struct injection_keys keys = {{rows, attack ? attack->head->fields : NULL}};
	const char *near = fed_nearest(key, parameter_at, &keys);
	struct fed_text list = {0};

	for (size_t i = 0; parameter_at(&keys, i); i++) {
		const struct fed_field named = {.name = parameter_at(&keys, i)};

		if (near && strcmp(near, named.name) != 0)
			continue;
		fed_text_add(&list, list.len ? ", " : "");
		fed_field_key(&named, &list);
	}
	fed_fail(err, "%s%s%s has no parameter %s; %s%s%s", fault, attack ? " attack=" : "",
	         attack ? attack->head->name : "", fed_show(key).s,
	         near ? "did you mean " : "it takes ", fed_text_str(&list), near ? "?" : "");
	fed_text_release(&list);
	return FED_FAIL;
}

static int find_fault_kind(const struct fed_session *s, const char *name, enum fed_fault_kind *kind,
                           struct fed_error *err)
{
	const struct fed_entry *attack;
	struct fed_error unused;

	if (fed_fault_find_type(name, kind, err) == FED_OK)
		return FED_OK;
	if (fed_registry_find(s->plugins, FED_KIND_ATTACK, name, &attack, &unused) == FED_OK)
		fed_fail(err, "%s is an attack; say `%s byzantine WHO attack=%s`", attack->head->name,
		         fed_clients_are_remote(&s->parts.clients) ? "role" : "inject", attack->head->name);
	return FED_FAIL;
}

static int make_attack(const struct fed_session *s, struct fed_fault *fault,
                       const struct fed_entry *entry, const struct fed_assign *assign, size_t n,
                       struct fed_error *err)
{
	struct fed_instance attack;

	if (fed_instance_init(&attack, entry, assign, n, err))
		return FED_FAIL;
	return fed__fault_take_attack(s, fault, &attack, err);
}

int fed__fault_take_attack(const struct fed_session *s, struct fed_fault *fault,
                           struct fed_instance *attack, struct fed_error *err)
{
	if (fed_attack_fits(s, attack, err)) {
		fed_instance_release(attack);
		return FED_FAIL;
	}
	fault->attack = fed_shared_attack_new(attack);
	if (fault->attack)
		return FED_OK;
	fed_instance_release(attack);
	return fed_fail_memory(err, sizeof *fault->attack, "the attack");
}

int fed_attack_fits(const struct fed_session *s, const struct fed_instance *attack,
                    struct fed_error *err)
{
	const struct fed_examples form = fed_examples_of(s->parts.data);

	if (fed_attack_form(attack) != FED_ATTACK_ON_DATA)
		return FED_OK;
	return fed_call_suits(attack, &form, err) ? FED_FAIL : FED_OK;
}

/* Parse the fault's own parameters, then those of its attack. */
static int parse_fault_args(const struct fed_session *s, struct fed_fault *fault,
                            const struct fed_injection *in, struct fed_assign *rest,
                            struct fed_error *err)
{
	const struct fed_fault_type *type = &fed_fault_types[fault->kind];
	const struct fed_entry *attack = NULL;
	size_t left = 0;

	fed_fields_default(type->fields, &fault->args);
	for (size_t i = 0; i < in->n; i++) {
		const struct fed_assign *a = &in->assign[i];

		if (!fed_fields_find(type->fields, a->key))
			rest[left++] = *a;
		else if (fed_fields_set(type->fields, &fault->args, a->key, a->value, err))
			return FED_FAIL;
	}
	if (fault->kind == FED_FAULT_BYZANTINE &&
	    fed_registry_find(s->plugins, FED_KIND_ATTACK, fault->args.attack, &attack, err))
		return FED_FAIL;
	for (size_t i = 0; i < left; i++)
		if (!attack || !fed_fields_find(attack->head->fields, rest[i].key))
			return refuse_key(type->name, attack, type->fields, rest[i].key, err);
	if (!attack)
		return FED_OK;
	snprintf(fault->args.attack, sizeof fault->args.attack, "%s", attack->head->name);
	return make_attack(s, fault, attack, rest, left, err);
}

/* Faults that act at a client, whose examples and program are elsewhere. */
static int check_remote(const struct fed_fault *fault, struct fed_error *err)
{
	const char *name = fed_fault_types[fault->kind].name;

	switch (fault->kind) {
	case FED_FAULT_SLOW_LINK:
		return fed_fail(err,
		                "%s acts on simulated links, and real clients have their own; `inject "
		                "straggler` delays what they send",
		                name);
	case FED_FAULT_BYZANTINE:
	case FED_FAULT_DATA_ARRIVES:
	case FED_FAULT_DATA_EXPIRES:
	case FED_FAULT_DRIFT:
		return fed_fail(
			err,
			"%s acts at a real client, in its own program and with its consent: `role %s "
			"WHO`",
			name, name);
	default:
		return FED_OK;
	}
}

int fed_fault_fits(const struct fed_session *s, const struct fed_fault *fault,
                   struct fed_error *err)
{
	if (fed_clients_are_remote(&s->parts.clients) && check_remote(fault, err))
		return FED_FAIL;
	if (fault->kind != FED_FAULT_DRIFT)
		return FED_OK;
	if (fault->args.what == FED_DRIFT_LABELS && !s->parts.data->classes)
		return fed_fail(err, "%s has no classes that labels could drift through; use what=inputs",
		                s->parts.data->name);
	if (fault->args.what == FED_DRIFT_INPUTS && s->parts.data->tokens)
		return fed_fail(err,
		                "the inputs of %s are tokens, which cannot be shifted; use what=labels",
		                s->parts.data->name);
	return FED_OK;
}

/* Version `at` is made while the federation has version at - 1. */
static void set_versions(const struct fed_session *s, struct fed_fault *fault,
                         const struct fed_injection *in)
{
	fault->dated = in->at != 0;
	fault->from = in->at ? in->at - 1 : fed_session_version(s);
	fault->until = UINT64_MAX;
	if (in->versions && in->versions < UINT64_MAX - fault->from)
		fault->until = fault->from + in->versions;
}

static void warn_past_versions(struct fed_session *s, const struct fed_fault *fault)
{
	const unsigned long long next = fed_session_version(s) + 1;
	struct fed_text versions = {0};

	fed_fault_put_versions(fault, &versions);
	if (fed_fault_phase(s, fault) == FED_FAULT_OVER)
		fed_session_tell(s, FED_EVENT_WARNING,
		                 "fault %llu is over (%s): version %llu is made next; it comes again after "
		                 "`restart`",
		                 (unsigned long long)fault->number, fed_text_str(&versions), next);
	else if (fault->from + 1 < next)
		fed_session_tell(s, FED_EVENT_WARNING,
		                 "version %llu is in the past, the next is %llu; fault %llu is active as "
		                 "if it had begun then",
		                 (unsigned long long)fault->from + 1, next,
		                 (unsigned long long)fault->number);
	fed_text_release(&versions);
}

static int make_fault(struct fed_session *s, struct fed_fault *fault,
                      const struct fed_injection *in, uint64_t *draws, struct fed_error *err)
{
	struct fed_assign *rest = fed_alloc_array(in->n + 1, sizeof *rest);

	if (!rest)
		return fed_fail_memory(err, in->n * sizeof *rest, "the parameters");
	int rc = fed_client_selector_parse(in->who, &s->parts.clients, (uint64_t)s->parts.settings.seed,
	                                   draws, &fault->client, &fault->n, err);
	if (rc == FED_OK)
		rc = parse_fault_args(s, fault, in, rest, err);
	fed_free(rest);
	return rc || fed_fault_fits(s, fault, err) ? FED_FAIL : FED_OK;
}

int fed_session_read_fault(const struct fed_session *s, const struct fed_injection *in,
                           struct fed_fault *fault, struct fed_error *err)
{
	struct fed_assign *rest = fed_alloc_array(in->n + 1, sizeof *rest);

	*fault = (struct fed_fault){0};
	if (!rest)
		return fed_fail_memory(err, in->n * sizeof *rest, "the parameters");
	const int rc = find_fault_kind(s, in->fault, &fault->kind, err) ||
	               parse_fault_args(s, fault, in, rest, err);
	fed_free(rest);
	if (rc)
		fed_fault_release(fault);
	return rc ? FED_FAIL : FED_OK;
}

int fed_session_inject(struct fed_session *s, const struct fed_injection *in, struct fed_error *err)
{
	struct fed_round_edit c = {.kind = FED_EDIT_INJECT};
	struct fed_fault *fault = &c.fault;
	uint64_t draws = s->draws;
	struct fed_text when = {0};

	if (find_fault_kind(s, in->fault, &fault->kind, err))
		return FED_FAIL;
	if (make_fault(s, fault, in, &draws, err)) {
		fed_round_edit_release(&c);
		return FED_FAIL;
	}
	set_versions(s, fault, in);
	fed__session_tell_idle(s, fault);
	if (fed_session_change(s, &c, NULL, err))
		return FED_FAIL;
	s->draws = draws;
	const struct fed_fault *added = &s->parts.faults.fault[s->parts.faults.n - 1];
	fed_text_add(&when, ", ");
	fed_fault_put_versions(added, &when);
	tell_fault(s, added, "on", added->client, added->n, fed_text_str(&when));
	fed_text_release(&when);
	warn_past_versions(s, added);
	return FED_OK;
}

/* Healing -------------------------------------------------------------------------- */

static int select_faults(const struct fed_session *s, const char *which, struct fed_heal_edit *c,
                         struct fed_error *err)
{
	enum fed_fault_kind kind;
	long long number;

	*c = (struct fed_heal_edit){.kinds = UINT32_MAX};
	if (!which)
		return FED_OK;
	if (!fed_parse_int(which, &number)) {
		if (find_fault_kind(s, which, &kind, err))
			return FED_FAIL;
		c->kinds = (uint32_t)1 << kind;
		return FED_OK;
	}
	for (size_t i = 0; i < s->parts.faults.n; i++)
		if (number > 0 && s->parts.faults.fault[i].number == (uint64_t)number) {
			c->number = (uint64_t)number;
			return FED_OK;
		}
	return fed_fail(err, "there is no fault number %lld; `faults` lists them", number);
}

/* The selected clients of a fault, into out; both lists ascend. */
static uint32_t selected_clients(const struct fed_fault *fault, const struct fed_heal_edit *c,
                                 uint32_t *out)
{
	uint32_t n = 0, k = 0;

	if (!(c->kinds >> fault->kind & 1) || (c->number && c->number != fault->number))
		return 0;
	for (uint32_t i = 0; i < fault->n; i++) {
		while (k < c->n && c->client[k] < fault->client[i])
			k++;
		if (!c->client || (k < c->n && c->client[k] == fault->client[i]))
			out[n++] = fault->client[i];
	}
	return n;
}

static int tell_healed(struct fed_session *s, const struct fed_heal_edit *c, struct fed_error *err)
{
	uint32_t *ids = fed_alloc_array(s->parts.clients.n, sizeof *ids);

	if (!ids)
		return fed_fail_memory(err, s->parts.clients.n * sizeof *ids, "the clients to heal");
	for (size_t i = 0; i < s->parts.faults.n; i++) {
		const uint32_t n = selected_clients(&s->parts.faults.fault[i], c, ids);

		if (n)
			tell_fault(s, &s->parts.faults.fault[i], "is healed on", ids, n, "");
	}
	fed_free(ids);
	return FED_OK;
}

int fed_session_heal(struct fed_session *s, const char *who, const char *which, uint64_t *healed,
                     struct fed_error *err)
{
	struct fed_round_edit c = {.kind = FED_EDIT_HEAL};
	struct fed_heal_edit *selection = &c.heal.selection;
	uint64_t draws = s->draws;

	*healed = 0;
	if (select_faults(s, which, selection, err))
		return FED_FAIL;
	if (who && fed_client_selector_parse(who, &s->parts.clients, (uint64_t)s->parts.settings.seed,
	                                     &draws, &selection->client, &selection->n, err))
		return FED_FAIL;
	if (s->parts.faults.n && tell_healed(s, selection, err)) {
		fed_round_edit_release(&c);
		return FED_FAIL;
	}
	const int rc = fed_session_change(s, &c, healed, err);
	s->draws = rc ? s->draws : draws;
	return rc;
}

void fed__session_forget_clients(struct fed_session *s, const uint32_t *ids, uint32_t n)
{
	const size_t before = s->parts.faults.n;

	fed_faults_heal(&s->parts.faults, ids, n, UINT32_MAX);
	const size_t gone = before - s->parts.faults.n;
	if (gone)
		fed_session_tell(s, FED_EVENT_NOTICE, "%zu fault%s removed: no clients left", gone,
		                 gone == 1 ? "" : "s");
}
