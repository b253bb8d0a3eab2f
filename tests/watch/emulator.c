/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "watch/emulator.h"

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include <vterm.h>

#include "base/cpu.h"
#include "base/text.h"
#include "support/suite.h"

/* Milliseconds: until something must be seen; a moment; without output until none will come. */
enum { PATIENCE = 60000, MOMENT = 200, SILENCE = 500 };

static int master = -1, slave = -1; /* held open, so that its modes can be asked at the end */
static pid_t child;
static VTerm *terminal;
static VTermScreen *screen;
static bool alternate, restored;
static struct termios modes;
static struct fed_text shown;

static struct emulated emulated;

static void answer(const char *s, size_t len, void *user)
{
	(void)user;
	if (!emulated.deaf)
		ck_assert_int_eq(write(master, s, len), (ssize_t)len);
}

static int set_property(VTermProp property, VTermValue *value, void *user)
{
	(void)user;
	if (property == VTERM_PROP_ALTSCREEN)
		alternate = value->boolean;
	return 1;
}

static const VTermScreenCallbacks callbacks = {.settermprop = set_property};

static void run_program(const struct emulated *e)
{
	const char *arguments[16] = {"fedsh"};

	setenv("TERM", e->term, 1);
	setenv("HOME", e->folder, 1);
	setenv("INPUTRC", "/dev/null", 1);
	setenv("LC_ALL", e->ascii ? "C" : "C.UTF-8", 1);
	unsetenv("XDG_STATE_HOME");
	setenv("PAGER", "", 1);
	unsetenv("COLUMNS");
	unsetenv("LINES");
	unsetenv("COLORFGBG");
	if (e->color)
		unsetenv("NO_COLOR");
	else
		setenv("NO_COLOR", "1", 1);
	for (int i = 0; e->argument && e->argument[i] && i < 14; i++)
		arguments[i + 1] = e->argument[i];
	if (chdir(e->folder) == 0)
		execv(FED_BUILD_DIR "/fedsh", (char *const *)arguments);
	_exit(99);
}

void emulator_begin(const struct emulated *e)
{
	const int columns = e->columns ? e->columns : 100, rows = e->rows ? e->rows : 30;
	const struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};

	emulated = *e;
	terminal = vterm_new(rows, columns);
	vterm_set_utf8(terminal, 1);
	vterm_output_set_callback(terminal, answer, NULL);
	screen = vterm_obtain_screen(terminal);
	vterm_screen_set_callbacks(screen, &callbacks, NULL);
	vterm_screen_enable_altscreen(screen, 1);
	vterm_screen_reset(screen, 1);
	alternate = false;
	ck_assert_int_eq(openpty(&master, &slave, NULL, NULL, &size), 0);
	ck_assert_int_eq(tcgetattr(slave, &modes), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		close(master);
		if (login_tty(slave))
			_exit(98);
		run_program(e);
	}
}

/* Few lines at a time: what a test waits for may not scroll away between two looks. */
static bool read_more(int timeout)
{
	struct pollfd p = {.fd = master, .events = POLLIN};
	char got[512];

	if (poll(&p, 1, timeout) <= 0)
		return false;
	const ssize_t n = read(master, got, sizeof got);
	if (n <= 0)
		return false;
	if (emulated.background && memmem(got, (size_t)n, "\033]11;?", 6)) {
		char told[60];

		snprintf(told, sizeof told, "\033]11;rgb:%s\033\\", emulated.background);
		answer(told, strlen(told), NULL);
	}
	vterm_input_write(terminal, got, (size_t)n);
	return true;
}

const char *emulator_screen(void)
{
	int rows, columns;

	fed_text_clear(&shown);
	vterm_get_size(terminal, &rows, &columns);
	for (int row = 0; row < rows; row++) {
		for (int column = 0; column < columns;) {
			VTermScreenCell cell = {.width = 1};
			const VTermPos at = {row, column};

			vterm_screen_get_cell(screen, at, &cell);
			for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i] && ~cell.chars[i]; i++)
				fed_text_put_code(&shown, cell.chars[i]);
			if (!cell.chars[0])
				fed_text_put(&shown, " ", 1);
			column += cell.width > 0 ? cell.width : 1;
		}
		while (shown.len && shown.s[shown.len - 1] == ' ')
			shown.s[--shown.len] = 0;
		fed_text_put(&shown, "\n", 1);
	}
	return fed_text_str(&shown);
}

static bool has_color(int color)
{
	int rows, columns;
	bool found = false;

	vterm_get_size(terminal, &rows, &columns);
	for (int i = 0; i < rows * columns; i++) {
		const VTermPos at = {i / columns, i % columns};
		VTermScreenCell cell;

		vterm_screen_get_cell(screen, at, &cell);
		found |= VTERM_COLOR_IS_INDEXED(&cell.fg) && cell.fg.indexed.idx == color;
	}
	return found;
}

bool emulator_shows(const char *text)
{
	return strstr(emulator_screen(), text) != NULL;
}

/* A program that goes on writing may not starve the test of looking. */
/* How the program ended, empty while it runs; it stays to be waited for. */
static const char *end_of_program(void)
{
	static char text[60];
	siginfo_t how = {0};

	text[0] = 0;
	if (waitid(P_PID, (id_t)child, &how, WEXITED | WNOHANG | WNOWAIT) == 0 && how.si_pid == child)
		snprintf(text, sizeof text, ": the program ended, %s %d",
		         how.si_code == CLD_EXITED ? "exit code" : "signal", how.si_status);
	return text;
}

/* A program that goes on writing may not starve the test of looking. */
static void wait_for(const char *text, bool there)
{
	const double began = fed_wall_seconds();

	while (emulator_shows(text) != there)
		ck_assert_msg(read_more(PATIENCE) && fed_wall_seconds() - began < 2 * PATIENCE / 1000,
		              "%s %s on\n%s%s", there ? "never" : "always", text, emulator_screen(),
		              end_of_program());
}

void emulator_wait(const char *text)
{
	wait_for(text, true);
}

void emulator_wait_gone(const char *text)
{
	wait_for(text, false);
}

/* The last row with anything on it is a prompt where this was typed. */
static bool shows_prompt(const char *typed)
{
	const char *const s = emulator_screen();
	size_t end = strlen(s);

	while (end && s[end - 1] == '\n')
		end--;
	size_t begin = end;
	while (begin && s[begin - 1] != '\n')
		begin--;
	const size_t n = strlen(typed) + (*typed != 0);
	if (end - begin <= n || strncmp(s + begin, "fedsh", 5) != 0)
		return false;
	end -= n;
	return s[end - 1] == '>' && (!n || (s[end] == ' ' && strncmp(s + end + 1, typed, n - 1) == 0));
}

void emulator_wait_prompt(const char *typed)
{
	const double began = fed_wall_seconds();

	while (alternate || !shows_prompt(typed))
		ck_assert_msg(read_more(PATIENCE) && fed_wall_seconds() - began < 2 * PATIENCE / 1000,
		              "no prompt with `%s`, but\n%s", typed, emulator_screen());
}

void emulator_wait_left(void)
{
	emulator_wait_prompt("");
}

void emulator_wait_color(int color)
{
	while (!has_color(color))
		ck_assert_msg(read_more(PATIENCE), "no colour %d on\n%s", color, emulator_screen());
}

void emulator_wait_silent(void)
{
	const double began = fed_wall_seconds();

	while (read_more(SILENCE))
		ck_assert_msg(fed_wall_seconds() - began < PATIENCE / 1000, "it writes and writes\n%s",
		              emulator_screen());
}

void emulator_read_on(void)
{
	const double began = fed_wall_seconds();

	while (read_more(MOMENT) && fed_wall_seconds() - began < MOMENT / 1000.0)
		;
}

void emulator_type(const char *keys)
{
	ck_assert_int_eq(write(master, keys, strlen(keys)), (ssize_t)strlen(keys));
}

void emulator_resize(int columns, int rows)
{
	const struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};

	if (columns > 0 && rows > 0)
		vterm_set_size(terminal, rows, columns);
	ck_assert_int_eq(ioctl(master, TIOCSWINSZ, &size), 0);
}

void emulator_signal(int number)
{
	ck_assert_int_eq(kill(child, number), 0);
}

void emulator_wait_stopped(void)
{
	int status = 0;

	for (int waited = 0; waited < PATIENCE; waited += MOMENT) {
		if (waitpid(child, &status, WUNTRACED | WNOHANG) == child && WIFSTOPPED(status))
			return;
		read_more(MOMENT);
	}
	ck_abort_msg("it was never stopped");
}

static bool is_restored(void)
{
	struct termios now;

	ck_assert_int_eq(tcgetattr(slave, &now), 0);
	return !alternate && now.c_lflag == modes.c_lflag && now.c_iflag == modes.c_iflag &&
	       now.c_oflag == modes.c_oflag;
}

bool emulator_is_restored(void)
{
	return restored;
}

int emulator_end(void)
{
	int status, waited = 0;

	for (pid_t ended = 0; !ended; waited += MOMENT / 10) {
		ended = waitpid(child, &status, WNOHANG);
		ck_assert_msg(waited < PATIENCE, "it never ends:\n%s", emulator_screen());
		while (read_more(ended ? 0 : MOMENT / 10))
			;
	}
	restored = is_restored();
	close(slave);
	close(master);
	vterm_free(terminal);
	fed_text_release(&shown);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
