/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/look.c - commands that show the session: status, clients, history, plots,
 * explanations.
 */
#include <math.h>
#include <string.h>

#include "history/kept_runs.h"
#include "history/metrics.h"
#include "report/next_event.h"
#include "session/composition.h"
#include "session/inject.h"
#include "shell/commands/groups.h"
#include "shell/commands/costs.h"
#include "shell/commands/look/clients.h"
#include "shell/language/command.h"
#include "shell/language/explain.h"
#include "shell/commands/evaluate.h"
#include "shell/commands/every.h"
#include "shell/commands/look/histogram.h"
#include "shell/commands/look/leakage.h"
#include "shell/commands/look/plan.h"
#include "shell/commands/look/plane.h"
#include "shell/commands/look/ranks.h"
#include "shell/commands/look/reconstruct.h"
#include "shell/commands/study/report.h"
#include "shell/commands/look/sample.h"
#include "shell/commands/look/kept.h"
#include "shell/output/print.h"
#include "shell/output/settings.h"
#include "shell/commands/look/client.h"
#include "shell/commands/look/updates.h"
#include "shell/commands/watch.h"

/* Status ------------------------------------------------------------------- */

static void cell_instance(struct fed_table *t, const char *kind, const struct fed_instance *p,
                          const char *otherwise)
{
	struct fed_text text = {0};

	fed__put_instance(p, &text);
	fed__table_cell(t, "%s", kind);
	fed__table_cell(t, "%s%s%s", p->entry ? p->entry->head->name : otherwise, text.len ? "  " : "",
	                fed_text_str(&text));
	fed_text_release(&text);
}

/* The scheme's settings that are not defaults, and its cuts. */
static void cell_scheme(struct fed_table *t, const struct fed_session *s)
{
	const struct fed_composition *parts = fed_session_parts(s);
	struct fed_text text = {0};

	fed_fields_print(parts->scheme->fields, parts->scheme_state, true, &text);
	fed__table_cell(t, "scheme");
	fed__table_cell(t, "%s%s%s", parts->scheme->name, text.len ? "  " : "", fed_text_str(&text));
	fed_text_clear(&text);
	fed__put_cut(s, &text);
	if (text.len) {
		fed__table_cell(t, "cut");
		fed__table_cell(t, "%s", fed_text_str(&text));
	}
	fed_text_release(&text);
}

static void cell_clients(struct fed_table *t, const struct fed_session *s)
{
	const struct fed_composition *parts = fed_session_parts(s);
	struct fed_text text = {0};

	fed__table_cell(t, "clients");
	fed_text_count(&text, parts->clients.n_present);
	if (parts->data) {
		fed_text_add(&text, ", ");
		fed_text_count(&text, parts->clients.pool.left);
		fed_text_add(&text, "%s left in the pool",
		             parts->clients.pool.left == 1 ? " example" : " examples");
	}
	fed__table_cell(t, "%s", fed_text_str(&text));
	fed_text_release(&text);
}

static void cell_faults(struct fed_table *t, const struct fed_session_status *st)
{
	if (!st->faults)
		return;
	fed__table_cell(t, "faults");
	fed__table_cell(t, "%zu, %zu of them active", st->faults, st->faults_active);
}

static void cell_progress(struct fed_table *t, const struct fed_session *s)
{
	const struct fed_history *h = fed_session_history(s);
	struct fed_text text = {0};

	fed__table_cell(t, "version");
	fed_text_count(&text, (double)fed_session_version(s));
	fed_text_add(&text, ", clock ");
	fed_text_seconds(&text, fed_session_clock(s));
	fed__table_cell(t, "%s", fed_text_str(&text));
	if (h->n) {
		const struct fed_record *last = &h->record[h->n - 1];

		fed__table_cell(t, "last round");
		fed_text_clear(&text);
		if (!isnan(last->test_accuracy))
			fed_text_add(&text, "accuracy %.2f %%, ", 100 * last->test_accuracy);
		if (!isnan(last->test_loss)) /* NaN: not evaluated */
			fed_text_add(&text, "loss %s, ", fed_digits(last->test_loss, 4).s);
		if (last->perplexity > 0)
			fed_text_add(&text, "perplexity %s, ", fed_digits(last->perplexity, 4).s);
		fed_text_add(&text, "train loss %s", fed_digits(last->train_loss, 4).s);
		fed__table_cell(t, "%s", fed_text_str(&text));
	}
	fed_text_release(&text);
}

/* The open round, what an interrupted run has left, breakpoints. */
static void cell_stops(struct fed_table *t, const struct fed_session *s,
                       const struct fed_session_status *st)
{
	struct fed_text text = {0};

	if (st->phase == FED_PHASE_OPEN) {
		const double called = fed_session_clients_expected(
			s); /* in sequential split learning they are invited one after the other */

		fed_text_add(&text, "%.0f ", st->round.invited);
		if (called > st->round.invited)
			fed_text_add(&text, "of %.0f ", called);
		fed_text_add(&text, "invited, %.0f reported, %.0f refused, %.0f lost, %.0f late, ",
		             st->round.reported, st->round.refused, st->round.lost, st->round.late);
		fed_text_add(&text, "%s at work; `continue` finishes it", fed_count(st->at_work).s);
		fed__table_cell(t, "open round");
		fed__table_cell(t, "%s", fed_text_str(&text));
	}
	if (st->left.some) {
		fed__table_cell(t, "left to do");
		if (st->left.endless)
			fed__table_cell(t, "rounds until the condition holds");
		else
			fed__table_cell(t, "%s round%s", fed_count((double)st->left.versions).s,
			                st->left.versions == 1 ? "" : "s");
	}
	if (st->breakpoints) {
		fed__table_cell(t, "breakpoints");
		fed__table_cell(t, "%zu", st->breakpoints);
	}
	if (st->pausing) {
		fed__table_cell(t, "pause");
		fed__table_cell(t, "at version %llu", (unsigned long long)st->pause);
	}
	fed_text_release(&text);
}

static int run_status(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_session *s = shell->session;
	const struct fed_composition *parts = fed_session_parts(s);
	const struct fed_session_status st = fed_session_status(s);
	static const struct fed_table_column columns[] = {{.title = "name"},
	                                                  {.title = "value", .kind = FED_CELL_PROSE}};
	struct fed_table table = {.name = "status", .column = columns, .columns = 2, .untitled = true};
	struct fed_text text = {0};

	(void)call, (void)err;
	if (parts->data)
		fed__put_dataset(parts->data, &text);
	fed__table_cell(&table, "dataset");
	fed__table_cell(&table, "%s",
	                parts->data ? fed_text_str(&text) : "not chosen yet; glyphs by default");
	fed_text_clear(&text);
	cell_instance(&table, "model", &parts->model, "not chosen yet; the default fits the dataset");
	if (parts->net_built) {
		fed_text_count(&text, (double)parts->net.dim);
		fed__table_cell(&table, "parameters");
		fed__table_cell(&table, "%s", fed_text_str(&text));
	}
	cell_clients(&table, s);
	cell_faults(&table, &st);
	cell_instance(&table, "aggregator", &parts->aggregator, "not chosen yet; fedavg by default");
	cell_instance(&table, "transport", &parts->transport, "not chosen yet; local by default");
	if (parts->selection.entry)
		cell_instance(&table, "selection", &parts->selection, "");
	cell_scheme(&table, s);
	fed_text_clear(&text);
	fed_fields_print(fed_settings_fields, &parts->settings, true, &text);
	fed__table_cell(&table, "settings");
	fed__table_cell(&table, "%s", text.len ? fed_text_str(&text) : "all at their defaults");
	cell_progress(&table, s);
	cell_stops(&table, s, &st);
	if (shell->record) {
		fed__table_cell(&table, "recording");
		fed__table_cell(&table, "%s", shell->record_path ? shell->record_path : "");
	}
	fed__table_print(shell, &table);
	fed_text_release(&text);
	return FED_OK;
}

/* History ------------------------------------------------------------------ */

static const struct fed_table_column history_columns[] = {
	{.title = "round", .kind = FED_CELL_NUMBER, .key = "round"},
	{.title = "accuracy", .kind = FED_CELL_NUMBER, .key = "test_accuracy"},
	{.title = "loss", .kind = FED_CELL_NUMBER, .key = "test_loss"},
	{.title = "train loss", .kind = FED_CELL_NUMBER, .rank = 4, .key = "train_loss"},
	{.title = "used", .kind = FED_CELL_NUMBER, .rank = 1, .key = "used"},
	{.title = "refused", .kind = FED_CELL_NUMBER, .rank = 3, .key = "refused"},
	{.title = "lost", .kind = FED_CELL_NUMBER, .rank = 3, .key = "lost"},
	{.title = "bytes up", .kind = FED_CELL_NUMBER, .rank = 2, .key = "bytes_up"},
	{.title = "bytes down", .kind = FED_CELL_NUMBER, .rank = 2, .key = "bytes_down"},
	{.title = "clock", .kind = FED_CELL_NUMBER, .rank = 1, .key = "clock"},
	{.title = "wall", .kind = FED_CELL_NUMBER, .rank = 5, .key = "wall"},
	{.title = "perplexity", .kind = FED_CELL_NUMBER, .rank = 2, .key = "perplexity"},
};
#define HISTORY_COLUMNS (sizeof history_columns / sizeof *history_columns)

struct count_args {
	int64_t n;
};
static const struct fed_field history_rows[] = {
	FED_ARG_INT(struct count_args, n, FED_FIELD_POSITIONAL, 20, 1, 1e12,
                "number of rounds, the last ones"),
	FED_END,
};
/* Columns of the table: those that are always there, perplexity of language models, and what `set
 * metrics` chooses. */
struct history_columns {
	struct fed_table_column column[32];
	struct fed_text title; /* of the latter, NUL-ended */
	size_t n;
};

static void list_columns(struct history_columns *c, const struct fed_record *last)
{
	size_t at = 0;

	c->n = HISTORY_COLUMNS - !(last && last->perplexity > 0);
	memcpy(c->column, history_columns, c->n * sizeof *c->column);
	for (const struct fed_field *row = fed_metrics; last && row->type; row++) {
		if (!fed_chosen_metric_needs(row->offset) || isnan(fed_metric_value(row, last)))
			continue;
		fed_field_key(row, &c->title);
		fed_text_put(&c->title, "", 1);
		c->column[c->n++] =
			(struct fed_table_column){.kind = FED_CELL_NUMBER, .rank = 2, .key = row->name};
	}
	for (size_t k = 0; k < c->n; k++) {
		if (c->column[k].title)
			continue;
		c->column[k].title = fed_text_str(&c->title) + at;
		at += strlen(c->column[k].title) + 1;
	}
}

static int run_history(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct count_args *a = call->args;
	const struct fed_history *h = fed_session_history(shell->session);
	const size_t first = h->n > (uint64_t)a->n ? h->n - (size_t)a->n : 0;
	struct history_columns c = {0};

	list_columns(&c, h->n ? &h->record[h->n - 1] : NULL);
	struct fed_table table = {.name = "history", .column = c.column, .columns = c.n};
	struct fed_text text = {0};

	(void)err;
	if (!h->n)
		fed__print(shell, "no rounds yet; `round 5` makes some\n");
	for (size_t i = first; i < h->n; i++)
		for (size_t k = 0; k < c.n; k++) {
			const struct fed_field *metric = fed_fields_find(fed_metrics, c.column[k].key);
			const double x = fed_metric_value(metric, &h->record[i]);

			fed_text_clear(&text);
			fed_metric_put(metric, x, &text);
			fed__table_shown(&table, x, fed_text_str(&text));
		}
	fed__table_print(shell, &table);
	fed_text_release(&text);
	fed_text_release(&c.title);
	return FED_OK;
}

/* Plot and kept runs ------------------------------------------------------- */

struct keep_args {
	char name[FED_RUN_NAME_MAX];
};
static const struct fed_field keep_rows[] = {
	FED_ARG_TEXT(struct keep_args, name, FED_FIELD_POSITIONAL, "run", "the run's name"),
	FED_END,
};
static int run_keep(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct keep_args *a = call->args;
	struct fed_session *s = shell->session;
	const struct fed_runs *kept = fed_session_kept_runs(s);
	const size_t rounds = fed_session_status(s).rounds;

	if (*a->name) {
		if (fed_session_keep_run(s, a->name, err))
			return FED_FAIL;
		fed__print(shell, "%zu round%s kept as %s\n", rounds, rounds == 1 ? "" : "s", a->name);
		return FED_OK;
	}
	if (!kept->n)
		fed__print(shell, "no runs are kept; `keep NAME` keeps this one\n");
	fed__list_kept(shell, kept);
	return FED_OK;
}

/* Explain ------------------------------------------------------------------ */

struct explain_args {
	char name[64];
};
static const struct fed_field explain_rows[] = {
	FED_ARG_TEXT(
		struct explain_args, name, FED_ARG_NEEDED | FED_FIELD_REST, "explain",
		"any word of the screen, or a plugin, scheme, dataset, fault, setting, metric, command"),
	FED_END,
};
static int run_explain(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct explain_args *a = call->args;

	return fed__explain(shell, a->name, err);
}

#define QUICK "dataset blobs; add-client 4 samples=50; round 3; "

const struct fed_command fed__commands_look[] = {
	{.name = "every",
     .help = "repeat a command that looks, until Ctrl-C",
     .examples = FED_EXAMPLES("every n=2 100ms status", "every n=2 0.1s clients"),
     .args = fed__every_rows,
     .args_size = sizeof(struct fed_every_args),
     .run = fed__run_every,
     .flags = FED_COMMAND_RUNS | FED_COMMAND_LIVE | FED_COMMAND_BESIDE,
     .failure = FED_EXIT_USAGE},
	{.name = "status",
     .help = "show the composition and the state of the run",
     .examples = FED_EXAMPLES("status", QUICK "status"),
     .run = run_status,
     .flags = FED_COMMAND_TABLE},
	{.name = "clients",
     .help = "list clients: examples, labels, device, link, updates, loss, faults",
     .text = "One bar for each class, its height the share of the client's examples. Faults in\n"
             "brackets have not begun yet. A filter is that of the view `clients` of `watch`: WHO\n"
             "(3, 1-5, 20%, random:3, a name, all), conditions over the columns (loss>2,\n"
             "state==training, client!=Ada), states and verdicts alone (lost, filtered), joined by "
             "and, or. Without one the first\n"
             "20 clients are shown. `columns=all` shows what there is to filter and to sort by.",
     .examples = FED_EXAMPLES("dataset blobs; add-client 5 samples=50; inject flaky 2-4; clients",
                              "dataset blobs; add-client 10 noniid samples=50; clients",
                              "dataset blobs; add-client 10 samples=50; clients 2-4",
                              "dataset blobs; add-client 10 noniid samples=50; clients all "
                              "to=labels.svg",
                              QUICK "clients loss>0.1 and examples>=10 sort=-loss n=3 "
                                    "columns=client,loss,norm,verdict"),
     .args = fed__clients_rows,
     .args_size = sizeof(struct fed_clients_args),
     .run = fed__run_clients,
     .flags = FED_COMMAND_TABLE,
     .failure = FED_EXIT_USAGE},
	{.name = "history",
     .help = "show the figures of the last rounds",
     .examples = FED_EXAMPLES(QUICK "history", QUICK "history 2"),
     .args = history_rows,
     .args_size = sizeof(struct count_args),
     .run = run_history,
     .flags = FED_COMMAND_TABLE},
	{.name = "plot",
     .help = "draw metrics over the rounds",
     .text = "Several metrics are joined by commas. Runs kept with `keep` are drawn beside the\n"
             "present one. `to=FILE` writes a figure for a page instead: SVG, PDF or PNG by the\n"
             "file's ending, with letters of 8 points whatever its width. `plot study NAME METRIC\n"
             "by FACTOR` draws the mean over the runs of each level; a figure has bands, which\n"
             "reach one standard deviation to each side.",
     .examples = FED_EXAMPLES(QUICK "plot accuracy", QUICK "plot loss,train-loss log",
                              QUICK "plot loss log to=loss.svg width=8.5cm",
                              QUICK "keep first; restart; round 2; plot loss against=bytes-up"),
     .args = fed__plot_rows,
     .args_size = sizeof(struct fed_plot_args),
     .run = fed__run_plot,
     .flags = FED_COMMAND_TABLE},
	{.name = "report",
     .help =
         "write a page of the run, or of a study: figures, tables, composition, how to repeat it",
     .text =
         "One HTML file that needs no other: curves of this run and of kept ones, the clients'\n"
         "labels, the last rounds' timeline, the map of the updates, the confusion matrix, as\n"
         "vectors; results, rounds and faults as tables; every setting; the digests of the data\n"
         "and of the plugins in use; and the commands that make it again. With study=NAME it is\n"
         "that of a study: factors, means with spreads and paired differences, curves with bands,\n"
         "all runs, faults, composition, and the programs and plugins that made them.",
     .examples = FED_EXAMPLES(QUICK "report run.html", QUICK "report run.html title=\"My run\"",
                              QUICK "study seventh { lr = 0.01, 0.1; seed = 1, 2 } rounds=1; "
                                    "report seventh.html study=seventh by=lr"),
     .args = fed__report_rows,
     .args_size = sizeof(struct fed_report_args),
     .run = fed__run_report,
     .flags = FED_COMMAND_OUTSIDE,
     .failure = FED_EXIT_FAILED},
	{.name = "keep",
     .help = "keep this run's history under a name, or list the kept ones",
     .text = "`plot` draws kept runs, and conditions may name them: accuracy>=NAME.accuracy.\n"
             "A restart or another model keeps a run that was not kept as `last`.",
     .examples = FED_EXAMPLES(QUICK "keep iid; keep"),
     .args = keep_rows,
     .args_size = sizeof(struct keep_args),
     .run = run_keep,
     .flags = FED_COMMAND_CHANGES | FED_COMMAND_TABLE,
     .failure = FED_EXIT_USAGE},
	{.name = "log",
     .help = "show what happened: notes, warnings, refusals, rounds; with kind= any event",
     .text = "Each argument leaves out the events that do not match. Steps inside a round (begin,\n"
             "sent, received, trained, reported, cancelled; smashed, gradient, arrived) are many\n"
             "and shown only when kind= asks for them; kind=all shows everything. What an aborted\n"
             "round did is marked as undone. The last 1,048,576 events are kept.",
     .examples = FED_EXAMPLES(QUICK "log", QUICK "log 5", QUICK "log kind=refused,lost,late",
                              QUICK "log kind=all client=1-2 version=1-"),
     .args = fed__log_rows,
     .args_size = sizeof(struct fed_log_args),
     .run = fed__run_log,
     .flags = FED_COMMAND_TABLE,
     .failure = FED_EXIT_USAGE},
	{.name = "ranks",
     .help = "show the ranks of the job that train for this session: what they did, and bytes",
     .text =
         "Threads are busy while they train, and wait for work, messages or rank 0 otherwise.\n"
         "Sent and received are the bytes that rank 0 sent to the rank and got from it. Rank 0\n"
         "itself trains, too, and is not in the table; what it alone computes is told below it\n"
         "(`explain rank`).",
     .examples = FED_EXAMPLES("ranks"),
     .run = fed__run_ranks,
     .flags = FED_COMMAND_TABLE,
     .failure = FED_EXIT_USAGE},
	{.name = "plan",
     .help = "what ranks would make of a round of this session: trainings, network, rank 0",
     .text =
         "A core and the memory are measured now, on this machine; the rest is arithmetic. "
         "Trainings,\n"
         "messages and sums go on at the same time, so a round takes as long as the slowest of\n"
         "them. Efficiency is the share of the ranks' time in trainings; evaluation is left out.",
     .examples = FED_EXAMPLES(QUICK "plan ranks=4 network=1G"),
     .args = fed__plan_rows,
     .args_size = sizeof(struct fed_plan_args),
     .run = fed__run_plan,
     .flags = FED_COMMAND_TABLE,
     .failure = FED_EXIT_USAGE},
	{.name = "client",
     .help = "show one client: what it is and what became of each invitation",
     .text = "For each time that it was sent the model: when, how long the download, the training\n"
             "and the upload took, how many bytes they were, and what became of the update.\n"
             "Under scheme split the training is what the client computed in its turn; the time\n"
             "that it waited for messages and the server meanwhile comes last. Times are virtual.",
     .examples = FED_EXAMPLES(QUICK "client 2", QUICK "client 2 n=1"),
     .args = fed__client_arg_rows,
     .args_size = sizeof(struct fed_client_args),
     .run = fed__run_client,
     .flags = FED_COMMAND_TABLE,
     .failure = FED_EXIT_USAGE},
	{.name = "timeline",
     .help = "draw the last rounds: who downloaded, computed, uploaded and waited when",
     .text = "One row for each client that took part, virtual time along the bottom, the versions\n"
             "of the server above. Each cell shows what took most of its time. Under scheme split\n"
             "a client waits for messages and the server between two batches.",
     .examples =
         FED_EXAMPLES(QUICK "timeline", QUICK "timeline 1-2 n=1", QUICK "timeline to=timeline.svg"),
     .args = fed__timeline_rows,
     .args_size = sizeof(struct fed_timeline_args),
     .run = fed__run_timeline,
     .failure = FED_EXIT_USAGE},
	{.name = "watch",
     .help = "open the full-screen view of the session, with keys to control it",
     .text =
         "Views are switched by number or tab; space pauses, s makes one event, r one\n"
         "round, + and - set the pace, : takes any command, ? lists all keys, q returns.\n"
         "A run that is going on when you leave stops between two events; `continue` finishes it;\n"
         "one that runs behind the prompt (`help jobs`) goes on.\n"
         "In a script it opens a view where `fedsh --watch FILE` plays it, else it does\n"
         "nothing.",
     .examples = FED_EXAMPLES("watch", "watch log pace=2"),
     .args = fed__watch_rows,
     .args_size = sizeof(struct fed_watch_args),
     .run = fed__run_watch,
     .flags = FED_COMMAND_RUNS | FED_COMMAND_BESIDE},
	{.name = "attach",
     .help = "say how another terminal can show the watch of this session",
     .text =
         "`fedsh --attach` in a second terminal (of the projector, say) shows the watch of a\n"
         "session that is at its prompt, in the second one's own size. There keys look: views,\n"
         "filters, help; commands are typed at the prompt. Its colours are those of `set theme`\n"
         "here, unless its own configuration chooses some. It may come and go, be slow or\n"
         "stopped: the session does not wait for it. Only the same user can attach.\n"
         "Where several sessions run, `fedsh --attach NUMBER` names the process.",
     .examples = FED_EXAMPLES("attach"),
     .run = fed__run_attach,
     .failure = FED_EXIT_IO},
	{.name = "explain",
     .help = "say what a word of the screen means, with its formula and its figure now",
     .text =
         "Case, blanks for hyphens and the plural do not matter: `explain train loss`.\n"
         "Of the session's aggregator and its pre-aggregation also the formula with the numbers\n"
         "of the last round: scores as sums of distances, single coordinates, groups, cuts.\n"
         "Last comes the truth, which no aggregator knows: how many of the filtered and of the\n"
         "trusted clients are Byzantine.",
     .examples =
         FED_EXAMPLES("explain FedAvg", "explain dirichlet", "explain train loss", "explain cut",
                      "dataset blobs; add-client 10 samples=50; inject byzantine 20%; "
                      "aggregator krum f=2; round 1; explain krum"),
     .args = explain_rows,
     .args_size = sizeof(struct explain_args),
     .run = run_explain,
     .flags = FED_COMMAND_TABLE,
     .failure = FED_EXIT_USAGE},
	{.name = "evaluate",
     .help = "evaluate the model: by class, with the confusion matrix, or client by client",
     .text =
         "On the test examples: accuracy, loss, precision and recall of each class, macro F1,\n"
         "the area under the ROC curve, and which class is taken for which; of a regression MAE,\n"
         "RMSE and R2, of a language model the perplexity. `evaluate all` and other clients: the\n"
         "global model on what each client has, beside the model that the client sent, and how\n"
         "evenly it serves them. Nothing is sent and nothing changes: this looks into all\n"
         "clients, as no server can.",
     .examples =
         FED_EXAMPLES(QUICK "evaluate", QUICK "round 3; evaluate all", QUICK "evaluate 0-3 tune=1",
                      QUICK "evaluate show=confusion", QUICK "evaluate to=confusion.svg"),
     .args = fed__evaluate_rows,
     .args_size = sizeof(struct fed_evaluate_args),
     .run = fed__run_evaluate,
     .flags = FED_COMMAND_TABLE,
     .failure = FED_EXIT_USAGE},
	{.name = "histogram",
     .help = "show how a figure of the updates or clients spreads",
     .text = "staleness: versions made while a used update was in flight; duration:\n"
             "from the sending of the model to the arrival of the update; download, compute,\n"
             "upload: its parts; weight: its share in the step. examples and loss are of\n"
             "the clients. Updates are those of the present scheme that the log still has; last=N\n"
             "takes those of the last N versions, whatever the scheme.",
     .examples = FED_EXAMPLES(QUICK "histogram examples", QUICK "histogram compute bins=5",
                              QUICK "histogram examples to=examples.svg",
                              "dataset blobs; add-client 8 samples=40; scheme async; aggregator "
                              "fedasync; round 20; histogram staleness"),
     .args = fed__histogram_rows,
     .args_size = sizeof(struct fed_histogram_args),
     .run = fed__run_histogram,
     .flags = FED_COMMAND_TABLE},
	{.name = "updates",
     .help = "show the last round's updates: as a table, a map, or a matrix of angles",
     .text =
         "For each client: honest or Byzantine (fedsh knows, the aggregator does not), the length\n"
         "of its update, its cosine to the step and to the mean of the honest updates, and the\n"
         "aggregator's verdict. `updates map` draws them in two dimensions with mean,\n"
         "median and step, `updates matrix` shows all pairs' cosines. `updates save=FILE.npz`\n"
         "writes them as the arrays `updates`, a row each, and `clients`, the id of each row, in\n"
         "the order in which the aggregator got them, which is not the table's; FILE.npy has the\n"
         "rows alone.",
     .examples = FED_EXAMPLES(QUICK "updates", QUICK "updates sort=norm", QUICK "updates map",
                              QUICK "updates map to=map.svg", QUICK "updates matrix",
                              QUICK "updates save=last.npy", QUICK "updates save=last.npz"),
     .args = fed__updates_rows,
     .args_size = sizeof(struct fed_updates_args),
     .run = fed__run_updates,
     .flags = FED_COMMAND_TABLE},
	{.name = "plane",
     .help = "draw what the model answers where: its decision regions and the examples on them",
     .text =
         "The colour of a region is the class that the model answers there, paler where it is\n"
         "less sure. Marks are examples in the colour of their true class, a cross where the\n"
         "model is wrong. Without colours a region is a small letter (a: the first class), '.'\n"
         "where the model is unsure, an example a capital. Beside the global model are those\n"
         "that the clients sent in the last round (in an open round: so far), on their own\n"
         "examples. With two features the plane is all there is; with more it goes along the\n"
         "first two principal components of the test examples, and examples are projected onto\n"
         "it, or through three test examples. `watch plane` draws each version.",
     .examples = FED_EXAMPLES("dataset moons train=400 test=100; add-client 5 noniid samples=40; "
                              "round 3; plane",
                              "dataset xor train=400 test=100; add-client 4 samples=40; round 2; "
                              "plane 2",
                              "dataset spirals train=400 test=100; model mlp; add-client 4 "
                              "samples=40; plane to=spirals.svg",
                              "dataset glyphs train=300 test=100; model softmax; add-client 4 "
                              "samples=40; round 2; plane through=classes"),
     .args = fed__plane_rows,
     .args_size = sizeof(struct fed_plane_args),
     .run = fed__run_plane,
     .failure = FED_EXIT_USAGE},
	{.name = "sample",
     .help = "draw examples: pictures, rows of a table, texts; what a client has, as it sees it",
     .text = "A client's examples are shown as it sees them: shifted by the partition `feature`,\n"
             "changed by drift and by attacks on data. `cat, told dog` is an example of class cat "
             "whose\n"
             "label it takes for dog. The number behind # counts the client's examples from 0, as\n"
             "`reconstruct 3 example=12` does, or the dataset's. The same call draws the same\n"
             "examples; draw=2 draws others.",
     .examples = FED_EXAMPLES("dataset glyphs train=300 test=100; sample n=4",
                              "dataset glyphs train=300 test=100; add-client 5 noniid samples=40; "
                              "sample 3",
                              "dataset synthetic; sample n=5 class=2"),
     .args = fed__sample_rows,
     .args_size = sizeof(struct fed_sample_args),
     .run = fed__run_sample,
     .flags = FED_COMMAND_TABLE,
     .failure = FED_EXIT_USAGE},
	{.name = "leakage",
     .synonym = "leak",
     .help = "measure what the data at each cut of the model reveal about inputs and labels",
     .text =
         "An observer of the activations at a cut (smashed data) sees the examples through the\n"
         "layers below it. dcor is the distance correlation of inputs and smashed data: 1\n"
         "where they reveal everything. With few examples and long vectors it is too high;\n"
         "corrected is 0 in the mean where they reveal nothing. Where labels stay with the client, "
         "it sends gradients\n"
         "back through a cut: labels inferred is the share that the nearest mean direction\n"
         "of a class gives; with two classes norm AUC says how well the length alone does. The\n"
         "setting `noise` is on the smashed data. Under scheme vertical each party has a line:\n"
         "its share of the numbers against its own columns.",
     .examples = FED_EXAMPLES("dataset glyphs train=300 test=100; model mlp; leakage examples=40",
                              "dataset blobs; model mlp; set noise 0.5; leakage cut=1"),
     .args = fed__leakage_rows,
     .args_size = sizeof(struct fed_leakage_args),
     .run = fed__run_leakage,
     .flags = FED_COMMAND_TABLE,
     .failure = FED_EXIT_USAGE},
	{.name = "reconstruct",
     .synonym = "peek",
     .help = "draw a client's example beside what the server can reconstruct from its messages",
     .text =
         "from=smashed: a decoder learns to draw inputs from the smashed data at a cut, on public\n"
         "examples (the dataset's test examples), then draws the client's. Noise\n"
         "is in both. from=update: the client is taken to send the update of one step on one or a\n"
         "few of its examples, with the noise and the codec that are set; its gradient gives the\n"
         "input by one division where the model begins with a dense layer (exactly, if there is\n"
         "neither noise nor codec), else inputs with the same gradient are searched (labels are\n"
         "assumed known). PSNR: higher is closer. Ctrl-C shows the best so far. Under scheme\n"
         "vertical the client is a party, and its own columns are drawn.",
     .examples = FED_EXAMPLES("dataset glyphs train=500 test=100; model mlp; add-client 5 "
                              "samples=50; reconstruct 2",
                              "dataset glyphs train=500 test=100; model lenet; add-client 5 "
                              "samples=50; reconstruct 2 from=smashed cut=3 steps=20",
                              "dataset scans train=500 test=100; model lenet; add-client 2 "
                              "natural; set noise 0.01; reconstruct 1 example=3 batch=2 steps=20"),
     .args = fed__reconstruct_rows,
     .args_size = sizeof(struct fed_reconstruct_args),
     .run = fed__run_reconstruct,
     .flags = FED_COMMAND_LIVE,
     .failure = FED_EXIT_USAGE},
	{.name = "costs",
     .synonym = "bill",
     .help = "show what the run cost: bytes, messages and FLOPs, in total and by client",
     .text = "Bytes and messages by direction, what the codec saved, and the clients\n"
             " that cost the most. Work is that of training at the\n"
             "clients and of taking their updates at the server. A round is billed when it ends.\n"
             "against=SCHEME does the same work from the present model under the present scheme\n"
             "and under that one, and bills both; FLOPs and bytes are then those of one client. "
             "Ctrl-C\n"
             "is as for `sweep`.",
     .examples = FED_EXAMPLES(QUICK "costs", "set codec int8; " QUICK "costs 1-2 sort=saved",
                              QUICK "costs sort=flops n=3",
                              QUICK "model mlp hidden=8,8; scheme split cut=2; costs against=sync "
                                    "rounds=2",
                              QUICK "costs against=async until=accuracy>=0.9"),
     .args = fed__costs_rows,
     .args_size = sizeof(struct fed_costs_args),
     .run = fed__run_costs,
     .flags = FED_COMMAND_TABLE,
     .failure = FED_EXIT_USAGE},
	{0},
};
