/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Saved sessions: what is refused leaves the session as it was, what restores can be saved. */
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "fuzz/fuzz.h"
#include "fuzz/lab.h"
#include "session/checkpoint.h"

const char *const fed_fuzz_words[] = {"softmax", "fedavg", "fedavgm", "scaffold", "local", "sync",
                                      "csv",     "blobs",  "noniid",  "end",      NULL};

static struct fed_session session; /* bare between inputs */

static void seed(uint64_t rounds)
{
	struct fed_session trained;
	struct fed_error err;
	lab_trained(&trained, rounds);
	fed_fuzz_claim(fed_session_save(&trained, fed_fuzz_path("seed"), &err) == FED_OK);
	fed_session_release(&trained);
	lab_seed_from("seed");
}

void fed_fuzz_begin(void)
{
	seed(1);
	seed(3);
	lab_bare(&session);
}

void fed_fuzz_end(void)
{
	unlink(fed_fuzz_path("input"));
	unlink(fed_fuzz_path("again"));
	fed_session_release(&session);
	lab_end();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct fed_error err;

	if (fed_session_restore(&session, fed_fuzz_file("input", bytes, n), &err) == FED_OK) {
		fed_fuzz_claim(fed_session_save(&session, fed_fuzz_path("again"), &err) == FED_OK);
		fed_fuzz_claim(fed_session_reset(&session, false, &err) == FED_OK);
	} else {
		fed_fuzz_claim(!session.data && !session.net_built && session.history.n == 0);
		fed_fuzz_outcome(err.text);
	}
	return 0;
}
