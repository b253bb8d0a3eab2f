/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/room/wait_room.c - the command `wait-room`: until members are clients.
 */
#include "shell/commands/room/wait_room.h"

#include "base/cpu.h"
#include "shell/commands/room/members.h"
#include "shell/jobs/job.h"
#include "shell/language/watch_state.h"
#include "shell/output/print.h"
#include "shell/serving/serving.h"

#define LOOK_SECONDS 0.1

const struct fed_field fed__wait_room_rows[] = {
	FED_ARG_INT(struct fed_wait_room_args, n, FED_ARG_NEEDED, 1, 1, 1e6, "clients that are here"),
	FED_REAL(struct fed_wait_room_args, within, 0, 0, 1e6,
             "seconds after which it fails; 0: as long as it takes"),
	FED_END,
};

static int fail_late(const struct fed_shell *shell, const struct fed_wait_room_args *a,
                     struct fed_error *err)
{
	struct fed_text counts = {0};

	if (fed__put_members(&counts, shell->room, err))
		return FED_FAIL;
	fed_fail(err, "after %g s the room has not %lld client%s: %s", a->within, (long long)a->n,
	         a->n == 1 ? "" : "s", fed_text_str(&counts));
	fed_text_release(&counts);
	return FED_FAIL;
}

/* Let the watch show the room, and run what is typed there meanwhile.  True: its user left. */
static bool let_others(struct fed_shell *shell)
{
	const struct fed_watch_part nothing = {
		.title = "", .heading = "", .caption = "", .command = ""};

	if (!shell->watching.watch)
		fed__onlookers_attend(shell);
	return fed__watch_state_part(shell, &nothing) != FED_EXIT_OK;
}

int fed__run_wait_room(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_wait_room_args *a = call->args;
	const double began = fed_wall_seconds();
	struct fed_text counts = {0};

	if (!shell->room)
		return fed_fail(err, "no room is open; `serve` opens one");
	if ((uint64_t)a->n > fed_room_options(shell->room)->most)
		return fed_fail(err,
		                "the room has at most %u members; `serve most=%lld` opens one for more",
		                fed_room_options(shell->room)->most, (long long)a->n);
	while (fed_room_present(shell->room) < (uint64_t)a->n) {
		if (atomic_load(fed_session_interrupts(shell->session)) || fed__signals_ending())
			return fed_reject(err, "stopped; %u of %lld clients are here",
			                  fed_room_present(shell->room), (long long)a->n);
		if (a->within > 0 && fed_wall_seconds() > began + a->within)
			return fail_late(shell, a, err);
		(void)fed_room_idle(shell->room, LOOK_SECONDS);
		fed__print_flush(shell);
		if (let_others(shell))
			return fed_reject(err, "stopped; it did not come to %lld clients", (long long)a->n);
		if (!shell->room)
			return fed_fail(err, "the room was closed before %lld clients were here",
			                (long long)a->n);
	}
	const int rc = fed__put_members(&counts, shell->room, err);
	fed__print(shell, "%s\n", fed_text_str(&counts));
	fed_text_release(&counts);
	return rc;
}
