/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/settings.c - field rows of the settings.
 */
#include "train/round/settings.h"

#include <string.h>

#include "base/text.h"
#include "train/clients/device.h"

static const char *const all[] = {"all", NULL};
static const char *const by_fraction[] = {"by-fraction", NULL};
static const char *const never[] = {"never", NULL};
static const char *const each_core[] = {"auto", NULL};
static const char *const evaluate_over[] = {"oracle", "network", NULL};
static const char *const weightings[] = {"samples", "equal", NULL};

#define S struct fed_settings
const struct fed_field fed_settings_fields[] = {
	FED_REAL(S, fraction, 1, 0, 1,
             "C: share of the clients that each round invites; at least one client"),
	FED_INT_WORD(S, participants, 0, 0, 10000000, by_fraction,
                 "clients that each round invites, instead of a share"),
	FED_INT(S, epochs, 1, 1, 100000, "E: passes of a client over its examples in a round"),
	FED_INT_WORD(S, batch, 10, 0, 100000000, all, "B: examples in a local step"),
	FED_REAL(S, lr, 0.1, 0, 1000, "learning rate of the clients"),
	FED_REAL(S, lr_decay, 1, 0, 1, "the learning rate is multiplied by this at each version"),
	FED_REAL(S, momentum, 0, 0, 0.9999, "momentum of the clients' optimizer, anew in each round"),
	FED_REAL(S, weight_decay, 0, 0, 1000, "lambda: lambda * w is added to each local gradient"),
	FED_CHOICE(S, weighting, FED_WEIGHT_SAMPLES, weightings,
               "weight of a client in the mean: its samples, or the same for all"),
	FED_TEXT(S, codec, "none", "codec",
             "how updates travel: none, fp16, int8, top-k:SHARE, qsgd, ...; up=, down= the model"),
	FED_ROW(S, error_feedback, bool, FED_TYPE_FLAG, .def = 1,
            .help = "clients keep what the codec loses and add it to their next update"),
	FED_ROW(S, noise, double, FED_TYPE_REAL, .min = 0, .max = 1000, .hint = "sigma",
            .help = "standard deviation of the Gaussian noise on updates and smashed data"),
	FED_INT_WORD(S, eval_every, 1, 0, 1000000, never, "rounds between evaluations on test data"),
	FED_INT(S, seed, 1, 0, 9007199254740992.0,
            "seed of all random numbers: data, partition, sampling, shuffling"),
	FED_INT_WORD(S, threads, 0, 0, 1024, each_core,
                 "threads that train at once; results do not depend on their number"),
	FED_ROW(S, guard, bool, FED_TYPE_FLAG, .def = 1, .flags = FED_FIELD_LATER,
            .help =
                "plugins that are loaded from now on run in worker processes, which they cannot "
                "leave"),
	FED_ROW(S, plugin_deadline, double, FED_TYPE_REAL, .def = 10, .max = 86400,
            .flags = FED_FIELD_LATER,
            .help = "seconds after which a guarded plugin's call is ended; 0: never"),
	FED_ROW(S, plugin_memory, double, FED_TYPE_REAL, .def = 4, .max = 1000000,
            .flags = FED_FIELD_LATER, .help = "GB that a guarded plugin may allocate; 0: any"),
	FED_ROW(S, on_plugin_error, char *, FED_TYPE_TEXT, .text = "stop", .hint = "on-plugin-error",
            .flags = FED_FIELD_LATER,
            .help =
                "when a loaded plugin fails: stop the round; or do without what it had to do for "
                "one client, message or choice, and skip the aggregator's step or let another make "
                "it (fallback:fedavg)"),
	FED_ROW(S, server_link, char *, FED_TYPE_TEXT, .text = "none", .hint = "server-link",
            .flags = FED_FIELD_LATER,
            .help =
                "the server's own link, where all its messages queue: none, lan, 100M, UP/DOWN"),
	FED_ROW(S, device_spread, char *, FED_TYPE_TEXT, .text = "auto", .hint = "spread",
            .flags = FED_FIELD_LATER,
            .help =
                "spread of devices and links without their own: auto (0.2 at the prompt), 0, 0.5"),
	FED_ROW(
		S, holdout, double, FED_TYPE_REAL, .def = 0, .max = 0.9, .flags = FED_FIELD_LATER,
		.help =
			"share of their examples that clients added from now on keep for evaluation, and do "
			"not train on"),
	FED_ROW(S, unseen, double, FED_TYPE_REAL, .def = 0, .max = 0.9, .flags = FED_FIELD_LATER,
            .help = "share of the clients added from now on that never take part in training; "
                    "`evaluate unseen` tells how they are served"),
	FED_ROW(S, data_cache, bool, FED_TYPE_FLAG, .def = 1, .flags = FED_FIELD_LATER,
            .help =
                "keep datasets that are slow to read (folders of pictures) in the cache folder, "
                "~/.cache/fedsh/data or $XDG_CACHE_HOME"),
	FED_ROW(S, local_layers, char *, FED_TYPE_TEXT, .text = "none", .hint = "local-layers",
            .flags = FED_FIELD_LATER,
            .help = "layers whose parameters stay with each client: none, last:1 (own head), norm, "
                    "or names of layers"),
	FED_ROW(S, metrics, char *, FED_TYPE_TEXT, .text = "none", .hint = "chosen-metrics",
            .flags = FED_FIELD_LATER,
            .help = "figures of quality that rounds measure beside accuracy and loss: macro-f1, "
                    "balanced-accuracy, worst-class, auc, class:N; mae, rmse, r2"),
	FED_ROW(S, evaluate_over, int, FED_TYPE_CHOICE, .def = FED_EVALUATE_ORACLE,
            .choice = evaluate_over, .flags = FED_FIELD_LATER,
            .help = "who evaluates on the examples that clients hold out: the laboratory, which "
                    "looks (oracle), or the clients, by messages (network)"),
	FED_ROW(S, evaluate_deadline, double, FED_TYPE_REAL, .max = 1e9, .flags = FED_FIELD_LATER,
            .help = "seconds that an evaluation over the network waits for the clients' figures; "
                    "0: for all, and for those on other machines as long as the round does"),
	FED_END,
};
#undef S

int fed_settings_check(const struct fed_settings *s, const struct fed_registry *plugins,
                       struct fed_error *err)
{
	if (strcmp(s->on_plugin_error, "stop") != 0 && strcmp(s->on_plugin_error, "skip") != 0 &&
	    strncmp(s->on_plugin_error, "fallback:", 9) != 0)
		return fed_fail(
			err,
			"on-plugin-error: %s is not known; it is stop, skip or fallback:NAME, with an "
			"aggregator's name",
			fed_show(s->on_plugin_error).s);
	struct fed_server_link_rates rates;
	struct fed_chosen_metrics metrics;
	double spread;

	return fed_chosen_metrics_parse(s->metrics, &metrics, err) ||
	               fed__local_layers_check(s->local_layers, err) ||
	               fed__server_link_parse(s->server_link, &rates, err) ||
	               fed_device_spread_parse(s->device_spread, &spread, err)
	           ? FED_FAIL
	           : fed_codecs_check(plugins, s->codec, err);
}
