/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sessions whose plugins all run in worker processes: bit for bit those whose plugins run inside.
 */
#include <math.h>
#include <string.h>

#include "base/blas.h"
#include "checkpoint/checkpoint.h"
#include "plug/guard/worker.h"
#include "session/small.h"

/* The plugins that come with fedsh are loaded as files of a user. */
static const char *const names[] = {
	"local",    "lossy",       "softmax",  "mlp",         "fedavg",
	"fedadam",  "fedprox",     "scaffold", "krum",        "median",
	"fedasync", "fedbuff",     "nnm",      "alie",        "sign-flip",
	"replay",   "label-flip",  "backdoor", "by-size",     "power-of-choice",
	"oort",     "round-robin", "int8",     "top-k",       "qsgd",
	"powersgd", "sign",        "fp16",     "transformer",
};

static const char *const own[][2] = {
	{"faulty-model", FED_BUILD_DIR "/fixtures/faulty_model.so"},
	{"batch-norm", FED_BUILD_DIR "/fixtures/batch_norm.so"},
	{"running", FED_BUILD_DIR "/fixtures/running.so"},
};
static const char common[] = "dataset glyphs train=400 test=100;model mlp hidden=8;"
							 "transport local;add 6 noniid 30";

/* A session with the plugins that these lines name. */
static void open_session(struct fed_session *s, bool guarded, const char *lines)
{
	const struct fed_sink none = {0};
	const struct fed_entry *entry;
	struct fed_error err = {""};
	char path[400];

	fed_blas_init(); /* as both programs do: the same kernels */
	/* a folder without plugins */
	fed_assert_ok(fed__session_init(s, FED_SOURCE_DIR "/sessions", none, &err), &err);
	fed_assert_ok(fed_session_guard(s, FED_BUILD_DIR "/fedsh-worker", &err), &err);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "%s/%s.so", FED_PLUGIN_DIR, names[i]);
		if (!strstr(lines, names[i]) && !strstr(common, names[i]))
			continue;
		if (guarded)
			fed_assert_ok(fed_session_load(s, path, &entry, &err), &err);
		else
			fed_assert_ok(fed_session_load_trusted(s, path, &entry, &err), &err);
	}
	fed_assert_ok(fed_session_set(s, "threads", guarded ? "2" : "1", &err), &err);
	for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
		if (!strstr(lines, own[i][0]))
			continue;
		if (guarded)
			fed_assert_ok(fed_session_load(s, own[i][1], &entry, &err), &err);
		else
			fed_assert_ok(fed_session_load_trusted(s, own[i][1], &entry, &err), &err);
	}
}

static const char *const runs[] = {
	"aggregator scaffold;inject byzantine 1 attack=label-flip;round 3",
	"scheme async;aggregator fedbuff;round 4",
	"transport lossy;aggregator fedavg;inject flaky all p=0.3;round 3",
	"scheme split;aggregator fedavg;round 2",
	"aggregator fedavg;set codec powersgd;round 3",
	"model faulty-model units=3;aggregator scaffold;inject drift 1 rate=0.5;round 2",
	/* a frozen base, which the process gets */
	"model mlp hidden=8 lora=2;aggregator fedavg;round 2",
	/* buffers and random numbers of a layer of one's own */
	"model running;aggregator scaffold;set momentum 0.5;set weight-decay 0.1;round 2",
	"model running;scheme split;aggregator fedavg;round 1",
	/* updates of 25,450 numbers, which lie in shared memory */
	("model mlp hidden=32;aggregator fedavg;round 1;aggregator krum f=1;round 1;"
     "aggregator scaffold;inject byzantine 1 attack=sign-flip;round 1"),
	"model mlp hidden=32;scheme async;aggregator fedbuff;round 3",
#if !FED_THREAD_SANITIZED /* their plugins differ, what threads do does not */
	"aggregator krum f=1 after=nnm;round 2",
	"aggregator median;inject byzantine 1,2 attack=alie;round 2",
	"aggregator fedavg;set codec int8;set momentum 0.5;round 2",
	"aggregator fedavg;select power-of-choice d=4;set participants 2;round 3",
	"model faulty-model units=3;scheme split;aggregator fedavg;round 1",
	("remove 0-5;dataset markov users=4 length=60 window=6;aggregator fedavg;"
     "model transformer layers=1 heads=2 width=8 lora=2 lora_on=all;add 2 iid 10;round 1"),
	"aggregator fedavg;select oort;set participants 3;round 4",
	"aggregator fedavg;set codec top-k;round 3",
	"model batch-norm;aggregator fedavg;round 2",
	"aggregator fedavg;inject byzantine 1 attack=replay;round 3",
#endif
#if !FED_SANITIZED /* nor do the calls, which those above make */
	"aggregator fedavg;round 3",
	"aggregator fedadam;round 3",
	"aggregator fedprox mu=0.1;round 2",
	"aggregator fedavg;inject byzantine 0,1 attack=backdoor;round 2",
	"aggregator krum f=1;inject byzantine 2 attack=sign-flip;round 2",
	"scheme async;aggregator fedasync;round 8",
	"aggregator fedavg;select by-size;set participants 3;round 3",
	"aggregator fedavg;select round-robin;set participants 2;round 3",
	"aggregator fedavg;set codec qsgd;round 2",
	"model faulty-model units=3;aggregator fedavg;round 2",
#endif
};

START_TEST(guarded_is_trusted_bit_for_bit)
{
	struct fed_session guarded, trusted;
	struct fed_session *const both[] = {&guarded, &trusted};

	for (int k = 0; k < 2; k++) {
		open_session(both[k], k == 0, runs[_i]);
		small_do(both[k], common);
		small_do(both[k], runs[_i]);
	}
	small_same(&guarded, &trusted);
	fed__session_release(&guarded);
	fed__session_release(&trusted);
}
END_TEST

START_TEST(all_plugins_that_come_with_fedsh_can_be_guarded)
{
	struct fed_text all = {0};
	struct fed_session s;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		fed_text_add(&all, "%s ", names[i]);
	open_session(&s, true, fed_text_str(&all));
	small_do(&s, "dataset blobs;model softmax;transport lossy;aggregator fedadam;add 4 iid 20;"
	             "set codec fp16;round 1");
	fed_text_release(&all);
	fed__session_release(&s);
}
END_TEST

/* The process of a streaming aggregator reads updates where trainings left them. */
START_TEST(updates_are_not_copied)
{
	struct fed_session s;

	open_session(&s, true, "fedavg krum");
	small_do(&s, common);
	small_do(&s, "model mlp hidden=32;aggregator fedavg;round 2");
	const struct fed_instance *aggregator = s.federation.aggregator;
	ck_assert_ptr_nonnull(fed_update_memory(aggregator));
	ck_assert_uint_eq(aggregator->worker->copies.n, 1); /* the model of the round */
	small_do(&s, "aggregator krum f=1;round 1");
	ck_assert_ptr_null(fed_update_memory(s.federation.aggregator));
	fed__session_release(&s);
}
END_TEST

/* What an attack remembers of its clients stays when it is loaded again. */
START_TEST(reload_keeps_what_attacks_remember)
{
	static const char set_up[] = "aggregator fedavg;inject byzantine 1 attack=replay;round 2";
	struct fed_session reloaded, plain;
	struct fed_session *const both[] = {&reloaded, &plain};
	struct fed_error err;

	for (int k = 0; k < 2; k++) {
		open_session(both[k], true, set_up);
		small_do(both[k], common);
		small_do(both[k], set_up);
	}
	ck_assert_uint_eq(reloaded.parts.faults.fault[0].n_memories, 1);
	fed_assert_ok(fed_session_reload(&reloaded, "replay", &err), &err);
	small_do(&reloaded, "round 2");
	small_do(&plain, "round 2");
	small_same(&reloaded, &plain);
	fed__session_release(&reloaded);
	fed__session_release(&plain);
}
END_TEST

/* Trainings are counted for the plugins that they call. */
START_TEST(trainings_are_counted)
{
	const struct fed_entry *entry;
	struct fed_session s;
	struct fed_error err;

	open_session(&s, true, "fedprox");
	small_do(&s, common);
	small_do(&s, "aggregator fedprox mu=0.1");
	fed_assert_ok(fed_registry_find(s.plugins, FED_KIND_AGGREGATOR, "fedprox", &entry, &err), &err);
	const uint64_t before = fed_session_plugin_work(&s, entry).calls;
	small_do(&s, "round 2");
	ck_assert_uint_eq(entry->work.calls, 12); /* of two rounds with six clients */
	ck_assert(entry->work.seconds > 0);
	ck_assert_uint_eq(entry->work.losses, 0);
	ck_assert_uint_gt(fed_session_plugin_work(&s, entry).calls, before + 12);
	fed__session_release(&s);
}
END_TEST

START_TEST(a_fallback_is_the_rule_itself)
{
	struct fed_session s, plain;
	const struct fed_entry *entry;
	struct fed_error err = {""};

	small_init(&plain, NULL);
	small_do(&plain, "dataset blobs;model softmax;aggregator median;transport local;add 5 iid 20;"
	                 "round 2");
	small_init(&s, NULL);
	fed_assert_ok(fed_session_guard(&s, FED_BUILD_DIR "/fedsh-worker", &err), &err);
	fed_assert_ok(fed_session_load(&s, FED_BUILD_DIR "/fixtures/crash_reduce.so", &entry, &err),
	              &err);
	small_do(&s, "dataset blobs;model softmax;aggregator crash-reduce how=write-null;"
	             "transport local;add 5 iid 20;set on-plugin-error fallback:median;round 2");
	ck_assert_mem_eq(fed_session_params(&s), fed_session_params(&plain),
	                 s.parts.net.dim * sizeof(float));
	fed__session_release(&s);
	fed__session_release(&plain);
}
END_TEST

/* The words of a plugin that fails are those of one that runs inside, with its name once. */
START_TEST(words_are_those_of_a_trusted_plugin)
{
	static const struct {
		const char *plugin, *line, *words;
	} table[] = {
		{"misbehave_craft", "inject byzantine 1 attack=misbehave-craft how=fail",
	     "attack misbehave-craft: broke at 0"},
		{"misbehave_collude", "inject byzantine 1 attack=misbehave-collude how=fail",
	     "attack misbehave-collude: broke at 0"},
		{"misbehave_reduce", "aggregator misbehave-reduce how=fail",
	     "aggregator misbehave-reduce: broke at 0"},
		{"misbehave_stream", "aggregator misbehave-stream how=fail",
	     "aggregator misbehave-stream: broke at"},
	};
	const struct fed_entry *entry;
	struct fed_error err = {""};
	struct fed_session s;
	char path[300];

	small_init(&s, NULL);
	fed_assert_ok(fed_session_guard(&s, FED_BUILD_DIR "/fedsh-worker", &err), &err);
	snprintf(path, sizeof path, FED_BUILD_DIR "/fixtures/%s.so", table[_i].plugin);
	fed_assert_ok(fed_session_load(&s, path, &entry, &err), &err);
	small_do(&s, "dataset blobs;model softmax;aggregator fedavg;transport local;add 4 iid 20");
	small_do(&s, table[_i].line);
	ck_assert_int_eq(small_try(&s, "round 1", &err), FED_FAIL);
	ck_assert_msg(strncmp(err.text, table[_i].words, strlen(table[_i].words)) == 0, "%s", err.text);
	fed__session_release(&s);
}
END_TEST

/* The rule that made the last step in the aggregator's place; "": skipped; NULL: none did. */
static void made_by(const struct fed_session *s, const char *name)
{
	const struct fed_step_maker *maker = fed_session_step_maker(s);

	ck_assert_int_eq(maker->failed, name != NULL);
	ck_assert_str_eq(maker->name, name ? name : "");
}

static void through_a_snapshot(struct fed_session *s)
{
	struct fed_text bytes = {0};
	struct fed_error err = {""};

	fed_assert_ok(fed_snapshot_take(s, &bytes, &err), &err);
	fed_assert_ok(fed_snapshot_restore(s, &bytes, &err), &err);
	fed_text_release(&bytes);
}

START_TEST(what_a_failure_costs)
{
	struct fed_session s;
	const struct fed_entry *entry;
	struct fed_error err = {""};
	float before[64];

	small_init(&s, NULL);
	fed_assert_ok(fed_session_guard(&s, FED_BUILD_DIR "/fedsh-worker", &err), &err);
	fed_assert_ok(fed_session_load(&s, FED_BUILD_DIR "/fixtures/crash_stream.so", &entry, &err),
	              &err);
	small_do(&s,
	         "dataset blobs;model softmax;aggregator fedavg;transport local;add 5 iid 20;round 1");
	ck_assert(s.parts.net.dim <= 64);
	memcpy(before, fed_session_params(&s), s.parts.net.dim * sizeof *before);
	small_do(&s, "aggregator crash-stream how=exit in=add");
	small_refuses(&s, "round 1", "called exit(0) in add()");
	ck_assert_mem_eq(before, fed_session_params(&s), s.parts.net.dim * sizeof *before);
	/* skipped, twice; then it is set aside, and skipped still */
	small_do(&s, "set on-plugin-error skip;round 2");
	ck_assert_uint_eq(fed_session_version(&s), 3);
	ck_assert(isfinite(s.federation.record.train_loss));
	ck_assert_mem_eq(before, fed_session_params(&s), s.parts.net.dim * sizeof *before);
	ck_assert_uint_eq(entry->failures, 3);
	small_do(&s, "round 1");
	ck_assert_uint_eq(entry->failures, 3);
	small_do(&s, "set on-plugin-error stop");
	small_refuses(&s, "round 1", "is set aside");
	fed_assert_ok(fed_session_reload(&s, "crash-stream", &err), &err);
	made_by(&s, "");
	through_a_snapshot(&s);
	made_by(&s, "");
	small_refuses(&s, "round 1", "called exit(0) in add()");
	small_refuses(&s, "set on-plugin-error fallback:fedadam", "between rounds");
	small_refuses(&s, "set on-plugin-error fallback:crash-stream", "is a loaded plugin");
	small_refuses(&s, "set on-plugin-error never", "is stop, skip or fallback:NAME");
	small_do(&s, "set on-plugin-error fallback:median;round 1");
	made_by(&s, "median");
	through_a_snapshot(&s);
	made_by(&s, "median");
	small_do(&s, "aggregator fedavg;round 1");
	through_a_snapshot(&s);
	made_by(&s, NULL);
	fed__session_release(&s);
}
END_TEST

/* A selection rule that fails leaves its round to a uniform draw, the same as without it. */
START_TEST(a_choice_that_fails_is_a_draw)
{
	static const char *const in[] = {"in=select", "in=ask"};
	const char *compose = "dataset blobs;model softmax;aggregator fedavg;transport local;"
						  "add 9 iid 20;set participants 3";
	struct fed_session s, plain;
	const struct fed_entry *entry;
	struct fed_error err = {""};
	char line[100];

	small_init(&plain, NULL);
	small_do(&plain, compose);
	small_do(&plain, "round 4");
	small_init(&s, NULL);
	fed_assert_ok(fed_session_guard(&s, FED_BUILD_DIR "/fedsh-worker", &err), &err);
	fed_assert_ok(fed_session_load(&s, FED_BUILD_DIR "/fixtures/crash_select.so", &entry, &err),
	              &err);
	small_do(&s, compose);
	snprintf(line, sizeof line, "select crash-select how=exit %s", in[_i]);
	small_do(&s, line);
	small_refuses(&s, "round 1", "called exit(0) in");
	small_do(&s, "set on-plugin-error skip;round 4"); /* set aside meanwhile */
	ck_assert(fed_is_set_aside(entry));
	ck_assert_mem_eq(fed_session_params(&s), fed_session_params(&plain),
	                 s.parts.net.dim * sizeof(float));
	fed__session_release(&s);
	fed__session_release(&plain);
}
END_TEST

/* What a transport that fails had to carry is lost; when nothing arrives the round ends, and the
 * next one over another transport is as if nothing had been. */
START_TEST(a_transport_that_fails_loses_messages)
{
	static const struct {
		const char *line, *words;
	} table[] = {{"transport crash-transport how=exit in=open", "is set aside"},
	             {"transport crash-transport how=exit in=send", "is set aside"},
	             {"transport crash-transport how=exit in=poll", "no update of 5 clients"}};
	const char *compose = "dataset blobs;model softmax;aggregator fedavg;add 5 iid 20";
	struct fed_session s, plain;
	const struct fed_entry *entry;
	struct fed_error err = {""};

	small_init(&plain, NULL);
	small_do(&plain, compose);
	small_do(&plain, "transport local;round 1");
	small_init(&s, NULL);
	fed_assert_ok(fed_session_guard(&s, FED_BUILD_DIR "/fedsh-worker", &err), &err);
	fed_assert_ok(fed_session_load(&s, FED_BUILD_DIR "/fixtures/crash_transport.so", &entry, &err),
	              &err);
	small_do(&s, compose);
	small_do(&s, table[_i].line);
	small_refuses(&s, "round 1", "called exit(0) in");
	small_do(&s, "set on-plugin-error skip");
	small_refuses(&s, "round 1", table[_i].words);
	small_do(&s, "transport local;round 1");
	ck_assert_mem_eq(fed_session_params(&s), fed_session_params(&plain),
	                 s.parts.net.dim * sizeof(float));
	fed__session_release(&s);
	fed__session_release(&plain);
}
END_TEST

/* Sessions in which a plugin fails at clients: how, what is said of each update that it costs. */
static const struct failing {
	const char *lines, *words;
	double refused; /* in the first round; 0: it is not asked */
	bool aside;     /* the failures are in a row */
} failing[] = {
	{"aggregator crash-columns how=exit in=local-end", "called exit(0) in a training", 1, false},
	{"aggregator fedavg;inject byzantine 0 attack=crash-poison how=write-null in=poison",
     "crash-poison: crashed in a training", 1, true},
	{"scheme async;aggregator fedavg;inject byzantine 0 attack=crash-craft how=write-null",
     "crash-craft: crashed in craft()", 0, false},
	{"model mlp hidden=4;scheme split;aggregator fedavg;inject byzantine 0,2 attack=crash-craft "
     "how=write-null",
     "crash-craft: crashed in craft()", 2, true},
#if !FED_THREAD_SANITIZED /* calls of other functions, on the same threads */
	{"aggregator fedavg;inject byzantine 0,2 attack=crash-craft how=write-null",
     "crash-craft: crashed in craft()", 2, true},
	{"aggregator fedavg;inject byzantine 0,2 attack=crash-collude how=write-null",
     "crash-collude: crashed in collude()", 2, true},
	{"model mlp hidden=4;scheme split relay=peer;aggregator fedavg;"
     "inject byzantine 0 attack=crash-poison how=write-null in=poison",
     "crash-poison: crashed in poison()", 1, true},
	{"model mlp hidden=4;scheme split parallel=v2 smashed=batch;aggregator fedavg;"
     "inject byzantine 0,2 attack=crash-craft how=write-null",
     "crash-craft: crashed in craft()", 2, true},
#endif
	{"aggregator fedavg;set codec misbehave-codec:how=fail-first", "misbehave-codec: will not", 1,
     false},
	{"model mlp hidden=4;scheme split;aggregator fedavg;set codec misbehave-codec:how=fail-first",
     "misbehave-codec: will not", 1, false},
	{"model mlp hidden=4;scheme split parallel=v1;aggregator fedavg;set codec "
     "misbehave-codec:how=fail-first",
     "misbehave-codec: will not", 1, false},
};

/* Load what the lines name; each file takes a process that looks at it. */
static void load_failing(struct fed_session *s, const char *lines)
{
	static const char *const files[][2] = {
		{"crash-columns", "crash_columns"},     {"crash-poison", "crash_poison"},
		{"crash-craft", "crash_craft"},         {"crash-collude", "crash_collude"},
		{"misbehave-codec", "misbehave_codec"},
	};
	const struct fed_entry *entry;
	struct fed_error err;
	char path[400];

	fed_assert_ok(fed_session_guard(s, FED_BUILD_DIR "/fedsh-worker", &err), &err);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		if (!strstr(lines, files[i][0]))
			continue;
		snprintf(path, sizeof path, FED_BUILD_DIR "/fixtures/%s.so", files[i][1]);
		fed_assert_ok(fed_session_load(s, path, &entry, &err), &err);
	}
}

/* What every client runs is set aside: no round can be made, and async does not ask for ever. */
START_TEST(a_round_needs_what_all_clients_run)
{
	static const char *const schemes[] = {"scheme sync", "scheme async"};
	static struct heard heard;
	struct fed_session s;

	small_init(&s, &heard);
	load_failing(&s, "misbehave-codec");
	small_do(&s, "dataset blobs;model softmax;transport local;add 5 iid 20;aggregator fedavg;"
	             "set on-plugin-error skip;set codec misbehave-codec:how=fail");
	small_do(&s, schemes[_i]);
	small_refuses(&s, "round 1", _i ? "is set aside" : "no update of 5 clients was accepted");
	small_refuses(&s, "round 1", "codec misbehave-codec: failed 3 times in a row and is set aside");
	small_do(&s, "set codec none;round 1");
	fed__session_release(&s);
}
END_TEST

START_TEST(a_failed_client_costs_its_update)
{
	static struct heard heard[2];
	const struct failing *c = &failing[_i];
	struct fed_session one, two;
	struct fed_session *const both[] = {&one, &two};

	for (int k = 0; k < 2; k++) {
		small_init(both[k], &heard[k]);
		load_failing(both[k], c->lines);
		small_do(both[k], k ? "set threads 2" : "set threads 1");
		small_do(both[k], "dataset blobs;model softmax;transport local;add 5 iid 20");
		small_do(both[k], c->lines);
		small_refuses(both[k], "round 6", c->words);

		small_do(both[k], k ? "set on-plugin-error fallback:median" : "set on-plugin-error skip");
		small_do(both[k], "round 1");
		ck_assert_msg(strstr(heard[k].text, c->words), "%s", heard[k].text);
		if (c->refused > 0)
			ck_assert_double_eq(both[k]->history.record[0].refused, c->refused);
		small_do(both[k], "round 3");
		ck_assert_msg(!strstr(heard[k].text, "3 times in a row and is set aside") == !c->aside,
		              "%s", heard[k].text);
	}
	/* the failures are those of clients, so the step is the aggregator's either way */
	small_same(&one, &two);
	fed__session_release(&one);
	fed__session_release(&two);
}
END_TEST

FED_SUITE(guarded)
{
	Suite *s = suite_create("guarded");
	TCase *t = tcase_create("guarded");

	tcase_add_loop_test(t, guarded_is_trusted_bit_for_bit, 0, sizeof runs / sizeof *runs);
	tcase_add_test(t, all_plugins_that_come_with_fedsh_can_be_guarded);
	tcase_add_test(t, updates_are_not_copied);
	tcase_add_test(t, reload_keeps_what_attacks_remember);
	tcase_add_test(t, trainings_are_counted);
	tcase_add_test(t, a_fallback_is_the_rule_itself);
	tcase_add_loop_test(t, words_are_those_of_a_trusted_plugin, 0, 4);
	tcase_add_loop_test(t, a_choice_that_fails_is_a_draw, 0, 2);
	tcase_add_loop_test(t, a_transport_that_fails_loses_messages, 0, 3);
	tcase_add_test(t, what_a_failure_costs);
	tcase_add_loop_test(t, a_round_needs_what_all_clients_run, 0, 2);
	tcase_add_loop_test(t, a_failed_client_costs_its_update, 0, sizeof failing / sizeof *failing);
	suite_add_tcase(s, t);
	return s;
}
