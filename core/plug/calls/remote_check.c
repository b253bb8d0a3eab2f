/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/calls/remote_check.c - the conformance run of a guarded plugin, each check in a worker
 * process.
 */
#include "plug/calls/remote_check.h"

#include "base/cpu.h"
#include "base/mem.h"
#include "plug/guard/worker.h"
#include "plug/calls/remote.h"

/* After so long no further check begins: people wait for the answer. */
#define SECONDS_MOST 20.0

/* Send request `index`: a check from 1, or 0 for the list of names. */
static int ask(struct fed_worker *w, const struct fed_remote_checks *checks, uint64_t index,
               struct fed_packet_reader *reply, int *rc, struct fed_error *words,
               struct fed_error *err)
{
	struct fed_packet *p = fed_worker_request(w, FED_ASK_CHECK);

	fed_put_number(p, index);
	fed_put_number(p, checks->seed);
	fed_put_number(p, checks->large);
	fed_put_number(p, checks->n_assign);
	for (size_t i = 0; i < checks->n_assign; i++) {
		fed_put_text(p, checks->assign[i].key);
		fed_put_text(p, checks->assign[i].value);
	}
	return fed_worker_call(w, "a function of it", NULL, reply, rc, words, err);
}

static const char *text_of(struct fed_packet_reader *r)
{
	const char *text = fed_get_text(r);

	return text ? text : "";
}

/* One check, by its number and name.  */
static int check_one(struct fed_worker *w, const struct fed_remote_checks *checks, uint64_t index,
                     struct fed_remote_result *result, struct fed_error *err)
{
	struct fed_packet_reader reply;
	struct fed_error words;
	int rc;

	if (fed_worker_enter(w, err))
		return FED_FAIL;
	result->lost = ask(w, checks, index, &reply, &rc, &words, err) != FED_OK;
	if (result->lost) {
		result->got = err->text;
		rc = FED_OK;
	} else if (rc == FED_OK) {
		result->outcome = (uint32_t)fed_get_number(&reply);
		result->given = text_of(&reply);
		result->got = text_of(&reply);
		result->expected = text_of(&reply);
	} else {
		*err = words;
	}
	fed_worker_leave(w);
	return rc;
}

/* The names, kept in `names`; n is how many. */
static int list(struct fed_worker *w, const struct fed_remote_checks *checks,
                struct fed_text *names, uint64_t *n, struct fed_error *err)
{
	struct fed_packet_reader reply;
	struct fed_error words;
	int rc;

	if (fed_worker_enter(w, err))
		return FED_FAIL;
	if (ask(w, checks, 0, &reply, &rc, &words, err)) {
		rc = FED_FAIL;
	} else if (rc != FED_OK) {
		*err = words;
	} else {
		*n = fed_get_number(&reply);
		fed_text_put(names, reply.at, (size_t)(reply.end - reply.at));
	}
	fed_worker_leave(w);
	return rc == FED_OK && names->failed ? fed_fail_memory(err, 0, "the names of checks") : rc;
}

int fed_remote_check(const struct fed_entry *entry, const struct fed_remote_checks *checks,
                     void (*report)(void *ctx, const struct fed_remote_result *), void *ctx,
                     struct fed_error *err)
{
	struct fed_text names = {0};
	struct fed_instance instance;
	const double begun = fed_wall_seconds();
	uint64_t n = 0;

	if (fed_instance_init(&instance, entry, NULL, 0, err))
		return FED_FAIL;
	int rc = list(instance.worker, checks, &names, &n, err);
	struct fed_packet_reader name = {.at = fed_text_str(&names), .end = names.s + names.len};
	for (uint64_t i = 0; rc == FED_OK && i < n && !name.short_; i++) {
		struct fed_remote_result result = {.check = text_of(&name)};

		result.late = fed_wall_seconds() > begun + SECONDS_MOST;
		if (!result.late)
			rc = check_one(instance.worker, checks, i + 1, &result, err);
		if (rc == FED_OK)
			report(ctx, &result);
		if (i == 0 && result.lost) /* what it does in the simplest case, it does in all of them */
			break;
	}
	fed_text_release(&names);
	fed_instance_release(&instance);
	return rc;
}
