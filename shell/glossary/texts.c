/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/glossary/texts.c - the longer texts of the glossary.
 */
#include "shell/glossary/texts.h"

const char fed__noise_text[] =
	"Each number that a client sends of what it computed gets a draw of N(0, sigma^2):\n"
	"of its update under scheme sync and async, of its smashed data under scheme split,\n"
	"before the codec. Other messages of split learning (heads, gradients) have none.\n"
	"Nothing is clipped first and no privacy budget is kept: it is the noise of\n"
	"differential privacy without its promise. `reconstruct` and\n"
	"`leakage` show what it hides.\n"
	"\n"
	"  x_i + sigma * z_i, z_i ~ N(0, 1); `set noise 0.05` is sigma = 0.05, 0 is none\n"
	"\n"
	"Source of the mechanism: Dwork, Roth, The Algorithmic Foundations of Differential\n"
	"Privacy, 2014, app. A; Abadi et al., Deep Learning with Differential Privacy, 2016.";

const char fed__accuracy_text[] =
	"Of the test examples, which no client has, the share whose class gets the largest\n"
	"output of the global model. It is measured when a version is made, every `eval-every`\n"
	"rounds; with K classes of equal size guessing gets 1/K. A regression has none: look at\n"
	"the loss. A model may gain accuracy while its loss grows: it errs seldom, but sure of\n"
	"itself. `test-accuracy` is its full name; `plot accuracy`, `run until accuracy>=0.9`.\n"
	"\n"
	"  accuracy = (1/n) * sum_i [argmax_c f_c(x_i) = y_i]";

const char fed__lr_text[] =
	"How far a client moves against the gradient in each local step. Too small and many\n"
	"rounds are needed, too large and the loss grows until it is NaN. More local\n"
	"steps want a smaller one. `set lr-decay 0.99` multiplies it by 0.99 at each version;\n"
	"it is not the rate of the server, which `fedavgm`, `fedadam` and others have as well.\n"
	"\n"
	"  w <- w - lr * g, g the mean gradient of the mini-batch; with momentum m:\n"
	"  v <- m v + g, w <- w - lr * v\n"
	"\n"
	"`sweep lr 0.01,0.03,0.1,0.3 rounds=5` compares some.";

const char fed__batch_text[] =
	"B, the examples whose mean gradient makes one local step; the last batch of an epoch\n"
	"has what is left. A client with n examples makes E * n/B steps in a round, rounded\n"
	"up for each epoch. Small ones give many noisy steps, `set batch all` (B = infinity in\n"
	"papers) one exact step an epoch; with epochs=1 that is FedSGD.\n"
	"\n"
	"Source: McMahan et al. 2017, algorithm 1.";

const char fed__epochs_text[] =
	"E, how often a client goes through all its examples, shuffled anew, between receiving\n"
	"the model and sending its update. More of them save rounds and messages and cost\n"
	"computing; where clients differ (noniid) each also drifts further towards its own\n"
	"optimum, which fedprox and scaffold hold against.\n"
	"\n"
	"Source: McMahan et al. 2017, algorithm 1 and section 3.";

const char fed__codec_text[] =
	"What the vectors of messages are compressed by: a plugin, `plugins codec` lists them.\n"
	"`set codec top-k:0.01` is for what clients send; `set codec up=qsgd:levels=64 down=fp16`\n"
	"compresses the model on its way down, too, and clients train on what they decode; a\n"
	"direction that is not named has none. The bytes of a message are those of its code; `costs`\n"
	"shows what was saved. Vectors that an aggregator has travel beside (scaffold) are not\n"
	"compressed.\n"
	"\n"
	"Error feedback (`set error-feedback`, on): a client keeps what the codec lost, its\n"
	"residual e, and adds it to its next update; an unbiased codec (qsgd) leaves none.\n"
	"\n"
	"  sends C(d + e), keeps e = d + e - C(d + e)\n"
	"\n"
	"Source: Seide et al. 2014; Karimireddy et al. 2019.";

const char fed__selection_text[] =
	"Which clients take part in a round: a rule that `select` chooses, a plugin; `plugins\n"
	"selection` lists them. Without one every client is equally likely. How many take part is\n"
	"`fraction` or `participants`. Rules may prefer large clients (by-size), high losses\n"
	"(power-of-choice), or high losses and short rounds (oort); `info NAME` shows what a rule\n"
	"knows of the clients. Faults are apart from it: a client that is chosen may be offline.\n"
	"Scheme async invites one client at a time, uniformly.";

const char fed__quorum_text[] =
	"A parameter of scheme sync: the share of the m clients wanted whose updates complete\n"
	"a round. A client that answers after that is late, and its update is dropped. A round in\n"
	"which too few answer fails and leaves the model unchanged. 1, the default, waits for all\n"
	"clients that are not lost and fails only when none answers.\n"
	"\n"
	"  `scheme sync quorum=0.8` steps with the first ceil(0.8 m)";

const char fed__deadline_text[] =
	"A parameter of scheme sync: the virtual seconds after which a round takes no more\n"
	"updates. It steps with those that have come, if they are as many as `quorum` asks for,\n"
	"and the others are late. 0, the default, sets none. Short ones keep slow clients, and\n"
	"what only they know, out of the model.\n"
	"\n"
	"Source: Bonawitz et al., Towards Federated Learning at Scale, 2019, section 4.";

const char fed__staleness_text[] =
	"How many versions were made while an update was in flight: from when its client was\n"
	"sent the model until the update was combined. Under scheme sync it is 0, under async\n"
	"it grows with `concurrency` and with how unequal clients are. Old updates point from a\n"
	"model that is gone: fedasync and fedbuff weigh them less, `scheme async\n"
	"max-staleness=N` drops them. `plot staleness` draws its mean over the used updates,\n"
	"`histogram staleness` how it spreads.\n"
	"\n"
	"  tau = t - t_i, version now minus version received\n"
	"\n"
	"Source: Xie, Koyejo, Gupta, Asynchronous Federated Optimization, 2019.";

const char fed__filtered_text[] =
	"`attackers` is how many of the updates that the aggregator got in a round were sent by\n"
	"Byzantine clients. An update counts as filtered when the rule did not trust it, and\n"
	"fedsh, which knows the attackers, judges the rule as a test for them:\n"
	"\n"
	"  precision = filtered attackers / filtered      none when no update is filtered\n"
	"  recall    = filtered attackers / attackers     none without attackers\n"
	"\n"
	"Rules that select (krum, multi-krum, bulyan) filter the updates that they leave out.\n"
	"Rules that down-weight instead leave none out; there an update counts as filtered when\n"
	"\n"
	"  geometric-median   it is farther from the step than twice the middle distance\n"
	"  bgd                the mean of its group is\n"
	"  median, trimmed-mean   its weight is below half of an equal share\n"
	"  norm-clip, centered-clip   it was shortened to less than half\n"
	"  after nnm, bucketing   the rule did not trust its own mixture, or bucket\n"
	"\n"
	"Means (fedavg and its like) trust all: recall 0. A rule may filter an attacker and be\n"
	"moved by it, or trust one that does no harm: compare `honest-distance` and accuracy.\n"
	"\n"
	"A line of a round shows how many attackers the rule found (recall), the precision, and\n"
	"`step off by`, which is honest-distance: how far the step is from the mean of the\n"
	"honest updates.\n"
	"\n"
	"`plot defence-precision`, `plot defence-recall`, `plot attackers` draw them.";

const char fed__plane_text[] =
	"The decision regions of a model: what it answers at each point of a plane of inputs.\n"
	"`plane` and the view of that name draw those of the global model and, beside them, of the\n"
	"models that the clients sent, each with its own examples: a client that has one class\n"
	"paints all in its colour (client drift), the average of all does not; an attacker's\n"
	"model stands out, and `b` shows the model before local training. The shade is the\n"
	"confidence, from guessing to sure:\n"
	"\n"
	"  (max_c p_c - 1/K) / (1 - 1/K), p = softmax of the outputs, K classes\n"
	"\n"
	"A regression has two colours: below and above the middle of the targets' range. A\n"
	"client's model is x + d_i, x the model of its round and d_i the update that the server\n"
	"got; under async x is the version before the last, whatever the update began with.\n"
	"Labels are the true ones, also where an attack changes them.\n"
	"\n"
	"With two features the plane is all there is. With more it goes through the mean of the\n"
	"test examples along their first two principal components, and examples are projected\n"
	"onto it, so that one may lie in a region of another class although the model gets it\n"
	"right; or it goes through three test examples, which are then on it.\n"
	"\n"
	"Source of the plane through three examples: Somepalli et al., Can Neural Nets Learn the\n"
	"Same Model Twice?, CVPR 2022. See `help plane`.";

const char fed__quality_text[] =
	"`evaluate` counts for each class c how many examples of it are found (TP), missed (FN),\n"
	"and how many others are taken for it (FP). Accuracy hides what happens to small\n"
	"classes; macro F1 counts each class the same. AUC is the probability that an example of\n"
	"the class gets a higher softmax score than one of the others: 0.5 is guessing. A row of\n"
	"the confusion matrix is a class, a column an answer of the model; what is right lies on\n"
	"the diagonal, and a label-flip attack makes a column of another class swell.\n"
	"\n"
	"  precision = TP/(TP + FP)    recall = TP/(TP + FN)    F1 = 2 TP/(2 TP + FP + FN)\n"
	"  AUC_c = P(score of one of c > score of another) + P(equal)/2";

const char fed__chosen_metrics_text[] =
	"`set metrics macro-f1,auc` has each round measure these on the test examples, too; then\n"
	"`plot macro-f1`, `run until macro-f1>0.8`, breakpoints, studies, exports and JSON name\n"
	"them. Of classes:\n"
	"\n"
	"  macro-f1            mean of F1 over the classes that occur\n"
	"  balanced-accuracy   mean of recall over the classes with examples\n"
	"  worst-class         the least of these recalls\n"
	"  auc                 mean of AUC over the classes, each against the rest\n"
	"  class:7             class-recall, class-precision and class-f1 of class 7: what a\n"
	"                      label-flip attack on it is after\n"
	"\n"
	"Of a regression: mae, rmse, r2. Accuracy, loss and the perplexity of language models are\n"
	"measured anyway, as are the figures over clients where clients hold examples out. `set\n"
	"metrics none` measures nothing more. `explain F1` has the definitions.";

const char fed__regression_text[] =
	"`evaluate` says them of a regression, over the test examples: the mean absolute error,\n"
	"the root of the mean squared error, and the share of the targets' variance that the\n"
	"model explains. R2 is 1 for a model that is always right, 0 for the mean of the targets,\n"
	"and below 0 for worse.\n"
	"\n"
	"  MAE = mean |y - t|    RMSE = sqrt(mean (y - t)^2)    R2 = 1 - sum (y - t)^2/sum (t - t')^2";

const char fed__fairness_text[] =
	"`evaluate all` tries the global model on each client's own examples, beside the model\n"
	"that the client sent (own). A good mean can hide clients that are served badly, mostly\n"
	"those whose data differ from the others': look at the worst client, the mean of the\n"
	"worst tenth and Jain's index, which is 1 if all clients have the same figure and 1/n if\n"
	"one of n has it all. Where own is far better than global, a model for each client\n"
	"(personalisation) would help. `set holdout 0.2` makes clients that are added after it\n"
	"keep a fifth of their examples for this, and each round measures them: clients-accuracy,\n"
	"clients-worst, clients-fairness, ...; without it `evaluate` takes what they train on.\n"
	"\n"
	"  J = (sum_i x_i)^2/(n sum_i x_i^2)\n"
	"\n"
	"Source: Jain, Chiu and Hawe, DEC TR-301, 1984.";
