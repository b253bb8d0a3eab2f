/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/travel/commands.c - commands of time travel.
 */
#include "shell/commands/groups.h"
#include "shell/commands/travel/branches.h"
#include "shell/commands/travel/moves.h"
#include "shell/commands/travel/reverse.h"

#define QUICK "dataset blobs; add-client 4 samples=50; round 3; "

const struct fed_command fed__commands_travel[] = {
	{.name = "undo",
     .help = "go back to before the last command that changed the session",
     .text =
         "Everything comes back that `save` saves: model, clients, faults, the run that a\n"
         "command ended, an open round, kept runs, and what `log` and `timeline` show. `undo 3`\n"
         "takes back three commands; what `source`, `replay` or `lesson` ran counts as one.\n"
         "`redo` goes forward again, until another command changes the session. Files that a\n"
         "command wrote stay, and are named; messages over real connections stay sent.\n"
         "A recording gets the commands from before instead of those since then: a replay makes\n"
         "the session that you see. As the first command of a session `undo` goes on with the\n"
         "run that the last one left.",
     .examples = FED_EXAMPLES(QUICK "restart; undo", QUICK "set lr 0.1; round; undo 2; redo"),
     .args = fed__undo_rows,
     .args_size = sizeof(struct fed_undo_args),
     .run = fed__run_undo,
     .flags = FED_COMMAND_RUNS},
	{.name = "redo",
     .help = "take back the last `undo`, `rewind` or `switch`",
     .text = "It goes forward to where that came from, until another command changes the session.",
     .examples = FED_EXAMPLES(QUICK "undo; redo"),
     .run = fed__run_redo,
     .flags = FED_COMMAND_RUNS},
	{.name = "rewind",
     .help = "go back to an earlier version, with all that was there",
     .text =
         "  rewind 12                  version 12, before the round that made version 13\n"
         "  rewind -3                  three versions back; +1: one forward\n"
         "  rewind before fault 2      to before the command that injected fault 2\n"
         "  rewind when accuracy<0.5   the last earlier version at which a condition held\n"
         "  rewind clock=30            the last version within 30 virtual seconds\n"
         "Model, aggregator, clients, faults, clock, random streams and history are as they were:\n"
         "the same commands give the same bits again. A command that changes the session begins a\n"
         "branch (`branches`), so that what came after is not lost. `redo` goes forward again.",
     .examples = FED_EXAMPLES(QUICK "rewind 1; round", QUICK "rewind -2; rewind 0; redo",
                              QUICK "inject late 1; round; rewind before fault 1"),
     .args = fed__rewind_rows,
     .args_size = sizeof(struct fed_rewind_args),
     .run = fed__run_rewind,
     .flags = FED_COMMAND_RUNS | FED_COMMAND_REJECTS},
	{.name = "play",
     .help = "go forward version by version to where the branch ends",
     .text =
         "After `rewind`: what came is shown again, in the watch at its pace (space plays, and\n"
         "pauses; < and > step).",
     .examples = FED_EXAMPLES(QUICK "rewind 0; play", QUICK "rewind 0; play 2"),
     .args = fed__play_rows,
     .args_size = sizeof(struct fed_play_args),
     .run = fed__run_play,
     .flags = FED_COMMAND_RUNS | FED_COMMAND_LIVE},
	{.name = "reverse-step",
     .help = "go back one step: to before the last event of the run",
     .text = "Commands between two events are taken back with it. `step` handles the event again,\n"
             "`redo` goes forward to where you were. The breakpoints stay set.",
     .examples = FED_EXAMPLES(QUICK "reverse-step; reverse-step; step 2",
                              QUICK "step 3; reverse-step; redo"),
     .run = fed__run_reverse_step,
     .flags = FED_COMMAND_RUNS},
	{.name = "reverse-continue",
     .help = "go back to where a breakpoint was hit last",
     .text =
         "The breakpoints are those that are set now (`break accuracy<0.5`, `break nan`,\n"
         "`break client==7 and event==refused`): it goes back to the last place at which one of\n"
         "them was hit, or would have been, had it been set: the beginning of what a condition\n"
         "over metrics describes, or right after an event. They stay set there; `rewind`, `undo`\n"
         "and `redo` have the breakpoints of the place that they go to. Where the history lacks\n"
         "the events, rounds are made again; Ctrl-C ends that, and nothing has changed then.",
     .examples = FED_EXAMPLES(QUICK "break accuracy>0.3; reverse-continue; redo",
                              QUICK "break client==2 and event==trained; reverse-continue; "
                                    "reverse-continue"),
     .run = fed__run_reverse_continue,
     .flags = FED_COMMAND_RUNS},
	{.name = "bisect",
     .help = "go to the first version of this run at which a condition holds",
     .text =
         "  bisect accuracy>=0.8\n"
         "Where all versions were evaluated the history tells. Others (`set eval-every 10`) are\n"
         "made again and evaluated, as few as halving takes: as if the condition, once it holds,\n"
         "went on holding between two evaluated versions. `redo` goes forward again.",
     .examples = FED_EXAMPLES(QUICK "bisect accuracy>0.3",
                              "set eval-every 0; " QUICK "bisect accuracy>0.3"),
     .args = fed__bisect_rows,
     .args_size = sizeof(struct fed_bisect_args),
     .run = fed__run_bisect,
     .flags = FED_COMMAND_RUNS},
	{.name = "versions",
     .help = "list the versions that can be returned to, with the commands that made them",
     .text = "The rows are those of the present branch; * marks where the session is.",
     .examples = FED_EXAMPLES(QUICK "versions"),
     .run = fed__run_versions,
     .flags = FED_COMMAND_TABLE},
	{.name = "branch",
     .help = "begin a branch of the history here, or rename or delete one",
     .text =
         "  branch krum            what follows is on branch krum; the present one stays as it is\n"
         "  branch rename b1 krum  another name\n"
         "  branch delete krum     forget it with the versions that no other branch has\n"
         "A command that changes the session after `rewind` or `undo` begins a branch by itself\n"
         "if versions came after: b1, b2, ...",
     .examples = FED_EXAMPLES(QUICK "rewind 1; branch other; aggregator median; round 2; branches"),
     .args = fed__branch_rows,
     .args_size = sizeof(struct fed_branch_args),
     .run = fed__run_branch,
     .flags = FED_COMMAND_RUNS | FED_COMMAND_REJECTS},
	{.name = "branches",
     .help = "draw the tree of branches",
     .text = "* marks the present one. Each goes on from a version of the branch that it is drawn\n"
             "below.",
     .examples = FED_EXAMPLES(QUICK "branches"),
     .run = fed__run_branches},
	{.name = "switch",
     .help = "go to where another branch ends",
     .examples = FED_EXAMPLES(QUICK "rewind 1; branch other; round; switch main"),
     .args = fed__switch_rows,
     .args_size = sizeof(struct fed_branch_args),
     .run = fed__run_switch,
     .flags = FED_COMMAND_RUNS},
	{0},
};
