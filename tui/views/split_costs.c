/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/views/split_costs.c - traffic and parameters of a cut, and the last transfer across it. */
#include "history/event_log.h"
#include "net/messenger.h"
#include "nn/columns.h"
#include "session/composition.h"
#include "train/schemes/schemes.h"
#include "train/schemes/split.h"
#include "tui/views/split.h"

enum { LOOK_BACK = 4096 }; /* most events searched */

bool fed__division_of(const struct fed_session *s, struct fed_division *d)
{
	const struct fed_composition *parts = fed_session_parts(s);
	const struct fed_split *split = parts->scheme_state;
	struct fed_error unused;

	*d = (struct fed_division){.labels = true};
	if (!fed_is_split(parts->scheme) || !parts->net_built ||
	    fed_split_cuts(split, &parts->net, d->at, &unused))
		return false;
	d->labels = split->labels == FED_LABELS_SERVER && !split->vertical;
	d->parties = split->vertical ? fed_net_parts(&parts->net)->n : 0;
	d->real = true;
	return true;
}

uint32_t fed__batch_of(const struct fed_session *s)
{
	const struct fed_composition *parts = fed_session_parts(s);
	const int64_t batch = parts->settings.batch;

	/* 0: a batch is all examples of the client. */
	return batch > 0 && (batch < parts->clients.most || !parts->clients.most) ? (uint32_t)batch
	                                                                          : parts->clients.most;
}

size_t fed__width_at(const struct fed_net *net, size_t at)
{
	return at ? fed_shape_size(&net->layer[at - 1].out) : fed_shape_size(&net->input);
}

size_t fed__params_of(const struct fed_net *net, size_t first, size_t last)
{
	size_t sum = 0;

	for (size_t l = first; l < last; l++)
		sum += net->layer[l].count;
	return sum;
}

struct fed_crossing fed__crossing_at(const struct fed_session *s, const struct fed_division *d)
{
	const struct fed_net *net = &fed_session_parts(s)->net;
	const size_t batch = fed__batch_of(s);
	const uint32_t senders = d->parties ? d->parties : 1;
	const double first =
		senders * (double)fed_frame_size(1, batch * fed__width_at(net, d->at[0]) / senders);
	/* A class label is one number, of a language model one for each answer; a regression target a
	 * row. */
	const double labels =
		d->labels ? 4.0 * (double)batch * (net->classes ? net->positions : net->outputs) : 0;
	struct fed_crossing c = {.up = first + labels, .down = first, .messages = 2 * senders};

	if (d->at[1] < net->layers) {
		const double second = (double)fed_frame_size(1, batch * fed__width_at(net, d->at[1]));
		c.up += second; /* the gradient of the activations that came down */
		c.down += second;
		c.messages += 2;
	}
	return c;
}

const struct fed_logged_event *fed__last_crossing(const struct fed_session *s, bool *up,
                                                  uint64_t *number)
{
	const struct fed_event_log *r = fed_session_event_log(s);
	const uint64_t last = r->n > LOOK_BACK ? r->n - LOOK_BACK : 0;

	for (uint64_t k = r->n; k > last && k >= r->run; k--) {
		const struct fed_logged_event *past = fed_event_log_at(r, k);

		if (!past || (past->kind != FED_EVENT_SMASHED && past->kind != FED_EVENT_GRADIENT))
			continue;
		*up = past->kind == FED_EVENT_SMASHED;
		*number = k;
		return past;
	}
	return NULL;
}
