/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The post over transports that deliver, lose, reorder, repeat, fail, and over real sockets.
 */
#include "net/codecs.h"
#include "net/messenger.h"

#include <math.h>

#include "base/random.h"
#include "plug/plugins.h"

static struct fed_registry *registry;
static struct fed_instance transport;
static struct fed_event_queue event_queue;
static struct fed_messenger messenger;

/* Client c: c seconds of latency, 100 bytes a second up, 1000 down. */
static void slow_link(void *ctx, uint32_t client, struct fed_link *link)
{
	(void)ctx;
	*link = (struct fed_link){.latency = client, .up = 100, .down = 1000};
}

static void open_messenger(const char *path, const char *key, const char *value, const char *key2,
                           const char *value2, bool slow)
{
	struct fed_error err;

	registry = make_registry();
	make_instance(registry, path, &transport, key, value, key2, value2);
	fed_event_queue_init(&event_queue);
	ck_ok(fed_messenger_init(&messenger, &transport, &event_queue, 1, slow ? slow_link : NULL, NULL,
	                         &err));
}

static void open_simulated(const char *how)
{
	open_messenger(FIXTURE("simulated"), "how", how, NULL, NULL, false);
}

static void close_post(void)
{
	fed_messenger_release(&messenger);
	fed_event_queue_release(&event_queue);
	fed_instance_release(&transport);
	fed_registry_free(registry);
	ck_assert_int_eq(fed__mem_live(), 0);
}

/* A message to client `to` that carries the number `to` in one vector of ten. */
static struct fed_envelope message_to(uint32_t to)
{
	struct fed_shared_vectors *p = fed_shared_vectors_new(1, 10);

	p->vector[0][9] = (float)to;
	return (struct fed_envelope){.head = {.from = FED_SERVER, .to = to, .kind = FED_MESSAGE_MODEL},
	                             .version = 3,
	                             .payload = p};
}

static int send_to(uint32_t to, struct fed_error *err)
{
	const struct fed_envelope e = message_to(to);

	return fed_messenger_send(&messenger, &e, NULL, err);
}

/* The next event, which must be of this kind; its envelope. */
static struct fed_envelope *next(enum fed_queued_event_kind kind)
{
	struct fed_queued_event due;

	ck_assert(fed__event_queue_next(&event_queue, &due));
	ck_assert_uint_eq(due.kind, kind);
	struct fed_envelope *e = fed_messenger_take(&messenger, due.ref);
	ck_assert_ptr_nonnull(e);
	ck_assert_uint_eq(e->head.id, due.ref);
	ck_assert_uint_eq(due.who, e->head.to);
	ck_assert(e->payload->vector[0][9] == (float)e->head.to && e->version == 3);
	ck_assert_ptr_null(fed_messenger_take(&messenger, due.ref)); /* once */
	return e;
}

START_TEST(time_follows_the_link)
{
	struct fed_envelope e = message_to(4);
	struct fed_error err;
	struct fed_queued_event due;
	uint64_t bytes;

	open_messenger(FIXTURE("simulated"), "delay", "0", NULL, NULL, true);
	ck_ok(fed_messenger_send(&messenger, &e, &bytes, &err));
	ck_assert_uint_eq(bytes, fed_frame_size(1, 10));
	ck_assert(fed__event_queue_next(&event_queue, &due));
	ck_assert_double_eq_tol(due.when, 4 + (double)bytes / 1000, 1e-9);
	fed_envelope_free(fed_messenger_take(&messenger, due.ref));

	e = message_to(4); /* upwards */
	e.head.from = 4;
	e.head.to = FED_SERVER;
	const double now = event_queue.now;
	ck_ok(fed_messenger_send(&messenger, &e, &bytes, &err));
	ck_assert(fed__event_queue_next(&event_queue, &due));
	ck_assert_uint_eq(due.who, 4);
	ck_assert_double_eq_tol(due.when, now + 4 + (double)bytes / 100, 1e-9);
	fed_envelope_free(fed_messenger_take(&messenger, due.ref));
	close_post();
}
END_TEST

START_TEST(every_third_is_lost)
{
	struct fed_error err;

	open_simulated("drop-third");
	for (uint32_t i = 1; i <= 9; i++)
		ck_ok(send_to(i, &err));
	for (uint32_t i = 1; i <= 9; i++) {
		struct fed_envelope *e = next(i % 3 ? FED_QUEUED_MESSAGE : FED_QUEUED_LOST);
		ck_assert_uint_eq(e->head.to, i);
		ck_assert_str_eq(e->why, i % 3 ? "" : "the third of three");
		fed_envelope_free(e);
	}
	ck_assert_uint_eq(messenger.misdelivered, 0);
	close_post();
}
END_TEST

START_TEST(order_is_the_transports)
{
	struct fed_error err;

	open_simulated("reverse");
	for (uint32_t i = 1; i <= 50; i++)
		ck_ok(send_to(i, &err));
	for (uint32_t i = 50; i >= 1; i--) {
		struct fed_envelope *e = next(FED_QUEUED_MESSAGE);
		ck_assert_uint_eq(e->head.to, i);
		fed_envelope_free(e);
	}
	close_post();
}
END_TEST

START_TEST(a_second_fate_is_ignored)
{
	static const struct {
		const char *how;
		uint64_t misdelivered;
	} cases[] = {{"twice", 2}, {"unknown", 1}, {"good", 0}};
	struct fed_error err;
	struct fed_queued_event due;

	open_simulated(cases[_i].how);
	ck_ok(send_to(5, &err));
	fed_envelope_free(next(FED_QUEUED_MESSAGE));
	ck_assert(!fed__event_queue_next(&event_queue, &due));
	ck_assert_uint_eq(messenger.misdelivered, cases[_i].misdelivered);
	close_post();
}
END_TEST

START_TEST(losses_have_a_reason)
{
	static const char *const cases[][2] = {{"drop-silently", "the transport gave no reason"},
	                                       {"reject", "transport simulated: too large for it"}};
	struct fed_error err;

	open_simulated(cases[_i][0]);
	ck_ok(send_to(5, &err));
	struct fed_envelope *e = next(FED_QUEUED_LOST);
	ck_assert_str_eq(e->why, cases[_i][1]);
	fed_envelope_free(e);
	close_post();
}
END_TEST

START_TEST(failures_name_the_transport)
{
	static const char *const cases[][2] = {{"fail", "transport simulated: no route to client 5"},
	                                       {"at-nan", "transport simulated: an event is due at"},
	                                       {"bad-code", "transport simulated: send() returned -7"}};
	struct fed_error err;
	struct fed_queued_event due;

	open_simulated(cases[_i][0]);
	ck_assert_int_eq(send_to(5, &err), FED_FAIL);
	ck_says(err.text, cases[_i][1]);
	while (fed__event_queue_next(&event_queue, &due)) /* "fail" had it delivered before */
		ck_assert_ptr_null(fed_messenger_take(&messenger, due.ref));
	close_post();
}
END_TEST

START_TEST(a_transport_may_hold_messages)
{
	struct fed_error err;
	struct fed_queued_event due;

	open_simulated("hold");
	ck_ok(send_to(1, &err));
	ck_assert(!fed__event_queue_next(&event_queue, &due));
	ck_ok(send_to(2, &err));
	fed_envelope_free(next(FED_QUEUED_MESSAGE));
	fed_envelope_free(next(FED_QUEUED_MESSAGE));
	close_post();
}
END_TEST

START_TEST(what_was_cleared_does_not_come)
{
	struct fed_error err;
	struct fed_queued_event due;

	open_simulated("good");
	for (uint32_t i = 0; i < 5; i++)
		ck_ok(send_to(i, &err));
	fed_messenger_clear(&messenger);
	while (fed__event_queue_next(&event_queue, &due))
		ck_assert_ptr_null(fed_messenger_take(&messenger, due.ref));
	ck_ok(send_to(9, &err)); /* ids go on */
	ck_assert_uint_eq(messenger.next_id, 7);
	fed_envelope_free(next(FED_QUEUED_MESSAGE));
	close_post();
}
END_TEST

/* 100,000 at once, taken in a random order: quick only if finding and taking are. */
START_TEST(many_may_fly)
{
	enum { N = 100000 };
	struct fed_stream random = fed_stream_open(1, FED_FOR_DATA, 0, 0);
	static uint32_t order[N];
	struct fed_error err;

	open_simulated("good");
	struct fed_shared_vectors *payload = fed_shared_vectors_new(1, 10);
	for (uint32_t i = 0; i < N; i++) {
		const struct fed_envelope e = {.head = {.from = FED_SERVER, .to = i, .kind = 1},
		                               .payload = fed_shared_vectors_ref(payload)};
		order[i] = i;
		ck_ok(fed_messenger_send(&messenger, &e, NULL, &err));
	}
	fed_stream_shuffle(&random, order, N);
	for (uint32_t i = 0; i < N; i++) {
		struct fed_envelope *e = fed_messenger_take(&messenger, 1 + order[i]);
		ck_assert_uint_eq(e->head.to, order[i]);
		fed_envelope_free(e);
	}
	ck_assert_uint_eq(messenger.n, messenger.taken);
	ck_assert_uint_eq(atomic_load(&payload->references), 1);
	fed_shared_vectors_unref(payload);
	close_post();
}
END_TEST

/* Real sockets ------------------------------------------------------------ */

START_TEST(bytes_cross_the_wire)
{
	struct fed_error err;

	open_messenger(FIXTURE("loopback"), NULL, NULL, NULL, NULL, false);
	for (uint32_t i = 1; i <= 5; i++) {
		struct fed_envelope e = message_to(i);
		struct fed_shared_vectors *mine = fed_shared_vectors_ref(e.payload);
		ck_ok(fed_messenger_send(&messenger, &e, NULL, &err));
		ck_ok(fed_messenger_poll(&messenger, 5, &err));
		struct fed_envelope *came = next(FED_QUEUED_MESSAGE);
		ck_assert_ptr_ne(came->payload, mine); /* what came, not what was sent */
		ck_assert_uint_eq(atomic_load(&mine->references), 1);
		fed_envelope_free(came);
		fed_shared_vectors_unref(mine);
	}
	ck_assert(event_queue.now > 0); /* seconds since open() */
	for (uint32_t i = 1; i <= 5; i++)
		ck_ok(send_to(i, &err));
	ck_ok(fed_messenger_poll(&messenger, 5, &err));
	for (uint32_t i = 1; i <= 5; i++)
		fed_envelope_free(next(FED_QUEUED_MESSAGE));
	ck_ok(send_to(6, &err)); /* still on the way at the end */
	close_post();
}
END_TEST

/* A codec shortens what is on the wire, and what comes out is what the sender decoded. */
START_TEST(codecs_cross_the_wire)
{
	static const char *const codecs[] = {"none", "fp16", "int8", "top-k:0.2", "powersgd"};
	struct fed_registry *plugins = codec_registry();
	struct fed_error err;
	uint64_t length;

	open_messenger(FIXTURE("loopback"), NULL, NULL, NULL, NULL, false);
	struct fed_envelope e = message_to(5);
	float *v = e.payload->vector[0];
	e.codec = codec_named(plugins, codecs[_i]);
	e.coding = (struct fed_coding){.n = 10, .seed = 4};
	v[3] = 1 / 3.0f;
	v[4] = -0.001f;
	ck_ok(fed_recode(e.codec, &e.coding, v, &e.code, &err));
	const uint64_t coded = e.code ? e.code->len : 40;
	struct fed_shared_vectors *mine = fed_shared_vectors_ref(e.payload);
	ck_ok(fed_messenger_send(&messenger, &e, &length, &err));
	ck_assert_uint_eq(length, FED_FRAME_BYTES + coded);
	ck_ok(fed_messenger_poll(&messenger, 5, &err));
	struct fed_envelope *came = next(FED_QUEUED_MESSAGE);
	ck_assert_ptr_ne(came->payload, mine);
	ck_assert_mem_eq(came->payload->vector[0], v, 10 * sizeof *v);
	ck_assert_uint_eq(came->head.bytes, length);
	fed_envelope_free(came);
	fed_shared_vectors_unref(mine);
	fed_registry_free(plugins);
	close_post();
}
END_TEST

START_TEST(copies_and_damage_are_refused)
{
	static const char *const flags[] = {"twice", "damage"};
	struct fed_error err;
	struct fed_queued_event due;

	open_messenger(FIXTURE("loopback"), flags[_i], "yes", NULL, NULL, false);
	ck_ok(send_to(3, &err));
	ck_ok(fed_messenger_poll(&messenger, _i ? 0 : 5, &err));
	if (_i == 0)
		fed_envelope_free(next(FED_QUEUED_MESSAGE));
	ck_assert(!fed__event_queue_next(&event_queue, &due));
	ck_assert_uint_eq(messenger.misdelivered, 1);
	close_post();
}
END_TEST

START_TEST(arrivals_must_have_been_sent)
{
	struct fed_text bytes = {0};
	struct fed_error err;
	struct fed_queued_event due;

	open_simulated("hold");
	struct fed_envelope e = message_to(8);
	ck_ok(fed_messenger_send(&messenger, &e, NULL, &err));
	const struct {
		uint64_t id;
		uint32_t to;
		int rc;
		const char *words;
	} cases[] = {{0, 8, FED_REJECT, "was never sent"},
	             {2, 8, FED_REJECT, "message 2 was never sent"},
	             {1, 9, FED_REJECT, "is not from whom or to whom"},
	             {1, 8, FED_OK, ""},
	             {1, 8, FED_REJECT, "message 1 came twice"}};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fed_envelope forged = message_to(8);
		forged.head.id = cases[i].id;
		forged.head.to = cases[i].to;
		fed_text_clear(&bytes);
		ck_ok(fed_messenger_encode(&forged, &bytes, &err));
		ck_assert_int_eq(messenger.wire.arrive(&messenger.wire, bytes.s, bytes.len, &err),
		                 cases[i].rc);
		if (cases[i].rc != FED_OK)
			ck_says(err.text, cases[i].words);
		fed_shared_vectors_unref(forged.payload);
	}
	ck_assert_uint_eq(messenger.misdelivered, 4);
	fed_envelope_free(next(FED_QUEUED_MESSAGE));
	ck_assert(!fed__event_queue_next(&event_queue, &due));
	fed_text_release(&bytes);
	close_post();
}
END_TEST

/* A transport may keep the pointers of several messages until their fates are known. */
START_TEST(bytes_stay_until_the_fate_is_known)
{
	struct fed_error err;
	size_t len[2];

	open_simulated("hold");
	ck_ok(send_to(1, &err));
	const void *first = messenger.wire.bytes(&messenger.wire, 1, &len[0]);
	struct fed_text copy = {0};
	fed_text_put(&copy, first, len[0]);
	messenger.wire.bytes(&messenger.wire, 99, &len[1]);
	ck_assert_uint_eq(len[1], 0);
	ck_assert_ptr_eq(messenger.wire.bytes(&messenger.wire, 1, &len[1]), first);
	ck_assert_mem_eq(copy.s, first, len[0]);
	ck_assert_int_eq(messenger.wire.arrive(&messenger.wire, first, len[0], &err),
	                 FED_OK); /* its own bytes */
	fed_envelope_free(next(FED_QUEUED_MESSAGE));
	fed_text_release(&copy);
	close_post();
}
END_TEST

START_TEST(bytes_outlive_a_clear)
{
	struct fed_error err;
	size_t len;

	open_simulated("hold");
	ck_ok(send_to(1, &err));
	const void *queued = messenger.wire.bytes(&messenger.wire, 1, &len);
	fed_messenger_clear(&messenger);
	struct fed_text copy = {0};
	fed_text_put(&copy, queued, len); /* sanitizers see it if they went */
	ck_assert_ptr_null(fed_messenger_take(&messenger, 1));
	ck_assert_int_eq(messenger.wire.arrive(&messenger.wire, copy.s, copy.len, &err), FED_REJECT);
	ck_says(err.text, "after it was given up");
	ck_assert_ptr_null(messenger.wire.bytes(&messenger.wire, 1, &len));
	fed_text_release(&copy);

	ck_ok(send_to(2, &err)); /* even: "hold" delivers it, and the lost one in vain */
	ck_assert_uint_eq(messenger.misdelivered, 2);
	fed_envelope_free(next(FED_QUEUED_MESSAGE));
	ck_ok(send_to(3, &err));
	ck_assert_ptr_nonnull(messenger.wire.bytes(&messenger.wire, 3, &len));
	fed_messenger_clear(&messenger); /* never settled: closing frees them */
	close_post();
}
END_TEST

START_TEST(open_may_fail)
{
	struct fed_error err;

	open_messenger(FIXTURE("loopback"), "refuse-open", "yes", NULL, NULL, false);
	ck_assert_int_eq(send_to(3, &err), FED_FAIL);
	ck_assert_str_eq(err.text, "transport loopback: no sockets today");
	ck_assert_int_eq(fed_messenger_poll(&messenger, 0, &err), FED_FAIL);
	close_post();
}
END_TEST

static int send_some(void *ctx, struct fed_error *err)
{
	struct fed_event_queue inner_clock;
	struct fed_messenger inner;
	int rc;

	(void)ctx;
	fed_event_queue_init(&inner_clock);
	rc = fed_messenger_init(&inner, &transport, &inner_clock, 1, NULL, NULL, err);
	for (int i = 0; i < 70 && rc == FED_OK; i++) {
		const struct fed_envelope e = {.head = {.from = FED_SERVER, .kind = FED_MESSAGE_MODEL},
		                               .payload = fed_shared_vectors_new(1, 10)};
		rc = e.payload ? fed_messenger_send(&inner, &e, NULL, err)
		               : fed_fail_memory(err, 40, "a parcel");
	}
	if (rc == FED_OK)
		rc = fed_messenger_poll(&inner, 5, err);
	fed_messenger_release(&inner);
	fed_event_queue_release(&inner_clock);
	return rc;
}

START_TEST(survives_lack_of_memory)
{
	open_messenger(_i ? FIXTURE("loopback") : FIXTURE("simulated"), NULL, NULL, NULL, NULL, false);
	ck_assert_uint_ge(fed_each_allocation(send_some, NULL), 100);
	close_post();
}
END_TEST

FED_SUITE(messenger)
{
	Suite *suite = suite_create("post");
	TCase *tests = tcase_create("simulated"), *real = tcase_create("real");

	tcase_add_test(tests, time_follows_the_link);
	tcase_add_test(tests, every_third_is_lost);
	tcase_add_test(tests, order_is_the_transports);
	tcase_add_loop_test(tests, a_second_fate_is_ignored, 0, 3);
	tcase_add_loop_test(tests, losses_have_a_reason, 0, 2);
	tcase_add_loop_test(tests, failures_name_the_transport, 0, 3);
	tcase_add_test(tests, a_transport_may_hold_messages);
	tcase_add_test(tests, what_was_cleared_does_not_come);
	tcase_add_test(tests, many_may_fly);
	tcase_add_test(real, bytes_cross_the_wire);
	tcase_add_loop_test(real, codecs_cross_the_wire, 0, 5);
	tcase_add_loop_test(real, copies_and_damage_are_refused, 0, 2);
	tcase_add_test(real, arrivals_must_have_been_sent);
	tcase_add_test(real, bytes_stay_until_the_fate_is_known);
	tcase_add_test(real, bytes_outlive_a_clear);
	tcase_add_test(real, open_may_fail);
	tcase_add_loop_test(real, survives_lack_of_memory, 0, 2);
	suite_add_tcase(suite, tests);
	suite_add_tcase(suite, real);
	return suite;
}
