/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/chrome_trace.c - writer of invitations and versions as trace events.
 *
 * Source of the format: "Trace Event Format", the JSON object form: complete events (X), instants
 * (i), counters (C) and names (M); `ts` and `dur` are microseconds.  Times are rounded to whole
 * nanoseconds first, so that spans that touch still do.
 */
#include "report/chrome_trace.h"

#include <math.h>

#include "history/event_log.h"
#include "base/mem.h"
#include "report/timeline.h"
#include "train/clients/names.h"

enum { SERVER = 1, CLIENTS = 2 }; /* pid */

struct trace {
	struct fed_file_writer *file;
	const struct fed_session *session;
	struct fed_timeline all;
	struct fed_text line;
	bool began; /* an event was written */
	bool failed;
};

static double nanoseconds(double seconds)
{
	return rint(seconds * 1e9);
}

/* Events --------------------------------------------------------------------- */

static void begin_event(struct trace *t, const char *ph, int pid, uint64_t tid, const char *name)
{
	fed_text_clear(&t->line);
	fed_text_add(&t->line,
	             "%s{\"ph\":\"%s\",\"pid\":%d,\"tid\":%llu,\"name\":", t->began ? ",\n" : "\n", ph,
	             pid, (unsigned long long)tid);
	fed_text_json_string(&t->line, name);
	t->began = true;
}

static void put_time(struct trace *t, double seconds)
{
	fed_text_add(&t->line, ",\"ts\":%.3f", nanoseconds(seconds) / 1e3);
}

static void put_span(struct trace *t, double from, double to)
{
	put_time(t, from);
	fed_text_add(&t->line, ",\"dur\":%.3f", (nanoseconds(to) - nanoseconds(from)) / 1e3);
}

static void put_count(struct trace *t, const char *key, uint64_t value)
{
	fed_text_add(&t->line, "\"%s\":%llu", key, (unsigned long long)value);
}

static void put_number(struct trace *t, const char *key, double value)
{
	fed_text_add(&t->line, "\"%s\":", key);
	fed_text_json_number(&t->line, value);
}

static void end_event(struct trace *t)
{
	fed_text_add(&t->line, "}");
	t->failed |= t->line.failed;
	fed_file_write(t->file, fed_text_str(&t->line), t->line.len);
}

/* Names ------------------------------------------------------------------------ */

static void name_row(struct trace *t, const char *what, int pid, uint64_t tid, const char *name,
                     uint64_t place)
{
	struct fed_text key = {0};

	fed_text_add(&key, "%s_name", what);
	begin_event(t, "M", pid, tid, fed_text_str(&key));
	fed_text_add(&t->line, ",\"args\":{\"name\":");
	fed_text_json_string(&t->line, name);
	fed_text_add(&t->line, "}");
	end_event(t);
	fed_text_clear(&key);
	fed_text_add(&key, "%s_sort_index", what);
	begin_event(t, "M", pid, tid, fed_text_str(&key));
	fed_text_add(&t->line, ",\"args\":{");
	put_count(t, "sort_index", place);
	fed_text_add(&t->line, "}");
	end_event(t);
	fed_text_release(&key);
}

static uint64_t tid_of(uint32_t client)
{
	return (uint64_t)client + 1; /* 0 is the idle task for some viewers */
}

static void name_rows(struct trace *t)
{
	name_row(t, "process", SERVER, 1, "server", 0);
	name_row(t, "thread", SERVER, 1, "versions", 0);
	name_row(t, "process", CLIENTS, 1, "clients", 1);
	for (uint32_t i = 0; i < t->all.n; i++) {
		struct fed_text name = {0};

		fed_client_put(&name, t->all.clients, t->all.client[i]);
		name_row(t, "thread", CLIENTS, tid_of(t->all.client[i]), fed_text_str(&name),
		         t->all.client[i]);
		fed_text_release(&name);
	}
}

/* The server ------------------------------------------------------------------- */

static void put_counter(struct trace *t, const char *name, double clock, double value)
{
	if (!isfinite(value))
		return; /* not measured */
	begin_event(t, "C", SERVER, 1, name);
	put_time(t, clock);
	fed_text_add(&t->line, ",\"args\":{");
	put_number(t, name, value);
	fed_text_add(&t->line, "}");
	end_event(t);
}

static void put_version(struct trace *t, const struct fed_record *r, double from)
{
	char name[40];

	snprintf(name, sizeof name, "version %.0f", r->round);
	begin_event(t, "X", SERVER, 1, name);
	put_span(t, from, r->clock);
	fed_text_add(&t->line, ",\"args\":{");
	put_number(t, "invited", r->invited);
	fed_text_add(&t->line, ",");
	put_number(t, "used", r->used);
	fed_text_add(&t->line, ",");
	put_number(t, "staleness", r->staleness);
	fed_text_add(&t->line, ",");
	put_number(t, "bytes_up", r->bytes_up);
	fed_text_add(&t->line, ",");
	put_number(t, "bytes_down", r->bytes_down);
	fed_text_add(&t->line, "}");
	end_event(t);
	put_counter(t, "accuracy", r->clock, r->test_accuracy);
	put_counter(t, "loss", r->clock, r->test_loss);
	put_counter(t, "train loss", r->clock, r->train_loss);
}

static void put_versions(struct trace *t)
{
	double from = t->all.from;

	for (size_t i = 0; i < t->all.rounds; i++) {
		const struct fed_record *r = &t->all.round[i];

		put_version(t, r, from < r->clock ? from : r->clock);
		from = r->clock;
	}
}

/* Clients ---------------------------------------------------------------------- */

/* Arguments of a phase. */
static void put_details(struct trace *t, const struct fed_invitation_record *x,
                        enum fed_phase phase)
{
	fed_text_add(&t->line, ",\"args\":{");
	put_count(t, "invitation", x->invitation);
	fed_text_add(&t->line, ",");
	put_count(t, "version", x->version);
	if (phase == FED_PHASE_DOWNLOAD || phase == FED_PHASE_UPLOAD) {
		fed_text_add(&t->line, ",");
		put_count(t, "bytes", phase == FED_PHASE_DOWNLOAD ? x->bytes_down : x->bytes_up);
	}
	if (phase == FED_PHASE_UPLOAD && x->step) {
		fed_text_add(&t->line, ",\"used\":%s,", x->used ? "true" : "false");
		put_count(t, "step", x->step);
		fed_text_add(&t->line, ",");
		put_number(t, "weight", (double)x->weight);
	}
	fed_text_add(&t->line, "}");
}

/* An instant for a refused, lost, late or cancelled invitation, with the reason. */
static void put_end(struct trace *t, const struct fed_invitation_record *x)
{
	static const char *const names[FED_INVITATION_STATES] = {
		[FED_INVITATION_REFUSED] = "refused",
		[FED_INVITATION_LOST] = "lost",
		[FED_INVITATION_LATE] = "late",
		[FED_INVITATION_CANCELLED] = "cancelled",
	};
	const struct fed_event_log *r = fed_session_event_log(t->session);
	const struct fed_logged_event *past = fed_event_log_at(r, x->end);
	const char *why = past ? fed_event_log_text(r, past) : NULL;

	if (!names[x->state])
		return;
	begin_event(t, "i", CLIENTS, tid_of(x->client), names[x->state]);
	put_time(t, x->ended);
	fed_text_add(&t->line, ",\"s\":\"t\",\"args\":{");
	put_count(t, "invitation", x->invitation);
	if (why) {
		fed_text_add(&t->line, ",\"why\":");
		fed_text_json_string(&t->line, why);
	}
	fed_text_add(&t->line, "}");
	end_event(t);
}

static void put_invitation(struct trace *t, const struct fed_invitation_record *x)
{
	struct fed_span span[FED_SPANS_MAX];
	const int n = fed_invitation_spans(x, t->all.now, span);

	for (int i = 0; i < n; i++) {
		begin_event(t, "X", CLIENTS, tid_of(x->client), fed_phase_names[span[i].phase]);
		put_span(t, span[i].from, span[i].to);
		put_details(t, x, span[i].phase);
		end_event(t);
	}
	put_end(t, x);
}

static void put_turn_phase(void *ctx, const struct fed_timeline_span *of)
{
	struct trace *t = ctx;
	const struct fed_invitation_record x = {.invitation = of->invitation,
	                                        .version = of->version,
	                                        .bytes_up = of->bytes,
	                                        .bytes_down = of->bytes};

	begin_event(t, "X", CLIENTS, tid_of(t->all.client[of->at]), fed_phase_names[of->span.phase]);
	put_span(t, of->span.from, of->span.to);
	put_details(t, &x, of->span.phase);
	end_event(t);
}

int fed__trace_write(struct fed_session *s, struct fed_file_writer *file, struct fed_error *err)
{
	static const char head[] = "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[", tail[] = "\n]}\n";
	struct trace t = {.file = file, .session = s};

	if (fed_timeline_init(&t.all, s, UINT64_MAX, NULL, 0, err))
		return FED_FAIL;
	fed_file_write(file, head, sizeof head - 1);
	name_rows(&t);
	put_versions(&t);
	const struct fed_invitation_log *j = &fed_session_event_log(s)->invitation_log;
	for (uint64_t k = j->first; k && k <= j->n; k++)
		put_invitation(&t, fed_invitation_log_at(j, k));
	int rc = fed_timeline_turns(&t.all, put_turn_phase, &t, err);
	fed_file_write(file, tail, sizeof tail - 1);
	if (rc == FED_OK && t.failed)
		rc = fed_fail_memory(err, 4096, "a line");
	fed_text_release(&t.line);
	fed_timeline_release(&t.all);
	return rc;
}
