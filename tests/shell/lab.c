/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/lab.c - a shell whose output is captured as text, and runs of the built program as a child
 * process.
 */
#include "lab.h"

#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shell/commands.h"
#include "support/suite.h"

extern char **environ;

const struct fed_shell shell_lab_table = {.groups = fed__command_groups};

void shell_lab_open(struct shell_lab *lab, const char *plugin_folder)
{
	struct fed_error err;

	char data[4096];

	setenv("XDG_STATE_HOME", FED_BUILD_DIR "/tests/state", 1); /* not the user's own */
	snprintf(data, sizeof data, FED_BUILD_DIR "/tests/data-%d", (int)getpid());
	setenv("XDG_DATA_HOME", data, 1);
	memset(lab, 0, sizeof *lab);
	lab->shell.groups = fed__command_groups;
	lab->shell.out = open_memstream(&lab->text, &lab->length);
	ck_assert_ptr_nonnull(lab->shell.out);
	lab->shell.errors = lab->shell.out;
	fed_assert_ok(fed__shell_init(&lab->shell, plugin_folder, &err), &err);
}

char *without_digests(char *journal)
{
	char *to = journal;

	for (char *line = journal; *line;) {
		const size_t n = strcspn(line, "\n"), whole = n + (line[n] == '\n');

		if (strncmp(line, "#= ", 3) != 0 && strncmp(line, "#: ", 3) != 0) {
			memmove(to, line, whole);
			to += whole;
		}
		line += whole;
	}
	*to = '\0';
	return journal;
}

/* Remove the studies of this process. */
static void remove_studies(void)
{
	static const char *const ends[] = {"/fedsh/studies.db",
	                                   "/fedsh/studies.db-wal",
	                                   "/fedsh/studies.db-shm",
	                                   "/fedsh/studies.db.lock",
	                                   "/fedsh",
	                                   ""};
	char path[4096];

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		snprintf(path, sizeof path, FED_BUILD_DIR "/tests/data-%d%s", (int)getpid(), ends[i]);
		remove(path); /* most tests have none */
	}
}

void shell_lab_close(struct shell_lab *lab)
{
	remove_studies();
	fed__shell_release(&lab->shell);
	fclose(lab->shell.out);
	free(lab->text);
	if (lab->shell.json)
		fclose(lab->shell.json);
	free(lab->json);
}

enum fed_exit shell_lab_run(struct shell_lab *lab, const char *line)
{
	return fed__shell_execute(&lab->shell, line, strlen(line), NULL);
}

const char *shell_lab_said(struct shell_lab *lab)
{
	fflush(lab->shell.out);
	return lab->text;
}

const char *shell_lab_reply(struct shell_lab *lab, const char *line, enum fed_exit wanted)
{
	const size_t before = strlen(shell_lab_said(lab));
	const enum fed_exit code = shell_lab_run(lab, line);

	ck_assert_msg(code == wanted, "%s: %d\n%s", line, code, shell_lab_said(lab) + before);
	return shell_lab_said(lab) + before;
}

void shell_lab_record_json(struct shell_lab *lab)
{
	if (lab->shell.json)
		fclose(lab->shell.json);
	free(lab->json);
	lab->shell.json = open_memstream(&lab->json, &lab->json_length);
	ck_assert_ptr_nonnull(lab->shell.json);
}

const char *shell_lab_json(struct shell_lab *lab)
{
	fflush(lab->shell.json);
	return lab->json;
}

void assert_shows(const char *text, const char *words)
{
	ck_assert_msg(strstr(text, words) != NULL, "\"%s\" is not in:\n%s", words, text);
}

void assert_lacks(const char *text, const char *words)
{
	ck_assert_msg(strstr(text, words) == NULL, "\"%s\" is in:\n%s", words, text);
}

/* A temporary file with these bytes. */
static FILE *holding(const char *bytes, size_t n)
{
	FILE *f = tmpfile();

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
	rewind(f);
	return f;
}

static size_t read_back(FILE *f, char *out, size_t size)
{
	rewind(f);
	const size_t n = fread(out, 1, size - 1, f);
	out[n] = 0;
	fclose(f);
	return n;
}

void program_run(struct program_run *run, const char *program, const char *folder,
                 const char *const *arguments, const char *input, size_t input_length)
{
	FILE *in = holding(input ? input : "", input_length), *out = holding("", 0),
		 *err = holding("", 0);
	const char *argv[16] = {program};
	posix_spawn_file_actions_t actions;
	pid_t child;
	int status;

	for (size_t i = 0; arguments[i]; i++)
		argv[i + 1] = arguments[i];
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addchdir_np(&actions, folder);
	posix_spawn_file_actions_adddup2(&actions, fileno(in), 0);
	posix_spawn_file_actions_adddup2(&actions, fileno(out), 1);
	posix_spawn_file_actions_adddup2(&actions, fileno(err), 2);
	ck_assert_int_eq(posix_spawn(&child, program, &actions, NULL, (char *const *)argv, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	run->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	run->out_length = read_back(out, run->out, sizeof run->out);
	read_back(err, run->err, sizeof run->err);
	fclose(in);
}
