/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Attacks on data: which examples they change, into what, and that it is the same in every epoch
 * and for any batches.
 */
#include <string.h>

#include "drive.h"
#include "support/suite.h"

enum { N = 300, CLASSES = 7 };

struct shape {
	uint32_t height, width, channels;
};
#define SIZE_MOST 192u

static float plain[N * SIZE_MOST], x[N * SIZE_MOST];
static int32_t honest[N], label[N];
static uint32_t id[N];

static struct fed_examples examples_of(struct shape s, uint64_t seed)
{
	return (struct fed_examples){.seed = seed,
	                             .n = N,
	                             .height = s.height,
	                             .width = s.width,
	                             .channels = s.channels,
	                             .classes = CLASSES,
	                             .x = x,
	                             .label = label,
	                             .id = id};
}

/* Fresh copies of the examples, as a gather gives them. */
static void gather(void)
{
	for (uint32_t i = 0; i < N; i++)
		id[i] = 1000 + 7 * i;
	for (size_t j = 0; j < N * SIZE_MOST; j++)
		plain[j] = (float)fed_random_real(5, j);
	for (uint32_t i = 0; i < N; i++)
		honest[i] = (int32_t)(fed_random(6, i) % CLASSES);
	memcpy(x, plain, sizeof x);
	memcpy(label, honest, sizeof label);
}

static void poison(struct drive *d, const struct fed_examples *e)
{
	struct fed_error err = {""};

	ck_assert_int_eq(fed_attack_form(&d->instance), FED_ATTACK_ON_DATA);
	fed_assert_ok(fed_call_poison(&d->instance, e, &err), &err);
}

START_TEST(labels_flip)
{
	const struct fed_examples e = examples_of((struct shape){4, 4, 1}, 3);
	struct drive d;

	gather();
	drive_open(&d, "label-flip", "");
	ck_assert(!fed_attack_is_targeted(&d.instance));
	poison(&d, &e);
	for (uint32_t i = 0; i < N; i++)
		ck_assert_int_eq(label[i], CLASSES - 1 - honest[i]);
	ck_assert_mem_eq(x, plain, sizeof x);
	drive_close(&d);
}
END_TEST

/* The share that is asked for, the same examples in each epoch, others for another client; all of
 * them where the host wants all. */
START_TEST(shares)
{
	static const char *const names[] = {"label-flip", "backdoor"};
	static const char *const settings[] = {"share=0.3", "share=0.3 target=6"};
	bool struck[N];
	uint32_t n = 0, elsewhere = 0;
	struct drive d;

	gather();
	drive_open(&d, names[_i], settings[_i]);
	struct fed_examples e = examples_of((struct shape){1, 20, 1}, 3);
	for (uint32_t i = 0; i < N; i++)
		honest[i] = label[i] = 1;
	poison(&d, &e);
	for (uint32_t i = 0; i < N; i++)
		n += struck[i] = label[i] != 1;
	ck_assert_double_eq_tol(n / (double)N, 0.3, 0.09);

	/* A later epoch, in batches of another size and in reverse. */
	for (uint32_t at = 0; at < N; at += 13) {
		e.n = N - at < 13 ? N - at : 13;
		for (uint32_t k = 0; k < e.n; k++) {
			id[at + k] = 1000 + 7 * (N - 1 - at - k);
			label[at + k] = 1;
		}
		e.x = x + at * 20;
		e.label = label + at;
		e.id = id + at;
		poison(&d, &e);
	}
	for (uint32_t i = 0; i < N; i++)
		ck_assert_int_eq(label[i] != 1, struck[N - 1 - i]);

	e = examples_of((struct shape){1, 20, 1}, 4);
	gather();
	for (uint32_t i = 0; i < N; i++)
		label[i] = 1;
	poison(&d, &e);
	for (uint32_t i = 0; i < N; i++)
		elsewhere += struck[i] != (label[i] != 1);
	ck_assert_uint_gt(elsewhere, N / 4);

	e.all = true;
	for (uint32_t i = 0; i < N; i++)
		label[i] = 1;
	poison(&d, &e);
	for (uint32_t i = 0; i < N; i++)
		ck_assert_int_ne(label[i], 1);
	drive_close(&d);
}
END_TEST

/* Whether a pixel wears the trigger, from the words of the documentation. */
static bool in_trigger(struct shape s, const char *place, int size, uint32_t row, uint32_t column)
{
	const int h = size < (int)s.height ? size : (int)s.height;
	const int w = size < (int)s.width ? size : (int)s.width;
	int y0 = (int)s.height - h, x0 = (int)s.width - w;

	if (strcmp(place, "centre") == 0) {
		y0 /= 2;
		x0 /= 2;
	}
	if (strncmp(place, "top", 3) == 0)
		y0 = 0;
	if (strstr(place, "left"))
		x0 = 0;
	if (s.height == 1)
		x0 = (int)s.width - w;
	return (int)row >= y0 && (int)row < y0 + h && (int)column >= x0 && (int)column < x0 + w;
}

START_TEST(trigger_and_target)
{
	static const char *const places[] = {"bottom-right", "bottom-left", "top-right", "top-left",
	                                     "centre"};
	static const struct shape shapes[] = {{8, 8, 3}, {5, 9, 1}, {1, 17, 1}, {2, 2, 1}, {3, 1, 2}};
	const struct shape s = shapes[_i / 15];
	const char *place = places[_i / 3 % 5];
	const int size = 1 + 2 * (_i % 3);
	const uint32_t floats = s.height * s.width * s.channels;
	char settings[80];
	struct drive d;
	uint32_t changed = 0, wrong = 0;

	gather();
	snprintf(settings, sizeof settings, "place=%s size=%d target=4 value=2.5 share=0.6", place,
	         size);
	drive_open(&d, "backdoor", settings);
	ck_assert(fed_attack_is_targeted(&d.instance));
	const struct fed_examples e = examples_of(s, 8);
	poison(&d, &e);
	for (uint32_t i = 0; i < N; i++) {
		const bool struck = memcmp(x + i * floats, plain + i * floats, floats * sizeof *x) != 0;

		changed += struck;
		ck_assert_int_eq(label[i], struck ? 4 : honest[i]);
		for (uint32_t j = 0; j < floats; j++) {
			const uint32_t pixel = j / s.channels;
			const bool in = in_trigger(s, place, size, pixel / s.width, pixel % s.width);
			wrong += x[i * floats + j] != (struck && in ? 2.5f : plain[i * floats + j]);
		}
	}
	ck_assert_uint_eq(wrong, 0);
	ck_assert_double_eq_tol(changed / (double)N, 0.6, 0.1);
	drive_close(&d);
}
END_TEST

START_TEST(forms_that_suit)
{
	static const struct {
		const char *name, *settings;
		uint32_t classes;
		bool tokens;
		const char *words; /* of the refusal; NULL: it suits */
	} rows[] = {
		{"label-flip", "", 10, false, NULL},
		{"label-flip", "", 20, true, NULL},
		{"label-flip", "", 0, false, "attack label-flip: needs data with labels"},
		{"backdoor", "", 2, false, NULL},
		{"backdoor", "target=9", 10, false, NULL},
		{"backdoor", "target=10", 10, false, "target=10 is none of the 10 classes"},
		{"backdoor", "", 0, false, "attack backdoor: needs data with classes"},
		{"backdoor", "value=0.5", 10, false, NULL},
		{"backdoor", "value=19", 20, true, NULL},
		{"backdoor", "value=20", 20, true, "value=20 is no token"},
		{"backdoor", "value=-1", 20, true, "value=-1 is no token"},
		{"backdoor", "value=0.5", 20, true, "value=0.5 is no token"},
		{"sign-flip", "", 0, false, NULL},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct fed_examples form = {.height = 1,
		                                  .width = 10,
		                                  .channels = 1,
		                                  .classes = rows[i].classes,
		                                  .tokens = rows[i].tokens};
		struct drive d;
		struct fed_error err = {""};

		drive_open(&d, rows[i].name, rows[i].settings);
		const int rc = fed_call_suits(&d.instance, &form, &err);
		ck_assert_msg(rc == (rows[i].words ? FED_FAIL : FED_OK), "%zu: %s", i, err.text);
		if (rows[i].words)
			ck_assert_msg(strstr(err.text, rows[i].words) != NULL, "%s", err.text);
		drive_close(&d);
	}
}
END_TEST

FED_SUITE(attacks_data)
{
	Suite *suite = suite_create("attacks on data");
	TCase *tests = tcase_create("attacks on data");

	tcase_add_test(tests, labels_flip);
	tcase_add_loop_test(tests, shares, 0, 2);
	tcase_add_loop_test(tests, trigger_and_target, 0, 5 * 5 * 3);
	tcase_add_test(tests, forms_that_suit);
	suite_add_tcase(suite, tests);
	return suite;
}
