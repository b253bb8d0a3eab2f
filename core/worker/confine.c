/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker/confine.c - resource limits, and a filter of system calls against new processes.
 *
 * This is no sandbox against an attacker: it keeps a mistake from spreading.
 */
#include "worker/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/system/thread.h"

#define FILE_SIZE ((rlim_t)1 << 30)
enum { FILES = 256 };

/* Bytes that count for RLIMIT_DATA now: private memory that can be written. */
static rlim_t data_now(void)
{
	unsigned long long size = 0, resident, shared, text, unused, data = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (!f)
		return 0;
	if (fscanf(f, "%llu %llu %llu %llu %llu %llu", &size, &resident, &shared, &text, &unused,
	           &data) != 6)
		data = 0;
	fclose(f);
	return (rlim_t)data * (rlim_t)sysconf(_SC_PAGESIZE);
}

static void limit(int what, rlim_t most)
{
	struct rlimit now;

	if (getrlimit(what, &now) != 0)
		return;
	now.rlim_cur = now.rlim_max == RLIM_INFINITY || most < now.rlim_max ? most : now.rlim_max;
	setrlimit(what, &now);
}

#if defined(__x86_64__) || defined(__aarch64__)
#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#else
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#define LOAD(member) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, member))
#define REFUSE(error) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
/* Refuse a call by number. */
#define NEVER(call) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (call), 0, 1), REFUSE(EPERM)

/* fork(), exec() and signals to other processes are refused.  clone3(), whose flags a filter cannot
 * see, does not exist: threads are then made by clone(). */
static void refuse_processes(void)
{
	struct sock_filter filter[] = {
		LOAD(arch),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
		ALLOW,
		LOAD(nr),
		NEVER(__NR_execve),
		NEVER(__NR_execveat),
		NEVER(__NR_ptrace),
		NEVER(__NR_process_vm_writev),
#ifdef __NR_fork
		NEVER(__NR_fork),
		NEVER(__NR_vfork),
#endif
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone3, 0, 1),
		REFUSE(ENOSYS),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_kill, 0, 4),
		LOAD(args[0]),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)getpid(), 0, 1),
		ALLOW,
		REFUSE(EPERM),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone, 1, 0),
		ALLOW,
		LOAD(args[0]),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1),
		ALLOW,
		REFUSE(EPERM),
	};
	struct sock_fprog program = {.len = sizeof filter / sizeof *filter, .filter = filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		(void)prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}
#else
static void refuse_processes(void)
{
}
#endif

void fed__confine(uint64_t memory)
{
	if (memory)
		limit(RLIMIT_DATA, data_now() + (rlim_t)memory);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_FSIZE, FILE_SIZE);
	limit(RLIMIT_NOFILE, FILES);
	refuse_processes();
}

/* Parent ----------------------------------------------------------------- */

static void *watch(void *arg)
{
	struct pollfd fd = {.fd = (int)(intptr_t)arg, .events = POLLRDHUP};

	while (poll(&fd, 1, -1) < 0 && errno == EINTR)
		;
	if (fd.revents & (POLLRDHUP | POLLHUP))
		_exit(0);
	return NULL;
}

void fed__watch_parent(int socket)
{
	const int own = fcntl(socket, F_DUPFD_CLOEXEC, FILES / 2);
	pthread_t thread;

	if (own >= 0 && fed_thread_start(&thread, watch, (void *)(intptr_t)own) == 0)
		pthread_detach(thread);
}
