/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Messages with vectors behind their text: over a socket that takes a few bytes at a time they are
 * one text again, and who does not take the vectors of a message leaves none of them behind.
 */
#include <string.h>
#include <sys/socket.h>

#include "cluster/frames.h"
#include "support/suite.h"
#include "train/local/far_training.h"

enum { VECTORS = 3, DIM = 20011 };

static struct fed_shared_vectors *some_vectors(void)
{
	struct fed_shared_vectors *v = fed_shared_vectors_new(VECTORS, DIM);

	ck_assert_ptr_nonnull(v);
	for (uint32_t k = 0; k < VECTORS; k++)
		for (uint32_t j = 0; j < DIM; j++)
			v->vector[k][j] = (float)(k * DIM + j);
	return v;
}

/* What a message should be at the other end. */
static void expect(struct fed_text *out, const char *text, const struct fed_shared_vectors *v,
                   uint32_t first)
{
	fed_text_clear(out);
	fed_text_put(out, text, strlen(text));
	for (uint32_t k = first; k < VECTORS; k++)
		fed_text_put(out, (const char *)v->vector[k], DIM * sizeof(float));
}

static struct fed_bytes *message(const char *words, struct fed_shared_vectors *v, uint32_t first)
{
	struct fed_text text = {0};

	fed_text_put(&text, words, strlen(words));
	struct fed_bytes *b =
		v ? fed__bytes_with(&text, fed_shared_vectors_ref(v), first) : fed__bytes_new(&text);
	ck_assert_ptr_nonnull(b);
	return b;
}

START_TEST(over_a_socket_vectors_are_the_end_of_the_text)
{
	struct fed_shared_vectors *v = some_vectors();
	struct fed_text got = {0}, right = {0};
	struct fed_frames a, b;
	struct fed_error err;
	const char *const words[] = {"a model", "a job", "an update", "its state"};
	int fd[2], small = 4096, rank, n = 0;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
	fed__frames_init(&a, fd[0]);
	fed__frames_init(&b, fd[1]);
	for (uint32_t i = 0; i < 4; i++) {
		struct fed_bytes *m = message(words[i], i % 2 ? NULL : v, i / 2);

		ck_assert_uint_eq(fed__bytes_length(m),
		                  i % 2 ? strlen(words[i])
		                        : strlen(words[i]) + (VECTORS - i / 2) * DIM * sizeof(float));
		fed_assert_ok(fed__frames_send(&a, i, m, &err), &err);
	}
	ck_assert(!fed__frames_idle(&a)); /* the socket is smaller than they are */
	while (n < 4) {
		fed_assert_ok(fed__frames_poll(&a, &rank, &got, &err), &err);
		fed_assert_ok(fed__frames_poll(&b, &rank, &got, &err), &err);
		if (rank < 0)
			continue;
		ck_assert_int_eq(rank, n);
		expect(&right, words[n], v, n % 2 ? VECTORS : (uint32_t)n / 2);
		ck_assert_uint_eq(got.len, right.len);
		ck_assert_int_eq(memcmp(got.s, right.s, right.len), 0);
		n++;
	}
	ck_assert(fed__frames_idle(&a));
	ck_assert_uint_eq(v->references, 1); /* what was sent was released */
	fed__frames_release(&a);
	fed__frames_release(&b);
	fed_text_release(&got);
	fed_text_release(&right);
	fed_shared_vectors_unref(v);
}
END_TEST

/* A link whose last message has two vectors. */
struct counted {
	struct fed_rank_link face;
	float next;
};

static int receive(struct fed_rank_link *link, void *to, struct fed_error *err)
{
	struct counted *c = (struct counted *)link;
	float *at = to;

	(void)err;
	for (size_t j = 0; j < link->vector_bytes / sizeof *at; j++)
		memcpy(at + j, &c->next, sizeof c->next);
	c->next++;
	return FED_OK;
}

static struct counted two_vectors(void)
{
	static const struct fed_rank_link_row row = {.receive = receive};

	return (struct counted){.face = {.row = &row, .vectors = 2, .vector_bytes = 2 * sizeof(float)},
	                        .next = 1};
}

START_TEST(what_is_not_taken_is_received_all_the_same)
{
	struct counted c = two_vectors();
	struct fed_far_body body = fed__link_body(&c.face);
	struct fed_text text = {0};
	struct fed_error err;
	float first[2];

	fed_text_put(&text, "head", 4);
	fed_assert_ok(body.next(body.ctx, first, &err), &err);
	ck_assert(first[0] == 1 && first[1] == 1);
	ck_assert_uint_eq(c.face.vectors, 1);
	fed_assert_ok(fed__link_rest(&c.face, &text, &err), &err);
	ck_assert_uint_eq(c.face.vectors, 0);
	ck_assert_uint_eq(text.len, 4 + sizeof first);
	const float rest[2] = {2, 2};
	ck_assert_int_eq(memcmp(text.s + 4, rest, sizeof rest), 0);
	fed_assert_ok(fed__link_rest(&c.face, &text, &err), &err);
	ck_assert_uint_eq(text.len, 4 + sizeof first);
	fed_text_release(&text);
}
END_TEST

START_TEST(a_body_of_another_size_is_refused)
{
	struct fed_shared_vectors *v = fed_shared_vectors_new(3, 2);
	struct fed_packet_reader none = {0};
	struct fed_error err;
	struct counted c = two_vectors();
	struct fed_far_body body = fed__link_body(&c.face);

	ck_assert_ptr_nonnull(v);
	ck_assert_int_eq(fed__far_get_body(&none, &body, v, 0, &err), FED_FAIL);
	ck_assert_uint_eq(c.face.vectors, 2);
	fed_assert_ok(fed__far_get_body(&none, &body, v, 1, &err), &err);
	ck_assert(v->vector[0][0] == 0 && v->vector[1][0] == 1 && v->vector[2][1] == 2);
	body = (struct fed_far_body){0}; /* in a packet that is too short */
	ck_assert_int_eq(fed__far_get_body(&none, &body, v, 1, &err), FED_FAIL);
	fed_shared_vectors_unref(v);
}
END_TEST

START_TEST(pauses_are_short_while_a_thread_waits)
{
	struct fed_link_pause p = {0};
	double idle = 0, busy = 0, quiet = 0, waited = 0;

	for (int i = 0; i < 100; i++)
		idle = fed__link_pause(&p, false, FED_WAIT_IDLE);
	ck_assert(idle > 0 && idle <= 100e-6);
	for (int i = 0; i < 100; i++)
		busy = fed__link_pause(&p, false, FED_WAIT_BUSY);
	ck_assert(busy > idle && busy <= FED_PAUSE_MOST);
	ck_assert(fed__link_pause(&p, true, FED_WAIT_BUSY) == 0);
	ck_assert(fed__link_pause(&p, false, FED_WAIT_QUIET) < busy); /* it grows anew */
	for (int i = 0; i < 100; i++)
		quiet = fed__link_pause(&p, false, FED_WAIT_QUIET);
	ck_assert(quiet > busy);
	fed__link_pause(&p, true, FED_WAIT_IDLE);
	for (int i = 0; i < 10000 && waited < 1; i++) /* long without a message */
		waited += idle = fed__link_pause(&p, false, FED_WAIT_IDLE);
	ck_assert(idle >= FED_PAUSE_MOST);
}
END_TEST

FED_SUITE(messages)
{
	Suite *suite = suite_create("messages");
	TCase *tcase = tcase_create("messages");

	tcase_add_test(tcase, over_a_socket_vectors_are_the_end_of_the_text);
	tcase_add_test(tcase, what_is_not_taken_is_received_all_the_same);
	tcase_add_test(tcase, a_body_of_another_size_is_refused);
	tcase_add_test(tcase, pauses_are_short_while_a_thread_waits);
	suite_add_tcase(suite, tcase);
	return suite;
}
