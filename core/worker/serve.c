/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker/serve.c - one request after another.
 *
 * A reply begins with code and words; a function puts its values behind them while it runs, into a
 * packet of their own.
 */
#include "worker/serve.h"

#include <errno.h>
#include <malloc.h>

#include "plug/guard/handover.h"
#include "worker/crash.h"
#include "worker/serve_training.h"

static int describe(struct fed_server *s, struct fed_packet_reader *r, struct fed_error *err)
{
	(void)r, (void)err;
	fed_put_descriptor(&s->reply, s->entry[0]);
	return FED_OK;
}

static fed_serve *const requests[] = {
	[FED_ASK_DESCRIPTOR] = describe,
	[FED_ASK_AGGREGATION] = fed__serve_aggregation,
	[FED_ASK_ADD] = fed__serve_add,
	[FED_ASK_FINISH] = fed__serve_finish,
	[FED_ASK_RELEASE] = fed__serve_release,
	[FED_ASK_TELL] = fed__serve_tell,
	[FED_ASK_PLAN] = fed__serve_plan,
	[FED_ASK_NUMBER] = fed__serve_number,
	[FED_ASK_CRAFT] = fed__serve_craft,
	[FED_ASK_COLLUDE] = fed__serve_collude,
	[FED_ASK_SUITS] = fed__serve_suits,
	[FED_ASK_POISON] = fed__serve_poison,
	[FED_ASK_LOCAL_GRADIENT] = fed__serve_local_gradient,
	[FED_ASK_LOCAL_END] = fed__serve_local_end,
	[FED_ASK_BUILD] = fed__serve_build,
	[FED_ASK_LAYER] = fed__serve_layer,
	[FED_ASK_TRANSPORT] = fed__serve_transport,
	[FED_ASK_CHECK] = fed__serve_check,
	[FED_ASK_SELECTION] = fed__serve_selection,
	[FED_ASK_CODEC] = fed__serve_codec,
	[FED_ASK_SET_UP] = fed__serve_set_up,
	[FED_ASK_TRAIN] = fed__serve_train,
};

/* The sanitizers' own allocator counts for itself. */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

/* Bytes that the process has allocated and not freed. */
static uint64_t allocated_bytes(void)
{
	if (__sanitizer_get_current_allocated_bytes)
		return __sanitizer_get_current_allocated_bytes();
	const struct mallinfo2 now = mallinfo2();
	return now.uordblks + now.hblkhd;
}

/* Answer one request. */
static bool answer(struct fed_server *s, struct fed_packet_reader *r, int opened,
                   const struct fed_error *refusal)
{
	const size_t known = sizeof requests / sizeof *requests;
	struct fed_packet whole = {0};
	struct fed_error err = *refusal;
	int rc = opened;

	fed_text_clear(&s->reply.bytes);
	if (rc == FED_OK && (r->kind >= known || !requests[r->kind]))
		rc = fed_fail(&err, "its process does not know request %u", r->kind);
	errno = 0; /* a crash report says whether an allocation failed (worker/crash.c) */
	if (rc == FED_OK)
		rc = requests[r->kind](s, r, &err);
	if (r->short_)
		rc = fed_fail(&err, "a request of fedsh was incomplete");
	fed_packet_clear(&whole, FED_REPLY);
	fed_put_number(&whole, (uint64_t)(int64_t)rc);
	fed_put_text(&whole, rc == FED_OK ? "" : err.text);
	fed_put_number(&whole, allocated_bytes());
	fed_put(&whole, fed_text_str(&s->reply.bytes), s->reply.bytes.len);
	whole.bytes.failed |= s->reply.bytes.failed;
	if (fed_request_hands_over((enum fed_request)r->kind))
		fed_processor_stay();
	const bool sent = fed_packet_send(&whole, s->socket) == 0;
	fed_packet_release(&whole);
	return sent;
}

/* Open the plugins.  A refusal is the answer to the first request. */
static int open_plugins(struct fed_server *s, enum fed_worker_task task,
                        const char *const path[FED_WORKER_FILES], struct fed_error *err)
{
	const bool trains = task == FED_WORKER_TRAININGS;
	const int rc =
		trains ? fed__training_open(s, path, err) : fed__serve_open(s, path[0], path[1], err);

	for (int i = 0; rc == FED_OK && i < FED_WORKER_FILES; i++) {
		const struct fed_entry *entry = trains  ? fed__training_entry(i)
		                                : i < 2 ? s->entry[i]
		                                        : NULL;

		if (entry)
			fed__crash_plugin(i, fed_entry_address(entry));
	}
	return rc;
}

int fed__serve(struct fed_server *s, enum fed_worker_task task,
               const char *const path[FED_WORKER_FILES])
{
	struct fed_packet_reader r;
	struct fed_error refusal = {{0}};
	const int opened = open_plugins(s, task, path, &refusal);
	struct fed_packet_wait wait = {0};
	struct fed_processors own;
	bool handed_over = false;

	fed_processors_find(&own);
	for (;;) {
		/* after a handover fedsh can go on only when this thread sleeps */
		if (!handed_over)
			(void)fed_packet_comes(s->socket, &wait);
		if (fed_packet_receive(s->socket, &s->received, FED_PACKET_MOST, NULL, &r) != 0)
			return 0;
		handed_over = fed_request_hands_over((enum fed_request)r.kind);
		if (handed_over) /* threads that the plugin starts run anywhere */
			fed_processors_restore(&own);
		if (!answer(s, &r, opened, &refusal))
			return 0;
	}
}
