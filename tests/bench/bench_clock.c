/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Events a second through the virtual clock: `pending` events are due at any time, each one taken
 * is followed by a new one at a random later time.
 */
#include <stdio.h>

#include "base/cpu.h"
#include "base/random.h"
#include "net/event_queue.h"

enum { PENDING = 100000, EVENTS = 5000000 };

int main(void)
{
	struct fed_stream random = fed_stream_open(1, FED_FOR_DATA, 0, 0);
	struct fed_event_queue clock;
	struct fed_error err = {""};
	struct fed_queued_event due;
	int rc = FED_OK;

	fed_event_queue_init(&clock);
	const double start = fed_wall_seconds();
	for (uint64_t i = 0; i < PENDING && rc == FED_OK; i++)
		rc = fed_event_queue_add(&clock, fed_stream_real(&random), FED_QUEUED_MESSAGE, i, 0, &err);
	for (uint64_t i = 0; i < EVENTS && rc == FED_OK && fed__event_queue_next(&clock, &due); i++)
		rc = fed_event_queue_add(&clock, due.when + fed_stream_real(&random), FED_QUEUED_MESSAGE, i,
		                         0, &err);
	const double seconds = fed_wall_seconds() - start;
	fed_event_queue_release(&clock);
	if (rc != FED_OK) {
		fprintf(stderr, "bench_clock: %s\n", err.text);
		return 1;
	}
	printf("{\"bench\":\"clock\",\"pending\":%d,\"events\":%d,\"seconds\":%.3f,"
	       "\"events_per_second\":%.0f}\n",
	       PENDING, EVENTS, seconds, EVENTS / seconds);
	return 0;
}
