/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Selectors of clients over 40 clients with gaps. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fuzz/fuzz.h"
#include "history/client_selector.h"

static struct fed_dataset *data;
static struct fed_clients clients;

const char *const fed_fuzz_words[] = {"all", "random:", "group:", "%", "-",  ",",    " ",
                                      "0",   "39",      "40",     "7", "20", "100%", NULL};

void fed_fuzz_begin(void)
{
	static const char *const seeds[] = {"3", "1-5", "1,4,7-9", "20%", "random:3", "all"};
	static const struct fed_assign small[] = {{"train", "80"}, {"test", "10"}};
	static const struct fed_clients_plan plan = {
		.n = 40, .how = {.kind = FED_PARTITION_IID, .samples = 2}, .seed = 1};
	static const uint32_t removed[] = {0, 7, 8, 38};
	struct fed_error err;
	uint32_t first;

	for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++)
		fed_fuzz_seed(seeds[i], strlen(seeds[i]));
	fed_fuzz_claim(fed_dataset_load(&data, "blobs", small, 2, &(struct fed_generation){1}, &err) ==
	               FED_OK);
	fed_fuzz_claim(fed_clients_init(&clients, data->train, &err) == FED_OK);
	fed_fuzz_claim(fed_clients_add(&clients, data, &plan, &first, &err) == FED_OK);
	fed_clients_remove(&clients, removed, 4);
}

void fed_fuzz_end(void)
{
	fed_clients_release(&clients);
	fed_dataset_free(data);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char *text = fed_fuzz_string(bytes, n);
	struct fed_error err;
	uint64_t draw = 3;
	uint32_t *ids, count;

	if (fed_client_selector_parse(text, &clients, 1, &draw, &ids, &count, &err) == FED_OK) {
		fed_fuzz_claim(count >= 1);
		for (uint32_t i = 0; i < count; i++) {
			fed_fuzz_claim(fed_clients_get(&clients, ids[i]) != NULL);
			fed_fuzz_claim(i == 0 || ids[i - 1] < ids[i]);
		}
		fed_free(ids);
	} else {
		fed_fuzz_claim(draw == 3);
		fed_fuzz_outcome(err.text);
	}
	free(text);
	return 0;
}
