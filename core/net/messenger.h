/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * net/messenger.h - messages between server and clients, and the host's side of a transport.
 *
 * An envelope is a message with its payload.  fed_messenger_send gives it to the transport; when
 * the transport has delivered it, FED_QUEUED_MESSAGE (or FED_QUEUED_LOST) is in the event queue and
 * fed_messenger_take returns the envelope.  Payloads are reference-counted: the model of a round is
 * one payload of many envelopes.
 */
#ifndef FED_NET_MESSENGER_H
#define FED_NET_MESSENGER_H

#include "base/text.h"
#include "net/codec.h"
#include "net/server_link.h"
#include "net/shared_vectors.h"
#include "net/sharing.h"
#include "net/event_queue.h"
#include "plug/calls/call.h"

enum fed_message_kind {
	FED_MESSAGE_MODEL = 1, /* server to client: vector 0 the parameters, then broadcast rows */
	FED_MESSAGE_UPDATE,    /* client to server: vector 0 the delta, then returned vectors */
	/* Split learning (train/schemes/split.h); steps is the number of the batch, from 1. */
	FED_MESSAGE_HEAD,     /* between any two: the parameters of the client's layers */
	FED_MESSAGE_SMASHED,  /* client to server: activations at the cut, (B, width); labels */
	FED_MESSAGE_GRADIENT, /* server to client: gradient by them */
	FED_MESSAGE_FEATURES, /* server to client: activations at the second cut */
	FED_MESSAGE_FEATURES_GRADIENT, /* client to server: gradient by them */
	/* Selection by loss (train/loss_queries.h). */
	FED_MESSAGE_QUERY,  /* server to client: as FED_MESSAGE_MODEL, to be evaluated */
	FED_MESSAGE_ANSWER, /* client to server: its loss, no vector */
	FED_MESSAGE_START,  /* server to client: train on the model that you have; no vector */
	/* Evaluation by the clients (train/evaluation_messages.h). */
	FED_MESSAGE_EVALUATE, /* server to client: the parameters, to be evaluated on held-out data */
	FED_MESSAGE_FIGURES,  /* client to server: what it measured, no vector */
	/* Split learning with relay=peer, over a network: a head that only other clients can open.  No
	 * vector; `code` has the bytes. */
	FED_MESSAGE_SEALED,
	FED_MESSAGE_LAST = FED_MESSAGE_SEALED,
};

/* Numbers that such an answer carries: how many of its examples the global model gets right, the
 * sum of the losses, and the same of the model that the client uses; NaN where there is none. */
#define FED_FIGURES 4

struct fed_envelope {
	struct fed_message head;
	uint64_t version; /* of the model in it, or that an update started from */
	uint64_t round;   /* number of the invitation that it belongs to */
	/* Reported by the client with an update. */
	uint64_t samples;
	uint32_t steps;
	float loss;
	float loss_rms;     /* root of the mean squared loss, when it is reported, too: */
	bool reports_rms;   /* 4 more bytes */
	bool reports_first; /* likewise: */
	float first_loss;   /* of the model that the client received, on its examples */
	uint32_t model;     /* of several global models: the one that it chose, below 128 */
	uint32_t figures;   /* how many of the next: 0, or FED_FIGURES; 8 more bytes each */
	double figure[FED_FIGURES];
	struct fed_shared_vectors *payload;
	/* FED_MESSAGE_SMASHED: one uncompressed vector of labels (as numbers) or targets; NULL where
	 * they stay with the client. */
	struct fed_shared_vectors *labels;
	/* Of vectors as long as the model: the coordinates that travel, one after another; the others
	 * are 0 where the message arrives.  NULL: all. */
	struct fed_sharing *sharing;
	/* Of vector 0, which the payload holds decoded; the others are not compressed.  References. */
	struct fed_shared_codec *codec; /* NULL: none, or (with a code) restored from a file */
	struct fed_code *code;          /* its bytes; NULL: floats */
	struct fed_coding coding;       /* description of the vector for it */
	char why[96];                   /* FED_QUEUED_LOST, FED_QUEUED_GONE: the transport's reason */
	double told;                    /* FED_QUEUED_GONE: when the transport said so */
	bool delayed; /* FED_QUEUED_REPORT: by a fault on the client's speed, or it need not be */
};
/* Bytes on the wire of a message with n uncompressed vectors of dim floats: the frame of
 * fed_messenger_encode. */
#define FED_FRAME_BYTES 64
uint64_t fed_frame_size(uint32_t n, size_t dim);
/* Bytes of what a client reports beside the claims that every frame has. */
static inline uint64_t fed_claim_bytes(const struct fed_envelope *e)
{
	return (e->reports_rms ? sizeof e->loss_rms : 0) +
	       (e->reports_first ? sizeof e->first_loss : 0) + e->figures * sizeof *e->figure;
}

/* Numbers of each of its vectors that travel. */
static inline size_t fed_envelope_travels(const struct fed_envelope *e)
{
	return e->payload ? fed_sharing_travels(e->sharing, e->payload->dim) : 0;
}

/* A message in flight: sent and not yet taken. */
struct fed_message_in_flight {
	uint64_t id;
	struct fed_envelope *envelope; /* NULL once taken or cancelled */
	struct fed_text bytes;         /* returned by wire.bytes(); kept until the message is settled */
	bool settled; /* an event of the queue brings it on: its arrival, its loss, or the server's link
	               */
};

#define FED_MESSENGER_IDLE 16

/* The messages in flight and the transport's host.  Must not move in memory while it is open:
 * transports keep &wire. */
struct fed_messenger {
	struct fed_instance *transport;
	struct fed_event_queue *clock;
	struct fed_transport_host wire;
	void (*link)(void *ctx, uint32_t client, struct fed_link *);
	/* Clients on other machines: returns how many numbers a vector of a message has at most, 0:
	 * none is expected.  *sent has what its frame says (fed_frame_head()), and gets what its
	 * receiver knows of it: codec, coding, sharing, payload of the model's length, borrowed.  NULL:
	 * there are no such clients. */
	size_t (*expect)(void *ctx, struct fed_envelope *sent);
	void *ctx;
	struct fed_server_link server; /* see fed_messenger_set_server_link */
	struct fed_message_in_flight
		*in_flight; /* [n], sorted by id; taken ones are removed now and then */
	size_t n, capacity;
	size_t taken;          /* since the last sweep */
	size_t longest;        /* vector that was sent: longer ones are refused */
	uint64_t next_id;      /* from 1 */
	uint64_t misdelivered; /* deliveries of unknown ids, and second ones: ignored */
	/* The wait for the next event by a real transport's clock, which may be wrong: */
	double awaited;       /* when that is due */
	double awaited_until; /* fed_wall_seconds() after which it is due whatever the clock says */
	uint64_t settled;     /* messages whose arrival or loss became known */
	struct fed_envelope *idle[FED_MESSENGER_IDLE]; /* [n_idle], free envelopes */
	uint32_t n_idle;
	struct fed_error error;
	bool failed; /* a callback failed; the next return reports `error` */
	/* The caller goes on where the transport fails: the messages that this one had are lost. */
	bool outlives_transport;
	struct fed_error outlived; /* the last such failure, for the caller to tell; "": none */
	bool open;
};

/* link() returns a client's link; NULL: ideal links.  The transport is opened by the first
 * message. */
int fed_messenger_init(struct fed_messenger *, struct fed_instance *transport,
                       struct fed_event_queue *, uint64_t seed,
                       void (*link)(void *ctx, uint32_t client, struct fed_link *), void *ctx,
                       struct fed_error *);
void fed_messenger_release(struct fed_messenger *); /* drops the messages in flight */
/* Copies *envelope and takes its references, also on failure.  Fills head.id and
 * head.bytes of the copy; *bytes, when not NULL, is head.bytes.  A message that the transport
 * refuses (FED_REJECT) is lost at once, with the transport's reason. */
int fed_messenger_send(struct fed_messenger *, const struct fed_envelope *, uint64_t *bytes,
                       struct fed_error *);
/* As fed_messenger_send, but the message is lost `delay` seconds from now, for the caller's reason;
 * the transport never sees it. */
int fed_messenger_lose(struct fed_messenger *, const struct fed_envelope *, double delay,
                       const char *why, struct fed_error *);
uint64_t fed_envelope_bytes(const struct fed_envelope *); /* on the wire */

/* Set the server's link for messages that reach it from now on; those that have reached it keep
 * their times.  Over a real transport, which has links of its own, it is without effect. */
void fed_messenger_set_server_link(struct fed_messenger *, const struct fed_server_link_rates *);
/* Handle FED_QUEUED_AT_SERVER_LINK: queue the message there.  *waits: seconds until it begins to
 * pass; if there are any, FED_QUEUED_PASSES is due then. */
int fed_messenger_queue(struct fed_messenger *, uint64_t id, double *waits, struct fed_error *);
/* Handle FED_QUEUED_DEPARTS: give the message to the transport. */
int fed_messenger_depart(struct fed_messenger *, uint64_t id, struct fed_error *);

/* Remove the envelope of a due id; the caller owns it (fed_envelope_free).  NULL if it was
 * taken. */
struct fed_envelope *fed_messenger_take(struct fed_messenger *, uint64_t id);
/* The same without removing it. */
const struct fed_envelope *fed_messenger_peek(const struct fed_messenger *, uint64_t id);
void fed_envelope_release(const struct fed_envelope *);       /* its references */
void fed_envelope_ref(const struct fed_envelope *);           /* of a copy: one more of each */
struct fed_envelope fed_envelope_move(struct fed_envelope *); /* leaves it without references */
void fed_envelope_free(struct fed_envelope *);
/* Likewise, but the messenger may reuse it. */
void fed_messenger_done(struct fed_messenger *, struct fed_envelope *);
/* Cancel all messages in flight, also those at the server's link, which is free then; later
 * deliveries of them are ignored. */
void fed_messenger_clear(struct fed_messenger *);
/* Cancel the messages in flight from this id on. */
void fed_messenger_cancel(struct fed_messenger *, uint64_t first_id);
/* Add a message of a client on another machine, which FED_QUEUED_REPORT brings on at `when`.  Takes
 * its references, also on failure. */
int fed_messenger_report(struct fed_messenger *, const struct fed_envelope *, double when,
                         struct fed_error *);
/* Likewise news of one that answers no more, as FED_QUEUED_GONE: why. */
int fed_messenger_gone(struct fed_messenger *, const struct fed_envelope *, double when,
                       struct fed_error *);
/* Seconds now, by the clock by which messages arrive. */
double fed_messenger_now(const struct fed_messenger *);
/* Remove the next event of the queue; false: there is none, or a real transport that has a clock of
 * its own says that it is not due yet. */
bool fed_messenger_next(struct fed_messenger *, struct fed_queued_event *);
/* Real transports: wait until a message is settled or an event is due, at most `timeout` seconds.
 */
int fed_messenger_poll(struct fed_messenger *, double timeout, struct fed_error *);

/* The frame, little-endian: magic, kind (1 byte), whether vector 0 is coded plus twice the chosen
 * model's number (1), n (2), from, to, id (8), version (8), round (8), samples (8), steps, loss,
 * dim, CRC-32 of all the rest; then the vectors, the first under the codec, then the labels, whose
 * number replaces `samples`, then the root mean square loss and the first loss, if the two top bits
 * of n say so.  Of FED_MESSAGE_FIGURES dim is the number of figures, which follow the head as
 * doubles; of FED_MESSAGE_SEALED it is that of the bytes which follow.  decode fills *envelope with
 * a payload that the caller owns; FED_REJECT for invalid frames and vectors longer than `longest`
 * (a few bytes can announce many numbers), FED_FAIL when memory runs out. */
int fed_messenger_encode(const struct fed_envelope *, struct fed_text *, struct fed_error *);
int fed_messenger_decode(const void *bytes, size_t len, size_t longest,
                         const struct fed_envelope *sent, struct fed_envelope *,
                         struct fed_error *);

/* What the head of a frame says of the message, its version, invitation, examples and steps, as an
 * envelope without a payload; its contents are not checked.  FED_REJECT: it is shorter than a head,
 * or not a frame. */
int fed_frame_head(const void *bytes, size_t len, struct fed_envelope *, struct fed_error *);
/* Whether the frame's checksum is that of its bytes. */
bool fed_frame_is_whole(const void *bytes, size_t len);

/* A frame of text in place of vectors, of the kinds from FED_FRAME_TEXT on (room/).  decode: the
 * text is borrowed from the frame and not ended. */
#define FED_FRAME_TEXT 64
/* One of the session: a client cannot do what the message of this round asked it for; why. */
#define FED_FRAME_UNABLE 63
int fed_frame_put_text(const struct fed_message *, uint64_t round, const char *text, size_t n,
                       struct fed_text *, struct fed_error *);
int fed_frame_get_text(const void *bytes, size_t len, const char **text, size_t *n,
                       struct fed_error *);

#endif
