/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/glossary/words.c - the table of the glossary: the words of the screen.
 *
 * A text has two to four sentences, then the formula if there is one. Of two rows with the same
 * word the first counts.
 */
#include "shell/glossary/figures.h"
#include "shell/glossary/glossary.h"
#include "shell/glossary/texts.h"

#define WORD(w, k, h, d, ...)                                          \
	{                                                                  \
		.word = (w), .kind = (k), .help = (h), .doc = (d), __VA_ARGS__ \
	}

const struct fed_glossary_word fed__glossary[] = {
	/* Names of plugins and schemes, as the literature writes them. */
	{.word = "FedAvg", .page = "fedavg"},
	{.word = "FedSGD", .page = "fedsgd"},
	{.word = "FedAvgM", .page = "fedavgm"},
	{.word = "FedAdagrad", .page = "fedadagrad"},
	{.word = "FedAdam", .page = "fedadam"},
	{.word = "FedYogi", .page = "fedyogi"},
	{.word = "FedProx", .page = "fedprox"},
	{.word = "FedNova", .page = "fednova"},
	{.word = "SCAFFOLD", .page = "scaffold"},
	{.word = "FedRep", .page = "fedrep"},
	{.word = "Ditto", .page = "ditto"},
	{.word = "IFCA", .page = "ifca"},
	{.word = "q-FFL", .page = "q-ffl"},
	{.word = "q-FedAvg", .page = "q-ffl"},
	{.word = "FedAsync", .page = "fedasync"},
	{.word = "FedBuff", .page = "fedbuff"},
	{.word = "Krum", .page = "krum"},
	{.word = "Multi-Krum", .page = "multi-krum"},
	{.word = "Bulyan", .page = "bulyan"},
	{.word = "NNM", .page = "nnm"},
	{.word = "QSGD", .page = "qsgd"},
	{.word = "PowerSGD", .page = "powersgd"},
	{.word = "Oort", .page = "oort"},
	{.word = "ALIE", .page = "alie"},
	{.word = "IPM", .page = "ipm"},
	{.word = "LeNet-5", .page = "lenet"},
	{.word = "GRU", .page = "gru"},
	{.word = "CNN", .page = "cnn"},
	{.word = "coordinate-wise median", .page = "median"},
	{.word = "RFA", .also = {"geometric median"}, .page = "geometric-median"},
	{.word = "BGD", .also = {"median of means"}, .page = "bgd"},
	{.word = "SplitFed", .also = {"u-shape", "split learning"}, .page = "split"},
	{.word = "vertical federated learning", .also = {"VFL", "parties"}, .page = "vertical"},
	{.word = "asynchronous", .page = "async"},
	{.word = "synchronous", .page = "sync"},

	/* Settings. */
	WORD("noise", "setting", "Gaussian noise that clients add to what they send", fed__noise_text,
         .setting = "noise", .also = {"sigma"}),
	WORD("lr", "setting", "learning rate of the clients' stochastic gradient descent", fed__lr_text,
         .setting = "lr", .also = {"learning rate"}),
	WORD("batch", "setting", "B: examples in a local step", fed__batch_text, .setting = "batch",
         .also = {"B"}),
	WORD("epochs", "setting", "E: passes of a client over its examples in a round",
         fed__epochs_text, .setting = "epochs", .also = {"E"}),
	WORD("C", "setting", "C: share of the clients that each round invites",
         "A round invites m = max(C n, 1) of the n clients, drawn by the selection rule. `set\n"
         "fraction 0.1` sets C, `set participants 10` sets m itself. More clients make the\n"
         "step less noisy, and cost more messages.\n"
         "\n"
         "  m = max(C * n, 1)\n"
         "\n"
         "Source: McMahan et al. 2017, algorithm 1.",
         .setting = "fraction", .now = fed__figure_participants,
         .also = {"fraction", "participants", "cohort", "m", "invited"}),
	WORD("codec", "setting", "what messages are compressed by", fed__codec_text,
         .setting = "codec"),
	WORD("error-feedback", "setting", "what a codec lost is sent with the next update",
         fed__codec_text, .setting = "error_feedback", .also = {"residual"}),
	WORD("none", "codec", "4 bytes a number, nothing is lost", fed__codec_text, .setting = "codec",
         .also = {"codec none"}),
	WORD("selection", "plugins", "which clients take part in a round", fed__selection_text,
         .now = fed__figure_selection, .also = {"selection rule"}),
	WORD("quorum", "setting", "how many answers complete a round", fed__quorum_text,
         .also = {NULL}),
	WORD("deadline", "setting", "how long a round waits", fed__deadline_text, .also = {NULL}),
	WORD("f", "setting", "Byzantine updates that a robust rule assumes",
         "Krum, Multi-Krum, Bulyan and the trimmed mean must be told how many of the n updates\n"
         "may be Byzantine. A larger f withstands more attackers and uses less of the honest\n"
         "updates; each rule has a limit (Krum: 2f + 2 < n). `aggregator krum f=2` sets it,\n"
         "f=most takes the largest that fits.",
         .also = {"byzantine bound"}),
	WORD("seed", "setting", "number from which all random numbers follow",
         "The same seed and commands give the same bits, on any number of threads. It decides\n"
         "data, partition, first parameters, participants and shuffling. `set seed 7` before\n"
         "the first client.",
         .setting = "seed"),
	WORD("device spread", "setting", "how much devices and links of one profile differ",
         "A factor for each client, lognormal with median 1; the setting is the standard\n"
         "deviation of its logarithm. 0 makes all clients of a profile alike, so that they\n"
         "answer at the same moment.",
         .setting = "device_spread", .also = {"spread"}),
	WORD("settings", "term", "what `set` changes and `show` lists",
         "The session's own (C, E, B, learning rate, codec, ...) and those of its plugins and\n"
         "scheme, which are called parameters there: `set aggregator.f 2`. `status` shows\n"
         "those that are not at their defaults.",
         .also = {"setting", "parameter of a plugin"}),

	WORD("job", "term", "a command that runs behind the prompt",
         "`round 100 &` begins one, Ctrl-Z puts a run there that is in front. Its lines appear\n"
         "above the line that is typed; other commands are executed between two of its events.\n"
         "`jobs` shows it, `fg` brings it to the front, `stop` stops it after its round.",
         .also = {"behind the prompt", "runs", "left"}),

	/* Metrics of a round. */
	WORD("metric", "term", "a figure of each round",
         "`plot`, `history`, `expect`, `run until`, `break` and `sweep` take metrics by name;\n"
         "`explain` has a page of each. Those of attackers are ground truth, which no aggregator\n"
         "knows.",
         .now = fed__figure_metrics),
	WORD("round", "metric", "the work that makes one version of the model",
         "The server sends its model to the participants, they train it on their own examples\n"
         "and send their updates back; the aggregator combines these into one step. A round\n"
         "that fails leaves the model as it was. `round 5` makes five.\n"
         "\n"
         "  x(t+1) = x(t) + step,   FedAvg: step = sum_i n_i/N d_i",
         .metric = "round", .also = {"rounds", "in round", "last round"}),
	WORD("version", "metric", "how often the global model has changed",
         "Version 0 has its parameters from the seed; each round, and under async each step,\n"
         "makes the next one. An update belongs to the version that its client received, and\n"
         "helps to make another.",
         .now = fed__figure_version),
	WORD("clock", "metric", "virtual seconds since the session began",
         "The time of the simulation: training takes its FLOPs over the device's FLOP/s, a\n"
         "message its latency and its bytes over the bandwidth. It does not depend on this\n"
         "computer; what that takes is `wall`. A link that is ideal takes no time.",
         .now = fed__figure_clock, .also = {"virtual time", "virtual seconds", "time"}),
	WORD("wall", "metric", "real seconds that training and aggregation took",
         "Measured on this computer, evaluation apart: the one figure that differs from run to\n"
         "run. Everything else follows from seed and commands.",
         .metric = "wall", .also = {"wall time"}),
	WORD("accuracy", "metric", "share of the test examples that the model gets right",
         fed__accuracy_text, .metric = "test_accuracy", .also = {"test accuracy"}),
	WORD("metrics", "setting", "figures of quality that rounds measure beside accuracy and loss",
         fed__chosen_metrics_text, .setting = "metrics", .now = fed__figure_metrics),
	WORD("macro F1", "metric", "mean over the classes of F1, whatever their sizes",
         fed__quality_text, .metric = "macro_f1", .also = {"F1"}),
	WORD("balanced accuracy", "metric", "mean over the classes of recall, whatever their sizes",
         fed__chosen_metrics_text, .metric = "balanced_accuracy"),
	WORD("worst class", "metric", "recall of the class that the model finds least of",
         fed__chosen_metrics_text, .metric = "worst_class"),
	WORD("AUC", "metric", "area under the ROC curve, from scores", fed__quality_text,
         .metric = "auc", .also = {"ROC"}),
	WORD("class precision", "column", "share of the answers of a class that are right",
         fed__quality_text, .also = {"answers", "answer"}, .command = "evaluate"),
	WORD("class recall", "column", "share of the examples of a class that are found",
         fed__quality_text, .command = "evaluate"),
	WORD("confusion matrix", "term", "how often which class is taken for which", fed__quality_text,
         .also = {"confusion"}, .command = "evaluate"),
	WORD("MAE", "metric", "mean absolute error of a regression", fed__regression_text,
         .also = {"RMSE", "R2", "own R2"}, .command = "evaluate"),
	WORD("perplexity", "metric", "e to the mean loss of a language model",
         "How many equally likely next tokens would be as hard to guess; 1 is certainty, the\n"
         "size of the vocabulary is knowing nothing. Each round's line has that of the test\n"
         "examples, over the token after each window; `evaluate` says that of any model.\n"
         "\n"
         "  perplexity = exp(mean loss)",
         .metric = "perplexity"),
	WORD("holdout", "setting", "share of its examples that a client keeps for evaluation",
         fed__fairness_text, .setting = "holdout",
         .also = {"held out", "held-out examples", "mean accuracy"}),
	WORD(
		"evaluate-over", "setting",
		"who evaluates on held-out examples: the laboratory, or clients by messages",
		"Clients that hold examples out (`set holdout 0.2` before add-client) are measured when a\n"
		"version is evaluated. The laboratory may look at their examples: oracle, which sends\n"
		"nothing and takes no time. A real server cannot; under `set evaluate-over network` it\n"
		"sends the model to each of these clients when the version is made, and each answers\n"
		"with figures: how many examples, how many right, the sum of their losses. Data never\n"
		"leave the client. Links, codecs and faults act on these messages, and `costs`, the\n"
		"timeline and `log` show them. A client whose figures do not arrive (within\n"
		"evaluate-deadline seconds, if that is set) is missing: means are over the others.\n"
		"\n"
		"Training stands still meanwhile, and its bits are the same either way. Byzantine\n"
		"clients attack by their updates; their figures are honest, which a real server could\n"
		"not know.",
		.setting = "evaluate-over",
		.also = {"evaluation over the network", "oracle", "evaluation", "evaluating", "evaluated",
                 "measured", "missing", "figures"}),
	WORD("local-layers", "setting", "layers whose parameters stay with each client",
         "Each client trains these layers for itself; only the others travel and are averaged, so\n"
         "that messages are shorter. A client that has not trained yet has the server's copy, "
         "which\n"
         "keeps the values that it had when the layers became local: test accuracy is that of the\n"
         "model with this copy. `set holdout 0.2` before add-client measures what each client "
         "gets,\n"
         "its own model: own accuracy in `clients`, clients-accuracy, ...; `evaluate all` shows "
         "both.\n"
         "\n"
         "  last:1            the head is the client's own: FedPer\n"
         "  first:1           the layer next to the input is: LG-FedAvg\n"
         "  norm              all normalisation, with its running statistics: FedBN\n"
         "  dense2,conv       layers by name, or all of a kind; `model` lists them\n"
         "\n"
         "An aggregator has no say in local layers: the terms of FedProx or SCAFFOLD act on the\n"
         "others alone, and so do codecs, noise and attacks.\n"
         "\n"
         "Source: Arivazhagan et al. 2019 (FedPer); Li et al., ICLR 2021 (FedBN); Liang et al.\n"
         "2020 (LG-FedAvg).",
         .setting = "local-layers",
         .also = {"local layers", "own layers", "own model", "personalisation", "FedPer", "FedBN",
                  "LG-FedAvg"}),
	WORD("unseen", "setting", "share of the clients that never take part in training",
         "Clients join after a model is made, too. Under `set unseen 20%` a fifth of the clients\n"
         "that are added then, drawn from the seed, is never invited, whatever the scheme or the\n"
         "selection. With `set holdout` each round measures them apart (unseen-accuracy,\n"
         "unseen-loss, unseen-worst-tenth); the other figures over clients are of those that take\n"
         "part. `evaluate unseen tune=1` shows the global model and what an epoch of local\n"
         "training makes of it; `unseen` and `seen` name the clients to any command.",
         .setting = "unseen", .also = {"unseen clients", "seen"}),
	WORD("verified", "column", "whether a recording makes the same versions again, bit for bit",
         "A recording has a line `#= VERSION DIGEST LOSS` for each version, and lines `#:` for "
         "what made\n"
         "them: program, seed, data, plugins; the digest is of all\n"
         "figures of the round, which depend on every parameter. `verify FILES` replays each in a\n"
         "program of its own, `replay FILE verify` here. Processors with other vectors (AVX-512,\n"
         "AVX2) add in another order, so that a small difference may be the machine's.",
         .also = {"digest", "same bits", "file", "outcome"}, .command = "verify"),
	WORD("branch of the history", "term", "a course of the session from some version on",
         "What is typed after `rewind` or `undo` begins one, what came after stays on another\n"
         "one: `branches` draws them, `switch NAME` goes to one. `diff NAME NAME` compares two:\n"
         "the commands since the fork, figures, and of each layer the distance of both models\n"
         "(Euclidean) beside the length of the first. `plot` marks the fork.",
         .also = {"fork", "distance", "typed"}),
	WORD("reverse debugging", "term", "going back to where something happened last",
         "`reverse-continue` goes back to the last place at which a breakpoint was hit, or would\n"
         "have been, had it been set then; `reverse-step` one event; `bisect CONDITION` to the\n"
         "first version at which a condition holds. The same seed and commands give the same\n"
         "bits, so that each place can be made again from a snapshot before it.",
         .also = {"bisection", "time travel"}),
	WORD("baseline", "command", "training without the federation, for comparison",
         "`baseline central` trains on all clients' examples at one place, `baseline local` each\n"
         "client alone. Federated learning should come near to the first without moving data, and\n"
         "serve each client better than the second: where it does not, the federation is not\n"
         "worth its cost. They are kept as runs `central` and `local`.",
         .also = {"central", "local baseline"}),
	WORD("own accuracy", "column", "accuracy of the model that a client sent, on its own examples",
         fed__fairness_text, .also = {"own loss", "tuned accuracy", "tuned loss", "tuned R2"},
         .command = "evaluate"),
	WORD("Jain's index", "metric", "how evenly the model serves the clients", fed__fairness_text,
         .also = {"Jain index", "worst tenth", "worst client", "deviation"}, .command = "evaluate"),
	WORD("loss", "metric", "how far the model's outputs are from the truth: less is better",
         "In a round's line and in `history` it is the test loss: the mean over the test\n"
         "examples. In a table of clients it is each one's last local loss, while it trained.\n"
         "Classification has the cross-entropy, where guessing among K classes gets ln K;\n"
         "regression half the squared error.\n"
         "\n"
         "  cross-entropy = -(1/n) * sum_i ln p(y_i | x_i)",
         .metric = "test_loss", .also = {"test loss", "local loss", "last loss"}),
	WORD("train loss", "metric", "mean of the used clients' local losses, by weight",
         "Each client reports the mean loss of its local steps, on its own examples and with\n"
         "the model that it is changing. It falls below the test loss where clients learn\n"
         "their own examples by heart, and an attacker may claim what it likes.\n"
         "\n"
         "  train loss = sum_i n_i loss_i / sum_i n_i",
         .metric = "train_loss", .also = {"train"}),
	WORD("attack success", "metric", "share of the test examples that a backdoor's trigger turns",
         "Test examples of other classes get the trigger; the attack succeeds on those that\n"
         "the model then puts into the attacker's class. The accuracy tells nothing of it: a\n"
         "good backdoor leaves that as it was.",
         .metric = "attack_success"),
	WORD("parameter error", "metric", "distance of the model from the one that made the data",
         "Known for a linear model on `dataset linear` alone, whose true parameters w* fedsh\n"
         "has drawn itself. Papers on robust regression prove bounds for it.\n"
         "\n"
         "  error = |x - w*|, the Euclidean norm",
         .metric = "parameter_error", .also = {"error"}),
	WORD("step", "metric", "what the server adds to the model in a round",
         "The aggregator makes it from the updates: FedAvg their mean by samples, a robust\n"
         "rule something that few attackers cannot move far. Its norm shows how fast the model\n"
         "still changes. The command `step` is another thing: it handles one event of the open\n"
         "round.\n"
         "\n"
         "  x(t+1) = x(t) + step",
         .metric = "step_norm", .also = {"step norm", "norm of the step", "aggregation"}),
	WORD("steps", "column", "local steps of stochastic gradient descent that made an update",
         "A client with n examples makes ceil(n/B) steps an epoch and E epochs a round.\n"
         "Clients that make more steps pull the mean towards themselves; FedNova divides that\n"
         "out.\n"
         "\n"
         "  steps = E * ceil(n / B)",
         .also = {"local steps"}, .command = "updates"),
	WORD("update", "term", "what a client sends back: trained minus received parameters",
         "As many numbers as the model has parameters. The codec may compress it, a fault may\n"
         "corrupt it, and a Byzantine client sends what it likes instead. `updates` shows\n"
         "those of the last round.\n"
         "\n"
         "  d_i = w_i - x, w_i the client's model after training, x the one that it received",
         .metric = "updates", .also = {"delta", "updates used"}, .command = "updates"),
	WORD("staleness", "metric", "how old the model is that an update was trained from",
         fed__staleness_text, .metric = "staleness", .also = {"stale"}),
	WORD("reported", "metric", "clients whose update arrived and was taken",
         "Of those invited some report, the others are refused, lost, or late. Taken is not\n"
         "used: a robust rule may still filter the update.",
         .metric = "reported"),
	WORD("used", "metric", "updates that are part of the step",
         "A round's line shows them as clients, `clients 8 of 10` where others were invited\n"
         "too. The rest was lost, late, refused, or filtered by the rule.",
         .metric = "used"),
	WORD("refused", "metric", "updates that the server did not take",
         "The gate refuses an update of the wrong size and one with a number that is not\n"
         "finite; an aggregator may refuse one, too. `log kind=refused` tells the reasons.",
         .metric = "refused", .command = "log"),
	WORD("lost", "metric", "clients whose message was lost",
         "A fault dropped it, the link did (`transport lossy`), or the client crashed. The\n"
         "server never hears of it, so that under sync it waits until the deadline or goes on\n"
         "with the others.",
         .metric = "lost", .command = "log"),
	WORD("late", "metric", "clients whose work was dropped, as the round did not wait for it",
         "Under sync the round had its quorum, or its deadline had passed. Under async the\n"
         "update was older than max-staleness.",
         .metric = "late", .command = "log"),
	WORD("bytes", "metric", "bytes on the wire, whether they arrived or not",
         "From clients to the server is up, from the server to clients is down. A vector takes\n"
         "4 bytes a number, less under a codec. `costs` splits them by client and by\n"
         "direction.\n"
         "\n"
         "  FedAvg, a round: m models of 4 * parameters bytes down, m updates up",
         .now = fed__figure_bytes,
         .also = {"bytes up", "bytes down", "up", "down", "direction", "spent"}),
	WORD("messages", "metric", "messages sent",
         "The model to a client is one, its update another. Split learning sends some for each\n"
         "batch, which is why the latency of a link matters more there.",
         .now = fed__figure_messages, .also = {"models down", "updates up"}),
	WORD("FLOP", "metric", "floating point operations",
         "Of clients for training (backward counts as twice forward), of the server for\n"
         "aggregation. Over the device's FLOP/s it is the virtual time of the training.",
         .now = fed__figure_flops,
         .also = {"client-flops", "server-flops", "FLOP/s", "speed", "training", "an example",
                  "per example"}),
	WORD("saved", "column", "bytes that the codec saved",
         "What the same messages would have been under `codec none`, less what was sent.\n"
         "Beside it stands the share; `costs` has both.",
         .now = fed__figure_saved, .also = {"saved-share"}, .command = "costs"),

	/* Defence: the rule as a test for attackers. */
	WORD("attackers", "metric", "updates of Byzantine clients in a round", fed__filtered_text,
         .metric = "attackers", .also = {"attacker"}),
	WORD("precision", "metric", "share of attackers among the updates that a rule filtered",
         fed__filtered_text, .metric = "defence_precision", .also = {"defence precision"}),
	WORD("recall", "metric", "share of the attackers that a rule filtered", fed__filtered_text,
         .metric = "defence_recall", .also = {"defence recall", "found"}),
	WORD("off by", "metric",
         "distance of the step from the mean of the honest updates: `step off by`",
         fed__filtered_text, .metric = "honest_distance",
         .also = {"step off by", "honest distance"}),
	WORD("filtered", "verdict", "an update that the aggregator did not trust", fed__filtered_text,
         .now = fed__figure_verdicts),
	WORD("defence", "term", "what a robust rule does against Byzantine clients",
         "The second line of a round with attackers: how many of them the rule found, how many\n"
         "honest clients it blamed, and how far the step is from the mean of the honest\n"
         "updates. It is the truth, which fedsh knows and the rule does not. See `explain\n"
         "precision`.",
         .now = fed__figure_verdicts, .also = {"defense"}),
	WORD("blamed", "term", "honest clients whose updates the rule did not trust",
         "Krum uses one update and blames all others, attackers or not; that costs accuracy\n"
         "where clients differ. Precision is the share of attackers among all that were\n"
         "filtered.\n"
         "\n"
         "  blamed = filtered or suspect updates of honest clients",
         .now = fed__figure_blamed, .also = {"blamed honest client"}),
	WORD("verdict", "column", "what the aggregator decided of one update",
         "used: it is part of the step, and trusted. suspect: a rule that down-weights gave it\n"
         "little weight. filtered: it was left out. skipped: the aggregator failed, and no\n"
         "step was made. Means trust all.",
         .now = fed__figure_verdicts, .also = {"used", "suspect", "trusted", "skipped"}),
	WORD("truth", "column", "whether the client is Byzantine, which the aggregator does not know",
         "fedsh injected the fault, so it can tell: Byzantine clients send something else than\n"
         "what they computed, honest ones do as they are told. Compare it with the verdict. Of a "
         "client on another machine\n"
         "it is secret who attacks, where a role is, until `reveal`.",
         .metric = "attackers", .also = {"Byzantine", "honest", "secret", "secret, filtered"}),
	WORD("score", "column", "the figure by which a robust rule ranks the updates",
         "Krum's is a sum of squared distances to the nearest others, BGD's the distance of a\n"
         "group from the median; `explain` of the rule has the formula with the last round's\n"
         "numbers. Means have none.",
         .now = fed__figure_scores),
	WORD("weight", "column", "share of an update in the step",
         "FedAvg weighs by samples; `set weighting equal` weighs all alike. A filtered update\n"
         "has 0. The weights of a round sum to 1.\n"
         "\n"
         "  weight_i = n_i / sum_j n_j",
         .now = fed__figure_weights),
	WORD("norm", "column", "Euclidean length of an update",
         "Long updates pull the mean most: an attacker that scales its update shows here at\n"
         "once, one of alie does not. `aggregator norm-clip` shortens what is too long.\n"
         "\n"
         "  |d| = sqrt(sum_j d_j^2)",
         .now = fed__figure_norms, .also = {"length", "Euclidean norm"}),
	WORD("cosine", "column", "agreement in direction of two updates",
         "1 is the same direction, 0 at right angles, -1 the opposite. cos(step) compares an\n"
         "update with the step, cos(honest) with the mean of the honest updates. A flipped\n"
         "sign has -1; clients with different data are near 0.\n"
         "\n"
         "  cos(a, b) = a . b / (|a| |b|)",
         .now = fed__figure_cosines, .also = {"cos(step)", "cos(honest)"}),
	WORD("group", "column", "updates that a rule combines before it compares",
         "BGD splits the clients into k groups anew in each round and takes the median of the\n"
         "groups' means; bucketing forms means of s updates. One attacker spoils its whole\n"
         "group.",
         .now = fed__figure_groups, .also = {"size", "who", "groups"}),
	WORD("honest mean", "term",
         "weighted mean of the honest updates: what FedAvg would do without attackers",
         "The map marks it H. Of the landmarks beside it M is the mean of all updates, D the\n"
         "coordinate-wise median and S the step that the rule made; a good defence has S near\n"
         "H.",
         .metric = "honest_distance", .also = {"mean"}),
	WORD("map", "term", "the updates as points of a plane, near where they are alike",
         "The first two principal components of the updates: no other plane shows more of\n"
         "their variance, and distances in it are at most the true ones. Its title says which\n"
         "share of the variance it shows.",
         .also = {"a version ago", "variance", "honest, filtered", "Byzantine, filtered", "several",
                  "marked"},
         .command = "updates"),

	/* Clients, devices and data. */
	WORD("client", "term", "an owner of private examples, with a device and a link",
         "It trains the model that the server sends, on its own examples, and returns an\n"
         "update; the examples never leave it. Clients are numbered from 0; `clients` lists\n"
         "them, `client 3` tells the story of one.",
         .now = fed__figure_clients),
	WORD("state", "column", "what a client does now, or how its last invitation ended",
         "idle: not invited. downloading, training, uploading: at work. holding: a fault keeps\n"
         "its update. queued: its message waits for the server's link, or at the server until\n"
         "updates before it are there, in real rounds. done: its update was taken. refused,\n"
         "lost, late, cancelled: it was not. away: offline, or absent by churn.",
         .now = fed__figure_in_flight,
         .also = {"idle", "downloading", "holding", "uploading", "queued", "done", "cancelled",
                  "away", "at work", "in flight"},
         .command = "clients"),
	WORD("examples", "column", "rows of data with their labels that a client holds",
         "The partition decides how many each gets and of which classes. FedAvg weighs a\n"
         "client's update by this number.",
         .now = fed__figure_pool, .also = {"samples", "example"}, .command = "clients"),
	WORD("labels", "column", "the classes among a client's examples",
         "One bar for each class, its height the share of the client's examples: level bars\n"
         "are iid, a single one is a client that knows one class.",
         .now = fed__figure_dataset, .also = {"label", "classes", "class"}, .command = "clients"),
	WORD("pool", "term", "training examples that no client holds yet",
         "`add-client` takes from it, `remove-client` gives back. `add-client 10 samples=100\n"
         "reuse` shares examples among clients instead.",
         .now = fed__figure_pool, .command = "add-client"),
	WORD("partition", "column", "how the pool's examples are split over clients",
         "iid: each client gets a random share. noniid, dirichlet and others give clients\n"
         "different classes or amounts, which is what makes federated learning hard. `explain\n"
         "dirichlet` and the other names tell each rule; `help add-client` has them.",
         .now = fed__figure_clients, .also = {"non-iid", "heterogeneity"}, .command = "add-client"),
	WORD("dataset", "term", "examples to learn from, and test examples that no client gets",
         "`dataset` lists generators that make one (moons, blobs, glyphs, ...) and files that\n"
         "it reads (csv, idx, npz, ...). Without a choice the first command that needs one\n"
         "takes glyphs.",
         .now = fed__figure_dataset, .also = {"input", "features"}),
	WORD("faults", "column", "what was injected into clients, links, messages or data",
         "Stragglers, crashes, lost messages, Byzantine clients, label drift and more:\n"
         "`inject` lists the kinds, `faults` what is injected, `heal` takes it away. Brackets\n"
         "mean that a fault has not begun yet.",
         .now = fed__figure_faults, .also = {"fault", "strikes"}),
	WORD("attack", "term", "what Byzantine clients send instead of their updates",
         "`inject byzantine 20% attack=alie` chooses one. Some are crude (sign-flip,\n"
         "gaussian), some are crafted together to stay within the spread of the honest updates\n"
         "(alie, ipm, min-max). `plugins attack` lists them.",
         .metric = "attackers", .also = {"colluding"}, .command = "inject"),
	WORD("latency", "column", "seconds that a message takes before its first byte arrives",
         "One way, whatever its size; the bytes over the bandwidth come on top. Split\n"
         "learning, with messages for each batch, feels it most.\n"
         "\n"
         "  time = latency + bytes / bandwidth",
         .also = {"bandwidth"}, .command = "set"),
	WORD("jitter", "column", "random extra time of each message on a link",
         "Only `transport lossy` knows it; `transport local` delivers after the latency and\n"
         "the bytes over the bandwidth.",
         .now = fed__figure_transport, .command = "transport"),
	WORD("drop rate", "term", "probability that a link loses a message",
         "The column loss in the table of links; only `transport lossy` knows it. An update\n"
         "that is lost takes the whole round's work of its client with it.",
         .now = fed__figure_transport, .command = "transport"),
	WORD("transport", "plugins", "what carries the messages",
         "local delivers all of them in virtual time; lossy has jitter and losses. `transport`\n"
         "chooses one, `plugins transport` lists them.",
         .now = fed__figure_transport),

	/* Ranks. */
	WORD("rank", "column", "a process of an MPI job, by its number",
         "Rank 0 has the session and the prompt; the others train for it, each with its threads.\n"
         "`ranks` shows on which host each is, what it has now and how long it was busy. Rank 0\n"
         "alone joins updates (means as they come, rules that compare at the end), makes those\n"
         "of attacks, has split learning and trainings with plugins that you loaded.",
         .now = fed__figure_rank0, .also = {"ranks", "host", "has now", "busy", "waiting"},
         .command = "ranks"),

	/* Clients on other machines. */
	WORD("member", "term", "a program on another machine that joined the room",
         "`fedsh join` is one; `room` lists them. A member whose data fit becomes a client. It is\n"
         "known by its key, so that it keeps its number when it comes back.",
         .also = {"room", "address", "key", "fingerprint"}, .command = "room"),
	WORD("does", "column", "what a member of the room does, and for how long",
         "It waits for work, is sent the model, works, or its answer arrives. Behind a state that\n"
         "is an end stands why.",
         .also = {"for"}, .command = "room"),
	WORD("votes", "column", "how many members take a client for an attacker",
         "A member says it on its screen (key v). Who has the most votes is what the room\n"
         "believes, which need not be what is so.",
         .command = "room"),
	WORD("round trip", "column", "seconds from a part of a message to its acknowledgement",
         "Of the last one to this member, over the network between you; loopback takes less than\n"
         "a millisecond, Wi-Fi a few.",
         .command = "room"),
	WORD("silent", "column", "seconds since a member was heard last, after 15 without a sign",
         "A lid that was closed, a cable that is out, Wi-Fi that is lost. It counts as left after\n"
         "`serve patience=S`, and may come back.",
         .command = "room"),
	WORD("isa", "column", "the instruction set that a member computes with",
         "plain, avx2 or avx512. Where it is the same on all machines, results are the same, bit\n"
         "for bit; `FEDSH_ISA=avx2 fedsh join ...` chooses one.",
         .command = "room"),

	/* Model and split learning. */
	WORD("model", "term", "the layers that are trained; their numbers are the parameters",
         "`model mlp` chooses one, `plugins model` lists them, `model` alone shows its layers.\n"
         "The global model is the server's; each client trains a copy of it.",
         .now = fed__figure_model, .also = {"global model"}),
	WORD("parameters", "term", "the numbers of the model that training changes",
         "All layers' weights and biases in one vector; their number is called dim, d or P. Of\n"
         "a plugin or fault parameters are its own settings.",
         .now = fed__figure_parameters,
         .also = {"dim", "d", "parameter", "numbers", "original", "width"}, .command = "model"),
	WORD("layer", "term", "one step from inputs to outputs of the model",
         "Dense, convolution, pooling, ReLU, ...: `model` lists them with shapes, parameters\n"
         "and FLOPs. A cut is a boundary between two of them.",
         .now = fed__figure_model, .also = {"output", "row", "what it does"}),
	WORD("cut", "term", "the boundary between the client's layers and the server's",
         "Scheme split cuts the model: layers before the cut are the client's (the head),\n"
         "those after it the server's. An early cut leaves clients little to compute, and\n"
         "shows the server more of their inputs. `scheme split cut=2` sets it, `set scheme.cut\n"
         "3` moves it, `leakage` measures what it reveals.\n"
         "\n"
         "  client: a = head(x);  server: loss(rest(a), y)",
         .now = fed__figure_cut, .also = {"cuts", "after"}, .command = "scheme"),
	WORD("head", "term", "the client's layers, before the cut",
         "Each client's turn begins with the head of the client before it and ends by passing\n"
         "it on: through the server, which sees it (relay=server), or from client to client\n"
         "(relay=peer). In a room it then passes the server sealed (crypto_box): it sees the\n"
         "length, who made it and who is next. SplitFed averages the heads instead.",
         .now = fed__figure_head, .also = {"relay", "sealed"}, .command = "scheme"),
	WORD("tail", "term", "the client's last layers, after a second cut",
         "With labels=client the model has two cuts: the client has the first and the last\n"
         "layers, the server those between. Labels then never leave the client (U-shape).\n"
         "Without it the server has all layers after the cut.",
         .now = fed__figure_tail, .command = "scheme"),
	WORD("smashed data", "term", "the activations at the cut, which the client sends to the server",
         "For each batch of B examples: B times the width of the layer before the cut, and the\n"
         "labels. The server answers with the gradient by them, of the same size. They are not\n"
         "the examples, but `reconstruct` shows how much of these can be recovered.\n"
         "\n"
         "  a = head(x), B * width numbers up, as many down",
         .now = fed__figure_smashed, .also = {"smashed", "activations"}, .command = "scheme"),
	WORD("gradient", "term", "direction in which the loss grows fastest, in each parameter",
         "A local step goes against it. In split learning it is also a message: the server\n"
         "sends the gradient by the smashed data, so that the client can train its layers.\n"
         "\n"
         "  g = (1/B) * sum_i grad loss(w; x_i, y_i),   w <- w - lr * g",
         .now = fed__figure_smashed),
	WORD("scheme", "term", "who talks to whom, and who waits for whom",
         "sync: rounds of FedAvg. async: each client is invited again when it has answered.\n"
         "split: the model is cut. `scheme` chooses one, `explain sync` tells each.",
         .now = fed__figure_scheme),
	WORD("aggregator", "term", "the rule that turns a round's updates into one step",
         "FedAvg is the mean by samples; others correct for client drift, use momentum, or\n"
         "withstand Byzantine clients. `aggregator krum f=2` chooses one, `plugins aggregator`\n"
         "lists them.",
         .now = fed__figure_aggregator, .also = {"rule"}),
	WORD(
		"data cache", "term", "a folder that keeps datasets which are slow to read",
		"Folders of pictures, archives and JSON files are read once; the next time the dataset\n"
		"comes from ~/.cache/fedsh/data, bit for bit, unless a file, an argument, the seed or the\n"
		"program has changed. A damaged entry is replaced, the oldest make way at 4 GB.\n"
		"`set data-cache off` leaves it alone; removing the folder does no harm.",
		.also = {"cache"}),
	WORD("client drift", "term", "local models moving apart where clients have different data",
         "With more local steps each client walks towards its own optimum, and the mean of\n"
         "these is not the optimum of all. FedProx and SCAFFOLD hold against it; `plane` shows\n"
         "it.",
         .now = fed__figure_cosines, .also = {"drift of clients"}),
	WORD("leakage", "term", "what messages reveal of the clients' examples",
         "`leakage` measures it at each cut. dcor: distance correlation of inputs and smashed\n"
         "data, 0 is independent, 1 alike; corrected: without the bias of small samples.\n"
         "labels inferred: share of the labels that gradients tell. norm AUC: how well the\n"
         "gradient's norm alone tells a label. A split server sees these; `relay` says what else.\n"
         "\n"
         "Source: Szekely et al. 2007; Vepakomma et al. 2020; Li et al. 2022.",
         .also = {"dcor", "distance correlation", "corrected", "labels inferred", "norm AUC",
                  "reconstruction", "recovered", "privacy", "columns"},
         .command = "leakage"),
	WORD("plane", "view", "decision regions of the global model and of the clients' own",
         fed__plane_text, .now = fed__figure_model,
         .also = {"decision regions", "wrong", "unsure", "answer", "local training"}),

	/* The run. */
	WORD("open round", "term", "a round that was begun and has not ended",
         "`step` opens one and handles one event at a time, so that you can look at what has\n"
         "arrived, or inject a fault. `continue` ends it, `abort` takes it back as if it had\n"
         "never begun.",
         .now = fed__figure_phase),
	WORD("invitation", "term", "one model sent to one client, until its update or its end",
         "`client 3` lists those of a client: when the model was sent, how long download,\n"
         "training and upload took, and what became of it.",
         .now = fed__figure_in_flight,
         .also = {"download", "trained", "upload", "sent at", "ended at", "what became of it",
                  "outcome"},
         .command = "client"),
	WORD("event", "term", "one thing that happened at one moment of virtual time",
         "`log` shows them. begin, round, aborted: of a round. sent, received, trained,\n"
         "reported, refused, lost, late, cancelled: of an invitation. smashed, gradient,\n"
         "arrived, reached: of split learning. asked, answered: of selection by loss. queued,\n"
         "passes: at the server's link. evaluation, evaluating, evaluated, measured, missing: of\n"
         "the evaluation by clients. fault, plugin, notice, warning, stop: of the session.",
         .now = fed__figure_events,
         .also = {"begin", "sent", "received", "aborted", "plugin", "notice", "note", "warning",
                  "stop", "arrived", "asked", "answered", "reached", "passes"},
         .command = "log"),
	WORD("breakpoint", "term", "a condition at which a run stops",
         "`break accuracy>=0.9` or `break client==3`; `break` lists them with how often each\n"
         "was met (hits). `continue` goes on.",
         .now = fed__figure_breakpoints, .also = {"break", "hits", "condition", "pause"},
         .command = "break"),
	WORD("run", "term", "the rounds since version 0; a kept run is a copy of its history",
         "`keep NAME` keeps it; `plot accuracy` and the view compare set kept runs beside the\n"
         "present one. `restart` begins another.",
         .now = fed__figure_kept_runs,
         .also = {"kept run", "curve", "this run", "runs", "best", "last", "left to do"}),
	WORD("study", "term", "every combination of the levels of some factors, each as a kept run",
         "`study NAME { lr = 0.01, 0.1; seed = 1..5 }`: factors are what varies, levels their\n"
         "values. Each run begins at version 0 and has the bits of the same commands typed.\n"
         "Tables show the mean of a metric over the runs of a group, their standard deviation\n"
         "(sd), and the difference of each level to the best: over pairs of runs that agree in\n"
         "all else, with the limits low and high of its 95 % confidence interval, which says\n"
         "what other seeds would be likely to give. An interval without 0 is a difference that\n"
         "the seeds do not explain. `diff` shows how two runs were composed and came out.\n"
         "\n"
         "Source: Student, Biometrika 6, 1908.",
         .also = {"factors", "sd", "low", "high", "pairs", "began", "failed", "composed", "figure",
                  "trial"}),
	WORD("lesson", "term", "a script that is played step by step",
         "`lesson` lists them, `lesson 7` plays one: a caption, a command, what it shows. They\n"
         "are files of the shell's own language.",
         .also = {"recording"}),
	WORD("table", "term", "rows and columns; `explain` knows the columns by name",
         "name, key, title, command, value, default, allowed, help: what something is called,\n"
         "holds, may hold, and is for. number, count, from, bar: of a list and of a histogram.\n"
         "what, found, overruled by: what a reader of files guessed, and the argument that\n"
         "overrules it. when, now: the versions of a fault, and whether it is active. As CSV\n"
         "or JSON a table has all columns.",
         .also = {"name", "key", "title", "command", "value", "default", "allowed", "help",
                  "number", "count", "bar", "what", "overruled by", "overrule", "when", "now",
                  "from", "file", "what it is"}),
	WORD("lora", "term", "training small adapters of frozen layers, and nothing else",
         "y = x W + b + (x A') B with A of `lora` rows and B of as many: W, b and all other\n"
         "layers are the frozen base, which clients have already and no step changes. A and B,\n"
         "the adapter, alone are trained and travel; B begins as 0, so that version 0 is the\n"
         "base. `lora-on=` lists what has one: dense layers, q, k, v and out of attention, the\n"
         "kernels of conv, the table of embedding; dense,q,v unless said, and q,v is the paper's.\n"
         "gru, positions, norms and block_dense have none. It comes from `pretrain`, from `import "
         "FILE`, else from the seed. Bytes and\n"
         "updates shrink to the adapters; computing by about a third, as gradients of what is\n"
         "frozen are not needed; the client's memory hardly: it still runs all layers. Split\n"
         "learning cuts that. In a model file, `lora rank=4` begins frozen layers, `trained`\n"
         "ends them, as for a head that is to be trained in full; alpha= scales the adapter by\n"
         "alpha/rank.",
         .also = {"frozen", "frozen base", "adapter", "trained", "base", "pretrain", "lora-on"}),
	WORD(
		"tensor", "term", "parameters of a layer that belong together, as a matrix or a vector",
		"`import` shows which tensor of a file with names of its own became which of the model's,\n"
		"and its shape. transposed: the file has it as (in, out); channels last: a kernel as\n"
		"(height, width, in, out), or columns behind a picture in that order, as Keras and Flax;\n"
		"transposed convolution: a kernel (in, out, height, width), turned by 180 degrees.\n"
		"Where a shape does not say, it is as most of the others.",
		.also = {"of the file", "shape"}),
	WORD("client memory", "metric",
         "bytes that training takes at a client, as its device needs them",
         "The parameters of the layers that the scheme gives to it, frozen ones too, the vectors\n"
         "of momentum or of an aggregator's term, and the activations and gradients of a batch of\n"
         "the largest client. Split learning leaves it the layers before the cut; lora saves\n"
         "almost nothing.",
         .metric = "client_memory", .also = {"memory", "client memory"}, .command = "costs"),
	WORD("comparison of plugins", "term", "columns of `bench-plugin` and `diff-plugin`",
         "ms a call: milliseconds of one call, the median of the runs; GB/s: bytes of updates\n"
         "that it reads over that time. difference: of two plugins' steps, at the coordinate\n"
         "where it is largest.",
         .also = {"ms", "ms a call", "GB/s", "difference", "coordinate", "runs"}),
	{0},
};
#undef WORD
