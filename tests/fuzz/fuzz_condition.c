/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conditions over metrics, judged over a short history and over none. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "history/condition.h"

static struct fed_history history;

const char *const fed_fuzz_words[] = {
	"accuracy", "test-loss", "clock", "round", "nan", "[1]", "[0]", "[999999]", " and ", " or ",
	",",        ">=",        "<=",    "==",    "!=",  "<",   ">",   "0.9",      "-1e-3", NULL,
};

void fed_fuzz_begin(void)
{
	static const char *const seeds[] = {"accuracy>=0.9", "clock>=3600 or round==50",
	                                    "loss[1] > loss, accuracy != nan and bytes-up < 1e9",
	                                    "client==7 and event!=lost or nan, refused>refused[1]"};
	for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++)
		fed_fuzz_seed(seeds[i], strlen(seeds[i]));
	for (int i = 0; i < 3; i++) {
		const struct fed_record record = {.round = i, .test_accuracy = 0.3 * i, .clock = 10 * i};
		struct fed_error err;
		fed_fuzz_claim(fed_history_add(&history, &record, &err) == FED_OK);
	}
}

void fed_fuzz_end(void)
{
	fed_history_release(&history);
}

/* The same text as a breakpoint: every plain condition is one, too. */
static void as_breakpoint(const char *text, bool plain)
{
	const struct fed_record open = {.refused = 2};
	const struct fed_event event = {.kind = FED_EVENT_LOST, .client = 7, .record = &open};
	const struct fed_condition_context now = {&history, &open, &event, 12};
	struct fed_condition *condition;
	struct fed_error err;

	if (fed_condition_parse_event(&condition, text, NULL, NULL, &err)) {
		fed_fuzz_claim(!plain);
		return;
	}
	fed_fuzz_claim(!plain || fed_condition_pace(condition) != FED_CONDITION_RATE_EVENTS);
	fed_condition_holds_at(condition, &now);
	fed_condition_free(condition);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const struct fed_history none;
	char *text = fed_fuzz_string(bytes, n);
	struct fed_condition *condition;
	struct fed_error err;

	if (fed_condition_parse(&condition, text, NULL, &err) == FED_OK) {
		struct fed_text values = {0};
		fed_condition_holds(condition, &history);
		fed_fuzz_claim(!fed_condition_holds(condition, &none));
		fed_condition_values(condition, &history, &values);
		fed_text_release(&values);
		fed_condition_free(condition);
		as_breakpoint(text, true);
	} else {
		as_breakpoint(text, false);
		fed_fuzz_outcome(err.text);
	}
	free(text);
	return 0;
}
