/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * torturing/saved.c - files of a program that is killed, and saved files with flipped bits.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "checkpoint/checkpoint.h"
#include "session/internal.h"
#include "torturing/torture.h"

/* A kill --------------------------------------------------------------------------------- */

#define COMPOSE \
	"set seed 4; dataset blobs train=200 test=50; model mlp hidden=32; add-client 5 samples=20\n"
#define WRITE "round; save a.fedsh-state; export p.npz; step 3; save b.fedsh-state; export h.csv\n"

enum { WRITES = 2000 };

static pid_t begin_writing(const struct torture *t)
{
	struct fed_text script = {0};

	fed_text_add(&script, "record r.fedsh\n" COMPOSE "export h.csv; export p.npz\n"
	                      "save a.fedsh-state; save b.fedsh-state\n");
	for (int i = 0; i < WRITES; i++)
		fed_text_add(&script, WRITE);
	FILE *f = fopen("script.fedsh", "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(script.s, 1, script.len, f), script.len);
	fclose(f);
	fed_text_release(&script);
	const pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		setenv("XDG_STATE_HOME", t->folder, 1);
		if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
			_exit(98);
		execl(FED_BUILD_DIR "/fedsh", "fedsh", "script.fedsh", NULL);
		_exit(99);
	}
	return child;
}

static void check_lines(const char *path)
{
	struct fed_text text = {0};
	struct fed_error err;

	fed_assert_ok(fed_file_read(path, 1 << 26, &text, &err), &err);
	ck_assert_msg(text.len && text.s[text.len - 1] == '\n', "%s is torn", path);
	fed_text_release(&text);
}

/* Every file is whole, old or new; what was left beside them goes with the next save. */
void torture_kill(struct torture *t)
{
	const pid_t child = begin_writing(t);
	const struct timespec nap = {.tv_nsec = 1000000L + (long)torture_below(t, 900) * 1000000L};
	struct shell_lab lab;
	int status;

	for (int i = 0; i < 600 && access("b.fedsh-state", F_OK); i++)
		nanosleep(&(struct timespec){.tv_nsec = 50000000L}, NULL);
	nanosleep(&nap, NULL);
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
	              "it ended by itself with %d before it could be killed", status);
	shell_lab_open(&lab, FED_PLUGIN_DIR);
	shell_lab_reply(&lab, COMPOSE "import p.npz", FED_EXIT_OK);
	shell_lab_reply(&lab, "restore a.fedsh-state", FED_EXIT_OK);
	shell_lab_reply(&lab, "restore b.fedsh-state; round", FED_EXIT_OK);
	check_lines("h.csv");
	shell_lab_reply(&lab, "save a.fedsh-state; save b.fedsh-state; export h.csv; export p.npz",
	                FED_EXIT_OK);
	shell_lab_close(&lab);
	ck_assert_int_eq(system("test -z \"$(find . -name '*.fedsh.tmp*')\""), 0);
}

/* Flips ---------------------------------------------------------------------------------- */

enum { FLIPS = 60 };

static void make_saved(struct torture *t, struct shell_lab *lab, struct fed_text *out)
{
	static const char *const schemes[] = {"scheme sync", "scheme async concurrency=3",
	                                      "scheme split cut=1"};

	shell_lab_open(lab, FED_PLUGIN_DIR);
	shell_lab_reply(lab, COMPOSE "inject late 0-2 versions=2 p=0.5", FED_EXIT_OK);
	shell_lab_reply(lab, schemes[torture_below(t, 3)], FED_EXIT_OK);
	shell_lab_reply(lab, "round 2; step 3", FED_EXIT_OK);
	ck_assert(torture_snapshot(lab->shell.session, out));
}

/* Bits flip in a saved file, or its end is missing: it is refused and the session stays, or it
 * gives the same session. */
void torture_flips(struct torture *t)
{
	struct fed_text saved = {0}, now = {0}, other = {0};
	struct shell_lab lab;

	make_saved(t, &lab, &saved);
	shell_lab_reply(&lab, "round", FED_EXIT_OK);
	ck_assert(torture_snapshot(lab.shell.session, &other));
	for (int i = 0; i < FLIPS; i++) {
		struct fed_text damaged = {0};
		const bool cut = torture_below(t, 8) == 0;

		fed_text_put(&damaged, saved.s, cut ? torture_below(t, (uint32_t)saved.len) : saved.len);
		for (uint32_t n = cut ? 0 : 1 + torture_below(t, torture_below(t, 2) ? 1 : 9); n > 0; n--)
			damaged.s[torture_below(t, (uint32_t)damaged.len)] ^= (char)(1 << torture_below(t, 8));
		struct fed_error err = {""};
		const int rc = fed_snapshot_restore(lab.shell.session, &damaged, &err);
		ck_assert(torture_snapshot(lab.shell.session, &now));
		if (rc == FED_OK) {
			ck_assert_msg(torture_same(&now, &saved), "a damaged file gave another session");
			shell_lab_reply(&lab, "round", FED_EXIT_OK);
			ck_assert(torture_snapshot(lab.shell.session, &other));
		} else {
			ck_assert_msg(strlen(err.text) > 10, "refused with \"%s\"", err.text);
			ck_assert_msg(torture_same(&now, &other), "refused (%s), and the session changed",
			              err.text);
		}
		fed_text_release(&damaged);
	}
	fed_text_release(&saved);
	fed_text_release(&now);
	fed_text_release(&other);
	shell_lab_close(&lab);
}
