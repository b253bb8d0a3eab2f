/* SPDX-License-Identifier: GPL-3.0-or-later */
/* key=value over a table with every type that a user can set, a pair a line. */
#include <stdlib.h>
#include <string.h>

#include "base/fields.h"
#include "fuzz/fuzz.h"

struct state {
	int64_t count, batch;
	double rate;
	int mode;
	bool reuse;
	char name[16];
	struct fed_list hidden;
	double *kept;
};

static const char *const modes[] = {"mean", "median", "trimmed-mean", NULL};
static const char *const all[] = {"all", NULL};

static const struct fed_field rows[] = {
	FED_INT(struct state, count, 10, -5, 1000000, "a number"),
	FED_INT_WORD(struct state, batch, 10, 0, INT32_MAX, all, "a number or a word"),
	FED_REAL(struct state, rate, 0.1, 0, 1e6, "a real"),
	FED_CHOICE(struct state, mode, 0, modes, "a choice"),
	FED_FLAG(struct state, reuse, "a flag"),
	FED_TEXT(struct state, name, "x", "path", "a text"),
	FED_LIST(struct state, hidden, "200,200", 1, 65536, "a list"),
	FED_PERSISTENT(struct state, kept, "a vector"),
	FED_END,
};

const char *const fed_fuzz_words[] = {
	"count=", "batch=",       "rate=", "mode=", "reuse=", "name=", "hidden=",
	"kept=",  "trimmed_mean", "all",   "yes",   "no",     "10k",   "2M",
	"1e6",    "0.5",          "-",     ",",     "inf",    "nan",   NULL,
};

static void ignore(void *ctx, const char *candidate)
{
	(void)ctx;
	(void)candidate;
}

void fed_fuzz_begin(void)
{
	static const char seed[] = "count=12\nbatch=all\nrate=1e-3\nmode=median\nreuse=yes\nname=a b\n"
							   "hidden=200,100,50";
	fed_fuzz_seed(seed, sizeof seed - 1);
	fed_fuzz_seed("count=1k", 8);
}

void fed_fuzz_end(void)
{
}

/* What is printed parses back to the same bits. */
static void print_and_parse(const struct fed_field *row, const struct state *state)
{
	struct state again = *state;
	struct fed_text text = {0};
	struct fed_error err;

	fed_field_print(row, state, &text);
	fed_fuzz_claim(fed_field_parse(row, &again, fed_text_str(&text), &err) == FED_OK);
	fed_fuzz_claim(memcmp(&again, state, sizeof again) == 0);
	fed_text_clear(&text);
	fed_fields_print(rows, state, true, &text);
	fed_text_release(&text);
}

static void set(struct state *state, char *line)
{
	char *value = strchr(line, '=');
	const struct state before = *state;
	struct fed_error err;

	if (value)
		*value++ = '\0';
	if (fed_fields_set(rows, state, line, value ? value : "", &err) == FED_OK) {
		print_and_parse(fed_fields_find(rows, line), state);
		return;
	}
	fed_fuzz_claim(memcmp(&before, state, sizeof before) == 0);
	fed_fuzz_outcome(err.text);
	const struct fed_field *row = fed_fields_find(rows, line);
	if (row && value)
		fed_field_complete(row, value, ignore, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char *text = fed_fuzz_string(bytes, n), *save;
	struct state state;

	memset(&state, 0, sizeof state);
	fed_fields_default(rows, &state);
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		set(&state, line);
	free(text);
	return 0;
}
