/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/jobs/output.c - the queue of what a job prints.
 */
#include "shell/jobs/output.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/system/thread.h"

static void signal_event(struct fed_job_output *o)
{
	const uint64_t one = 1;
	const ssize_t written = write(o->event, &one, sizeof one);

	(void)written; /* EAGAIN: already signalled */
}

/* Never fails: without memory the queue says so when it is taken. */
static ssize_t write_some(void *ctx, const char *bytes, size_t n)
{
	const struct fed_job_stream *stream = ctx;
	struct fed_job_output *o = stream->output;

	if (o->watch) {
		fed_watch_message(o->watch, stream->errors ? FED_STREAM_ERROR : FED_STREAM_OUT, bytes, n);
	} else if (stream->errors && o->shown_errors) {
		fwrite(bytes, 1, n, o->shown_errors);
	} else {
		pthread_mutex_lock(&o->lock);
		fed_text_put(&o->queue, bytes, n);
		pthread_mutex_unlock(&o->lock);
		signal_event(o);
	}
	return (ssize_t)n;
}

static FILE *open_stream(struct fed_job_stream *stream)
{
	FILE *f = fopencookie(stream, "w", (cookie_io_functions_t){.write = write_some});

	if (f)
		setvbuf(f, NULL, _IOLBF, 0);
	return f;
}

int fed__job_output_init(struct fed_job_output *o, FILE *shown_errors, struct fed_error *err)
{
	*o = (struct fed_job_output){.shown_errors = shown_errors};
	pthread_mutex_init(&o->lock, NULL);
	for (int i = 0; i < 2; i++)
		o->stream[i] = (struct fed_job_stream){o, i == 1};
	o->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	o->out = open_stream(&o->stream[0]);
	o->errors = open_stream(&o->stream[1]);
	if (o->event >= 0 && o->out && o->errors)
		return FED_OK;
	fed_fail(err, "no stream for what the command prints: %s", strerror(errno));
	fed__job_output_release(o);
	return FED_FAIL;
}

void fed__job_output_release(struct fed_job_output *o)
{
	if (!o->stream[0].output)
		return;
	if (o->out)
		fclose(o->out);
	if (o->errors)
		fclose(o->errors);
	if (o->event >= 0)
		close(o->event);
	fed_text_release(&o->queue);
	pthread_mutex_destroy(&o->lock);
	*o = (struct fed_job_output){0};
}

void fed__job_output_take(struct fed_job_output *o, struct fed_text *lines, bool all)
{
	uint64_t times;
	const ssize_t got = read(o->event, &times, sizeof times);

	(void)got;
	pthread_mutex_lock(&o->lock);
	struct fed_text *q = &o->queue;
	const char *end = q->len ? memrchr(q->s, '\n', q->len) : NULL;
	const size_t n = all ? q->len : end ? (size_t)(end - q->s) + 1 : 0;

	fed_text_put(lines, fed_text_str(q), n);
	if (q->failed)
		fed_text_add(lines, "(no memory to show a line)\n");
	q->failed = false;
	if (n)
		memmove(q->s, q->s + n, q->len - n + 1);
	q->len -= n;
	pthread_mutex_unlock(&o->lock);
}
