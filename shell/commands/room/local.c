/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/room/local.c - members on this machine: how they are started, and what happens to
 * them.
 */
#include "shell/commands/room/local.h"

#include <string.h>

#include "room/room.h"
#include "session/composition.h"
#include "shell/output/print.h"
#include "shell/serving/local_members.h"

enum { MEMBERS_MOST = 100 };

const struct fed_field fed__start_members_rows[] = {
	FED_ARG_INT(struct fed_start_members_args, n, FED_ARG_NEEDED, 1, 1, MEMBERS_MOST,
                "members to start"),
	FED_INT(struct fed_start_members_args, samples, 200, 1, 1e6,
            "examples of each, one range after the other"),
	FED_TEXT(struct fed_start_members_args, data, NULL, NULL,
             "a dataset with its settings; without it that of the session"),
	FED_FLAG(struct fed_start_members_args, roles, "they agree to secret roles (`role`)"),
	FED_TEXT(struct fed_start_members_args, names, NULL, NULL,
             "their names, separated by commas; without it m1, m2, ..."),
	FED_END,
};

static const char *const signals[] = {
	[FED_SIGNAL_KILL] = "kill", [FED_SIGNAL_PAUSE] = "pause", [FED_SIGNAL_WAKE] = "wake", NULL};
const struct fed_field fed__signal_member_rows[] = {
	FED_ARG_TEXT(struct fed_signal_member_args, who, FED_ARG_NEEDED, "member", "a member's name"),
	FED_ARG_CHOICE(struct fed_signal_member_args, what, FED_ARG_NEEDED, FED_SIGNAL_KILL, signals,
                   "what its process gets: an end, a stop, or going on"),
	FED_END,
};

/* The session's dataset, as it can be loaded again, with a range behind its name. */
static void put_data(const struct fed_session *s, const char *typed, long long from, long long n,
                     struct fed_text *out)
{
	const struct fed_choice *choice = &fed_session_parts(s)->dataset_choice;
	const size_t name = strcspn(typed, " ");

	if (*typed) {
		fed_text_put(out, typed, name);
		fed_text_add(out, ":%lld-%lld%s", from, from + n - 1, typed + name);
		return;
	}
	fed_text_add(out, "%s:%lld-%lld", choice->name, from, from + n - 1);
	for (size_t i = 0; i < choice->args.n; i++)
		fed_text_add(out, " %s=%s", choice->args.assign[i].key, choice->args.assign[i].value);
}

/* How many clients are here once those that were started on this machine are, now and before: also
 * who is here and was started elsewhere.  A closed laptop is not waited for. */
static long long expected_clients(struct fed_shell *shell)
{
	const struct fed_local_members *local = shell->local_members;
	long long sum = 0;

	for (uint32_t i = 0; i < fed_room_members(shell->room); i++)
		sum += fed_room_member(shell->room, i)->state == FED_MEMBER_CLIENT;
	for (uint32_t k = 0; local && k < local->n; k++) {
		bool here = false;

		for (uint32_t i = 0; i < fed_room_members(shell->room) && !here; i++) {
			const struct fed_member *m = fed_room_member(shell->room, i);

			here = m->state == FED_MEMBER_CLIENT && strcmp(m->name, local->of[k].name) == 0;
		}
		sum += !here && !local->of[k].paused && fed__local_member_runs(shell, local->of[k].name);
	}
	return sum;
}

int fed__run_start_members(struct fed_shell *shell, const struct fed_call *call,
                           struct fed_error *err)
{
	const struct fed_start_members_args *a = call->args;
	char names[sizeof a->names], *rest = names, *given = NULL;
	struct fed_text said = {0};
	int rc = FED_OK;

	if (!shell->room)
		return fed_fail(err, "no room is open; `serve` opens one");
	memcpy(names, a->names, sizeof names);
	for (int64_t i = 0, place = 0; i < a->n && rc == FED_OK; i++, place++) {
		struct fed_text data = {0};
		char name[24];

		given = *names ? fed_list_next(&rest) : NULL;
		if (given)
			snprintf(name, sizeof name, "%.23s", given);
		for (; !given; place++) { /* the first that does not run, with its own range */
			snprintf(name, sizeof name, "m%lld", (long long)place + 1);
			if (!fed__local_member_runs(shell, name))
				break;
		}
		put_data(shell->session, a->data, (long long)(place * a->samples), (long long)a->samples,
		         &data);
		rc = fed__local_member_start(shell, name, fed_text_str(&data), a->roles, err);
		fed_text_add(&said, "%s%s", i ? ", " : "", name);
		fed_text_release(&data);
	}
	if (rc == FED_OK)
		fed__print(shell, "%s started on this machine; `wait-room %lld` waits for %s\n",
		           fed_text_str(&said), expected_clients(shell), a->n == 1 ? "it" : "them");
	fed_text_release(&said);
	return rc;
}

int fed__run_signal_member(struct fed_shell *shell, const struct fed_call *call,
                           struct fed_error *err)
{
	static const char *const done[] = {[FED_SIGNAL_KILL] = "was killed",
	                                   [FED_SIGNAL_PAUSE] = "is stopped, as a closed laptop is",
	                                   [FED_SIGNAL_WAKE] = "goes on"};
	const struct fed_signal_member_args *a = call->args;
	const int rc = fed__local_member_signal(shell, a->who, (enum fed_member_signal)a->what, err);

	if (rc == FED_OK)
		fed__print(shell, "%s %s\n", a->who, done[a->what]);
	return rc;
}
