/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/autosave.c - the rescue file of a session, and those that others left.
 */
#include "shell/language/autosave.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/file.h"
#include "base/mem.h"
#include "shell/language/line.h"
#include "shell/output/print.h"
#include "travel/travel.h"
#include "shell/language/state_folder.h"

#define PERIOD 30.0      /* seconds, by default */
#define COST_FACTOR 50.0 /* the pause after a save, in times that it took */
enum { NUMBERS = 100 };  /* tried for a name of its own */

static const char lock_end[] = ".lock", file_end[] = ".fed";
/* What the last quit left, and what the one before left, which has been offered. */
static const char last_name[] = "last", offered_name[] = "offered";

/* Files ------------------------------------------------------------------------- */

/* An open and locked file, or -1 with errno (EWOULDBLOCK: another has the lock). */
static int lock_file(const char *path, int flags)
{
	const int fd =
		open(path, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC | flags, 0600);

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	const int error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* Lock a name of its own: by the process, and a number where another machine shares the folder. */
static int take_name(struct fed_autosave *a)
{
	int error = ENOENT;

	for (int i = 0; i < NUMBERS && !a->path; i++) {
		struct fed_text path = {0};
		char name[64];

		snprintf(name, sizeof name, "rescue/%ld%s%.0d%s", (long)getpid(), i ? "-" : "", i,
		         lock_end);
		if (!fed__state_path(&path, name)) {
			fed_text_release(&path);
			return ENOENT;
		}
		a->lock = lock_file(path.s, O_CREAT | O_EXCL);
		error = errno;
		if (a->lock >= 0)
			a->path = fed_strdup(path.s);
		if (a->lock >= 0 && a->path) {
			strcpy(strrchr(a->path, '.'), file_end); /* is shorter */
		} else if (a->lock >= 0) {
			unlink(path.s);
			close(a->lock);
			error = ENOMEM;
		}
		fed_text_release(&path);
		if (error != EEXIST)
			break;
	}
	return a->path ? 0 : error;
}

/* The path of the lock of a rescue file; as long as a text may be, or cut. */
static void lock_of(const char *path, char *out, size_t size)
{
	snprintf(out, size, "%.*s%s", (int)(strlen(path) - strlen(file_end)), path, lock_end);
}

/* Remove a rescue file, what a kill within a save left of it, and its lock. */
static void remove_rescue(const char *path)
{
	char lock[4100];

	unlink(path);
	fed_file_sweep(path);
	lock_of(path, lock, sizeof lock);
	unlink(lock);
}

/* Give a rescue file another name of the folder, in the place of what has it; appends its path. */
static bool rename_rescue(const char *path, const char *name, struct fed_text *to)
{
	char lock[4100], file[64];
	bool done = false;

	snprintf(file, sizeof file, "rescue/%s%s", name, file_end);
	if (!fed__state_path(to, file))
		return false;
	lock_of(fed_text_str(to), lock, sizeof lock);
	const int fd = open(lock, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0) {
		done = rename(path, fed_text_str(to)) == 0;
		close(fd);
	}
	if (done) {
		lock_of(path, lock, sizeof lock);
		unlink(lock);
	}
	return done;
}

static void give_up_name(struct fed_autosave *a, bool keep)
{
	if (!a->path)
		return;
	if (!keep)
		remove_rescue(a->path);
	close(a->lock);
	fed_free(a->path);
	a->path = NULL;
}

/* Saving ------------------------------------------------------------------------ */

static bool is_changed(const struct fed_shell *shell)
{
	const struct fed_autosave *a = &shell->autosave;

	return shell->journal.len != a->recorded || fed_session_version(shell->session) != a->version;
}

/* In a run the period is between versions alone; what commands changed is saved with the next. */
static bool is_due(const struct fed_shell *shell, bool in_run)
{
	const struct fed_autosave *a = &shell->autosave;
	const bool only_versions = in_run && a->recorded == shell->journal.len;
	const double pause = fmax(only_versions ? a->period : 0, COST_FACTOR * a->cost);

	return a->saves == 0 || fed_wall_seconds() - a->saved >= pause;
}

/* Warn of the first failure in a row; the next save is tried in its time. */
static void tell_failure(struct fed_shell *shell, const char *why)
{
	struct fed_text text = {0};

	if (shell->autosave.failing)
		return;
	shell->autosave.failing = true;
	fed_text_add(&text, "autosave: %s", why);
	fed__print_warning(shell, fed_text_str(&text));
	fed_text_release(&text);
}

static void save_now(struct fed_shell *shell)
{
	struct fed_autosave *a = &shell->autosave;
	const double began = fed_wall_seconds();
	struct fed_error err;
	int error = a->path ? 0 : take_name(a);

	a->recorded = shell->journal.len;
	a->version = fed_session_version(shell->session);
	if (error)
		tell_failure(shell, strerror(error));
	else if (fed_travel_save_unsynced(shell->travel, a->path, &err))
		tell_failure(shell, err.text);
	else
		a->failing = false;
	a->saves++;
	a->saved = fed_wall_seconds();
	a->cost = a->saved - began;
}

static void check(struct fed_shell *shell, bool in_run)
{
	if (shell->autosave.period > 0 && is_changed(shell) && is_due(shell, in_run))
		save_now(shell);
}

void fed__autosave_version(struct fed_shell *shell)
{
	if (!shell->replaying)
		check(shell, true);
}

void fed__autosave_check(struct fed_shell *shell)
{
	struct fed_autosave *a = &shell->autosave;

	if (a->filing) {
		a->filed = shell->journal.len;
		a->filed_version = fed_session_version(shell->session);
	}
	a->filing = false;
	check(shell, false);
}

void fed__autosave_set(struct fed_shell *shell, double period)
{
	struct fed_autosave *a = &shell->autosave;

	a->period = period;
	a->failing = false;
	if (period > 0)
		return;
	give_up_name(a, false);
	*a = (struct fed_autosave){.interactive = a->interactive,
	                           .offered = a->offered,
	                           .filed = a->filed,
	                           .filed_version = a->filed_version,
	                           .filing = a->filing};
}

/* Whether the session has a run that the user has in no file. */
static bool has_unsaved_run(const struct fed_shell *shell)
{
	const struct fed_autosave *a = &shell->autosave;
	const uint64_t version = fed_session_version(shell->session);

	return version > 0 && (a->filed != shell->journal.len || a->filed_version != version);
}

/* A person ends the session by quit or Ctrl-D: keep its run until the next session has offered it.
 */
static void keep_run(struct fed_shell *shell)
{
	struct fed_autosave *a = &shell->autosave;
	const uint64_t version = fed_session_version(shell->session);

	if (a->period > 0 && (is_changed(shell) || !a->path))
		save_now(shell);
	struct fed_text path = {0};
	if (a->period > 0 && a->path && !a->failing && rename_rescue(a->path, last_name, &path)) {
		close(a->lock);
		fed_free(a->path);
		a->path = NULL;
		fed__print(shell, "the run of %s version%s is kept; the next session offers it\n",
		           fed_count((double)version).s, version == 1 ? "" : "s");
		fed_text_release(&path);
		return;
	}
	fed_text_release(&path);
	fed__print(shell, "the run of %s version%s is not kept: %s\n", fed_count((double)version).s,
	           version == 1 ? "" : "s",
	           a->period > 0 ? "it could not be saved" : "autosave is off");
}

void fed__autosave_end(struct fed_shell *shell, bool clean)
{
	struct fed_autosave *a = &shell->autosave;

	if (clean && a->interactive && has_unsaved_run(shell))
		keep_run(shell);
	if (!clean && a->period > 0 && is_changed(shell))
		save_now(shell);
	if (!clean && a->path && !fed__signals_ending()) {
		struct fed_text text = {0};

		fed_text_add(&text, "autosave: the session's last state is in %s", a->path);
		fed__print_warning(shell, fed_text_str(&text));
		fed_text_release(&text);
	}
	give_up_name(a, !clean);
	fed__autosave_set(shell, 0);
}

/* Those that others left --------------------------------------------------------- */

/* Path of the file of a lock in the folder; false: the name is not that of a lock. */
static bool rescue_path(const char *folder, const char *name, char *out, size_t size)
{
	const size_t n = strlen(name), end = strlen(lock_end);

	if (n <= end || strcmp(name + n - end, lock_end) != 0)
		return false;
	return (size_t)snprintf(out, size, "%s%.*s%s", folder, (int)(n - end), name, file_end) < size;
}

/* Lock a file that no session has locked; a lock without a file is removed. */
static int lock_left(const struct fed_shell *shell, const char *path, struct stat *st)
{
	char lock[4100];

	if (shell->autosave.path && strcmp(path, shell->autosave.path) == 0)
		return -1;
	lock_of(path, lock, sizeof lock);
	const int fd = lock_file(lock, 0);
	if (fd < 0 || (stat(path, st) == 0 && S_ISREG(st->st_mode)))
		return fd;
	remove_rescue(path);
	close(fd);
	return -1;
}

void fed__rescues_each(const struct fed_shell *shell,
                       void (*take)(void *ctx, const struct fed_rescue *), void *ctx)
{
	struct fed_text folder = {0};
	DIR *dir = fed__state_path(&folder, "rescue/") ? opendir(folder.s) : NULL;
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		struct fed_rescue rescue;
		struct stat st;
		struct tm local;

		if (!rescue_path(folder.s, entry->d_name, rescue.path, sizeof rescue.path))
			continue;
		const int lock = lock_left(shell, rescue.path, &st);
		if (lock < 0)
			continue;
		localtime_r(&st.st_mtime, &local);
		strftime(rescue.when, sizeof rescue.when, "%Y-%m-%d %H:%M:%S", &local);
		take(ctx, &rescue);
		close(lock);
	}
	if (dir)
		closedir(dir);
	fed_text_release(&folder);
}

static void discard(void *ctx, const struct fed_rescue *rescue)
{
	size_t *n = ctx;

	remove_rescue(rescue->path);
	++*n;
}

size_t fed__rescues_discard(const struct fed_shell *shell)
{
	size_t n = 0;

	fed__rescues_each(shell, discard, &n);
	return n;
}

struct taking_over {
	struct fed_shell *shell;
	const char *path;
};

static bool is_same_file(const char *a, const char *b)
{
	struct stat one, two;

	return stat(a, &one) == 0 && stat(b, &two) == 0 && one.st_dev == two.st_dev &&
	       one.st_ino == two.st_ino;
}

/* Save the session under its own name, then remove the file that it was restored from. */
static void take_over(void *ctx, const struct fed_rescue *rescue)
{
	const struct taking_over *t = ctx;

	if (!is_same_file(t->path, rescue->path))
		return;
	save_now(t->shell);
	if (t->shell->autosave.failing)
		return;
	remove_rescue(rescue->path);
	t->shell->autosave.filing = false;
	fed__print(t->shell, "it was saved by itself; `save FILE` gives it a file of its own\n");
}

void fed__autosave_restored(struct fed_shell *shell, const char *path)
{
	struct taking_over t = {shell, path};

	shell->autosave.filing = true; /* unless it is a rescue file */
	if (shell->autosave.period > 0)
		fed__rescues_each(shell, take_over, &t);
}

static bool is_named(const char *path, const char *name)
{
	const char *file = strrchr(path, '/');
	const size_t n = strlen(name);

	return file && strncmp(file + 1, name, n) == 0 && strcmp(file + 1 + n, file_end) == 0;
}

struct offer {
	struct fed_rescue newest;
	size_t n;
};

static void find_newest(void *ctx, const struct fed_rescue *rescue)
{
	struct offer *o = ctx;

	if (is_named(rescue->path, offered_name))
		return;
	if (o->n++ == 0 || strcmp(rescue->when, o->newest.when) > 0)
		o->newest = *rescue;
}

/* Without a home there is no folder: as the history, autosave is off then. */
void fed__autosave_begin(struct fed_shell *shell)
{
	struct fed_text command = {0};
	struct fed_text folder = {0};
	struct offer o = {.n = 0};
	const bool home = fed__state_path(&folder, "rescue/");

	shell->autosave.interactive = true;

	fed_text_release(&folder);
	if (!home)
		return;
	fed__autosave_set(shell, PERIOD);
	fed__rescues_each(shell, find_newest, &o);
	if (o.n == 0)
		return;
	struct fed_text path = {0};
	const bool last = is_named(o.newest.path, last_name);
	fed_text_add(&command, "restore ");
	if (last && rename_rescue(o.newest.path, offered_name, &path)) /* it is offered once */
		fed__word_quote(&command, fed_text_str(&path));
	else
		fed__word_quote(&command, o.newest.path);
	fed_text_release(&path);
	fed__print(shell,
	           "note: %s of %s was saved:\n"
	           "    %s\n"
	           "%s, `autosave discard` removes it",
	           last ? "the run of the last session" : "a session was not ended by quit; its state",
	           o.newest.when, fed_text_str(&command),
	           last ? "or `undo` goes on with it" : "goes on with it");
	if (last)
		fed_text_add(&shell->autosave.offered, "%s", fed_text_str(&command));
	if (o.n > 1)
		fed__print(shell, " and %zu older one%s, which `autosave` lists", o.n - 1,
		           o.n == 2 ? "" : "s");
	fed__print(shell, "\n");
	fed_text_release(&command);
}
