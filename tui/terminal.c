/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/terminal.c - a terminal by way of ncurses. */
#define NCURSES_WIDECHAR 1
#include "tui/terminal.h"

#include <errno.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include <ncurses.h>
#include <term.h>
#undef columns /* term.h makes macros of short names */

#include "base/mem.h"
#include "tui/theme_probe.h"
#include "tui/crash.h"
#include "tui/widgets/tint.h"

enum {
	ESCAPE_WAIT = 25,  /* milliseconds for the rest of an escape sequence */
	ANSWER_WAIT = 200, /* milliseconds for the answer to a query */
	KEY_PASTE = KEY_MAX + 1,
	KEY_PASTE_END,
	COLORS_USED = FED_COLOR_GREY, /* besides the terminal's default */
	FAREWELL_MOST = 512,
};

struct fed_terminal {
	SCREEN *screen;
	FILE *out, *in;
	int descriptor;
	struct fed_cell *shown; /* [rows][columns] contents of the terminal */
	int columns, rows;
	bool utf8, mouse, pastes;
	enum fed_palette palette;
	enum fed_theme theme;
	bool light;          /* the background */
	int tint[FED_TINTS]; /* as colours of ncurses; none: the terminal's own */
	bool unanswered;     /* the background query has no answer yet */
};

/* Signals ------------------------------------------------------------------------ */

static volatile sig_atomic_t resized, stopping, continued;

static void on_resize(int number)
{
	(void)number;
	resized = 1;
}

static void on_stop(int number)
{
	(void)number;
	stopping = 1;
}

static void on_continue(int number)
{
	(void)number;
	continued = 1;
}

static const struct {
	int number;
	void (*handler)(int);
} handled[] = {{SIGWINCH, on_resize}, {SIGTSTP, on_stop}, {SIGCONT, on_continue}};
enum { HANDLED = sizeof handled / sizeof *handled };
static struct sigaction before[HANDLED];

static void connect_signals(void)
{
	resized = stopping = continued = 0;
	for (size_t i = 0; i < HANDLED; i++) {
		struct sigaction action = {.sa_handler = handled[i].handler}; /* poll() must return */

		sigemptyset(&action.sa_mask);
		sigaction(handled[i].number, &action, &before[i]);
	}
}

static void disconnect_signals(void)
{
	for (size_t i = 0; i < HANDLED; i++)
		sigaction(handled[i].number, &before[i], NULL);
}

/* Capabilities -------------------------------------------------------------------- */

/* A string capability of the terminal's description, or NULL. */
static const char *capability(const char *name)
{
	char *text = tigetstr((char *)name);

	return text && text != (char *)-1 && *text ? text : NULL;
}

static char farewell[FAREWELL_MOST];
static size_t n_farewell;

static int keep_byte(int c)
{
	if (n_farewell < sizeof farewell)
		farewell[n_farewell++] = (char)c;
	return c;
}

/* Collect the bytes that restore the terminal; a crash handler cannot call ncurses. */
static void prepare_farewell(void)
{
	static const char *const names[] = {"sgr0", "op", "rmkx", "BD", "cnorm", "rmcup"};

	n_farewell = 0;
	if (capability("XM"))
		tputs(tparm((char *)capability("XM"), 0, 0, 0, 0, 0, 0, 0, 0, 0), 1, keep_byte);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (capability(names[i]))
			tputs(capability(names[i]), 1, keep_byte);
}

bool fed_terminal_knows(const char *term, int descriptor)
{
	int rc;

	if (!term || !*term || setupterm(term, descriptor, &rc) != OK)
		return false;
	const bool attributes = capability("sgr0");
	del_curterm(cur_term);
	return attributes;
}

/* Whether COLORTERM promises true colours. */
static bool promises_true_colors(void)
{
	const char *says = getenv("COLORTERM");

	return says && (strcmp(says, "truecolor") == 0 || strcmp(says, "24bit") == 0);
}

enum fed_palette fed_terminal_palette(const char *term, int descriptor)
{
	int rc;

	if (!term || !*term || setupterm(term, descriptor, &rc) != OK)
		return FED_PALETTE_NONE;
	const int n = tigetnum((char *)"colors");
	del_curterm(cur_term);
	if (n < 8)
		return FED_PALETTE_NONE;
	if (n >= 256 && (n > 256 || promises_true_colors()))
		return FED_PALETTE_TRUE;
	return n >= 256 ? FED_PALETTE_256 : FED_PALETTE_8;
}

int fed__terminal_check(int descriptor, struct fed_error *err)
{
	const char *term = getenv("TERM");
	int rc;

	if (!isatty(STDIN_FILENO) || !isatty(descriptor))
		return fed_fail(err, "there is no terminal here");
	if (!term || !*term)
		return fed_fail(err, "TERM is not set: `TERM=xterm-256color fedsh` where the terminal is "
		                     "one, or use plot, clients, log and timeline");
	if (setupterm(NULL, descriptor, &rc) != OK)
		return fed_fail(err,
		                "TERM=%s is not a terminal type that is known here; TERM=xterm suits most",
		                fed_show(term).s);
	const bool good = capability("cup") && capability("clear");
	del_curterm(cur_term);
	if (good)
		return FED_OK;
	return fed_fail(err,
	                "a terminal like TERM=%s cannot show it; plot, clients, log and timeline "
	                "show the same as text",
	                fed_show(term).s);
}

/* Colours -------------------------------------------------------------------------- */

static const uint8_t of_8[COLORS_USED] = {COLOR_RED,     COLOR_GREEN, COLOR_YELLOW, COLOR_BLUE,
                                          COLOR_MAGENTA, COLOR_CYAN,  COLOR_WHITE};

/* Query the background; push other input back to ncurses. Returns whether it is light. */
static bool ask_background(struct fed_terminal *t)
{
	struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
	char bytes[256];
	size_t n = 0;
	bool light = false;

	fputs(FED_BACKGROUND_QUESTION, t->out);
	fflush(t->out);
	t->unanswered = true;
	while (t->unanswered && n < sizeof bytes && poll(&p, 1, ANSWER_WAIT) > 0) {
		const ssize_t got = read(STDIN_FILENO, bytes + n, sizeof bytes - n);

		if (got <= 0)
			break;
		n += (size_t)got;
		t->unanswered = !fed__background_answers(bytes, &n, &light);
	}
	while (n)
		ungetch((unsigned char)bytes[--n]);
	return light;
}

static bool is_light(struct fed_terminal *t)
{
	const char *named = getenv("COLORFGBG");

	/* XT and hs mark terminals that understand xterm's sequences */
	const bool answers = tigetflag((char *)"XT") > 0 || tigetflag((char *)"hs") > 0;

	return named || !answers ? fed_background_named(named) : ask_background(t);
}

static void mix_colors(struct fed_terminal *t)
{
	const enum fed_look look = fed_look_of(t->theme, t->light);
	const int background = use_default_colors() == OK ? -1 : COLOR_BLACK;
	const bool own = look == FED_LOOK_TERMINAL || t->palette == FED_PALETTE_8;
	const bool light = own ? t->light : fed__look_light(look);

	for (int i = 0; i < COLORS_USED; i++) {
		const enum fed_color wanted = FED_COLOR_RED + (unsigned)i;
		int color = of_8[i];

		/* numbers below 8 stay those of the terminal under true colours, too */
		if (!own)
			color = t->palette == FED_PALETTE_TRUE ? (int)fed__look_rgb(look, wanted)
			                                       : fed__look_256(look, wanted);
		else if (t->palette != FED_PALETTE_TRUE && COLORS >= 16 && wanted == FED_COLOR_GREY)
			color = 8;
		init_extended_pair(i + 1, color, background);
	}
	t->tint[0] = background;
	for (uint16_t i = 1; i < FED_TINTS; i++)
		t->tint[i] =
			t->palette == FED_PALETTE_TRUE ? (int)fed_tint_rgb(i, light) : fed__tint_256(i, light);
}

static void set_colors(struct fed_terminal *t, bool wanted)
{
	if (!wanted || !has_colors() || start_color() != OK || COLORS < 8)
		return;
	t->palette = COLORS >= 1 << 24 ? FED_PALETTE_TRUE
	             : COLORS >= 256   ? FED_PALETTE_256
	                               : FED_PALETTE_8;
	t->light = is_light(t);
	mix_colors(t);
}

void fed__terminal_theme(struct fed_terminal *t, enum fed_theme theme)
{
	const bool changes = theme != t->theme;

	t->theme = theme;
	if (changes && t->palette) {
		mix_colors(t);
		fed__terminal_clear(t);
	}
}

enum fed_look fed__terminal_look(const struct fed_terminal *t)
{
	return fed_look_of(t->theme, t->light);
}

/* Life ------------------------------------------------------------------------------ */

static void send(struct fed_terminal *t, const char *name)
{
	const char *text = capability(name);

	if (text) {
		putp(text);
		fflush(t->out);
	}
}

/* Define the cursor keys' sequences of normal mode too: some terminals send them in every mode. */
static void add_arrows(void)
{
	static const struct {
		const char *bytes;
		int key;
	} arrows[] = {{"\033[A", KEY_UP},   {"\033[B", KEY_DOWN}, {"\033[C", KEY_RIGHT},
	              {"\033[D", KEY_LEFT}, {"\033[H", KEY_HOME}, {"\033[F", KEY_END},
	              {"\033[Z", KEY_BTAB}};

	for (size_t i = 0; i < sizeof arrows / sizeof *arrows; i++)
		define_key((char *)arrows[i].bytes, arrows[i].key);
}

static void set_keys(struct fed_terminal *t)
{
	const char *begin = capability("PS"), *end = capability("PE");

	cbreak();
	noecho();
	nonl();
	intrflush(stdscr, FALSE);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	add_arrows();
	t->pastes = begin && end && capability("BE");
	if (!t->pastes)
		return;
	define_key((char *)begin, KEY_PASTE);
	define_key((char *)end, KEY_PASTE_END);
	send(t, "BE");
}

static int resize_buffer(struct fed_terminal *t, struct fed_error *err)
{
	const int rows = getmaxy(stdscr), columns = getmaxx(stdscr);
	const size_t cells = (size_t)(rows > 0 ? rows : 1) * (size_t)(columns > 0 ? columns : 1);
	struct fed_cell *shown = fed_alloc_array(cells, sizeof *shown);

	if (!shown)
		return fed_fail_memory(err, cells * sizeof *shown, "the screen");
	fed_free(t->shown);
	t->shown = shown;
	t->columns = columns > 0 ? columns : 1;
	t->rows = rows > 0 ? rows : 1;
	return FED_OK;
}

/* The description with true colours of a terminal that says it has them and is described with 256
 * ("xterm-direct" for "xterm-256color"); NULL, which is TERM, where there is none. */
static const char *direct_name(int descriptor)
{
	static const char ending[] = "-256color";
	static char name[64];
	const char *term = getenv("TERM");
	const size_t n = strlen(term), end = sizeof ending - 1;
	int rc;

	if (!promises_true_colors() || n <= end || strcmp(term + n - end, ending) != 0)
		return NULL;
	if ((size_t)snprintf(name, sizeof name, "%.*s-direct", (int)(n - end), term) >= sizeof name ||
	    setupterm(name, descriptor, &rc) != OK)
		return NULL;
	del_curterm(cur_term);
	return name;
}

static int open_screen(struct fed_terminal *t, bool color, struct fed_error *err)
{
	const int out = dup(t->descriptor), in = dup(STDIN_FILENO);
	struct termios modes;

	t->out = out >= 0 ? fdopen(out, "w") : NULL;
	t->in = in >= 0 ? fdopen(in, "r") : NULL;
	if (!t->out || !t->in || tcgetattr(t->descriptor, &modes))
		return fed_fail(err, "the terminal cannot be used: %s", strerror(errno));
	connect_signals();
	use_tioctl(TRUE);
	set_escdelay(ESCAPE_WAIT);
	t->screen = newterm(direct_name(t->descriptor), t->out, t->in);
	if (!t->screen) {
		disconnect_signals();
		return fed_fail(err, "the terminal cannot be used as TERM=%s", getenv("TERM"));
	}
	set_term(t->screen);
	prepare_farewell();
	fed__crash_arm(t->descriptor, &modes, farewell, n_farewell);
	set_keys(t);
	set_colors(t, color);
	curs_set(0);
	return resize_buffer(t, err);
}

int fed__terminal_open(struct fed_terminal **out, int descriptor, bool color, enum fed_theme theme,
                       struct fed_error *err)
{
	if (fed__terminal_check(descriptor, err))
		return FED_FAIL;
	struct fed_terminal *t = fed_alloc(sizeof *t);
	if (!t)
		return fed_fail_memory(err, sizeof *t, "the screen");
	t->descriptor = descriptor;
	t->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	t->theme = theme;
	if (open_screen(t, color, err)) {
		fed__terminal_close(t);
		return FED_FAIL;
	}
	*out = t;
	return FED_OK;
}

void fed__terminal_close(struct fed_terminal *t)
{
	if (!t)
		return;
	if (t->screen) {
		fed__terminal_mouse(t, false);
		if (t->pastes)
			send(t, "BD");
		if (!capability("rmcup")) { /* no alternate screen: clear this one */
			erase();
			refresh();
		}
		endwin();
		delscreen(t->screen);
		disconnect_signals();
		fed__crash_disarm();
	}
	if (t->out)
		fclose(t->out);
	if (t->in)
		fclose(t->in);
	fed_free(t->shown);
	fed_free(t);
}

bool fed__terminal_utf8(const struct fed_terminal *t)
{
	const char *term = getenv("TERM");

	/* The fonts of the Linux console have 512 characters, without braille. */
	return t->utf8 && strcmp(term, "linux") != 0;
}

bool fed__terminal_tints(const struct fed_terminal *t)
{
	return t->utf8 && t->palette >= FED_PALETTE_256;
}

void fed__terminal_size(const struct fed_terminal *t, int *columns, int *rows)
{
	*columns = t->columns;
	*rows = t->rows;
}

/* Pending signals ------------------------------------------------------------------ */

static void resize(struct fed_terminal *t)
{
	struct winsize size;
	struct fed_error unused;

	resized = 0;
	if (ioctl(t->descriptor, TIOCGWINSZ, &size))
		return;
	/* 0 x 0: unknown. */
	if (size.ws_row && size.ws_col)
		resizeterm(size.ws_row < FED_CANVAS_MAX ? size.ws_row : FED_CANVAS_MAX,
		           size.ws_col < FED_CANVAS_MAX ? size.ws_col : FED_CANVAS_MAX);
	resize_buffer(t, &unused); /* on failure the old buffer is kept */
	fed__terminal_clear(t);
}

static void suspend(struct fed_terminal *t)
{
	struct sigaction usual = {.sa_handler = SIG_DFL}, ours;

	stopping = 0;
	if (t->pastes)
		send(t, "BD");
	endwin();
	fflush(t->out);
	sigaction(SIGTSTP, &usual, &ours);
	raise(SIGTSTP);
	sigaction(SIGTSTP, &ours, NULL);
	continued = 1; /* also if the stop was ignored (an orphaned process group) */
}

bool fed__terminal_attend(struct fed_terminal *t)
{
	const bool again = resized || stopping || continued;

	if (stopping)
		suspend(t);
	if (continued) {
		continued = 0;
		resized = 1;
		if (t->pastes)
			send(t, "BE");
		clearok(stdscr, TRUE);
		refresh(); /* also restores the terminal's modes after endwin */
	}
	if (resized)
		resize(t);
	return again;
}

/* Showing ------------------------------------------------------------------------------ */

/* The pair of ncurses for a style. */
static int pair_of(const struct fed_terminal *t, const struct fed_style *style)
{
	int ink, paper;

	if (!t->palette)
		return 0;
	if (!style->ink && !style->paper)
		return style->color;
	extended_pair_content(style->color, &ink, &paper);
	const int pair = alloc_pair(style->ink ? t->tint[style->ink] : ink,
	                            style->paper ? t->tint[style->paper] : paper);
	return pair < 0 ? 0 : pair;
}

static void put_screen_cell(const struct fed_terminal *t, int row, int column,
                            const struct fed_cell *at)
{
	const struct fed_cell seen = fed__terminal_tints(t) ? *at : fed__cell_lettered(at),
						  *cell = &seen;
	wchar_t text[2] = {(wchar_t)cell->code, 0};
	const bool wide = fed_utf8_columns(cell->code) == 2;
	const attr_t attributes = cell->style.bold ? A_BOLD : A_NORMAL;
	int pair = pair_of(t, &cell->style);
	cchar_t shown;

	if (!t->utf8)
		text[0] = (wchar_t)fed__canvas_ascii(cell->code);
	else if (wcwidth(text[0]) != 1 + wide)
		text[0] = fed_utf8_ascii(cell->code) ? L'_' : L'?'; /* the C library counts otherwise */
	setcchar(&shown, text, attributes, 0, &pair); /* extended: as many pairs as there are */
	mvadd_wch(row, column, &shown);
	if (wide && text[0] < 0x80)
		mvadd_wch(row, column + 1, &shown);
}

static void show_row(struct fed_terminal *t, const struct fed_canvas *canvas, int row)
{
	static const struct fed_cell blank = {.code = ' '};
	struct fed_cell *shown = &t->shown[(size_t)row * (size_t)t->columns];
	const struct fed_cell *cell = &canvas->cell[(size_t)row * (size_t)canvas->columns];
	bool differs = false;

	for (int i = 0; i < t->columns; i++) {
		const bool inside = row < canvas->rows && i < canvas->columns;
		const struct fed_cell *next = inside ? &cell[i] : &blank;

		/* Leave out a wide character that is cut in half by the edge. */
		if (inside && i + 1 == t->columns && i + 1 < canvas->columns && cell[i + 1].code == 0)
			next = &blank;
		differs = differs || memcmp(&shown[i], next, sizeof *next) != 0;
		shown[i] = *next;
	}
	for (int i = 0; differs && i < t->columns; i++)
		if (shown[i].code)
			put_screen_cell(t, row, i, &shown[i]);
}

void fed__terminal_show(struct fed_terminal *t, const struct fed_canvas *canvas, int column,
                        int row)
{
	for (int i = 0; i < t->rows; i++)
		show_row(t, canvas, i);
	curs_set(column >= 0);
	if (column >= 0)
		move(row < t->rows ? row : t->rows - 1, column < t->columns ? column : t->columns - 1);
	refresh();
}

void fed__terminal_clear(struct fed_terminal *t)
{
	memset(t->shown, 0, (size_t)t->columns * (size_t)t->rows * sizeof *t->shown);
	clearok(stdscr, TRUE);
}

/* Keys ---------------------------------------------------------------------------------- */

static const struct {
	int curses;
	enum fed_key_code code;
} named[] = {
	{KEY_UP, FED_KEY_UP},         {KEY_DOWN, FED_KEY_DOWN},
	{KEY_LEFT, FED_KEY_LEFT},     {KEY_RIGHT, FED_KEY_RIGHT},
	{KEY_PPAGE, FED_KEY_PAGE_UP}, {KEY_NPAGE, FED_KEY_PAGE_DOWN},
	{KEY_HOME, FED_KEY_HOME},     {KEY_END, FED_KEY_END},
	{KEY_ENTER, FED_KEY_ENTER},   {KEY_BTAB, FED_KEY_BACK_TAB},
	{KEY_DC, FED_KEY_DELETE},     {KEY_BACKSPACE, FED_KEY_BACKSPACE},
	{KEY_PASTE, FED_KEY_PASTE},   {KEY_PASTE_END, FED_KEY_PASTE_END},
};

static uint32_t code_of_key(wint_t key)
{
	for (size_t i = 0; i < sizeof named / sizeof *named; i++)
		if ((int)key == named[i].curses)
			return named[i].code;
	return 0;
}

static uint32_t code_of_character(wint_t c)
{
	switch (c) {
	case '\r':
	case '\n':
		return FED_KEY_ENTER;
	case '\t':
		return FED_KEY_TAB;
	case '\b':
	case 0x7F:
		return FED_KEY_BACKSPACE;
	case 0x1B:
		return FED_KEY_ESCAPE;
	default:
		return (uint32_t)c;
	}
}

static bool take_click(struct fed_press *press)
{
	MEVENT event;

	if (getmouse(&event) != OK || !(event.bstate & (BUTTON1_PRESSED | BUTTON1_CLICKED)))
		return false;
	*press = (struct fed_press){.code = FED_KEY_CLICK, .column = event.x, .row = event.y};
	return true;
}

/* Whether the terminal has hung up. */
static bool is_gone(void)
{
	struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};

	return poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR | POLLNVAL)) &&
	       !(p.revents & POLLIN);
}

/* Consume the next key if it is this character; else leave it in the queue. */
static bool take_character(wint_t wanted)
{
	wint_t key;
	const int kind = get_wch(&key);

	if (kind == OK && key == wanted)
		return true;
	if (kind == OK)
		unget_wch((wchar_t)key);
	else if (kind == KEY_CODE_YES)
		ungetch((int)key);
	return false;
}

/* Discard an answer that arrives after ANSWER_WAIT, behind its ESC. */
static bool skip_answer(struct fed_terminal *t)
{
	wint_t key, last = 0;

	if (take_character(']')) {
		while (get_wch(&key) == OK && key != '\a' && (last != 0x1B || key != '\\'))
			last = key;
		return true;
	}
	if (!take_character('['))
		return false;
	if (!take_character('?')) {
		unget_wch('[');
		return false;
	}
	while (get_wch(&key) == OK && key != 'c')
		;
	t->unanswered = false;
	return true;
}

bool fed__terminal_key(struct fed_terminal *t, struct fed_press *press, bool *gone)
{
	wint_t key;

	for (;;) {
		const int kind = get_wch(&key);

		*press = (struct fed_press){0};
		if (kind == OK && key == 0x1B && t->unanswered && skip_answer(t))
			continue;
		if (kind == ERR) {
			*gone = is_gone();
			return false;
		}
		if (kind == KEY_CODE_YES && key == KEY_MOUSE && take_click(press))
			return true;
		press->code = kind == KEY_CODE_YES ? code_of_key(key) : code_of_character(key);
		if (press->code)
			return true;
	}
}

void fed__terminal_mouse(struct fed_terminal *t, bool on)
{
	if (on == t->mouse)
		return;
	mousemask(on ? BUTTON1_PRESSED | BUTTON1_CLICKED : 0, NULL);
	mouseinterval(0);
	t->mouse = on;
}
