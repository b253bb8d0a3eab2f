/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Saved sessions: what is refused leaves the session as it was, what restores can be saved. */
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "fuzz/fuzz.h"
#include "fuzz/lab.h"
#include "checkpoint/checkpoint.h"
#include "session/inject.h"

const char *const fed_fuzz_words[] = {"softmax",   "fedavg", "fedavgm", "scaffold", "local",
                                      "sync",      "csv",    "blobs",   "noniid",   "end",
                                      "byzantine", "replay", "drift",   "churn",    NULL};

static struct fed_session session; /* bare between inputs */

static void inject(struct fed_session *s, const char *fault, const char *who, const char *attack,
                   uint64_t at)
{
	const struct fed_assign named = {.key = "attack", .value = attack};
	const struct fed_injection in = {
		.fault = fault, .who = who, .assign = &named, .n = attack != NULL, .at = at, .versions = 3};
	struct fed_error err;

	fed_fuzz_claim(fed_session_inject(s, &in, &err) == FED_OK);
}

/* Into a round, in which something is edited. */
static void open_round(struct fed_session *s)
{
	struct fed_error err;
	struct fed_run_result result;
	struct fed_device_spec device;
	uint64_t healed;
	uint32_t n;

	fed_fuzz_claim(fed_session_step(s, &result, &err) == FED_OK);
	fed_fuzz_claim(fed_session_set(s, "lr", "0.3", &err) == FED_OK);
	inject(s, "straggler", "2", NULL, 0);
	fed_fuzz_claim(fed_session_heal(s, "2", "straggler", &healed, &err) == FED_OK);
	fed_fuzz_claim(fed_device_parse("1e5", &device, &err) == FED_OK);
	fed_fuzz_claim(fed_session_change_clients(s, "1", &device, NULL, NULL, &n, &err) == FED_OK);
	fed_fuzz_claim(fed_session_step(s, &result, &err) == FED_OK);
}

static void seed(uint64_t rounds, bool open)
{
	struct fed_session trained;
	struct fed_error err;
	struct fed_run_result result;
	uint64_t number;

	lab_trained(&trained, rounds);
	/* Faults, ended, active and to come; an attack that remembers. */
	inject(&trained, "drift", "all", NULL, 1);
	inject(&trained, "byzantine", "0-1", "replay", 0);
	inject(&trained, "flaky", "2", NULL, rounds + 9);
	fed_fuzz_claim(fed_session_run(&trained, 1, NULL, &result, &err) == FED_OK);
	fed_fuzz_claim(fed_session_break(&trained, "client==2", &number, &err) == FED_OK);
	fed_fuzz_claim(fed_session_break(&trained, "refused>0", &number, &err) == FED_OK);
	fed_session_pause(&trained, rounds + 9);
	if (open)
		open_round(&trained);
	fed_fuzz_claim(fed_session_save(&trained, fed_fuzz_path("seed"), &err) == FED_OK);
	fed__session_release(&trained);
	lab_seed_from("seed");
}

void fed_fuzz_begin(void)
{
	seed(1, false);
	seed(3, false);
	seed(1, true);
	lab_bare(&session);
}

void fed_fuzz_end(void)
{
	unlink(fed_fuzz_path("input"));
	unlink(fed_fuzz_path("again"));
	fed__session_release(&session);
	lab_end();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct fed_error err;

	if (fed_session_restore(&session, fed_fuzz_file("input", bytes, n), &err) == FED_OK) {
		fed_fuzz_claim(fed_session_save(&session, fed_fuzz_path("again"), &err) == FED_OK);
		fed_fuzz_claim(fed_session_reset(&session, false, &err) == FED_OK);
		/* The log of events, which outlives a reset, has room from its first event on. */
		fed__session_release(&session);
		lab_bare(&session);
	} else {
		fed_fuzz_claim(!session.parts.data && !session.parts.net_built && session.history.n == 0 &&
		               session.parts.faults.n == 0);
		fed_fuzz_outcome(err.text);
	}
	return 0;
}
