/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/guard/failure.c - cause of a worker process's end, with the plugin's line from addr2line.
 */
#include "plug/guard/failure.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

enum {
	MOMENT = 300, /* milliseconds between a closed socket and the end of its process */
	FRAMES = 3,   /* whose lines are looked up */
};

extern char **environ;

bool fed__worker_ended(pid_t pid, int *status)
{
	for (int i = 0; i < MOMENT; i++) {
		const pid_t got = waitpid(pid, status, WNOHANG);

		if (got == pid)
			return true;
		if (got < 0 && errno != EINTR)
			return false;
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	return false;
}

/* Lines ------------------------------------------------------------------ */

/* Run addr2line on descriptor 3; its output into `out`.  Addresses that are "" are left out. */
static bool run_addr2line(char address[FRAMES][32], int file, char *out, size_t size)
{
	char *argv[4 + FRAMES + 1] = {(char[]){"addr2line"}, (char[]){"-i"}, (char[]){"-e"},
	                              (char[]){"/proc/self/fd/3"}};
	posix_spawn_file_actions_t actions;
	int ends[2], status = 0;
	size_t n = 0;
	pid_t pid;

	for (int i = 0; i < FRAMES && *address[i]; i++)
		argv[4 + i] = address[i];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	const int copy = fcntl(file, F_DUPFD_CLOEXEC, 16), to = fcntl(ends[1], F_DUPFD_CLOEXEC, 16);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, to, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, copy, 3);
	const bool began =
		copy >= 0 && to >= 0 && posix_spawnp(&pid, "addr2line", &actions, NULL, argv, environ) == 0;
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	if (copy >= 0)
		close(copy);
	if (to >= 0)
		close(to);
	for (ssize_t got = 1; began && got > 0 && n + 1 < size; n += got > 0 ? (size_t)got : 0)
		got = read(ends[0], out + n, size - 1 - n);
	out[n] = '\0';
	close(ends[0]);
	while (began && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return began && n > 0;
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Whether "PATH:LINE" is in a file that plugins include, of fedsh or of the system. */
static bool is_included(const char *line)
{
	const char *folder = strstr(line, "/fedsh/");

	return strncmp(line, "/usr/", 5) == 0 ||
	       (folder && base_of(line) == folder + strlen("/fedsh/") && strstr(folder, ".h:"));
}

/* Cut "PATH:LINE (discriminator 2)" off behind the line; false if that is not known. */
static bool cut_line(char *said)
{
	said[strcspn(said, " ")] = '\0';
	const char *name = base_of(said);
	return *name && name[0] != '?' && !strstr(name, ":?") &&
	       strcmp(name + strcspn(name, ":"), ":0") != 0;
}

/* The "PATH:LINE" that addr2line said of the innermost function that the plugin's author wrote; of
 * any where there is none; NULL: none is known. */
static const char *choose_line(char *said)
{
	const char *found = NULL;

	for (char *rest = said, *line; (line = strtok_r(rest, "\n", &rest)) != NULL;) {
		if (!cut_line(line))
			continue;
		if (!is_included(line))
			return line;
		found = found ? found : line;
	}
	return found;
}

/* " at FILE:LINE" of the plugin's innermost frames, inlined functions among them, or "". */
static void put_place(struct fed_text *t, const struct fed_crash_report *r, int file)
{
	char address[FRAMES][32] = {""}, said[4096];
	const uint32_t frames = r->frames < FRAMES ? r->frames : FRAMES;
	const char *line = NULL;

	for (uint32_t i = 0; i < frames; i++)
		snprintf(address[i], sizeof address[i], "0x%llx", (unsigned long long)r->frame[i]);
	if (frames && file >= 0 && run_addr2line(address, file, said, sizeof said))
		line = choose_line(said);
	if (line)
		fed_text_add(t, " at %s", fed_show(base_of(line)).s);
	else if (frames)
		fed_text_add(t, " at offset 0x%llx of its file", (unsigned long long)r->frame[0]);
}

/* Words ------------------------------------------------------------------ */

static const char *fault(const struct fed_crash_report *r)
{
	switch (r->signal) {
	case SIGABRT:
		return "it called abort(), or the C library did for it";
	case SIGFPE:
		return "it divided an integer by zero";
	case SIGILL:
		return "it ran into a trap that the compiler sets where code can never work (a division by "
			   "0, a NULL pointer), or it jumped into data";
	case SIGBUS:
		return "it used an address that nothing lies behind";
	default:
		break;
	}
	switch (r->place) {
	case FED_FAULT_INPUT:
		return "it wrote into its inputs, which it may only read";
	case FED_FAULT_PAST:
		return "it wrote past the end of its output";
	case FED_FAULT_VECTOR:
		return "it wrote outside of its vectors";
	case FED_FAULT_STACK:
		return "it ran out of stack; does a function call itself without end?";
	default:
		return r->address < 4096 ? "it used a NULL pointer"
		                         : "it used an address that is not its own";
	}
}

/* "SIGSEGV", or "signal 40". */
static void put_signal(struct fed_text *t, int signal)
{
	const char *name = sigabbrev_np(signal);

	if (name)
		fed_text_add(t, "SIG%s", name);
	else
		fed_text_add(t, "signal %d", signal);
}

static void put_end(struct fed_text *t, const struct fed_crash_report *r, int status,
                    const char *function)
{
	if (r->exited)
		fed_text_add(t, "called exit(%d) in %s; a plugin returns FED_FAIL instead",
		             WIFEXITED(status) ? WEXITSTATUS(status) : 0, function);
	else if (WIFEXITED(status))
		fed_text_add(t, "ended its process with code %d in %s", WEXITSTATUS(status), function);
	else if (WTERMSIG(status) == SIGKILL)
		fed_text_add(t, "was killed in %s; was there memory enough?", function);
	else {
		fed_text_add(t, "was ended by ");
		put_signal(t, WTERMSIG(status));
		fed_text_add(t, " in %s", function);
	}
}

int fed__worker_failure(const struct fed_worker_end *end, struct fed_error *err)
{
	const struct fed_crash_report *r = end->report;
	const char *function = end->function;
	struct fed_text t = {0};

	if (*end->finding) {
		fed_text_add(&t, "made a mistake in %s: %s", function, end->finding);
	} else if (r->signal) {
		fed_text_add(&t, "crashed in %s", function);
		put_place(&t, r, end->file);
		fed_text_add(&t, ": %s (", fault(r));
		put_signal(&t, (int)r->signal);
		fed_text_add(&t, ")");
	} else if (end->how == FED_LOST_ENDED) {
		put_end(&t, r, end->status, function);
	} else if (end->how == FED_LOST_DEADLINE) {
		fed_text_add(&t, "did not return from %s within %g s (`set plugin-deadline`)", function,
		             end->deadline);
	} else if (end->how == FED_LOST_INTERRUPTED) {
		fed_text_add(&t, "was interrupted in %s", function);
	} else if (end->how == FED_LOST_MEMORY) {
		fed_text_add(&t, "gave an answer in %s for which there is no memory", function);
	} else if (end->how == FED_LOST_CONNECTION) {
		fed_text_add(&t, "closed its connection to fedsh in %s", function);
	} else {
		fed_text_add(&t, "overwrote what belongs to fedsh in its process, in %s", function);
	}
	if (end->memory > 0 && (r->memory || strstr(end->finding, "out of memory")))
		fed_text_add(&t,
		             "; it got no more memory before, for it may allocate %.3g GB (`set "
		             "plugin-memory`)",
		             end->memory / 1e9);
	fed_fail(err, "%s", fed_text_str(&t));
	fed_text_release(&t);
	return FED_FAIL;
}

/* Sanitizers ------------------------------------------------------------- */

/* Add " at FILE:LINE" from a frame of the plugin, "    #1 0x... in reduce /path/vote.c:12". */
static void add_place(char *finding, size_t size, const char *line)
{
	const char *end = strstr(line, ".c:");
	const size_t n = strlen(finding);
	char path[300];

	if (!end || strstr(finding, " at "))
		return;
	snprintf(path, sizeof path, "%.*s", (int)(end - line), line);
	const char *blank = strrchr(path, ' ');
	const char *file = base_of(blank ? blank + 1 : path);
	if (!strstr(path, "libsanitizer") && !strstr(path, "core/"))
		snprintf(finding + n, size - n, " at %s.c:%d", file, atoi(end + 3));
}

void fed__sanitizer_note(char *finding, size_t size, const char *line)
{
	static const char address[] = "AddressSanitizer: ", undefined[] = ": runtime error: ";
	const char *found = strstr(line, address);

	if (found && !*finding) {
		found += sizeof address - 1;
		const char *end = strstr(found, " on ");
		snprintf(finding, size, "%.*s", end ? (int)(end - found) : 60, found);
	} else if ((found = strstr(line, undefined)) && !*finding) {
		char place[200];

		snprintf(place, sizeof place, "%.*s", (int)(found - line), line);
		snprintf(finding, size, "%s at %s", found + sizeof undefined - 1, base_of(place));
	} else if (*finding && strstr(line, " in ")) {
		add_place(finding, size, line);
	}
}
