/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/settings.h - settings of training rounds: sampling, local training, update codec.
 */
#ifndef FED_TRAIN_ROUND_SETTINGS_H
#define FED_TRAIN_ROUND_SETTINGS_H

#include "base/fields.h"
#include "net/codec.h"
#include "train/round/chosen_metrics.h"
#include "train/round/local_layers.h"

/* Settings that `set` changes; their field rows are fed_settings_fields. */
struct fed_settings {
	double fraction;      /* C: share of the clients that each round invites */
	int64_t participants; /* a number instead of the share; 0: by fraction */
	int64_t epochs;       /* E */
	int64_t batch;        /* B; 0: all */
	double lr, lr_decay;  /* lr * lr_decay^version */
	double momentum, weight_decay;
	int weighting;              /* enum fed_weighting */
	char codec[FED_CODEC_TEXT]; /* fed_codec_names_parse() */
	bool error_feedback;
	double noise;       /* standard deviation of the noise that clients add to what they send */
	int64_t eval_every; /* rounds between evaluations; 0: never */
	int64_t seed;
	int64_t threads; /* 0: one for each processor */
	/* Plugins that users load (plug/guard/guard.h): */
	bool guard;               /* those loaded from now on run in worker processes */
	double plugin_deadline;   /* seconds of a call; 0: none */
	double plugin_memory;     /* GB that a worker process may allocate; 0: any */
	char on_plugin_error[48]; /* stop, skip or fallback:AGGREGATOR */
	char server_link[48];     /* fed__server_link_parse() */
	char device_spread[32];   /* fed_device_spread_parse() */
	double holdout;           /* share of their examples that new clients keep for evaluation */
	double unseen;            /* share of new clients that never take part */
	bool data_cache;          /* data/cache.h: of datasets that are slow to read */
	char local_layers[FED_LOCAL_LAYERS_TEXT]; /* train/round/local_layers.h */
	char metrics[FED_CHOSEN_METRICS_TEXT];    /* train/round/chosen_metrics.h */
	int evaluate_over;                        /* enum fed_evaluate_over */
	double evaluate_deadline; /* seconds that such an evaluation waits for figures; 0: for all */
};
/* How clients' held-out examples are evaluated: the laboratory looks at them, or by messages. */
enum fed_evaluate_over { FED_EVALUATE_ORACLE, FED_EVALUATE_NETWORK };
enum fed_weighting { FED_WEIGHT_SAMPLES, FED_WEIGHT_EQUAL };
extern const struct fed_field fed_settings_fields[];
/* Check what the field rows cannot: the codecs, the server's link. */
int fed_settings_check(const struct fed_settings *, const struct fed_registry *,
                       struct fed_error *);

#endif
