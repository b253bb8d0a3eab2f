/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/join/probe.c - `fedsh join --probe`.
 */
#include "shell/join/probe.h"

#include <stdio.h>
#include <unistd.h>

#include "room/member/probe.h"
#include "shell/join/join.h"
#include "shell/join/server_key.h"

#define SECONDS 5.0

static const char *const next_step[] = {
	[FED_TROUBLE_NONE] = "",
	[FED_TROUBLE_NO_NAME] = "check the spelling, or type the address that `serve` shows",
	[FED_TROUBLE_NO_ROUTE] =
		"this machine is in another network than the server: join its Wi-Fi, or "
		"take another of the addresses that `serve` shows",
	[FED_TROUBLE_PORT_SHUT] =
		"no room is open there: `serve` opens one, and shows its port; or a firewall refuses",
	[FED_TROUBLE_NO_ANSWER] = "a firewall drops it, or the Wi-Fi keeps its clients apart: a "
							  "hotspot, a cable, or `ssh -R` "
							  "is the way out (core/room/README.md)",
	[FED_TROUBLE_WRONG_KEY] = "compare the key with the lecturer's screen; it may be another room "
							  "at this address, or you "
							  "were sent out of it",
	[FED_TROUBLE_ROOM_FULL] = "`serve most=N` opens a room for more",
	[FED_TROUBLE_NOT_FEDSH] = "check the port: `serve` shows it",
};

static int tell(const char *why, const char *next)
{
	printf("%s\n", why);
	if (*next)
		printf("  %s\n", next);
	return FED_JOIN_EXIT_UNREACHABLE;
}

/* The server's key, as far as it can be had: given, or told. */
static int find_key(const struct fed_join_call *c, char key[FED_KEY_TEXT],
                    enum fed_network_trouble *trouble, struct fed_error *err)
{
	struct fed_error why;

	*trouble = FED_TROUBLE_NONE;
	if (c->key)
		return fed__server_key_given(c->key, key, err);
	if (fed_network_ask_key(c->host, c->port, SECONDS, key, trouble, err) == FED_OK) {
		if (*c->code && !fed_class_code_is_of(c->code, key)) {
			*trouble = FED_TROUBLE_WRONG_KEY;
			return fed_fail(err, "the class code is not that of the server at %s",
			                fed_show(fed_network_host_port(c->host, c->port).s).s);
		}
		*trouble = FED_TROUBLE_NONE;
		if (fed__known_server_check(c->host, c->port, key, &why) == FED_OK)
			return FED_OK;
		*err = why;
		*trouble = FED_TROUBLE_WRONG_KEY;
		return FED_FAIL;
	}
	return fed__known_server(c->host, c->port, key) ? FED_OK : FED_FAIL;
}

static int say_well(const struct fed_join_call *c, const char *key)
{
	const struct fed_host_port place = fed_network_host_port(c->host, c->port);
	char fingerprint[20];

	fed_key_fingerprint(key, fingerprint);
	printf("all well: a room is open at %s, key %s\n", place.s, fingerprint);
	printf(*c->code ? "  `fedsh join %s CODE` joins it, with this code\n"
	                : "  `fedsh join %s CODE` joins it, with the code that `serve` shows\n",
	       place.s);
	return FED_JOIN_EXIT_OK;
}

int fed__join_probe(const struct fed_join_call *c)
{
	enum fed_network_trouble trouble;
	struct fed_text file = {0};
	char key[FED_KEY_TEXT], name[40];
	struct fed_error err;

	const int rc = find_key(c, key, &trouble, &err);
	if (rc == FED_REJECT)
		return fprintf(stderr, "error: join: %s\n", err.text), FED_JOIN_EXIT_USAGE;
	if (rc)
		return tell(err.text, next_step[trouble]);
	snprintf(name, sizeof name, "probe-%d", (int)getpid());
	if (!fed__key_path(&file, name))
		return tell("there is no home folder for a key pair", "");
	const struct fed_room_probe probe = {.host = c->host,
	                                     .port = c->port,
	                                     .server_key = key,
	                                     .code = c->code,
	                                     .key_file = fed_text_str(&file),
	                                     .timeout = SECONDS};
	const enum fed_probe_result result = fed_room_probe(&probe, &trouble, &err);
	fed_text_release(&file);
	if (result == FED_PROBE_WELL)
		return say_well(c, key);
	return tell(err.text, result == FED_PROBE_TROUBLE ? next_step[trouble] : "");
}
