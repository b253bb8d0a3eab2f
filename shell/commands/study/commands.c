/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/study/commands.c - commands that compare runs: baselines, sweeps, tournaments,
 * studies.
 */
#include "shell/commands/groups.h"
#include "shell/commands/look/baseline.h"
#include "shell/commands/study/runs.h"
#include "shell/commands/study/study.h"
#include "shell/commands/study/sweep.h"
#include "shell/commands/study/tournament.h"

#define QUICK "dataset blobs; add-client 4 samples=50; round 3; "

const struct fed_command fed__commands_experiments[] = {
	{.name = "baseline",
     .help = "train without the federation, for comparison: central, or each client alone",
     .text =
         "Both begin with version 0 and the local settings (epochs, batch, lr, momentum), without\n"
         "faults, codec and noise; the session's own run stays as it is, and the baseline is\n"
         "kept as run `central` or `local`, which plots draw beside it.\n"
         "  baseline central  all clients' examples at one place: a round is E passes over them\n"
         "                    all. What a federation could have at best, if data might travel\n"
         "  baseline local    each client trains on its own for as many rounds; the figures are\n"
         "                    means over the clients. What each has without any other\n"
         "With `set holdout` both are measured on what each client holds out, too. Ctrl-C stops,\n"
         "and keeps nothing.",
     .examples =
         FED_EXAMPLES(QUICK "baseline central; plot accuracy", QUICK "baseline local rounds=2"),
     .args = fed__baseline_rows,
     .args_size = sizeof(struct fed_baseline_args),
     .run = fed__run_baseline,
     .flags = FED_COMMAND_CHANGES,
     .failure = FED_EXIT_ROUND},
	{.name = "sweep",
     .help = "train the session once for each value of a setting and compare the results",
     .text =
         "Each row trains copies of the model and the clients from the present state; the session\n"
         "stays as it is. Bytes and FLOPs of clients are those of one client, in the mean.\n"
         "  sweep lr 0.01,0.1              any setting or parameter\n"
         "  sweep aggregator krum:f=2,bgd  plugins, parameters behind colons; model, scheme,\n"
         "                                 transport and select likewise\n"
         "  sweep link wifi,4g             links or devices of all clients\n"
         "  sweep clients 10,100           the same examples over so many clients, partitioned "
         "alike\n"
         "  sweep cut                      scheme split cut after each layer (with labels=client "
         "at\n"
         "                                 each two), beside scheme sync; under scheme vertical\n"
         "                                 its cuts\n"
         "`plot sweep METRIC` draws it. Ctrl-C stops after the running rows, a second one drops\n"
         "them; the same command goes on with the rest.",
     .examples =
         FED_EXAMPLES(QUICK "sweep lr 0.01,0.1 rounds=2",
                      QUICK "sweep epochs 1,5 until=accuracy>=0.9 "
                            "metrics=accuracy,clock,client-flops",
                      QUICK "sweep aggregator fedavg,fedadam:eta=0.05 rounds=2; "
                            "plot sweep loss",
                      QUICK "sweep clients 2,4,8 rounds=2 metrics=accuracy,bytes-up",
                      QUICK "model mlp hidden=8,8; sweep cut rounds=2; plot sweep bytes-up"),
     .args = fed__sweep_rows,
     .args_size = sizeof(struct fed_sweep_plan),
     .run = fed__run_sweep,
     .flags = FED_COMMAND_REJECTS | FED_COMMAND_LIVE | FED_COMMAND_TABLE | FED_COMMAND_JOB,
     .failure = FED_EXIT_ROUND},
	{.name = "tournament",
     .help = "play every attack against every aggregator from the present state",
     .text = "Each match trains copies of the model and the clients for some rounds with one\n"
             "attack on some clients and one aggregator, and is evaluated at its end; the session\n"
             "stays as it is. The grid shows the accuracies, `plot tournament` as a heat map.\n"
             "Ctrl-C stops after the running matches, a second one drops them; the same command\n"
             "goes on with the rest.",
     .examples = FED_EXAMPLES("dataset blobs; add-client 10 samples=30; tournament rounds=2 "
                              "attacks=none,sign-flip:scale=5,ipm aggregators=fedavg,fedadam",
                              "dataset blobs; add-client 8 samples=30; tournament rounds=1 "
                              "attacks=none,alie aggregators=fedavg,fedprox; plot tournament"),
     .args = fed__tournament_rows,
     .args_size = sizeof(struct fed_tournament_plan),
     .run = fed__run_tournament,
     .flags = FED_COMMAND_REJECTS | FED_COMMAND_LIVE | FED_COMMAND_TABLE | FED_COMMAND_JOB,
     .failure = FED_EXIT_ROUND},
	{.name = "study",
     .help = "run every combination of some levels of some factors, and keep each run",
     .text =
         "A study trains copies of the session from version 0, on all cores, and keeps each run "
         "in\n"
         "a file, round by round with its whole composition; the session stays as it is. Each run\n"
         "has the bits that the same commands give when they are typed. FACTORS:\n"
         "  seed = 1..5                      data, partition and parameters of each seed\n"
         "  partition = iid, dirichlet:alpha=0.1\n"
         "  aggregator = fedavg, krum:f=2    plugins with parameters behind colons; model, "
         "scheme,\n"
         "                                   select, transport, dataset likewise\n"
         "  fault = none, straggler:20%:factor=10        FAULT:WHO:KEY=VALUE, at= and for=\n"
         "  attack = none, sign-flip:20%:scale=10        Byzantine clients, and no others\n"
         "  clients = 10, 20; device = phone, laptop; link = 4g, wifi\n"
         "  codec = none | top-k:0.01        any key of `set`; | where levels hold commas\n"
         "`study NAME` says how far it is, `study NAME table METRIC by FACTOR,FACTOR` compares\n"
         "the levels of the first factor: mean, standard deviation, and the difference of each\n"
         "to the best in pairs of runs that agree in all else, with its 95 % confidence interval\n"
         "(Student's t). `study NAME ... &` runs behind the prompt. Ctrl-C stops after the "
         "running\n"
         "runs; what was stopped or killed goes on with `study NAME continue`, also in another\n"
         "session. `runs NAME` lists the runs, `plot study NAME METRIC by FACTOR` draws curves "
         "with\n"
         "bands, `report FILE.html study=NAME` writes a page and `export FILE.csv study=NAME` all\n"
         "rounds of all runs as one table; `study NAME delete` deletes them. The file is\n"
         "studies.db in ~/.local/share/fedsh, of SQLite: its view `rounds` is for other programs.",
     .examples = FED_EXAMPLES(
		 QUICK "study first { aggregator = fedavg, median; seed = 1..2 } rounds=2",
		 QUICK "study second { lr = 0.01, 0.1; partition = iid, dirichlet:alpha=0.1; seed = 1, 2 } "
			   "rounds=1; study second table loss by lr,partition"),
     .args = fed__study_rows,
     .args_size = sizeof(struct fed_study_args),
     .run = fed__run_study,
     .looks = fed__study_looks,
     .flags = FED_COMMAND_REJECTS | FED_COMMAND_LIVE | FED_COMMAND_TABLE | FED_COMMAND_JOB,
     .failure = FED_EXIT_ROUND},
	{.name = "runs",
     .help = "list what is kept: runs of this session, studies, the runs of a study; delete them",
     .text = "A run of a study is named STUDY/NUMBER. What the session keeps is its own (`keep`);\n"
             "studies are in a file, for all sessions.",
     .examples = FED_EXAMPLES(QUICK "study third { lr = 0.01, 0.1 } rounds=1; runs; runs third",
                              QUICK "keep first; runs delete first"),
     .args = fed__runs_rows,
     .args_size = sizeof(struct fed_runs_args),
     .run = fed__run_runs,
     .looks = fed__runs_look,
     .flags = FED_COMMAND_CHANGES | FED_COMMAND_TABLE,
     .failure = FED_EXIT_FAILED},
	{.name = "diff",
     .help = "show what was composed differently in two runs, and what came out differently",
     .text =
         "A run is `now`, a kept one, a branch, or STUDY/NUMBER as `runs STUDY` lists them. "
         "Figures\n"
         "are those of the last round, costs the sums over all; what is the same is left out. Of\n"
         "two branches also: the commands since they parted, the clients whose accuracy differs\n"
         "most, and how far the models are apart, layer by layer.",
     .examples = FED_EXAMPLES(QUICK "study fourth { lr = 0.01, 0.1 } rounds=1; diff fourth/0 "
                                    "fourth/1",
                              QUICK "keep first; set lr 0.2; round; diff first now",
                              QUICK "round 2; rewind 1; set lr 0.2; round 2; diff main b1"),
     .args = fed__diff_runs_rows,
     .args_size = sizeof(struct fed_diff_runs_args),
     .run = fed__run_diff_runs,
     .flags = FED_COMMAND_TABLE,
     .failure = FED_EXIT_FAILED},
	{0},
};
