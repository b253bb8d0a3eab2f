/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include <sys/resource.h>

#include "base/mem.h"
#include "session/internal.h"
#include "session/small.h"
#include "session/status.h"
#include "support/suite.h"

START_TEST(bare_session_takes_defaults)
{
	struct fed_session s;
	struct heard heard;
	struct fed_error err = {""};

	small_init(&s, &heard);
	small_refuses(&s, "round 1", "add-client");
	small_do(&s, "dataset glyphs train=60 test=20;add 3 iid 20");
	fed_assert_ok(fed_session_complete(&s, &err), &err);
	ck_assert_str_eq(s.parts.model.entry->head->name, "mlp");
	ck_assert_str_eq(s.parts.aggregator.entry->head->name, "fedavg");
	ck_assert_str_eq(s.parts.transport.entry->head->name, "local");
	ck_assert_uint_eq(heard.count[FED_EVENT_NOTICE], 3);
	ck_assert_uint_eq(s.parts.net.dim, 199210);
	fed__session_release(&s);
}
END_TEST

static const struct {
	const char *dataset, *model;
} defaults[] = {{"dataset blobs train=40 test=10", "softmax"},
                {"dataset moons train=40 test=10", "mlp"},
                {"dataset linear train=40 test=10", "linear"},
                {"dataset glyphs train=40 test=10", "mlp"}};

START_TEST(default_model_suits_the_data)
{
	struct fed_session s;
	struct fed_error err = {""};

	small_init(&s, NULL);
	small_do(&s, defaults[_i].dataset);
	fed_assert_ok(fed_session_complete(&s, &err), &err);
	ck_assert_str_eq(s.parts.model.entry->head->name, defaults[_i].model);
	fed__session_release(&s);
}
END_TEST

/* The order of commands that do not depend on each other makes no difference. */
static const char *const parts[] = {"dataset blobs train=80 test=40", "model mlp hidden=5",
                                    "aggregator fedavgm", "set lr 0.3", "scheme sync"};
#define PARTS (sizeof parts / sizeof *parts)

/* Permutation number k of the parts (Lehmer code). */
static void compose_in_order(struct fed_session *s, unsigned k)
{
	const char *left[PARTS];

	memcpy(left, parts, sizeof parts);
	small_init(s, NULL);
	for (size_t n = PARTS; n > 0; n--) {
		const unsigned at = k % n;

		k /= (unsigned)n;
		small_do(s, left[at]);
		memmove(left + at, left + at + 1, (n - at - 1) * sizeof *left);
	}
	small_do(s, "add 3 iid 20;round 2");
}

START_TEST(order_of_commands_does_not_matter)
{
	struct fed_session first, other;

	compose_in_order(&first, 0);
	for (unsigned k = 1; k < 120; k += FED_THREAD_SANITIZED ? 40 : FED_SANITIZED ? 7 : 1) {
		compose_in_order(&other, k);
		small_same(&first, &other);
		fed__session_release(&other);
	}
	fed__session_release(&first);
}
END_TEST

START_TEST(data_changes_only_without_clients)
{
	struct fed_session s;
	struct heard heard;

	small_compose(&s, &heard, "fedavg");
	small_refuses(&s, "dataset glyphs", "4 clients hold examples of blobs; `remove-client all`");
	small_do(&s, "dataset blobs train=80 test=40"); /* the same again is no change */
	small_do(&s, "round 2;remove all;dataset blobs train=60 test=40");
	ck_assert_uint_eq(fed_session_version(&s), 2); /* same shape and classes: the model stays */
	ck_assert_uint_eq(s.parts.clients.pool.left, 60);
	small_do(&s, "add 2 iid 10;round 1;remove all;dataset blobs train=60 test=40 classes=3");
	ck_assert_uint_eq(fed_session_version(&s), 0);
	ck_assert_uint_eq(s.parts.net.outputs, 3);
	ck_assert_ptr_nonnull(strstr(heard.text, "version 0"));
	small_do(&s, "dataset linear train=20 test=5"); /* softmax cannot */
	ck_assert_ptr_nonnull(strstr(heard.text, "model softmax does not fit linear"));
	small_do(&s, "add 2 iid 10;round 1");
	ck_assert_str_eq(s.parts.model.entry->head->name, "linear");
	fed__session_release(&s);
}
END_TEST

START_TEST(other_aggregator_and_transport_keep_the_model)
{
	struct fed_session s;

	small_compose(&s, NULL, "scaffold");
	small_do(&s, "round 2");
	ck_assert_ptr_nonnull(s.parts.clients.client[0].kept);
	float *before = fed_alloc_array(s.parts.net.dim, sizeof *before);
	memcpy(before, fed_session_params(&s), s.parts.net.dim * sizeof *before);
	small_do(&s, "transport local;scheme sync;set threads 2");
	ck_assert_ptr_nonnull(s.parts.clients.client[0].kept);
	small_do(&s, "aggregator fedadam eta=0.1");
	ck_assert_ptr_null(s.parts.clients.client[0].kept);
	ck_assert_uint_eq(fed_session_version(&s), 2);
	ck_assert_mem_eq(before, fed_session_params(&s), s.parts.net.dim * sizeof *before);
	small_do(&s, "remove 1;add 2 iid 5;round 1");
	ck_assert_uint_eq(fed_session_version(&s), 3);
	ck_assert_uint_eq(s.history.n, 3);
	fed_free(before);
	fed__session_release(&s);
}
END_TEST

START_TEST(other_model_and_restart_begin_anew)
{
	struct fed_session s, fresh;

	small_compose(&s, NULL, "fedavgm");
	small_compose(&fresh, NULL, "fedavgm");
	small_do(&fresh, "round 2");
	small_do(&s, "round 3;restart;round 2");
	small_same(&s, &fresh);
	ck_assert_uint_eq(s.parts.clients.client[0].rounds, 2);
	small_do(&s, "model mlp hidden=3");
	ck_assert_uint_eq(fed_session_version(&s), 0);
	ck_assert_uint_eq(s.history.n, 0);
	ck_assert_ptr_nonnull(fed_session_params(&s)); /* where a run had begun, from the seed */
	small_do(&s, "round 1;model softmax;round 2");
	small_same(&s, &fresh);
	small_do(&s, "reset");
	ck_assert_ptr_null(s.parts.data);
	small_refuses(&s, "round 1", "no clients");
	fed__session_release(&s);
	fed__session_release(&fresh);
}
END_TEST

/* A plugin that cannot be made again after a reload leaves its place empty: another model chooses
 * nothing for the user, the next round does. */
START_TEST(other_model_completes_nothing)
{
	struct heard heard;
	struct fed_session s;

	small_compose(&s, &heard, "krum");
	small_do(&s, "round 1");
	fed_session_stop(&s);
	fed_instance_release(&s.parts.aggregator);
	s.parts.aggregator = (struct fed_instance){0};
	const unsigned notices = heard.count[FED_EVENT_NOTICE];
	small_do(&s, "model mlp hidden=3");
	ck_assert_ptr_null(s.parts.aggregator.entry);
	ck_assert_ptr_null(fed_session_params(&s));
	ck_assert_uint_eq(heard.count[FED_EVENT_NOTICE], notices + 1); /* version 0 again */
	small_do(&s, "round 1");
	ck_assert_str_eq(s.parts.aggregator.entry->head->name, "fedavg");
	ck_assert_uint_eq(fed_session_version(&s), 1);
	fed__session_release(&s);
}
END_TEST

START_TEST(set_finds_whom_it_means)
{
	struct fed_session s;

	small_compose(&s, NULL, "fedavgm");
	small_do(&s, "set lr 0.25;set aggregator.beta 0.5;set weight-decay 0.01;round 1");
	ck_assert_double_eq_tol(s.parts.settings.lr, 0.25, 1e-12);
	small_do(&s, "set beta 0.25");
	ck_assert_uint_eq(fed_session_version(&s), 1); /* an aggregator's key changes in place */
	small_do(&s, "model mlp hidden=4;round 1;set model.hidden 6");
	ck_assert_uint_eq(fed_session_version(&s), 0); /* a model's key makes it anew */
	ck_assert_uint_eq(s.parts.net.dim, 2 * 6 + 6 + 6 * 4 + 4);
	small_do(&s, "set hidden 5,3");
	small_refuses(&s, "set beta 2", "2");
	small_refuses(&s, "set hidden 0", "0");
	small_refuses(&s, "set lernrate 1", "there is no setting lernrate");
	small_refuses(&s, "set epoch 1", "did you mean epochs?");
	small_refuses(&s, "set model.hiden 1", "did you mean hidden?");
	small_refuses(&s, "set modell.hidden 1", "before the dot");
	small_refuses(&s, "set zzz 1", "aggregator.beta");
	small_refuses(&s, "set transport.x 1", "transport");
	fed__session_release(&s);
}
END_TEST

START_TEST(seed_changes_before_it_was_used)
{
	struct fed_session a, b;
	struct heard heard;

	small_compose(&a, &heard, "fedavg");
	small_refuses(&a, "set seed 7", "4 clients hold examples partitioned with seed 1");
	small_do(&a, "set seed 1;round 1;remove all");
	small_refuses(&a, "set seed 7", "the model was trained from seed 1; `restart`");
	small_do(&a, "restart;set seed 7;add 3 iid 20;round 2");

	small_init(&b, NULL);
	small_do(&b, "set seed 7;dataset blobs train=80 test=40;model softmax;set batch 5");
	ck_assert_uint_eq(a.parts.data->fingerprint, b.parts.data->fingerprint);
	fed__session_release(&a);
	fed__session_release(&b);
}
END_TEST

START_TEST(clients_are_refused_with_words)
{
	const struct fed_partition how = {.kind = FED_PARTITION_IID, .samples = 600, .reuse = true};
	struct fed_session s;
	struct fed_error err = {""};
	uint32_t first;

	small_compose(&s, NULL, "fedavg");
	small_refuses(&s, "add 0 iid 1", "0 clients");
	small_refuses(&s, "add 100 iid 1", "reuse");
	small_refuses(&s, "remove 9", "from 0 to 3");
	ck_assert_int_eq(fed_session_add_clients(&s, 4000000000u, &how, NULL, NULL, NULL, &first, &err),
	                 FED_FAIL);
	ck_assert_msg(strstr(err.text, "4,000,000,000 clients with 600 examples each need"), "%s",
	              err.text);
	ck_assert_uint_eq(s.parts.clients.n, 4);
	fed__session_release(&s);
}
END_TEST

START_TEST(limit_on_addresses_counts)
{
	const struct fed_partition how = {.kind = FED_PARTITION_IID, .samples = 600, .reuse = true};
	struct fed_session s;
	struct fed_error err = {""};
	uint32_t first;

	small_compose(&s, NULL, "fedavg");
	const struct rlimit limit = {.rlim_cur = (rlim_t)1 << 30, .rlim_max = RLIM_INFINITY};
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
	ck_assert_int_eq(fed_session_add_clients(&s, 500000, &how, NULL, NULL, NULL, &first, &err),
	                 FED_FAIL);
	ck_assert_msg(strstr(err.text, "500,000 clients") != NULL, "%s", err.text);
	fed__session_release(&s);
}
END_TEST

static const struct {
	const char *before, *line;
} commands[] = {
	{"", "dataset blobs train=40 test=10"},
	{"dataset blobs train=40 test=10", "dataset blobs train=20 test=10 classes=3"},
	{"dataset blobs train=40 test=10;model softmax", "model mlp hidden=3"},
	{"", "aggregator fedadam"},
	{"", "transport local"},
	{"", "scheme sync"},
	{"dataset blobs train=40 test=10", "add 3 noniid 10"},
	{"dataset blobs train=40 test=10;add 4 iid 10", "remove 1,2"},
	{"dataset blobs train=40 test=10;model mlp", "set hidden 4"},
	{"dataset blobs train=40 test=10", "set seed 3"},
	{"dataset blobs train=40 test=10;model softmax;aggregator scaffold;transport local;add 3 iid "
     "10",
     "round 1"},
};

/* All that a command may change. */
static void describe(const struct fed_session *s, struct fed_text *out)
{
	const struct fed_instance *const all[] = {&s->parts.model, &s->parts.aggregator,
	                                          &s->parts.transport};

	fed_fields_print(fed_settings_fields, &s->parts.settings, false, out);
	fed_text_add(out, "\n%s %llx\n", s->parts.data ? s->parts.data->name : "-",
	             s->parts.data ? (unsigned long long)s->parts.data->fingerprint : 0);
	for (size_t i = 0; i < 3; i++) {
		fed_text_add(out, "%s ", all[i]->entry ? all[i]->entry->head->name : "-");
		if (all[i]->entry)
			fed_fields_print(all[i]->entry->head->fields, all[i]->state, false, out);
	}
	fed_text_add(out, "\n%d %zu %u %u %u %u %llu %zu", s->parts.net_built,
	             s->parts.net_built ? s->parts.net.dim : 0, s->parts.clients.n,
	             s->parts.clients.n_present, s->parts.clients.n_blocks, s->parts.clients.pool.left,
	             (unsigned long long)fed_session_version(s), s->history.n);
	ck_assert(!out->failed);
}

/* The k-th allocation of the command fails, for every k: it says so, and nothing has changed. */
START_TEST(failing_allocation_changes_nothing)
{
	struct fed_text before = {0}, after = {0};
	struct fed_session s;
	struct fed_error err = {""};
	bool failed = true;

	for (uint64_t k = 1; failed; k++) {
		const int64_t live = fed__mem_live();

		small_init(&s, NULL);
		if (*commands[_i].before)
			small_do(&s, commands[_i].before);
		describe(&s, &before);
		err.text[0] = 0;
		fed__mem_fail_at(k);
		failed = small_try(&s, commands[_i].line, &err) != FED_OK;
		fed__mem_fail_at(0);
		if (failed) {
			describe(&s, &after);
			ck_assert_msg(*err.text, "%s fails without words", commands[_i].line);
			ck_assert_str_eq(fed_text_str(&before), fed_text_str(&after));
			small_do(&s, commands[_i].line); /* and it works when there is memory again */
		} else if (k < 3) {
			failed = true; /* an allocation that it can do without */
		}
		fed__session_release(&s);
		fed_text_release(&before);
		fed_text_release(&after);
		ck_assert_msg(fed__mem_live() == live, "%s leaks when allocation %llu fails",
		              commands[_i].line, (unsigned long long)k);
		ck_assert_uint_lt(k, 2000);
	}
}
END_TEST

/* Nobody said how many examples: as many as usual, or what the pool has for each; told. */
/* The rule keeps its settings and its state as the composition changes; async says that it is idle,
 * and a restart begins it anew. */
START_TEST(a_selection_rule_is_a_part)
{
	struct fed_session s;
	struct heard heard = {.len = 0};

	small_compose(&s, &heard, "fedavg");
	ck_assert_str_eq(fed_session_status(&s).selection, "uniform");
	small_refuses(&s, "set selection.alpha 3",
	              "no selection is chosen yet; choose one with `select");
	small_do(&s, "set participants 2;select round-robin;round 1;aggregator fedavgm;round 1");
	ck_assert_str_eq(fed_session_status(&s).selection, "round-robin");
	for (uint32_t id = 0; id < 4; id++) /* two after the other two */
		ck_assert_uint_eq(fed_ledger_participation(&s.ledger, id)->last, id < 2 ? 1 : 2);
	small_do(&s, "restart;round 1");
	ck_assert_ptr_nonnull(fed_ledger_participation(&s.ledger, 0));
	ck_assert_ptr_null(fed_ledger_participation(&s.ledger, 2));
	small_do(&s, "select oort;set selection.alpha 3;set alpha 4");
	small_refuses(&s, "select oort alpha=-1", "alpha=-1");
	small_refuses(&s, "select ort", "did you mean oort?");
	small_do(&s, "round 1;step 1");
	small_refuses(&s, "select uniform", "a round is open");
	small_refuses(&s, "set alpha 5", "a round is open");
	small_do(&s, "abort;scheme async concurrency=2");
	ck_assert_ptr_nonnull(strstr(heard.text, "selection oort acts under sync and split"));
	small_do(&s, "round 3");
	fed__session_release(&s);
	ck_assert_int_eq(fed__mem_live(), 0);
}
END_TEST

START_TEST(clients_take_what_the_pool_has)
{
	struct fed_partition how = {.kind = FED_PARTITION_IID, .shards = 2, .alpha = 1};
	const struct fed_device_spec device = {.flops = 1e6, .profile = FED_NO_PROFILE};
	struct fed_session s;
	struct heard heard;
	struct fed_link_spec link;
	struct fed_error err = {""};
	uint32_t first;

	small_init(&s, &heard);
	small_do(&s, "dataset blobs train=2000 test=40");
	fed_assert_ok(fed_link_parse(FED_LINK_DEFAULT, &link, &err), &err);
	fed_assert_ok(fed_session_add_clients(&s, 2, &how, &device, &link, NULL, &first, &err), &err);
	ck_assert_uint_eq(s.parts.clients.client[0].count, 600);
	ck_assert_uint_eq(heard.count[FED_EVENT_NOTICE], 0);
	fed_assert_ok(fed_session_add_clients(&s, 3, &how, &device, &link, NULL, &first, &err), &err);
	ck_assert_uint_eq(s.parts.clients.client[first].count, 266);
	ck_assert_ptr_nonnull(strstr(heard.text, "using samples=266"));
	ck_assert_int_ne(fed_session_add_clients(&s, 3, &how, &device, &link, NULL, &first, &err),
	                 FED_OK);
	ck_assert_ptr_nonnull(strstr(err.text, "2 examples are left"));
	how.samples = 900;
	ck_assert_int_ne(fed_session_add_clients(&s, 1, &how, &device, &link, NULL, &first, &err),
	                 FED_OK);
	ck_assert_ptr_nonnull(strstr(err.text, "samples=2 or less"));
	fed__session_release(&s);
}
END_TEST

FED_SUITE(compose)
{
	Suite *suite = suite_create("compose");
	TCase *tests = tcase_create("compose");

	tcase_add_test(tests, bare_session_takes_defaults);
	tcase_add_loop_test(tests, default_model_suits_the_data, 0,
	                    (int)(sizeof defaults / sizeof *defaults));
	tcase_add_test(tests, order_of_commands_does_not_matter);
	tcase_add_test(tests, data_changes_only_without_clients);
	tcase_add_test(tests, other_aggregator_and_transport_keep_the_model);
	tcase_add_test(tests, other_model_and_restart_begin_anew);
	tcase_add_test(tests, other_model_completes_nothing);
	tcase_add_test(tests, set_finds_whom_it_means);
	tcase_add_test(tests, seed_changes_before_it_was_used);
	tcase_add_test(tests, clients_are_refused_with_words);
	if (!FED_SANITIZED) /* sanitizers reserve terabytes of addresses */
		tcase_add_test(tests, limit_on_addresses_counts);
	tcase_add_loop_test(tests, failing_allocation_changes_nothing, FED_THREAD_SANITIZED ? 1 : 0,
	                    (int)(sizeof commands / sizeof *commands));
	tcase_add_test(tests, a_selection_rule_is_a_part);
	tcase_add_test(tests, clients_take_what_the_pool_has);
	suite_add_tcase(suite, tests);
	return suite;
}
