/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/lora.c - the words for what may have adapters, and the ranks that these may have.
 */
#include "nn/layers/lora.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const struct {
	const char *name;
	uint32_t on;
} words[] = {
	{"dense", FED_LORA_DENSE},
	{"q", FED_LORA_Q},
	{"k", FED_LORA_K},
	{"v", FED_LORA_V},
	{"out", FED_LORA_OUT},
	{"conv", FED_LORA_CONV},
	{"embedding", FED_LORA_EMBEDDING},
	/* several at once, which are printed one by one */
	{"attention", FED_LORA_ATTENTION},
	{"all", FED_LORA_DENSE | FED_LORA_ATTENTION | FED_LORA_CONV | FED_LORA_EMBEDDING},
};
enum { WORDS = sizeof words / sizeof *words, SINGLE = WORDS - 2 };

static const char *word_at(const void *ctx, size_t k)
{
	(void)ctx;
	return k < WORDS ? words[k].name : NULL;
}

static int find_word(const char *word, size_t n, uint32_t *on, struct fed_error *err)
{
	char typed[FED_LORA_ON_TEXT];

	snprintf(typed, sizeof typed, "%.*s", (int)n, word);
	for (size_t k = 0; k < WORDS; k++)
		if (strcmp(typed, words[k].name) == 0) {
			*on |= words[k].on;
			return FED_OK;
		}
	const char *near = fed_nearest(typed, word_at, NULL);
	return fed_fail(err,
	                "an adapter is on dense, q, k, v, out, attention (those four), conv, "
	                "embedding or all, with commas between them, not on %s%s%s%s",
	                *typed ? fed_show(typed).s : "nothing", near ? "; did you mean " : "",
	                near ? near : "", near ? "?" : "");
}

int fed__lora_on_parse(const char *text, uint32_t *on, struct fed_error *err)
{
	*on = 0;
	for (;;) {
		const size_t n = strcspn(text, ",");

		if (find_word(text, n, on, err))
			return FED_FAIL;
		if (!text[n])
			return FED_OK;
		text += n + 1;
	}
}

const char *fed_lora_on_print(uint32_t on, char text[FED_LORA_ON_TEXT])
{
	size_t n = 0;

	text[0] = '\0';
	for (size_t k = 0; k < SINGLE; k++)
		if (on & words[k].on)
			n += (size_t)snprintf(text + n, FED_LORA_ON_TEXT - n, "%s%s", n ? "," : "",
			                      words[k].name);
	return text;
}

uint32_t fed_lora_on_usual(void)
{
	return FED_LORA_DENSE | FED_LORA_Q | FED_LORA_V;
}

int fed__lora_check(const struct fed_lora *lora, const char *what, size_t rows, size_t columns,
                    struct fed_error *err)
{
	const size_t most = rows > columns ? rows : columns;

	return lora->rank <= most
	           ? FED_OK
	           : fed_fail(err, "rank %u of %s of %zu inputs and %zu units; at most %zu", lora->rank,
	                      what, rows, columns, most);
}
