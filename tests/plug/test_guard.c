/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Plugins that go wrong in a worker process: what is said of each, and that nothing else changes.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "plug/calls/call.h"
#include "plug/guard/worker.h"
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
	{"crash_reduce", "how=write-null", "it used a NULL pointer (SIGSEGV)"},
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
	{"crash_reduce", "how=divide", "it divided an integer by zero (SIGFPE)"},
	{"crash_reduce", "how=trap", "it ran into a trap that the compiler sets"},
	{"crash_reduce", "how=files", "in reduce()"},
	{"crash_reduce", "how=socket", "in reduce()"},
	{"crash_reduce", "how=reply", "in reduce()"},
	{"crash_reduce", "how=nan", "its step is NaN at coordinate 999"},
	{"crash_reduce", "how=never", "its step was not written at coordinate 0"},
	{"crash_reduce", "how=hoard", "it may allocate 0.256 GB (`set plugin-memory`)"},
	{"crash_reduce", "how=leak size=1073741824", "it may allocate 0.256 GB (`set plugin-memory`)"},
	{"crash_reduce", "how=dlclose", "crashed in reduce()"},
	{"crash_reduce", "how=jump", "in reduce()"},
	{"crash_reduce", "how=pointer", "crashed in reduce()"},
	/* the sanitizer sees it first, and knows no line but the header's */
	{"crash_reduce", "how=header", FED_SANITIZED ? "reduce()" : "crashed in reduce() at crash.h:"},
	{"crash_stream", "how=write-null in=begin", "crashed in begin() at crash"},
	{"crash_stream", "how=input in=add", "crashed in add() at crash"},
	{"crash_stream", "how=vector in=add", "it wrote outside of its vectors"},
	{"crash_stream", "how=past in=finish", "it wrote past the end of its output"},
	{"crash_stream", "how=exit in=add", "called exit(0) in add()"},
	{"crash_stream", "how=loop in=begin", "did not return from begin()"},
	{"crash_stream", "how=half in=add", "did not return from add()"},
	{"crash_stream", "how=talk-on in=add", "did not return from add()"},
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

	/* The address sanitizer's own memory is beyond the limit's reach: there the deadline ends what
	 * allocates without end. */
	const bool hoards = strstr(c->settings, "hoard") || strstr(c->settings, "leak");
	const bool lasts = strstr(c->words, "did not return");
	open_guarded(lasts ? 0.5 : !FED_SANITIZED ? 20 : hoards ? 1 : 5);
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

/* The line of a call, where what was called ends the process. */
START_TEST(the_line_of_a_call_is_named)
{
	FILE *source = fopen(FED_SOURCE_DIR "/tests/fixtures/crash.h", "r");
	char line[200], words[100] = "";
	float out[DIM];
	struct fed_instance x;
	struct fed_error err = {{0}};

	ck_assert_ptr_nonnull(source);
	for (int i = 1; fgets(line, sizeof line, source); i++)
		if (strcmp(line, "\t\tabort();\n") == 0)
			snprintf(words, sizeof words, ":%d: it called abort()", i);
	fclose(source);
	ck_assert_str_ne(words, "");
	open_guarded(20);
	make(&x, FIXTURE("crash_reduce"), "how=abort");
	ck_assert_int_eq(play(&x, out, &err), FED_FAIL);
	ck_assert_msg(strstr(err.text, words), "%s: \"%s\"", words, err.text);
	fed_instance_release(&x);
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

/* A thread that the plugin started ends with its process, when the instance does: before it can be
 * unloaded. */
START_TEST(a_thread_does_not_outlive_its_plugin)
{
	float out[DIM];
	struct fed_instance x;
	struct fed_error err;

	open_guarded(5);
	make(&x, FIXTURE("crash_reduce"), "how=thread");
	fed_assert_ok(play(&x, out, &err), &err);
	const pid_t pid = x.worker->pid;
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(kill(pid, 0), 0);
	ck_assert_int_eq(fed_registry_unload(registry, FED_KIND_AGGREGATOR, "crash-reduce", &err),
	                 FED_FAIL); /* in use */
	fed_instance_release(&x);
	ck_assert_int_eq(kill(pid, 0), -1);
	ck_assert_int_eq(errno, ESRCH);
	fed_assert_ok(fed_registry_unload(registry, FED_KIND_AGGREGATOR, "crash-reduce", &err), &err);
	fed_registry_free(registry);
}
END_TEST

static void play_some(struct fed_instance *x, int rounds)
{
	float out[DIM];
	struct fed_error err;

	for (int i = 0; i < rounds; i++)
		fed_assert_ok(play(x, out, &err), &err);
}

/* What a plugin does not free is told once; what it keeps for later is not. */
START_TEST(growth_is_told)
{
	static const struct {
		const char *settings;
		bool told;
	} cases[] = {
		{"how=leak size=6000000", true}, {"how=leak size=1000", false}, {"how=well", false}};
	struct fed_instance x;
	struct fed_text printed = {0};

	open_guarded(5);
	make(&x, FIXTURE("crash_reduce"), cases[_i].settings);
	play_some(&x, 8);
	fed_guard_read(fed_registry_guard_of(registry), &printed);
	const char *line = strstr(fed_text_str(&printed), "crash-reduce: keeps 6.");
	ck_assert_msg((line != NULL) == cases[_i].told, "%s", fed_text_str(&printed));
	ck_assert(!line || (strstr(line, " MB more after each round") && !strstr(line + 20, "keeps")));
	fed_text_release(&printed);
	fed_instance_release(&x);
	fed_registry_free(registry);
}
END_TEST

/* Bytes of a file, changed by `damage`, as a file of its own. */
static void copy_damaged(const char *from, const char *to, int damage)
{
	FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
	static char bytes[1 << 20];
	size_t n = fread(bytes, 1, sizeof bytes, in);

	ck_assert(n > 4000 && n < sizeof bytes);
	if (damage == 0)
		n /= 2;
	if (damage == 1)
		bytes[18] = (char)(bytes[18] + 1); /* e_machine */
	if (damage == 2)
		n = 0;
	fwrite(bytes, 1, n, out);
	fclose(in);
	fclose(out);
}

START_TEST(what_cannot_be_loaded_is_refused)
{
	static const char *const files[] = {FIXTURE("bad_abi"),   FIXTURE("bad_row"),
	                                    FIXTURE("wild_rows"), FIXTURE("undefined_symbol"),
	                                    FIXTURE("no_symbol"), FIXTURE("bad_magic")};
	const int n_files = sizeof files / sizeof *files;
	const struct fed_entry *entry;
	char path[] = "/tmp/fedsh-guard-XXXXXX";
	float out[DIM], mean[DIM];
	struct fed_instance x;
	struct fed_error err = {{0}};

	const int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
	if (_i >= n_files)
		copy_damaged(FIXTURE("crash_reduce"), path, _i - n_files);
	open_guarded(5);
	make(&x, FED_PLUGIN_DIR "/fedavg.so", "");
	fed_assert_ok(play(&x, mean, &err), &err);
	ck_assert_int_ne(fed_registry_load(registry, _i < n_files ? files[_i] : path, &entry, &err),
	                 FED_OK);
	ck_assert_uint_gt(strlen(err.text), 10);
	ck_assert_ptr_null(strstr(err.text, "/proc/")); /* where the worker sees it */
	fed_assert_ok(play(&x, out, &err), &err);
	ck_assert_mem_eq(out, mean, sizeof out);
	fed_instance_release(&x);
	fed_registry_free(registry);
	unlink(path);
}
END_TEST

/* The file is overwritten, then cut off, while the plugin is loaded and before a new process. */
START_TEST(a_file_may_be_replaced)
{
	char path[] = "/tmp/fedsh-guard-XXXXXX";
	float out[DIM], again[DIM];
	struct fed_instance x;
	struct fed_error err;

	const int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
	copy_damaged(FIXTURE("crash_reduce"), path, -1);
	open_guarded(5);
	make(&x, path, "how=well");
	copy_damaged(FIXTURE("crash_constructor"), path, -1);
	fed_assert_ok(play(&x, out, &err), &err);
	ck_assert_int_eq(truncate(path, 100), 0);
	fed_instance_release(&x);
	const struct fed_entry *entry;
	fed_assert_ok(fed_registry_find(registry, FED_KIND_AGGREGATOR, "crash-reduce", &entry, &err),
	              &err);
	fed_assert_ok(fed_instance_init(&x, entry, NULL, 0, &err), &err);
	fed_assert_ok(fed_instance_size(&x, DIM, &err), &err);
	fed_assert_ok(play(&x, again, &err), &err);
	ck_assert_mem_eq(out, again, sizeof out);
	fed_instance_release(&x);
	fed_registry_free(registry);
	unlink(path);
}
END_TEST

/* Explanations and memory are asked for outside of aggregations. */
START_TEST(tell_may_crash)
{
	static float delta[DIM], params[DIM];
	const struct fed_update u = {
		.size = sizeof u, .delta = delta, .base = params, .weight = 1, .samples = 1};
	const struct fed_verdict v = {.size = sizeof v};
	struct fed_instance x;
	struct fed_text lines = {0};
	struct fed_error err;

	open_guarded(5);
	make(&x, FIXTURE("crash_stream"), "how=write-null in=tell");
	const struct fed_telling t = {.instance = &x,
	                              .round = {.dim = DIM, .params = params, .invited = 1},
	                              .update = &u,
	                              .verdict = &v,
	                              .n = 1,
	                              .step = delta,
	                              .lines = &lines};
	ck_assert_int_eq(fed_call_tell(&t, &err), FED_FAIL);
	ck_assert_msg(strstr(err.text, "crashed in tell() at crash"), "%s", err.text);
	fed_text_release(&lines);
	fed_instance_release(&x);
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

/* One who waits looks for a packet, but not often where none comes soon; what is there is found all
 * the same. */
START_TEST(waiting_costs_little)
{
	struct fed_packet_wait wait = {0};
	int end[2], looks = 0;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
	for (int i = 0; i < 1000; i++) {
		looks += wait.rest == 0;
		ck_assert(!fed_packet_comes(end[0], &wait));
	}
	ck_assert_int_lt(looks, 25);
	ck_assert_int_eq(write(end[1], "x", 1), 1);
	int calls = 1;
	while (!fed_packet_comes(end[0], &wait))
		calls++;
	ck_assert_int_le(calls, 64);
	ck_assert(fed_packet_comes(end[0], &wait)); /* it was not taken; and packets come soon again */
	char first;
	ck_assert_int_eq(read(end[0], &first, 1), 1);
	close(end[1]);
	ck_assert(fed_packet_comes(end[0], &wait)); /* the end of the connection comes as well */
	close(end[0]);
}
END_TEST

static const struct crash handed_over[] = {
	{"crash_stream", "how=well", NULL},
	{"crash_stream", "how=exit in=add", "called exit(0) in add()"},
	{"crash_stream", "how=loop in=add", "did not return from add()"},
};

/* Updates are added on the processor of the thread that waits, which then runs where it ran. */
START_TEST(a_call_leaves_the_processors)
{
	const struct crash *c = &handed_over[_i];
	cpu_set_t before, after;
	float out[DIM];
	struct fed_instance x;
	struct fed_error err;

	open_guarded(0.5);
	make(&x, FIXTURE("crash_stream"), c->settings);
	ck_assert_int_eq(sched_getaffinity(0, sizeof before, &before), 0);
	ck_assert_int_eq(play(&x, out, &err), c->words ? FED_FAIL : FED_OK);
	if (c->words)
		ck_assert_msg(strstr(err.text, c->words), "%s", err.text);
	ck_assert_int_eq(sched_getaffinity(0, sizeof after, &after), 0);
	ck_assert(CPU_EQUAL(&before, &after));
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
	tcase_add_test(t, the_line_of_a_call_is_named);
	tcase_add_loop_test(t, what_harms_nobody_goes_on, 0, 5);
	tcase_add_test(t, a_thread_does_not_outlive_its_plugin);
	tcase_add_loop_test(t, growth_is_told, 0, 3);
	tcase_add_loop_test(t, what_cannot_be_loaded_is_refused, 0, 9);
	tcase_add_test(t, a_file_may_be_replaced);
	tcase_add_test(t, tell_may_crash);
	tcase_add_test(t, a_constructor_that_crashes_is_refused);
	tcase_add_test(t, an_interrupt_ends_the_call);
	tcase_add_test(t, waiting_costs_little);
	tcase_add_loop_test(t, a_call_leaves_the_processors, 0, 3);
	tcase_add_loop_test(t, descriptors_are_the_same, 0, 6);
	suite_add_tcase(s, t);
	return s;
}
