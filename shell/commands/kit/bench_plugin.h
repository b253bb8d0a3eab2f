/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/kit/bench_plugin.h - the command `bench-plugin`.
 */
#ifndef FED_SHELL_COMMANDS_KIT_BENCH_PLUGIN_H
#define FED_SHELL_COMMANDS_KIT_BENCH_PLUGIN_H

#include "shell/language/command.h"

struct fed_bench_args {
	char name[64];
	int64_t n, d;
	bool bare;
};
extern const struct fed_field fed__bench_rows[];
/* Measure an aggregator, guarded and trusted, beside fedavg. */
int fed__run_bench(struct fed_shell *, const struct fed_call *, struct fed_error *);

#endif
