/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Saving and restoring in the middle of a round: the saved session and the restored one go on to
 * the same bits.
 */
#include <check.h>
#include <string.h>

#include "base/mem.h"
#include "checkpoint/checkpoint.h"
#include "session/small.h"

static struct fed_temp temp;

static void set_up(void)
{
	fed_temp_make(&temp);
}

static void tear_down(void)
{
	fed_temp_remove(&temp);
}

/* Compositions, with faults that strike in the round and before it. */
static const char *const runs[] = {
	"scheme sync",
	"scheme sync over_select=1.5 deadline=0.02;inject straggler 1 factor=20;inject crash 2 p=0.5",
	"transport lossy;inject lossy all p=0.2;inject duplicate 0 p=0.5;inject churn all join=0.5",
	"aggregator scaffold;inject byzantine 1 attack=sign-flip;inject nan 3 p=0.3",
	"set codec int8;set error_feedback yes;inject byzantine 0,2 attack=alie",
	"inject byzantine 1 attack=replay",
	"model mlp hidden=5,4;scheme split cut=2",
	"model mlp hidden=5,4;scheme split cut=2,4 labels=client relay=peer;inject crash 2 p=0.3",
	"model mlp hidden=5,4;scheme split cut=2 relay=peer;inject hang 1 for=2", /* has sent nothing */
	"model mlp hidden=5,4;scheme split parallel=v1;inject lossy all p=0.02",
	"model mlp hidden=5,4;scheme split parallel=v2 smashed=batch;set noise 0.1",
	"model mlp hidden=5,4;scheme split cut=2,4 parallel=v2 smashed=batch labels=client;"
	"inject crash 2 p=0.3;inject lossy all p=0.02",
	"reset;dataset blobs train=80 test=40;model mlp hidden=6,4 parts=0-0,1-1;aggregator fedavg;"
	"add 4 iid 80 reuse;set batch 40;scheme vertical;inject straggler 1 factor=3",
	"set participants 3;select power-of-choice d=4;inject lossy all p=0.1",
	"set participants 2;select oort exploration=0.5;add 3 iid 10 1e6 4g:0.5;inject churn all",
	"set participants 3;select round-robin;inject hang 1 for=2",
	"set codec powersgd:rank=1;model mlp hidden=5,4",
	"set codec up=qsgd:levels=4,down=fp16;inject byzantine 1 attack=sign-flip",
	"set codec sign;inject corrupt 1 p=0.5;inject nan 2 p=0.3",
	"set server_link 1k/2k;transport lossy;inject lossy all p=0.1;equip 0,1 1e5 4g",
	"model mlp hidden=5,4;scheme split parallel=v2;set server_link 1k",
	/* what is in flight, or held, when the round begins */
	"set participants 3;select oort least=0;inject late all p=0.3 versions=2",
	"inject late 0,1 versions=1;set codec fp16",
	"inject partition 1 for=2;inject late 2 versions=2",
	"model mlp hidden=5,4;scheme split parallel=v1;inject late 0,3 versions=1",
	"scheme async concurrency=3;aggregator fedasync;transport lossy;add 3 iid 10 1e6 4g:0.5",
	"scheme async concurrency=2 max_staleness=1;aggregator fedbuff buffer=3;add 3 iid 10 1e6 4g;"
	"inject late 1 p=0.5 versions=2;inject crash 2 p=0.3;inject hang 4;inject straggler 5 factor=9",
	"scheme async concurrency=6;aggregator fedasync;add 9 iid 3 1e5:2 wifi;set codec int8;"
	"set error_feedback yes;inject byzantine 1,2 attack=alie;inject drift 0 rate=0.1",
	"scheme async concurrency=5;aggregator fedasync;set server_link 3k;add 5 iid 5 1e5:2 wifi;"
	"inject duplicate 1 p=0.5;inject late 2 p=0.5",
	"scheme async concurrency=4;aggregator scaffold;add 5 iid 5 1e5:2 wifi;inject duplicate 1 "
	"p=0.5",
	"scheme async concurrency=6;aggregator fedasync;add 9 iid 3 1e5:2 wifi;set codec "
	"up=powersgd:rank=1,down=int8;model mlp hidden=5,4;inject late 1 p=0.5 versions=2;"
	"inject byzantine 2 attack=sign-flip",
	"scheme async concurrency=4;aggregator fedbuff buffer=2;add 5 iid 5 1e5:2 wifi;"
	"inject byzantine 1,5 attack=label-flip;inject nan 2 p=0.2;inject corrupt 3;inject churn all",
};
enum { RUNS = sizeof runs / sizeof *runs, SOMETHING_IS_UNDER_WAY = 21 };

static void compose(struct fed_session *s, int i)
{
	small_compose(s, NULL, "fedavg");
	small_do(s, "set batch 4");
	small_do(s, runs[i]);
	small_do(s, "round 2");
}

static void save(struct fed_session *s)
{
	struct fed_error err = {""};

	fed_assert_ok(fed_session_save(s, fed_temp_file(&temp, "open.fed"), &err), &err);
}

static void restore(struct fed_session *s)
{
	struct fed_error err = {""};

	small_init(s, NULL);
	fed_assert_ok(fed_session_restore(s, fed_temp_file(&temp, "open.fed"), &err), &err);
}

/* Each byte, though one of them replayed its open round. */
static void same_snapshots(const struct fed_session *a, const struct fed_session *b)
{
	struct fed_text x = {0}, y = {0};
	struct fed_error err = {""};

	fed_assert_ok(fed_snapshot_take(a, &x, &err), &err);
	fed_assert_ok(fed_snapshot_take(b, &y, &err), &err);
	ck_assert_uint_eq(x.len, y.len);
	ck_assert_mem_eq(x.s, y.s, x.len);
	fed_text_release(&x);
	fed_text_release(&y);
}

/* Finish the open round, if one is open, and make one more. */
static void finish(struct fed_session *s)
{
	if (fed_session_open(s))
		small_do(s, "continue");
	while (fed_session_version(s) < 4)
		small_do(s, "round 1");
}

/* Both come to the end of the one that was never saved; released. */
static void end_alike(struct fed_session *straight, struct fed_session *saved,
                      struct fed_session *restored)
{
	finish(saved);
	finish(restored);
	small_same(straight, saved);
	small_same(straight, restored);
	fed__session_release(saved);
	fed__session_release(restored);
}

/* The runs begin at other steps, so that together they meet all of the first ones. */
START_TEST(at_any_step_both_go_on_to_the_same_bits)
{
	struct fed_session straight;
	bool over = false;

	compose(&straight, _i);
	finish(&straight);
	for (int steps = 1 + _i % 4; !over; steps += 2 + steps / (FED_SANITIZED ? 1 : 2)) {
		struct fed_session saved, restored;
		char line[24];

		compose(&saved, _i);
		snprintf(line, sizeof line, "step %d", steps);
		small_do(&saved, line);
		over = fed_session_version(&saved) > 2;
		if (fed_session_version(&saved) >= 4) { /* past the end of the other */
			fed__session_release(&saved);
			break;
		}
		save(&saved);
		restore(&restored);
		ck_assert_int_eq(fed_session_open(&saved), fed_session_open(&restored));
		ck_assert_uint_eq(saved.federation.steps, fed_session_open(&saved)
		                                              ? restored.federation.steps
		                                              : saved.federation.steps);
		for (size_t k = 0; k < saved.parts.faults.n; k++)
			ck_assert_uint_eq(saved.parts.faults.fault[k].strikes,
			                  restored.parts.faults.fault[k].strikes);
		same_snapshots(&saved, &restored);
		end_alike(&straight, &saved, &restored);
	}
	fed__session_release(&straight);
}
END_TEST

/* What is changed while the round is open: change[k] after k + 1 steps. */
static const char *const changes[] = {
	"set lr 0.3;set epochs 2",
	"inject straggler random:2 factor=3;inject lossy all p=0.1",
	"heal 0",
	"inject byzantine 0,2 attack=sign-flip;equip 1 1e5 4g",
	"set noise 0.01;set codec fp16;heal all lossy",
	"equip all 3e6;inject nan 1 p=0.5",
	"heal",
	"inject byzantine 3 attack=replay;inject crash random:1 p=0.7;heal 2 byzantine",
};
enum { CHANGES = sizeof changes / sizeof *changes };

/* From step `from` to step `to` of the round, with the changes after each; false: it is over. */
static bool amend(struct fed_session *s, int from, int to)
{
	for (int k = from; k < to; k++) {
		small_do(s, "step");
		if (!fed_session_open(s))
			return false;
		if (k < CHANGES)
			small_do(s, changes[k]);
	}
	return true;
}

START_TEST(what_was_changed_in_the_round_is_changed_again)
{
	struct fed_session straight;
	bool open = true;

	compose(&straight, _i);
	amend(&straight, 0, 1000);
	finish(&straight);
	for (int at = 1 + _i % 4; open; at += 2 + at / (FED_SANITIZED ? 1 : 4)) {
		struct fed_session saved, restored;

		compose(&saved, _i);
		open = amend(&saved, 0, at);
		save(&saved);
		restore(&restored);
		save(&restored); /* the changes are in there, too */
		fed__session_release(&restored);
		restore(&restored);
		same_snapshots(&saved, &restored);
		ck_assert_uint_eq(saved.edits.n, restored.edits.n);
		ck_assert_uint_eq(saved.parts.faults.n, restored.parts.faults.n);
		ck_assert_uint_eq(saved.parts.faults.made, restored.parts.faults.made);
		ck_assert_uint_eq(saved.draws, restored.draws);
		ck_assert_double_eq(saved.parts.settings.lr, restored.parts.settings.lr);
		for (uint32_t id = 0; id < saved.parts.clients.n; id++)
			ck_assert_float_eq(saved.parts.clients.client[id].device,
			                   restored.parts.clients.client[id].device);
		if (open && amend(&saved, at, 1000))
			ck_abort();
		if (open && amend(&restored, at, 1000))
			ck_abort();
		end_alike(&straight, &saved, &restored);
	}
	fed__session_release(&straight);
}
END_TEST

/* What is refused in an open round changes nothing; what was changed in a round that is given up
 * stays. */
START_TEST(changes_outlive_a_round_that_is_given_up)
{
	struct fed_session s, restored;

	compose(&s, 0);
	amend(&s, 0, 4);
	small_refuses(&s, "add 2 iid 5", "a round is open");
	small_refuses(&s, "set scheme.quorum 2", "a round is open");
	small_refuses(&s, "set threads 2", "a round is open");
	save(&s);
	small_do(&s, "abort");
	ck_assert_uint_eq(s.edits.n, 0);
	ck_assert_double_eq(s.parts.settings.lr, 0.3);
	ck_assert_uint_eq(s.parts.faults.n, 3);
	restore(&restored);
	small_do(&restored, "abort");
	finish(&s);
	finish(&restored);
	small_same(&s, &restored);
	fed__session_release(&s);
	fed__session_release(&restored);
}
END_TEST

/* Each allocation fails once: the session or its file may lack the round, never the model. */
START_TEST(nothing_is_lost_without_memory)
{
	struct fed_session s, restored;
	struct fed_error err = {""};
	bool failed = true;

	for (long k = 1; failed; k += 1 + k / 8) {
		compose(&s, 0);
		amend(&s, 0, 4);
		fed__mem_fail_at((uint64_t)k);
		const int rc = fed_session_save(&s, fed_temp_file(&temp, "open.fed"), &err);
		failed = !fed__mem_fail_ahead();
		fed__mem_fail_at(0);
		ck_assert_double_eq(s.parts.settings.lr, 0.3);
		ck_assert_uint_eq(fed_session_version(&s), 2);
		if (rc == FED_OK) {
			restore(&restored);
			finish(&restored);
			fed__session_release(&restored);
		}
		finish(&s);
		fed__session_release(&s);
	}
}
END_TEST

/* A snapshot in memory: the session goes back to it as often as one likes, on its own dataset. */
START_TEST(a_session_goes_back_to_its_snapshot)
{
	struct fed_session straight, s;
	struct fed_text snapshot = {0}, broken = {0};
	struct fed_error err = {""};

	compose(&straight, _i);
	amend(&straight, 0, 1000);
	finish(&straight);
	compose(&s, _i);
	const struct fed_dataset *data = s.parts.data;
	const bool open = amend(&s, 0, 4);
	fed_assert_ok(fed_snapshot_take(&s, &snapshot, &err), &err);
	for (int times = 0; times < 3; times++) {
		if (open)
			amend(&s, 4, 1000);
		finish(&s);
		small_same(&straight, &s);
		fed_assert_ok(fed_snapshot_restore(&s, &snapshot, &err), &err);
		ck_assert_ptr_eq(s.parts.data, data);
		ck_assert_int_eq(fed_session_open(&s), open);
	}
	fed_text_put(&broken, snapshot.s, snapshot.len - 1);
	ck_assert_int_eq(fed_snapshot_restore(&s, &broken, &err), FED_FAIL);
	fed_text_clear(&broken);
	ck_assert_int_eq(fed_snapshot_restore(&s, &broken, &err), FED_FAIL);
	snapshot.s[snapshot.len / 2] ^= 1;
	ck_assert_int_eq(fed_snapshot_restore(&s, &snapshot, &err), FED_FAIL);
	ck_assert_ptr_eq(s.parts.data, data);
	ck_assert_int_eq(fed_session_open(&s), open);
	fed_text_release(&snapshot);
	fed_text_release(&broken);
	fed__session_release(&straight);
	fed__session_release(&s);
}
END_TEST

/* Appended and released; equal to a snapshot with all bytes. */
static void joins_to(const struct fed_text *whole, const struct fed_text *text,
                     const struct fed_vectors_apart *apart)
{
	struct fed_text joined = {0};
	struct fed_error err = {""};

	fed_assert_ok(fed_snapshot_join(text, apart, &joined, &err), &err);
	ck_assert_uint_eq(joined.len, whole->len);
	ck_assert_mem_eq(joined.s, whole->s, whole->len);
	fed_text_release(&joined);
}

/* A snapshot that refers to the vectors in flight: the same bytes, the same way on, though sessions
 * share the vectors with it, and after the session that it was taken from is gone. */
START_TEST(a_session_shares_the_vectors_of_its_snapshot)
{
	struct fed_vectors_apart apart = {0};
	struct fed_text whole = {0}, text = {0};
	struct fed_session straight, s, other;
	struct fed_error err = {""};

	compose(&straight, _i);
	compose(&s, _i);
	finish(&straight);
	if (_i % 2)
		small_do(&s, "step 3");
	fed_assert_ok(fed_snapshot_take(&s, &whole, &err), &err);
	fed_assert_ok(fed_snapshot_take_apart(&s, &text, &apart, SIZE_MAX, &err), &err);
	joins_to(&whole, &text, &apart);
	for (int times = 0; times < 2; times++) {
		finish(&s);
		small_same(&straight, &s);
		fed_assert_ok(fed_snapshot_restore_apart(&s, &text, &apart, &err), &err);
	}
	if (apart.n)
		ck_assert_int_eq(fed_snapshot_restore(&s, &text, &err), FED_FAIL);
	fed__session_release(&s);
	joins_to(&whole, &text, &apart);
	small_init(&other, NULL);
	fed_assert_ok(fed_snapshot_restore_apart(&other, &text, &apart, &err), &err);
	fed_vectors_apart_release(&apart);
	fed_text_release(&text);
	finish(&other);
	small_same(&straight, &other);
	fed__session_release(&other);
	fed__session_release(&straight);
	fed_text_release(&whole);
}
END_TEST

/* Faults hold a message or clients are at work: neither is asked again after a save. */
START_TEST(saving_between_rounds_disturbs_nothing)
{
	struct fed_session straight, saved, restored;

	compose(&straight, _i);
	compose(&saved, _i);
	ck_assert(_i < SOMETHING_IS_UNDER_WAY || saved.federation.n_open || saved.federation.n_held);
	save(&saved);
	ck_assert_uint_eq(saved.federation.n_open, straight.federation.n_open);
	ck_assert_uint_eq(saved.federation.n_held, straight.federation.n_held);
	restore(&restored);
	ck_assert_uint_eq(restored.federation.n_open, straight.federation.n_open);
	save(&restored); /* what was read is written again */
	fed__session_release(&restored);
	restore(&restored);
	small_do(&straight, "round 5");
	small_do(&saved, "round 5");
	small_do(&restored, "round 5");
	small_same(&straight, &saved);
	small_same(&straight, &restored);
	fed__session_release(&straight);
	fed__session_release(&saved);
	fed__session_release(&restored);
}
END_TEST

/* What a breakpoint left of a run is made by `continue`, here and there. */
START_TEST(what_a_stop_left_is_kept)
{
	static const char *const stopped[] = {"break client==2;round 6", "break version==4;round 6",
	                                      "break client==2;step 2"};
	struct fed_session saved, restored;

	compose(&saved, 0);
	small_do(&saved, stopped[_i]);
	save(&saved);
	restore(&restored);
	fed_session_unbreak_all(&saved);
	fed_session_unbreak_all(&restored);
	small_do(&saved, "continue");
	small_do(&restored, "continue");
	ck_assert_uint_eq(fed_session_version(&saved), _i == 2 ? 3 : 8);
	small_same(&saved, &restored);
	small_refuses(&restored, "continue", "nothing is left to continue");
	fed__session_release(&saved);
	fed__session_release(&restored);
}
END_TEST

START_TEST(a_condition_to_stop_at_is_kept)
{
	struct fed_session saved, restored;
	struct fed_condition *until;
	struct fed_error err = {""};
	struct fed_run_result result;

	compose(&saved, 0);
	small_do(&saved, "break version==3");
	fed_assert_ok(fed_runs_keep(&saved.runs, "old", &saved.history, "lr=1\nseed=2\n", &err), &err);
	fed_assert_ok(fed_condition_parse(&until, "round>=7 or loss<old.loss-9", &saved.runs, &err),
	              &err);
	fed_assert_ok(fed_session_run(&saved, 0, until, &result, &err), &err);
	fed_condition_free(until);
	ck_assert_uint_eq(fed_session_version(&saved), 3);
	save(&saved);
	restore(&restored);
	small_do(&saved, "continue");
	small_do(&restored, "continue");
	ck_assert_uint_eq(fed_session_version(&restored), 7);
	small_same(&saved, &restored);
	fed__session_release(&saved);
	fed__session_release(&restored);
}
END_TEST

/* The same stops lie ahead, and these were hit so far. */
static void stop_alike(const struct fed_session *a, const struct fed_session *b)
{
	const struct fed_breakpoints *x = &a->breakpoints, *y = &b->breakpoints;

	ck_assert_uint_eq(x->n, y->n);
	ck_assert_uint_eq(x->last_number, y->last_number);
	ck_assert_int_eq(x->pausing, y->pausing);
	ck_assert_uint_eq(x->pause, y->pause);
	for (size_t i = 0; i < x->n; i++) {
		ck_assert_uint_eq(x->point[i].number, y->point[i].number);
		ck_assert_uint_eq(x->point[i].hits, y->point[i].hits);
		ck_assert_int_eq(x->point[i].holds, y->point[i].holds);
		ck_assert_str_eq(x->point[i].text, y->point[i].text);
	}
	ck_assert_int_eq(fed_session_open(a), fed_session_open(b));
	ck_assert_uint_eq(fed_session_version(a), fed_session_version(b));
	if (fed_session_open(a))
		ck_assert_uint_eq(a->federation.steps, b->federation.steps);
}

static void run_to_a_stop(struct fed_session *s, int i)
{
	struct fed_error err = {""};

	compose(s, i);
	small_do(s, "break client==1;break nan;break reported>1;break loss<0;break version==3");
	fed_assert_ok(fed_session_unbreak(s, 2, &err), &err);
	fed_session_pause(s, 4);
	small_do(s, "round 3");
}

START_TEST(breakpoints_and_a_pause_are_kept)
{
	struct fed_session straight, saved, restored;
	int stops = 0, open = 0;

	run_to_a_stop(&straight, _i);
	run_to_a_stop(&saved, _i);
	save(&saved);
	restore(&restored);
	save(&restored); /* what was read is written again */
	fed__session_release(&restored);
	restore(&restored);
	for (; fed_session_open(&straight) || straight.rest.versions; stops++) {
		open += fed_session_open(&straight);
		stop_alike(&straight, &saved);
		stop_alike(&straight, &restored);
		small_do(&straight, "continue");
		small_do(&saved, "continue");
		small_do(&restored, "continue");
	}
	stop_alike(&straight, &restored);
	small_same(&straight, &saved);
	small_same(&straight, &restored);
	ck_assert_int_gt(stops, 1);
	ck_assert(open > 0 || _i > 0); /* most stop in the middle of a round */
	ck_assert(!restored.breakpoints.pausing);
	ck_assert_uint_eq(fed_session_version(&restored), 5);
	fed__session_release(&straight);
	fed__session_release(&saved);
	fed__session_release(&restored);
}
END_TEST

/* Those of the session that goes make room for those that come, which may name its kept runs. */
START_TEST(breakpoints_go_with_their_session)
{
	struct fed_session saved, other;
	struct heard heard;
	struct fed_error err = {""};

	compose(&saved, 0);
	fed_assert_ok(fed_runs_keep(&saved.runs, "old", &saved.history, "lr=1\nseed=2\n", &err), &err);
	small_do(&saved, "break loss<=old.loss;break round==9;round 1"); /* hits, maybe */
	fed_assert_ok(fed_runs_keep(&saved.runs, "old", &saved.history, "lr=1\nseed=2\n", &err), &err);
	save(&saved);
	small_init(&other, &heard);
	small_do(&other, "break nan");
	fed_assert_ok(fed_session_restore(&other, fed_temp_file(&temp, "open.fed"), &err), &err);
	stop_alike(&saved, &other);
	/* The number is that of the run which had the name before. */
	const double *taken = fed_condition_taken(other.breakpoints.point[0].when, 0);
	ck_assert_ptr_nonnull(taken);
	ck_assert_double_eq(*taken, saved.history.record[1].test_loss);
	ck_assert_ptr_null(fed_condition_taken(other.breakpoints.point[0].when, 1));
	ck_assert_ptr_null(fed_condition_taken(other.breakpoints.point[1].when, 0));
	ck_assert_ptr_nonnull(strstr(heard.text, "1 breakpoint of the session before was deleted"));
	ck_assert_ptr_nonnull(strstr(heard.text, "of the saved session: 2; "));
	small_do(&saved, "round 2");
	small_do(&other, "round 2");
	stop_alike(&saved, &other);
	fed__session_release(&saved);
	fed__session_release(&other);
}
END_TEST

START_TEST(what_cannot_be_repeated_is_refused)
{
	const struct fed_entry *entry;
	struct fed_error err = {""};
	struct fed_session s;

	small_compose(&s, NULL, "fedavg");
	fed_assert_ok(fed_session_load(&s, FED_BUILD_DIR "/fixtures/loopback.so", &entry, &err), &err);
	small_do(&s, "transport loopback;round 1;step 2");
	ck_assert_int_eq(fed_session_save(&s, fed_temp_file(&temp, "no.fed"), &err), FED_FAIL);
	ck_assert_msg(strstr(err.text, "real connections"), "%s", err.text);
	ck_assert(fed_session_open(&s)); /* nothing is lost */
	small_do(&s, "continue");
	save(&s);
	fed__session_release(&s);
}
END_TEST

FED_SUITE(open_round)
{
	Suite *s = suite_create("open-round");
	TCase *c = tcase_create("open-round");

	tcase_add_unchecked_fixture(c, set_up, tear_down);
	tcase_add_loop_test(c, at_any_step_both_go_on_to_the_same_bits, 0, RUNS);
	tcase_add_loop_test(c, what_was_changed_in_the_round_is_changed_again, 0, RUNS);
	tcase_add_loop_test(c, a_session_goes_back_to_its_snapshot, 0, RUNS);
	tcase_add_loop_test(c, a_session_shares_the_vectors_of_its_snapshot, SOMETHING_IS_UNDER_WAY,
	                    RUNS);
	tcase_add_loop_test(c, saving_between_rounds_disturbs_nothing, 0, RUNS);
	tcase_add_loop_test(c, what_a_stop_left_is_kept, 0, 3);
	tcase_add_test(c, a_condition_to_stop_at_is_kept);
	tcase_add_loop_test(c, breakpoints_and_a_pause_are_kept, 0, RUNS);
	tcase_add_test(c, breakpoints_go_with_their_session);
	tcase_add_test(c, changes_outlive_a_round_that_is_given_up);
	tcase_add_test(c, nothing_is_lost_without_memory);
	tcase_add_test(c, what_cannot_be_repeated_is_refused);
	suite_add_tcase(s, c);
	return s;
}
