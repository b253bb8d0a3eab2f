/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker/serve_training.h - a process that trains: its plugins, and its requests.
 */
#ifndef FED_WORKER_SERVE_TRAINING_H
#define FED_WORKER_SERVE_TRAINING_H

#include "worker/serve.h"

/* Open the plugins: model, aggregator and, or NULL, an attack. */
int fed__training_open(struct fed_server *, const char *const path[FED_WORKER_FILES],
                       struct fed_error *);
/* Plugin i, or NULL. */
const struct fed_entry *fed__training_entry(int i);
fed_serve fed__serve_set_up, fed__serve_train;

#endif
