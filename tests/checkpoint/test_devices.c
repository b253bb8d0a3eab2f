/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Devices and links of a session's clients: changed by WHO, saved and restored, a million of them.
 */
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "checkpoint/checkpoint.h"
#include "session/small.h"
#include "support/suite.h"

static struct fed_temp temp;

static void make_folder(void)
{
	fed_temp_make(&temp);
}
static void remove_folder(void)
{
	fed_temp_remove(&temp);
}

static void equip(struct fed_session *s, const char *who, const char *device, const char *link)
{
	struct fed_device_spec d;
	struct fed_link_spec l;
	struct fed_error err = {""};
	uint32_t n;

	if (device)
		fed_assert_ok(fed_device_parse(device, &d, &err), &err);
	if (link)
		fed_assert_ok(fed_link_parse(link, &l, &err), &err);
	fed_assert_ok(
		fed_session_change_clients(s, who, device ? &d : NULL, link ? &l : NULL, NULL, &n, &err),
		&err);
}

static void compose(struct fed_session *s)
{
	small_init(s, NULL);
	small_do(s, "dataset blobs train=80 test=40;model softmax;transport lossy retries=1");
	small_do(s, "add 4 iid 8 phone:0.5 4g:0.3;add 3 noniid 6 laptop satellite;remove 2");
	equip(s, "5-6", "1e5", "3g");
	equip(s, "1,4", NULL, "5e3:0.2");
}

static void same_equipment(const struct fed_clients *a, const struct fed_clients *b)
{
	ck_assert_uint_eq(a->n, b->n);
	for (uint32_t id = 0; id < a->n; id++) {
		const struct fed_client *x = &a->client[id], *y = &b->client[id];

		ck_assert_mem_eq(&x->link, &y->link, sizeof x->link);
		ck_assert_mem_eq(&x->device, &y->device, sizeof x->device);
		ck_assert_uint_eq(x->device_profile, y->device_profile);
		ck_assert_uint_eq(x->link_profile, y->link_profile);
	}
}

START_TEST(what_is_not_said_stays)
{
	struct fed_session s, other;
	struct fed_error err = {""};
	uint32_t n;

	compose(&s);
	compose(&other);
	struct fed_client *x = s.parts.clients.client;
	ck_assert_str_eq(fed_device_profiles[x[0].device_profile].name, "phone");
	ck_assert_str_eq(fed_device_profiles[x[4].device_profile].name, "laptop");
	ck_assert_uint_eq(x[5].device_profile, FED_NO_PROFILE);
	ck_assert_float_eq(x[5].device, 1e5f);
	ck_assert_str_eq(fed_link_profiles[x[6].link_profile].name, "3g");
	ck_assert_uint_eq(x[4].link_profile, FED_NO_PROFILE);
	ck_assert(x[1].link.up == x[1].link.down && x[1].link.up != x[4].link.up);
	/* Spreads come back: drawn by seed and client, not by what was typed before. */
	equip(&s, "all", "server", "ideal");
	equip(&s, "0-3", "phone:0.5", "4g:0.3");
	ck_assert_mem_eq(&x[0].link, &other.parts.clients.client[0].link, sizeof x[0].link);
	ck_assert_float_eq(x[0].device, other.parts.clients.client[0].device);
	/* Nobody there. */
	ck_assert_int_eq(fed_session_change_clients(&s, "2", NULL, NULL, NULL, &n, &err), FED_FAIL);
	ck_assert_int_eq(fed_session_change_clients(&s, "7-9", NULL, NULL, NULL, &n, &err), FED_FAIL);
	fed__session_release(&s);
	fed__session_release(&other);
}
END_TEST

START_TEST(a_new_link_counts_from_the_next_round)
{
	struct fed_session s;

	small_init(&s, NULL);
	small_do(&s, "dataset blobs train=80 test=40;model softmax;add 2 iid 8 0 1e3;round 1");
	const double bytes = FED_FRAME_BYTES + 4.0 * (double)s.parts.net.dim;
	ck_assert_double_eq_tol(fed_session_clock(&s), 2 * bytes / 1e3, 1e-9);
	equip(&s, "1", NULL, "100");
	small_do(&s, "round 1");
	ck_assert_double_eq_tol(fed_session_clock(&s), 2 * bytes / 1e3 + 2 * bytes / 100, 1e-9);
	small_do(&s, "remove 1;round 1");
	ck_assert_double_eq_tol(fed_session_clock(&s), 4 * bytes / 1e3 + 2 * bytes / 100, 1e-9);
	fed__session_release(&s);
}
END_TEST

START_TEST(saved_and_restored_they_go_on_bit_for_bit)
{
	struct fed_session straight, halved, restored;
	struct fed_error err = {""};

	compose(&straight);
	compose(&halved);
	small_do(&straight, "round 5");
	small_do(&halved, "round 2");
	fed_assert_ok(fed_session_save(&halved, fed_temp_file(&temp, "a.fed"), &err), &err);
	small_init(&restored, NULL);
	fed_assert_ok(fed_session_restore(&restored, fed_temp_file(&temp, "a.fed"), &err), &err);
	same_equipment(&halved.parts.clients, &restored.parts.clients);
	small_do(&restored, "round 3");
	small_same(&straight, &restored);
	fed__session_release(&straight);
	fed__session_release(&halved);
	fed__session_release(&restored);
}
END_TEST

static void put32(char *at, uint32_t x)
{
	for (int k = 0; k < 4; k++)
		at[k] = (char)(x >> 8 * k);
}

/* Where the section begins in the file, and its bytes with header and checksums; NULL: it has none.
 */
static char *section(struct fed_text *file, const char *name, size_t *len)
{
	for (size_t at = 16; at + 32 <= file->len;) {
		uint64_t length;

		memcpy(&length, file->s + at + 16, sizeof length);
		*len = 24 + 4 + (size_t)length + 4;
		if (strcmp(file->s + at, name) == 0)
			return file->s + at;
		at += *len;
	}
	*len = 0;
	return NULL;
}

/* A profile that this fedsh does not know: the numbers stay, the name goes.  What no link can be is
 * refused. */
START_TEST(strange_links_are_understood_or_refused)
{
	struct fed_session s, restored;
	struct fed_error err = {""};
	struct fed_text file = {0};
	size_t len;

	compose(&s);
	fed_assert_ok(fed_session_save(&s, fed_temp_file(&temp, "a.fed"), &err), &err);
	fed_assert_ok(fed_file_read(fed_temp_file(&temp, "a.fed"), 1 << 24, &file, &err), &err);
	char *clients = section(&file, "clients", &len);
	ck_assert_ptr_nonnull(clients);
	char *name = memmem(clients, len, "phone", 5);
	memcpy(name, "robot", 5);
	put32(clients + len - 4, fed_crc32(0, clients + 28, len - 32));
	fed_temp_write(&temp, "b.fed", file.s, file.len);
	small_init(&restored, NULL);
	fed_assert_ok(fed_session_restore(&restored, fed_temp_file(&temp, "b.fed"), &err), &err);
	ck_assert_uint_eq(restored.parts.clients.client[0].device_profile, FED_NO_PROFILE);
	ck_assert_float_eq(restored.parts.clients.client[0].device, s.parts.clients.client[0].device);

	const float loss = 1;
	/* Of the last client, whose device has no name: before its strings. */
	memcpy(clients + len - 4 - (4 + 2) - 4 - 4, &loss, sizeof loss);
	put32(clients + len - 4, fed_crc32(0, clients + 28, len - 32));
	fed_temp_write(&temp, "c.fed", file.s, file.len);
	ck_assert_int_eq(fed_session_restore(&restored, fed_temp_file(&temp, "c.fed"), &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "section clients: link.drop_rate is 1"));
	fed_text_release(&file);
	fed__session_release(&s);
	fed__session_release(&restored);
}
END_TEST

/* What design.md allows a million idle clients with 20 examples each; the rounds are the sum of
 * what was invited. */
START_TEST(a_million_clients_fit)
{
	const struct fed_partition how = {
		.samples = 20, .shards = 2, .alpha = 1, .spread = 1, .reuse = true};
	struct fed_device_spec phones;
	struct fed_link_spec mobile;
	struct fed_session s;
	struct fed_error err = {""};
	uint32_t first;

	ck_assert_uint_le(fed_clients_estimate(1000000, 20), 250000000);
	fed_assert_ok(fed_device_parse("phone:0.5", &phones, &err), &err);
	fed_assert_ok(fed_link_parse("4g:0.3", &mobile, &err), &err);
	small_init(&s, NULL);
	small_do(&s, "dataset blobs;model softmax;set participants 50");
	fed_assert_ok(fed_session_add_clients(&s, 1000000, &how, &phones, &mobile, NULL, &first, &err),
	              &err);
	small_do(&s, "round 3");
	ck_assert_double_eq(s.federation.record.used, 50);
	ck_assert_double_gt(fed_session_clock(&s), 3 * 2 * 35e-3);
	fed__session_release(&s);
}
END_TEST

FED_SUITE(devices)
{
	Suite *suite = suite_create("links");
	TCase *tests = tcase_create("links");

	tcase_add_checked_fixture(tests, make_folder, remove_folder);
	tcase_add_test(tests, what_is_not_said_stays);
	tcase_add_test(tests, a_new_link_counts_from_the_next_round);
	tcase_add_test(tests, saved_and_restored_they_go_on_bit_for_bit);
	tcase_add_test(tests, strange_links_are_understood_or_refused);
	tcase_add_test(tests, a_million_clients_fit);
	suite_add_tcase(suite, tests);
	return suite;
}
