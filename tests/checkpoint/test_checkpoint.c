/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "checkpoint/checkpoint.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
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

static void save(struct fed_session *s, const char *name)
{
	struct fed_error err = {""};

	fed_assert_ok(fed_session_save(s, fed_temp_file(&temp, name), &err), &err);
}

/* The file's name must be refused with these words, and s stay as it is. */
static void cannot_restore(struct fed_session *s, const char *name, const char *words)
{
	struct fed_error err = {""};

	ck_assert_int_eq(fed_session_restore(s, fed_temp_file(&temp, name), &err), FED_FAIL);
	ck_assert_msg(strstr(err.text, words) != NULL, "\"%s\" lacks \"%s\"", err.text, words);
}

static void contents(const char *name, struct fed_text *out)
{
	struct fed_error err = {""};

	fed_assert_ok(fed_file_read(fed_temp_file(&temp, name), 1 << 24, out, &err), &err);
}

static const char *const runs[] = {
	"aggregator fedavg",
	"aggregator fedadam",
	"aggregator scaffold",
	"aggregator fedavgm;set momentum 0.5;set fraction 0.5",
	"aggregator fedprox;set lr-decay 0.9;set batch all",
	"remove 1;add 3 feature 5;set participants 4", /* gaps in the ids, several groups */
	"set codec top-k:0.1;set participants 3",
	"aggregator scaffold;set codec int8",
};

START_TEST(goes_on_bit_for_bit)
{
	struct fed_session straight, halved, restored;
	struct fed_error err = {""};

	small_compose(&straight, NULL, "fedavg");
	small_compose(&halved, NULL, "fedavg");
	small_do(&straight, runs[_i]);
	small_do(&halved, runs[_i]);
	small_do(&straight, "round 6");
	small_do(&halved, "round 3");
	save(&halved, "a.fed");
	small_do(&halved, "round 3"); /* saving changes nothing */
	small_same(&straight, &halved);

	small_init(&restored, NULL);
	small_do(&restored, "dataset linear;model linear"); /* gives way */
	fed_assert_ok(fed_session_restore(&restored, fed_temp_file(&temp, "a.fed"), &err), &err);
	ck_assert_uint_eq(fed_session_version(&restored), 3);
	ck_assert_uint_eq(restored.parts.clients.pool.left, straight.parts.clients.pool.left);
	small_do(&restored, "round 3");
	small_same(&straight, &restored);
	/* Clients that join later get the same examples, too. */
	small_do(&straight, "add 2 noniid 4;round 1");
	small_do(&restored, "add 2 noniid 4;round 1");
	small_same(&straight, &restored);
	fed__session_release(&straight);
	fed__session_release(&halved);
	fed__session_release(&restored);
}
END_TEST

START_TEST(clients_come_and_go_while_others_work)
{
	struct fed_session s;

	small_compose(&s, NULL, "scaffold");
	small_do(&s, "scheme async concurrency=4;round 5");
	for (int i = 0; i < 10; i++) {
		small_do(&s,
		         "add 3 iid 9;round 3;remove random:3;round 3;set batch all;round 2;set batch 4");
		ck_assert_uint_eq(s.federation.n_open, 3); /* the fourth place is filled by the next */
	}
	fed__session_release(&s);
}
END_TEST

START_TEST(work_under_way_goes_on)
{
	struct fed_session saved, restored;
	struct fed_error err = {""};

	small_compose(&saved, NULL, "fedasync");
	small_do(&saved, "transport lossy;scheme async concurrency=3;add 3 iid 10 1e6 4g:0.5;round 7");
	ck_assert_uint_gt(saved.federation.n_open, 0);
	const uint32_t open = saved.federation.n_open;
	save(&saved, "async.fed");
	ck_assert_uint_eq(saved.federation.n_open, open);
	small_init(&restored, NULL);
	fed_assert_ok(fed_session_restore(&restored, fed_temp_file(&temp, "async.fed"), &err), &err);
	ck_assert_uint_eq(restored.federation.n_open, open);
	small_do(&saved, "round 9");
	small_do(&restored, "round 9");
	small_same(&saved, &restored);
	fed__session_release(&saved);
	fed__session_release(&restored);
}
END_TEST

static const char *const stages[] = {
	"",
	"set lr 0.5",
	"dataset blobs train=20 test=5",
	"model mlp hidden=3",
	"dataset blobs train=20 test=5;model mlp hidden=3;aggregator krum",
	"dataset blobs train=20 test=5;add 3 natural 2",
};

/* Every stage of composing can be saved, and the saved copy saves to the same bytes. */
START_TEST(every_stage_survives)
{
	struct fed_session s, other;
	struct fed_error err = {""};
	struct fed_text first = {0}, second = {0};
	char text[256], *rest = text;

	small_init(&s, NULL);
	snprintf(text, sizeof text, "%s", stages[_i]);
	while (rest && *rest) /* a line that this build cannot do is left out */
		small_try(&s, strsep(&rest, ";"), &err);
	save(&s, "a.fed");
	small_init(&other, NULL);
	fed_assert_ok(fed_session_restore(&other, fed_temp_file(&temp, "a.fed"), &err), &err);
	save(&other, "b.fed");
	contents("a.fed", &first);
	contents("b.fed", &second);
	ck_assert_uint_eq(first.len, second.len);
	ck_assert_mem_eq(first.s, second.s, first.len);
	fed_text_release(&first);
	fed_text_release(&second);
	fed__session_release(&s);
	fed__session_release(&other);
}
END_TEST

/* A small trained session and the bytes of its file. */
static void small_save(struct fed_session *s, struct fed_text *bytes)
{
	small_init(s, NULL);
	small_do(s, "dataset blobs train=12 test=4;model softmax;aggregator scaffold");
	small_do(s, "add 2 iid 4;set codec int8;inject drift 0 at=2 for=5");
	small_do(s, "inject byzantine 1 attack=replay;round 1;break client==9;break loss<0");
	save(s, "a.fed");
	contents("a.fed", bytes);
}

/* In the middle of a round, in which something was changed, with clients at work. */
static void busy_save(struct fed_session *s, struct fed_text *bytes)
{
	small_save(s, bytes);
	fed_text_clear(bytes);
	small_do(s, "add 2 iid 2 1e5:2 wifi;scheme async concurrency=3;inject late 0;round 2;step 2");
	small_do(s, "set lr 0.3;inject byzantine 1 attack=sign-flip;equip 2 1e4;heal 0;step 2");
	save(s, "a.fed");
	contents("a.fed", bytes);
}

/* Thousands of files of one length: written over each other through one stream. */
static void overwrite(FILE *f, const struct fed_text *bytes)
{
	rewind(f);
	ck_assert_uint_eq(fwrite(bytes->s, 1, bytes->len, f), bytes->len);
	ck_assert_int_eq(fflush(f), 0);
}

START_TEST(every_flipped_byte_is_refused)
{
	struct fed_session s, before;
	struct fed_text bytes = {0}, unused = {0};

	small_save(&before, &unused);
	small_save(&s, &bytes);
	FILE *f = fopen(fed_temp_file(&temp, "b.fed"), "w+b");
	for (size_t i = 0; i < bytes.len; i++) {
		bytes.s[i] ^= (char)(1 << i % 8);
		overwrite(f, &bytes);
		cannot_restore(&s, "b.fed", "section ");
		bytes.s[i] ^= (char)(1 << i % 8);
	}
	fclose(f);
	small_same(&s, &before);
	fed_text_release(&bytes);
	fed_text_release(&unused);
	fed__session_release(&s);
	fed__session_release(&before);
}
END_TEST

static void put_crc(char *at, const char *bytes, size_t n)
{
	const uint32_t crc = fed_crc32(0, bytes, n);

	for (int k = 0; k < 4; k++)
		at[k] = (char)(crc >> 8 * k);
}

/* Make all checksums right again, as far as the lengths lead. */
static void forge(struct fed_text *file)
{
	const size_t head = 24;

	for (size_t at = 16; at + head + 8 <= file->len;) {
		uint64_t length;

		memcpy(&length, file->s + at + 16, sizeof length);
		put_crc(file->s + at + head, file->s + at, head);
		at += head + 4;
		if (length > file->len - at - 4)
			return;
		put_crc(file->s + at + length, file->s + at, length);
		at += length + 4;
	}
}

/* Forged contents are refused or mean something; they never harm. */
START_TEST(forged_files_do_no_harm)
{
	struct fed_session s, other;
	struct fed_text bytes = {0}, forged = {0};
	struct fed_error err = {""};

	if (_i < 4)
		small_save(&s, &bytes);
	else
		busy_save(&s, &bytes);
	/* Of the busy one the rest is as in the other. */
	const char *from = _i < 4 ? bytes.s : memmem(bytes.s, bytes.len, "parcels", 7);
	small_init(&other, NULL);
	FILE *f = fopen(fed_temp_file(&temp, "b.fed"), "w+b");
	for (size_t i = 16 + (size_t)_i % 4 + (size_t)(from - bytes.s); i < bytes.len;
	     i += FED_THREAD_SANITIZED ? 64 : 4) {
		fed_text_clear(&forged);
		fed_text_put(&forged, bytes.s, bytes.len);
		forged.s[i] ^= (char)(1 << (i / 4 + (size_t)_i) % 8);
		forge(&forged);
		overwrite(f, &forged);
		if (fed_session_restore(&other, fed_temp_file(&temp, "b.fed"), &err) != FED_OK)
			ck_assert_ptr_nonnull(strstr(err.text, "section "));
		else if (other.parts.clients.n_present)
			small_try(&other, "round 1", &err);
	}
	fclose(f);
	fed_text_release(&bytes);
	fed_text_release(&forged);
	fed__session_release(&s);
	fed__session_release(&other);
}
END_TEST

/* Numbers, conditions and counts that no session has. */
static const struct {
	size_t at; /* behind the section's head */
	char byte;
	const char *words;
} lies[] = {
	{9, 1, "breakpoint 2"},  /* the second one, where one number was given */
	{17, 3, "ends early"},   /* three, where two follow */
	{17, 1, "too many"},     /* one */
	{21, 2, "breakpoint 2"}, /* twice */
	{21, 0, "breakpoint 0"}, {42, '@', "condition"},
};

START_TEST(breakpoints_that_cannot_be_are_refused)
{
	struct fed_session s;
	struct fed_text bytes = {0};

	small_save(&s, &bytes);
	char *section = memmem(bytes.s, bytes.len, "breakpoints", 12);
	section[28 + lies[_i].at] = lies[_i].byte;
	forge(&bytes);
	fed_temp_write(&temp, "b.fed", bytes.s, bytes.len);
	cannot_restore(&s, "b.fed", "section breakpoints");
	cannot_restore(&s, "b.fed", lies[_i].words);
	fed_text_release(&bytes);
	fed__session_release(&s);
}
END_TEST

/* What a file of an earlier build lacks is as it was then. */
START_TEST(adapters_of_earlier_builds_are_those_of_dense_layers)
{
	static const char key[] = "\7\0\0\0lora_on\5\0\0\0dense";
	enum { LENGTH = sizeof key - 1, HEAD = 28, NAME = 1 + 4 + 11 /* transformer */ };
	struct fed_session s, other;
	struct fed_text bytes = {0};
	struct fed_error err = {""};
	uint64_t length;

	small_init(&s, NULL);
	small_do(&s, "dataset markov users=3 length=40 window=6;aggregator fedavg;add 2 iid 10;"
	             "model transformer layers=1 heads=2 width=8 lora=2 lora_on=dense;round 1");
	save(&s, "a.fed");
	contents("a.fed", &bytes);
	char *section = memmem(bytes.s, bytes.len, "model\0\0\0\0\0\0\0\0\0\0", 16);
	memcpy(&length, section + 16, sizeof length);
	char *found = memmem(section + HEAD, length, key, LENGTH);
	ck_assert_ptr_nonnull(found);
	memmove(found, found + LENGTH, (size_t)(bytes.s + bytes.len - found) - LENGTH);
	bytes.len -= LENGTH;
	length -= LENGTH;
	memcpy(section + 16, &length, sizeof length);
	section[HEAD + NAME]--; /* settings */
	forge(&bytes);
	fed_temp_write(&temp, "b.fed", bytes.s, bytes.len);
	small_init(&other, NULL);
	fed_assert_ok(fed_session_restore(&other, fed_temp_file(&temp, "b.fed"), &err), &err);
	small_same(&s, &other);
	small_do(&s, "round 1");
	small_do(&other, "round 1");
	small_same(&s, &other);
	fed_text_release(&bytes);
	fed__session_release(&s);
	fed__session_release(&other);
}
END_TEST

START_TEST(every_truncation_is_refused)
{
	struct fed_session s;
	struct fed_text bytes = {0};

	small_save(&s, &bytes);
	for (size_t n = 0; n < bytes.len; n += n < 200 ? 1 : 13) {
		fed_temp_write(&temp, "b.fed", bytes.s, n);
		cannot_restore(&s, "b.fed", n ? "section " : "");
	}
	fed_text_put(&bytes, "x", 1);
	fed_temp_write(&temp, "b.fed", bytes.s, bytes.len);
	cannot_restore(&s, "b.fed", "section end: 1 bytes follow the end");
	fed_text_release(&bytes);
	fed__session_release(&s);
}
END_TEST

START_TEST(other_files_are_refused)
{
	struct fed_session s;
	struct fed_error err = {""};
	struct fed_text bytes = {0};

	small_save(&s, &bytes);
	fed_temp_write(&temp, "text.fed", "dataset glyphs\nmodel mlp\nround 5\n", 33);
	cannot_restore(&s, "text.fed", "no saved session");
	cannot_restore(&s, "missing.fed", "missing.fed");
	cannot_restore(&s, ".", "directory");
	/* Another format, older or newer, its checksum right. */
	for (char format = 0; format < 10; format++) {
		bytes.s[8] = format;
		put_crc(bytes.s + 12, bytes.s, 12);
		fed_temp_write(&temp, "other.fed", bytes.s, bytes.len);
		if (format == 1)
			fed_assert_ok(fed_session_restore(&s, fed_temp_file(&temp, "other.fed"), &err), &err);
		else
			cannot_restore(&s, "other.fed", "this fedsh reads format 1");
	}
	fed_text_release(&bytes);
	fed__session_release(&s);
}
END_TEST

START_TEST(other_data_is_refused)
{
	struct fed_session s;
	struct fed_error err = {""};
	char line[300];

	fed_temp_write(&temp, "d.csv", "1,2,0\n2,1,1\n3,3,0\n4,1,1\n5,2,0\n6,1,1\n", 36);
	small_init(&s, NULL);
	snprintf(line, sizeof line, "dataset %s", temp.file);
	small_do(&s, line);
	small_do(&s, "model softmax;add 2 iid 2;round 1");
	save(&s, "a.fed");
	fed_assert_ok(fed_session_restore(&s, fed_temp_file(&temp, "a.fed"), &err), &err);
	fed_temp_write(&temp, "d.csv", "1,2,0\n2,1,1\n3,3,0\n4,1,1\n5,9,0\n6,1,1\n", 36);
	cannot_restore(&s, "a.fed", "other contents");
	fed__session_release(&s);
}
END_TEST

/* A file of a program and of builds of plugins that are others here: which, is told; the session
 * is the same. */
START_TEST(other_builds_are_told)
{
	struct fed_session s, other;
	struct fed_text bytes = {0};
	struct fed_error err = {""};
	struct heard heard;

	small_init(&s, NULL);
	small_do(&s, "dataset blobs;model softmax;add 2 iid 20;aggregator fedavg;round 1");
	save(&s, "a.fed");
	contents("a.fed", &bytes);
	small_init(&other, &heard);
	fed_assert_ok(fed_session_restore(&other, fed_temp_file(&temp, "a.fed"), &err), &err);
	ck_assert_ptr_null(strstr(heard.text, "saved"));
	char *by = memmem(bytes.s, bytes.len, "saved by", 8);
	ck_assert_ptr_nonnull(by);
	char *program = memmem(by, 100, "fedsh ", 6);
	char *plugin = memmem(by, 300, "aggregator fedavg ", 18);
	program[6] ^= 1;
	plugin[18] = plugin[18] == '9' ? '8' : '9';
	forge(&bytes);
	fed_temp_write(&temp, "b.fed", bytes.s, bytes.len);
	fed_assert_ok(fed_session_restore(&other, fed_temp_file(&temp, "b.fed"), &err), &err);
	ck_assert_ptr_nonnull(strstr(heard.text, "by bytes and CRC-32: aggregator fedavg (saved: "));
	ck_assert_ptr_nonnull(strstr(heard.text, "the file was saved by fedsh "));
	ck_assert_ptr_null(strstr(heard.text, "model softmax ("));
	small_same(&s, &other);
	fed_text_release(&bytes);
	fed__session_release(&s);
	fed__session_release(&other);
}
END_TEST

static int save_once(void *ctx, struct fed_error *err)
{
	return fed_session_save(ctx, fed_temp_file(&temp, "c.fed"), err);
}

START_TEST(saving_survives_every_allocation)
{
	struct fed_session s;
	struct fed_text bytes = {0};

	small_save(&s, &bytes);
	ck_assert_uint_ge(fed_each_allocation(save_once, &s), 10);
	ck_assert_uint_eq(fed_temp_count(&temp), 2); /* no temporary is left */
	fed_text_release(&bytes);
	fed__session_release(&s);
}
END_TEST

START_TEST(restoring_survives_every_allocation)
{
	struct fed_session s, before;
	struct fed_text bytes = {0}, unused = {0};
	struct fed_error err = {""};
	bool failed = true;

	small_save(&before, &unused);
	small_save(&s, &bytes);
	for (uint64_t k = 1; failed; k++) {
		const int64_t live = fed__mem_live();

		fed__mem_fail_at(k);
		failed = fed_session_restore(&s, fed_temp_file(&temp, "a.fed"), &err) != FED_OK;
		fed__mem_fail_at(0);
		if (failed) {
			ck_assert_int_eq(fed__mem_live(), live);
			small_same(&s, &before);
		}
		ck_assert_uint_lt(k, 3000);
	}
	small_same(&s, &before);
	fed_text_release(&bytes);
	fed_text_release(&unused);
	fed__session_release(&s);
	fed__session_release(&before);
}
END_TEST

/* The disk fails at write, fsync or rename k, for every k: the old file is intact. */
START_TEST(failing_writes_leave_the_old_file)
{
	struct fed_session s;
	struct fed_text old = {0}, now = {0};
	struct fed_error err = {""};
	int rc = FED_FAIL;

	small_save(&s, &old);
	small_do(&s, "round 1");
	for (uint64_t k = 1; rc != FED_OK; k++) {
		fed__file_fail_at(k, ENOSPC);
		rc = fed_session_save(&s, fed_temp_file(&temp, "a.fed"), &err);
		fed__file_fail_at(0, 0);
		ck_assert_uint_eq(fed_temp_count(&temp), 1);
		if (rc == FED_OK)
			break;
		ck_assert_ptr_nonnull(strstr(err.text, "No space"));
		fed_text_clear(&now);
		contents("a.fed", &now);
		ck_assert_uint_eq(now.len, old.len);
		ck_assert_mem_eq(now.s, old.s, old.len);
		ck_assert_uint_lt(k, 1000);
	}
	fed_text_release(&old);
	fed_text_release(&now);
	fed__session_release(&s);
}
END_TEST

FED_SUITE(checkpoint)
{
	Suite *suite = suite_create("checkpoint");
	TCase *tests = tcase_create("checkpoint");

	tcase_add_checked_fixture(tests, make_folder, remove_folder);
	tcase_add_loop_test(tests, goes_on_bit_for_bit, 0, (int)(sizeof runs / sizeof *runs));
	tcase_add_test(tests, clients_come_and_go_while_others_work);
	tcase_add_test(tests, work_under_way_goes_on);
	tcase_add_loop_test(tests, every_stage_survives, 0, (int)(sizeof stages / sizeof *stages));
	tcase_add_test(tests, every_flipped_byte_is_refused);
	tcase_add_loop_test(tests, forged_files_do_no_harm, 0, 8);
	tcase_add_loop_test(tests, breakpoints_that_cannot_be_are_refused, 0,
	                    (int)(sizeof lies / sizeof *lies));
	tcase_add_test(tests, adapters_of_earlier_builds_are_those_of_dense_layers);
	tcase_add_test(tests, every_truncation_is_refused);
	tcase_add_test(tests, other_files_are_refused);
	tcase_add_test(tests, other_data_is_refused);
	tcase_add_test(tests, other_builds_are_told);
	tcase_add_test(tests, saving_survives_every_allocation);
	tcase_add_test(tests, restoring_survives_every_allocation);
	tcase_add_test(tests, failing_writes_leave_the_old_file);
	suite_add_tcase(suite, tests);
	return suite;
}
