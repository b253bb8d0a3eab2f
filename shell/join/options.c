/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/join/options.c - what is typed behind `fedsh join`.
 */
#include "shell/join/options.h"

#include <getopt.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "shell/join/join.h"

#define PORT 5555

static const char usage[] =
	"usage: fedsh join HOST[:PORT] CODE [OPTION]...\n"
	"       fedsh join --probe HOST[:PORT] [CODE]\n"
	"       fedsh join --forget HOST[:PORT]\n"
	"Be a client of the session that serves there (`serve`), with data of your own, which stay\n"
	"here. HOST and CODE are on the lecturer's screen; the port is 5555 without another.\n"
	"\n"
	"      --name NAME    what the room calls you; else your name on this machine\n"
	"      --data SPEC    your examples: a built-in dataset or a range of it (fashion:0-599), a\n"
	"                     folder, a file; settings behind it as for `dataset`\n"
	"                     (\"table.csv target=price\"); else sample: a part of the room's own\n"
	"                     dataset, by your name\n"
	"      --key KEY      the server's public key, or a file that has it; else it is asked for at\n"
	"                     the next port and proved by CODE\n"
	"      --identity FILE  your key pair; else one for each NAME in the state folder\n"
	"      --load PLUGIN.so  a plugin that acts at clients; several are allowed\n"
	"      --roles        agree to secret roles: by lot you may attack; your program tells you\n"
	"      --once         end when the server cannot be reached, instead of trying again\n"
	"      --plain        a line for each change, at a terminal too\n"
	"      --probe        say whether a room can be reached, and if not, why\n"
	"      --forget       forget the key that the server had when you joined it first\n"
	"      --help         show this\n"
	"\n"
	"Exit codes: 0 you left, or the room was closed; 1 refused, or your data do not fit; 2 usage;\n"
	"5 unreachable.\n";

static int fail(const char *text)
{
	fprintf(stderr, "error: join: %s\n`fedsh join --help` shows how\n", text);
	return FED_JOIN_EXIT_USAGE;
}

/* HOST, HOST:PORT, [V6], [V6]:PORT, V6; "tcp://" before it is allowed. */
static bool parse_target(struct fed_join_call *c, const char *typed)
{
	static const char scheme[] = "tcp://";
	long long port = PORT;
	size_t n;

	if (strncmp(typed, scheme, strlen(scheme)) == 0)
		typed += strlen(scheme);
	const char *colon = strrchr(typed, ':');
	const bool bracket = *typed == '[';
	const bool six = !bracket && colon && strchr(typed, ':') != colon;

	if (bracket) {
		const char *end = strchr(typed, ']');

		if (!end || (end[1] && end[1] != ':'))
			return false;
		colon = end[1] ? end + 1 : NULL;
		typed++;
		n = (size_t)(end - typed);
	} else {
		n = colon && !six ? (size_t)(colon - typed) : strlen(typed);
	}
	if (colon && !six && (!fed_parse_int(colon + 1, &port) || port < 1 || port > 65534))
		return false;
	if (n == 0 || n >= sizeof c->host)
		return false;
	memcpy(c->host, typed, n);
	c->host[n] = '\0';
	c->port = (uint16_t)port;
	return true;
}

static void default_name(char *out, size_t size)
{
	const struct passwd *user = getpwuid(getuid());
	char machine[30] = "";

	if (user && user->pw_uid != 0 && *user->pw_name) {
		snprintf(out, size, "%s", user->pw_name);
		return;
	}
	if (gethostname(machine, sizeof machine - 1) || !*machine)
		snprintf(machine, sizeof machine, "anonymous");
	snprintf(out, size, "%s", machine);
}

static int take_positional(struct fed_join_call *c, int argc, char **argv, int at)
{
	const int given = argc - at;

	if (given < 1)
		return fail("needs HOST:PORT and CODE, as the lecturer's screen shows them");
	if (!parse_target(c, argv[at]))
		return fail(
			"HOST:PORT is an address or a name, an IPv6 address in brackets, and a port from 1 "
			"to 65534");
	if (given > 2)
		return fail("takes HOST:PORT and CODE; what follows them begins with --");
	c->code = given == 2 ? argv[at + 1] : "";
	if (!*c->code && !c->probe && !c->forget)
		return fail("needs the class code behind HOST:PORT, as the lecturer's screen shows it");
	return 0;
}

enum { NAME = 256, DATA, KEY, IDENTITY, LOAD, ONCE, PLAIN, PROBE, FORGET, ROLES, HELP };
static const struct option longs[] = {
	{"name", required_argument, NULL, NAME}, {"data", required_argument, NULL, DATA},
	{"key", required_argument, NULL, KEY},   {"identity", required_argument, NULL, IDENTITY},
	{"load", required_argument, NULL, LOAD}, {"once", no_argument, NULL, ONCE},
	{"plain", no_argument, NULL, PLAIN},     {"probe", no_argument, NULL, PROBE},
	{"forget", no_argument, NULL, FORGET},   {"roles", no_argument, NULL, ROLES},
	{"help", no_argument, NULL, HELP},       {NULL, 0, NULL, 0},
};

/* An option whose value is optarg; 0, or what fed__join_options() returns. */
static int take_option(struct fed_join_call *c, int option)
{
	switch (option) {
	case NAME:
		if (!*optarg || strlen(optarg) >= sizeof c->name)
			return fail("--name: a name has 1 to 39 bytes");
		snprintf(c->name, sizeof c->name, "%s", optarg);
		return 0;
	case DATA:
		c->data = optarg;
		return 0;
	case KEY:
		c->key = optarg;
		return 0;
	case IDENTITY:
		c->identity = optarg;
		return 0;
	case LOAD:
		c->load[c->loads++] = optarg;
		return 0;
	case ONCE:
		c->once = true;
		return 0;
	case PLAIN:
		c->plain = true;
		return 0;
	case PROBE:
		c->probe = true;
		return 0;
	case FORGET:
		c->forget = true;
		return 0;
	case ROLES:
		c->roles = true;
		return 0;
	case HELP:
	case 'h':
		fputs(usage, stdout);
		return -1;
	default:
		fputs("`fedsh join --help` shows how\n", stderr);
		return FED_JOIN_EXIT_USAGE;
	}
}

int fed__join_options(struct fed_join_call *c, int argc, char **argv)
{
	int option;

	default_name(c->name, sizeof c->name);
	c->data = "sample";
	optind = 0;
	while ((option = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		const int code = take_option(c, option);

		if (code)
			return code;
	}
	return take_positional(c, argc, argv, optind);
}
