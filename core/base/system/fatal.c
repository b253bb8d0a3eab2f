/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base/system/fatal.c - the handler of fatal signals; it calls async-signal-safe functions only. */
#include "base/system/fatal.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT};
enum { SIGNALS = sizeof fatal / sizeof *fatal, STACK = 64 * 1024 };

/* A signal handler has no context but what is global. */
static struct sigaction before[SIGNALS];
static _Atomic(fed_fatal_action *) action[FED_FATALS];
static atomic_bool installed;
static char stack[STACK]; /* alternate signal stack: the thread's own may have overflowed */

/* Whether the instruction at which it came will raise it again. */
static bool comes_again(int number, const siginfo_t *info)
{
	return info->si_code > 0 && number != SIGABRT && number != SIGQUIT;
}

static void on_fatal(int number, siginfo_t *info, void *context)
{
	for (int i = 0; i < FED_FATALS; i++) {
		fed_fatal_action *act = atomic_load(&action[i]);

		if (act)
			act(number, info, context);
	}
	for (size_t i = 0; i < SIGNALS; i++)
		if (fatal[i] == number)
			sigaction(number, &before[i], NULL);
	/* as it came, delivered when this handler returns */
	if (!comes_again(number, info) &&
	    syscall(SYS_rt_tgsigqueueinfo, getpid(), syscall(SYS_gettid), number, info) != 0)
		raise(number);
}

static void install(void)
{
	const stack_t alternative = {.ss_sp = stack, .ss_size = sizeof stack};
	struct sigaction handler = {.sa_sigaction = on_fatal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
	stack_t present;

	if (sigaltstack(NULL, &present) == 0 && (present.ss_flags & SS_DISABLE))
		sigaltstack(&alternative, NULL);
	sigfillset(&handler.sa_mask);
	for (size_t i = 0; i < SIGNALS; i++)
		if (sigaction(fatal[i], &handler, &before[i]) == 0 && before[i].sa_handler == SIG_IGN)
			sigaction(fatal[i], &before[i], NULL);
}

void fed_fatal_set(enum fed_fatal which, fed_fatal_action *act)
{
	atomic_store(&action[which], act);
	if (act && !atomic_exchange(&installed, true))
		install();
}

const void *fed_fatal_instruction(const void *context)
{
	const ucontext_t *u = context;

#if defined(__x86_64__)
	return (const void *)(uintptr_t)u->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
	return (const void *)(uintptr_t)u->uc_mcontext.pc;
#else
	(void)u;
	return NULL;
#endif
}

/* Whether there is memory at an address. */
static bool is_mapped(uintptr_t address)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	return msync((void *)(address / page * page), 1, MS_ASYNC) == 0;
}

static uintptr_t stack_of(const void *context)
{
	const ucontext_t *u = context;

#if defined(__x86_64__)
	return (uintptr_t)u->uc_mcontext.gregs[REG_RSP];
#elif defined(__aarch64__)
	return (uintptr_t)u->uc_mcontext.sp;
#else
	(void)u;
	return 0;
#endif
}

bool fed_fatal_unwinds(const void *context)
{
	return is_mapped((uintptr_t)fed_fatal_instruction(context)) && is_mapped(stack_of(context));
}

const void *fed_fatal_caller(const void *context)
{
#if defined(__aarch64__)
	return (const void *)(uintptr_t)((const ucontext_t *)context)->uc_mcontext.regs[30];
#else
	const uintptr_t top = stack_of(context);

	return top % sizeof top == 0 && is_mapped(top) ? *(const void *const *)top : NULL;
#endif
}
