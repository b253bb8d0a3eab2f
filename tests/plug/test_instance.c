/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A plugin's state: settings, vectors, backups, bytes for a checkpoint.
 */
#include "plug/plugins.h"

/* As the fixture's state; tests may know its layout. */
struct keeper {
	int64_t count;
	double *kept;
	double rate;
	double *scratch;
	double *sent;
	bool loud;
	char word[8];
	int which;
};

enum { DIM = 37 };
static struct fed_registry *registry;
static struct fed_instance instance;
static struct keeper *state;

static void setup(void)
{
	struct fed_error err;

	registry = make_registry();
	make_instance(registry, FIXTURE("keeper"), &instance, "rate", "0.25", "word", "no");
	state = instance.state;
	ck_ok(fed_instance_size(&instance, DIM, &err));
}

static void teardown(void)
{
	fed_instance_release(&instance);
	fed_registry_free(registry);
	ck_assert_int_eq(fed__mem_live(), 0);
}

START_TEST(settings_are_defaults_or_given)
{
	struct fed_instance other = {0};
	const struct fed_assign wrong[] = {{"rate", "2"}}, unknown[] = {{"rat", "1"}};
	struct fed_error err;

	ck_assert_double_eq(state->rate, 0.25);
	ck_assert_str_eq(state->word, "no");
	ck_assert_int_eq(state->count, 0);
	ck_assert_uint_eq(instance.entry->users, 1);
	ck_assert_int_eq(fed_instance_init(&other, instance.entry, wrong, 1, &err), FED_FAIL);
	ck_says(err.text, "rate");
	ck_assert_int_eq(fed_instance_init(&other, instance.entry, unknown, 1, &err), FED_FAIL);
	ck_says(err.text, "rate");
	ck_assert_uint_eq(instance.entry->users, 1);
	fed_instance_release(&other);
}
END_TEST

START_TEST(vectors_are_apart_and_zero)
{
	struct fed_error err;

	for (size_t j = 0; j < DIM; j++)
		ck_assert(state->kept[j] == 0 && state->sent[j] == 0 && state->scratch[j] == 0);
	for (size_t j = 0; j < DIM; j++) {
		state->kept[j] = 1;
		state->sent[j] = 2;
		state->scratch[j] = 3;
	}
	for (size_t j = 0; j < DIM; j++)
		ck_assert(state->kept[j] == 1 && state->sent[j] == 2 && state->scratch[j] == 3);
	fed__instance_zero_scratch(&instance);
	for (size_t j = 0; j < DIM; j++)
		ck_assert(state->kept[j] == 1 && state->sent[j] == 2 && state->scratch[j] == 0);
	ck_assert_uint_eq(fed_instance_broadcasts(&instance), 1);
	ck_assert_ptr_eq(fed_instance_broadcast(&instance, 0), state->sent);
	ck_assert_ptr_null(fed_instance_broadcast(&instance, 1));
	ck_assert_ptr_eq(fed_instance_persistent(&instance, 0), state->sent); /* row order */
	ck_assert_ptr_eq(fed_instance_persistent(&instance, 1), state->kept);
	ck_assert_ptr_null(fed_instance_persistent(&instance, 2));

	ck_ok(fed_instance_size(&instance, 2 * DIM, &err));
	for (size_t j = 0; j < 2 * DIM; j++)
		ck_assert(state->kept[j] == 0 && state->sent[j] == 0);
	ck_assert_int_eq(fed_instance_size(&instance, SIZE_MAX / 8, &err), FED_FAIL);
	ck_assert_uint_eq(instance.dim, 2 * DIM);
	ck_ok(fed_instance_size(&instance, 0, &err));
	ck_assert_ptr_null(fed_instance_persistent(&instance, 0));
}
END_TEST

static void change(int by)
{
	state->count += by;
	state->which = by % 2;
	strcpy(state->word, by % 2 ? "odd" : "even");
	for (size_t j = 0; j < DIM; j++) {
		state->kept[j] += by * (double)j;
		state->sent[j] -= by;
	}
}

START_TEST(rollback_restores_every_bit)
{
	struct fed_instance_backup backup = {0};
	unsigned char before[sizeof *state], after[sizeof *state];
	struct fed_error err;

	change(3);
	for (int round = 0; round < 3; round++) { /* the same backup, used again */
		double kept[DIM], sent[DIM];
		memcpy(kept, state->kept, sizeof kept);
		memcpy(sent, state->sent, sizeof sent);
		fed_instance_state_bytes(&instance, before);
		ck_ok(fed_instance_backup(&instance, &backup, &err));
		change(8 + round);
		double *const pointer = state->kept; /* a plugin may exchange its vectors */
		state->kept = state->sent;
		state->sent = pointer;
		fed_instance_rollback(&instance, &backup);
		fed_instance_state_bytes(&instance, after);
		ck_assert_mem_eq(before, after, sizeof before);
		ck_assert_mem_eq(kept, state->kept, sizeof kept);
		ck_assert_mem_eq(sent, state->sent, sizeof sent);
		change(1);
	}
	fed_backup_release(&backup);
}
END_TEST

START_TEST(bytes_carry_no_addresses)
{
	struct keeper bytes, *const live = state;
	double *const kept = state->kept;
	struct fed_error err;

	change(5);
	fed_instance_state_bytes(&instance, &bytes);
	ck_assert_ptr_null(bytes.kept);
	ck_assert_ptr_null(bytes.scratch);
	ck_assert_ptr_null(bytes.sent);
	ck_assert_int_eq(bytes.count, 5);
	ck_assert_str_eq(bytes.word, "odd");
	change(1);
	ck_ok(fed_instance_set_state(&instance, &bytes, sizeof bytes, &err));
	ck_assert_int_eq(live->count, 5);
	ck_assert_str_eq(live->word, "odd");
	ck_assert_ptr_eq(live->kept, kept);
	ck_assert_ptr_nonnull(live->sent);
	ck_assert_int_eq(fed_instance_set_state(&instance, &bytes, sizeof bytes - 1, &err), FED_FAIL);
	ck_says(err.text, "keeper keeps");
}
END_TEST

static int use_instance(void *ctx, struct fed_error *err)
{
	const struct fed_assign assign[] = {{"rate", "0.5"}};
	struct fed_instance_backup backup = {0};
	struct fed_instance other;
	int rc = fed_instance_init(&other, instance.entry, assign, 1, err);

	(void)ctx;
	if (rc != FED_OK)
		return rc;
	rc = fed_instance_size(&other, DIM, err);
	if (rc == FED_OK)
		rc = fed_instance_backup(&other, &backup, err);
	if (rc == FED_OK)
		fed_instance_rollback(&other, &backup);
	fed_backup_release(&backup);
	fed_instance_release(&other);
	return rc;
}

START_TEST(survives_lack_of_memory)
{
	ck_assert_uint_ge(fed_each_allocation(use_instance, NULL), 4);
	ck_assert_uint_eq(instance.entry->users, 1);
}
END_TEST

FED_SUITE(instance)
{
	Suite *suite = suite_create("instance");
	TCase *tests = tcase_create("instance");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, settings_are_defaults_or_given);
	tcase_add_test(tests, vectors_are_apart_and_zero);
	tcase_add_test(tests, rollback_restores_every_bit);
	tcase_add_test(tests, bytes_carry_no_addresses);
	tcase_add_test(tests, survives_lack_of_memory);
	suite_add_tcase(suite, tests);
	return suite;
}
