/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A text: byte 0 says how it is read, the rest is the file. */
#include <string.h>
#include <unistd.h>

#include "data/dataset.h"
#include "fuzz/fuzz.h"

const char *const fed_fuzz_words[] = {"HAMLET.",
                                      "MR. X.",
                                      "First Citizen:",
                                      "\n",
                                      "\r\n",
                                      "\xEF\xBB\xBF",
                                      "\xFF\xFE",
                                      "\xFE\xFF",
                                      "\xE7\x94\xB2\xEF\xBC\x9A",
                                      "\xC3\x85SA.",
                                      "\x92",
                                      "ACT I.",
                                      "\xF0\x9F\x8C\x8A",
                                      "\xED\xA0\x80",
                                      NULL};

enum { ENCODINGS = 5, WAYS = 4 };

void fed_fuzz_begin(void)
{
	static const char *const seeds[] = {
		"\0the king and the fool on the heath in the storm",
		"\1A play\n\nHAMLET.\nWords, words.\nMR. X. More words.\nFirst Citizen:\nNone.\n",
		"\2didn\x92t move; caf\xe9 and more of it \x97 for a window",
		"\3\xE7\x94\xB2\xEF\xBC\x9A\nwords of the first one\n\xE4\xB9\x99: words of the other\n",
	};
	for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++)
		fed_fuzz_seed(seeds[i], 1 + strlen(seeds[i] + 1));
	static const char wide[] = "\0\xff\xfet\0h\0e\0 \0k\0i\0n\0g\0\x3c\xd8\x0a\xdf\n\0t\0h\0e\0";
	fed_fuzz_seed(wide, sizeof wide - 1);
}

void fed_fuzz_end(void)
{
	unlink(fed_fuzz_path("input.txt"));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const char *const encodings[ENCODINGS] = {"auto", "utf-8", "utf-16le", "utf-16be",
	                                                 "windows-1252"};
	char path[256];
	struct fed_dataset *data = NULL;
	struct fed_error err;

	if (n == 0)
		return 0;
	snprintf(path, sizeof path, "%s", fed_fuzz_file("input.txt", bytes + 1, n - 1));
	const struct fed_assign args[] = {
		{"path", path},
		{"window", "3"},
		{"encoding", encodings[bytes[0] / WAYS % ENCODINGS]},
		{"speakers", bytes[0] & 1 ? "yes" : "no"},
		{"bytes", bytes[0] & 2 ? "yes" : "no"},
		{"vocabulary", bytes[0] & 64 ? "5" : "auto"},
	};
	if (fed_dataset_load(&data, "text", args, sizeof args / sizeof *args,
	                     &(struct fed_generation){1}, &err) != FED_OK) {
		fed_fuzz_outcome(err.text);
		fed_dataset_free(data);
		return 0;
	}
	fed_fuzz_claim(data->train >= 1 && data->test >= 1 && data->classes >= 2);
	fed_fuzz_claim(data->classes <= 256 && data->owners >= 1);
	for (size_t i = 0; i < (size_t)data->train + data->test; i++)
		fed_fuzz_claim(data->label[i] >= 0 && (uint32_t)data->label[i] < data->classes);
	for (size_t i = 0; i < ((size_t)data->train + data->test) * 3; i++)
		fed_fuzz_claim(data->bytes[i] < data->classes);
	for (size_t i = 0; i < data->notes.n; i++)
		fed_fuzz_outcome(data->notes.note[i].subject);
	fed_dataset_free(data);
	return 0;
}
