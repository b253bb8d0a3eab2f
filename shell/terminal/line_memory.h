/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/terminal/line_memory.h - memory of readline, whose own allocator ends the program when
 * there is none.
 *
 * Readline calls xmalloc and xrealloc, and those of the program come before its own.  They must not
 * fail; so there is a reserve, freed when memory runs out, which suffices for lines of usual
 * length. When that is used up, too, they leave readline by a jump: then its state is no longer
 * whole, and the caller must not use it again.
 */
#ifndef FED_SHELL_TERMINAL_LINE_MEMORY_H
#define FED_SHELL_TERMINAL_LINE_MEMORY_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>

/* Where this thread goes when there is no memory (sigsetjmp); NULL: it waits until there is.
 * Returns the place before. */
sigjmp_buf *fed__line_memory_exit(sigjmp_buf *);
/* Get the reserve again, if it was freed and there is memory. */
void fed__line_memory_refill(void);
void fed__line_memory_release(void);

#endif
