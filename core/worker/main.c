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

#include "worker/confine.h"
#include "worker/crash.h"
#include "worker/serve.h"

int main(int argc, char **argv)
{
	static struct fed_server server;
	const bool has_before = fcntl(FED_WORKER_BEFORE, F_GETFD) >= 0;

	if (argc != 3 || fcntl(FED_WORKER_SOCKET, F_GETFD) < 0) {
		fputs("fedsh-worker is started by fedsh: it runs plugins that were loaded there\n", stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	server.socket = FED_WORKER_SOCKET;
	if (!fed__worker_memory_init(&server.memory, FED_WORKER_MEMORY))
		return 1;
	const size_t page = server.memory.page;
	const uint64_t report = strtoull(argv[1], NULL, 10);
	struct fed_crash_report *r = fed__worker_window(&server.memory, report, page);
	if (!r)
		return 1;
	server.memory.window[0].used = UINT64_MAX; /* it stays */
	fed__crash_init(r, &server.memory);
	fed__watch_parent(FED_WORKER_SOCKET);
	fed__confine(strtoull(argv[2], NULL, 10));
	const int rc = fed__serve(&server, has_before);
	fed__crash_leaving();
	return rc;
}
