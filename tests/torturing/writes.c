/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * torturing/writes.c - scripts whose writes, fsyncs and renames fail, one after another, each of
 * them; and guarded plugins whose shared memory fails, each piece of it.
 *
 * Both go through all commands of a script: a command runs with its k-th operation failing, then
 * with the next one, until there is none left to fail.  Of files a seed stands for a script and a
 * share of the k; SHARES seeds of a script are all of it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/system/shared_memory.h"
#include "shell/language/autosave.h"
#include "torturing/torture.h"

enum { SHARES = 8, MOST_OPERATIONS = 10000 };

#define AUTOSAVE "# autosave" /* a line that stands for what happens at the prompt by itself */

static const char *const writing_script[] = {
	"set seed 3",
	"dataset blobs train=120 test=30",
	"set batch 8",
	"model mlp hidden=5",
	"add-client 5 samples=10",
	"new-plugin aggregator mine",
	"new-plugin aggregator mine replace",
	"round 2",
	"save a.fedsh-state",
	AUTOSAVE,
	"export m.npz",
	"export m.safetensors",
	"export h.csv",
	"export h.json",
	"updates save=u.npz",
	"updates save=u.npy",
	"step 4",
	"save a.fedsh-state",
	"continue",
	"inject byzantine 3 attack=ipm",
	"aggregator krum f=1",
	"round",
	AUTOSAVE,
	"save a.fedsh-state",
	"export m.npz",
	"export h.csv",
	"updates save=u.npz",
	"restore a.fedsh-state",
	"round",
	NULL,
};

static const char *const *const more_scripts[] = {writing_script, NULL};

/* The script of a seed, and which share of the k. */
static const char *const *script_of(const struct torture *t, uint64_t *share)
{
	const char *const *all[8];
	uint64_t n = 0;

	for (size_t i = 0; more_scripts[i]; i++)
		all[n++] = more_scripts[i];
	for (size_t i = 0; torture_scripts[i]; i++)
		all[n++] = torture_scripts[i];
	*share = t->seed / n % SHARES;
	return all[t->seed % n];
}

/* Files ---------------------------------------------------------------------------------- */

/* The file that a line writes; "": none that keeps its old content when the line fails. */
static void target_of(const struct shell_lab *lab, const char *line, char *out, size_t size)
{
	const char *last = strrchr(line, ' '), *equals = strrchr(line, '=');
	const bool writes = strncmp(line, "save", 4) == 0 || strncmp(line, "export", 6) == 0;

	if (strcmp(line, AUTOSAVE) == 0)
		snprintf(out, size, "%s", lab->shell.autosave.path ? lab->shell.autosave.path : "");
	else if (strncmp(line, "updates save=", 13) == 0)
		snprintf(out, size, "%s", equals + 1);
	else
		snprintf(out, size, "%s", writes && last ? last + 1 : "");
}

static void read_target(const char *path, struct fed_text *out)
{
	struct fed_error err;

	fed_text_clear(out);
	if (*path && access(path, F_OK) == 0)
		fed_assert_ok(fed_file_read(path, 1 << 26, out, &err), &err);
}

static void save_by_itself(struct shell_lab *lab)
{
	struct fed_autosave *a = &lab->shell.autosave;

	a->saves = 0; /* due, whatever the clock says */
	a->recorded = SIZE_MAX;
	fed__autosave_check(&lab->shell);
}

/* One line with its k-th file operation failing.  Returns whether that is still ahead. */
static bool write_with_failure(struct torture *t, struct shell_lab *lab, const char *line,
                               uint64_t k)
{
	static const int errors[] = {ENOSPC, EIO, EDQUOT, EFBIG};
	const int error = errors[k % 4];
	struct fed_text old = {0}, now = {0};
	char path[4200];
	bool ahead;

	target_of(lab, line, path, sizeof path);
	read_target(path, &old);
	lab->shell.autosave.failing = false;
	if (strcmp(line, AUTOSAVE) == 0) {
		fed__file_fail_at(k, error);
		save_by_itself(lab);
		ahead = fed__file_fail_ahead();
		fed__file_fail_at(0, 0);
		ck_assert(ahead || lab->shell.autosave.failing);
	} else {
		ahead = torture_run(lab, line, (struct torture_failure){.file = k, .error = error});
	}
	read_target(path, &now);
	/* What failed may be what follows a command: the recording of its line, the saving by itself.
	 */
	const bool done = lab->shell.lines_lost || (*line != '#' && lab->shell.autosave.failing);
	ck_assert_msg(ahead || !*path || done || torture_same(&old, &now),
	              "`%s`: operation %llu failed, and %s changed", line, (unsigned long long)k, path);
	ck_assert_msg(torture_temporaries(t->folder) == 0,
	              "`%s`: operation %llu failed, and a temporary is left", line,
	              (unsigned long long)k);
	fed_text_release(&old);
	fed_text_release(&now);
	return ahead;
}

/* A recording that a failed write ended goes on in a file of its own. */
static void record_on(struct shell_lab *lab)
{
	lab->shell.lines_lost = false;
	if (!lab->shell.record)
		shell_lab_run(lab, "record r.fedsh");
}

void torture_writes(struct torture *t)
{
	struct shell_lab lab;
	uint64_t share;
	const char *const *script = script_of(t, &share);

	shell_lab_open(&lab, FED_PLUGIN_DIR);
	torture_own_state(t);
	fed__autosave_set(&lab.shell, 1e9);
	for (size_t i = 0; script[i]; i++) {
		uint64_t k = 1 + share;

		for (; k < MOST_OPERATIONS; k += SHARES) {
			record_on(&lab);
			if (write_with_failure(t, &lab, script[i], k))
				break; /* there is no k-th one, and the line did what it says */
		}
		ck_assert_uint_lt(k, MOST_OPERATIONS);
	}
	fed__autosave_set(&lab.shell, 0);
	shell_lab_reply(&lab, "record stop", FED_EXIT_OK);
	shell_lab_close(&lab);
}

/* Shared memory -------------------------------------------------------------------------- */

#define FIXTURE(name) "load " FED_BUILD_DIR "/fixtures/" name ".so"

static const char *const guarded_script[] = {
	FIXTURE("mean_stream"),
	FIXTURE("mean_columns"),
	FIXTURE("crash_craft"),
	FIXTURE("crash_poison"),
	FIXTURE("crash_model"),
	"set threads 2",
	"dataset blobs train=80 test=40",
	"model softmax",
	"add-client 4 samples=12",
	"aggregator mean-stream",
	"round",
	"set on-plugin-error skip",
	"aggregator mean-columns",
	"round",
	"aggregator mean-stream",
	"round",
	"set on-plugin-error fallback:median",
	"aggregator mean-columns",
	"round",
	"aggregator mean-stream",
	"round",
	"set on-plugin-error stop",
	"scheme async concurrency=3",
	"round",
	"scheme sync",
	"inject byzantine 1 attack=crash-craft",
	"round",
	"heal all",
	"inject byzantine 2 attack=crash-poison",
	"round",
	"model crash-model",
	"round",
	NULL,
};

/* A piece of shared memory is missing at each moment: the command says so, or what
 * `on-plugin-error` names steps in; the session lives, and the round after it is made. */
void torture_shared(struct torture *t)
{
	struct fed_error err;
	struct shell_lab lab;

	shell_lab_open(&lab, FED_PLUGIN_DIR);
	torture_own_state(t);
	fed_assert_ok(fed_session_guard(lab.shell.session, FED_BUILD_DIR "/fedsh-worker", &err), &err);
	for (size_t i = 0; guarded_script[i]; i++) {
		uint64_t k = 1;

		while (k < MOST_OPERATIONS &&
		       !torture_run(&lab, guarded_script[i], (struct torture_failure){.shared = k}))
			k++;
		ck_assert_uint_lt(k, MOST_OPERATIONS);
	}
	shell_lab_reply(&lab, "round", FED_EXIT_OK);
	shell_lab_close(&lab);
}
