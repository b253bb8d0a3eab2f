/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/screen.c - detection of the output's capabilities: terminal, colour, UTF-8, columns
 * and rows.
 */
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "shell/shell.h"
#include "tui/terminal.h"

void fed__screen_measure(struct fed_shell *shell)
{
	struct winsize size;

	if (!shell->screen.terminal || ioctl(fileno(shell->out), TIOCGWINSZ, &size))
		return;
	if (size.ws_col > 1)
		shell->screen.columns = size.ws_col;
	if (size.ws_row > 1)
		shell->screen.rows = size.ws_row;
}

void fed__screen_init(struct fed_shell *shell, bool color)
{
	const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
	const int out = fileno(shell->out);
	struct fed_screen *screen = &shell->screen;

	setlocale(LC_CTYPE, ""); /* numbers keep their point */
	screen->terminal = isatty(out) && fed_terminal_knows(term, out);
	screen->color = screen->terminal && color && !(no_color && *no_color);
	screen->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	screen->columns = 80;
	screen->rows = 24;
	fed__screen_measure(shell);
}
