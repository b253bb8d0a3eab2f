/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plugins/drive.c - a plugin from its built file, and rounds of an aggregator.
 */
#include "drive.h"

#include <math.h>
#include <string.h>

#include "support/suite.h"

enum { POPULATION = 10 };

void drive_file(struct drive *d, const char *file, const char *settings)
{
	char text[256];
	struct fed_assign assign[8];
	size_t n = 0;
	struct fed_error err;
	const struct fed_entry *entry;

	snprintf(text, sizeof text, "%s", settings);
	for (char *rest = text, *word; (word = strtok_r(rest, " ", &rest)) != NULL; n++) {
		char *value = strchr(word, '=');
		*value = '\0';
		assign[n] = (struct fed_assign){.key = word, .value = value + 1};
	}
	*d = (struct drive){0};
	fed_assert_ok(fed_registry_init(&d->registry, &err), &err);
	if (getenv("FED_TESTS_GUARD")) /* the same tests, in worker processes */
		fed_assert_ok(fed_registry_guard(d->registry, FED_BUILD_DIR "/fedsh-worker", &err), &err);
	fed_assert_ok(fed_registry_load(d->registry, file, &entry, &err), &err);
	fed_assert_ok(fed_instance_init(&d->instance, entry, assign, n, &err), &err);
	if (entry->head->kind == FED_KIND_AGGREGATOR)
		fed_assert_ok(fed_instance_size(&d->instance, DIM, &err), &err);
}

void drive_open(struct drive *d, const char *name, const char *settings)
{
	char path[512];

	snprintf(path, sizeof path, "%s/%s.so", FED_PLUGIN_DIR, name);
	drive_file(d, path, settings);
}

void drive_close(struct drive *d)
{
	fed_instance_release(&d->instance);
	fed_registry_free(d->registry);
}

void drive_local_gradient(const struct fed_instance *aggregator, const struct fed_local *local,
                          const float *w, float *g, size_t j0, size_t j1)
{
	struct fed_error err;

	fed_assert_ok(fed_call_local_gradient(aggregator, local, w, g, j0, j1, &err), &err);
}

void drive_local_end(const struct fed_instance *aggregator, const struct fed_local *local,
                     const float *w)
{
	struct fed_error err;

	fed_assert_ok(fed_call_local_end(aggregator, local, w, &err), &err);
}

void updates_random(struct updates *s, size_t n, uint64_t key)
{
	uint64_t k = 0;

	*s = (struct updates){.n = n};
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < DIM; j++) {
			s->delta[i][j] = (float)(fed_random_real(key, k++) - 0.4);
			s->change[i][j] = (float)(fed_random_real(key, k++) - 0.6);
		}
		s->returned[i][0] = s->change[i];
		const uint32_t samples = 1 + (uint32_t)(100 * fed_random_real(key, k++));
		s->u[i] = (struct fed_update){.delta = s->delta[i],
		                              .weight = samples,
		                              .samples = samples,
		                              .client = (uint32_t)i,
		                              .steps = 1 + (uint32_t)(20 * fed_random_real(key, k++)),
		                              .loss = NAN,
		                              .returned = s->returned[i]};
	}
}

int drive_round(struct drive *d, const struct updates *s, float *out, struct fed_verdict *verdicts,
                struct fed_error *err)
{
	static const float params[DIM];
	const struct fed_round round = {.dim = DIM,
	                                .params = params,
	                                .invited = (uint32_t)s->n,
	                                .population = POPULATION,
	                                .lr = 0.1};
	struct fed_aggregation a;

	int rc = fed_aggregation_begin(&a, &d->instance, &round, s->n, NULL, err);
	for (size_t i = 0; rc == FED_OK && i < s->n; i++) {
		struct fed_update u = s->u[i];
		u.base = params;
		rc = fed_aggregation_add(&a, &u, err);
	}
	if (rc == FED_OK)
		rc = fed_aggregation_finish(&a, out, err);
	if (rc == FED_OK && verdicts)
		memcpy(verdicts, a.verdict, s->n * sizeof *verdicts);
	fed_aggregation_release(&a);
	return rc;
}

void assert_close(const float *got, const double *want, double tolerance, const char *what)
{
	for (size_t j = 0; j < DIM; j++)
		ck_assert_msg(fabs(got[j] - want[j]) <= tolerance * fmax(1, fabs(want[j])),
		              "%s: number %zu is %.9g, not %.9g", what, j, (double)got[j], want[j]);
}
