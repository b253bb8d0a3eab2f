/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Command lines: every byte belongs to a command, and a quoted word reads back. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "shell/language/line.h"

const char *const fed_fuzz_words[] = {"\"", "'",      "\\",    ";",          "#",   " ",    "\n",
                                      "\t", "round ", "x=y",   "\"a b\"",    "'c'", "\\\n", "\r\n",
                                      "\0", "\xC3",   "\x1b[", "add-client", NULL};

void fed_fuzz_begin(void)
{
	static const char *const seeds[] = {
		"add-client 10 noniid; round 5 # learn",
		"dataset \"my file.csv\" label='a \"b\"' test=0.2\nround\n",
		"echo a\\ b\\;c \"open",
	};
	for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++)
		fed_fuzz_seed(seeds[i], strlen(seeds[i]));
}

void fed_fuzz_end(void)
{
}

static void quote_and_split(const char *word)
{
	struct fed_text quoted = {0};
	struct fed_words words = {0};
	struct fed_error err;
	size_t used;

	fed__word_quote(&quoted, word);
	fed_fuzz_claim(fed__words_split(&words, quoted.s, quoted.len, &used, &err) == FED_OK);
	fed_fuzz_claim(words.n == 1 && used == quoted.len);
	fed_fuzz_claim(strcmp(fed__words_at(&words, 0), word) == 0);
	fed__words_release(&words);
	fed_text_release(&quoted);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	const char *text = (const char *)bytes;
	struct fed_words words = {0};
	struct fed_error err;
	size_t at = 0;

	while (at < n) {
		size_t used = 0;
		const int rc = fed__words_split(&words, text + at, n - at, &used, &err);
		for (size_t i = 0; i < words.n; i++) {
			const struct fed_word *word = &words.word[i];
			fed_fuzz_claim(word->begin < word->end && word->end <= n - at);
			fed_fuzz_claim(i == 0 || words.word[i - 1].end <= word->begin);
			if (rc == FED_OK)
				quote_and_split(fed__words_at(&words, i));
		}
		if (rc != FED_OK) {
			fed_fuzz_outcome(err.text);
			break;
		}
		fed_fuzz_claim(used >= 1 && used <= n - at);
		at += used;
	}
	fed__words_release(&words);
	return 0;
}
