/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Saved histories: what is refused leaves session and history as they were, what restores can be
 * gone to, or refuses. */
#include <string.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "fuzz/lab.h"
#include "session/session.h"
#include "travel/travel.h"

const char *const fed_fuzz_words[] = {"+chunk", "+tree",        "round 2\n", "main",
                                      "side",   "set lr 0.1\n", NULL};

#define MOST_VERSION 30u /* that is gone to: a forged one may be far */

static struct fed_session session;
static struct fed_travel *travel;

static int play(void *ctx, const char *line, struct fed_error *err)
{
	struct fed_session *s = ctx;
	struct fed_run_result result;

	return strcmp(line, "set lr 0.1") == 0 ? fed_session_set(s, "lr", "0.1", err)
	                                       : fed_session_run(s, 2, NULL, &result, err);
}

static bool allows(void *ctx, const char *line)
{
	(void)ctx;
	return *line == 0 || strcmp(line, "round 2") == 0 || strcmp(line, "set lr 0.1") == 0;
}

static void begin(struct fed_session *s, struct fed_travel **t)
{
	const struct fed_travel_host host = {.ctx = s, .play = play, .allows = allows};
	struct fed_error err;

	fed_fuzz_claim(fed_travel_new(t, s, &host, &err) == FED_OK);
}

static void type(struct fed_session *s, struct fed_travel *t, const char *line)
{
	struct fed_travel_entry entry = {.single = true, .notes = {"composition", NULL}};
	struct fed_text lines = {0};
	struct fed_error err;
	uint32_t forked;

	fed_text_add(&lines, "%s\n", line);
	entry.lines = fed_text_str(&lines);
	fed_travel_begin(t, false);
	fed_fuzz_claim(play(s, line, &err) == FED_OK);
	fed_fuzz_claim(fed_travel_end(t, &entry, &forked, &err) == FED_OK);
	fed_text_release(&lines);
}

void fed_fuzz_begin(void)
{
	struct fed_session trained;
	struct fed_travel *t;
	struct fed_place place;
	struct fed_error err;

	lab_trained(&trained, 1);
	begin(&trained, &t);
	type(&trained, t, "round 2");
	type(&trained, t, "set lr 0.1");
	type(&trained, t, "round 2");
	fed_fuzz_claim(fed_travel_at_version(t, 2, &place, &err) == FED_OK &&
	               fed_travel_go(t, place, &err) == FED_OK &&
	               fed_travel_fork(t, "side", &err) == FED_OK);
	type(&trained, t, "round 2");
	fed_fuzz_claim(fed_travel_save(t, fed_fuzz_path("seed"), &err) == FED_OK);
	fed_travel_free(t);
	fed__session_release(&trained);
	lab_seed_from("seed");
}

void fed_fuzz_end(void)
{
	unlink(fed_fuzz_path("input"));
	unlink(fed_fuzz_path("again"));
	lab_end();
}

/* To the ends of all branches. */
static void walk(void)
{
	const struct fed_tree *tree = fed_travel_tree(travel);
	struct fed_error err;

	for (uint32_t i = 0; i < tree->n_branches; i++)
		if (*tree->branch[i].name && fed_place_version(tree, tree->branch[i].tip) < MOST_VERSION &&
		    !tree->branch[i].tip.inside && fed_travel_switch(travel, tree->branch[i].name, &err))
			fed_fuzz_outcome(err.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	const struct fed_travel_entry entry = {.lines = "round 2\n", .restarts = true};
	struct fed_error err;
	uint32_t forked;

	lab_bare(&session);
	begin(&session, &travel);
	fed_travel_begin(travel, true);
	if (fed_travel_restore(travel, fed_fuzz_file("input", bytes, n), &err) == FED_OK) {
		fed_fuzz_claim(fed_travel_end(travel, &entry, &forked, &err) == FED_OK);
		walk();
		fed_fuzz_claim(fed_travel_save(travel, fed_fuzz_path("again"), &err) == FED_OK);
	} else {
		fed_fuzz_claim(!session.parts.data && fed_travel_tree(travel)->n == 1);
		fed_fuzz_outcome(err.text);
	}
	fed_travel_free(travel);
	fed__session_release(&session);
	return 0;
}
