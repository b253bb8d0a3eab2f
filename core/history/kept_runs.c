/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history/kept_runs.c - named copies of histories.
 */
#include "history/kept_runs.h"

#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

size_t fed__run_name_next(const char *s, bool first)
{
	/* ASCII, which is nearly all, without looking for the end. */
	if (isalpha((unsigned char)*s))
		return 1;
	if ((unsigned char)*s < 0x80)
		return !first && (isdigit((unsigned char)*s) || *s == '_' ||
		                  (*s == '-' && fed__run_name_next(s + 1, true)));
	return fed_letter_size(s);
}

static bool is_run_name(const char *name)
{
	size_t n = fed__run_name_next(name, true);

	while (n && *(name += n))
		n = fed__run_name_next(name, false);
	return n > 0;
}

static int check_name(const char *name, struct fed_error *err)
{
	const struct fed_field *metric;
	struct fed_error unknown;

	if (strlen(name) >= FED_RUN_NAME_MAX || !is_run_name(name))
		return fed_fail(err,
		                "`%s` cannot be a run's name: it begins with a letter and has letters, "
		                "digits, _ and - (before a letter), at most %d bytes in all",
		                fed_show(name).s, FED_RUN_NAME_MAX - 1);
	if (fed_metric_find(name, &metric, &unknown) == FED_OK)
		return fed_fail(err, "`%s` is the name of a metric; choose another for the run", name);
	return FED_OK;
}

static struct fed_kept_run *find(const struct fed_runs *runs, const char *name)
{
	for (size_t i = 0; i < runs->n; i++)
		if (strcmp(runs->run[i].name, name) == 0)
			return &runs->run[i];
	return NULL;
}

static void release_run(struct fed_kept_run *run)
{
	fed_history_release(&run->history);
	fed_free(run->composition);
}

/* Copy a history and a composition (or NULL).  *copy is released on FED_FAIL. */
static int copy_run(struct fed_kept_run *copy, const struct fed_history *history,
                    const char *composition, struct fed_error *err)
{
	int rc = FED_OK;

	*copy = (struct fed_kept_run){.composition = composition ? fed_strdup(composition) : NULL};
	if (composition && !copy->composition)
		rc = fed_fail_memory(err, strlen(composition), "the composition of a run");
	for (size_t i = 0; rc == FED_OK && i < history->n; i++)
		rc = fed_history_add(&copy->history, &history->record[i], err);
	if (rc)
		release_run(copy);
	return rc;
}

/* A place for another run, NULL without memory. */
static struct fed_kept_run *append(struct fed_runs *runs, struct fed_error *err)
{
	struct fed_kept_run *grown =
		fed_resize(runs->run, runs->n * sizeof *grown, (runs->n + 1) * sizeof *grown);

	if (!grown) {
		fed_fail_memory(err, (runs->n + 1) * sizeof *grown, "the kept runs");
		return NULL;
	}
	runs->run = grown;
	grown[runs->n] = (struct fed_kept_run){.composition = NULL};
	return &grown[runs->n++];
}

int fed_runs_keep(struct fed_runs *runs, const char *name, const struct fed_history *history,
                  const char *composition, struct fed_error *err)
{
	struct fed_kept_run copy;

	if (check_name(name, err) || copy_run(&copy, history, composition, err))
		return FED_FAIL;
	struct fed_kept_run *run = find(runs, name);
	if (!run && !(run = append(runs, err))) {
		release_run(&copy);
		return FED_FAIL;
	}
	release_run(run);
	memcpy(copy.name, name, strlen(name) + 1);
	*run = copy;
	return FED_OK;
}

bool fed_runs_drop(struct fed_runs *runs, const char *name)
{
	struct fed_kept_run *run = find(runs, name);

	if (!run)
		return false;
	release_run(run);
	memmove(run, run + 1, (size_t)(runs->run + runs->n - (run + 1)) * sizeof *run);
	runs->n--;
	return true;
}

static const char *name_at(const void *ctx, size_t i)
{
	const struct fed_runs *runs = ctx;

	return i < runs->n ? runs->run[i].name : NULL;
}

int fed_runs_find(const struct fed_runs *runs, const char *name, const struct fed_kept_run **out,
                  struct fed_error *err)
{
	*out = runs ? find(runs, name) : NULL;
	if (*out)
		return FED_OK;
	const struct fed_shown shown = fed_show(name);
	if (!runs || runs->n == 0)
		return fed_fail(err, "no run was kept as `%s`; `keep %s` keeps this one", shown.s, shown.s);
	const char *near = fed_nearest(name, name_at, runs);
	if (near)
		return fed_fail(err, "no run was kept as `%s`; did you mean `%s`?", shown.s, near);
	struct fed_text names = {0};
	for (size_t i = 0; i < runs->n; i++)
		fed_text_add(&names, "%s%s", i ? ", " : "", runs->run[i].name);
	fed_error_set(err, FED_FAIL, "no run was kept as `%s`; kept are %s", shown.s,
	              fed_text_str(&names));
	fed_text_release(&names);
	return FED_FAIL;
}

void fed_runs_release(struct fed_runs *runs)
{
	for (size_t i = 0; i < runs->n; i++)
		release_run(&runs->run[i]);
	fed_free(runs->run);
	*runs = (struct fed_runs){0};
}
