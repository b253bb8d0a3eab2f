/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/join/screen.c - the terminal of `fedsh join`.
 */
#include "shell/join/screen.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tui/terminal.h"

enum { COLUMNS = 80, ROWS = 24, CTRL_Z = 26 };

static void write_all(const char *bytes, size_t n)
{
	while (n) {
		const ssize_t done = write(STDOUT_FILENO, bytes, n);

		if (done <= 0)
			return; /* the terminal has gone */
		bytes += done;
		n -= (size_t)done;
	}
}

static void enter(struct fed_join_screen *s)
{
	static const char begin[] = "\033[?1049h\033[?25l\033[2J";
	struct termios raw;

	tcgetattr(STDIN_FILENO, &s->before);
	raw = s->before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
	write_all(begin, sizeof begin - 1);
	fed_text_clear(&s->shown);
	s->open = true;
}

static void leave(struct fed_join_screen *s)
{
	static const char end[] = "\033[0m\033[?25h\033[?1049l";

	write_all(end, sizeof end - 1);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &s->before);
	s->open = false;
}

void fed__join_screen_measure(struct fed_join_screen *s)
{
	struct winsize size = {0};

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col || !size.ws_row)
		size = (struct winsize){.ws_col = COLUMNS, .ws_row = ROWS};
	if (size.ws_col != s->columns || size.ws_row != s->rows)
		fed_text_clear(&s->shown);
	s->columns = size.ws_col;
	s->rows = size.ws_row;
}

bool fed__join_screen_open(struct fed_join_screen *s)
{
	*s = (struct fed_join_screen){0};
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) ||
	    !fed_terminal_knows(getenv("TERM"), STDOUT_FILENO))
		return false;
	fed__join_screen_measure(s);
	enter(s);
	return true;
}

void fed__join_screen_close(struct fed_join_screen *s)
{
	if (s->open)
		leave(s);
	fed_text_release(&s->shown);
}

void fed__join_screen_show(struct fed_join_screen *s, const struct fed_text *lines)
{
	struct fed_text picture = {0};

	fed_text_add(&picture, "\033[H");
	for (const char *at = fed_text_str(lines); *at;) {
		const size_t n = strcspn(at, "\n");

		fed_text_put(&picture, at, n);
		fed_text_add(&picture, at[n] ? "\033[K\r\n" : "\033[K");
		at += n + (at[n] != '\0');
	}
	fed_text_add(&picture, "\033[J");
	if (picture.failed || strcmp(fed_text_str(&picture), fed_text_str(&s->shown)) == 0) {
		fed_text_release(&picture);
		return;
	}
	write_all(picture.s, picture.len);
	fed_text_release(&s->shown);
	s->shown = picture;
}

int fed__join_screen_key(struct fed_join_screen *s)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	char key;

	if (poll(&input, 1, 0) <= 0)
		return 0;
	if (read(STDIN_FILENO, &key, 1) != 1)
		return 'q'; /* the terminal has hung up */
	if (key != CTRL_Z)
		return key;
	leave(s);
	raise(SIGTSTP);
	enter(s);
	return 0;
}
