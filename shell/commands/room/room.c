/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/room/room.c - commands for a room of clients on other machines.
 */
#include <string.h>

#include "shell/commands/groups.h"
#include "shell/commands/room/local.h"
#include "shell/commands/room/members.h"
#include "shell/commands/room/record.h"
#include "shell/commands/room/roles.h"
#include "shell/commands/room/serve.h"
#include "shell/commands/room/wait_room.h"
#include "shell/output/print.h"
#include "shell/serving/serving.h"

struct member_args {
	char who[64], why[120];
};
#define WHO_HELP "a member's name, the number of its client, or all"
static const struct fed_field who_rows[] = {
	FED_ARG_TEXT(struct member_args, who, FED_ARG_NEEDED, "member", WHO_HELP),
	FED_END,
};
static const struct fed_field kick_rows[] = {
	FED_ARG_TEXT(struct member_args, who, FED_ARG_NEEDED, "member", WHO_HELP),
	FED_TEXT(struct member_args, why, NULL, NULL, "what the member is told"),
	FED_END,
};

struct tell_args {
	char text[500];
};
static const struct fed_field tell_rows[] = {
	FED_ARG_TEXT(struct tell_args, text, FED_ARG_NEEDED | FED_FIELD_REST, NULL,
                 "what all members are shown"),
	FED_END,
};

/* Who ---------------------------------------------------------------------------------------- */

static const char *member_name(const void *ctx, size_t i)
{
	const struct fed_member *m = i && i < UINT32_MAX ? fed_room_member(ctx, (uint32_t)i - 1) : NULL;

	return m ? m->name : i ? NULL : "all";
}

static bool is_member(const struct fed_room *room, const char *who)
{
	long long number;
	const bool counts = fed_parse_int(who, &number);

	for (uint32_t i = 0; i < fed_room_members(room); i++) {
		const struct fed_member *m = fed_room_member(room, i);

		if (strcmp(m->name, who) == 0 ||
		    (counts && m->client != FED_SERVER && number == (long long)m->client))
			return true;
	}
	return false;
}

/* Whether a room is open and has such a member. */
static int check_who(struct fed_shell *shell, const char *who, struct fed_error *err)
{
	if (!shell->room)
		return fed_reject(err, "no room is open; `serve` opens one");
	fed__serving_attend(shell); /* who has just come, or gone */
	if (fed_same_name(who, "all") || is_member(shell->room, who))
		return FED_OK;
	const char *near = fed_nearest(who, member_name, shell->room);
	return near
	           ? fed_reject(err, "%s is no member of the room; did you mean %s?", fed_show(who).s,
	                        near)
	           : fed_reject(err, "%s is no member of the room; `room` lists them", fed_show(who).s);
}

static void say_done(struct fed_shell *shell, uint32_t n, const char *done)
{
	fed__print(shell, "%s member%s %s\n", n ? fed_count(n).s : "no", n == 1 ? "" : "s", done);
	fed__serving_attend(shell);
}

static int run_approve(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct member_args *a = call->args;
	uint32_t n;

	if (check_who(shell, a->who, err))
		return FED_REJECT;
	if (fed_room_approve(shell->room, a->who, &n, err))
		return fed_reject(err, "%s does not wait for approval; `room` shows who does",
		                  fed_show(a->who).s);
	say_done(shell, n, "approved");
	return FED_OK;
}

static int run_kick(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct member_args *a = call->args;
	uint32_t n;

	if (check_who(shell, a->who, err))
		return FED_REJECT;
	if (fed_room_kick(shell->room, a->who, *a->why ? a->why : NULL, &n, err))
		return fed_reject(err, "%s was sent out already; `readmit %s` lets it come back",
		                  fed_show(a->who).s, fed_show(a->who).s);
	say_done(shell, n,
	         n == 1 ? "sent out; `readmit` lets it come back"
	                : "sent out; `readmit` lets them come back");
	return FED_OK;
}

static int run_readmit(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct member_args *a = call->args;
	uint32_t n;

	if (check_who(shell, a->who, err))
		return FED_REJECT;
	if (fed_room_readmit(shell->room, a->who, &n, err))
		return fed_reject(err, "%s was not sent out; `room` shows who was", fed_show(a->who).s);
	say_done(shell, n, "may join again");
	return FED_OK;
}

static int check_open(const struct fed_shell *shell, struct fed_error *err)
{
	return shell->room ? FED_OK : fed_fail(err, "no room is open; `serve` opens one");
}

static int run_revoke(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	(void)call;
	if (check_open(shell, err))
		return FED_FAIL;
	fed_room_renew_code(shell->room);
	fed__print(shell, "the old class code admits none any more; members stay\n");
	fed__say_room(shell);
	return FED_OK;
}

static int run_stop_all(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	(void)call;
	if (check_open(shell, err))
		return FED_FAIL;
	fed_room_stop_all(shell->room);
	fed__print(shell, "members give up what they do; their next answer comes in a later round\n");
	return FED_OK;
}

static int run_tell(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct tell_args *a = call->args;

	if (check_open(shell, err))
		return FED_FAIL;
	fed_room_tell(shell->room, a->text);
	fed__print(shell, "told %s\n", a->text);
	return FED_OK;
}

const struct fed_command fed__commands_room[] = {
	{.name = "serve",
     .help = "open a room for clients on other machines, or show how to join it",
     .text =
         "  serve                  at all addresses of this machine, port 5555\n"
         "  serve 7000 strict      at port 7000; each member waits for `approve`\n"
         "  serve stop             close the room; its members are told\n"
         "Other machines join by the line that it prints (`fedsh join`), with data of their own;\n"
         "`serve` alone shows it again. Time is real time then, so there are no simulated clients\n"
         "beside them, and no way back to earlier versions. The next port tells the server's\n"
         "public key, which the class code proves. `reset` and `restore` keep the room: its\n"
         "members become clients of the new session. `restart` makes version 0 again with the\n"
         "same members; `quit` closes the room.",
     .examples = FED_EXAMPLES("room"),
     .args = fed__serve_rows,
     .args_size = sizeof(struct fed_serve_args),
     .run = fed__run_serve,
     .flags = FED_COMMAND_CHANGES},
	{.name = "room",
     .help = "list the members of the room: state, client, what each does",
     .text = "The first line counts them: `here` are clients. Names are those that members chose,\n"
             "who is who is told by the fingerprint of the key.",
     .examples = FED_EXAMPLES("room"),
     .run = fed__run_room,
     .flags = FED_COMMAND_TABLE},
	{.name = "wait-room",
     .help = "wait until so many members are clients",
     .text = "For scripts: `serve; wait-room 4 within=60; round 5`. Ctrl-C ends it.",
     .examples = FED_EXAMPLES("room"),
     .args = fed__wait_room_rows,
     .args_size = sizeof(struct fed_wait_room_args),
     .run = fed__run_wait_room,
     .flags = FED_COMMAND_LIVE | FED_COMMAND_REJECTS},
	{.name = "start-members",
     .help = "start members on this machine, to try a room out",
     .text = "Each is a `fedsh join` in a process of its own, with a range of the session's\n"
             "dataset: the first has examples 0 to 199, the second 200 to 399. They end with the\n"
             "room. `signal-member m2 pause` closes the lid of one.",
     .examples = FED_EXAMPLES("room"),
     .args = fed__start_members_rows,
     .args_size = sizeof(struct fed_start_members_args),
     .run = fed__run_start_members,
     .flags = FED_COMMAND_OUTSIDE | FED_COMMAND_REJECTS},
	{.name = "signal-member",
     .help = "kill, pause or wake a member that start-members started",
     .examples = FED_EXAMPLES("room"),
     .args = fed__signal_member_rows,
     .args_size = sizeof(struct fed_signal_member_args),
     .run = fed__run_signal_member,
     .flags = FED_COMMAND_LIVE | FED_COMMAND_REJECTS},
	{.name = "approve",
     .help = "admit a member who waits, or all",
     .examples = FED_EXAMPLES("room"),
     .args = who_rows,
     .args_size = sizeof(struct member_args),
     .run = run_approve,
     .flags = FED_COMMAND_REJECTS},
	{.name = "kick",
     .help = "send a member out: no credit for what it computes, its key is refused",
     .text = "  kick Ada why=\"one account each\"",
     .examples = FED_EXAMPLES("room"),
     .args = kick_rows,
     .args_size = sizeof(struct member_args),
     .run = run_kick,
     .flags = FED_COMMAND_REJECTS},
	{.name = "readmit",
     .help = "let a member come back who was sent out",
     .examples = FED_EXAMPLES("room"),
     .args = who_rows,
     .args_size = sizeof(struct member_args),
     .run = run_readmit,
     .flags = FED_COMMAND_REJECTS},
	{.name = "revoke",
     .help = "make a new class code; members stay",
     .examples = FED_EXAMPLES("room"),
     .run = run_revoke},
	{.name = "stop-all",
     .help = "have all members give up what they compute",
     .examples = FED_EXAMPLES("room"),
     .run = run_stop_all},
	{.name = "tell",
     .help = "show a text on the screens of all members",
     .examples = FED_EXAMPLES("room"),
     .args = tell_rows,
     .args_size = sizeof(struct tell_args),
     .run = run_tell},
	{.name = "role",
     .help = "have members attack, or change their data, in their own programs",
     .text = "  role byzantine Ada attack=sign-flip            Ada is asked for her consent\n"
             "  role byzantine random:1 secret attack=sign-flip  drawn by lot\n"
             "The fault runs at the member as in a simulation. A secret role goes to one of those\n"
             "that agreed to secret roles (`fedsh join --roles`); all members are told that some\n"
             "may attack, and nothing here tells who before `reveal`. Members vote with the key v.",
     .examples = FED_EXAMPLES("room"),
     .args = fed__role_rows,
     .args_size = sizeof(struct fed_role_args),
     .run = fed__run_role,
     .flags = FED_COMMAND_ANY_KEY | FED_COMMAND_REJECTS},
	{.name = "votes",
     .help = "count whom the members take for an attacker",
     .examples = FED_EXAMPLES("room"),
     .run = fed__run_votes,
     .flags = FED_COMMAND_TABLE | FED_COMMAND_REJECTS},
	{.name = "reveal",
     .help = "end a role: who had it, and how many found it",
     .examples = FED_EXAMPLES("room"),
     .run = fed__run_reveal,
     .flags = FED_COMMAND_REJECTS},
	{.name = "record-room",
     .help = "write what the room's clients did as a script for simulated ones",
     .text =
         "Devices, links and faults are fitted to the times, bytes and losses of the rounds so\n"
         "far; comments at the top say how well. The script makes the same composition, a\n"
         "client for each member, or with clients=N so many of their kind, and as many\n"
         "rounds. Examples are the server's own: those of the members never left them.",
     .examples = FED_EXAMPLES("room"),
     .args = fed__record_room_rows,
     .args_size = sizeof(struct fed_record_room_args),
     .run = fed__run_record_room,
     .flags = FED_COMMAND_OUTSIDE | FED_COMMAND_REJECTS},
	{0},
};
