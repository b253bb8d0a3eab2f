/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/room/record.c - the command `record-room`: what the room's clients did, as a
 * script for simulated ones.
 */
#include "shell/commands/room/record.h"

#include "base/file.h"
#include "base/mem.h"
#include "room/recording.h"
#include "room/room.h"
#include "shell/output/print.h"

const struct fed_field fed__record_room_rows[] = {
	FED_ARG_TEXT(struct fed_record_room_args, file, FED_ARG_NEEDED, "path",
                 "the script to write, lesson.fedsh"),
	FED_INT(struct fed_record_room_args, clients, 0, 0, 4e9,
            "so many clients of their kind; without it one for each member"),
	FED_END,
};

static int write_script(const char *file, const struct fed_text *script, struct fed_error *err)
{
	struct fed_text path = {0};
	struct fed_file_writer w;
	int rc = FED_FAIL;

	fed_path_expand(file, &path);
	if (path.failed)
		fed_fail_memory(err, 4096, "a path");
	else if (fed_file_open(&w, fed_text_str(&path), err) == FED_OK) {
		fed_file_write(&w, fed_text_str(script), script->len);
		rc = fed_file_commit(&w, err);
	}
	fed_text_release(&path);
	return rc;
}

#define SHORT_ROUND 0.02 /* seconds */
#define ROUGH 0.1

static void say_fit(struct fed_shell *shell, const struct fed_recording *r)
{
	struct fed_room_fit fit;
	struct fed_error unused;
	struct fed_text text = {0};

	if (fed_room_fit_make(&fit, r, &unused))
		return;
	fed_text_add(&text, "%u client%s, %u round%s: a round took ", fit.n, fit.n == 1 ? "" : "s",
	             fit.rounds, fit.rounds == 1 ? "" : "s");
	fed_text_seconds(&text, fit.real);
	fed_text_add(&text, " and takes simulated clients ");
	fed_text_seconds(&text, fit.made);
	fed_text_add(&text, " (medians); half of the rounds differ by less than %.1f %%",
	             100 * fit.error);
	fed__print(shell, "%s\n", fed_text_str(&text));
	if (fit.real < SHORT_ROUND && fit.error > ROUGH)
		fed__print(shell, "rounds as short as these vary with what else the machines do; more "
		                  "epochs or a larger model make them longer\n");
	fed_text_release(&text);
	fed_room_fit_release(&fit);
}

int fed__run_record_room(struct fed_shell *shell, const struct fed_call *call,
                         struct fed_error *err)
{
	const struct fed_record_room_args *a = call->args;
	struct fed_text script = {0};
	int rc;

	if (!shell->room)
		return fed_fail(err, "no room is open; `serve` opens one");
	rc = fed_recording_put_script(shell->session, fed_room_recording(shell->room),
	                              (uint32_t)a->clients, &script, err);
	if (rc == FED_OK)
		rc = write_script(a->file, &script, err);
	if (rc == FED_OK) {
		say_fit(shell, fed_room_recording(shell->room));
		fed__print(shell, "written to %s; `source %s` in another fedsh goes on\n", a->file,
		           a->file);
	}
	fed_text_release(&script);
	return rc;
}
