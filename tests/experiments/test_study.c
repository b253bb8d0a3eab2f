/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Studies against sessions composed by hand, and against themselves after kills.
 */
#include "experiments/study.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "experiments/study_table.h"
#include "report/composition_text.h"
#include "session/small.h"
#include "support/suite.h"

#define DATA "dataset blobs train=400 test=60 classes=4 spread=1;model mlp hidden=4;"
#define PARTS "aggregator fedavg;transport local;set batch 10"
#define GRID "aggregator = fedavg, median; lr = 0.05, 0.2; seed = 0..2"

static void ignore(void *ctx)
{
	(void)ctx;
}

static void compose(struct fed_session *s, const char *more)
{
	small_init(s, NULL);
	small_do(s, DATA "set threads 2;" PARTS);
	small_do(s, more);
}

/* A study in the file studies.db of a folder. */
struct lab {
	struct fed_session session;
	struct fed_store *store;
	struct fed_study study;
	struct fed_text snapshot;
};

static int lab_open(struct lab *lab, const char *path, const char *clients, const char *factors,
                    uint64_t rounds, struct fed_error *err)
{
	*lab = (struct lab){0};
	compose(&lab->session, clients);
	fed_assert_ok(fed_session_start(&lab->session, err), err);
	fed_assert_ok(fed_store_open(&lab->store, path, FED_STORE_MAKE, err), err);
	const struct fed_study_plan plan = {.name = "grid",
	                                    .factors = factors,
	                                    .until = "",
	                                    .rounds = rounds,
	                                    .program = "1",
	                                    .snapshot = &lab->snapshot};

	return fed_study_open(&lab->study, lab->store, &lab->session, &plan, err);
}

static void lab_close(struct lab *lab)
{
	fed_study_close(&lab->study);
	fed_store_close(lab->store);
	fed__session_release(&lab->session);
	fed_text_release(&lab->snapshot);
}

static void lab_play(struct lab *lab, void (*progress)(void *), void *ctx, struct fed_error *err)
{
	bool interrupted;

	fed_assert_ok(fed_study_play(&lab->study, progress, ctx, &interrupted, err), err);
	ck_assert(!interrupted);
	ck_assert_uint_eq(lab->study.trials.played, lab->study.trials.n);
}

/* Everything of the runs but times, as text. */
struct rows {
	struct fed_store *store;
	struct fed_text text;
};

static bool take_row(void *ctx, const struct fed_stored_run *run)
{
	struct rows *rows = ctx;
	struct fed_history h = {0};
	struct fed_error err = {""};

	fed_text_add(&rows->text, "%llu %llu %s|%s|%s|%s|%s|%s\n", (unsigned long long)run->cell,
	             (unsigned long long)run->rounds, run->levels, run->composition, run->program,
	             run->plugins, run->why, run->scheme);
	fed_assert_ok(fed_store_history(rows->store, run->id, &h, &err), &err);
	for (size_t i = 0; i < h.n; i++)
		fed_text_add(&rows->text, "%016llx\n", (unsigned long long)fed_record_digest(&h.record[i]));
	fed_history_release(&h);
	return true;
}

static char *rows_of(struct fed_store *store, int64_t study)
{
	struct rows rows = {.store = store};
	struct fed_error err = {""};

	fed_assert_ok(fed_store_each_run(store, study, take_row, &rows, &err), &err);
	ck_assert(!rows.text.failed);
	return rows.text.s;
}

/* By hand -------------------------------------------------------------------------------- */

struct by_hand {
	uint64_t cell;
	struct fed_store *store;
	struct fed_history kept;
	uint64_t clients;
	char *composition;
};

static bool take_cell(void *ctx, const struct fed_stored_run *run)
{
	struct by_hand *b = ctx;
	struct fed_error err = {""};

	if (run->cell != b->cell)
		return true;
	ck_assert_str_eq(run->why, "");
	b->clients = run->clients;
	b->composition = fed_strdup(run->composition);
	fed_assert_ok(fed_store_history(b->store, run->id, &b->kept, &err), &err);
	return false;
}

/* Each cell's rounds and composition are those of a session composed with its levels. */
START_TEST(a_cell_is_a_session)
{
	static const struct {
		const char *clients, *factors;
		struct {
			const char *before, *after; /* typed before the dataset, and instead of the clients */
		} cell[4];
	} grids[] = {
		{"add 6 noniid 40",
	     "partition = iid, dirichlet:alpha=0.5; seed = 3, 7",
	     {{"set seed 3", "add 6 iid 40"},
	      {"set seed 3", "add 6 dirichlet 40"},
	      {"set seed 7", "add 6 iid 40"},
	      {"set seed 7", "add 6 dirichlet 40"}}},
		{"add 4 iid 30;add 3 noniid 20 phone:0.5 4g:0.3",
	     "aggregator = median, fedadam:eta=0.05; seed = 2, 5",
	     {{"set seed 2", "add 4 iid 30;add 3 noniid 20 phone:0.5 4g:0.3;aggregator median"},
	      {"set seed 2",
	       "add 4 iid 30;add 3 noniid 20 phone:0.5 4g:0.3;aggregator fedadam eta=0.05"},
	      {"set seed 5", "add 4 iid 30;add 3 noniid 20 phone:0.5 4g:0.3;aggregator median"},
	      {"set seed 5",
	       "add 4 iid 30;add 3 noniid 20 phone:0.5 4g:0.3;aggregator fedadam eta=0.05"}}},
		{"add 5 iid 40;remove 1-2;add 2 noniid 20",
	     "seed = 4; fault = none, straggler:0:factor=9",
	     {{"set seed 4", "add 5 iid 40;remove 1-2;add 2 noniid 20"},
	      {"set seed 4", "add 5 iid 40;remove 1-2;add 2 noniid 20;inject straggler 0 factor=9"}}},
		{"set holdout 0.2;add 6 iid 40",
	     "holdout = 0.1, 0.3; clients = 6, 12",
	     {{"", "set holdout 0.1;add 6 iid 40"},
	      {"", "set holdout 0.1;add 12 iid 20"},
	      {"", "set holdout 0.3;add 6 iid 40"},
	      {"", "set holdout 0.3;add 12 iid 20"}}},
		{"add 6 iid 40",
	     "unseen = 0, 0.5; seed = 1, 2",
	     {{"set seed 1", "add 6 iid 40"},
	      {"set seed 1", "set unseen 0.5;add 6 iid 40"},
	      {"set seed 2", "add 6 iid 40"},
	      {"set seed 2", "set unseen 0.5;add 6 iid 40"}}},
		{"add 8 iid 40",
	     "attack = none, gaussian:1-2:std=3; codec = none, int8",
	     {{"", "add 8 iid 40"},
	      {"", "add 8 iid 40;set codec int8"},
	      {"", "add 8 iid 40;inject byzantine 1-2 attack=gaussian std=3"},
	      {"", "add 8 iid 40;set codec int8;inject byzantine 1-2 attack=gaussian std=3"}}},
	};
	struct fed_temp temp;

	fed_temp_make(&temp);
	for (size_t g = 0; g < sizeof grids / sizeof *grids; g++) {
		struct fed_error err = {""};
		struct lab lab;

		fed_assert_ok(lab_open(&lab, fed_temp_file(&temp, "a.db"), grids[g].clients,
		                       grids[g].factors, 3, &err),
		              &err);
		lab_play(&lab, ignore, NULL, &err);
		for (size_t k = 0; k < lab.study.trials.n; k++) {
			struct by_hand b = {.cell = k, .store = lab.store};
			struct fed_text composition = {0};
			struct fed_session real;

			fed_assert_ok(fed_store_each_run(lab.store, lab.study.stored.id, take_cell, &b, &err),
			              &err);
			small_init(&real, NULL);
			if (*grids[g].cell[k].before)
				small_do(&real, grids[g].cell[k].before);
			small_do(&real, DATA PARTS);
			small_do(&real, grids[g].cell[k].after);
			small_do(&real, "round 3");
			ck_assert_uint_eq(b.kept.n, 3);
			ck_assert_uint_eq(b.clients, real.parts.clients.n_present);
			for (size_t i = 0; i < 3; i++) {
				b.kept.record[i].wall = real.history.record[i].wall;
				ck_assert_msg(
					memcmp(&b.kept.record[i], &real.history.record[i], sizeof *b.kept.record) == 0,
					"grid %zu, cell %zu, round %zu", g, k, i);
			}
			if (g != 2 && g != 3) { /* these do not have what the session had before */
				fed_composition_put(&real, NULL, &composition);
				ck_assert_str_eq(b.composition, fed_text_str(&composition));
			}
			fed_text_release(&composition);
			fed_history_release(&b.kept);
			fed_free(b.composition);
			fed__session_release(&real);
		}
		fed_assert_ok(fed_store_remove(lab.store, lab.study.stored.id, &err), &err);
		lab_close(&lab);
	}
	fed_temp_remove(&temp);
}
END_TEST

/* Kills ---------------------------------------------------------------------------------- */

/* Ends the process, as kill -9 does, once so many rounds were made. */
struct ending {
	struct lab *lab;
	unsigned long long rounds;
};

static void end_there(void *ctx)
{
	const struct ending *e = ctx;

	if (atomic_load(&e->lab->study.trials.rounds) >= e->rounds)
		raise(SIGKILL);
}

static char *play_whole(const char *path, struct fed_error *err)
{
	struct lab lab;

	fed_assert_ok(lab_open(&lab, path, "add 4 noniid 30", GRID, 4, err), err);
	lab_play(&lab, ignore, NULL, err);
	char *rows = rows_of(lab.store, lab.study.stored.id);
	lab_close(&lab);
	return rows;
}

START_TEST(killed_at_many_moments_it_ends_the_same)
{
	struct fed_temp temp;
	struct fed_error err = {""};

	fed_temp_make(&temp);
	char *whole = play_whole(fed_temp_file(&temp, "whole.db"), &err);
	for (unsigned long long rounds = 0; rounds <= 45; rounds += FED_SANITIZED ? 15 : 5) {
		const char *path = fed_temp_file(&temp, "killed.db");
		const pid_t child = fork();
		int status;

		if (child == 0) {
			struct lab lab;
			struct ending ending = {&lab, rounds};
			bool interrupted;

			if (lab_open(&lab, path, "add 4 noniid 30", GRID, 4, &err) == FED_OK)
				fed_study_play(&lab.study, end_there, &ending, &interrupted, &err);
			_exit(1);
		}
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "status %d", status);
		char *rows = play_whole(path, &err);
		ck_assert_str_eq(rows, whole);
		fed_free(rows);
		unlink(path);
	}
	fed_free(whole);
	fed_temp_remove(&temp);
}
END_TEST

/* An interrupt stops it, and it goes on; cells that are there are not made again. */
static void stop_after_five(void *ctx)
{
	struct lab *lab = ctx;

	if (lab->study.trials.played >= 5)
		fed_session_interrupt(&lab->session);
}

START_TEST(interrupted_it_goes_on)
{
	struct fed_temp temp;
	struct fed_error err = {""};
	struct lab lab;
	bool interrupted;

	fed_temp_make(&temp);
	char *whole = play_whole(fed_temp_file(&temp, "whole.db"), &err);
	const char *path = fed_temp_file(&temp, "stopped.db");
	fed_assert_ok(lab_open(&lab, path, "add 4 noniid 30", GRID, 4, &err), &err);
	fed_assert_ok(fed_study_play(&lab.study, stop_after_five, &lab, &interrupted, &err), &err);
	ck_assert(interrupted);
	const size_t played = lab.study.trials.played;
	ck_assert_uint_lt(played, 12);
	lab_close(&lab);
	fed_assert_ok(lab_open(&lab, path, "add 4 noniid 30", GRID, 4, &err), &err);
	ck_assert_uint_eq(lab.study.trials.played, played);
	lab_play(&lab, ignore, NULL, &err);
	ck_assert_uint_eq(atomic_load(&lab.study.trials.rounds), (12 - played) * 4);
	char *rows = rows_of(lab.store, lab.study.stored.id);
	ck_assert_str_eq(rows, whole);
	fed_free(rows);
	fed_free(whole);
	lab_close(&lab);
	fed_temp_remove(&temp);
}
END_TEST

/* Files ---------------------------------------------------------------------------------- */

START_TEST(two_programs_do_not_run_the_same_study)
{
	struct fed_temp temp;
	struct fed_error err = {""};
	struct lab first, second;

	fed_temp_make(&temp);
	const char *path = fed_temp_file(&temp, "a.db");
	fed_assert_ok(lab_open(&first, path, "add 4 iid 30", "lr = 0.1, 0.2", 2, &err), &err);
	ck_assert_int_eq(lab_open(&second, path, "add 4 iid 30", "lr = 0.1, 0.2", 2, &err), FED_REJECT);
	ck_assert_msg(strstr(err.text, "being run by another program"), "%s", err.text);
	lab_play(&first, ignore, NULL, &err);
	lab_close(&second);
	lab_close(&first);
	fed_assert_ok(lab_open(&second, path, "add 4 iid 30", "lr=0.1,0.2", 2, &err), &err);
	ck_assert_uint_eq(second.study.trials.played, 2);
	lab_close(&second);
	fed_temp_remove(&temp);
}
END_TEST

START_TEST(another_study_of_the_name_is_refused)
{
	static const struct {
		const char *clients, *factors, *words;
		uint64_t rounds;
	} others[] = {{"add 4 iid 30", "lr = 0.1, 0.3", "other factors", 2},
	              {"add 4 iid 30", "lr = 0.1, 0.2", "other rounds", 3},
	              {"add 5 iid 30", "lr = 0.1, 0.2", "other composition", 2}};
	struct fed_temp temp;
	struct fed_error err = {""};
	struct lab lab;

	fed_temp_make(&temp);
	const char *path = fed_temp_file(&temp, "a.db");
	fed_assert_ok(lab_open(&lab, path, "add 4 iid 30", "lr = 0.1, 0.2", 2, &err), &err);
	lab_close(&lab);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		ck_assert_int_eq(
			lab_open(&lab, path, others[i].clients, others[i].factors, others[i].rounds, &err),
			FED_REJECT);
		ck_assert_msg(strstr(err.text, others[i].words), "%s", err.text);
		lab_close(&lab);
	}
	fed_temp_remove(&temp);
}
END_TEST

/* The last round has all figures of the final model, also where rounds are not evaluated. */
START_TEST(the_last_round_is_evaluated)
{
	struct by_hand b = {.cell = 0};
	struct fed_error err = {""};
	struct fed_temp temp;
	struct lab lab;

	fed_temp_make(&temp);
	fed_assert_ok(lab_open(&lab, fed_temp_file(&temp, "a.db"),
	                       "dataset markov users=4;model gru embedding=4 units=4;set eval-every 0;"
	                       "add 4 iid 20",
	                       "lr = 0.1", 2, &err),
	              &err);
	lab_play(&lab, ignore, NULL, &err);
	b.store = lab.store;
	fed_assert_ok(fed_store_each_run(lab.store, lab.study.stored.id, take_cell, &b, &err), &err);
	ck_assert_uint_eq(b.kept.n, 2);
	ck_assert(isnan(b.kept.record[0].test_loss) && isnan(b.kept.record[0].perplexity));
	ck_assert(isfinite(b.kept.record[1].test_accuracy));
	ck_assert_double_eq_tol(b.kept.record[1].perplexity, exp(b.kept.record[1].test_loss), 1e-9);
	fed_history_release(&b.kept);
	fed_free(b.composition);
	lab_close(&lab);
	fed_temp_remove(&temp);
}
END_TEST

/* Another frozen base is another study, and other trials. */
START_TEST(a_base_is_part_of_the_composition)
{
	static const char clients[] = "model mlp hidden=4 lora=1;add 4 iid 20";
	const struct fed_study_plan plan = {
		.name = "grid", .factors = "lr = 0.1", .until = "", .rounds = 1, .program = "1"};
	struct fed_error err = {""};
	struct fed_temp temp;
	struct lab lab;

	fed_temp_make(&temp);
	fed_assert_ok(lab_open(&lab, fed_temp_file(&temp, "a.db"), clients, plan.factors, 1, &err),
	              &err);
	lab_play(&lab, ignore, NULL, &err);
	fed_study_close(&lab.study);
	fed_assert_ok(fed_study_open(&lab.study, lab.store, &lab.session, &plan, &err), &err);
	ck_assert_uint_eq(lab.study.trials.played, 1);
	fed_study_close(&lab.study);

	const struct fed_net *net = &lab.session.parts.net;
	const uint64_t before = fed__session_hash(&lab.session);
	float *frozen = fed_alloc_floats(net->frozen_dim), *params = fed_alloc_floats(net->dim);
	memcpy(frozen, net->frozen, net->frozen_dim * sizeof *frozen);
	memcpy(params, fed_session_params(&lab.session), net->dim * sizeof *params);
	frozen[0] += 1;
	fed_assert_ok(fed_session_adopt_base(&lab.session, frozen, params, &err), &err);
	ck_assert(fed__session_hash(&lab.session) != before);
	ck_assert_int_eq(fed_study_open(&lab.study, lab.store, &lab.session, &plan, &err), FED_REJECT);
	ck_assert_msg(strstr(err.text, "is kept with other composition"), "%s", err.text);
	fed_study_close(&lab.study);

	const struct fed_study_plan others = {
		.name = "others", .factors = "dataset = blobs, moons", .until = "", .rounds = 1};
	ck_assert_int_eq(fed_study_open(&lab.study, lab.store, &lab.session, &others, &err),
	                 FED_REJECT);
	ck_assert_msg(strstr(err.text, "another dataset would drop the model's base"), "%s", err.text);
	fed_free_floats(frozen);
	lab_close(&lab);
	fed_temp_remove(&temp);
}
END_TEST

/* Clients with the same examples are others when they hold some out, or never take part. */
START_TEST(what_clients_train_on_is_part_of_the_composition)
{
	static const char *const clients[] = {"add 4 iid 20",
	                                      "set holdout 0.2;add 4 iid 20;set holdout 0",
	                                      "set unseen 0.5;add 4 iid 20;set unseen 0"};
	struct fed_text text[3] = {{0}};

	for (size_t i = 0; i < 3; i++) {
		struct fed_session s;

		compose(&s, clients[i]);
		fed_composition_put(&s, NULL, &text[i]);
		ck_assert_ptr_nonnull(strstr(text[i].s, "clients.examples="));
		for (size_t k = 0; k < i; k++)
			ck_assert_str_ne(text[i].s, text[k].s);
		fed__session_release(&s);
	}
	for (size_t i = 0; i < 3; i++)
		fed_text_release(&text[i]);
}
END_TEST

/* Zeroes over the pages behind the first: the study is told to be damaged, or what is whole of it
 * is read; nothing crashes. */
START_TEST(damaged_pages_are_told)
{
	struct fed_temp temp;
	struct fed_error err = {""};
	struct fed_stored_study study;
	struct fed_store *store;
	struct stat file;

	fed_temp_make(&temp);
	const char *path = fed_temp_file(&temp, "a.db");
	fed_free(play_whole(path, &err));
	ck_assert_int_eq(stat(path, &file), 0);
	unsigned told = 0;
	for (off_t page = 1; page < file.st_size / 4096; page++) {
		static const char zeroes[4096];
		char before[4096];
		const int fd = open(path, O_RDWR);

		ck_assert_int_eq(pread(fd, before, 4096, page * 4096), 4096);
		ck_assert_int_eq(pwrite(fd, zeroes, 4096, page * 4096), 4096);
		err.text[0] = 0;
		if (fed_store_open(&store, path, FED_STORE_MAKE, &err) == FED_OK) {
			if (fed_store_find(store, "grid", &study, &err) == FED_OK) {
				struct fed_history h = {0};

				for (int64_t run = 1; run <= 12; run++)
					fed_store_history(store, run, &h, &err);
				fed_history_release(&h);
				fed_stored_study_release(&study);
			}
			fed_store_close(store);
		}
		told += strstr(err.text, "is damaged") != NULL;
		ck_assert_int_eq(pwrite(fd, before, 4096, page * 4096), 4096);
		close(fd);
	}
	ck_assert_uint_gt(told, 0);
	char *rows = play_whole(path, &err); /* it is whole again */
	ck_assert_ptr_nonnull(rows);
	fed_free(rows);
	fed_temp_remove(&temp);
}
END_TEST

/* No more room in the file: the study stops with a sentence, and what was kept is whole. */
START_TEST(a_full_disk_loses_nothing)
{
	struct fed_temp temp;
	struct fed_error err = {""};
	struct lab lab;
	struct rlimit before, small;
	bool interrupted;

	fed_temp_make(&temp);
	char *whole = play_whole(fed_temp_file(&temp, "whole.db"), &err);
	const char *path = fed_temp_file(&temp, "full.db");
	fed_assert_ok(lab_open(&lab, path, "add 4 noniid 30", GRID, 4, &err), &err);
	getrlimit(RLIMIT_FSIZE, &before);
	signal(SIGXFSZ, SIG_IGN);
	small = before;
	small.rlim_cur = 160000;
	setrlimit(RLIMIT_FSIZE, &small);
	const int rc = fed_study_play(&lab.study, ignore, NULL, &interrupted, &err);
	setrlimit(RLIMIT_FSIZE, &before);
	ck_assert_int_eq(rc, FED_FAIL);
	ck_assert_msg(strstr(err.text, "whole") || strstr(err.text, "full"), "%s", err.text);
	ck_assert_uint_gt(lab.study.trials.played, 0);
	ck_assert_uint_lt(lab.study.trials.played, 12);
	lab_close(&lab);
	char *rows = play_whole(path, &err);
	ck_assert_str_eq(rows, whole);
	fed_free(rows);
	fed_free(whole);
	fed_temp_remove(&temp);
}
END_TEST

/* Another program writes for longer than one waits. */
START_TEST(a_locked_file_is_told)
{
	struct fed_temp temp;
	struct fed_error err = {""};
	struct lab lab;
	bool interrupted;

	fed_temp_make(&temp);
	const char *path = fed_temp_file(&temp, "a.db");
	fed_assert_ok(lab_open(&lab, path, "add 4 iid 30", "lr = 0.1, 0.2", 2, &err), &err);
	fed__store_patience(lab.store, 20);
	struct fed_store *other;
	fed_assert_ok(fed_store_open(&other, path, FED_STORE_MAKE, &err), &err);
	fed_assert_ok(fed__store_hold(other, true, &err), &err);
	ck_assert_int_eq(fed_study_play(&lab.study, ignore, NULL, &interrupted, &err), FED_FAIL);
	ck_assert_msg(strstr(err.text, "in use by another program"), "%s", err.text);
	fed_assert_ok(fed__store_hold(other, false, &err), &err);
	lab_play(&lab, ignore, NULL, &err);
	fed_store_close(other);
	lab_close(&lab);
	fed_temp_remove(&temp);
}
END_TEST

/* What is refused ------------------------------------------------------------------------ */

/* A level that cannot be applied is refused before any run, and no study is kept. */
START_TEST(levels_that_are_refused)
{
	static const char *const rows[][2] = {
		{"lrr = 0.1", "did you mean lr"},
		{"aggregator = fedavg, fedavgg", "fedavg"},
		{"partition = iid, dirichlett", "did you mean dirichlet"},
		{"partition = dirichlet:alpa=1", "alpha"},
		{"seed = 1, x", "not a whole number"},
		{"clients = 10, 0", "not a number of clients"},
		{"fault = straggler:factor=3", "needs its clients"},
		{"fault = stragler:1", "straggler"},
		{"attack = alie, alee", "alie"},
		{"device = phone, fone", "phone"},
	};
	struct fed_temp temp;

	fed_temp_make(&temp);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct fed_stored_study study;
		struct fed_error err = {""};
		struct lab lab;

		ck_assert_int_ne(
			lab_open(&lab, fed_temp_file(&temp, "a.db"), "add 10 iid 20", rows[i][0], 1, &err),
			FED_OK);
		ck_assert_msg(strstr(err.text, rows[i][1]), "%s: %s", rows[i][0], err.text);
		ck_assert_int_eq(fed_store_find(lab.store, "grid", &study, &err), FED_REJECT);
		lab_close(&lab);
	}
	fed_temp_remove(&temp);
}
END_TEST

/* A combination that does not work is kept with its reason; the others are played. */
START_TEST(a_run_fails)
{
	struct fed_study_table table = {0};
	const struct fed_field *metric;
	struct fed_error err = {""};
	struct fed_temp temp;
	struct lab lab;

	fed_temp_make(&temp);
	fed_assert_ok(lab_open(&lab, fed_temp_file(&temp, "a.db"), "add 10 iid 20",
	                       "aggregator = fedavg, krum:f=3; clients = 10, 7; seed = 0, 1", 2, &err),
	              &err);
	lab_play(&lab, ignore, NULL, &err);
	fed_assert_ok(fed_metric_find("accuracy", &metric, &err), &err);
	fed_assert_ok(fed_study_table_read(&table, lab.store, &lab.study.stored, metric,
	                                   "aggregator,clients", &err),
	              &err);
	ck_assert_uint_eq(table.failed, 2);
	ck_assert_uint_eq(table.missing, 0);
	ck_assert_uint_eq(table.rows, 2);
	ck_assert_uint_eq(table.group[0 * 2 + 1].n, 2); /* krum, 10 clients */
	ck_assert_uint_eq(table.group[1 * 2 + 1].n, 0); /* 2f + 2 < n does not hold for 7 */
	ck_assert(!table.group[1 * 2 + 0].best);        /* it is alone */
	fed_study_table_release(&table);
	lab_close(&lab);
	fed_temp_remove(&temp);
}
END_TEST

FED_SUITE(study)
{
	Suite *s = suite_create("study");
	TCase *c = tcase_create("study");

#ifdef FED_HAVE_SQLITE
	tcase_add_test(c, a_cell_is_a_session);
	tcase_add_test(c, interrupted_it_goes_on);
	tcase_add_test(c, two_programs_do_not_run_the_same_study);
	tcase_add_test(c, another_study_of_the_name_is_refused);
	tcase_add_test(c, the_last_round_is_evaluated);
	tcase_add_test(c, a_base_is_part_of_the_composition);
	tcase_add_test(c, what_clients_train_on_is_part_of_the_composition);
	tcase_add_test(c, damaged_pages_are_told);
	tcase_add_test(c, a_full_disk_loses_nothing);
	tcase_add_test(c, a_locked_file_is_told);
	tcase_add_test(c, levels_that_are_refused);
	tcase_add_test(c, a_run_fails);
	if (!FED_THREAD_SANITIZED) /* it forks, and starts threads then */
		tcase_add_test(c, killed_at_many_moments_it_ends_the_same);
#endif
	suite_add_tcase(s, c);
	return s;
}
