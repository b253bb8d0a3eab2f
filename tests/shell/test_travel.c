/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Time travel: random sessions with random moves, in which each place has the state that it had at
 * the first visit, to the bit; branches, undo and redo; what a replay cannot have.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "checkpoint/checkpoint.h"
#include "history/metrics.h"
#include "shell/lab.h"
#include "support/suite.h"
#include "travel/travel.h"

#define SEEDS 4u
#define COMMANDS 60u
#define BLOBS "dataset blobs train=400 test=20; model mlp hidden=5,4; add-client 6 samples=20; "

static struct shell_lab lab;

static void set_up(void)
{
	shell_lab_open(&lab, FED_PLUGIN_DIR);
}

static void tear_down(void)
{
	shell_lab_close(&lab);
}

static const char *run(const char *line)
{
	return shell_lab_reply(&lab, line, FED_EXIT_OK);
}

static uint64_t digest(void)
{
	struct fed_error err = {""};
	uint64_t d;

	fed_assert_ok(fed__snapshot_digest(lab.shell.session, &d, &err), &err);
	return d;
}

/* Notes ------------------------------------------------------------------------------------ */

/* What the first visit of a place found: the digest of the state; of a version that a command made
 * on its way, that of its record. */
struct note {
	struct fed_place place;
	uint64_t digest;
	bool record;
};
static struct note *notes;
static size_t n_notes;

static struct note *find_note(struct fed_place place, bool record)
{
	for (size_t i = 0; i < n_notes; i++)
		if (fed_place_is(notes[i].place, place) && notes[i].record == record)
			return &notes[i];
	return NULL;
}

static void check_note(struct fed_place place, bool record, uint64_t now, const char *line)
{
	struct note *x = find_note(place, record);

	if (x) {
		ck_assert_msg(x->digest == now, "after `%s`: %s at revision %u%s, version %llu", line,
		              record ? "another record" : "another state", place.revision,
		              place.inside ? " (inside)" : "", (unsigned long long)place.version);
		return;
	}
	notes = fed_resize(notes, n_notes * sizeof *notes, (n_notes + 1) * sizeof *notes);
	ck_assert_ptr_nonnull(notes);
	notes[n_notes++] = (struct note){place, now, record};
}

static void visit(const char *line)
{
	const struct fed_tree *tree = fed_travel_tree(lab.shell.travel);
	const struct fed_place place = fed_travel_place(lab.shell.travel);
	const struct fed_revision *r = &tree->revision[place.revision];
	const struct fed_history *h = fed_session_history(lab.shell.session);
	struct fed_text carried = {0};

	/* Breakpoints that came along are no part of the place. */
	if (!fed_travel_carried(lab.shell.travel, &carried))
		check_note(place, false, digest(), line);
	fed_text_release(&carried);
	for (size_t i = 0; i < h->n; i++) {
		const uint64_t version = (uint64_t)h->record[i].round;
		const struct fed_place inside = {place.revision, true, version, 0};

		if (version > r->version_before && version <= fed_place_version(tree, place))
			check_note(inside, true, fed_record_digest(&h->record[i]), line);
	}
}

/* Random sessions -------------------------------------------------------------------------- */

static const char *const changes[] = {
	"round",
	"round 3",
	"round 7",
	"step 2",
	"step 9",
	"continue",
	"abort",
	"run until round>=12 or loss<0.4",
	"set lr 0.2",
	"set lr 0.05",
	"set epochs 2",
	"set participants 3",
	"set participants all",
	"set codec int8",
	"set codec powersgd:rank=1",
	"set codec none",
	"set holdout 0.2",
	"set local-layers last:1",
	"set local-layers none",
	"set error-feedback yes",
	"inject late 1,2 versions=2",
	"inject crash 2 p=0.4",
	"inject byzantine 0,3 attack=alie",
	"inject churn all join=0.5",
	"inject hang 4 for=2",
	"inject straggler 1 factor=9",
	"heal all",
	"add-client 2 samples=9 link=4g",
	"remove-client 1",
	"remove-client 5",
	"aggregator fedavg",
	"aggregator scaffold",
	"aggregator fedadam",
	"aggregator krum f=1",
	"aggregator ditto",
	"select oort",
	"select uniform",
	"scheme sync",
	"scheme async concurrency=3; aggregator fedasync",
	"scheme split cut=2",
	"scheme split parallel=v2",
	"keep a",
	"keep b",
	"restart",
	"set seed 7",
	"break accuracy>0.7",
	"break event==lost or client==2",
	"break refused>0",
	"break delete all",
	"model softmax",
	"model mlp hidden=5,4",
	"transport lossy",
	"transport local",
	"save FILE",
	"restore FILE",
	"restore FILE",
};

/* A random command, on one file of this session. */
static void put_change(struct fed_text *line, struct fed_stream *random, const char *file)
{
	const char *change = changes[fed_stream_below(random, sizeof changes / sizeof *changes)];
	const char *at = strstr(change, "FILE");

	fed_text_put(line, change, at ? (size_t)(at - change) : strlen(change));
	fed_text_add(line, "%s", at ? file : "");
}

/* A random move, where the name of a branch is needed one that there is. */
static void put_move(struct fed_text *line, struct fed_stream *random)
{
	const struct fed_tree *tree = fed_travel_tree(lab.shell.travel);
	const uint64_t version = fed_session_version(lab.shell.session);
	uint32_t k;

	switch (fed_stream_below(random, 12)) {
	case 0:
	case 1:
	case 2:
		fed_text_add(line, "rewind %llu",
		             (unsigned long long)fed_stream_below(random, (uint32_t)version + 1));
		break;
	case 3:
		fed_text_add(line, "undo %u", 1 + fed_stream_below(random, 4));
		break;
	case 4:
	case 5:
		fed_text_add(line, "redo");
		break;
	case 6:
		fed_text_add(line, "branch at%zu", n_notes);
		break;
	case 7:
	case 8:
		fed_text_add(line, "reverse-step");
		break;
	case 9:
		fed_text_add(line, "reverse-continue");
		break;
	case 10:
		fed_text_add(line, "bisect %s", fed_stream_below(random, 2) ? "loss<0.9" : "used<6");
		break;
	default:
		do
			k = fed_stream_below(random, tree->n_branches);
		while (!*tree->branch[k].name);
		fed_text_add(line, "switch %s", tree->branch[k].name);
		break;
	}
}

static unsigned setting(const char *name, unsigned normal)
{
	const char *typed = getenv(name);

	return typed ? (unsigned)atoi(typed) : normal;
}

/* No replay may end elsewhere than the first run. */
static void check_reply(const char *said, const char *line)
{
	static const char *const wrong[] = {"came to another version", "the way back failed",
	                                    "the history of the session begins here"};

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		ck_assert_msg(!strstr(said, wrong[i]), "`%s`: %.300s", line, said);
}

START_TEST(each_place_has_the_state_of_the_first_visit)
{
	struct fed_stream random = fed_stream_open((uint64_t)_i + 1, FED_FOR_OBSERVER, 0, 0);
	struct fed_text line = {0};
	struct fed_temp temp;
	unsigned moves = 0;
	size_t said = 0;

	fed_temp_make(&temp);
	fed_free(notes);
	notes = NULL;
	n_notes = 0;
	if (_i % 2) /* older snapshots are compressed, or given up */
		fed_travel_limit(lab.shell.travel, 100000, 0);
	run(BLOBS "round 2");
	for (unsigned i = 0; i < setting("FED_TRAVEL_COMMANDS", COMMANDS); i++) {
		const bool move = fed_stream_below(&random, 3) == 0;

		fed_text_clear(&line);
		if (move)
			put_move(&line, &random);
		else
			put_change(&line, &random, fed_temp_file(&temp, "walk.fed"));
		const struct fed_place from = fed_travel_place(lab.shell.travel);
		shell_lab_run(&lab, fed_text_str(&line));
		if (getenv("FED_TRAVEL_SAY"))
			fprintf(stderr, "> %s\n%s", fed_text_str(&line), shell_lab_said(&lab) + said);
		check_reply(shell_lab_said(&lab) + said, fed_text_str(&line));
		said = strlen(shell_lab_said(&lab));
		moves += move && !fed_place_is(from, fed_travel_place(lab.shell.travel));
		visit(fed_text_str(&line));
	}
	ck_assert_uint_gt(moves, 0);
	fed_text_release(&line);
	fed_temp_remove(&temp);
}
END_TEST

/* Every kind ------------------------------------------------------------------------------ */

/* Four rounds, two of them again after a rewind: the same state. */
static bool rewind_and_go_on(const char *compose, bool must)
{
	struct fed_text line = {0};

	fed_text_add(&line, "reset; " BLOBS "%s; round 4", compose);
	const size_t said = strlen(shell_lab_said(&lab));
	const enum fed_exit ran = shell_lab_run(&lab, fed_text_str(&line));
	fed_text_release(&line);
	if (must || ran == FED_EXIT_OK)
		ck_assert_msg(ran == FED_EXIT_OK, "%s: %s", compose, shell_lab_said(&lab) + said);
	else
		return false; /* it needs what these examples are not */
	const uint64_t first = digest();
	run("rewind 2");
	ck_assert_uint_eq(fed_session_version(lab.shell.session), 2);
	run("round 2");
	ck_assert_msg(digest() == first, "%s: another state after rewind 2 and round 2", compose);
	run("switch main");
	ck_assert_msg(digest() == first, "%s: another state after switch", compose);
	return true;
}

/* All plugins of these kinds. */
START_TEST(each_plugin_goes_on_alike)
{
	static const struct {
		enum fed_kind kind;
		const char *command;
	} kinds[] = {
		{FED_KIND_AGGREGATOR, "scheme %s; aggregator %s"},
		{FED_KIND_ATTACK, "scheme %s; inject byzantine 0 attack=%s; aggregator median"},
		{FED_KIND_CODEC, "scheme %s; set codec %s"},
		{FED_KIND_SELECTION, "scheme %s; set participants 3; select %s"},
		{FED_KIND_TRANSPORT, "scheme %s; transport %s; inject lossy all p=0.2"},
	};
	static const char *const schemes[] = {"sync", "async concurrency=3"};
	const struct fed_registry *plugins = fed_session_plugins(lab.shell.session);
	unsigned made = 0;

	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
		const struct fed_entry *e;

		for (size_t i = 0; (e = fed_registry_at(plugins, kinds[k].kind, i)); i++) {
			char line[300];

			snprintf(line, sizeof line, kinds[k].command, schemes[_i], e->head->name);
			made += rewind_and_go_on(line, false);
		}
	}
	ck_assert_uint_gt(made, 40);
}
END_TEST

START_TEST(each_scheme_and_fault_goes_on_alike)
{
	static const char *const compositions[] = {
		"scheme sync over-select=1.5 deadline=0.02; inject straggler 1 factor=20",
		"scheme async concurrency=2 max-staleness=1; aggregator fedbuff buffer=3; inject late all "
		"p=0.5 versions=2",
		"scheme split cut=2",
		"remove-client all; add-client 2 samples=400 reuse; model mlp hidden=4 parts=0-0,1-1; "
		"scheme vertical parts=0-0,1-1; inject straggler all factor=9",
		"set holdout 0.3; set evaluate-over network; transport lossy; inject lossy all p=0.1",
		"scheme split cut=2,4 labels=client relay=peer; inject crash 2 p=0.3",
		"scheme split parallel=v1; inject late 0,3 versions=1",
		"scheme split parallel=v2 smashed=batch; set noise 0.1",
		"inject crash 2 p=0.4; inject hang 4 for=2; inject straggler 1 factor=9",
		"transport lossy; inject lossy all p=0.2; inject duplicate 0 p=0.5; inject flaky 1 p=0.5",
		"inject churn all join=0.5; inject partition 1 for=2",
		"inject corrupt 1 p=0.5; inject nan 2 p=0.3; aggregator median",
		"inject drift 0 rate=0.1; inject late 1,2 versions=2",
		"aggregator median after=nnm; inject byzantine 0 attack=alie",
		"aggregator median after=bucketing",
		"set holdout 0.2; set local-layers last:1; set server-link 1k/2k",
		"set codec up=qsgd:levels=4,down=fp16; set error-feedback yes",
	};

	for (size_t i = 0; i < sizeof compositions / sizeof *compositions; i++)
		rewind_and_go_on(compositions[i], true);
}
END_TEST

/* The versions that a restored session had before have no way back to them. */
START_TEST(versions_of_a_restored_session_are_not_made_up)
{
	struct fed_temp temp;
	struct fed_text line = {0};

	fed_temp_make(&temp);
	run(BLOBS "round 6");
	fed_text_add(&line, "save %s", fed_temp_file(&temp, "six.fed"));
	fed_text_add(&line, " here");
	run(fed_text_str(&line));
	fed_text_clear(&line);
	tear_down();
	set_up();
	fed_text_add(&line, BLOBS "round 1; restore %s", fed_temp_file(&temp, "six.fed"));
	run(fed_text_str(&line));
	shell_lab_reply(&lab, "rewind 4", FED_EXIT_FAILED);
	run("undo");
	run("expect version==1");
	fed_text_release(&line);
	fed_temp_remove(&temp);
}
END_TEST

static const struct {
	const char *typed;
	enum fed_exit result;
} amounts[] = {
	{"500M", FED_EXIT_OK},   {"2G", FED_EXIT_OK},     {"1.5 GB", FED_EXIT_OK},
	{"2e6", FED_EXIT_OK},    {"auto", FED_EXIT_OK},   {"1", FED_EXIT_USAGE},
	{"500", FED_EXIT_USAGE}, {"-1G", FED_EXIT_USAGE}, {"2X", FED_EXIT_USAGE},
	{"G", FED_EXIT_USAGE},   {"2GG", FED_EXIT_USAGE}, {"nanG", FED_EXIT_USAGE},
};

START_TEST(memory_is_typed_as_an_amount)
{
	char line[80];

	snprintf(line, sizeof line, "set history-memory \"%s\"", amounts[_i].typed);
	shell_lab_reply(&lab, line, amounts[_i].result);
}
END_TEST

FED_SUITE(travel)
{
	Suite *suite = suite_create("travel");
	TCase *tests = tcase_create("travel");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, each_place_has_the_state_of_the_first_visit,
	                    (int)setting("FED_TRAVEL_FIRST", 0),
	                    (int)setting("FED_TRAVEL_SEEDS", SEEDS));
	tcase_add_loop_test(tests, each_plugin_goes_on_alike, 0, 2);
	tcase_add_test(tests, each_scheme_and_fault_goes_on_alike);
	tcase_add_test(tests, versions_of_a_restored_session_are_not_made_up);
	tcase_add_loop_test(tests, memory_is_typed_as_an_amount, 0, sizeof amounts / sizeof *amounts);
	suite_add_tcase(suite, tests);
	return suite;
}
