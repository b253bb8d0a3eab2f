/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * torturing/scripts.c - the scripts under which memory and files fail, and what they have in
 * common.
 */
#include <errno.h>
#include <ftw.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/system/shared_memory.h"
#include "checkpoint/checkpoint.h"
#include "session/internal.h"
#include "torturing/torture.h"

#define SMALL "set seed 3", "dataset blobs train=120 test=30", "set threads 2", "set batch 8"

static const char *const sync_script[] = {SMALL,
                                          "model mlp hidden=5",
                                          "add-client 5 noniid samples=10 device=phone link=4g",
                                          "inject flaky 1-2 p=0.5",
                                          "inject byzantine 3 attack=ipm",
                                          "aggregator krum f=1",
                                          "set codec int8",
                                          "set error-feedback on",
                                          "round",
                                          "round 1",
                                          "step 4",
                                          "save open.fedsh-state",
                                          "set lr 0.05",
                                          "continue",
                                          "status",
                                          "explain",
                                          "clients",
                                          "costs",
                                          "timeline",
                                          "updates",
                                          "history",
                                          "log 20",
                                          "save a.fedsh-state",
                                          "aggregator scaffold",
                                          "round",
                                          "keep first",
                                          "restart",
                                          "round",
                                          "compare first",
                                          "export m.npz",
                                          "restore open.fedsh-state",
                                          "continue",
                                          "export h.csv",
                                          "heal all",
                                          "remove-client 0",
                                          "round",
                                          "reset",
                                          NULL};
static const char *const async_script[] = {SMALL,
                                           "model softmax",
                                           "add-client 6 samples=8 device=phone link=4g",
                                           "scheme async concurrency=3",
                                           "aggregator fedbuff buffer=2",
                                           "inject late 0-2 versions=2 p=0.5",
                                           "round",
                                           "round 1",
                                           "step 3",
                                           "abort",
                                           "save a.fedsh-state",
                                           "round",
                                           "explain",
                                           "timeline",
                                           "restore a.fedsh-state",
                                           "round",
                                           "sweep lr 0.01,0.1 rounds=1",
                                           "break version>=9",
                                           "round",
                                           "updates",
                                           "select oort",
                                           "round",
                                           NULL};
static const char *const split_script[] = {
	SMALL,
	"model mlp hidden=5",
	"add-client 4 samples=12 device=phone link=4g",
	"scheme split cut=1 parallel=v2 smashed=batch labels=client",
	"inject byzantine 0 attack=ipm",
	"round",
	"set parallel off",
	"round",
	"step 9",
	"save a.fedsh-state",
	"abort",
	"explain",
	"leakage examples=10",
	"restore a.fedsh-state",
	"continue",
	"timeline",
	"costs",
	"tournament rounds=1 attacks=sign-flip aggregators=fedavg",
	"export m.safetensors",
	NULL};
const char *const *const torture_scripts[] = {sync_script, async_script, split_script, NULL};

uint32_t torture_below(struct torture *t, uint32_t n)
{
	return fed_stream_below(&t->random, n);
}

uint64_t torture_position(struct torture *t, uint32_t most)
{
	return (uint64_t)exp(fed_stream_real(&t->random) * log(most));
}

bool torture_snapshot(const struct fed_session *s, struct fed_text *out)
{
	struct fed_error why;

	fed_text_clear(out);
	return fed_snapshot_take(s, out, &why) == FED_OK;
}

bool torture_same(const struct fed_text *a, const struct fed_text *b)
{
	return a->len == b->len && (a->len == 0 || memcmp(a->s, b->s, a->len) == 0);
}

/* What a command printed must say why it failed. */
static void check_sentence(const char *line, const char *said, enum fed_exit result)
{
	ck_assert_msg(strlen(said) > 10 && strchr(said, ' '), "`%s` failed with %d and said \"%s\"",
	              line, (int)result, said);
}

bool torture_run(struct shell_lab *lab, const char *line, struct torture_failure failure)
{
	const struct fed_session *s = lab->shell.session;
	struct fed_text before = {0}, after = {0};
	const bool shown = torture_snapshot(s, &before);
	fflush(lab->shell.out);
	const size_t said = lab->length;
	const uint64_t version = fed_session_version(s);
	const bool open = fed_session_open(s);
	const size_t dim = s->parts.aggregator.dim;

	fed__mem_fail_at(failure.memory);
	fed__file_fail_at(failure.file, failure.error);
	fed__shared_memory_fail_at(failure.shared);
	const enum fed_exit result = shell_lab_run(lab, line);
	const bool ahead = (!failure.memory || fed__mem_fail_ahead()) &&
	                   (!failure.file || fed__file_fail_ahead()) &&
	                   (!failure.shared || fed__shared_memory_fail_ahead());
	fed__mem_fail_at(0);
	fed__file_fail_at(0, 0);
	fed__shared_memory_fail_at(0);
	if (result != FED_EXIT_OK) {
		check_sentence(line, shell_lab_said(lab) + said, result);
		/* Steps that were made before one that failed stay made; a failure in an open round
		 * aborts it; a whole round of async has no snapshot of the work in flight, and says so; an
		 * aggregator gets its vectors at its first round, and keeps them. */
		if (shown && fed_session_version(s) == version && fed_session_open(s) == open &&
		    s->parts.aggregator.dim == dim &&
		    !strstr(shell_lab_said(lab) + said, "cancels the work in flight") &&
		    strncmp(line, "step", 4) != 0) {
			ck_assert_msg(torture_snapshot(s, &after), "`%s`: no snapshot", line);
			ck_assert_msg(torture_same(&before, &after),
			              "`%s` failed with %d and changed the session: %s", line, (int)result,
			              shell_lab_said(lab) + said);
		}
	}
	fed_text_release(&before);
	fed_text_release(&after);
	return ahead;
}

void torture_own_state(const struct torture *t)
{
	setenv("XDG_STATE_HOME", t->folder, 1);
}

static size_t length_of(const char *const *script)
{
	size_t n = 0;

	while (script[n])
		n++;
	return n;
}

static const char *const *draw_script(struct torture *t)
{
	uint32_t n = 0;

	while (torture_scripts[n])
		n++;
	return torture_scripts[torture_below(t, n)];
}

/* Several commands of a script fail, each at some allocation. */
void torture_memory(struct torture *t)
{
	const char *const *script = draw_script(t);
	const size_t n = length_of(script);
	struct shell_lab lab;

	shell_lab_open(&lab, FED_PLUGIN_DIR);
	for (size_t i = 0; i < n; i++) {
		for (uint32_t again = torture_below(t, 5); again > 0; again--) {
			torture_run(&lab, script[i],
			            (struct torture_failure){.memory = torture_position(t, 3000)});
		}
		shell_lab_run(&lab, script[i]);
	}
	shell_lab_close(&lab);
}

enum { MOST_ALLOCATIONS = 20000 };

/* One command of a script, with each of its first 200 allocations failing, then one in so many that
 * thousands take seconds; seeds count the commands of all scripts. */
void torture_every(struct torture *t)
{
	const char *const *script = torture_scripts[0];
	uint64_t at = t->seed, of = 0;
	struct shell_lab lab;

	while (at >= length_of(script)) { /* behind the last script it is the first again */
		at -= length_of(script);
		of = torture_scripts[of + 1] ? of + 1 : 0;
		script = torture_scripts[of];
	}
	shell_lab_open(&lab, FED_PLUGIN_DIR);
	for (uint64_t i = 0; i < at; i++)
		shell_lab_run(&lab, script[i]);
	for (uint64_t k = 1; k < MOST_ALLOCATIONS; k += 1 + k / 200) {
		if (torture_run(&lab, script[at], (struct torture_failure){.memory = k}))
			break; /* there is no k-th one */
	}
	shell_lab_run(&lab, script[at]);
	shell_lab_close(&lab);
}

/* Files ---------------------------------------------------------------------------------- */

static void read_file(const char *path, struct fed_text *out)
{
	struct fed_error err;

	fed_text_clear(out);
	if (access(path, F_OK) == 0)
		fed_assert_ok(fed_file_read(path, 1 << 26, out, &err), &err);
}

static unsigned temporaries;

static int count_temporary(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	temporaries += strstr(path + at->base, ".fedsh.tmp") != NULL;
	return 0;
}

unsigned torture_temporaries(const char *folder)
{
	temporaries = 0;
	ck_assert_int_eq(nftw(folder, count_temporary, 16, FTW_PHYS), 0);
	return temporaries;
}

static const char *const writers[] = {
	"save f",
	"export f.npz",
	"export f.csv",
	"export f.safetensors",
	"updates save=f.npz",
	"export f.json",
	"updates save=f.npy",
	"record f.fedsh",
};

/* A command writes over a file, and a write, fsync or rename fails, or an allocation. */
void torture_files(struct torture *t)
{
	static const int errors[] = {ENOSPC, EIO, EDQUOT, EFBIG};
	const char *line = writers[torture_below(t, sizeof writers / sizeof *writers)];
	const char *equals = strchr(line, '='), *path = (equals ? equals : strchr(line, ' ')) + 1;
	struct fed_text old = {0}, now = {0};
	struct shell_lab lab;

	shell_lab_open(&lab, FED_PLUGIN_DIR);
	for (int i = 0; i < 10; i++)
		shell_lab_run(&lab, sync_script[i]);
	shell_lab_run(&lab, "round 2");
	shell_lab_run(&lab, line);
	shell_lab_run(&lab, "record stop");
	for (int i = 0; i < 12; i++) {
		read_file(path, &old);
		torture_run(&lab, line,
		            (struct torture_failure){
						.memory = torture_below(t, 3) ? 0 : torture_position(t, 500),
						.file = torture_position(t, 60),
						.error = errors[torture_below(t, 4)],
					});
		const bool same = (read_file(path, &now), torture_same(&old, &now));
		/* Its content may be the new one: then nothing of it is missing. */
		if (!same && strncmp(line, "save", 4) == 0)
			ck_assert_int_eq(shell_lab_run(&lab, "restore f"), FED_EXIT_OK);
		ck_assert_msg(same || now.len > 0, "`%s` left an empty file", line);
		ck_assert_uint_eq(torture_temporaries(t->folder), 0);
		shell_lab_run(&lab, "record stop");
		shell_lab_run(&lab, "round");
	}
	fed_text_release(&old);
	fed_text_release(&now);
	shell_lab_close(&lab);
}
