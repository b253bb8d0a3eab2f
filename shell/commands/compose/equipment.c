/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/compose/equipment.c - devices and links as `add-client` and `set client` take
 * them.
 */
#include "shell/commands/compose/equipment.h"

#include <math.h>
#include <string.h>

#include "session/composition.h"
#include "shell/output/print.h"

struct equipment {
	char device[64], link[64], name[4096];
};
const struct fed_field fed__equipment_fields[] = {
	FED_TEXT(struct equipment, device, NULL, "device", FED_DEVICE_HELP),
	FED_TEXT(struct equipment, link, NULL, "link", FED_LINK_HELP),
	FED_TEXT(struct equipment, name, NULL, NULL,
             "a name, to which several clients add a number; or as many, joined by commas"),
	FED_END,
};

#define SPREAD_AT_PROMPT "0.2"

bool fed__spread_at_prompt(const struct fed_shell *shell, struct fed_device_spec *device,
                           struct fed_link_spec *link)
{
	const struct fed_session *s = shell->session;
	const bool devices = device && !device->spread_given && device->flops > 0;
	const bool links = link && !link->spread_given && !isinf(link->link.down);
	struct fed_error unused;
	double spread;

	if (!shell->lenient || shell->place || !(devices || links) || fed_session_open(s) ||
	    strcmp(fed_session_parts(s)->settings.device_spread, "auto") != 0 ||
	    fed_device_spread_parse(SPREAD_AT_PROMPT, &spread, &unused))
		return false;
	if (devices) {
		device->spread = spread;
		device->spread_given = true;
	}
	if (links) {
		link->spread = spread;
		link->spread_given = true;
	}
	return true;
}

int fed__spread_keep(struct fed_shell *shell, struct fed_error *err)
{
	static const char line[] = "set device-spread " SPREAD_AT_PROMPT;

	if (fed_session_set(shell->session, "device-spread", SPREAD_AT_PROMPT, err))
		return FED_FAIL;
	fed__journal_add(shell, line, strlen(line));
	fed__print(shell, "note: speeds of clients of one kind differ by some 20 %%; "
	                  "after `set device-spread 0` new clients are alike\n");
	return FED_OK;
}

/* Whether there is a name=, which may be empty. */
static bool gives_name(const struct fed_assign *assign, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fed_same_name(assign[i].key, "name"))
			return true;
	return false;
}

int fed__set_equipment(struct fed_shell *shell, const char *who, const struct fed_assign *assign,
                       size_t n, struct fed_error *err)
{
	struct equipment typed = {.device = ""};
	struct fed_device_spec device;
	struct fed_link_spec link;
	uint32_t changed;

	if (!*who || !n)
		return fed_fail(err, "needs a device, a link or a name: `set client 3-7 link=3g "
		                     "device=phone:0.5`, `set client 3 name=Ada`");
	if (fed_fields_assign(fed__equipment_fields, &typed, assign, n, err))
		return FED_FAIL;
	if (*typed.device && fed_device_parse(typed.device, &device, err))
		return FED_FAIL;
	if (*typed.link && fed_link_parse(typed.link, &link, err))
		return FED_FAIL;
	const bool named = gives_name(assign, n);
	const bool spreads =
		fed__spread_at_prompt(shell, *typed.device ? &device : NULL, *typed.link ? &link : NULL);
	if (fed_session_change_clients(shell->session, who, *typed.device ? &device : NULL,
	                               *typed.link ? &link : NULL, named ? typed.name : NULL, &changed,
	                               err))
		return FED_FAIL;
	struct fed_text text = {0};
	fed_text_count(&text, changed);
	fed_text_add(&text, changed == 1 ? " client: " : " clients: ");
	fed_fields_print(fed__equipment_fields, &typed, true, &text);
	if (named && !*typed.name)
		fed_text_add(&text, "without a name");
	fed__print(shell, "%s\n", fed_text_str(&text));
	fed_text_release(&text);
	return spreads ? fed__spread_keep(shell, err) : FED_OK;
}

void fed__hint_at_losses(struct fed_shell *shell, const struct fed_link_spec *link)
{
	const struct fed_entry *transport = fed_session_parts(shell->session)->transport.entry;

	if (shell->lenient && !shell->place && link->link.drop_rate > 0 &&
	    (!transport || strcmp(transport->head->name, "local") == 0))
		fed__print(shell,
		           "note: this link loses %g %% of its messages under `transport lossy` only\n",
		           100 * link->link.drop_rate);
}
