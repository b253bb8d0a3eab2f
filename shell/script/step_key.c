/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/script/step_key.c - reading of single keys.
 */
#include "shell/script/step_key.h"

#include <errno.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include "shell/jobs/job.h"
#include "shell/output/print.h"
#include "shell/serving/serving.h"

enum { END_OF_INPUT = 4, ESCAPE = 27, POLL_MS = 250 };

int fed__step_key_check(struct fed_error *err)
{
	if (isatty(STDIN_FILENO))
		return FED_OK;
	return fed_fail(err, "commands would wait for a key, and standard input is not a terminal");
}

/* Read a key, and what came with it: the bytes of an arrow are one; what is said of the room until
 * then is appended. False: a signal or the end. */
static bool read_key(struct fed_shell *shell, unsigned char *key, struct fed_text *said)
{
	struct pollfd input[] = {{.fd = STDIN_FILENO, .events = POLLIN},
	                         {.fd = fed__onlookers_descriptor(shell), .events = POLLIN},
	                         {.fd = fed__serving_descriptor(shell), .events = POLLIN}};
	unsigned char bytes[64];

	for (;;) {
		if (fed__signals_interrupted() || fed__signals_ending())
			return false;
		fed__onlookers_attend(shell); /* they see where it waits */
		if (fed__serving_is_due(shell))
			fed__serving_attend_to(shell, said);
		const int ready = poll(input, 3, POLL_MS);
		if (ready == 0 || (ready < 0 && errno == EINTR) || (ready > 0 && !input[0].revents))
			continue;
		const ssize_t n = ready > 0 ? read(STDIN_FILENO, bytes, sizeof bytes) : 0;
		if (n < 0 && errno == EINTR)
			continue;
		*key = n > 1 ? ' ' : bytes[0];
		return n > 0;
	}
}

static const char hint[] = "  (a key: go on, a: all, q: stop)";

enum fed_step_key fed__step_key(struct fed_shell *shell, int column)
{
	const bool hints =
		shell->screen.terminal && column + fed_text_width(hint) < shell->screen.columns;
	struct termios before, single;
	struct fed_text said = {0};
	unsigned char key = 0;

	if (tcgetattr(STDIN_FILENO, &before))
		return FED_STEP_STOP;
	single = before;
	single.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	single.c_cc[VMIN] = 1;
	single.c_cc[VTIME] = 0;
	fed__print_flush(shell);
	fflush(shell->out);
	/* a key that is pressed at the sight of the hint is not echoed behind it */
	tcsetattr(STDIN_FILENO, TCSADRAIN, &single);
	if (hints)
		fed__print_styled(shell, FED_EMPHASIS_DIM, "%s", hint);
	fed__print_flush(shell);
	fflush(shell->out);
	const bool pressed = read_key(shell, &key, &said);
	if (hints)
		fprintf(shell->out, "\033[%dD\033[K", fed_text_width(hint));
	fflush(shell->out);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
	if (said.len)
		fed__print(shell, "\n");
	fed__serving_say(shell, &said);
	fed_text_release(&said);
	if (!pressed || key == 'q' || key == ESCAPE || key == END_OF_INPUT)
		return FED_STEP_STOP;
	return key == 'a' ? FED_STEP_ALL : FED_STEP_ON;
}
