/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Faults as a user meets them: what is taken, refused and told, when they begin and end, that they
 * are saved, and replay.  What each of them does to a round is tested in tests/train.
 */
#include "session/inject.h"

#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "checkpoint/checkpoint.h"
#include "session/small.h"

#define FIXTURE(name) FED_BUILD_DIR "/fixtures/" name ".so"

static struct fed_temp temp;

static void make_folder(void)
{
	fed_temp_make(&temp);
}
static void remove_folder(void)
{
	fed_temp_remove(&temp);
}

static void has_said(struct heard *heard, const char *words)
{
	ck_assert_msg(strstr(heard->text, words) != NULL, "\"%s\" lacks \"%s\"", heard->text, words);
}

static void forget_words(struct heard *heard)
{
	memset(heard, 0, sizeof *heard);
}

/* Taken ------------------------------------------------------------------------- */

static const struct {
	const char *line, *said;
} taken[] = {
	{"inject offline 3", "fault 1: offline on client 3, from version 1 on"},
	{"inject flaky 0-2 p=0.25", "fault 1: flaky p=0.25 on clients 0-2, from version 1 on"},
	{"inject crash 0,2-3", "fault 1: crash p=1 on clients 0,2,3, from version 1 on"},
	{"inject straggler 1,3 factor=5 at=4", "straggler factor=5 on clients 1,3, from version 4 on"},
	{"inject hang 2 for=1", "fault 1: hang p=1 on client 2, version 1"},
	{"inject slow-link 2 at=2 for=3", "slow-link factor=10 on client 2, versions 2 to 4"},
	{"inject lossy 0", "fault 1: lossy p=0.3 on client 0"},
	{"inject partition 0 for=2", "fault 1: partition on client 0, versions 1 to 2"},
	{"inject duplicate 0", "fault 1: duplicate p=1 on client 0"},
	{"inject late 0 versions=2", "fault 1: late versions=2 p=1 on client 0"},
	{"inject corrupt 0 bits=3", "fault 1: corrupt bits=3 p=1 on client 0"},
	{"inject nan 0", "fault 1: nan p=1 on client 0"},
	{"inject byzantine 0,1", "fault 1: byzantine attack=sign-flip knowledge=all scale=1 on"},
	{"inject byzantine 0,1 z=1.5 attack=alie knowledge=partial",
     "byzantine attack=alie knowledge=partial z=1.5 on clients 0,1"},
	{"inject data-arrives 0", "fault 1: data-arrives start=0.1 rate=0.1 on client 0"},
	{"inject data_expires 0 keep=0.5", "fault 1: data-expires rate=0.1 keep=0.5 on client 0"},
	{"inject drift 0", "fault 1: drift what=labels rate=0.05 on client 0"},
	{"inject churn all leave=0.5", "fault 1: churn join=0.1 leave=0.5 on clients 0-3"},
};

START_TEST(is_taken_and_told)
{
	struct fed_session s;
	struct heard heard;

	small_compose(&s, &heard, "fedavg");
	small_do(&s, taken[_i].line);
	has_said(&heard, taken[_i].said);
	ck_assert_uint_eq(heard.count[FED_EVENT_FAULT], 1);
	ck_assert_uint_eq(s.parts.faults.n, 1);
	small_do(&s, "round 2");
	fed__session_release(&s);
}
END_TEST

START_TEST(versions_are_those_that_rounds_make)
{
	struct fed_session s;

	small_compose(&s, NULL, "fedavg");
	small_do(&s, "round 2;inject offline 0;inject offline 1 at=5 for=2;inject crash 2 at=1");
	ck_assert_uint_eq(s.parts.faults.fault[0].from,
	                  2); /* the next round makes version 3 out of 2 */
	ck_assert_uint_eq(s.parts.faults.fault[0].until, UINT64_MAX);
	ck_assert_uint_eq(s.parts.faults.fault[1].from, 4);
	ck_assert_uint_eq(s.parts.faults.fault[1].until, 6);
	ck_assert_uint_eq(s.parts.faults.fault[2].from, 0);
	ck_assert_int_eq(fed_fault_phase(&s, &s.parts.faults.fault[1]), FED_FAULT_AHEAD);
	small_do(&s, "round 2");
	ck_assert_int_eq(fed_fault_phase(&s, &s.parts.faults.fault[1]), FED_FAULT_ACTIVE);
	ck_assert_double_eq(s.history.record[3].lost, 2);
	small_do(&s, "round 2"); /* versions 5 and 6 */
	ck_assert_double_eq(s.history.record[4].lost, 3);
	ck_assert_double_eq(s.history.record[5].lost, 3);
	ck_assert_int_eq(fed_fault_phase(&s, &s.parts.faults.fault[1]), FED_FAULT_OVER);
	small_do(&s, "round 1");
	ck_assert_double_eq(s.history.record[6].lost, 2);
	ck_assert_uint_eq(s.parts.faults.fault[0].strikes, 5);
	ck_assert_uint_eq(s.parts.faults.fault[1].strikes, 2);
	fed__session_release(&s);
}
END_TEST

/* Refused ----------------------------------------------------------------------- */

static const struct {
	const char *line, *words;
} refused[] = {
	{"inject straglers 1", "no fault straglers; did you mean straggler?"},
	{"inject zzzzz 1", "there are offline, flaky"},
	{"inject sign-flip 1", "is an attack; say `inject byzantine WHO attack=sign-flip`"},
	{"inject straggler 1 facotr=3", "straggler has no parameter facotr; did you mean factor?"},
	{"inject offline 1 zzzz=3", "offline has no parameter zzzz; it takes at, for"},
	{"inject straggler 1 factor=0", "factor=0: must be"},
	{"inject flaky 1 p=often", "p=often: must be a number from 0 to 1"},
	{"inject flaky 1 p=nan", "p=nan"},
	{"inject straggler 7", "7: there are 4 clients, from 0 to 3"},
	{"inject straggler some", "`some` is not a selection of clients"},
	{"inject byzantine 1 attack=allie", "did you mean alie?"},
	{"inject byzantine 1 attack=alie zet=1",
     "byzantine attack=alie has no parameter zet; it takes attack, knowledge, z, at, for"},
	{"inject byzantine 1 attack=alie z=-1", "z=-1: must be"},
	{"inject byzantine 1 z=1", "byzantine attack=sign-flip has no parameter z"},
	{"inject byzantine 1 knowledge=some", "knowledge=some: must be one of all, partial"},
	{"heal all stragler", "did you mean straggler?"},
	{"heal all 3", "there is no fault number 3; `faults` lists them"},
	{"heal 9", "9: there are 4 clients"},
};

START_TEST(is_refused_as_a_whole)
{
	struct fed_session s;
	struct heard heard;

	small_compose(&s, &heard, "fedavg");
	small_do(&s, "inject crash 2 at=8");
	forget_words(&heard);
	const int64_t live = fed__mem_live();
	small_refuses(&s, refused[_i].line, refused[_i].words);
	ck_assert_int_eq(fed__mem_live(), live);
	ck_assert_uint_eq(s.parts.faults.n, 1);
	ck_assert_uint_eq(s.parts.faults.made, 1);
	ck_assert_uint_eq(heard.len, 0);
	fed__session_release(&s);
}
END_TEST

START_TEST(examples_must_have_what_changes)
{
	struct fed_session s;

	small_init(&s, NULL);
	small_refuses(&s, "inject crash all", "no clients yet");
	small_do(&s, "dataset linear train=80 test=40;add 4 iid 5");
	small_refuses(&s, "inject drift 0", "has no classes that labels could drift through");
	small_refuses(&s, "inject byzantine 0 attack=label-flip", "needs data with labels");
	small_do(&s, "inject drift 0 what=inputs;reset");
	small_do(&s, "dataset markov users=4 length=60;add 4 iid 5");
	small_refuses(&s, "inject drift 0 what=inputs", "are tokens");
	small_do(&s, "inject drift 0");
	fed__session_release(&s);
}
END_TEST

/* A refused line draws no clients: the next random choice is that of a session without it. */
START_TEST(refusals_draw_nothing)
{
	struct fed_session s, other;

	small_compose(&s, NULL, "fedavg");
	small_compose(&other, NULL, "fedavg");
	small_refuses(&s, "inject straggler random:2 factor=0", "factor=0");
	small_refuses(&s, "heal random:2 zzzz", "zzzz");
	small_do(&s, "inject crash random:2");
	small_do(&other, "inject crash random:2");
	ck_assert_uint_eq(s.draws, other.draws);
	ck_assert_mem_eq(s.parts.faults.fault[0].client, other.parts.faults.fault[0].client,
	                 2 * sizeof(uint32_t));
	fed__session_release(&s);
	fed__session_release(&other);
}
END_TEST

/* Told -------------------------------------------------------------------------- */

static const struct {
	const char *before, *line, *said; /* said NULL: nothing but the fault */
	enum fed_event_kind kind;
} told[] = {
	{"", "inject slow-link all", "slow-link changes nothing on clients 0-3: an ideal link",
     FED_EVENT_NOTICE},
	{"remove 3;add 1 iid 5 1e6 4g", "inject slow-link all",
     "nothing on clients 0-2:", FED_EVENT_NOTICE},
	{"add 1 iid 5 1e6 4g", "inject slow-link 4", NULL, FED_EVENT_NOTICE},
	{"add 2 iid 5 0", "inject straggler 0,4,5", "straggler changes nothing on clients 4,5",
     FED_EVENT_NOTICE},
	{"", "inject straggler 0", NULL, FED_EVENT_NOTICE},
	{"", "inject straggler 0 factor=1", "factor=1: nothing gets slower", FED_EVENT_NOTICE},
	{"", "inject flaky 0 p=0", "flaky can do nothing: p=0", FED_EVENT_NOTICE},
	{"", "inject churn 0 leave=0", "leave=0: no client leaves", FED_EVENT_NOTICE},
	{"", "inject drift 0 rate=0", "rate=0: nothing changes", FED_EVENT_NOTICE},
	{"", "inject data-expires 0 keep=1", "nothing goes", FED_EVENT_NOTICE},
	{"", "inject data-arrives 0 start=1", "start=1", FED_EVENT_NOTICE},
	{"add 1 iid 1", "inject data-arrives 0,4", "nothing on client 4: there is one example",
     FED_EVENT_NOTICE},
	{"", "inject byzantine 0 attack=alie knowledge=partial", "a single attacker", FED_EVENT_NOTICE},
	{"", "inject byzantine 0,1 attack=alie knowledge=partial", NULL, FED_EVENT_NOTICE},
	{"", "inject byzantine 0 knowledge=partial", "sign-flip does not look at the updates of others",
     FED_EVENT_NOTICE},
	{"inject byzantine 0,1", "inject byzantine 1,2 attack=zero", "attack of fault 1, sign-flip",
     FED_EVENT_NOTICE},
	{"inject byzantine 0,1", "inject byzantine 2 attack=zero", NULL, FED_EVENT_NOTICE},
	{"inject byzantine 0,1 for=2", "inject byzantine 1 attack=zero at=3", NULL, FED_EVENT_NOTICE},
	{"inject byzantine 0,1", "inject byzantine 1 attack=alie", NULL, FED_EVENT_NOTICE},
	{"round 4", "inject offline 0 at=2 for=3", "fault 1 is over (versions 2 to 4): version 5",
     FED_EVENT_WARNING},
	{"round 4", "inject drift 0 at=2", "version 2 is in the past, the next is 5",
     FED_EVENT_WARNING},
	{"round 4", "inject offline 0 at=5", NULL, FED_EVENT_WARNING},
	{"round 1;step 2", "inject offline 1,2",
     "offline changes nothing on clients 1,2 in the open round: the model was sent before",
     FED_EVENT_NOTICE},
	{"round 1;step 2", "inject flaky 1 at=3", NULL, FED_EVENT_NOTICE},
	{"set participants 1;step", "inject churn all", "churn changes nothing on client ",
     FED_EVENT_NOTICE},
};

START_TEST(what_has_no_effect_is_told)
{
	struct fed_session s;
	struct heard heard;

	small_compose(&s, &heard, "fedavg");
	if (*told[_i].before)
		small_do(&s, told[_i].before);
	forget_words(&heard);
	small_do(&s, told[_i].line);
	ck_assert_uint_eq(heard.count[FED_EVENT_FAULT], 1);
	ck_assert_msg(heard.count[told[_i].kind] == (told[_i].said != NULL), "%s", heard.text);
	if (told[_i].said)
		has_said(&heard, told[_i].said);
	fed__session_release(&s);
}
END_TEST

START_TEST(beginnings_and_ends_are_told)
{
	struct fed_session s;
	struct heard heard;

	small_compose(&s, &heard, "fedavg");
	small_do(&s, "transport local;inject flaky 0 at=3 for=2;inject straggler 1 for=1");
	forget_words(&heard);
	small_do(&s, "round 1");
	ck_assert_uint_eq(heard.count[FED_EVENT_FAULT], 0);
	small_do(&s, "round 1");
	ck_assert_str_eq(heard.text, "fault 2: straggler factor=10 is over on client 1\n");
	forget_words(&heard);
	small_do(&s, "round 1");
	ck_assert_ptr_eq(strstr(heard.text, "fault 1: flaky p=0.5 begins on client 0\n"), heard.text);
	forget_words(&heard);
	small_do(&s, "round 1");
	ck_assert_ptr_null(strstr(heard.text, "over"));
	small_do(&s, "round 1");
	has_said(&heard, "fault 1: flaky p=0.5 is over on client 0\n");
	forget_words(&heard);
	small_do(&s, "restart;round 1"); /* its versions count anew */
	has_said(&heard, "fault 2: straggler factor=10 begins on client 1\n");
	small_do(&s, "round 2");
	has_said(&heard, "fault 1: flaky p=0.5 begins on client 0\n");
	fed__session_release(&s);
}
END_TEST

/* Healed ------------------------------------------------------------------------ */

START_TEST(healing_takes_what_is_named)
{
	struct fed_session s;
	struct heard heard;
	struct fed_error err = {""};
	uint64_t healed;

	small_compose(&s, &heard, "fedavg");
	small_do(&s,
	         "inject straggler 0-2;inject flaky 1-3;inject straggler 3 factor=2;inject crash 0");
	forget_words(&heard);
	fed_assert_ok(fed_session_heal(&s, "1,2", "straggler", &healed, &err), &err);
	ck_assert_uint_eq(healed, 2);
	ck_assert_str_eq(heard.text, "fault 1: straggler factor=10 is healed on clients 1,2\n");
	fed_assert_ok(fed_session_heal(&s, NULL, "3", &healed, &err), &err);
	ck_assert_uint_eq(healed, 1);
	ck_assert_uint_eq(s.parts.faults.n, 3);
	fed_assert_ok(fed_session_heal(&s, "1", NULL, &healed, &err), &err);
	ck_assert_uint_eq(healed, 1);
	ck_assert_uint_eq(s.parts.faults.fault[1].n, 2);
	fed_assert_ok(fed_session_heal(&s, NULL, NULL, &healed, &err), &err);
	ck_assert_uint_eq(healed, 4);
	ck_assert_uint_eq(s.parts.faults.n, 0);
	forget_words(&heard);
	fed_assert_ok(fed_session_heal(&s, "all", "drift", &healed, &err), &err);
	ck_assert_uint_eq(healed, 0);
	ck_assert_uint_eq(heard.len, 0);
	small_do(&s, "inject crash 1"); /* numbers are not given again */
	ck_assert_uint_eq(s.parts.faults.fault[0].number, 5);
	fed__session_release(&s);
}
END_TEST

START_TEST(clients_that_leave_drop_out)
{
	struct fed_session s;
	struct heard heard;

	small_compose(&s, &heard, "fedavg");
	small_do(&s, "inject straggler 1-3;inject byzantine 2;inject crash 2,3;round 1;remove 2");
	ck_assert_uint_eq(s.parts.faults.n, 2);
	has_said(&heard, "1 fault removed: no clients left");
	ck_assert_uint_eq(s.parts.faults.fault[0].n, 2);
	small_do(&s, "round 1;remove all");
	ck_assert_uint_eq(s.parts.faults.n, 0);
	small_do(&s, "add 2 iid 5;inject crash 4;reset");
	ck_assert_uint_eq(s.parts.faults.n, 0);
	ck_assert_uint_eq(s.parts.faults.made, 0);
	fed__session_release(&s);
}
END_TEST

/* Saved -------------------------------------------------------------------------- */

static void save(struct fed_session *s, const char *name)
{
	struct fed_error err = {""};

	fed_assert_ok(fed_session_save(s, fed_temp_file(&temp, name), &err), &err);
}

static void same_faults(const struct fed_session *a, const struct fed_session *b)
{
	ck_assert_uint_eq(a->parts.faults.n, b->parts.faults.n);
	ck_assert_uint_eq(a->parts.faults.made, b->parts.faults.made);
	for (size_t i = 0; i < a->parts.faults.n; i++) {
		const struct fed_fault *x = &a->parts.faults.fault[i], *y = &b->parts.faults.fault[i];
		struct fed_text one = {0}, other = {0};

		ck_assert_uint_eq(x->number, y->number);
		ck_assert_uint_eq(x->from, y->from);
		ck_assert_uint_eq(x->until, y->until);
		ck_assert_uint_eq(x->strikes, y->strikes);
		ck_assert_int_eq(x->dated, y->dated);
		ck_assert_uint_eq(x->n, y->n);
		ck_assert_mem_eq(x->client, y->client, x->n * sizeof *x->client);
		fed__fault_put(x, &one);
		fed__fault_put(y, &other);
		ck_assert_str_eq(fed_text_str(&one), fed_text_str(&other));
		fed_text_release(&one);
		fed_text_release(&other);
	}
}

static const char *const schedules[] = {
	"inject flaky all p=0.2;inject lossy 1 at=3 for=4;inject crash 2,3 p=0.5",
	"inject straggler 0,1 at=2;inject drift all rate=0.2 at=3;inject data-expires 2,3",
	"inject data-arrives all start=0.3;inject duplicate 1;inject nan 0 at=5;inject corrupt 2 p=0.5",
	"inject byzantine 0,1 attack=replay;inject churn 2,3 leave=0.4 join=0.5",
	"inject byzantine 0,1 attack=alie;inject byzantine 2 attack=label-flip at=4",
	"inject byzantine 0 attack=counting scale=0.5;inject hang 3 p=0.3",
	"scheme async concurrency=3;aggregator fedasync;inject flaky all p=0.2;inject late 1 p=0.5 "
	"versions=2;inject byzantine 0 attack=replay",
	"add 2 iid 8 1e6 4g;inject slow-link 4,5;scheme async;aggregator fedasync;inject drift 0 "
	"what=inputs at=4",
	"inject partition 0 at=2 for=6;inject partition 1 at=6 for=3",
};

static void compose_schedule(struct fed_session *s, const char *schedule)
{
	const struct fed_entry *entry;
	struct fed_error err = {""};

	small_compose(s, NULL, "fedavg");
	fed_assert_ok(fed_session_load(s, FIXTURE("attack_counting_1"), &entry, &err), &err);
	small_do(s, schedule);
}

#define AFTER "round 6;inject crash random:1 p=0.5;round 1"

/* In the middle of a schedule: what goes on and what was restored are the same, bit for bit. */
START_TEST(goes_on_bit_for_bit)
{
	struct fed_session s, restored, again;
	struct fed_error err = {""};

	compose_schedule(&s, schedules[_i]);
	small_do(&s, "round 4");
	save(&s, "a.fed");
	small_init(&restored, NULL);
	fed_assert_ok(fed_session_restore(&restored, fed_temp_file(&temp, "a.fed"), &err), &err);
	same_faults(&s, &restored);
	save(&restored, "b.fed");
	small_init(&again, NULL);
	fed_assert_ok(fed_session_restore(&again, fed_temp_file(&temp, "b.fed"), &err), &err);
	small_do(&s, AFTER);
	small_do(&restored, AFTER);
	small_do(&again, AFTER);
	small_same(&s, &restored);
	small_same(&s, &again);
	same_faults(&s, &restored);
	same_faults(&s, &again);
	fed__session_release(&s);
	fed__session_release(&restored);
	fed__session_release(&again);
}
END_TEST

/* A restart is a fresh session: faults come again at their versions, attacks remember nothing. */
START_TEST(restart_replays_the_schedule)
{
	struct fed_session fresh, again;

	compose_schedule(&fresh, schedules[_i]);
	compose_schedule(&again, schedules[_i]);
	small_do(&again, "round 7;restart;round 9");
	small_do(&fresh, "round 9");
	ck_assert_mem_eq(fed_session_params(&fresh), fed_session_params(&again),
	                 fresh.parts.net.dim * sizeof(float));
	same_faults(&fresh, &again);
	fed__session_release(&fresh);
	fed__session_release(&again);
}
END_TEST

START_TEST(undated_faults_are_there_after_a_restart)
{
	struct fed_session s, other;

	small_compose(&s, NULL, "fedavg");
	small_compose(&other, NULL, "fedavg");
	small_do(&s, "round 4;inject flaky 0-2;inject crash 3 for=2;inject nan 1 at=7;restart");
	small_do(&other, "inject flaky 0-2;inject crash 3 for=2;inject nan 1 at=7");
	same_faults(&s, &other);
	small_do(&s, "round 9");
	small_do(&other, "round 9");
	same_faults(&s, &other);
	ck_assert_mem_eq(fed_session_params(&s), fed_session_params(&other),
	                 s.parts.net.dim * sizeof(float));
	fed__session_release(&s);
	fed__session_release(&other);
}
END_TEST

/* Plugins -------------------------------------------------------------------------- */

/* A copy of a fixture under one name, as a compiler would write it over the old one. */
static const char *put_plugin(const char *fixture)
{
	struct fed_text bytes = {0};
	struct fed_error err = {""};

	fed_assert_ok(fed_file_read(fixture, 1 << 24, &bytes, &err), &err);
	unlink(fed_temp_file(&temp, "p.so"));
	fed_temp_write(&temp, "p.so", bytes.s, bytes.len);
	fed_text_release(&bytes);
	return temp.file;
}

START_TEST(attacks_in_use_stay_and_are_made_again)
{
	struct fed_session s;
	struct heard heard;
	const struct fed_entry *entry;
	struct fed_error err = {""};

	small_compose(&s, &heard, "fedavg");
	fed_assert_ok(fed_session_load(&s, put_plugin(FIXTURE("attack_counting_1")), &entry, &err),
	              &err);
	small_do(&s, "inject crash 3 p=0.5;inject byzantine 0 attack=counting scale=2;"
	             "inject byzantine 1 attack=counting scale=3;inject byzantine 2 attack=replay");
	small_do(&s, "scheme async concurrency=4;aggregator fedasync;round 3");
	ck_assert_int_eq(fed_session_unload(&s, "counting", &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "fault 2 attacks with counting; `heal fault=2` first"));

	fed_assert_ok(fed_session_reload(&s, "counting", &err), &err);
	struct fed_text args = {0};
	fed_fault_put_args(&s.parts.faults.fault[2], &args);
	ck_assert_str_eq(fed_text_str(&args), "attack=counting knowledge=all scale=3");
	fed_text_release(&args);
	small_do(&s, "round 2");

	/* Another form, another parameter. */
	put_plugin(FIXTURE("attack_counting_2"));
	fed_assert_ok(fed_session_reload(&s, "counting", &err), &err);
	has_said(&heard, "counting no longer takes scale=2");
	ck_assert(!fed_fault_counts(&s.parts.faults.fault[1]));
	small_do(&s, "round 2");

	/* No plugin at all: the old one stands. */
	fed_temp_write(&temp, "p.so", "no ELF", 6);
	ck_assert_int_eq(fed_session_reload(&s, "counting", &err), FED_FAIL);
	ck_assert_uint_eq(s.parts.faults.n, 4);
	small_do(&s, "round 2;heal all byzantine");
	fed_assert_ok(fed_session_unload(&s, "counting", &err), &err);
	fed__session_release(&s);
}
END_TEST

START_TEST(attacks_that_no_longer_fit_are_healed)
{
	struct fed_session s;
	struct heard heard;
	const struct fed_entry *entry;
	struct fed_error err = {""};

	small_init(&s, &heard);
	fed_assert_ok(fed_session_load(&s, put_plugin(FIXTURE("attack_counting_1")), &entry, &err),
	              &err);
	small_do(&s, "dataset linear train=80 test=40;add 4 iid 5;inject crash 0;"
	             "inject byzantine 1 attack=counting;inject flaky 2;round 1");
	put_plugin(FIXTURE("attack_counting_2"));
	fed_assert_ok(fed_session_reload(&s, "counting", &err), &err);
	has_said(&heard, "fault 2 is healed, its attack is gone");
	ck_assert_uint_eq(s.parts.faults.n, 2);
	small_do(&s, "round 1");
	fed__session_release(&s);
}
END_TEST

/* Memory --------------------------------------------------------------------------- */

/* What happened is remembered, too; an attempt leaves nothing. */
struct attempt {
	struct fed_session *s;
	const char *line;
};

static int inject_and_heal(void *ctx, struct fed_error *err)
{
	struct attempt *a = ctx;
	const uint64_t made = a->s->parts.faults.made;

	const int rc = small_try(a->s, a->line, err);
	fed_event_log_release(&a->s->event_log);
	if (rc) {
		ck_assert_uint_eq(a->s->parts.faults.n, 1);
		ck_assert_uint_eq(a->s->parts.faults.made, made);
		return FED_FAIL;
	}
	ck_assert_uint_eq(a->s->parts.faults.n, 2);
	ck_assert_uint_gt(fed_faults_heal_one(&a->s->parts.faults, made + 1, NULL, 0), 0);
	return FED_OK;
}

static int heal_one(void *ctx, struct fed_error *err)
{
	struct attempt *a = ctx;

	const int rc = small_try(a->s, "heal 0 crash", err);
	fed_event_log_release(&a->s->event_log);
	return rc;
}

START_TEST(every_allocation_may_fail)
{
	struct fed_session s;
	struct attempt a = {&s, "inject byzantine 1,2 attack=alie z=2"};

	small_compose(&s, NULL, "fedavg");
	small_do(&s, "inject crash 0-3 at=100");
	fed_event_log_release(&s.event_log);
	ck_assert_uint_ge(fed_each_allocation(inject_and_heal, &a), 5);
	a.line = "inject straggler random:2 factor=3 at=4";
	ck_assert_uint_ge(fed_each_allocation(inject_and_heal, &a), 3);
	ck_assert_uint_ge(fed_each_allocation(heal_one, &a), 2);
	ck_assert_uint_eq(s.parts.faults.fault[0].n, 3);
	fed__session_release(&s);
}
END_TEST

#define LENGTH(array) (int)(sizeof(array) / sizeof *(array))

FED_SUITE(inject)
{
	Suite *suite = suite_create("faulting");
	TCase *tests = tcase_create("faulting");

	tcase_add_checked_fixture(tests, make_folder, remove_folder);
	tcase_add_loop_test(tests, is_taken_and_told, 0, LENGTH(taken));
	tcase_add_test(tests, versions_are_those_that_rounds_make);
	tcase_add_loop_test(tests, is_refused_as_a_whole, 0, LENGTH(refused));
	tcase_add_test(tests, examples_must_have_what_changes);
	tcase_add_test(tests, refusals_draw_nothing);
	tcase_add_loop_test(tests, what_has_no_effect_is_told, 0, LENGTH(told));
	tcase_add_test(tests, beginnings_and_ends_are_told);
	tcase_add_test(tests, healing_takes_what_is_named);
	tcase_add_test(tests, clients_that_leave_drop_out);
	tcase_add_loop_test(tests, goes_on_bit_for_bit, 0, LENGTH(schedules));
	tcase_add_loop_test(tests, restart_replays_the_schedule, 0, LENGTH(schedules));
	tcase_add_test(tests, undated_faults_are_there_after_a_restart);
	tcase_add_test(tests, attacks_in_use_stay_and_are_made_again);
	tcase_add_test(tests, attacks_that_no_longer_fit_are_healed);
	tcase_add_test(tests, every_allocation_may_fail);
	suite_add_tcase(suite, tests);
	return suite;
}
