/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/label_histogram.c - bars of counts, and the histogram of a client's labels.
 */
#include "report/label_histogram.h"

#include "base/mem.h"
#include "session/composition.h"

/* A bar for each count, as high as its share of the largest: a block, or a digit 0 to 9. */
static void put_bars(struct fed_text *out, const uint32_t *counts, uint32_t n, bool utf8)
{
	static const char *const blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	uint32_t most = 0;

	for (uint32_t i = 0; i < n; i++)
		most = counts[i] > most ? counts[i] : most;
	for (uint32_t i = 0; i < n; i++) {
		const uint64_t top = utf8 ? 8 : 9;
		/* Rounded up, so that every nonzero count is visible. */
		const uint64_t level = most ? (counts[i] * top + most - 1) / most : 0;

		if (utf8)
			fed_text_add(out, "%s", blocks[level]);
		else if (level)
			fed_text_add(out, "%u", (unsigned)level);
		else
			fed_text_add(out, ".");
	}
}

int fed_labels_put(struct fed_text *out, const struct fed_client *client,
                   const struct fed_dataset *data, uint32_t most, bool utf8, struct fed_error *err)
{
	uint32_t bar[FED_BARS_MAX] = {0};
	uint32_t *counts = fed_alloc_array(data->classes, sizeof *counts);
	const uint32_t capacity = most < FED_BARS_MAX ? most : FED_BARS_MAX;
	const uint32_t bars = data->classes < capacity ? data->classes : capacity;

	if (!counts)
		return fed_fail_memory(err, data->classes * sizeof *counts, "a histogram");
	fed_client_histogram(client, data, counts);
	for (uint32_t i = 0; i < data->classes; i++)
		bar[(uint64_t)i * bars / data->classes] += counts[i];
	put_bars(out, bar, bars, utf8);
	fed_free(counts);
	return out->failed ? fed_fail_memory(err, out->len, "a histogram") : FED_OK;
}

void fed_bar_put(struct fed_text *text, double share, int columns, bool utf8)
{
	static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	const int whole = (int)(share * columns), rest = (int)((share * columns - whole) * 8);

	for (int k = 0; k < whole; k++)
		fed_text_add(text, utf8 ? "█" : "#");
	fed_text_add(text, "%s", utf8 ? eighths[rest] : rest >= 4 && whole < columns ? "#" : "");
}

int fed_client_put_data(struct fed_text *out, const struct fed_session *s,
                        const struct fed_client *client, bool utf8, struct fed_error *err)
{
	const struct fed_composition *parts = fed_session_parts(s);

	fed_text_count(out, client->count);
	if (parts->clients.block[client->block].remote) {
		fed_text_add(out, " example%s, which stay on its machine", client->count == 1 ? "" : "s");
		return FED_OK;
	}
	fed_text_add(out, " example%s, %s", client->count == 1 ? "" : "s",
	             fed_partition_names[parts->clients.block[client->block].how.kind]);
	if (!parts->data->classes)
		return FED_OK;
	fed_text_add(out, ", labels ");
	return fed_labels_put(out, client, parts->data, FED_BARS_MAX, utf8, err);
}
