/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/local/places.c - the table of places where trainings run.
 */
#include "train/local/places.h"

#include <string.h>

#include "base/text.h"
#include "train/local/internal.h"
#include "train/round/emit.h"

static void train_on_thread(struct fed_training *g, int worker,
                            const struct fed_training_vectors *v)
{
	fed_train_here(g, &g->trainer->worker[worker], v);
}

static bool any(const struct fed_training *g)
{
	(void)g;
	return true;
}

static int announce(struct fed_trainer *t, struct fed_error *err)
{
	struct fed_ranks *ranks = t->federation->ranks;
	struct fed_text notes = {0};

	if (!ranks || !t->federation->model_plugin)
		return FED_OK;
	const int rc = ranks->attach(ranks, t, &notes, err);
	char *rest = notes.s, *line;
	while (rest && (line = strsep(&rest, "\n")) && *line)
		fed__emit(t->federation, FED_EVENT_WARNING, FED_SERVER, line);
	fed_text_release(&notes);
	return rc;
}

static void leave_ranks(struct fed_trainer *t)
{
	struct fed_ranks *ranks = t->federation->ranks;

	if (ranks)
		ranks->detach(ranks, t);
}

/* Ranks have the built-in plugins alone. */
static bool suits_ranks(const struct fed_training *g)
{
	const struct fed_federation *f = g->trainer->federation;
	const struct fed_shared_attack *poison = g->data_faults.poison;
	const struct fed_instance *const plugin[] = {f->model_plugin, f->aggregator,
	                                             g->codec ? &g->codec->instance : NULL,
	                                             poison ? &poison->instance : NULL};

	for (size_t i = 0; i < sizeof plugin / sizeof *plugin; i++)
		if (plugin[i] && plugin[i]->entry && !plugin[i]->entry->builtin)
			return false;
	return f->ranks && f->model_plugin;
}

static const struct fed_training_place places[] = {
	{
		.name = "ranks",
		.prepare = announce,
		.release = leave_ranks,
		.suits = suits_ranks,
		.far = true,
		.train = train_on_thread,
	},
	{
		.name = "worker processes",
		.prepare = fed__processes_prepare,
		.release = fed__processes_release,
		.suits = fed__runs_in_process,
		.train = fed__train_in_process,
	},
	{
		.name = "threads",
		.suits = any,
		.train = train_on_thread,
	},
};

const struct fed_training_place *fed__training_place_at(unsigned i)
{
	return i < sizeof places / sizeof *places ? &places[i] : NULL;
}

int fed__training_places_prepare(struct fed_trainer *t, struct fed_error *err)
{
	const struct fed_training_place *place;

	for (unsigned i = 0; (place = fed__training_place_at(i)); i++)
		if (place->prepare && place->prepare(t, err))
			return FED_FAIL;
	return FED_OK;
}

void fed__training_places_release(struct fed_trainer *t)
{
	const struct fed_training_place *place;

	for (unsigned i = 0; (place = fed__training_place_at(i)); i++)
		if (place->release)
			place->release(t);
}

const struct fed_training_place *fed__training_place_for(const struct fed_training *g)
{
	const struct fed_training_place *place;
	unsigned i = 0;

	while ((place = fed__training_place_at(i)) && !place->suits(g))
		i++;
	return place;
}
