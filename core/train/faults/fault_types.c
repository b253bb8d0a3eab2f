/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/faults/fault_types.c - kinds of faults: names, parameters, documentation.
 */
#include "base/text.h"
#include "train/faults/faults.h"

#define S struct fed_fault_args

static const struct fed_field none[] = {FED_END};
static const struct fed_field sometimes[] = {
	FED_REAL(S, p, 0.5, 0, 1, "probability, drawn anew at each invitation"),
	FED_END,
};
static const struct fed_field always[] = {
	FED_REAL(S, p, 1, 0, 1, "probability, drawn anew at each invitation"),
	FED_END,
};
static const struct fed_field slower[] = {
	FED_REAL(S, factor, 10, 1, 1e9, "how many times slower"),
	FED_END,
};
static const struct fed_field lossy[] = {
	FED_REAL(S, p, 0.3, 0, 1, "probability that a message is lost"),
	FED_END,
};
static const struct fed_field late[] = {
	FED_INT(S, versions, 1, 1, 1e9, "versions by which the update is late"),
	FED_REAL(S, p, 1, 0, 1, "probability, drawn anew at each invitation"),
	FED_END,
};
static const struct fed_field corrupt[] = {
	FED_INT(S, bits, 1, 1, 1e6, "bits of the update's message that flip"),
	FED_REAL(S, p, 1, 0, 1, "probability, drawn anew at each invitation"),
	FED_END,
};
static const char *const knowledges[] = {"all", "partial", NULL};
static const struct fed_field byzantine[] = {
	FED_TEXT(S, attack, "sign-flip", "attack", "an attack plugin; its parameters may follow"),
	FED_CHOICE(S, knowledge, FED_KNOWLEDGE_ALL, knowledges,
               "whose updates colluders see: those of all clients or only their own"),
	FED_END,
};
static const struct fed_field arrives[] = {
	FED_REAL(S, start, 0.1, 0, 1, "share of its examples that a client has at first"),
	FED_REAL(S, rate, 0.1, 0, 1, "share that arrives with each version"),
	FED_END,
};
static const struct fed_field expires[] = {
	FED_REAL(S, rate, 0.1, 0, 1, "share of its examples that goes with each version"),
	FED_REAL(S, keep, 0.1, 0, 1, "share that stays"),
	FED_END,
};
static const char *const drifts[] = {"labels", "inputs", NULL};
static const struct fed_field drift[] = {
	FED_CHOICE(S, what, FED_DRIFT_LABELS, drifts, "what changes"),
	FED_REAL(S, rate, 0.05, 0, 1, "labels: share that moves with each version; inputs: shift"),
	FED_END,
};
static const struct fed_field churn[] = {
	FED_REAL(S, join, 0.1, 0, 1, "probability that an absent client comes back, each version"),
	FED_REAL(S, leave, 0.1, 0, 1, "probability that a present client leaves, each version"),
	FED_END,
};
#undef S

const struct fed_fault_type fed_fault_types[FED_FAULT_KINDS] = {
	[FED_FAULT_OFFLINE] = {"offline", "cannot be reached",
                           "Nothing is sent to the client: its invitation is lost at once.\n",
                           none},
	[FED_FAULT_FLAKY] = {"flaky", "cannot be reached now and then",
                         "As `offline`, with probability p, drawn anew for each invitation.\n"
                         "A round that was aborted or failed draws the same again.\n",
                         sometimes},
	[FED_FAULT_CRASH] =
		{"crash", "dies while it trains, its work is lost",
         "The model arrives, the client trains a part of its work, uniform in [0, 1), and dies.\n"
         "The server learns it at that moment (the connection breaks). The next invitation\n"
         "finds it restarted, with what it keeps as before.\n",
         always},
	[FED_FAULT_STRAGGLER] =
		{"straggler", "computes slowly",
         "Each training takes `factor` times as long in virtual time. Several of them multiply.\n",
         slower},
	[FED_FAULT_HANG] =
		{"hang", "takes the model and never answers",
         "The server does not learn it: the invitation stays open until a deadline closes it\n"
         "(late), or until nothing else is in flight (lost). Under async it still counts as at "
         "work.\n",
         always},
	[FED_FAULT_SLOW_LINK] =
		{"slow-link", "has a slow link",
         "Latency times `factor`, bandwidths divided by it. On an ideal link nothing changes.\n",
         slower},
	[FED_FAULT_LOSSY] =
		{"lossy", "loses messages for good",
         "Each message to or from the client is lost with probability p, whatever the transport\n"
         "does to it besides; the loss is known when the message should have arrived.\n",
         lossy},
	[FED_FAULT_PARTITION] =
		{"partition", "is cut off, and returns with a stale model",
         "What the client is sent in the first version still arrives; then nothing comes through\n"
         "in either direction. What it trained is sent when the link is back: under sync it\n"
         "answers an invitation that was closed long ago, under async it is stale by as many\n"
         "versions as were made meanwhile. for=N says how long.\n",
         none},
	[FED_FAULT_DUPLICATE] = {"duplicate", "sends its update twice",
                             "Both copies travel and cost bytes; the second answers no open "
                             "invitation and is refused.\n",
                             always},
	[FED_FAULT_LATE] =
		{"late", "answers some versions later",
         "The update is ready in time and leaves only when `versions` more versions are made.\n"
         "Under sync it comes in vain; under async it is that stale.\n",
         late},
	[FED_FAULT_CORRUPT] =
		{"corrupt", "its updates arrive with flipped bits",
         "`bits` bits of the message flip on the way, drawn uniformly. The gate checks the\n"
         "message's checksum and refuses it.\n",
         corrupt},
	[FED_FAULT_NAN] = {"nan", "sends NaN",
                       "One number of the update, under scheme vertical of all activations, drawn\n"
                       "uniformly, is NaN. The gate refuses it.\n",
                       always},
	[FED_FAULT_BYZANTINE] =
		{"byzantine", "sends what an attack makes of its update",
         "attack=NAME chooses a plugin of kind attack; its parameters are typed beside it:\n"
         "`inject byzantine 20% attack=alie z=1.5`. The aggregator does not know it. Attacks that\n"
         "collude see the other updates of the round under knowledge=all, and only what the\n"
         "attackers themselves have trained under knowledge=partial; under async, which has no\n"
         "rounds, the last updates that came. Attacks on data change what the client trains on.\n",
         byzantine},
	[FED_FAULT_DATA_ARRIVES] =
		{"data-arrives", "gets its examples little by little",
         "At first the client has the share `start` of its examples, and `rate` more with each\n"
         "version, in the order in which it owns them.\n",
         arrives},
	[FED_FAULT_DATA_EXPIRES] =
		{"data-expires", "loses its oldest examples",
         "With each version the share `rate` of the examples goes, the oldest first, until\n"
         "the share `keep` is left. With data-arrives it makes a sliding window.\n",
         expires},
	[FED_FAULT_DRIFT] =
		{"drift", "its labels or inputs change over time",
         "what=labels: after k versions the share min(1, k rate) of its examples, the same ones\n"
         "each time, has the label y + 1 (modulo the classes). what=inputs: k rate is added to\n"
         "each input. The test examples stay as they were.\n",
         drift},
	[FED_FAULT_CHURN] =
		{"churn", "comes and goes",
         "A chain of two states: here, it leaves with probability `leave` in each version; gone,\n"
         "it comes back with probability `join`. Who is gone is not invited, and what it had\n"
         "in flight when it left is lost. The share of clients here tends to join/(join+leave).\n",
         churn},
};

static const char *name_at(const void *ctx, size_t i)
{
	(void)ctx;
	return i < FED_FAULT_KINDS ? fed_fault_types[i].name : NULL;
}

int fed_fault_find_type(const char *name, enum fed_fault_kind *out, struct fed_error *err)
{
	for (int k = 0; k < FED_FAULT_KINDS; k++) {
		if (fed_same_name(name, fed_fault_types[k].name)) {
			*out = k;
			return FED_OK;
		}
	}
	const char *near = fed_nearest(name, name_at, NULL);
	if (near)
		return fed_fail(err, "there is no fault %s; did you mean %s?", fed_show(name).s, near);
	struct fed_text all = {0};
	for (int k = 0; k < FED_FAULT_KINDS; k++)
		fed_text_add(&all, "%s%s", k ? ", " : "", fed_fault_types[k].name);
	fed_fail(err, "there is no fault %s; there are %s", fed_show(name).s, fed_text_str(&all));
	fed_text_release(&all);
	return FED_FAIL;
}
