/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network/streams.c - messages between this process and one peer, to and from chunks.
 *
 * Sender: bytes [0, acknowledged) have arrived, [acknowledged, sent) are on their way, and nothing
 * at or past `granted` is sent.  Receiver: [0, arrived) is there.  What arrives elsewhere is
 * dropped, so a gap is repaired by sending again from `acknowledged` (go-back-N).  Connections are
 * TCP's: a gap appears where one of them ended.
 */
#include "network/streams.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"

enum {
	ASK_AGAIN = 3,          /* times that a broken message is asked for again */
	REPEATS_MOST = 5,       /* doublings of the pause before sending again */
	CHUNK_LEAST = 64 << 10, /* so that some are on their way where the window is small */
};
#define REPEAT_SECONDS 1.0
#define REPEAT_SECONDS_MOST 30.0
#define FIRST_REPEAT_SECONDS 2.0 /* where no round trip is known */
#define OVER_SECONDS 5.0         /* without a word, after which a life may be over */
#define HELD_SECONDS 0.1
#define QUICK 0.25 /* seconds in which a window is used up where it may grow */
#define SLOW 0.5

/* Letters ---------------------------------------------------------------- */

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The first letter is over: the next one begins when it is sent. */
static void end_first(struct fed__stream *s, const char *why)
{
	struct fed__letter *letter = s->out.first;

	s->out.first = letter->next;
	if (!letter->next)
		s->out.last = NULL;
	s->out.numbered = false;
	letter->next = NULL;
	s->sink->over(s->ctx, letter, why);
}

static void begin_first(struct fed__stream *s, double now)
{
	struct fed__outgoing *out = &s->out;

	out->numbered = true;
	out->number++;
	out->pushed = false;
	out->sent = out->furthest = out->acknowledged = 0;
	out->granted = FED_NETWORK_CHUNK;
	out->progress = out->repeated_at = now;
	out->repeats = 0;
	out->careful = false;
	out->timed = 0;
}

void fed__stream_send(struct fed__stream *s, struct fed__letter *letter)
{
	letter->next = NULL;
	if (s->out.last)
		s->out.last->next = letter;
	else
		s->out.first = letter;
	s->out.last = letter;
}

static void end_all(struct fed__stream *s, const char *why)
{
	while (s->out.first)
		end_first(s, why);
}

void fed__stream_sweep(struct fed__stream *s, const char *why)
{
	while (s->out.first && s->out.first->dropped)
		end_first(s, why);
	for (struct fed__letter *before = s->out.first; before && before->next;) {
		struct fed__letter *letter = before->next;
		if (!letter->dropped) {
			before = letter;
			continue;
		}
		before->next = letter->next;
		if (s->out.last == letter)
			s->out.last = before;
		letter->next = NULL;
		s->sink->over(s->ctx, letter, why);
	}
}

static void again_from(struct fed__outgoing *out, uint64_t offset, double now)
{
	out->sent = out->acknowledged = offset;
	out->pushed = false;
	out->progress = out->repeated_at = now;
}

void fed__stream_connected(struct fed__stream *s, double now)
{
	if (s->out.numbered)
		again_from(&s->out, s->out.acknowledged, now);
	s->out.repeats = 0;
	s->out.careful = false;
	s->out.timed = s->in.timed = 0; /* it would be the time without a connection */
	s->beat_due = true;
}

/* What comes: credits ------------------------------------------------------ */

/* What was sent again is acknowledged for its first sending where the second one's time would be
 * too short. */
static double measure(const struct fed__stream *s, double now)
{
	const struct fed__outgoing *out = &s->out;
	const double first = now - out->timed_at, again = now - out->repeated_at;

	return again < first && !isnan(s->round_trip) && again >= s->round_trip / 2 ? again : first;
}

static void take_progress(struct fed__stream *s, const struct fed__head *head, double now)
{
	struct fed__outgoing *out = &s->out;

	out->acknowledged = head->offset;
	if (out->sent < head->offset)
		out->sent = head->offset;
	out->progress = now;
	out->careful = false;
	if (out->timed && head->offset >= out->timed) {
		s->round_trip = measure(s, now);
		out->timed = 0;
		out->repeats = 0;
	}
}

/* The receiver has found the message damaged: all of it again. */
static void begin_again(struct fed__stream *s, double now)
{
	again_from(&s->out, 0, now);
	s->out.careful = false;
	s->out.timed = 0;
	s->out.granted = FED_NETWORK_CHUNK;
}

/* What is acknowledged once more tells of a gap, or of a chunk that had arrived already: the former
 * is repaired at once. */
static void repair_gap(struct fed__stream *s, double now)
{
	struct fed__outgoing *out = &s->out;
	const double pause = isnan(s->round_trip) ? 0.1 : 0.05 + 2 * s->round_trip;

	if (out->sent > out->acknowledged && now - out->repeated_at > pause &&
	    now - out->progress > pause)
		again_from(out, out->acknowledged, now);
}

static void in_credit(struct fed__stream *s, const struct fed__head *head, double now)
{
	struct fed__outgoing *out = &s->out;

	if (!out->first || !out->numbered || head->number != out->number)
		return;
	const size_t len = out->first->len;
	if (head->offset == FED__NOT_TAKEN) {
		end_first(s, head->total == FED__DAMAGED ? "it arrived damaged four times"
		                                         : "it is longer than what the peer takes");
		return;
	}
	if (head->offset > out->furthest || (len == 0 && !out->pushed))
		return;
	if (head->offset == len) {
		take_progress(s, head, now);
		end_first(s, NULL);
		return;
	}
	if (head->offset == 0 && (head->total == 0 || out->acknowledged > 0)) {
		begin_again(s, now);
		return;
	}
	if (head->offset < out->acknowledged) {
		/* Of an older connection; or the one that was believed was, if nothing goes on. */
		if (out->careful)
			again_from(out, head->offset, now);
		return;
	}
	if (head->offset > out->acknowledged)
		take_progress(s, head, now);
	else
		repair_gap(s, now);
	if (head->total > out->granted)
		out->granted = head->total;
}

/* What comes: chunks ------------------------------------------------------- */

static void drop_incoming(struct fed__incoming *in)
{
	fed_free(in->bytes);
	in->bytes = NULL;
	in->arrived = in->total = in->capacity = in->granted = 0;
	in->timed = 0;
	in->asked = 0;
	in->held = false;
}

/* Memory follows what has come, not what is announced. */
static bool make_room(struct fed__incoming *in, uint64_t bytes)
{
	if (bytes <= in->capacity)
		return true;
	uint64_t capacity = in->capacity * 2;
	if (capacity < FED_NETWORK_CHUNK)
		capacity = FED_NETWORK_CHUNK;
	capacity = capacity < bytes ? bytes : capacity;
	capacity = least(capacity, in->total);
	uint8_t *const larger = fed_resize(in->bytes, in->capacity, capacity);
	if (!larger)
		return false;
	in->bytes = larger;
	in->capacity = capacity;
	return true;
}

static void begin_incoming(struct fed__stream *s, const struct fed__head *head)
{
	struct fed__incoming *in = &s->in;

	drop_incoming(in);
	in->number = head->number;
	in->total = head->total;
	in->granted = FED_NETWORK_CHUNK;
	in->done = head->total > s->most;
	in->refusal = in->done ? FED__TOO_LONG : FED__TAKEN;
}

/* A window that was used up quickly grows, one that took long shrinks: what is on its way is what
 * others have to wait for. */
static void adapt_window(struct fed__incoming *in, double now)
{
	if (!in->timed || in->arrived < in->timed)
		return;
	const double took = now - in->timed_at;
	const uint64_t used = in->timed - in->timed_from;
	in->timed = 0;
	if (took < QUICK && used >= in->window)
		in->window = least(2 * in->window, FED__WINDOW_MOST);
	else if (took > SLOW)
		in->window = least(in->window, (uint64_t)((double)used * SLOW / took));
	if (in->window < FED__WINDOW_LEAST)
		in->window = FED__WINDOW_LEAST;
}

static void end_incoming(struct fed__stream *s)
{
	struct fed__incoming *in = &s->in;
	fed_network_check *const check = s->sink->check;

	if (check && in->total > 0 && !check(in->bytes, in->total)) {
		in->arrived = 0;
		in->granted = FED_NETWORK_CHUNK;
		in->timed = 0;
		in->done = in->asked++ == ASK_AGAIN;
		in->refusal = in->done ? FED__DAMAGED : FED__TAKEN;
		return;
	}
	uint8_t *bytes = in->bytes;
	const uint64_t total = in->total;
	in->bytes = NULL;
	drop_incoming(in);
	in->arrived = in->total = total;
	in->done = true;
	s->sink->message(s->ctx, bytes, total);
}

/* The part of a chunk that is new. */
static void append(struct fed__stream *s, const struct fed__head *head, const uint8_t *body,
                   size_t len, double now)
{
	struct fed__incoming *in = &s->in;
	const uint64_t known = in->arrived - head->offset;
	const bool completes = head->offset + len == in->total;

	if (known >= len && in->total > 0)
		return;
	if ((completes && !s->sink->has_room(s->ctx)) || !make_room(in, head->offset + len)) {
		in->held = true; /* it comes again when there is room */
		in->held_until = now + HELD_SECONDS;
		in->credit_due = false;
		return;
	}
	if (len > known)
		memcpy(in->bytes + in->arrived, body + known, len - known);
	in->arrived = head->offset + len;
	in->held = false;
	adapt_window(in, now);
	if (completes)
		end_incoming(s);
}

static void in_chunk(struct fed__stream *s, const struct fed__head *head, const uint8_t *body,
                     size_t len, double now)
{
	struct fed__incoming *in = &s->in;

	if (head->number == 0 || len > head->total || head->offset > head->total - len ||
	    (len == 0 && head->total > 0)) {
		s->junk++;
		return;
	}
	/* Numbers may jump: their sender gave some up. */
	if (head->number < in->number)
		return;
	if (head->number > in->number)
		begin_incoming(s, head);
	if (head->total != in->total) {
		s->junk++;
		return;
	}
	in->credit_due = true;
	if (!in->done && head->offset <= in->arrived)
		append(s, head, body, len, now);
}

/* What comes ----------------------------------------------------------------- */

void fed__head_write(const struct fed__head *head, uint8_t out[FED__HEAD_BYTES])
{
	memset(out, 0, FED__HEAD_BYTES);
	out[0] = (uint8_t)head->type;
	out[1] = 1;
	for (int i = 0; i < 4; i++) {
		out[4 + i] = (uint8_t)(head->life >> (8 * i));
		out[8 + i] = (uint8_t)(head->to_life >> (8 * i));
		out[12 + i] = (uint8_t)(head->number >> (8 * i));
	}
	for (int i = 0; i < 8; i++) {
		out[16 + i] = (uint8_t)(head->offset >> (8 * i));
		out[24 + i] = (uint8_t)(head->total >> (8 * i));
	}
}

static uint64_t read_number(const uint8_t *bytes, int n)
{
	uint64_t x = 0;

	while (n-- > 0)
		x = x << 8 | bytes[n];
	return x;
}

bool fed__head_read(struct fed__head *head, const uint8_t *bytes, size_t n)
{
	if (n < FED__HEAD_BYTES || n - FED__HEAD_BYTES > FED_NETWORK_CHUNK || bytes[1] != 1 ||
	    bytes[2] != 0 || bytes[3] != 0 || bytes[0] < FED__CHUNK || bytes[0] > FED__BEAT)
		return false;
	*head = (struct fed__head){
		.type = bytes[0],
		.life = (uint32_t)read_number(bytes + 4, 4),
		.to_life = (uint32_t)read_number(bytes + 8, 4),
		.number = (uint32_t)read_number(bytes + 12, 4),
		.offset = read_number(bytes + 16, 8),
		.total = read_number(bytes + 24, 8),
	};
	return head->life != 0 && (head->type == FED__CHUNK || n == FED__HEAD_BYTES);
}

static struct fed__life *find_former(struct fed__stream *s, uint32_t life)
{
	for (unsigned i = 0; i < FED__FORMER_LIVES; i++)
		if (s->former[i].life == life)
			return &s->former[i];
	return NULL;
}

/* The peer's process was heard for the first time.  Or again, after one that was only a former
 * one's last words: then what it has delivered is known. */
static void begin_life(struct fed__stream *s, uint32_t life)
{
	struct fed__incoming *in = &s->in;
	const struct fed__life *known = find_former(s, life);
	const struct fed__life now = known ? *known : (struct fed__life){.life = life};

	if (s->life) {
		struct fed__life *over = &s->former[s->n_former++ % FED__FORMER_LIVES];
		*over = (struct fed__life){s->life, in->number, in->total};
		if (!in->done && in->number > 0)
			over->number--;
		end_all(s, "the peer's process began again");
	}
	drop_incoming(in);
	*in = (struct fed__incoming){.number = now.number,
	                             .arrived = now.total,
	                             .total = now.total,
	                             .done = true,
	                             .window = FED__WINDOW_LEAST,
	                             .refusal = FED__TAKEN};
	s->life = life;
	s->sink->began(s->ctx);
}

void fed__stream_in(struct fed__stream *s, const uint8_t *bytes, size_t n, double now)
{
	struct fed__head head;

	s->received += n;
	s->heads++;
	if (!fed__head_read(&head, bytes, n)) {
		s->junk++;
		return;
	}
	/* Former lives are over, unless it is this one that is. */
	if (head.life != s->life && find_former(s, head.life) && now - s->heard < OVER_SECONDS)
		return;
	s->heard = now;
	if (head.life != s->life) {
		begin_life(s, head.life);
		s->beat_due = true; /* so that it knows this life */
	}
	if (head.to_life != 0 && head.to_life != s->own) {
		s->beat_due = true;
		return;
	}
	if (head.type == FED__CHUNK)
		in_chunk(s, &head, bytes + FED__HEAD_BYTES, n - FED__HEAD_BYTES, now);
	else if (head.type == FED__CREDIT)
		in_credit(s, &head, now);
}

/* What goes ------------------------------------------------------------------ */

static double repeat_after(const struct fed__stream *s)
{
	const double trips = isnan(s->round_trip) ? FIRST_REPEAT_SECONDS : 8 * s->round_trip;
	const double pause = trips > REPEAT_SECONDS ? trips : REPEAT_SECONDS;

	const double more = pause * (double)(1u << s->out.repeats);

	return more < REPEAT_SECONDS_MOST ? more : REPEAT_SECONDS_MOST;
}

/* Whether a chunk may go now. */
static bool has_chunk(const struct fed__outgoing *out)
{
	if (!out->first)
		return false;
	if (!out->numbered)
		return true;
	if (out->first->len == 0 || out->careful)
		return !out->pushed;
	return out->sent < least(out->first->len, out->granted);
}

static bool is_on_its_way(const struct fed__outgoing *out)
{
	return out->numbered && (out->sent > out->acknowledged || out->pushed);
}

static void repeat_if_late(struct fed__stream *s, double now)
{
	struct fed__outgoing *out = &s->out;

	if (!is_on_its_way(out) || now - out->progress < repeat_after(s))
		return;
	again_from(out, out->acknowledged, now);
	out->careful = true; /* one chunk: perhaps all of it is still on its way */
	if (out->repeats < REPEATS_MOST)
		out->repeats++;
}

static void make_chunk(struct fed__stream *s, double now, struct fed__parcel *parcel)
{
	struct fed__outgoing *out = &s->out;

	if (!out->numbered)
		begin_first(s, now);
	const struct fed__letter *letter = out->first;
	uint64_t most = (out->granted - out->acknowledged) / 4;
	most = most < CHUNK_LEAST ? CHUNK_LEAST : least(most, FED_NETWORK_CHUNK);
	parcel->head.type = FED__CHUNK;
	parcel->head.number = out->number;
	parcel->head.offset = out->sent;
	parcel->head.total = letter->len;
	parcel->len = least(most, least(letter->len, out->granted) - out->sent);
	parcel->body = (const uint8_t *)letter->bytes + (parcel->len ? out->sent : 0);
}

static void make_credit(const struct fed__stream *s, struct fed__parcel *parcel)
{
	const struct fed__incoming *in = &s->in;
	const uint64_t granted = in->arrived + in->window;

	parcel->head.type = FED__CREDIT;
	parcel->head.number = in->number;
	if (in->refusal != FED__TAKEN) {
		parcel->head.offset = FED__NOT_TAKEN;
		parcel->head.total = in->refusal;
	} else if (in->arrived > 0 || in->asked == 0) {
		parcel->head.offset = in->arrived;
		parcel->head.total = granted > in->granted ? granted : in->granted;
	} /* else 0 of 0: all of it again */
}

bool fed__stream_out(struct fed__stream *s, double now, struct fed__parcel *parcel)
{
	*parcel = (struct fed__parcel){.head = {.life = s->own, .to_life = s->life}};
	repeat_if_late(s, now);
	if (s->in.held && now >= s->in.held_until && s->sink->has_room(s->ctx)) {
		s->in.held_until = now + HELD_SECONDS;
		s->in.credit_due = true;
	}
	if (s->in.credit_due) {
		make_credit(s, parcel);
	} else if (s->beat_due || now - s->spoke >= FED__BEAT_SECONDS) {
		parcel->head.type = FED__BEAT;
	} else if (has_chunk(&s->out)) {
		make_chunk(s, now, parcel);
	} else {
		return false;
	}
	return true;
}

static void sent_chunk(struct fed__stream *s, const struct fed__parcel *parcel, double now)
{
	struct fed__outgoing *out = &s->out;
	const uint64_t end = parcel->head.offset + parcel->len;

	if (out->sent == out->acknowledged)
		out->progress = now;
	if (parcel->head.offset < out->furthest)
		s->repeated++;
	else if (!out->timed) {
		out->timed = end > 0 ? end : 1;
		out->timed_at = now;
	}
	out->sent = end;
	out->furthest = end > out->furthest ? end : out->furthest;
	out->pushed = true;
}

void fed__stream_sent(struct fed__stream *s, const struct fed__parcel *parcel, double now)
{
	struct fed__incoming *in = &s->in;

	s->spoke = now;
	s->sent += FED__HEAD_BYTES + parcel->len;
	s->beat_due = false; /* each head says what a beat does */
	if (parcel->head.type == FED__CHUNK) {
		sent_chunk(s, parcel, now);
	} else if (parcel->head.type == FED__CREDIT) {
		in->credit_due = false;
		if (parcel->head.offset != FED__NOT_TAKEN && parcel->head.total > in->granted)
			in->granted = parcel->head.total;
		if (!in->timed && !in->done && in->arrived < in->total) {
			in->timed = least(in->granted, in->total);
			in->timed_from = in->arrived;
			in->timed_at = now;
		}
	}
}

double fed__stream_when(const struct fed__stream *s, double now)
{
	double when = s->spoke + FED__BEAT_SECONDS;

	if (s->beat_due || s->in.credit_due || has_chunk(&s->out))
		return now;
	if (s->in.held && s->in.held_until < when)
		when = s->in.held_until > now ? s->in.held_until : now + HELD_SECONDS;
	if (is_on_its_way(&s->out)) {
		const double late = s->out.progress + repeat_after(s);
		when = late < when ? late : when;
	}
	return when;
}

/* Life --------------------------------------------------------------------- */

void fed__stream_init(struct fed__stream *s, const struct fed__stream_sink *sink, void *ctx,
                      uint32_t own, uint64_t most, double now)
{
	*s = (struct fed__stream){
		.sink = sink,
		.ctx = ctx,
		.own = own,
		.most = most,
		.heard = now,
		.spoke = now,
		.round_trip = NAN,
		.in = {.window = FED__WINDOW_LEAST, .refusal = FED__TAKEN},
	};
}

void fed__stream_release(struct fed__stream *s, const char *why)
{
	end_all(s, why);
	drop_incoming(&s->in);
}
