/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session/small.c - small sessions for tests, composed by lines of text.
 */
#include "session/small.h"

#include <stdlib.h>
#include <string.h>

#include "session/inject.h"

#define WORDS_MAX 10

static void hear(void *ctx, const struct fed_event *event)
{
	struct heard *h = ctx;

	h->count[event->kind]++;
	if (event->text && h->len + strlen(event->text) + 2 < sizeof h->text)
		h->len += (size_t)sprintf(h->text + h->len, "%s\n", event->text);
}

void small_init(struct fed_session *s, struct heard *heard)
{
	struct fed_error err = {""};
	const struct fed_sink sink = {.take = heard ? hear : NULL, .ctx = heard};

	if (heard)
		memset(heard, 0, sizeof *heard);
	fed_assert_ok(fed__session_init(s, FED_PLUGIN_DIR, sink, &err), &err);
	fed_assert_ok(fed_session_set(s, "threads", "1", &err), &err);
}

static int add(struct fed_session *s, char *const word[], struct fed_error *err)
{
	struct fed_partition how = {.samples = atoi(word[3]), .shards = 2, .alpha = 0.5, .spread = 0.3};
	struct fed_device_spec device = {.flops = 1e6, .profile = FED_NO_PROFILE};
	struct fed_link_spec link;
	uint32_t first;

	how.reuse = word[4] && strcmp(word[4], "reuse") == 0;
	if ((word[4] && !how.reuse && fed_device_parse(word[4], &device, err)) ||
	    fed_link_parse(word[4] && word[5] ? word[5] : FED_LINK_DEFAULT, &link, err))
		return FED_FAIL;
	while (strcmp(fed_partition_names[how.kind], word[2]) != 0)
		how.kind++;
	return fed_session_add_clients(s, (uint32_t)atoi(word[1]), &how, &device, &link, NULL, &first,
	                               err);
}

static int equip(struct fed_session *s, char *const word[], struct fed_error *err)
{
	struct fed_device_spec device;
	struct fed_link_spec link;
	uint32_t n;

	if (fed_device_parse(word[2], &device, err) || (word[3] && fed_link_parse(word[3], &link, err)))
		return FED_FAIL;
	return fed_session_change_clients(s, word[1], &device, word[3] ? &link : NULL, NULL, &n, err);
}

static int run(struct fed_session *s, uint64_t n, struct fed_error *err)
{
	struct fed_run_result result;

	return fed_session_run(s, n, NULL, &result, err);
}

static int inject(struct fed_session *s, char *const word[], const struct fed_assign *assign,
                  size_t n, struct fed_error *err)
{
	struct fed_assign args[WORDS_MAX];
	struct fed_injection in = {.fault = word[1], .who = word[2], .assign = args};

	for (size_t i = 0; i < n; i++) {
		if (strcmp(assign[i].key, "at") == 0)
			in.at = strtoull(assign[i].value, NULL, 10);
		else if (strcmp(assign[i].key, "for") == 0)
			in.versions = strtoull(assign[i].value, NULL, 10);
		else
			args[in.n++] = assign[i];
	}
	return fed_session_inject(s, &in, err);
}

static int heal(struct fed_session *s, char *const word[], struct fed_error *err)
{
	const char *who = word[1] && strcmp(word[1], "all") != 0 ? word[1] : NULL;
	uint64_t healed;

	return fed_session_heal(s, who, word[1] ? word[2] : NULL, &healed, err);
}

static int continue_run(struct fed_session *s, struct fed_error *err)
{
	struct fed_run_result result;

	return fed_session_continue(s, &result, err);
}

static int step(struct fed_session *s, int n, struct fed_error *err)
{
	struct fed_run_result result = {0};
	int rc = FED_OK;

	for (int i = 0; rc == FED_OK && i < n && result.outcome != FED_RUN_STOPPED; i++)
		rc = fed_session_step(s, &result, err);
	return rc;
}

int small_try(struct fed_session *s, const char *line, struct fed_error *err)
{
	static const struct {
		const char *verb;
		int (*choose)(struct fed_session *, const char *, const struct fed_assign *, size_t,
		              struct fed_error *);
	} choices[] = {{"dataset", fed_session_dataset},       {"model", fed_session_model},
	               {"aggregator", fed_session_aggregator}, {"transport", fed_session_transport},
	               {"select", fed_session_select},         {"scheme", fed_session_scheme}};
	char text[512], *word[WORDS_MAX] = {NULL}, *rest = text;
	struct fed_assign assign[WORDS_MAX];
	size_t n = 0, given = 0;
	uint32_t removed;
	uint64_t number;

	if (strncmp(line, "break ", 6) == 0)
		return fed_session_break(s, line + 6, &number, err);
	snprintf(text, sizeof text, "%s", line + strspn(line, " "));
	while (rest && n < WORDS_MAX)
		word[n++] = strsep(&rest, " ");
	if (strcmp(word[0], "set") == 0)
		return fed_session_set(s, word[1], word[2], err);
	for (size_t i = 2; i < n; i++) {
		char *value = word[i];
		const char *key = strsep(&value, "=");
		assign[given++] = (struct fed_assign){.key = key, .value = value};
	}
	for (size_t i = 0; i < sizeof choices / sizeof *choices; i++)
		if (strcmp(word[0], choices[i].verb) == 0)
			return choices[i].choose(s, word[1], assign, given, err);
	if (strcmp(word[0], "add") == 0)
		return add(s, word, err);
	if (strcmp(word[0], "equip") == 0)
		return equip(s, word, err);
	if (strcmp(word[0], "remove") == 0)
		return fed_session_remove_clients(s, word[1], &removed, err);
	if (strcmp(word[0], "round") == 0)
		return run(s, (uint64_t)atoi(word[1]), err);
	if (strcmp(word[0], "inject") == 0)
		return inject(s, word, assign + 1, given ? given - 1 : 0, err);
	if (strcmp(word[0], "heal") == 0)
		return heal(s, word, err);
	if (strcmp(word[0], "step") == 0)
		return step(s, word[1] ? atoi(word[1]) : 1, err);
	if (strcmp(word[0], "continue") == 0)
		return continue_run(s, err);
	if (strcmp(word[0], "abort") == 0)
		return fed_session_abort(s, false, err);
	if (strcmp(word[0], "restart") == 0)
		return fed_session_restart(s, err);
	ck_assert_str_eq(word[0], "reset");
	return fed_session_reset(s, true, err);
}

void small_do(struct fed_session *s, const char *lines)
{
	char text[1024], *rest = text;

	snprintf(text, sizeof text, "%s", lines);
	while (rest) {
		const char *line = strsep(&rest, ";");
		struct fed_error err = {""};
		const int rc = small_try(s, line, &err);

		ck_assert_msg(rc == FED_OK, "%s: %s", line, err.text);
	}
}

void small_compose(struct fed_session *s, struct heard *heard, const char *aggregator)
{
	char line[64];

	small_init(s, heard);
	small_do(s, "dataset blobs train=80 test=40;model softmax");
	snprintf(line, sizeof line, "aggregator %s", aggregator);
	small_do(s, line);
	small_do(s, "add 4 noniid 12;set batch 5");
}

void small_refuses(struct fed_session *s, const char *line, const char *words)
{
	struct fed_error err = {""};
	const int rc = small_try(s, line, &err);

	ck_assert_msg(rc != FED_OK, "%s was taken", line);
	ck_assert_msg(strstr(err.text, words) != NULL, "%s: \"%s\" lacks \"%s\"", line, err.text,
	              words);
}

void small_same(const struct fed_session *a, const struct fed_session *b)
{
	ck_assert_uint_eq(a->parts.net.dim, b->parts.net.dim);
	ck_assert_uint_eq(fed_session_version(a), fed_session_version(b));
	ck_assert_mem_eq(fed_session_params(a), fed_session_params(b),
	                 a->parts.net.dim * sizeof(float));
	ck_assert_mem_eq(&a->ledger.total, &b->ledger.total, sizeof a->ledger.total);
	for (uint32_t id = 0; id < a->parts.clients.n; id++) {
		const struct fed_costs *x = fed_ledger_of(&a->ledger, id),
							   *y = fed_ledger_of(&b->ledger, id);

		ck_assert_msg(!x == !y && (!x || memcmp(x, y, sizeof *x) == 0),
		              "the account of client %u differs", id);
	}
	ck_assert_uint_eq(a->history.n, b->history.n);
	for (size_t i = 0; i < a->history.n; i++) {
		struct fed_record x = a->history.record[i], y = b->history.record[i];

		x.wall = y.wall = 0;
		ck_assert_msg(memcmp(&x, &y, sizeof x) == 0, "record %zu differs", i);
	}
}

const struct fed_record *small_last(const struct fed_session *s)
{
	return &s->history.record[s->history.n - 1];
}

const struct fed_client *small_client(const struct fed_session *s, uint32_t id)
{
	return fed_clients_get(&s->parts.clients, id);
}
