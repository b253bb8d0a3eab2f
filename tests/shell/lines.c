/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/lines.c - command lines drawn at random. */
#include "lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab.h"
#include "support/suite.h"

/* Commands that the examples lack: random choices by those that look, and quick ones. */
static const char *const more_lines[] = {
	"tournament rounds=1 attacks=sign-flip aggregators=fedavg byzantine=50%",
	"tournament rounds=1 attacks=ipm aggregators=fedavg byzantine=random:2",
	"clients 50%",
	"costs random:2",
	"timeline random:2",
	"remove-client 30%",
	"inject flaky random:2 p=0.3",
	"heal 50%",
	"set client 50% link=3g",
	"sweep lr 0.01,0.1 rounds=1",
	"leakage examples=20",
	"add-client 6 noniid samples=20",
	"add-client 4 samples=20",
	"round",
	"round 2",
	"run until version>=3",
	"step 3",
	"step",
	"continue",
	"export out.npz",
	"import out.npz",
	"dataset blobs train=800 test=50",
	"dataset glyphs train=100 test=20",
	"model linear",
	"model gru",
	"show seed",
	"set seed 7",
	"load " FED_BUILD_DIR "/fixtures/versioned_1.so",
	"unload versioned",
	"lesson 1",
	"lesson nope",
	"set server-link 10k",
	"set server-link none",
	"set device-spread 0.3",
	"set device-spread auto",
	"add-client 3 samples=20 device=phone link=4g",
	"dataset moons train=400 test=50",
	"scheme async",
};

/* Left out: they end the program, start a compiler, or would take long. */
static const char *const left_out[] = {
	"quit",          "build",           "new-plugin",      "reconstruct",    "run until accuracy",
	"run until clo", "add-client 1000", "dataset fashion", "round 20",       "dataset scans",
	"round 50",      "costs against",   "sweep epochs",    "dataset markov",
};

static bool is_left_out(const char *line)
{
	for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
		if (strncmp(line, left_out[i], strlen(left_out[i])) == 0)
			return true;
	return false;
}

/* Its commands, one by one. */
static void add_lines(struct shell_lines *all, const char *text)
{
	struct fed_words words = {0};
	struct fed_error err;
	size_t used;

	for (size_t left = strlen(text); left; text += used, left -= used) {
		const struct fed_command *command;

		fed_assert_ok(fed__words_split(&words, text, left, &used, &err), &err);
		if (!words.n)
			continue;
		char *line =
			strndup(text + words.word[0].begin, words.word[words.n - 1].end - words.word[0].begin);
		ck_assert_uint_lt(all->n, SHELL_LINES_MAX);
		if (is_left_out(line) ||
		    fed__command_find(&shell_lab_table, fed__words_at(&words, 0), false, &command, &err))
			free(line);
		else
			all->of[all->n++] = (struct shell_line){command, line};
	}
	fed__words_release(&words);
}

void shell_lines_init(struct shell_lines *all)
{
	all->n = 0;
	for (size_t i = 0; fed__command_at(&shell_lab_table, i, NULL); i++) {
		const struct fed_command *c = fed__command_at(&shell_lab_table, i, NULL);

		for (const char *const *example = c->examples; *example; example++)
			add_lines(all, *example);
	}
	for (size_t i = 0; i < sizeof more_lines / sizeof *more_lines; i++)
		add_lines(all, more_lines[i]);
}

void shell_lines_release(struct shell_lines *all)
{
	for (size_t i = 0; i < all->n; i++)
		free(all->of[i].text);
}

/* Each command is as probable as the others, however many lines it has. */
const struct shell_line *shell_lines_draw(const struct shell_lines *all, struct fed_stream *random)
{
	const struct shell_line *of_command[SHELL_LINES_MAX];
	size_t commands = 0, n;

	while (fed__command_at(&shell_lab_table, commands, NULL))
		commands++;
	do {
		const uint32_t k = fed_stream_below(random, (uint32_t)commands);

		n = 0;
		for (size_t i = 0; i < all->n; i++)
			if (all->of[i].command == fed__command_at(&shell_lab_table, k, NULL))
				of_command[n++] = &all->of[i];
	} while (n == 0); /* all its lines were left out */
	return of_command[fed_stream_below(random, (uint32_t)n)];
}

/* A mistake: the last word is missing, there is one too many, or a number is out of its range. */
void shell_line_damage(char *out, size_t size, const char *line, struct fed_stream *random)
{
	const char *last = strrchr(line, ' '), *digit = strpbrk(line, "0123456789");

	switch (fed_stream_below(random, 3)) {
	case 0:
		snprintf(out, size, "%.*s", (int)(last ? last - line : 1), line);
		break;
	case 1:
		snprintf(out, size, "%s xyzzy", line);
		break;
	default:
		snprintf(out, size, "%.*s-99999%s", (int)(digit ? digit - line : 0), line,
		         digit ? digit : line);
	}
}
