/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/message_faults.c - unreachable clients; dropped, held, duplicated, corrupted
 * messages; crashes.
 */
#include "train/round/message_faults.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "train/round/attacks.h"
#include "train/round/coding.h"
#include "train/faults/faults.h"
#include "train/round/emit.h"
#include "train/round/invitations.h"

/* Count a fault that took effect on a client, and emit its event. */
static void strike(struct fed_federation *f, struct fed_fault *fault, uint32_t client,
                   uint64_t invitation, const char *text)
{
	fault->strikes++;
	fed__emit_about(f, FED_EVENT_FAULT, client, invitation, 0, text);
}

uint32_t fed_invited(const struct fed_envelope *e)
{
	return e->head.to == FED_SERVER ? e->head.from : e->head.to;
}

/* Links ------------------------------------------------------------------------ */

const char *fed__unreachable(const struct fed_federation *f, uint32_t client, uint64_t number)
{
	struct fed_fault *fault = fed_fault_on(f->faults, FED_FAULT_OFFLINE, client, f->version, NULL);
	const char *why = "the client is offline";

	if (!fault) {
		fault = fed__fault_strikes(f->faults, FED_FAULT_FLAKY, client, f->version, number);
		why = "the client cannot be reached";
	}
	if (!fault) {
		fault = fed_fault_on(f->faults, FED_FAULT_PARTITION, client, f->version, NULL);
		if (fault && fault->from == f->version)
			fault = NULL; /* messages sent to it in the first version still arrive */
		why = "the client is cut off";
	}
	if (!fault)
		return NULL;
	fault->strikes++;
	return why;
}

/* Shortest transmission time of a message in seconds: until its loss is known. */
static double transmission_seconds(const struct fed_federation *f, const struct fed_envelope *e,
                                   uint64_t bytes)
{
	struct fed_link link;
	double latency = 0, rate = INFINITY;

	if (e->head.from != FED_SERVER) {
		f->messenger.link(f->messenger.ctx, e->head.from, &link);
		latency = link.latency;
		rate = link.up;
	}
	if (e->head.to != FED_SERVER) {
		f->messenger.link(f->messenger.ctx, e->head.to, &link);
		latency += link.latency;
		rate = link.down < rate ? link.down : rate;
	}
	return latency + (double)bytes / rate;
}

/* Key of a message's random draws: different for each message of an invitation. */
static uint64_t occasion_of(const struct fed_envelope *e)
{
	const uint32_t kind = e->head.kind == FED_MESSAGE_SEALED ? FED_MESSAGE_HEAD : e->head.kind;

	if (kind <= FED_MESSAGE_UPDATE || kind == FED_MESSAGE_START)
		return 2 * e->round + (kind == FED_MESSAGE_UPDATE);
	if (kind > FED_MESSAGE_FEATURES_GRADIENT) /* of no invitation */
		return fed_random(e->version, kind);
	return fed_random(e->round, (uint64_t)e->steps * (FED_MESSAGE_FEATURES_GRADIENT + 1) + kind);
}

static bool is_lost(const struct fed_federation *f, const struct fed_envelope *e)
{
	const uint64_t occasion = occasion_of(e);
	struct fed_fault *fault = NULL;

	if (e->head.from != FED_SERVER)
		fault = fed__fault_strikes(f->faults, FED_FAULT_LOSSY, e->head.from, f->version, occasion);
	if (!fault && e->head.to != FED_SERVER)
		fault = fed__fault_strikes(f->faults, FED_FAULT_LOSSY, e->head.to, f->version, occasion);

	if (fault)
		fault->strikes++;
	return fault;
}

/* Charge a message.  One between clients counts once, for its sender; its bytes count up and down.
 */
static int charge_message(struct fed_federation *f, const struct fed_envelope *e, uint64_t bytes,
                          uint64_t plain, struct fed_error *err)
{
	const bool up = e->head.from != FED_SERVER, down = e->head.to != FED_SERVER;

	if (up) {
		const struct fed_costs costs = {.messages_up = 1, .bytes_up = bytes, .plain_up = plain};
		if (fed__charge(f, e->head.from, &costs, err))
			return FED_FAIL;
	}
	if (down) {
		const struct fed_costs costs = {
			.messages_down = !up, .bytes_down = bytes, .plain_down = plain};
		if (fed__charge(f, e->head.to, &costs, err))
			return FED_FAIL;
	}
	return FED_OK;
}

int fed__send(struct fed_federation *f, const struct fed_envelope *e, uint64_t *bytes,
              struct fed_error *err)
{
	const uint64_t floats = fed_frame_size(e->payload->n, fed_envelope_travels(e)) +
	                        (e->labels ? e->labels->dim * sizeof(float) : 0) + fed_claim_bytes(e);
	const uint64_t plain =
		e->head.kind == FED_MESSAGE_SEALED ? fed_envelope_bytes(e) : floats; /* no codec has it */
	const char *why = e->head.to == FED_SERVER ? NULL : fed__unreachable(f, e->head.to, e->round);
	int rc;

	*bytes = 0;
	if (why)
		return fed_messenger_lose(&f->messenger, e, 0, why, err);
	if (is_lost(f, e)) {
		*bytes = fed_envelope_bytes(e);
		rc = fed_messenger_lose(&f->messenger, e, transmission_seconds(f, e, *bytes),
		                        "the message was lost", err);
	} else {
		rc = fed_messenger_send(&f->messenger, e, bytes, err);
		fed__tell_transport(f);
	}
	return rc ? FED_FAIL : charge_message(f, e, *bytes, plain, err);
}

void fed__tell_transport(struct fed_federation *f)
{
	struct fed_error *outlived = &f->messenger.outlived;
	struct fed_text text = {0};

	if (!*outlived->text)
		return;
	fed_text_add(&text, "%s; the messages that it had are lost", outlived->text);
	fed__emit(f, FED_EVENT_PLUGIN, FED_SERVER, fed_text_str(&text));
	fed_text_release(&text);
	*outlived->text = '\0';
}

/* The server's link -------------------------------------------------------------- */

/* Emit an event about a message at the server's link, unless its invitation has ended. */
static void tell_at_server_link(const struct fed_federation *f, enum fed_event_kind kind,
                                uint64_t id)
{
	const struct fed_envelope *e = fed_messenger_peek(&f->messenger, id);

	if (e && (e->round == 0 || fed__invitation_is_open(f, fed_invited(e), e->round)))
		fed__emit_about(f, kind, fed_invited(e), e->round, 0,
		                e->head.to == FED_SERVER ? "to the server" : "from the server");
}

int fed__reaches_server_link(struct fed_federation *f, uint64_t id, struct fed_error *err)
{
	double waits;

	if (fed_messenger_queue(&f->messenger, id, &waits, err))
		return FED_FAIL;
	f->record.server_wait += waits;
	if (waits > 0)
		tell_at_server_link(f, FED_EVENT_QUEUED, id);
	return FED_OK;
}

void fed__passes_server_link(const struct fed_federation *f, uint64_t id)
{
	tell_at_server_link(f, FED_EVENT_PASSES, id);
}

/* Trainings --------------------------------------------------------------------- */

int fed__strike_training(struct fed_federation *f, const struct fed_envelope *model, double seconds,
                         double flops, bool *struck, struct fed_error *err)
{
	const uint32_t id = model->head.to;
	struct fed_fault *fault =
		fed__fault_strikes(f->faults, FED_FAULT_HANG, id, f->version, model->round);

	*struck = true;
	if (fault) {
		strike(f, fault, id, model->round, "hangs: it has the model and will not answer");
		return FED_OK;
	}
	fault = fed__fault_strikes(f->faults, FED_FAULT_CRASH, id, f->version, model->round);
	if (fault) {
		const double part = fed__fault_draw(f->faults, fault, id, model->round, 1);

		fault->strikes++;
		const struct fed_costs work = {.client_flops = part * flops};
		if (fed__charge(f, id, &work, err))
			return FED_FAIL;
		return fed_event_queue_add(&f->clock, f->clock.now + part * seconds, FED_QUEUED_CRASH,
		                           model->round, id, err);
	}
	*struck = false;
	return FED_OK;
}

int fed__crash(struct fed_federation *f, uint32_t client, uint64_t number, struct fed_error *err)
{
	if (!fed__invitation_is_open(f, client, number))
		return FED_OK;
	return fed__invitation_lost(f, client, "crashed while it trained", err);
}

/* Updates ----------------------------------------------------------------------- */

int fed__put_nan(struct fed_federation *f, struct fed_envelope *update, struct fed_error *err)
{
	const uint32_t id = update->head.from;
	struct fed_fault *fault =
		fed__fault_strikes(f->faults, FED_FAULT_NAN, id, update->version, update->round);

	const size_t dim = fed_envelope_travels(update);
	if (!fault || dim == 0)
		return FED_OK;
	const double u = fed__fault_draw(f->faults, fault, id, update->round, 1);
	const size_t at = (size_t)(u * (double)dim);
	update->payload->vector[0][update->sharing ? fed_sharing_coordinate(update->sharing, at) : at] =
		NAN;
	strike(f, fault, id, update->round, "its update holds a NaN");
	return fed__code_again(f, update, err);
}

/* The number of all those of a round that a fault strikes, or at least `dim` where it is not in a
 * part of `dim` from `from` on. */
static size_t struck_in_part(const struct fed_federation *f, const struct fed_fault *fault,
                             const struct fed_envelope *e, size_t from, size_t total)
{
	const double u = fed__fault_draw(f->faults, fault, e->head.from, e->round, 1);
	const size_t at = (size_t)(u * (double)total);

	return at < from ? SIZE_MAX : at - from;
}

int fed__put_nan_in_part(struct fed_federation *f, struct fed_envelope *e, size_t from,
                         size_t total, struct fed_error *err)
{
	struct fed_fault *fault =
		fed__fault_strikes(f->faults, FED_FAULT_NAN, e->head.from, e->version, e->round);
	const size_t at = fault ? struck_in_part(f, fault, e, from, total) : SIZE_MAX;

	if (at >= e->payload->dim)
		return FED_OK;
	e->payload->vector[0][at] = NAN;
	strike(f, fault, e->head.from, e->round, "its message holds a NaN");
	return fed__code_again(f, e, err);
}

static int hold(struct fed_federation *f, const struct fed_envelope *update, uint64_t release,
                struct fed_error *err)
{
	if (f->n_held == f->held_capacity) {
		const size_t capacity = f->held_capacity ? 2 * f->held_capacity : 8;
		struct fed_held *grown =
			fed_resize(f->held, f->held_capacity * sizeof *grown, capacity * sizeof *grown);
		if (!grown) {
			fed_envelope_release(update);
			return fed_fail_memory(err, capacity * sizeof *grown, "the messages that wait");
		}
		f->held = grown;
		f->held_capacity = capacity;
	}
	f->held[f->n_held++] = (struct fed_held){.envelope = *update, .release = release};
	return FED_OK;
}

/* Whether a fault holds the update at its client. */
static bool is_kept_back(struct fed_federation *f, const struct fed_envelope *update,
                         uint64_t *release)
{
	const uint32_t id = update->head.from;
	struct fed_fault *fault = fed_fault_on(f->faults, FED_FAULT_PARTITION, id, f->version, NULL);

	*release = 0;
	if (fault) {
		strike(f, fault, id, update->round, "cut off: its update waits for the link");
		return true;
	}
	fault = fed__fault_strikes(f->faults, FED_FAULT_LATE, id, update->version, update->round);
	if (!fault)
		return false;
	*release = f->version + (uint64_t)fault->args.versions;
	strike(f, fault, id, update->round, "late: its update waits");
	return true;
}

static int send_twice(struct fed_federation *f, struct fed_fault *fault,
                      const struct fed_envelope *update, struct fed_error *err)
{
	struct fed_envelope copy = *update;
	uint64_t bytes;

	strike(f, fault, update->head.from, update->round, "sends its update twice");
	fed_envelope_ref(&copy);
	return fed__send(f, &copy, &bytes, err);
}

bool fed__holds_back(struct fed_federation *f, const struct fed_envelope *update)
{
	uint64_t release;

	return is_kept_back(f, update, &release);
}

int fed__send_trained(struct fed_federation *f, const struct fed_envelope *update,
                      struct fed_error *err)
{
	const uint32_t id = update->head.from;
	struct fed_fault *twice =
		fed__fault_strikes(f->faults, FED_FAULT_DUPLICATE, id, update->version, update->round);
	uint64_t bytes;

	if (twice && send_twice(f, twice, update, err)) {
		fed_envelope_release(update);
		return FED_FAIL;
	}
	if (fed__send(f, update, &bytes, err))
		return FED_FAIL;
	fed__emit_about(f, FED_EVENT_TRAINED, id, update->round, bytes, NULL);
	return FED_OK;
}

int fed__send_update(struct fed_federation *f, struct fed_envelope *update, const float *received,
                     struct fed_error *err)
{
	const uint32_t id = update->head.from;
	uint64_t release;

	if (!fed_faults_present(f->faults, id, f->version)) {
		fed_envelope_release(update);
		if (!fed__invitation_is_open(f, id, update->round))
			return FED_OK;
		return fed__invitation_lost(f, id, "left before it could answer", err);
	}
	int rc = fed__attack_craft_alone(f, update, received, update->round, err);
	if (rc == FED_OK)
		rc = fed__put_nan(f, update, err);
	if (rc) {
		const uint64_t number = update->round;

		fed_envelope_release(update);
		return rc == FED_REJECT ? fed__skip_update(f, id, number, err) : FED_FAIL;
	}
	if (is_kept_back(f, update, &release)) {
		fed__emit_about(f, FED_EVENT_TRAINED, id, update->round, 0, NULL);
		return hold(f, update, release, err);
	}
	return fed__send_trained(f, update, err);
}

/* Held messages ------------------------------------------------------------------ */

static bool may_leave(const struct fed_federation *f, const struct fed_held *held)
{
	if (held->release)
		return f->version >= held->release;
	return !fed_fault_on(f->faults, FED_FAULT_PARTITION, held->envelope.head.from, f->version,
	                     NULL);
}

int fed__release_held(struct fed_federation *f, struct fed_error *err)
{
	size_t left = 0;
	int rc = FED_OK;

	for (size_t i = 0; i < f->n_held; i++) {
		const struct fed_held held = f->held[i];
		const struct fed_envelope *e = &held.envelope;
		uint64_t bytes;

		if (rc || !may_leave(f, &held)) {
			f->held[left++] = held;
			continue;
		}
		rc = fed__send(f, e, &bytes, err);
		if (rc == FED_OK)
			fed__emit_about(f, FED_EVENT_FAULT, e->head.from, e->round, bytes,
			                "the update that waited leaves");
	}
	f->n_held = left;
	return rc;
}

bool fed__is_held(const struct fed_federation *f, uint32_t client)
{
	for (size_t i = 0; i < f->n_held; i++)
		if (f->held[i].envelope.head.from == client)
			return true;
	return false;
}

bool fed__holds(const struct fed_federation *f, uint64_t number)
{
	for (size_t i = 0; i < f->n_held; i++)
		if (f->held[i].envelope.round == number)
			return true;
	return false;
}

bool fed__all_are_held(const struct fed_federation *f)
{
	for (uint32_t i = 0; i < f->open_capacity; i++)
		if (f->open[i].number && !fed__holds(f, f->open[i].number))
			return false;
	return f->n_open && f->clock.n == 0;
}

void fed__release_held_messages(struct fed_federation *f)
{
	for (size_t i = 0; i < f->n_held; i++)
		fed_envelope_release(&f->held[i].envelope);
	f->n_held = 0;
}

/* Arrivals ----------------------------------------------------------------------- */

/* Encode a message, flip `bits` bits, and decode it as the server does. */
static int read_damaged(const struct fed_faults *faults, const struct fed_fault *fault,
                        const struct fed_envelope *update, struct fed_error *err)
{
	struct fed_envelope read = {0};
	struct fed_text frame = {0};
	int rc = fed_messenger_encode(update, &frame, err);

	for (int64_t k = 0; rc == FED_OK && k < fault->args.bits; k++) {
		const double u =
			fed__fault_draw(faults, fault, update->head.from, update->round, (uint32_t)k + 1);
		const size_t bit = (size_t)(u * 8.0 * (double)frame.len);
		frame.s[bit / 8] = (char)(frame.s[bit / 8] ^ 1 << bit % 8);
	}
	if (rc == FED_OK)
		rc = fed_messenger_decode(frame.s, frame.len, update->payload->dim, update, &read, err);
	fed_envelope_release(&read);
	fed_text_release(&frame);
	return rc;
}

int fed__check_message(struct fed_federation *f, const struct fed_envelope *update,
                       struct fed_error *err)
{
	struct fed_fault *fault = fed__fault_strikes(f->faults, FED_FAULT_CORRUPT, update->head.from,
	                                             update->version, update->round);

	if (!fault)
		return FED_OK;
	fault->strikes++;
	return read_damaged(f->faults, fault, update, err);
}

int fed__check_part(struct fed_federation *f, const struct fed_envelope *e, size_t from,
                    size_t total, struct fed_error *err)
{
	struct fed_fault *fault =
		fed__fault_strikes(f->faults, FED_FAULT_CORRUPT, e->head.from, e->version, e->round);

	if (!fault || struck_in_part(f, fault, e, from, total) >= e->payload->dim)
		return FED_OK;
	fault->strikes++;
	return read_damaged(f->faults, fault, e, err);
}
