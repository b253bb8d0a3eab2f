/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parameters from .npz (byte 0 even) and .safetensors files; the rest of the input is the file. */
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/file.h"
#include "fuzz/fuzz.h"
#include "fuzz/lab.h"
#include "report/export.h"

/* zlib's, as libzip calls it: checksums that always agree, so that what lies behind them is met. */
__attribute__((visibility("default"))) uLong crc32(uLong crc, const Bytef *bytes, uInt n)
{
	(void)crc, (void)bytes, (void)n;
	return 0;
}

static struct fed_session session;
static const char *const names[] = {"input.npz", "input.safetensors"};

const char *const fed_fuzz_words[] = {"\x93NUMPY",   "'descr'",
                                      "'<f4'",       "'<f8'",
                                      "'|O'",        "True",
                                      "'shape'",     "()",
                                      "\"F32\"",     "\"F64\"",
                                      "PK\x03\x04",  "PK\x01\x02",
                                      "PK\x05\x06",  "dense1.weight",
                                      "dense1.bias", "data_offsets",
                                      "[",           "]",
                                      "{",           "}",
                                      ",",           NULL};

void fed_fuzz_begin(void)
{
	struct fed_error err;

	lab_trained(&session, 1);
	for (uint8_t k = 0; k < 2; k++) {
		struct fed_text seed = {0};
		fed_text_put(&seed, &(char){(char)k}, 1);
		fed_fuzz_claim(fed_session_export(&session, fed_fuzz_path(names[k]), NULL, &err) == FED_OK);
		fed_fuzz_claim(fed_file_read(fed_fuzz_path(names[k]), 1 << 20, &seed, &err) == FED_OK);
		fed_fuzz_seed(seed.s, seed.len);
		fed_text_release(&seed);
	}
	fed_event_log_release(&session.event_log);
}

void fed_fuzz_end(void)
{
	for (int k = 0; k < 2; k++)
		unlink(fed_fuzz_path(names[k]));
	fed__session_release(&session);
	lab_end();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct fed_error err;

	if (n > 0 && fed_session_import(&session, fed_fuzz_file(names[bytes[0] % 2], bytes + 1, n - 1),
	                                NULL, &err) != FED_OK)
		fed_fuzz_outcome(err.text);
	fed_event_log_release(&session.event_log); /* what it remembers is no leak */
	return 0;
}
