/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * watch/emulator.h - the built program in a pseudo-terminal that libvterm emulates, one at a time.
 *
 * Nothing sleeps: a test waits until the emulated screen shows what it must.
 */
#ifndef FED_TEST_WATCH_EMULATOR_H
#define FED_TEST_WATCH_EMULATOR_H

#include <stdbool.h>
#include <stddef.h>

struct emulated {
	const char *term;            /* TERM */
	const char *folder;          /* where it runs, and its HOME */
	const char *const *argument; /* NULL-ended; NULL: none */
	int columns, rows;           /* 0: 100 x 30 */
	bool ascii;                  /* a locale without UTF-8 */
	bool color;                  /* else NO_COLOR is set */
	const char *background;      /* "rrrr/gggg/bbbb", told when asked for; NULL: no answer */
	bool deaf;                   /* it answers nothing */
};
void emulator_begin(const struct emulated *);
void emulator_type(const char *keys);
/* Another size; 0 x 0 is what terminals say that do not know. */
void emulator_resize(int columns, int rows);
void emulator_signal(int number);
/* Until the screen shows this text, or no longer does. */
void emulator_wait(const char *text);
void emulator_wait_gone(const char *text);
/* Until the last row is a prompt where this was typed. */
void emulator_wait_prompt(const char *typed);
/* Until the watch is left: there is a new prompt, on the main screen. */
void emulator_wait_left(void);
/* Until some letter has this colour of 256. */
void emulator_wait_color(int color);
/* Until the program writes nothing any more. */
void emulator_wait_silent(void);
/* Read what comes for a moment: the program has the time to draw, and the test waits for nothing.
 */
void emulator_read_on(void);
bool emulator_shows(const char *text);
/* All rows, a newline after each, blanks at their ends cut. */
const char *emulator_screen(void);
/* It stands stopped (SIGTSTP): wait for that. */
void emulator_wait_stopped(void);
/* Until it has ended: its exit code, or 128 + signal. */
int emulator_end(void);
/* At its end the terminal had the modes that it had before, and its main screen. */
bool emulator_is_restored(void);

#endif
