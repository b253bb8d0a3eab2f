/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frames of messages: what decodes encodes to the same bytes. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "net/messenger.h"

const char *const fed_fuzz_words[] = {"FDP1", NULL};

static void seed(uint32_t kind, uint32_t vectors, size_t dim, bool coded)
{
	struct fed_envelope envelope = {
		.version = 7, .round = 3, .samples = 600, .steps = 60, .loss = 1};
	struct fed_text frame = {0};
	struct fed_error err;

	envelope.head.kind = kind;
	envelope.head.to = 5;
	envelope.payload = fed_shared_vectors_new(vectors, dim);
	fed_fuzz_claim(envelope.payload);
	for (size_t j = 0; vectors && j < dim; j += 2)
		envelope.payload->vector[0][j] = (float)j - 5;
	if (coded)
		fed_fuzz_claim((envelope.code = fed_code_new(NULL, 7)) != NULL);
	fed_fuzz_claim(fed_messenger_encode(&envelope, &frame, &err) == FED_OK);
	fed_fuzz_seed(frame.s, frame.len);
	fed_envelope_release(&envelope);
	fed_text_release(&frame);
}

void fed_fuzz_begin(void)
{
	seed(FED_MESSAGE_MODEL, 1, 10, false);
	seed(FED_MESSAGE_UPDATE, 2, 33, false);
	seed(FED_MESSAGE_UPDATE, 0, 0, false);
	seed(FED_MESSAGE_UPDATE, 2, 20, true); /* whose codec is unknown */
}

void fed_fuzz_end(void)
{
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct fed_envelope envelope = {0};
	struct fed_error err;

	if (fed_messenger_decode(bytes, n, 100000, NULL, &envelope, &err) != FED_OK) {
		fed_fuzz_outcome(err.text);
		return 0;
	}
	struct fed_text frame = {0};
	fed_fuzz_claim(fed_messenger_encode(&envelope, &frame, &err) == FED_OK);
	fed_fuzz_claim(frame.len == n && fed_envelope_bytes(&envelope) == n);
	fed_fuzz_claim(memcmp(frame.s, bytes, n) == 0);
	fed_text_release(&frame);
	fed_envelope_release(&envelope);
	return 0;
}
