/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker/main.c - fedsh-worker: a process for one plugin, started by fedsh alone.
 *
 *     fedsh-worker OFFSET BYTES      where the crash report is in the shared memory; the memory
 * limit
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/blas.h"
#include "worker/confine.h"
#include "worker/crash.h"
#include "worker/serve.h"

/* Options of the sanitizers, where this program has their runtimes (fedsh-worker-checked): leaks
 * are for fedsh to see, and a report ends the process. */
__attribute__((visibility("default"))) const char *__asan_default_options(void);
__attribute__((visibility("default"))) const char *__ubsan_default_options(void);

const char *__asan_default_options(void)
{
	return "detect_leaks=0:handle_segv=0:handle_abort=0:handle_sigfpe=0:exitcode=1";
}

const char *__ubsan_default_options(void)
{
	return "print_stacktrace=0:halt_on_error=1";
}

/* The paths of the files that were inherited. */
static void name_files(unsigned files, const char *path[FED_WORKER_FILES])
{
	static char names[FED_WORKER_FILES][32];

	for (int i = 0; i < FED_WORKER_FILES; i++) {
		const int fd = FED_WORKER_PLUGIN + i;

		snprintf(names[i], sizeof names[i], "/proc/self/fd/%d", fd);
		path[i] = files >> i & 1 ? names[i] : NULL;
	}
}

int main(int argc, char **argv)
{
	static struct fed_server server;
	const char *path[FED_WORKER_FILES];

	if (argc != 5 || fcntl(FED_WORKER_SOCKET, F_GETFD) < 0) {
		fputs("fedsh-worker is started by fedsh: it runs plugins that were loaded there\n", stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	fed_blas_init(); /* as fedsh does: the same kernels, the same bits */
	name_files((unsigned)atoi(argv[4]), path);
	server.socket = FED_WORKER_SOCKET;
	if (!fed__worker_memory_init(&server.memory, FED_WORKER_MEMORY))
		return 1;
	const uint64_t report = strtoull(argv[1], NULL, 10);
	struct fed_crash_report *r =
		fed__worker_window(&server.memory, report, server.memory.page, FED_FAULT_ELSEWHERE);
	if (!r)
		return 1;
	server.memory.window[0].used = UINT64_MAX; /* it stays */
	fed__crash_init(r, &server.memory);
	fed__watch_parent(FED_WORKER_SOCKET);
	fed__confine(strtoull(argv[2], NULL, 10));
	const int rc = fed__serve(&server, (enum fed_worker_task)atoi(argv[3]), path);
	/* at once: what exit() would do is not the plugin's to hold up */
	_exit(rc);
}
