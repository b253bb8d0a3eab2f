/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/room/serve.c - the command `serve`: opening and closing a room, and what is to be
 * typed on other machines.
 */
#include "shell/commands/room/serve.h"

#include <stdlib.h>
#include <string.h>

#include "shell/output/print.h"
#include "shell/serving/key_files.h"
#include "shell/serving/serving.h"

#define SCHEME "tcp://"
#define PORT "5555"

const struct fed_field fed__serve_rows[] = {
	FED_ARG_TEXT(struct fed_serve_args, endpoint, FED_FIELD_POSITIONAL, NULL,
                 "HOST:PORT or PORT, without it all addresses and port " PORT "; or stop"),
	FED_FLAG(struct fed_serve_args, strict, "members wait until you `approve` them"),
	FED_REAL(struct fed_serve_args, patience, FED_ROOM_PATIENCE, 1, 86400,
             "seconds without a sign after which a member counts as left; it may return"),
	FED_INT(struct fed_serve_args, most, FED_ROOM_MOST, 1, 10000, "members at most"),
	FED_TEXT(struct fed_serve_args, code, NULL, NULL,
             "a class code that this server showed before, as it proves the server's key; else a "
             "new one"),
	FED_END,
};

/* Endpoint ---------------------------------------------------------------------------------- */

/* "tcp://HOST:PORT" of what was typed: that, "HOST:PORT", "HOST", "PORT" or nothing; a HOST may be
 * an IPv6 address, which has colons of its own, and before a port brackets. */
static void put_endpoint(const char *typed, struct fed_text *out)
{
	if (strncmp(typed, SCHEME, strlen(SCHEME)) == 0)
		typed += strlen(SCHEME);
	if (!*typed)
		fed_text_add(out, SCHEME "*:" PORT);
	else if (strspn(typed, "0123456789") == strlen(typed))
		fed_text_add(out, SCHEME "*:%s", typed);
	else if (*typed != '[' && strchr(typed, ':') != strrchr(typed, ':'))
		fed_text_add(out, SCHEME "[%s]:" PORT, typed);
	else if (!strchr(typed, ':') || typed[strlen(typed) - 1] == ']')
		fed_text_add(out, SCHEME "%s:" PORT, typed);
	else
		fed_text_add(out, SCHEME "%s", typed);
}

static const char *port_of(const char *endpoint)
{
	const char *colon = strrchr(endpoint, ':');

	return colon ? colon + 1 : "";
}

/* "HOST" of "tcp://HOST:PORT"; "" for all addresses. */
static void put_host(const char *endpoint, struct fed_text *out)
{
	const char *host = endpoint + strlen(SCHEME), *colon = strrchr(host, ':');

	if (*host != '*' && colon)
		fed_text_put(out, host, (size_t)(colon - host));
}

/* What is to be typed ------------------------------------------------------------------------ */

struct addresses {
	struct fed_shell *shell;
	const char *port;
	unsigned n;
	bool first; /* take the first address only: into */
	struct fed_text text;
};

static void take_address(void *ctx, const char *interface, const char *address, const char *kind)
{
	struct addresses *a = ctx;
	const bool loopback = strcmp(interface, "lo") == 0;

	if (a->first) {
		if (!a->n++)
			fed_text_add(&a->text, strchr(address, ':') ? "[%s]" : "%s", address);
		return;
	}
	fed__print(a->shell, "  %-15s  %s%s%s%s%s\n", address, interface, *kind ? " (" : "", kind,
	           *kind ? ")" : "", loopback ? ": this machine alone" : "");
	a->n++;
}

static void say_how_to_join(struct fed_shell *shell, const char *host, const char *port)
{
	fed__print(shell, "room open; to join, type on another machine\n");
	fed__print_styled(shell, FED_EMPHASIS_BOLD, "  fedsh join %s:%s %s\n", host, port,
	                  fed_room_code(shell->room));
}

void fed__say_room(struct fed_shell *shell)
{
	const struct fed_room *room = shell->room;
	const struct fed_room_options *o = fed_room_options(room);
	const char *port = port_of(fed_room_endpoint(room));
	struct addresses first = {.first = true}, all = {.shell = shell, .port = port};
	struct fed_text host = {0}, bytes = {0};
	char fingerprint[20];

	put_host(fed_room_endpoint(room), &host);
	if (host.len) {
		say_how_to_join(shell, fed_text_str(&host), port);
	} else {
		fed_network_each_address(take_address, &first, true);
		say_how_to_join(shell, fed_text_str(&first.text), port);
		fed__print(shell, "by any of the addresses of this machine\n");
		fed_network_each_address(take_address, &all, true);
	}
	fed_key_fingerprint(fed_room_key(room), fingerprint);
	fed__print(shell, "key %s: those who join see the same\n", fingerprint);
	fed__print(shell,
	           "port %s is the room's; port %ld tells the public key to who joins: both must be "
	           "open in firewalls\n",
	           port, strtol(port, NULL, 10) + 1);
	fed_text_bytes(&bytes, (double)fed_network_default_limits.stranger_most);
	fed__print(
		shell,
		"limits: %u members; %sone that gives no sign for %g s has left; strangers send %s at "
		"most\n",
		o->most, o->strict ? "each waits for `approve`; " : "", o->patience, fed_text_str(&bytes));
	fed_text_release(&bytes);
	fed__print_styled(shell, FED_EMPHASIS_DIM,
	                  "where port %ld is shut: fedsh join HOST:%s CODE --key '%s'\n",
	                  strtol(port, NULL, 10) + 1, port, fed_room_key(room));
	fed_text_release(&host);
	fed_text_release(&first.text);
}

/* The command --------------------------------------------------------------------------------- */

static int stop(struct fed_shell *shell, struct fed_error *err)
{
	uint32_t members;

	if (!shell->room)
		return fed_fail(err, "no room is open; `serve` opens one");
	if (fed_session_check_closed(shell->session, err))
		return FED_FAIL;
	members = fed_room_members(shell->room);
	fed__serving_close(shell, "the room was closed");
	fed__print(shell, "room closed; %s member%s told\n", fed_count(members).s,
	           members == 1 ? " was" : "s were");
	return FED_OK;
}

static int open_room(struct fed_shell *shell, const struct fed_serve_args *a, struct fed_error *err)
{
	struct fed_text endpoint = {0}, key = {0};
	int rc = FED_OK;

	if (shell->own.readonly)
		return fed_fail(err, "readonly is on, and a room would open a port; start fedsh without "
		                     "--readonly to serve");
	put_endpoint(a->endpoint, &endpoint);
	if (!fed__key_path(&key, "server"))
		rc = fed_fail(err, "there is no home folder for the server's key; set HOME");
	const struct fed_room_options o = {
		.endpoint = fed_text_str(&endpoint),
		.key_file = fed_text_str(&key),
		.strict = a->strict,
		.patience = a->patience,
		.most = (uint32_t)a->most,
		.code = *a->code ? a->code : NULL,
	};
	if (rc == FED_OK)
		rc = fed__serving_open(shell, &o, err);
	fed_text_release(&endpoint);
	fed_text_release(&key);
	return rc;
}

/* A recording has no members: it says that there were some. */
static void note_in_journal(struct fed_shell *shell)
{
	static const char line[] = "# serve: clients on other machines, which no replay has";

	shell->aside = true;
	fed__journal_add(shell, line, strlen(line));
}

int fed__run_serve(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_serve_args *a = call->args;

	shell->aside = true;
	if (fed_same_name(a->endpoint, "stop"))
		return stop(shell, err);
	if (shell->room && call->given)
		return fed_fail(err,
		                "a room is open already, at %s; `serve stop` closes it, `serve` alone "
		                "shows how to join",
		                fed_room_endpoint(shell->room));
	if (!shell->room) {
		if (open_room(shell, a, err))
			return FED_FAIL;
		note_in_journal(shell);
	}
	fed__say_room(shell);
	return FED_OK;
}
