/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/kit/bench_plugin.c - the command `bench-plugin`: how long an aggregator takes.
 *
 * A guarded plugin is measured trusted, too, in another process of this program: it may crash.
 */
#include "shell/commands/kit/bench_plugin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "experiments/bench_aggregator.h"
#include "shell/output/program.h"
#include "shell/language/line.h"
#include "shell/output/print.h"

const struct fed_field fed__bench_rows[] = {
	FED_ARG_TEXT(struct fed_bench_args, name, FED_ARG_NEEDED, "aggregator", "an aggregator plugin"),
	FED_ARG_INT(struct fed_bench_args, n, 0, 100, 1, 1000000, "updates of a round"),
	FED_ARG_INT(struct fed_bench_args, d, 0, 100000, 1, 1000000000, "numbers of an update"),
	FED_FLAG(struct fed_bench_args, bare, "print the seconds of a call, and nothing else"),
	FED_END,
};

static void row(struct fed_table *table, const char *name, const char *how, double seconds,
                double bytes)
{
	fed__table_cell(table, "%s", name);
	fed__table_cell(table, "%s", how);
	fed__table_real(table, seconds * 1e3, "%#.4g");
	fed__table_real(table, bytes / seconds * 1e-9, "%#.3g");
}

/* The command that another process of this program runs. */
static void put_command(struct fed_text *line, const struct fed_call *call, const char *path)
{
	const struct fed_bench_args *a = call->args;

	fed_text_add(line, "load ");
	fed__word_quote(line, path);
	fed_text_add(line, " trusted; bench-plugin %s n=%lld d=%lld bare", a->name, (long long)a->n,
	             (long long)a->d);
	for (size_t i = 0; i < call->n_extra; i++) {
		struct fed_text word = {0};

		fed_text_add(&word, "%s=%s", call->extra[i].key,
		             call->extra[i].value ? call->extra[i].value : "yes");
		fed_text_add(line, " ");
		fed__word_quote(line, fed_text_str(&word));
		fed_text_release(&word);
	}
}

/* Seconds of a call in a process of its own that trusts the plugin; the last line is the figure. */
static int measure_trusted(struct fed_shell *shell, const struct fed_call *call, const char *path,
                           double *seconds, struct fed_error *err)
{
	struct fed_text line = {0};
	FILE *said = tmpfile();
	char last[256] = "";

	if (!said)
		return fed_fail(err, "no temporary file: %s", strerror(errno));
	put_command(&line, call, path);
	const char *const argv[] = {shell->program, "-c", fed_text_str(&line), NULL};
	int rc = line.failed ? fed_fail(err, "out of memory (a command line)")
	                     : fed__program_run(shell, argv, fileno(said), "it is this program", err);
	rewind(said);
	while (fgets(last, sizeof last, said))
		;
	fclose(said);
	fed_text_release(&line);
	*seconds = rc == FED_OK ? strtod(last, NULL) : 0;
	return rc;
}

int fed__run_bench(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_bench_args *a = call->args;
	const size_t n = (size_t)a->n, d = (size_t)a->d;
	const double bytes = (double)n * (double)d * sizeof(float);
	const struct fed_entry *entry;
	struct fed_aggregator_timing own, fedavg;
	struct fed_error why;
	double trusted = 0;

	int rc = fed_registry_find(fed_session_plugins(shell->session), FED_KIND_AGGREGATOR, a->name,
	                           &entry, err);
	if (rc == FED_OK)
		rc = fed_bench_aggregator(&own, shell->session, a->name, call->extra, call->n_extra, n, d,
		                          err);
	if (rc)
		return rc;
	if (a->bare) {
		fed__print(shell, "%.9g\n", own.seconds);
		return FED_OK;
	}
	if (fed_bench_aggregator(&fedavg, shell->session, "fedavg", NULL, 0, n, d, err))
		return FED_FAIL;
	static const struct fed_table_column columns[] = {
		{.title = "aggregator"},
		{.title = "runs"},
		{.title = "ms a call", .kind = FED_CELL_NUMBER},
		{.title = "GB/s", .kind = FED_CELL_NUMBER},
	};
	struct fed_table table = {.name = "timings", .column = columns, .columns = 4};
	row(&table, a->name, entry->guard ? "guarded" : "inside", own.seconds, bytes);
	const bool other = entry->guard && shell->program;
	const int tried = other ? measure_trusted(shell, call, entry->path, &trusted, &why) : FED_OK;
	if (other && tried == FED_OK)
		row(&table, a->name, "trusted", trusted, bytes);
	row(&table, "fedavg", "inside", fedavg.seconds, bytes);
	fed__print(shell, "%zu updates of %s numbers; the median of %u calls\n", n,
	           fed_count((double)d).s, own.calls);
	fed__table_print(shell, &table);
	if (tried)
		fed__print(shell, "it fails where it runs trusted: %s\n", why.text);
	return FED_OK;
}
