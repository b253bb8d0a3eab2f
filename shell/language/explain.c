/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/explain.c - what a name stands for.
 */
#include "shell/language/explain.h"

#include <string.h>

#include "report/explain_round.h"
#include "shell/language/command.h"
#include "shell/output/devices.h"
#include "shell/output/print.h"
#include "train/schemes/schemes.h"

/* In the order of fed_partition_names. */
static const char *const partition_docs[] = {
	[FED_PARTITION_IID] =
		"Each client gets `samples` examples drawn at random from the pool, without\n"
		"replacement: all clients see the same mix of classes.",
	[FED_PARTITION_NONIID] =
		"Examples are sorted by label and cut into shards; each client gets two of them,\n"
		"so most clients know two classes only.\n\n"
		"Source: McMahan et al., Communication-Efficient Learning of Deep Networks from\n"
		"Decentralized Data, AISTATS 2017, sec. 3.",
	[FED_PARTITION_SHARDS] =
		"As noniid, with `shards` label shards for each client: 1 is the hardest case,\n"
		"many shards come close to iid.",
	[FED_PARTITION_DIRICHLET] =
		"The class mix of each client is drawn from a Dirichlet distribution with the\n"
		"parameter alpha for each class (scaled by the class' share of the pool): 100 is\n"
		"nearly iid, 0.1 gives most clients one or two classes.\n\n"
		"Source: Hsu, Qi, Brown, Measuring the Effects of Non-Identical Data Distribution\n"
		"for Federated Visual Classification, 2019.",
	[FED_PARTITION_QUANTITY] =
		"As iid, but of unequal sizes: lognormal with the mean `samples` and `spread` as\n"
		"the standard deviation of the logarithm.",
	[FED_PARTITION_FEATURE] =
		"As iid, but each client's inputs are changed by a gain and an offset of its own,\n"
		"as different sensors would: `spread` says how far.",
	[FED_PARTITION_NATURAL] =
		"The data's own users, one client each, in their order. Needs a dataset that\n"
		"knows its users, such as synthetic.",
};

static const char noise_doc[] =
	"Each number that a client sends of what it computed gets a draw of N(0, sigma^2):\n"
	"of its update under scheme sync and async, of its smashed data under scheme split,\n"
	"before the codec. Other messages of split learning (heads, gradients) have none.\n"
	"Nothing is clipped first and no privacy budget is kept: it is the noise of\n"
	"differential privacy without its promise. `peek` and `leak` show what it hides.\n"
	"\n"
	"  x_i + sigma * z_i, z_i ~ N(0, 1); `set noise 0.05` is sigma = 0.05, 0 is none\n"
	"\n"
	"Source of the mechanism: Dwork, Roth, The Algorithmic Foundations of Differential\n"
	"Privacy, 2014, app. A; Abadi et al., Deep Learning with Differential Privacy, 2016.";

static const char accuracy_doc[] =
	"Of the test examples, which no client has, the share whose class gets the largest\n"
	"output of the global model. It is measured when a version is made, every `eval-every`\n"
	"rounds; with K classes of equal size guessing gets 1/K. A regression has none: look at\n"
	"the loss. A model may gain accuracy while its loss grows: it errs seldom, but sure of\n"
	"itself. `test-accuracy` is its full name; `plot accuracy`, `run until accuracy>=0.9`.\n"
	"\n"
	"  accuracy = (1/n) * sum_i [argmax_c f_c(x_i) = y_i]";

static const char lr_doc[] =
	"How far a client moves against the gradient in each local step. Too small and many\n"
	"rounds are needed, too large and the loss grows until it is no number. More local\n"
	"steps want a smaller one. `set lr-decay 0.99` multiplies it by 0.99 at each version;\n"
	"it is not the rate of the server, which `fedavgm`, `fedadam` and others have as well.\n"
	"\n"
	"  w <- w - lr * g, g the mean gradient of the mini-batch; with momentum m:\n"
	"  v <- m v + g, w <- w - lr * v\n"
	"\n"
	"`sweep lr 0.01,0.03,0.1,0.3 rounds=5` compares some.";

static const char batch_doc[] =
	"B, the examples whose mean gradient makes one local step; the last batch of an epoch\n"
	"has what is left. A client with n examples makes E * n/B steps in a round, rounded\n"
	"up for each epoch. Small ones give many noisy steps, `set batch all` (B = infinity in\n"
	"papers) one exact step an epoch; with epochs=1 that is FedSGD.\n"
	"\n"
	"Source: McMahan et al. 2017, algorithm 1.";

static const char epochs_doc[] =
	"E, how often a client goes through all its examples, shuffled anew, between receiving\n"
	"the model and sending its update. More of them save rounds and messages and cost\n"
	"computing; where clients differ (noniid) each also drifts further towards its own\n"
	"optimum, which fedprox and scaffold hold against.\n"
	"\n"
	"Source: McMahan et al. 2017, algorithm 1 and section 3.";

static const char quorum_doc[] =
	"A parameter of scheme sync: the share of the m clients wanted whose updates complete\n"
	"a round. Whoever answers after that is late, and its work is dropped. A round in which\n"
	"too few answer fails, and the model stays. 1, the default, waits for all who are not\n"
	"lost and fails only when nobody answers.\n"
	"\n"
	"  `scheme sync quorum=0.8` steps with the first ceil(0.8 m)";

static const char deadline_doc[] =
	"A parameter of scheme sync: the virtual seconds after which a round takes no more\n"
	"updates. It steps with those that have come, if they are as many as `quorum` asks for,\n"
	"and the others are late. 0, the default, sets none. Short ones keep slow clients, and\n"
	"what only they know, out of the model.\n"
	"\n"
	"Source: Bonawitz et al., Towards Federated Learning at Scale, 2019, section 4.";

static const char staleness_doc[] =
	"How many versions were made while an update was under way: from when its client was\n"
	"sent the model until the update was combined. Under scheme sync it is 0, under async\n"
	"it grows with `concurrency` and with how unequal clients are. Old updates point from a\n"
	"model that is gone: fedasync and fedbuff weigh them less, `scheme async\n"
	"max-staleness=N` gives them up. `plot staleness` draws its mean over the used updates,\n"
	"`histogram staleness` how it spreads.\n"
	"\n"
	"  tau = t - t_i, version now minus version received\n"
	"\n"
	"Source: Xie, Koyejo, Gupta, Asynchronous Federated Optimization, 2019.";

/* Words that papers use, and where they are explained; a doc of their own instead of a page. */
static const struct {
	const char *word, *page, *kind, *help, *doc;
} words[] = {
	{.word = "noise",
     .kind = "setting",
     .help = "Gaussian noise that clients add to what they send",
     .doc = noise_doc},
	{.word = "lr",
     .kind = "setting",
     .help = "learning rate of the clients' stochastic gradient descent",
     .doc = lr_doc},
	{.word = "batch", .kind = "setting", .help = "examples in a local step", .doc = batch_doc},
	{.word = "epochs",
     .kind = "setting",
     .help = "passes of a client over its examples in a round",
     .doc = epochs_doc},
	{.word = "quorum",
     .kind = "setting",
     .help = "how many answers complete a round",
     .doc = quorum_doc},
	{.word = "deadline", .kind = "setting", .help = "how long a round waits", .doc = deadline_doc},
	{.word = "accuracy",
     .kind = "metric",
     .help = "share of the test examples that the model gets right",
     .doc = accuracy_doc},
	{.word = "staleness",
     .kind = "metric",
     .help = "how old the model is that an update was trained from",
     .doc = staleness_doc},
	{.word = "splitfed", .page = "split"},
	{.word = "smashed", .page = "split"},
	{.word = "u-shape", .page = "split"},
};
#define WORDS (sizeof words / sizeof *words)

const char *fed_explain_word_at(size_t i)
{
	return i < WORDS ? words[i].word : NULL;
}

static void show(struct fed_shell *shell, const char *kind, const char *name, const char *help,
                 const char *doc, const struct fed_field *rows)
{
	fed_print_styled(shell, FED_EMPHASIS_BOLD, "%s %s", kind, name);
	fed_print(shell, "%s%s\n", help ? ": " : "", help ? help : "");
	if (doc && *doc)
		fed_print(shell, "\n%s%s", doc, doc[strlen(doc) - 1] == '\n' ? "" : "\n");
	bool any = false;
	for (const struct fed_field *row = rows; row && row->type; row++)
		any |= fed_field_settable(row);
	if (any) {
		fed_print(shell, "\nparameters\n");
		fed_help_fields(shell, rows, NULL);
	}
}

static bool explain_plugin(struct fed_shell *shell, const char *name)
{
	bool found = false;

	for (enum fed_kind kind = FED_KIND_AGGREGATOR; kind <= FED_KIND_ATTACK; kind++) {
		const struct fed_entry *e;

		for (size_t i = 0; (e = fed_registry_at(fed_session_plugins(shell->session), kind, i));
		     i++) {
			if (!fed_same_name(e->head->name, name))
				continue;
			show(shell, fed_kind_name(kind), e->head->name, e->head->help, e->head->doc,
			     e->head->fields);
			found = true;
		}
	}
	return found;
}

static bool explain_core(struct fed_shell *shell, const char *name)
{
	bool found = false;
	const struct fed_source *source;
	const struct fed_scheme *scheme;

	for (size_t i = 0; (scheme = fed_scheme_at(i)); i++)
		if (fed_same_name(scheme->name, name)) {
			show(shell, "scheme", scheme->name, scheme->help, scheme->doc, scheme->fields);
			found = true;
		}
	for (size_t i = 0; (source = fed_source_at(i)); i++)
		if (fed_same_name(source->name, name)) {
			show(shell, "dataset", source->name, source->help, source->doc, source->fields);
			found = true;
		}
	for (size_t i = 0; (source = fed_source_file_at(i)); i++)
		if (fed_same_name(source->name, name)) {
			show(shell, "dataset", source->name, source->help, source->doc, source->fields);
			found = true;
		}
	for (size_t i = 0; i < FED_FAULT_KINDS; i++) {
		const struct fed_fault_type *t = &fed_fault_types[i];

		if (!fed_same_name(t->name, name))
			continue;
		show(shell, "fault", t->name, t->help, t->doc, t->fields);
		found = true;
	}
	for (const struct fed_codec_about *c = fed_codecs; c->name; c++)
		if (fed_same_name(c->name, name)) {
			show(shell, "codec", c->example, c->help, c->doc, NULL);
			found = true;
		}
	for (size_t i = 0; fed_partition_names[i]; i++)
		if (fed_same_name(fed_partition_names[i], name)) {
			show(shell, "partition", fed_partition_names[i], NULL, partition_docs[i], NULL);
			found = true;
		}
	return found;
}

/* The session's own rule also with the numbers of its last round. */
static int explain_round(struct fed_shell *shell, const char *name, struct fed_error *err)
{
	const struct fed_instance *rule = &fed_session_parts(shell->session)->aggregator;
	const bool is_rule = rule->entry && fed_same_name(rule->entry->head->name, name);
	struct fed_told told;

	if (!is_rule && !(rule->after && fed_same_name(rule->after->entry->head->name, name)))
		return FED_OK;
	const int rc = fed_told_init(&told, shell->session, !is_rule, err);
	if (rc == FED_REJECT)
		fed_print(shell, "\nno round to show it with: %s\n", err->text);
	if (told.lines.len) {
		fed_print_styled(shell, FED_EMPHASIS_BOLD, "\nin version %llu:\n",
		                 (unsigned long long)told.version);
		if (is_rule && rule->after)
			fed_print(shell, "behind %s: d_i are its mixtures, by their clients' ids\n",
			          rule->after->entry->head->name);
		fed_print(shell, "%s", fed_text_str(&told.lines));
		if (rc == FED_OK)
			fed_print(shell, "%s\n", fed_text_str(&told.truth));
	}
	fed_told_release(&told);
	return rc == FED_FAIL ? FED_FAIL : FED_OK;
}

static bool explain_word(struct fed_shell *shell, const char *name)
{
	for (size_t i = 0; i < WORDS; i++) {
		if (!fed_same_name(words[i].word, name))
			continue;
		if (words[i].page)
			return explain_core(shell, words[i].page);
		show(shell, words[i].kind, words[i].word, words[i].help, words[i].doc, NULL);
		return true;
	}
	return false;
}

static bool explain_command(struct fed_shell *shell, const char *name)
{
	const struct fed_command *command;
	struct fed_error none;

	if (fed_command_find(name, false, &command, &none))
		return false;
	fed_help_command(shell, command);
	return true;
}

static const char *name_at(const void *ctx, size_t i)
{
	return fed_hint_name(ctx, "explain", i);
}

int fed_explain(struct fed_shell *shell, const char *name, struct fed_error *err)
{
	const bool plugin = explain_plugin(shell, name), core = explain_core(shell, name);
	const bool equipment = fed_explain_equipment(shell, name);

	if (plugin || core || equipment)
		return explain_round(shell, name, err);
	if (explain_word(shell, name) || explain_command(shell, name))
		return FED_OK;
	const char *near = fed_nearest(name, name_at, shell);
	if (near)
		return fed_fail(err, "nothing is called %s; did you mean %s?", fed_show(name).s, near);
	return fed_fail(err, "nothing is called %s; `plugins` and `help` list what there is",
	                fed_show(name).s);
}
