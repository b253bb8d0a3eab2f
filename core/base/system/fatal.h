/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/system/fatal.h - what is done before a fatal signal ends the program.
 *
 * One handler of SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT and SIGQUIT runs the actions that are set
 * and then lets the same signal act as before: the core file and what a debugger or a parent sees
 * are those of the fault itself.
 */
#ifndef FED_BASE_SYSTEM_FATAL_H
#define FED_BASE_SYSTEM_FATAL_H

#include <signal.h>
#include <stdbool.h>

/* Actions in the order in which they are run. */
enum fed_fatal {
	FED_FATAL_TERMINAL, /* gives the terminal back, so that what is told can be seen */
	FED_FATAL_TELL,     /* says what is known of the cause */
	FED_FATALS
};
/* An action calls async-signal-safe functions only; its arguments are those of a signal handler. */
typedef void fed_fatal_action(int number, const siginfo_t *, const void *context);

/* Set an action, or end it (NULL). Handlers are installed with the first one, and stay. */
void fed_fatal_set(enum fed_fatal, fed_fatal_action *);
/* The address of the instruction at which a signal's context stands; NULL: not known here. */
const void *fed_fatal_instruction(const void *context);
/* Whether there is memory at it and at the stack pointer, which an unwinder reads. */
bool fed_fatal_unwinds(const void *context);
/* Where there is no code at it: the place to which the call that led there returns; NULL: not
 * known. */
const void *fed_fatal_caller(const void *context);

#endif
