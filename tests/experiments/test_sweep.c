/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sweeps against sessions that really have the value, and against closed forms.
 */
#include "experiments/sweep.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "session/small.h"
#include "support/suite.h"

static void ignore(void *ctx)
{
	(void)ctx;
}

static int try_sweep(struct fed_sweep *w, struct fed_session *s, const char *key,
                     const char *values, int64_t rounds, const char *until, struct fed_error *err)
{
	struct fed_sweep_plan plan = {.rounds = rounds};
	bool interrupted;

	snprintf(plan.key, sizeof plan.key, "%s", key);
	snprintf(plan.values, sizeof plan.values, "%s", values);
	snprintf(plan.until, sizeof plan.until, "%s", until);
	return fed_sweep_play(w, s, &plan, ignore, NULL, &interrupted, err);
}

static void sweep(struct fed_sweep *w, struct fed_session *s, const char *key, const char *values,
                  int64_t rounds, const char *until)
{
	struct fed_error err = {""};

	ck_assert_msg(try_sweep(w, s, key, values, rounds, until, &err) == FED_OK, "%s", err.text);
	ck_assert_uint_eq(w->trials.played, w->n);
}

/* 400 training examples, all of them with the clients. */
static void compose(struct fed_session *s, const char *more)
{
	small_init(s, NULL);
	small_do(s, "dataset blobs train=400 test=100 classes=4 spread=1;model mlp hidden=6;"
	            "set threads 2;aggregator fedavg;transport local");
	small_do(s, more);
}

#define CLIENTS "add 8 noniid 50 phone wifi;set batch 10"

static void same_outcome(const struct fed_outcome *o, const struct fed_session *real)
{
	struct fed_record total;

	fed_history_total(&real->history, &total);
	total.wall = o->total.wall;
	ck_assert_str_eq(o->why, "");
	ck_assert_uint_eq(o->rounds, real->history.n);
	ck_assert_uint_eq(o->clients, real->parts.clients.n_present);
	ck_assert_str_eq(o->scheme, real->parts.scheme->name);
	ck_assert_mem_eq(&o->total, &total, sizeof total);
}

/* Each row ends as a session does that was composed with the value. */
START_TEST(a_row_is_a_session)
{
	static const struct {
		const char *key, *values, *real[3];
	} rows[] = {
		{"lr", "0.01,0.3", {"set lr 0.01", "set lr 0.3"}},
		{"epochs", "1,5,2", {"set epochs 1", "set epochs 5", "set epochs 2"}},
		{"codec", "int8,top-k:0.5", {"set codec int8", "set codec top-k:0.5"}},
		{"aggregator",
	     "median,fedadam:eta=0.05,krum:f=1:after=nnm",
	     {"aggregator median", "aggregator fedadam eta=0.05", "aggregator krum f=1 after=nnm"}},
		{"scheme",
	     "sync:deadline=1e9,async:concurrency=3",
	     {"scheme sync deadline=1e9", "scheme async concurrency=3"}},
		{"select",
	     "by-size,power-of-choice:d=4:variant=last,oort:exploration=0.5",
	     {"select by-size", "select power-of-choice d=4 variant=last",
	      "select oort exploration=0.5"}},
		{"cut", "", {"scheme sync", "scheme split cut=1", "scheme split cut=2"}},
		{"scheme.cut", "2", {"scheme sync", "scheme split cut=2"}},
		{"model", "softmax,mlp:hidden=3", {"model softmax", "model mlp hidden=3"}},
		{"hidden",
	     "6,4|3,3|2",
	     {"model mlp hidden=6,4", "model mlp hidden=3,3", "model mlp hidden=2"}},
	};

	for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
		struct fed_sweep w = {0};
		struct fed_session s, real;

		compose(&s, CLIENTS);
		sweep(&w, &s, rows[r].key, rows[r].values, 3, "");
		for (size_t i = 0; i < w.n; i++) {
			compose(&real, CLIENTS);
			small_do(&real, rows[r].real[i]);
			small_do(&real, "round 3");
			same_outcome(&w.trials.outcome[i], &real);
			fed__session_release(&real);
		}
		fed_sweep_release(&w);
		fed__session_release(&s);
	}
}
END_TEST

/* Faults and attacks go with the copies; dated ones strike when they would. */
START_TEST(faults_are_copied)
{
	static const char more[] = CLIENTS ";inject byzantine 1,3 attack=gaussian std=3;"
									   "inject straggler 2 factor=50;inject lossy all p=0.3;"
									   "inject hang 5 at=2 for=1";
	static const char *const real_lines[] = {"aggregator fedavg", "aggregator median"};
	struct fed_sweep w = {0};
	struct fed_session s, real;

	compose(&s, more);
	sweep(&w, &s, "aggregator", "fedavg,median", 4, "");
	for (size_t i = 0; i < 2; i++) {
		compose(&real, more);
		small_do(&real, real_lines[i]);
		small_do(&real, "round 4");
		same_outcome(&w.trials.outcome[i], &real);
		fed__session_release(&real);
	}
	fed_sweep_release(&w);
	fed__session_release(&s);
}
END_TEST

/* The same examples partitioned over more and fewer: as add-client would have done it. */
START_TEST(examples_are_partitioned_anew)
{
	static const char *const kinds[] = {"iid", "noniid", "dirichlet", "feature", "quantity"};
	static const uint32_t numbers[] = {2, 8, 20, 50};

	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
		struct fed_sweep w = {0};
		struct fed_session s, real;
		char line[100];

		snprintf(line, sizeof line, "add 8 %s 50 phone:0 4g:0;set batch 10", kinds[k]);
		compose(&s, line);
		sweep(&w, &s, "clients", "2,8,20,50", 2, "");
		for (size_t i = 0; i < w.n; i++) {
			snprintf(line, sizeof line, "add %u %s %u phone:0 4g:0;set batch 10;round 2",
			         numbers[i], kinds[k], 400 / numbers[i]);
			compose(&real, line);
			same_outcome(&w.trials.outcome[i], &real);
			fed__session_release(&real);
		}
		fed_sweep_release(&w);
		fed__session_release(&s);
	}
}
END_TEST

/* Nobody gets an example that the present clients do not have. */
START_TEST(only_examples_of_the_present)
{
	struct fed_session s, copy = {0};
	struct fed_error err = {""};
	bool held[400] = {false};

	compose(&s, "add 6 iid 20;remove 2");
	fed_assert_ok(fed_session_start(&s, &err), &err);
	for (uint32_t i = 0; i < s.parts.clients.n_present; i++) {
		const struct fed_client *c = &s.parts.clients.client[s.parts.clients.present[i]];
		for (uint32_t k = 0; k < c->count; k++)
			held[c->examples[k]] = true;
	}
	fed_assert_ok(fed__session_copy(&copy, &s, false, &err), &err);
	fed_assert_ok(fed__session_partition_again(&copy, &s, 7, &err), &err);
	ck_assert_uint_eq(copy.parts.clients.n_present, 7);
	for (uint32_t i = 0; i < 7; i++) {
		const struct fed_client *c = &copy.parts.clients.client[i];
		ck_assert_uint_eq(c->count, 100 / 7);
		for (uint32_t k = 0; k < c->count; k++) {
			ck_assert(held[c->examples[k]]);
			held[c->examples[k]] = false; /* nor one twice */
		}
	}
	fed__session_drop(&copy);
	fed__session_release(&s);
}
END_TEST

/* Other clients hold out the same share, and the same share of them is unseen; the examples are all
 * that there are, those held out among them. */
START_TEST(other_clients_hold_out_as_much)
{
	struct fed_session s, copy = {0};
	struct fed_error err = {""};
	uint32_t unseen = 0;

	compose(&s, "set holdout 0.25;set unseen 0.4;add 5 iid 20;set holdout 0;set unseen 0");
	fed_assert_ok(fed_session_start(&s, &err), &err);
	fed_assert_ok(fed__session_copy(&copy, &s, false, &err), &err);
	fed_assert_ok(fed__session_partition_again(&copy, &s, 10, &err), &err);
	ck_assert_uint_eq(copy.parts.clients.n_present, 10);
	for (uint32_t i = 0; i < 10; i++) {
		const struct fed_client *c = &copy.parts.clients.client[i];

		ck_assert_uint_eq(c->count + c->holdout, 10);
		ck_assert(c->unseen || c->holdout == 2 || c->holdout == 3);
		unseen += c->unseen;
	}
	ck_assert_uint_eq(unseen, 4);
	fed__session_drop(&copy);
	fed__session_release(&s);
}
END_TEST

/* As many rounds as `run until` makes; figures of a round alone are those of its end. */
START_TEST(until_a_condition)
{
	struct fed_condition *until;
	struct fed_error err = {""};
	struct fed_sweep w = {0};
	struct fed_session s, real;
	struct fed_run_result result;

	compose(&s, CLIENTS);
	sweep(&w, &s, "epochs", "1,4", 0, "loss<=1.15");
	for (size_t i = 0; i < 2; i++) {
		compose(&real, CLIENTS);
		small_do(&real, i ? "set epochs 4" : "set epochs 1");
		fed_assert_ok(fed_condition_parse(&until, "loss<=1.15", NULL, &err), &err);
		fed_assert_ok(fed_session_run(&real, 0, until, &result, &err), &err);
		ck_assert(w.trials.outcome[i].reached);
		same_outcome(&w.trials.outcome[i], &real);
		fed_condition_free(until);
		fed__session_release(&real);
	}
	ck_assert_uint_gt(w.trials.outcome[0].rounds, w.trials.outcome[1].rounds);
	sweep(&w, &s, "epochs", "1,4", 2, "loss<=0");
	ck_assert(!w.trials.outcome[0].reached);
	ck_assert_uint_eq(w.trials.outcome[0].rounds, 2);
	fed_sweep_release(&w);
	fed__session_release(&s);
}
END_TEST

/* Bytes, messages and FLOPs of federated learning by hand. */
START_TEST(closed_forms)
{
	const double dim = 2 * 6 + 6 + 6 * 4 + 4; /* two inputs, six hidden units, four classes */
	struct fed_sweep w = {0};
	struct fed_session s;
	struct fed_error unused;
	const struct fed_field *up, *flops;

	compose(&s, "add 8 iid 50");
	ck_assert_double_eq((double)s.parts.net.dim, dim);
	sweep(&w, &s, "clients", "4,10,100", 3, "");
	fed_assert_ok(fed_metric_find("bytes-up", &up, &unused), &unused);
	fed_assert_ok(fed_metric_find("client-flops", &flops, &unused), &unused);
	for (size_t i = 0; i < 3; i++) {
		const double n = i == 0 ? 4 : i == 1 ? 10 : 100;
		const struct fed_outcome *o = &w.trials.outcome[i];
		/* Forward, and twice that backward; a frame's head is below 100 bytes. */
		const double least = 3 * 400 / n * 3 * 2 * (2 * 6 + 6 * 4);

		ck_assert_double_eq(o->total.messages, 3 * 2 * n);
		ck_assert_double_ge(fed_outcome_figure(o, up), 3 * 4 * dim);
		ck_assert_double_le(fed_outcome_figure(o, up), 3 * (4 * dim + 100));
		ck_assert_double_ge(fed_outcome_figure(o, flops), least * 0.5);
		ck_assert_double_le(fed_outcome_figure(o, flops), least * 1.5);
		ck_assert_double_eq(o->total.server_flops, 3 * n * 2 * dim);
	}
	fed_sweep_release(&w);
	fed__session_release(&s);
}
END_TEST

/* Bytes of a client in both directions. */
static double bytes_of(const struct fed_outcome *o)
{
	return (o->total.bytes_up + o->total.bytes_down) / o->clients;
}

static void near(double bytes, double floats, const struct fed_outcome *o)
{
	const double heads = 100 * o->total.messages / o->clients; /* and labels */

	ck_assert_double_ge(bytes, 4 * floats);
	ck_assert_double_le(bytes, 4 * floats + heads);
}

/* The published direction (CIFAR-10 with VGG, CIFAR-100 with ResNet): split learning takes far less
 * of a client's time; of its link it takes more with 100 clients and less with 500. */
START_TEST(split_against_federated)
{
	const double dim = 2 * 200 + 200 + 200 * 60 + 60 + 60 * 4 + 4, head = 2 * 200 + 200;
	struct fed_sweep w = {0};
	struct fed_session s;

	small_init(&s, NULL);
	small_do(&s, "dataset blobs train=10000 test=100 classes=4;model mlp hidden=200,60;"
	             "aggregator fedavg;transport local;add 100 iid 100;scheme split cut=1");
	ck_assert_double_eq((double)s.parts.net.dim, dim);
	sweep(&w, &s, "clients", "100,500", 1, "");
	ck_assert_uint_eq(w.n, 4);
	for (size_t i = 0; i < 4; i += 2) {
		const struct fed_outcome *sync = &w.trials.outcome[i], *split = sync + 1;
		const double examples = i ? 20 : 100;

		ck_assert_str_eq(sync->scheme, "sync");
		ck_assert_str_eq(split->scheme, "split");
		/* The model both ways; activations and gradients of each example, the head both ways. */
		near(bytes_of(sync), 2 * dim, sync);
		near(bytes_of(split), 2 * 200 * examples + 2 * head, split);
		ck_assert_double_lt(split->total.client_flops, 0.1 * sync->total.client_flops);
	}
	ck_assert_double_gt(bytes_of(&w.trials.outcome[1]), bytes_of(&w.trials.outcome[0]));
	ck_assert_double_lt(bytes_of(&w.trials.outcome[3]), bytes_of(&w.trials.outcome[2]));
	fed_sweep_release(&w);
	fed__session_release(&s);
}
END_TEST

/* Scheme vertical: its own cuts, those that keep the parties apart. */
START_TEST(cuts_of_parties)
{
	static const char vertical[] =
		"model mlp hidden=6,5 parts=0-0,1-1;add 2 iid 400 reuse;set batch 100;"
		"scheme vertical cut=";
	struct fed_sweep w = {0};
	struct fed_session s, real;
	char lines[200];

	snprintf(lines, sizeof lines, "%s1", vertical);
	compose(&s, lines);
	sweep(&w, &s, "cut", "", 2, "");
	ck_assert_uint_eq(w.n, 2);
	for (unsigned i = 0; i < 2; i++) {
		snprintf(lines, sizeof lines, "%s%u;round 2", vertical, i + 1);
		compose(&real, lines);
		same_outcome(&w.trials.outcome[i], &real);
		fed__session_release(&real);
	}
	fed_sweep_release(&w);
	fed__session_release(&s);
}
END_TEST

/* labels=client: every two cuts, as the session that is composed so; too many: the last layer alone
 * stays behind the second. */
START_TEST(pairs_of_cuts)
{
	static const char *const pairs[] = {"", "1,2", "1,3", "1,4", "2,3", "2,4", "3,4"};
	struct fed_sweep w = {0};
	struct fed_session s, real;

	compose(&s, "model mlp hidden=6,5;" CLIENTS ";scheme split cut=1,2 labels=client");
	sweep(&w, &s, "cut", "", 2, "");
	ck_assert_uint_eq(w.n, 7);
	for (size_t i = 0; i < 7; i++)
		ck_assert_str_eq(w.row[i].value, pairs[i]);
	compose(&real, "model mlp hidden=6,5;" CLIENTS ";scheme split cut=2,4 labels=client;round 2");
	same_outcome(&w.trials.outcome[5], &real);
	fed__session_release(&real);
	small_do(&s, "model mlp hidden=6,6,6,6,6,6");
	sweep(&w, &s, "cut", "", 1, "");
	ck_assert_uint_eq(w.n, 1 + 11);
	ck_assert_str_eq(w.row[1].value, "1,12");
	ck_assert_str_eq(w.row[11].value, "11,12");
	fed_sweep_release(&w);
	fed__session_release(&s);
}
END_TEST

/* The session goes on as if nothing had been swept, whatever was. */
START_TEST(the_session_does_not_notice)
{
	static const char *const keys[][2] = {{"lr", "0.1,1"},          {"model", "softmax,mlp"},
	                                      {"clients", "3,40"},      {"link", "4g,wifi"},
	                                      {"scheme", "sync,async"}, {"cut", "1"}};
	struct fed_sweep w = {0};
	struct fed_session s, other;

	compose(&s, CLIENTS ";aggregator scaffold;round 2");
	compose(&other, CLIENTS ";aggregator scaffold;round 2");
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		sweep(&w, &s, keys[i][0], keys[i][1], 2, "");
	small_do(&s, "round 2");
	small_do(&other, "round 2");
	small_same(&s, &other);
	fed_sweep_release(&w);
	fed__session_release(&s);
	fed__session_release(&other);
}
END_TEST

struct stopping {
	struct fed_session *session;
	const struct fed_sweep *sweep;
};

static void interrupt(void *ctx)
{
	const struct stopping *stopping = ctx;

	if (stopping->sweep->trials.played >= 2)
		fed_session_interrupt(stopping->session);
}

/* Interrupts as often as `presses` says, when a trial is about to be played. */
struct pressing {
	struct fed_session *session;
	int presses;
};

static int press(void *ctx, size_t k, struct fed_session *copy, struct fed_error *err)
{
	const struct pressing *p = ctx;

	(void)copy, (void)err;
	for (int i = 0; k == 0 && i < p->presses; i++)
		fed_session_interrupt(p->session);
	return FED_OK;
}

START_TEST(one_interrupt_waits_for_what_runs_and_two_drop_it)
{
	struct fed_session s;
	struct fed_trials t = {0};
	struct fed_error err = {""};
	bool interrupted;

	compose(&s, CLIENTS);
	small_do(&s, "set threads 1");
	fed_assert_ok(fed_session_start(&s, &err), &err);
	fed_assert_ok(fed__trials_init(&t, 3, &s, &err), &err);
	struct pressing pressing = {&s, 2};
	const struct fed_trials_plan plan = {.make = press, .ctx = &pressing, .rounds = 2};
	fed_assert_ok(fed__trials_play(&t, &s, &plan, ignore, NULL, &interrupted, &err), &err);
	ck_assert(interrupted);
	ck_assert_uint_eq(t.played, 0);
	fed_session_clear_interrupt(&s);
	pressing.presses = 1;
	fed_assert_ok(fed__trials_play(&t, &s, &plan, ignore, NULL, &interrupted, &err), &err);
	ck_assert(interrupted);
	ck_assert_uint_eq(t.played, 1);
	ck_assert_uint_eq(t.outcome[0].rounds, 2);
	fed_session_clear_interrupt(&s);
	fed_assert_ok(fed__trials_play(&t, &s, &plan, ignore, NULL, &interrupted, &err), &err);
	ck_assert(!interrupted);
	ck_assert_uint_eq(t.played, 3);
	fed__trials_release(&t);
	fed__session_release(&s);
}
END_TEST

START_TEST(goes_on_where_it_stopped)
{
	const struct fed_sweep_plan plan = {.key = "lr", .values = "0.1,0.2,0.3,0.4,0.5", .rounds = 2};
	struct fed_sweep whole = {0}, parts = {0};
	struct fed_session s;
	struct fed_error err = {""};
	bool interrupted = false;

	compose(&s, CLIENTS);
	sweep(&whole, &s, plan.key, plan.values, 2, "");
	struct stopping stopping = {&s, &parts};
	fed_assert_ok(fed_sweep_play(&parts, &s, &plan, interrupt, &stopping, &interrupted, &err),
	              &err);
	ck_assert(interrupted);
	ck_assert_uint_lt(parts.trials.played, 5);
	fed_session_clear_interrupt(&s);
	sweep(&parts, &s, plan.key, plan.values, 2, "");
	for (size_t i = 0; i < 5; i++)
		ck_assert_double_eq(whole.trials.outcome[i].total.test_loss,
		                    parts.trials.outcome[i].total.test_loss);
	small_do(&s, "round 1"); /* from another state it begins anew */
	sweep(&parts, &s, plan.key, plan.values, 2, "");
	ck_assert_double_ne(whole.trials.outcome[0].total.test_loss,
	                    parts.trials.outcome[0].total.test_loss);
	fed_sweep_release(&whole);
	fed_sweep_release(&parts);
	fed__session_release(&s);
}
END_TEST

START_TEST(refusals)
{
	static const struct {
		const char *key, *values, *until, *words;
	} rows[] = {
		{"lr", "0.1,x", "", "x"},
		{"lr", "", "", "no values"},
		{"lr", "0.1,,0.2", "", "an empty value"},
		{"lrr", "0.1", "", "did you mean lr"},
		{"seed", "1,2", "", "partitioned with seed"},
		{"clients", "0", "", "not a number of clients"},
		{"clients", "401", "", "there can be 1 to 400"},
		{"aggregator", "fedavvg", "", "fedavg"},
		{"lr", "0.1", "acuracy>3", "accuracy"},
		{"device", "fone", "", "phone"},
	};
	struct fed_sweep w = {0};
	struct fed_session s;
	struct fed_error err = {""};

	compose(&s, CLIENTS);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		ck_assert_msg(try_sweep(&w, &s, rows[i].key, rows[i].values, 1, rows[i].until, &err) !=
		                  FED_OK,
		              "%s %s", rows[i].key, rows[i].values);
		ck_assert_msg(strstr(err.text, rows[i].words), "%s: %s", rows[i].words, err.text);
		ck_assert_ptr_null(w.trials.outcome);
	}
	small_do(&s, "inject straggler 1 factor=2");
	ck_assert_int_ne(try_sweep(&w, &s, "clients", "4", 1, "", &err), FED_OK);
	ck_assert_msg(strstr(err.text, "heal"), "%s", err.text);
	small_do(&s, "model softmax");
	ck_assert_int_ne(try_sweep(&w, &s, "cut", "", 1, "", &err), FED_OK);
	ck_assert_msg(strstr(err.text, "has no cut"), "%s", err.text);
	fed__session_release(&s);
}
END_TEST

/* A row that cannot be played tells why; the others are played. */
START_TEST(a_row_fails)
{
	struct fed_sweep w = {0};
	struct fed_session s;

	compose(&s, CLIENTS);
	sweep(&w, &s, "aggregator", "krum:f=3,fedavg", 2, "");
	ck_assert_msg(strstr(w.trials.outcome[0].why, "2f + 2 < n"), "%s", w.trials.outcome[0].why);
	ck_assert_str_eq(w.trials.outcome[1].why, "");
	fed_sweep_release(&w);
	fed__session_release(&s);
}
END_TEST

static void without_memory_of(const char *key, const char *value)
{
	struct fed_session s;
	struct fed_error err = {""};
	bool played = false;

	compose(&s, "add 4 noniid 20;inject byzantine 1 attack=ipm;heal all;set threads 1;round 1");
	for (uint64_t k = 1; !played; k++) {
		struct fed_sweep w = {0};
		const int64_t before = fed__mem_live();

		fed__mem_fail_at(k);
		const int rc = try_sweep(&w, &s, key, value, 1, "round>=9", &err);
		const bool ahead = fed__mem_fail_ahead();
		fed__mem_fail_at(0);
		played = rc == FED_OK && ahead;
		if (rc == FED_OK && !ahead)
			ck_assert(*w.trials.outcome[0].why || isfinite(w.trials.outcome[0].total.test_loss));
		fed_sweep_release(&w);
		ck_assert_int_eq(fed__mem_live(), before);
		ck_assert_uint_lt(k, 3000);
	}
	fed__session_release(&s);
}

START_TEST(without_memory)
{
	without_memory_of("lr", "0.1");
	without_memory_of("clients", "8");
	without_memory_of("aggregator", "krum:f=0");
	without_memory_of("cut", "1");
}
END_TEST

/* From now on the machine says that it has so many megabytes free. */
static void pretend_free(struct fed_temp *machine, unsigned megabytes)
{
	char text[64];

	snprintf(text, sizeof text, "MemAvailable: %u kB\n", megabytes * 1000);
	fed_temp_write(machine, "proc/meminfo", text, strlen(text));
	fed__mem_root(machine->dir);
}

/* Two rows that fit into memory, but not at the same time, are played one after the other. */
START_TEST(rows_share_memory)
{
	struct fed_session s;
	struct fed_sweep w = {0};
	struct fed_temp machine;
	unsigned least = 60;

	fed_temp_make(&machine);
	ck_assert_int_eq(mkdir(fed_temp_file(&machine, "proc"), 0700), 0);
	compose(&s, "model mlp hidden=1200,1200;aggregator krum;set eval-every 0;" CLIENTS);
	for (const char *why = "none"; *why; fed_sweep_release(&w)) {
		least += least / 5;
		ck_assert_uint_lt(least, 4000);
		pretend_free(&machine, least);
		sweep(&w, &s, "lr", "0.1", 1, "");
		why = *w.trials.outcome[0].why ? "too small" : "";
	}
	sweep(&w, &s, "lr", "0.1,0.05", 1, "");
	ck_assert_str_eq(w.trials.outcome[0].why, "");
	ck_assert_str_eq(w.trials.outcome[1].why, "");
	ck_assert_uint_eq(w.trials.alone, 2);
	const double loss = w.trials.outcome[1].total.test_loss;
	fed_sweep_release(&w);

	pretend_free(&machine, 3 * least);
	sweep(&w, &s, "lr", "0.1,0.05", 1, "");
	ck_assert_uint_eq(w.trials.alone, 0);
	ck_assert_double_eq(w.trials.outcome[1].total.test_loss, loss);
	fed_sweep_release(&w);
	fed__mem_root("");
	fed_temp_remove(&machine);
	fed__session_release(&s);
}
END_TEST

FED_SUITE(sweep)
{
	Suite *s = suite_create("sweep");
	TCase *c = tcase_create("sweep");

	tcase_add_test(c, a_row_is_a_session);
	tcase_add_test(c, faults_are_copied);
	tcase_add_test(c, examples_are_partitioned_anew);
	tcase_add_test(c, only_examples_of_the_present);
	tcase_add_test(c, other_clients_hold_out_as_much);
	tcase_add_test(c, until_a_condition);
	tcase_add_test(c, closed_forms);
	tcase_add_test(c, split_against_federated);
	tcase_add_test(c, cuts_of_parties);
	tcase_add_test(c, pairs_of_cuts);
	tcase_add_test(c, the_session_does_not_notice);
	tcase_add_test(c, goes_on_where_it_stopped);
	tcase_add_test(c, one_interrupt_waits_for_what_runs_and_two_drop_it);
	tcase_add_test(c, refusals);
	tcase_add_test(c, a_row_fails);
	if (!FED_THREAD_SANITIZED) { /* a large model, and one thread */
		tcase_add_test(c, rows_share_memory);
		tcase_add_test(c, without_memory);
	}
	suite_add_tcase(s, c);
	return s;
}
