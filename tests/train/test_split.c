/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Split learning against references: one client is SGD without a cut, bit for bit; SplitFed V1 is
 * FedAvg; bytes, messages and FLOPs follow the closed form; what must not cross does not.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "nn/sgd.h"
#include "train/local/trainer.h"
#include "support/suite.h"
#include "train/participants.h"
#include "train/lab.h"
#include "train/round/invitations.h"
#include "train/round/message_faults.h"
#include "train/schemes/schemes.h"
#include "train/schemes/split.h"

#define SIMULATED FED_BUILD_DIR "/fixtures/simulated.so"

/* Images of the test set, which each round is evaluated on. */
#if FED_SANITIZED
#define SHOWN "10"
#define CNN "cnn filters1=4 filters2=8 units=16"
#else
#define SHOWN "50"
#define CNN "cnn" /* 1.7 million parameters: in the first test alone */
#endif

static const char *const nets[][2] = {
	{"blobs classes=4 train=600 test=100", "mlp hidden=9,7"},
	{"glyphs train=200 test=" SHOWN, "softmax"},
	{"glyphs train=200 test=" SHOWN, "lenet"},
	{"markov users=20 length=60 window=12", "gru"},
	{"markov users=20 length=60 window=5", "transformer layers=1 width=8 dropout=0.1 loss=every"},
	{"glyphs train=200 test=" SHOWN, "resnet8 width=4 norm=batch"},
	{"linear d=6 train=200 test=50", "mlp hidden=5"},
	{"glyphs train=200 test=" SHOWN, CNN},
};
enum { NETS = sizeof nets / sizeof *nets, LENET = 2 };

/* Of events, allocations and numbers of threads every so many, since each is a run. */
enum {
	ABORTS_EVERY = FED_SANITIZED ? 67 : 23,
	DIES_EVERY = FED_SANITIZED ? 29 : 7,
	FAILS_EVERY = FED_SANITIZED ? 2 : 8, /* of k allocations, k / 2 later */
	THREADS_TIMES = FED_SANITIZED ? 4 : 2,
	PAIRS_EVERY = FED_THREAD_SANITIZED ? 9
	              : FED_SANITIZED      ? 5
	                                   : 3,
};

static void compose(struct lab *lab, size_t net, uint32_t clients, int64_t samples)
{
	lab_compose(lab, nets[net][0], nets[net][1], "fedavg", "local", clients, samples,
	            FED_PARTITION_IID);
	lab->settings.batch = 8;
	lab_scheme(lab, &fed_scheme_split, NULL, NULL);
}

static void set(struct lab *lab, const char *key, const char *value)
{
	lab_scheme(lab, &fed_scheme_split, key, value);
}

/* One client --------------------------------------------------------------------- */

/* SGD without a cut on one client's examples, as its turns of `versions` rounds go. */
static float *reference(const struct lab *lab, uint64_t versions)
{
	const struct fed_client *client = &lab->clients.client[0];
	const uint32_t n = client->count, batch = (uint32_t)lab->settings.batch;
	struct fed_sgd sgd = {.lr = lab->settings.lr};
	float *w = fed_alloc_floats(lab->net.dim), *target = fed_alloc_floats(n * lab->net.outputs);
	uint32_t *order = fed_alloc_array(n, sizeof *order);
	int32_t *label = fed_alloc_array(n, sizeof *label);
	struct fed_workspace ws;
	struct fed_error err;

	ck_assert_int_eq(fed_workspace_init(&ws, &lab->net, 0, lab->net.layers, batch, false, &err),
	                 FED_OK);
	fed_net_init_params(&lab->net, w, 1);
	for (uint64_t version = 0; version < versions; version++) {
		struct fed_stream shuffle = fed_stream_open(1, FED_FOR_SHUFFLE, version, 0);
		uint64_t step = 0;

		memcpy(order, client->examples, n * sizeof *order);
		for (int64_t epoch = 0; epoch < lab->settings.epochs; epoch++) {
			fed_stream_shuffle(&shuffle, order, n);
			for (uint32_t i = 0; i < n; i += batch) {
				const uint32_t b = n - i < batch ? n - i : batch;
				fed_dataset_gather(lab->data, order + i, b, NULL, fed_workspace_input(&ws),
				                   lab->net.classes ? label : NULL,
				                   lab->net.classes ? NULL : target);
				sgd.random = fed__random_of_step(1, version, 0, step++);
				fed_sgd_step(&ws, &sgd, w, label, target, b);
			}
		}
	}
	fed_workspace_release(&ws);
	fed_free(order);
	fed_free(label);
	fed_free_floats(target);
	return w;
}

/* The one client under these settings ends with the reference's bits, wherever its net is cut. */
static void equals_reference_of(size_t net, int64_t samples, int64_t batch,
                                const char *const *settings)
{
	static float *w; /* of the last call's net and samples */
	static size_t net_of_w;
	static int64_t samples_of_w;
	struct lab lab;

	compose(&lab, net, 1, samples);
	lab.settings.batch = batch;
	lab.settings.epochs = 2;
	for (; *settings; settings += 2)
		set(&lab, settings[0], settings[1]);
	if (!w || net_of_w != net || samples_of_w != samples) {
		fed_free_floats(w);
		w = reference(&lab, 2), net_of_w = net, samples_of_w = samples;
	}
	lab_start(&lab);
	lab_run(&lab, 2);
	for (size_t j = 0; j < lab.net.dim; j++)
		ck_assert_msg(lab.federation.params[j] == w[j], "%s: parameter %zu of %zu: %g, not %g",
		              nets[net][1], j, lab.net.dim, (double)lab.federation.params[j], (double)w[j]);
	lab_release(&lab);
}

static void equals_reference(size_t net, const char *const *settings)
{
	equals_reference_of(net, FED_SANITIZED ? 10 : 21, 8, settings); /* the last batch is smaller */
}

/* Number of layers; 0: the net is left out of the thread build, which looks for races: two have
 * all. */
static size_t layers_of(size_t net)
{
	struct lab lab;

	if (FED_THREAD_SANITIZED && net != 0 && net != LENET)
		return 0;
	compose(&lab, net, 1, 21);
	const size_t layers = lab.net.layers;
	lab_release(&lab);
	return layers;
}

static const char *const alone[][4] = {
	{"relay", "server", "smashed", "single"}, {"relay", "peer", "smashed", "single"},
	{"parallel", "v1", "smashed", "single"},  {"parallel", "v2", "smashed", "single"},
	{"parallel", "v2", "smashed", "batch"},
};

/* All variants of the first net; of the others one at each cut. */
START_TEST(one_client_is_sgd_without_a_cut_at_every_cut)
{
	const size_t net = (size_t)_i, layers = layers_of(net);

	for (size_t k = 1; k < layers; k++) {
		char cut[24];
		snprintf(cut, sizeof cut, "%zu", k);
		for (size_t v = 0; v < sizeof alone / sizeof *alone; v++)
			if (net == 0 || v == k % 5)
				equals_reference(net, (const char *const[]){"cut", cut, alone[v][0], alone[v][1],
				                                            alone[v][2], alone[v][3], NULL});
	}
}
END_TEST

/* Of such batches the shares are summed before they are added to the parameters (nn/net.h); the
 * last one of an epoch is smaller. */
START_TEST(one_client_with_large_batches_is_sgd_without_a_cut)
{
	static const size_t of[] = {0, LENET, 4};
	const int64_t batch = FED_DIRECT_EXAMPLES + 22, n = FED_SANITIZED ? batch + 10 : 200;

	for (size_t i = 0; i < sizeof of / sizeof *of; i++)
		for (size_t v = of[i] > 0 ? 4 : 0; v < sizeof alone / sizeof *alone; v++)
			equals_reference_of(of[i], n, batch,
			                    (const char *const[]){"cut", "1", alone[v][0], alone[v][1],
			                                          alone[v][2], alone[v][3], NULL});
	equals_reference_of(0, n, batch, (const char *const[]){"cut", "1,2", "labels", "client", NULL});
}
END_TEST

START_TEST(one_client_with_its_labels_is_sgd_at_every_pair_of_cuts)
{
	const size_t net = (size_t)_i, layers = layers_of(net);

	for (size_t a = 1; a + 1 < layers; a++)
		for (size_t b = a + 1; b<layers; b += net> 0 ? PAIRS_EVERY : 1) {
			char cut[48];
			snprintf(cut, sizeof cut, "%zu,%zu", a, b);
			const size_t v = (a + b) % 5;
			const char *const own[] = {"cut",       cut,         "labels",    "client", alone[v][0],
			                           alone[v][1], alone[v][2], alone[v][3], NULL};

			equals_reference(net, own);
		}
}
END_TEST

/* Several clients ------------------------------------------------------------------ */

START_TEST(splitfed_v1_is_fedavg)
{
	const size_t net = (size_t)_i;
	struct lab sync, split;

	compose(&sync, net, 4, 20);
	lab_scheme(&sync, &fed_scheme_sync, NULL, NULL);
	compose(&split, net, 4, 20);
	set(&split, "parallel", "v1");
	lab_start(&sync);
	lab_start(&split);
	lab_run(&sync, 3);
	lab_run(&split, 3);
	for (size_t j = 0; j < sync.net.dim; j++)
		ck_assert_double_eq_tol(split.federation.params[j], sync.federation.params[j], 2e-6);
	ck_assert_double_eq_tol(split.federation.record.train_loss, sync.federation.record.train_loss,
	                        1e-6);
	lab_release(&sync);
	lab_release(&split);
}
END_TEST

/* In turn, one client after the other: SGD on the examples of all, batch after batch. */
START_TEST(clients_in_turn_are_sgd_over_all_their_batches)
{
	struct lab one, many;
	const struct fed_sgd sgd = {.lr = 0.1};
	struct fed_workspace ws;
	struct fed_error err;
	int32_t label[8];
	uint32_t order[20];

	compose(&many, 0, 5, 20);
	set(&many, "relay", _i ? "peer" : "server");
	lab_start(&many);
	lab_run(&many, 1);
	compose(&one, 0, 5, 20);
	float *w = fed_alloc_floats(one.net.dim);
	fed_net_init_params(&one.net, w, 1);
	ck_assert_int_eq(fed_workspace_init(&ws, &one.net, 0, one.net.layers, 8, false, &err), FED_OK);
	for (uint32_t id = 0; id < 5; id++) {
		struct fed_stream shuffle = fed_stream_open(1, FED_FOR_SHUFFLE, 0, id);
		memcpy(order, one.clients.client[id].examples, sizeof order);
		fed_stream_shuffle(&shuffle, order, 20);
		for (uint32_t i = 0; i < 20; i += 8) {
			const uint32_t b = 20 - i < 8 ? 20 - i : 8;
			fed_dataset_gather(one.data, order + i, b, NULL, fed_workspace_input(&ws), label, NULL);
			fed_sgd_step(&ws, &sgd, w, label, NULL, b);
		}
	}
	for (size_t j = 0; j < one.net.dim; j++)
		ck_assert(many.federation.params[j] == w[j]);
	fed_workspace_release(&ws);
	fed_free_floats(w);
	lab_release(&many);
	lab_release(&one);
}
END_TEST

/* Costs ----------------------------------------------------------------------------- */

/* m clients of n examples, E epochs of batches of B; head h and, U-shaped, tail t parameters. */
START_TEST(bytes_messages_and_flops_follow_the_closed_form)
{
	static const char *const variants[][4] = {
		{"server", "server", "off", "single"}, {"peer", "server", "off", "single"},
		{"server", "client", "off", "single"}, {"peer", "client", "off", "single"},
		{"server", "server", "v1", "single"},  {"server", "server", "v2", "single"},
		{"server", "client", "v1", "single"},  {"server", "client", "v2", "single"},
		{"server", "server", "v2", "batch"},   {"server", "client", "v2", "batch"},
	};
	const char *const *v = variants[_i];
	const bool peer = v[0][0] == 'p', own = v[1][0] == 'c', parallel = v[2][0] == 'v';
	const double m = 3, n = 20, batches = 3, epochs = 2; /* 8 + 8 + 4 */
	struct lab lab;

	compose(&lab, 0, 3, 20);
	lab.settings.epochs = 2;
	set(&lab, "relay", v[0]);
	set(&lab, "labels", v[1]);
	set(&lab, "parallel", v[2]);
	set(&lab, "smashed", v[3]);
	set(&lab, "cut", own ? "2,4" : "2");
	lab_start(&lab);
	for (int round = 0; round < 2; round++) {
		lab_run(&lab, 1);
		const struct fed_net *net = &lab.net;
		const struct fed_record *r = &lab.federation.record;
		const double head = (double)net->layer[2].offset,
					 tail = own ? (double)(net->dim - net->layer[4].offset) : 0;
		const double width = 9, features = 7;
		const double hand = 64 + 4 * (head + tail), frames = m * epochs * batches;
		const double examples = m * epochs * n;
		/* Per batch: activations, labels up, gradients down; U-shaped: features and theirs. */
		double up = frames * 64 + 4 * examples * (width + !own);
		double down = frames * 64 + 4 * examples * width, messages = 2 * frames;
		if (own) {
			up += frames * 64 + 4 * examples * features;
			down += frames * 64 + 4 * examples * features;
			messages += 2 * frames;
		}
		/* Hand-overs: to and from the server, or m - 1 between peers, one more from the last client
		 * of the round before. */
		const double hands = peer ? m - 1 + (round > 0) : m;
		up += hands * hand;
		down += hands * hand;
		messages += peer ? hands : 2 * hands;
		ck_assert_double_eq(r->bytes_up, up);
		ck_assert_double_eq(r->bytes_down, down);
		ck_assert_double_eq(r->messages, messages);
		const double client = fed_net_flops(net, 0, 2) + (own ? fed_net_flops(net, 4, 5) : 0);
		const double all = fed_net_flops(net, 0, net->layers);
		ck_assert_double_eq_tol(r->client_flops, 3 * client * examples, 1e-6);
		ck_assert_double_eq_tol(
			r->server_flops,
			3 * (all - client) * examples + (parallel ? m * 2.0 * (double)net->dim : 0), 1e-6);
	}
	lab_release(&lab);
}
END_TEST

/* What crosses ------------------------------------------------------------------------ */

struct seen {
	uint64_t last;
	uint32_t labels, heads_to_server, heads_from_server, peers, smashed;
};

/* Every message flies between two events at least. */
static void look(const struct fed_messenger *messenger, struct seen *seen)
{
	for (size_t i = 0; i < messenger->n; i++) {
		const struct fed_message_in_flight *x = &messenger->in_flight[i];
		const struct fed_envelope *e = x->envelope;
		if (x->id <= seen->last || !e)
			continue;
		seen->last = x->id;
		seen->labels += e->labels != NULL;
		seen->smashed += e->head.kind == FED_MESSAGE_SMASHED;
		seen->heads_to_server += e->head.kind == FED_MESSAGE_HEAD && e->head.to == FED_SERVER;
		seen->heads_from_server += e->head.kind == FED_MESSAGE_HEAD && e->head.from == FED_SERVER;
		seen->peers += e->head.kind == FED_MESSAGE_HEAD && e->head.to != FED_SERVER &&
		               e->head.from != FED_SERVER;
		ck_assert(e->head.kind != FED_MESSAGE_MODEL);
	}
}

static struct seen watch_rounds(struct lab *lab, int rounds)
{
	struct seen seen = {0};
	struct fed_error err = {""};

	for (int i = 0; i < rounds; i++) {
		bool made = false;
		ck_assert_int_eq(fed_federation_begin(&lab->federation, &err), FED_OK);
		while (!made) {
			look(&lab->federation.messenger, &seen);
			ck_assert_msg(fed_federation_advance(&lab->federation, &made, &err) == FED_OK, "%s",
			              err.text);
		}
	}
	return seen;
}

START_TEST(with_its_labels_no_label_crosses)
{
	static const char *const parallel[] = {"off", "v1", "v2", "v2"};

	for (int own = 0; own < 2; own++) {
		struct lab lab;
		compose(&lab, 0, 4, 20);
		set(&lab, "labels", own ? "client" : "server");
		set(&lab, "parallel", parallel[_i]);
		set(&lab, "smashed", _i == 3 ? "batch" : "single");
		lab_start(&lab);
		const struct seen seen = watch_rounds(&lab, 2);
		ck_assert_uint_eq(seen.smashed, 2 * 4 * 3);
		ck_assert_uint_eq(seen.labels, own ? 0 : seen.smashed);
		lab_release(&lab);
	}
}
END_TEST

START_TEST(between_peers_no_head_reaches_the_server)
{
	for (int peer = 0; peer < 2; peer++) {
		struct lab lab;
		compose(&lab, 0, 4, 20);
		set(&lab, "relay", peer ? "peer" : "server");
		set(&lab, "labels", _i ? "client" : "server");
		lab_start(&lab);
		const struct seen seen = watch_rounds(&lab, 3);
		ck_assert_uint_eq(seen.heads_to_server, peer ? 0 : 12);
		ck_assert_uint_eq(seen.heads_from_server, peer ? 0 : 12);
		ck_assert_uint_eq(seen.peers, peer ? 11 : 0);
		lab_release(&lab);
	}
}
END_TEST

/* Promises ----------------------------------------------------------------------------- */

static const char *const *variant(int i)
{
	static const char *const all[][7] = {
		{"relay", "server", NULL},
		{"relay", "peer", "labels", "client", NULL},
		{"parallel", "v1", NULL},
		{"parallel", "v1", "labels", "client", NULL},
		{"parallel", "v2", NULL},
		{"parallel", "v2", "smashed", "batch", NULL},
		{"parallel", "v2", "order", "random", "labels", "client", NULL},
		{"parallel", "v2", "smashed", "batch", "labels", "client", NULL},
	};
	return all[i];
}
enum { VARIANTS = 8 };

static void compose_variant(struct lab *lab, int i, int64_t threads)
{
	compose(lab, 0, 6, 20);
	lab_add(lab, 2, 33, FED_PARTITION_IID, 3e6);
	lab->settings.threads = threads;
	lab->settings.fraction = 0.75;
	for (const char *const *s = variant(i); *s; s += 2)
		set(lab, s[0], s[1]);
}

START_TEST(threads_change_no_bit)
{
	float *first = NULL;

	for (int64_t threads = 1; threads <= 8; threads *= THREADS_TIMES) {
		struct lab lab;
		compose_variant(&lab, _i, threads);
		lab_inject(&lab, "lossy p=0.005", 0, 8, 0, 9);
		lab_inject(&lab, "crash p=0.3", 2, 3, 1, 9);
		lab_start(&lab);
		lab_run(&lab, 4);
		if (!first) {
			first = fed_alloc_floats(lab.net.dim);
			memcpy(first, lab.federation.params, lab.net.dim * sizeof *first);
		}
		ck_assert_mem_eq(first, lab.federation.params, lab.net.dim * sizeof *first);
		lab_release(&lab);
	}
	fed_free_floats(first);
}
END_TEST

START_TEST(an_abort_at_any_event_changes_nothing)
{
	struct fed_error err = {""};
	struct lab whole, cut;
	bool made = false;

	compose_variant(&whole, _i, 2);
	lab_start(&whole);
	lab_run(&whole, 3);
	for (int event = 0; !made; event += ABORTS_EVERY) {
		compose_variant(&cut, _i, 2);
		lab_start(&cut);
		lab_run(&cut, 2);
		const double clock = cut.federation.clock.now;
		ck_assert_int_eq(fed_federation_begin(&cut.federation, &err), FED_OK);
		for (int i = 0; i < event && !made; i++)
			ck_assert_int_eq(fed_federation_advance(&cut.federation, &made, &err), FED_OK);
		if (!made) {
			fed_federation_abort(&cut.federation, "the test");
			ck_assert_double_eq(cut.federation.clock.now, clock);
			lab_run(&cut, 1);
		}
		ck_assert_mem_eq(whole.federation.params, cut.federation.params,
		                 whole.net.dim * sizeof *whole.federation.params);
		lab_release(&cut);
	}
	lab_release(&whole);
}
END_TEST

START_TEST(a_client_that_fails_is_left_out)
{
	static const char *const faults[] = {"crash",   "hang",      "lossy p=1",
	                                     "offline", "flaky p=1", "partition"};
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		struct lab lab;
		compose_variant(&lab, _i, 2);
		lab.settings.fraction = 1;
		lab_inject(&lab, faults[i], 3, 1, 0, 9);
		lab_start(&lab);
		lab_run(&lab, 2);
		const struct fed_record *r = &lab.federation.record;
		ck_assert_double_eq(r->invited, 8);
		ck_assert_double_eq(r->reported, 7);
		ck_assert_double_eq(r->lost + r->late, 1);
		lab_release(&lab);
	}
}
END_TEST

/* A client dies at any event of a round: the server does not wait for it, and what is left is a
 * round. */
START_TEST(a_client_that_dies_at_any_event_holds_up_nobody)
{
	struct fed_error err = {""};
	bool made = false;

	for (int event = 0; !made; event += DIES_EVERY) {
		struct lab lab;

		compose_variant(&lab, _i, 2);
		lab.settings.fraction = 1;
		lab.settings.epochs = 1;
		lab_start(&lab);
		fed_assert_ok(fed_federation_begin(&lab.federation, &err), &err);
		for (int i = 0; i < event && !made; i++)
			fed_assert_ok(fed_federation_advance(&lab.federation, &made, &err), &err);
		const struct fed_invitation *open = fed_invitation_of(&lab.federation, 3);
		const bool dies = !made && open;
		if (dies)
			fed_assert_ok(fed__crash(&lab.federation, 3, open->number, &err), &err);
		for (bool done = made; !done;)
			fed_assert_ok(fed_federation_advance(&lab.federation, &done, &err), &err);
		ck_assert_double_eq(lab.federation.record.lost, dies);
		ck_assert_double_eq(lab.federation.record.reported, 8 - dies);
		for (size_t j = 0; j < lab.net.dim; j++)
			ck_assert(isfinite(lab.federation.params[j]));
		lab_release(&lab);
	}
}
END_TEST

/* A lie about activations or head moves the model; one that is not finite is refused. */
START_TEST(attackers_lie_about_activations_and_head)
{
	static const char *const attacks[] = {"byzantine attack=sign-flip scale=3",
	                                      "byzantine attack=gaussian", "byzantine attack=alie",
	                                      "byzantine attack=label-flip"};
	struct lab honest;

	compose_variant(&honest, _i, 2);
	honest.settings.fraction = 1;
	lab_start(&honest);
	lab_run(&honest, 2);
	for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++) {
		struct lab lab;
		compose_variant(&lab, _i, 2);
		lab.settings.fraction = 1;
		lab_inject(&lab, attacks[i], 2, 2, 0, 9);
		lab_start(&lab);
		lab_run(&lab, 2);
		ck_assert_double_eq(lab.federation.record.reported, 8);
		/* What the views compare: the step of v2 is that of the client's layers alone. */
		if (_i >= 4) {
			const struct fed_net *net = &lab.net;
			size_t at[2];
			struct fed_error err;
			fed_split_cuts((const struct fed_split *)(const void *)lab.scheme_state, net, at, &err);
			const size_t to = at[1] < net->layers ? net->layer[at[1]].offset : net->dim;
			for (size_t j = net->layer[at[0]].offset; j < to; j++)
				ck_assert(lab.federation.verdicts.step[j] == 0);
		}
		/* alie is made from what others send: in turn none is sent. */
		const bool same = memcmp(honest.federation.params, lab.federation.params,
		                         lab.net.dim * sizeof(float)) == 0;
		ck_assert_int_eq(same, i == 2 && _i < 2);
		lab_release(&lab);
	}
	struct lab lab;
	compose_variant(&lab, _i, 2);
	lab.settings.fraction = 1;
	lab_inject(&lab, "byzantine attack=nan", 2, 2, 0, 9);
	lab_start(&lab);
	lab_run(&lab, 2);
	ck_assert_double_eq(lab.federation.record.refused, 2);
	ck_assert_double_eq(lab.federation.record.reported, 6);
	lab_release(&lab);
	lab_release(&honest);
}
END_TEST

START_TEST(noise_and_codecs_change_what_crosses)
{
	static const char *const codecs[] = {"none", "fp16", "int8", "top-k:0.25"};
	double bytes = INFINITY;

	for (int i = 0; i < 4; i++) {
		struct lab lab;
		compose_variant(&lab, _i, 2);
		snprintf(lab.settings.codec, sizeof lab.settings.codec, "%s", codecs[i]);
		lab_start(&lab);
		lab_run(&lab, 3);
		ck_assert_double_eq(lab.federation.record.reported, 6);
		if (i != 3) /* 8 bytes a number: a quarter of them is as much as fp16 */
			ck_assert_double_lt(lab.federation.record.bytes_up, bytes);
		bytes = lab.federation.record.bytes_up;
		lab_release(&lab);
	}
	struct lab plain, noisy;
	compose_variant(&plain, _i, 2);
	compose_variant(&noisy, _i, 2);
	noisy.settings.noise = 0.5;
	lab_start(&plain);
	lab_start(&noisy);
	lab_run(&plain, 1);
	lab_run(&noisy, 1);
	ck_assert(
		memcmp(plain.federation.params, noisy.federation.params, plain.net.dim * sizeof(float)));
	lab_release(&plain);
	lab_release(&noisy);
}
END_TEST

/* k-th allocation fails, for every k. */
START_TEST(a_round_without_memory_changes_nothing)
{
	struct fed_error err = {""};
	int rc = FED_FAIL;

	for (uint64_t k = 1; rc != FED_OK; k += 1 + k / FAILS_EVERY) {
		struct lab lab;
		compose_variant(&lab, _i, 1);
		lab.settings.epochs = 1;
		lab_start(&lab);
		float *before = fed_alloc_floats(lab.net.dim);
		memcpy(before, lab.federation.params, lab.net.dim * sizeof *before);
		fed__mem_fail_at(k);
		rc = fed_federation_round(&lab.federation, &err);
		fed__mem_fail_at(0);
		if (rc != FED_OK) {
			ck_assert_mem_eq(before, lab.federation.params, lab.net.dim * sizeof *before);
			lab_run(&lab, 1);
		}
		fed_free_floats(before);
		lab_release(&lab);
	}
}
END_TEST

START_TEST(what_cannot_be_done_is_refused_in_words)
{
	static const struct {
		const char *key[4], *says;
	} wrong[] = {
		{{"cut", "9"}, "cut=1 to cut=4"},
		{{"cut", "1,2"}, "takes one"},
		{{"labels", "client", "cut", "3,3"}, "no layer"},
		{{"relay", "peer", "parallel", "v1"}, "relay=server"},
		{{"smashed", "batch", "parallel", "v1"}, "parallel=v2"},
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct fed_error err = {""};
		struct lab lab;
		compose(&lab, 0, 2, 20);
		for (size_t k = 0; k < 4 && wrong[i].key[k]; k += 2)
			set(&lab, wrong[i].key[k], wrong[i].key[k + 1]);
		lab_start(&lab);
		ck_assert_int_eq(fed_federation_round(&lab.federation, &err), FED_REJECT);
		ck_assert_msg(strstr(err.text, wrong[i].says), "%s", err.text);
		ck_assert_double_eq(lab.federation.record.messages, 0);
		lab_release(&lab);
	}
}
END_TEST

FED_SUITE(split)
{
	Suite *s = suite_create("split");
	TCase *c = tcase_create("split");

	tcase_add_loop_test(c, one_client_is_sgd_without_a_cut_at_every_cut, 0, NETS);
	tcase_add_test(c, one_client_with_large_batches_is_sgd_without_a_cut);
	tcase_add_loop_test(c, one_client_with_its_labels_is_sgd_at_every_pair_of_cuts, 0, NETS - 1);
	tcase_add_loop_test(c, splitfed_v1_is_fedavg, 0, NETS - 1);
	tcase_add_loop_test(c, clients_in_turn_are_sgd_over_all_their_batches, 0, 2);
	tcase_add_loop_test(c, bytes_messages_and_flops_follow_the_closed_form, 0, 10);
	tcase_add_loop_test(c, with_its_labels_no_label_crosses, 0, 4);
	tcase_add_loop_test(c, between_peers_no_head_reaches_the_server, 0, 2);
	tcase_add_loop_test(c, threads_change_no_bit, 0, VARIANTS);
	tcase_add_loop_test(c, an_abort_at_any_event_changes_nothing, 0, VARIANTS);
	tcase_add_loop_test(c, a_client_that_fails_is_left_out, 0, VARIANTS);
	tcase_add_loop_test(c, a_client_that_dies_at_any_event_holds_up_nobody, 0, VARIANTS);
	tcase_add_loop_test(c, a_round_without_memory_changes_nothing, 0, VARIANTS);
	tcase_add_loop_test(c, attackers_lie_about_activations_and_head, 0, VARIANTS);
	tcase_add_loop_test(c, noise_and_codecs_change_what_crosses, 0, VARIANTS);
	tcase_add_test(c, what_cannot_be_done_is_refused_in_words);
	suite_add_tcase(s, c);
	return s;
}
