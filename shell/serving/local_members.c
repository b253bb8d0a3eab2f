/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/serving/local_members.c - processes of members on this machine.
 */
#include "shell/serving/local_members.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/system/spawn.h"
#include "room/room.h"

#define FAREWELL 2.0 /* seconds that members have to end by themselves */

static int make_folder(struct fed_local_members *all, struct fed_error *err)
{
	enum { LONGEST = 40 };
	const char *given = getenv("TMPDIR");
	const char *in = given && *given && strlen(given) <= LONGEST ? given : "/tmp";

	if (*all->folder)
		return FED_OK;
	snprintf(all->folder, sizeof all->folder, "%s/fedsh-members-XXXXXX", in);
	if (mkdtemp(all->folder))
		return FED_OK;
	fed_fail(err, "no folder for members can be made in %s: %s; TMPDIR names another", in,
	         strerror(errno));
	all->folder[0] = '\0';
	return FED_FAIL;
}

/* "127.0.0.1:5555" of "tcp://HOST:PORT"; all addresses are this machine's. */
static void put_address(const char *endpoint, struct fed_text *out)
{
	const char *host = endpoint + strlen("tcp://");

	if (*host == '*')
		fed_text_add(out, "127.0.0.1%s", host + 1);
	else
		fed_text_add(out, "%s", host);
}

static struct fed_local_member *add_member(struct fed_local_members *all, const char *name)
{
	struct fed_local_member *grown =
		fed_resize(all->of, all->n * sizeof *grown, (all->n + 1) * sizeof *grown);

	if (!grown)
		return NULL;
	all->of = grown;
	grown[all->n] = (struct fed_local_member){0};
	snprintf(grown[all->n].name, sizeof grown->name, "%s", name);
	return &grown[all->n++];
}

static struct fed_local_member *find(struct fed_local_members *all, const char *name)
{
	for (uint32_t i = 0; i < all->n; i++)
		if (strcmp(all->of[i].name, name) == 0)
			return &all->of[i];
	return NULL;
}

/* Forget the process of a member that has ended. */
static void collect(struct fed_local_member *m)
{
	if (m->pid && waitpid(m->pid, NULL, WNOHANG) == m->pid)
		m->pid = 0;
}

bool fed__local_member_runs(struct fed_shell *shell, const char *name)
{
	struct fed_local_member *m = shell->local_members ? find(shell->local_members, name) : NULL;

	if (m)
		collect(m);
	return m && m->pid;
}

int fed__local_member_start(struct fed_shell *shell, const char *name, const char *data, bool roles,
                            struct fed_error *err)
{
	struct fed_text address = {0}, identity = {0}, log = {0};

	if (!shell->local_members && !(shell->local_members = fed_alloc(sizeof *shell->local_members)))
		return fed_fail_memory(err, sizeof *shell->local_members, "a member");
	struct fed_local_members *all = shell->local_members;
	struct fed_local_member *m = find(all, name);
	if (m)
		collect(m);
	if (m && m->pid)
		return fed_reject(err, "%s runs already; `signal-member %s kill` ends it", name, name);
	if (make_folder(all, err))
		return FED_FAIL;
	m = m ? m : add_member(all, name);
	if (!m)
		return fed_fail_memory(err, sizeof *m, "a member");
	put_address(fed_room_endpoint(shell->room), &address);
	fed_text_add(&identity, "%s/%s.key", all->folder, name);
	fed_text_add(&log, "%s/%s.txt", all->folder, name);
	const char *const argv[] = {"/proc/self/exe",
	                            "join",
	                            fed_text_str(&address),
	                            fed_room_code(shell->room),
	                            "--plain",
	                            "--name",
	                            name,
	                            "--identity",
	                            fed_text_str(&identity),
	                            "--data",
	                            data,
	                            "--key",
	                            fed_room_key(shell->room),
	                            roles ? "--roles" : NULL,
	                            NULL};
	const int rc = fed_spawn(&m->pid, argv, fed_text_str(&log), err);
	m->paused = false;
	fed_text_release(&address);
	fed_text_release(&identity);
	fed_text_release(&log);
	return rc;
}

int fed__local_member_signal(struct fed_shell *shell, const char *name,
                             enum fed_member_signal signal, struct fed_error *err)
{
	static const int signals[] = {SIGKILL, SIGSTOP, SIGCONT};
	struct fed_local_member *m = shell->local_members ? find(shell->local_members, name) : NULL;

	if (m)
		collect(m);
	if (!m || !m->pid)
		return fed_reject(err, "%s is no member that `start-members` started and that still runs",
		                  fed_show(name).s);
	if (kill(m->pid, signals[signal]))
		return fed_fail(err, "%s: %s", name, strerror(errno));
	m->paused = signal == FED_SIGNAL_PAUSE;
	if (signal == FED_SIGNAL_KILL) {
		waitpid(m->pid, NULL, 0);
		m->pid = 0;
	}
	return FED_OK;
}

static void end_member(struct fed_local_member *m)
{
	const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};

	collect(m);
	if (m->pid && m->paused)
		kill(m->pid, SIGCONT);
	if (m->pid)
		kill(m->pid, SIGTERM);
	for (double waited = 0; m->pid && waited < FAREWELL; waited += 0.01) {
		nanosleep(&pause, NULL);
		collect(m);
	}
	if (!m->pid)
		return;
	kill(m->pid, SIGKILL);
	waitpid(m->pid, NULL, 0);
	m->pid = 0;
}

static void remove_files(const struct fed_local_members *all)
{
	static const char *const endings[] = {"key", "key.lock", "txt"};
	char path[128];

	for (uint32_t i = 0; i < all->n; i++) {
		for (size_t k = 0; k < sizeof endings / sizeof *endings; k++) {
			snprintf(path, sizeof path, "%s/%s.%s", all->folder, all->of[i].name, endings[k]);
			unlink(path);
		}
	}
	rmdir(all->folder);
}

void fed__local_members_end(struct fed_shell *shell)
{
	struct fed_local_members *all = shell->local_members;

	if (!all)
		return;
	for (uint32_t i = 0; i < all->n; i++) /* all at once, then one after the other */
		if (all->of[i].pid && !all->of[i].paused)
			kill(all->of[i].pid, SIGTERM);
	for (uint32_t i = 0; i < all->n; i++)
		end_member(&all->of[i]);
	if (*all->folder)
		remove_files(all);
	fed_free(all->of);
	fed_free(all);
	shell->local_members = NULL;
}
