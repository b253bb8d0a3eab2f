/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/serving/serving.c - the room of a shell: its life, and who attends to it.
 */
#include "shell/serving/serving.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cpu.h"
#include "shell/jobs/job.h"
#include "shell/output/print.h"
#include "shell/serving/local_members.h"

#define LOOK_EVERY 1.0 /* seconds between two looks at who is silent */
#define SLICE 0.25     /* seconds after which a signal that another thread got is seen */

static int status(void *ctx, struct fed_room_status *out, struct fed_error *err)
{
	const struct fed_shell *shell = ctx;

	return fed_room_status(shell->room, out, err);
}

void fed__serving_init(struct fed_shell *shell)
{
	shell->room_source = (struct fed_room_source){status, shell};
	shell->room_descriptor = -1;
	shell->wait = fed__serving_wait;
}

int fed__serving_open(struct fed_shell *shell, const struct fed_room_options *o,
                      struct fed_error *err)
{
	shell->room_looked = fed_wall_seconds();
	const int rc = fed_room_open(&shell->room, shell->session, o, err);
	if (rc == FED_OK)
		shell->room_descriptor = fed_room_descriptor(shell->room);
	return rc;
}

void fed__serving_close(struct fed_shell *shell, const char *why)
{
	struct fed_error unused;

	if (!shell->room)
		return;
	if (fed_session_open(shell->session)) /* what is under way would be lost one by one */
		(void)fed_session_abort(shell->session, true, &unused);
	shell->room_descriptor = -1;
	fed_room_close(shell->room, why);
	shell->room = NULL;
	fed__local_members_end(shell);
}

void fed__serving_renew(struct fed_shell *shell)
{
	struct fed_error err;
	struct fed_text said = {0};

	if (!shell->room)
		return;
	if (fed_room_renew(shell->room, false, &err) == FED_OK) {
		fed__print(shell, "the room stays open; its members become clients when the session has "
		                  "data and a model\n");
		return;
	}
	fed_text_add(&said, "the room is closed: %s", err.text);
	fed__serving_close(shell, "the session was replaced");
	fed__print_warning(shell, fed_text_str(&said));
	fed_text_release(&said);
}

void fed__serving_restart(struct fed_shell *shell)
{
	struct fed_error err;

	if (shell->room && fed_room_renew(shell->room, true, &err))
		fed__print_warning(shell, err.text);
}

int fed__serving_check_closed(const struct fed_shell *shell, const char *refused,
                              struct fed_error *err)
{
	if (!shell->room)
		return FED_OK;
	return fed_reject(err, "a room is open, and %s; `serve stop` closes it", refused);
}

int fed__serving_descriptor(const struct fed_shell *shell)
{
	return shell->room_descriptor;
}

bool fed__serving_is_due(const struct fed_shell *shell)
{
	struct pollfd came = {.fd = fed__serving_descriptor(shell), .events = POLLIN};

	if (came.fd < 0)
		return false;
	return fed_wall_seconds() >= shell->room_looked + LOOK_EVERY || poll(&came, 1, 0) > 0;
}

void fed__serving_attend(struct fed_shell *shell)
{
	if (!shell->room)
		return;
	shell->room_looked = fed_wall_seconds();
	(void)fed_room_idle(shell->room, 0);
	fed__print_flush(shell);
}

void fed__serving_attend_to(struct fed_shell *shell, struct fed_text *said)
{
	FILE *const out = shell->out, *const errors = shell->errors;
	char *bytes = NULL;
	size_t n = 0;
	FILE *const f = open_memstream(&bytes, &n);

	if (!f) { /* no memory: it waits */
		return;
	}
	fed__print_flush(shell);
	shell->out = shell->errors = f;
	fed__serving_attend(shell);
	shell->out = out;
	shell->errors = errors;
	if (fclose(f) == 0)
		fed_text_put(said, bytes, n);
	free(bytes);
}

void fed__serving_say(struct fed_shell *shell, struct fed_text *said)
{
	fed__print_flush(shell);
	fwrite(fed_text_str(said), 1, said->len, shell->out);
	fflush(shell->out);
	fed_text_clear(said);
}

int fed__serving_wait(struct fed_shell *shell, int fd, double seconds, struct fed_text *said)
{
	const double end = fed_wall_seconds() + seconds;
	int rc;

	do {
		const bool ours = !fed__job_runs(shell) || fed__job_is_here();
		if (ours && fed__serving_is_due(shell)) {
			if (said)
				fed__serving_attend_to(shell, said);
			else
				fed__serving_attend(shell);
		}
		struct pollfd input[] = {
			{.fd = fd, .events = POLLIN},
			{.fd = ours ? fed__serving_descriptor(shell) : -1, .events = POLLIN}};
		const double left = fmin(fmax(end - fed_wall_seconds(), 0), SLICE);
		rc = fed__signals_poll(input, 2, left);
		if (input[0].revents)
			rc = rc < 0 ? rc : 1;
		else if (rc > 0)
			rc = 0;
	} while (rc == 0 && fed_wall_seconds() < end);
	return rc;
}

static ssize_t read_input(void *shell, char *bytes, size_t n)
{
	if (fed__serving_wait(shell, STDIN_FILENO, INFINITY, NULL) >= 0)
		return read(STDIN_FILENO, bytes, n);
	errno = EINTR;
	return -1;
}

FILE *fed__serving_input(struct fed_shell *shell)
{
	return fopencookie(shell, "r", (cookie_io_functions_t){.read = read_input});
}
