/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/devices.c - devices and links of clients.
 */
#include "shell/output/devices.h"

#include <math.h>
#include <string.h>

#include "history/metrics.h"
#include "session/composition.h"
#include "shell/output/print.h"

/* Showing ------------------------------------------------------------------- */

/* "7 phone, 3 laptop" of counts by profile; name(k) is NULL past the last. */
static void put_counts(struct fed_text *out, const uint32_t *counts, const char *(*name)(size_t k))
{
	for (size_t k = 0; name(k); k++)
		if (counts[k]) {
			fed_text_add(out, out->len ? ", " : "");
			fed_text_count(out, counts[k]);
			fed_text_add(out, " %s", name(k));
		}
	if (counts[FED_NO_PROFILE]) {
		fed_text_add(out, out->len ? ", " : "");
		fed_text_count(out, counts[FED_NO_PROFILE]);
		fed_text_add(out, " by number");
	}
}
static const char *device_name(size_t k)
{
	return fed_device_profiles[k].name;
}
static const char *link_name(size_t k)
{
	return fed_link_profiles[k].name;
}

void fed__show_equipment(struct fed_shell *shell)
{
	const struct fed_clients *all = &fed_session_parts(shell->session)->clients;
	uint32_t devices[FED_NO_PROFILE + 1] = {0}, links[FED_NO_PROFILE + 1] = {0};
	static const struct fed_table_column columns[] = {
		{.title = "key"},
		{.title = "clients", .kind = FED_CELL_PROSE},
		{.title = "help", .kind = FED_CELL_PROSE, .rank = 1},
	};
	struct fed_table table = {
		.name = "equipment", .column = columns, .columns = 3, .untitled = true};
	struct fed_text text = {0};

	if (!all->n_present)
		return;
	for (uint32_t i = 0; i < all->n_present; i++) {
		const struct fed_client *client = &all->client[all->present[i]];

		devices[client->device_profile]++;
		links[client->link_profile]++;
	}
	fed__print_styled(shell, FED_EMPHASIS_BOLD, "clients\n");
	put_counts(&text, devices, device_name);
	fed__table_cell(&table, "device");
	fed__table_cell(&table, "%s", fed_text_str(&text));
	fed__table_cell(&table, "`set client WHO device=`, `clients` shows each");
	fed_text_clear(&text);
	put_counts(&text, links, link_name);
	fed__table_cell(&table, "link");
	fed__table_cell(&table, "%s", fed_text_str(&text));
	fed__table_cell(&table, "`set client WHO link=`");
	fed__table_print(shell, &table);
	fed_text_release(&text);
}

/* Explaining ---------------------------------------------------------------- */

static const char device_doc[] =
	"What a client computes with: `add-client 10 device=phone`, `set client 3-7\n"
	"device=iot`. Training takes its FLOPs over the device's FLOP/s, in virtual time.\n"
	"A number is FLOP/s, 0 takes no time. `phone:0.5` has a spread: lognormal with\n"
	"the profile's speed as the median and 0.5 as the standard deviation of the\n"
	"logarithm, drawn for each client from the seed and its number. Without one it\n"
	"has that of the setting `device-spread`: none in a script; 0.2 at the prompt,\n"
	"where the first client sets it, so that the clients of a profile differ and do\n"
	"not answer in lockstep (after `set device-spread 0` new clients are alike).\n";
static const char link_doc[] =
	"What a client talks over: `add-client 10 link=4g`, `set client 3-7 link=3g`. A\n"
	"message takes the latency (one way) and its bytes over the bandwidth, up from the\n"
	"client or down to it. Jitter and loss count where the transport knows them:\n"
	"`transport lossy`. A number is bytes/s both ways, `1e6@0.02` with a latency in\n"
	"seconds. `4g:0.3` has a spread: both bandwidths times one\n"
	"lognormal factor with the median 1 and 0.3 as the standard deviation of the\n"
	"logarithm, drawn for each client from the seed and its number; without one it\n"
	"has that of `device-spread`, as devices do.\n";

static const char server_link_doc[] =
	"The server's own link, which all messages to and from the server share: `set\n"
	"server-link 100M`, `lan`, `1M/10M` (bytes/s to the server and from it), `none`.\n"
	"Each direction is a queue, first in, first out: a message begins to pass when\n"
	"those that reached the link before it have passed. It passes one link whole,\n"
	"then the other.\n"
	"\n"
	"    begins = max(when it reaches the link, end of the one before)\n"
	"    ends   = begins + bytes / bandwidth\n"
	"\n"
	"C clients that are invited together take at least C bytes / bandwidth, be their\n"
	"own links as fast as they may: more clients a round cost more time. The link\n"
	"has the latency of its profile, no jitter, and loses nothing. What clients pass\n"
	"to each other (split learning, relay=peer) does not cross it, nor what a fault\n"
	"loses. The metric `server-wait` is what the messages of a round waited for it;\n"
	"`timeline` shows that as queued. A transport over real connections has links of\n"
	"its own.\n"
	"\n"
	"Source: a single server queue with deterministic service, store and forward;\n"
	"Bertsekas, Gallager, Data Networks, 2nd ed. 1992, ch. 3.\n";

static void put_rate(struct fed_table *table, double bytes)
{
	struct fed_text text = {0};

	if (isfinite(bytes)) {
		fed_text_bytes(&text, bytes);
		fed_text_add(&text, "/s");
	}
	fed__table_shown(table, bytes, text.len ? fed_text_str(&text) : "-");
	fed_text_release(&text);
}

static void put_time(struct fed_table *table, double seconds)
{
	if (seconds > 0)
		fed__table_seconds(table, seconds);
	else
		fed__table_shown(table, 0, "-");
}

/* only: one profile, or NULL for all. */
static void show_devices(struct fed_shell *shell, const char *only)
{
	static const struct fed_table_column columns[] = {
		{.title = "device"},
		{.title = "speed", .kind = FED_CELL_NUMBER},
		{.title = "what it is", .kind = FED_CELL_PROSE, .key = "help"},
	};
	struct fed_table table = {.name = "devices", .column = columns, .columns = 3};

	for (const struct fed_device_profile *p = fed_device_profiles; p->name; p++) {
		if (only && !fed_same_name(only, p->name))
			continue;
		fed__table_cell(&table, "%s", p->name);
		fed__table_unit(&table, p->flops > 0 ? p->flops : NAN, "FLOP/s");
		fed__table_cell(&table, "%s", p->help);
	}
	fed__table_print(shell, &table);
	fed__print(shell, "\n");
	fed__print_prose(shell, device_doc);
}

static void show_links(struct fed_shell *shell, const char *only)
{
	static const struct fed_table_column columns[] = {
		{.title = "link"},
		{.title = "latency", .kind = FED_CELL_NUMBER},
		{.title = "jitter", .kind = FED_CELL_NUMBER, .rank = 1},
		{.title = "down", .kind = FED_CELL_NUMBER},
		{.title = "up", .kind = FED_CELL_NUMBER},
		{.title = "loss", .kind = FED_CELL_NUMBER, .rank = 1},
		{.title = "what it is", .kind = FED_CELL_PROSE, .key = "help"},
	};
	struct fed_table table = {.name = "links", .column = columns, .columns = 7};

	for (const struct fed_link_profile *p = fed_link_profiles; p->name; p++) {
		if (only && !fed_same_name(only, p->name))
			continue;
		fed__table_cell(&table, "%s", p->name);
		put_time(&table, p->link.latency);
		put_time(&table, p->link.jitter);
		put_rate(&table, p->link.down);
		put_rate(&table, p->link.up);
		char loss[32] = "-";
		if (p->link.drop_rate > 0)
			snprintf(loss, sizeof loss, "%g %%", 100 * (double)p->link.drop_rate);
		fed__table_shown(&table, p->link.drop_rate, loss);
		fed__table_cell(&table, "%s", p->help);
	}
	fed__table_print(shell, &table);
	fed__print(shell, "\n");
	fed__print_prose(shell, link_doc);
}

static void show_server_link(struct fed_shell *shell)
{
	const struct fed_session *s = shell->session;
	const struct fed_history *h = fed_session_history(s);
	const struct fed_record *last = h->n ? &h->record[h->n - 1] : NULL;
	struct fed_text text = {0};

	fed__print_styled(shell, FED_EMPHASIS_BOLD, "setting server-link");
	fed__print(shell, ": the server's own link\n\n%s", server_link_doc);
	fed_server_link_put(&text, fed_session_parts(s)->settings.server_link);
	fed__print(shell, "\nnow: %s\n", fed_text_str(&text));
	fed_text_clear(&text);
	if (last && isfinite(last->server_wait)) {
		fed_text_count(&text, last->messages);
		fed_text_add(&text, last->messages == 1 ? " message waited " : " messages waited ");
		fed_text_seconds(&text, last->server_wait);
		fed__print(shell, "in version %.0f: %s for it, all together\n", last->round,
		           fed_text_str(&text));
	}
	fed_text_release(&text);
}

bool fed__explain_equipment(struct fed_shell *shell, const char *name)
{
	if (fed_same_name(name, "server-link")) {
		show_server_link(shell);
		return true;
	}

	bool device = fed_same_name(name, "device") || fed_same_name(name, "device-spread"),
		 link = fed_same_name(name, "link");
	const char *only = device || link ? NULL : name;

	for (size_t k = 0; device_name(k); k++)
		device |= fed_same_name(name, device_name(k));
	for (size_t k = 0; link_name(k); k++)
		link |= fed_same_name(name, link_name(k));
	if (device)
		show_devices(shell, only);
	if (device && link)
		fed__print(shell, "\n");
	if (link)
		show_links(shell, only);
	return device || link;
}
