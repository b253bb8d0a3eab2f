/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/crash.c - the sentence about a plugin that ran inside and crashed, before the signal
 * ends the program; the handler calls async-signal-safe functions only, but for the unwinder, which
 * is loaded beforehand.
 */
#include <execinfo.h>
#include <string.h>
#include <unistd.h>

#include "base/system/fatal.h"
#include "plug/inside.h"
#include "plug/registry.h"
#include "shell/shell.h"

enum { FRAMES = 64, LINE = 1024 };

struct line {
	char s[LINE];
	size_t n;
};

static void put(struct line *line, const char *s)
{
	const size_t n = strlen(s), most = LINE - line->n, fits = n < most ? n : most;

	memcpy(line->s + line->n, s, fits);
	line->n += fits;
}

static void put_hexadecimal(struct line *line, uintptr_t v)
{
	char digits[2 * sizeof v + 1];
	char *at = digits + sizeof digits - 1;

	*at = '\0';
	do {
		*--at = "0123456789abcdef"[v % 16];
		v /= 16;
	} while (v);
	put(line, "0x");
	put(line, at);
}

static const char *name_of(int number)
{
	switch (number) {
	case SIGSEGV:
		return "SIGSEGV, an address that it may not use";
	case SIGBUS:
		return "SIGBUS, an address that it may not use";
	case SIGFPE:
		return "SIGFPE, an integer divided by zero";
	case SIGILL:
		return "SIGILL, a trap that the compiler sets";
	default:
		return "SIGABRT, abort()";
	}
}

static void put_plugin(struct line *line, const struct fed_entry *entry)
{
	put(line, fed_kind_name((enum fed_kind)entry->head->kind));
	put(line, " ");
	put(line, entry->head->name);
}

/* The sentence where the crash was in no plugin: one may have damaged memory that is not its own,
 * or jumped to where there is no code. */
static void put_suspects(struct line *line, int number)
{
	const struct fed_entry *entry = fed_inside_at(0);

	put(line, "fedsh: crashed (");
	put(line, name_of(number));
	put(line, "). What was loaded to run inside may be the cause: ");
	for (size_t i = 0; entry; entry = fed_inside_at(++i)) {
		put(line, i ? ", " : "");
		put_plugin(line, entry);
	}
	put(line, ". `load FILE` without `trusted` and with `set guard on` runs it in a process of its "
	          "own, whose crash costs a round at most\n");
}

/* The sentence about where in a plugin the program ends. */
static void put_sentence(struct line *line, const struct fed_inside *at, int number)
{
	put(line, "fedsh: ");
	put_plugin(line, at->entry);
	put(line, " crashed");
	if (at->function) {
		put(line, " in ");
		put(line, at->function);
		put(line, "()");
	}
	put(line, " (");
	put(line, name_of(number));
	put(line, "; `addr2line -fe ");
	put(line, at->entry->path);
	put(line, " ");
	put_hexadecimal(line, at->offset);
	put(line, "` names the line), and fedsh ends with it: it was loaded to run inside. `load ");
	put(line, at->entry->path);
	put(line, "` without `trusted` and with `set guard on` runs it in a process of its own, whose "
	          "crash costs a round at most\n");
}

static void tell(int number, const siginfo_t *info, const void *context)
{
	void *frame[FRAMES + 1];
	struct fed_inside at;
	struct line line = {.n = 0};

	(void)info;
	if (number == SIGQUIT)
		return;
	int n = 1;
	frame[0] = (void *)(uintptr_t)fed_fatal_instruction(context);
	const bool unwinds = fed_fatal_unwinds(context);
	if (unwinds)
		n += backtrace(frame + 1, FRAMES);
	else
		frame[n++] = (void *)(uintptr_t)fed_fatal_caller(context);
	if (fed_inside_find((const void *const *)frame, n, unwinds && n <= FRAMES, &at))
		put_sentence(&line, &at, number);
	else if (fed_inside_at(0))
		put_suspects(&line, number);
	const ssize_t written = write(STDERR_FILENO, line.s, line.n);
	(void)written;
}

void fed__tell_crashes(void)
{
	void *frame[1];

	/* the first call loads the unwinder, which a handler must not */
	(void)backtrace(frame, 1);
	fed_fatal_set(FED_FATAL_TELL, tell);
}
