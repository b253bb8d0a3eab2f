/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker/crash.c - what is written down when the plugin crashes.
 *
 * A handler writes the report and lets the signal end the process.  It runs on a stack of its own,
 * for the plugin's may be used up.
 */
#include "worker/crash.h"

#include <errno.h>
#include <execinfo.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

enum { STACK = 64 << 10, NEAR_STACK = 64 << 10, FRAMES = 64 };

static struct {
	struct fed_crash_report *report;
	const struct fed_worker_memory *memory;
	struct object {
		uintptr_t base, begin, end; /* load address, and its range */
	} object[FED_WORKER_FILES];
} crash;

static uintptr_t register_of(const ucontext_t *u, bool stack)
{
#if defined(__x86_64__)
	return (uintptr_t)u->uc_mcontext.gregs[stack ? REG_RSP : REG_RIP];
#elif defined(__aarch64__)
	return stack ? u->uc_mcontext.sp : u->uc_mcontext.pc;
#else
	(void)u, (void)stack;
	return 0;
#endif
}

/* A frame of the plugin that the innermost one is of. */
static void add_frame(struct fed_crash_report *r, uintptr_t pc)
{
	for (uint32_t i = 0; i < FED_WORKER_FILES; i++) {
		const struct object *o = &crash.object[i];

		if (pc < o->begin || pc >= o->end || r->frames == FED_REPORT_FRAMES ||
		    (r->frames && r->plugin != i))
			continue;
		r->plugin = i;
		r->frame[r->frames] = pc - o->base;
		r->frames++;
		return;
	}
}

/* Frames of the plugin, the faulting one first. */
static void add_frames(struct fed_crash_report *r, uintptr_t pc)
{
	void *frame[FRAMES];
	const int n = backtrace(frame, FRAMES);

	add_frame(r, pc);
	/* a frame that called returns behind the call, perhaps on another line */
	for (int i = 0; i < n; i++)
		if ((uintptr_t)frame[i] != pc)
			add_frame(r, (uintptr_t)frame[i] - 1);
}

static void on_fault(int signal, siginfo_t *info, void *context)
{
	const int why = errno;
	struct fed_crash_report *r = crash.report;
	const uintptr_t address = (uintptr_t)info->si_addr, pc = register_of(context, false);
	const uintptr_t stack = register_of(context, true);

	if (!r->signal) { /* the first thread's */
		/* not cleared since the request began: malloc() sets it, and NULL is used */
		r->memory = why == ENOMEM;
		const bool fault = signal == SIGSEGV || signal == SIGBUS;

		r->address = fault ? address : 0;
		r->code = info->si_code;
		r->place = fault ? fed__worker_place(crash.memory, address) : FED_FAULT_ELSEWHERE;
		if (fault && address + NEAR_STACK > stack && address < stack + NEAR_STACK)
			r->place = FED_FAULT_STACK;
		r->signal = (uint32_t)signal;
		if (!crash.object[0].begin) /* while it is loaded */
			fed__crash_plugin(0, (const void *)pc);
		add_frames(r, pc);
	}
	/* returning repeats a fault, which then ends the process */
	struct sigaction old = {.sa_handler = SIG_DFL};
	sigaction(signal, &old, NULL);
	if (signal == SIGABRT)
		raise(signal);
}

/* Only a plugin calls exit() here.  The process ends at once, whatever else waits for its end. */
static void on_exit_called(int code, void *unused)
{
	(void)unused;
	crash.report->exited = 1;
	_exit(code);
}

void fed__crash_init(struct fed_crash_report *report, const struct fed_worker_memory *memory)
{
	static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
	struct sigaction action = {.sa_sigaction = on_fault,
	                           .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
	stack_t stack = {.ss_size = STACK};
	void *frame[1];

	crash.report = report;
	crash.memory = memory;
	/* the first call loads the unwinder, which a handler must not */
	(void)backtrace(frame, 1);
	stack.ss_sp = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stack.ss_sp != MAP_FAILED)
		sigaltstack(&stack, NULL);
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		sigaction(signals[i], &action, NULL);
	on_exit(on_exit_called, NULL);
}

/* A search for the object that an address is in. */
struct object_search {
	uintptr_t address;
	struct object *found;
};

static int visit(struct dl_phdr_info *info, size_t size, void *ctx)
{
	struct object_search *search = ctx;
	uintptr_t begin = UINTPTR_MAX, end = 0;

	(void)size;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		const uintptr_t from = info->dlpi_addr + segment->p_vaddr;

		if (segment->p_type != PT_LOAD)
			continue;
		begin = from < begin ? from : begin;
		end = from + segment->p_memsz > end ? from + segment->p_memsz : end;
	}
	if (search->address < begin || search->address >= end || !*info->dlpi_name) /* the program */
		return 0;
	*search->found = (struct object){info->dlpi_addr, begin, end};
	return 1;
}

void fed__crash_plugin(int i, const void *anything)
{
	struct object_search search = {(uintptr_t)anything, &crash.object[i]};

	dl_iterate_phdr(visit, &search);
}
