/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Plugins that go wrong in a worker process: what is said of each, and that nothing else changes.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "plug/call.h"
#include "plug/guard/guard.h"
#include "support/suite.h"

#define FIXTURE(name) FED_BUILD_DIR "/fixtures/" name ".so"
enum { DIM = 1000, N = 3 };

static struct fed_registry *registry;
static void open_guarded(double deadline)
{
	struct fed_error err;

	fed_assert_ok(fed_registry_init(&registry, &err), &err);
	fed_assert_ok(fed_registry_guard(registry, FED_BUILD_DIR "/fedsh-worker", &err), &err);
	struct fed_guard *guard = fed_registry_guard_of(registry);
	guard->limits.deadline = deadline;
	guard->limits.memory = 256e6;
}

static void make(struct fed_instance *x, const char *file, const char *settings)
{
	const struct fed_entry *entry;
	struct fed_assign assign[8];
	struct fed_error err;
	char text[200];
	size_t n = 0;

	snprintf(text, sizeof text, "%s", settings);
	for (char *rest = text, *word; (word = strtok_r(rest, " ", &rest)) != NULL; n++) {
		char *value = strchr(word, '=');

		*value = '\0';
		assign[n] = (struct fed_assign){.key = word, .value = value + 1};
	}
	fed_assert_ok(fed_registry_load(registry, file, &entry, &err), &err);
	fed_assert_ok(fed_instance_init(x, entry, assign, n, &err), &err);
	fed_assert_ok(fed_instance_size(x, DIM, &err), &err);
}

/* A round of N updates; the code of the first call that was not FED_OK. */
static int play(struct fed_instance *x, float *out, struct fed_error *err)
{
	static float delta[N][DIM], params[DIM];
	const struct fed_round round = {.dim = DIM, .params = params, .invited = N, .seed = 7};
	struct fed_aggregation a;

	for (size_t i = 0; i < N; i++)
		for (size_t j = 0; j < DIM; j++)
			delta[i][j] = (float)fed_random_real(i, j);
	int rc = fed_aggregation_begin(&a, x, &round, N, NULL, err);
	if (rc != FED_OK)
		return rc;
	for (uint32_t i = 0; rc == FED_OK && i < N; i++) {
		const struct fed_update u = {.size = sizeof u,
		                             .client = i,
		                             .delta = delta[i],
		                             .base = params,
		                             .weight = 1,
		                             .samples = 1};

		rc = fed_aggregation_add(&a, &u, err);
	}
	if (rc == FED_OK)
		rc = fed_aggregation_finish(&a, out, err);
	fed_aggregation_release(&a);
	return rc;
}

static const struct crash {
	const char *plugin, *settings, *words;
} crashes[] = {
	{"crash_reduce", "how=read-null", "crashed in reduce() at crash"},
	{"crash_reduce", "how=write-null", "it used a NULL pointer"},
	{"crash_reduce", "how=input", "it wrote into its inputs, which it may only read"},
	{"crash_reduce", "how=params", "it wrote into its inputs"},
	{"crash_reduce", "how=past-one", "reduce() wrote past the end of its output"},
	{"crash_reduce", "how=past size=4000", "it wrote past the end of its output"},
	{"crash_reduce", "how=before", "reduce() wrote past the end of its output"},
	{"crash_reduce", "how=state", "crash-reduce: "},
	{"crash_reduce", "how=err", "crash-reduce: "},
	{"crash_reduce", "how=verdict", "crash-reduce: "},
	{"crash_reduce", "how=loop", "did not return from reduce() within 0.5 s"},
	{"crash_reduce", "how=exit", "called exit(0) in reduce()"},
	{"crash_reduce", "how=exit-now", "ended its process with code 3 in reduce()"},
	{"crash_reduce", "how=abort", "it called abort()"},
	{"crash_reduce", "how=stack", "it ran out of stack"},
	{"crash_reduce", "how=divide", "it divided an integer by zero"},
	{"crash_reduce", "how=trap", "crashed in reduce() at crash"},
	{"crash_reduce", "how=files", "in reduce()"},
	{"crash_reduce", "how=socket", "in reduce()"},
	{"crash_reduce", "how=reply", "in reduce()"},
	{"crash_reduce", "how=nan", "its step is NaN at coordinate 999"},
	{"crash_reduce", "how=hoard", "reduce()"},
	{"crash_reduce", "how=jump", "in reduce()"},
	{"crash_reduce", "how=pointer", "crashed in reduce()"},
	{"crash_stream", "how=write-null in=begin", "crashed in begin() at crash"},
	{"crash_stream", "how=input in=add", "crashed in add() at crash"},
	{"crash_stream", "how=past in=finish", "it wrote past the end of its output"},
	{"crash_stream", "how=exit in=add", "called exit(0) in add()"},
	{"crash_stream", "how=loop in=begin", "did not return from begin()"},
};

/* What fedavg makes of the round, as it makes it without any of this. */
static void assert_fedavg(const float *first)
{
	float out[DIM];
	struct fed_instance x;
	struct fed_error err;

	make(&x, FED_PLUGIN_DIR "/fedavg.so", "");
	fed_assert_ok(play(&x, out, &err), &err);
	ck_assert(memcmp(out, first, sizeof out) == 0);
	fed_instance_release(&x);
}

START_TEST(a_plugin_that_goes_wrong_costs_its_call)
{
	const struct crash *c = &crashes[_i];
	char file[300];
	float out[DIM] = {0}, before[DIM], mean[DIM];
	struct fed_instance x, y;
	struct fed_error err = {{0}};

	open_guarded(0.5);
	make(&y, FED_PLUGIN_DIR "/fedavg.so", "");
	fed_assert_ok(play(&y, mean, &err), &err);
	fed_instance_release(&y);
	ck_assert(fed_registry_unload(registry, FED_KIND_AGGREGATOR, "fedavg", &err) == FED_OK);
	snprintf(file, sizeof file, FED_BUILD_DIR "/fixtures/%s.so", c->plugin);
	make(&x, file, c->settings);
	memcpy(before, out, sizeof out);
	ck_assert_int_eq(play(&x, out, &err), FED_FAIL);
	ck_assert_msg(strstr(err.text, c->words), "%s: \"%s\"", c->settings, err.text);
	ck_assert_msg(strncmp(err.text, "aggregator crash-", 17) == 0, "%s", err.text);
	ck_assert(memcmp(before, out, sizeof out) == 0);
	/* again: a new process, the same end */
	ck_assert_int_eq(play(&x, out, &err), FED_FAIL);
	fed_instance_release(&x);
	assert_fedavg(mean);
	fed_registry_free(registry);
}
END_TEST

/* What a plugin may do without harm. */
START_TEST(what_harms_nobody_goes_on)
{
	static const char *const settings[] = {"how=well", "how=thread", "how=fork", "how=talk",
	                                       "how=parent"};
	float out[DIM], mean[DIM];
	struct fed_instance x;
	struct fed_error err;

	open_guarded(5);
	make(&x, FED_PLUGIN_DIR "/fedavg.so", "");
	fed_assert_ok(play(&x, mean, &err), &err);
	fed_instance_release(&x);
	make(&x, FIXTURE("crash_reduce"), settings[_i]);
	fed_assert_ok(play(&x, out, &err), &err);
	fed_assert_ok(play(&x, out, &err), &err);
	for (size_t j = 0; j < DIM; j++)
		ck_assert_float_eq_tol(out[j], mean[j], 1e-6f);
	fed_instance_release(&x);
	struct fed_text printed = {0};
	ck_assert_uint_eq(fed_guard_read(fed_registry_guard_of(registry), &printed), 0);
	if (_i == 3)
		ck_assert_msg(strcmp(fed_text_str(&printed),
		                     "crash-reduce: a line of the plugin\n"
		                     "crash-reduce: and ?[31mcolour\n"
		                     "crash-reduce: without an enda line of the plugin\n"
		                     "crash-reduce: and ?[31mcolour\n"
		                     "crash-reduce: without an end\n") == 0,
		              "%s", fed_text_str(&printed));
	fed_text_release(&printed);
	fed_registry_free(registry);
}
END_TEST

START_TEST(a_constructor_that_crashes_is_refused)
{
	const struct fed_entry *entry;
	struct fed_error err;

	open_guarded(5);
	ck_assert_int_eq(fed_registry_load(registry, FIXTURE("crash_constructor"), &entry, &err),
	                 FED_FAIL);
	ck_assert_msg(strstr(err.text, "crashed in its constructor at crash_constructor.c:"), "%s",
	              err.text);
	fed_registry_free(registry);
}
END_TEST

/* A second Ctrl-C ends a call that runs, at once. */
static void *interrupt_soon(void *arg)
{
	nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
	atomic_store(&((struct fed_guard *)arg)->interrupted, true);
	return NULL;
}

START_TEST(an_interrupt_ends_the_call)
{
	struct fed_instance x;
	struct fed_error err;
	pthread_t thread;
	float out[DIM];

	open_guarded(0);
	make(&x, FIXTURE("crash_reduce"), "how=loop");
	pthread_create(&thread, NULL, interrupt_soon, fed_registry_guard_of(registry));
	ck_assert_int_eq(play(&x, out, &err), FED_FAIL);
	ck_assert_msg(strstr(err.text, "was interrupted in reduce()"), "%s", err.text);
	pthread_join(thread, NULL);
	fed_instance_release(&x);
	fed_registry_free(registry);
}
END_TEST

/* The descriptor that comes over is the one that is loaded inside. */
START_TEST(descriptors_are_the_same)
{
	static const char *const names[] = {"krum", "fedadam", "scaffold", "cnn", "backdoor", "lossy"};
	struct fed_registry *inside;
	const struct fed_entry *a, *b;
	struct fed_error err;
	char file[300];

	open_guarded(5);
	fed_assert_ok(fed_registry_init(&inside, &err), &err);
	snprintf(file, sizeof file, "%s/%s.so", FED_PLUGIN_DIR, names[_i]);
	fed_assert_ok(fed_registry_load(registry, file, &a, &err), &err);
	fed_assert_ok(fed_registry_load(inside, file, &b, &err), &err);
	ck_assert(a->guard && !b->guard);
	ck_assert_str_eq(a->head->name, b->head->name);
	ck_assert_str_eq(a->head->help, b->head->help);
	ck_assert_str_eq(a->head->doc, b->head->doc);
	ck_assert_uint_eq(a->head->state_size, b->head->state_size);
	ck_assert_uint_eq(a->head->kind, b->head->kind);
	for (size_t i = 0;; i++) {
		const struct fed_field *p = &a->head->fields[i], *q = &b->head->fields[i];

		ck_assert_uint_eq(p->type, q->type);
		if (p->type == FED_TYPE_END)
			break;
		ck_assert_str_eq(p->name, q->name);
		ck_assert_uint_eq(p->offset, q->offset);
		ck_assert(p->def == q->def && p->min == q->min && p->max == q->max);
		for (size_t k = 0; q->choice && q->choice[k]; k++)
			ck_assert_str_eq(p->choice[k], q->choice[k]);
	}
	fed_registry_free(registry);
	fed_registry_free(inside);
}
END_TEST

FED_SUITE(guard)
{
	Suite *s = suite_create("guard");
	TCase *t = tcase_create("guard");

	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, a_plugin_that_goes_wrong_costs_its_call, 0,
	                    sizeof crashes / sizeof *crashes);
	tcase_add_loop_test(t, what_harms_nobody_goes_on, 0, 5);
	tcase_add_test(t, a_constructor_that_crashes_is_refused);
	tcase_add_test(t, an_interrupt_ends_the_call);
	tcase_add_loop_test(t, descriptors_are_the_same, 0, 6);
	suite_add_tcase(s, t);
	return s;
}
