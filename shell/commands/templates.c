/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/templates.c - templates of new plugins, by kind.
 */
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "shell/commands/build.h"

/* NAME is replaced by the plugin's name. */
static const char aggregator[] =
	"/*\n"
	" * NAME - the mean of the clients' updates, times a step of your own.\n"
	" *\n"
	" *     step = scale * sum_i w_i d_i / sum_i w_i\n"
	" */\n"
	"#include <fedsh/aggregator.h>\n"
	"#include <fedsh/explain.h>\n"
	"\n"
	"/* The host allocates, zeroes and frees this, and every vector that a row names. */\n"
	"struct state {\n"
	"\tdouble scale;\n"
	"\tdouble total; /* sum of the weights so far */\n"
	"\tdouble *sum;  /* [dim] */\n"
	"};\n"
	"\n"
	"/* What a user may set (`aggregator NAME scale=0.5`), and what the host keeps. */\n"
	"static const struct fed_field fields[] = {\n"
	"\tFED_REAL(struct state, scale, 1, 0, 10, \"factor of the mean step\"),\n"
	"\tFED_SCRATCH(struct state, sum, \"weighted sum of the updates; zero at each begin()\"),\n"
	"\tFED_END,\n"
	"};\n"
	"\n"
	"static int begin(void *state, const struct fed_round *r, struct fed_error *err)\n"
	"{\n"
	"\tstruct state *s = state;\n"
	"\n"
	"\t(void)r, (void)err;\n"
	"\ts->total = 0;\n"
	"\treturn FED_OK;\n"
	"}\n"
	"\n"
	"/* Each update, one after the other.  Return fed_reject(err, \"why\") to leave one out. */\n"
	"static int add(void *state, const struct fed_round *r, const struct fed_update *u,\n"
	"               struct fed_verdict *v, struct fed_error *err)\n"
	"{\n"
	"\tstruct state *s = state;\n"
	"\n"
	"\t(void)v, (void)err;\n"
	"\tfor (size_t j = 0; j < r->dim; j++)\n"
	"\t\ts->sum[j] += u->weight * u->delta[j];\n"
	"\ts->total += u->weight;\n"
	"\treturn FED_OK;\n"
	"}\n"
	"\n"
	"/* out [dim] is added to the model. */\n"
	"static int finish(void *state, const struct fed_round *r, float *out, struct fed_error *err)\n"
	"{\n"
	"\tconst struct state *s = state;\n"
	"\n"
	"\tif (!(s->total > 0))\n"
	"\t\treturn fed_fail(err, \"the weights of the updates sum to %g\", s->total);\n"
	"\tfor (size_t j = 0; j < r->dim; j++)\n"
	"\t\tout[j] = (float)(s->scale * s->sum[j] / s->total);\n"
	"\treturn FED_OK;\n"
	"}\n"
	"\n"
	"/* Optional: the formula with the numbers of the last round, for `explain NAME`. */\n"
	"static int tell(const void *state, const struct fed_round *r,\n"
	"                const struct fed_update *const u[], size_t n,\n"
	"                const struct fed_verdict *const v[], const float *step,\n"
	"                const struct fed_teller *to, struct fed_error *err)\n"
	"{\n"
	"\tconst struct state *s = state;\n"
	"\n"
	"\t(void)r, (void)step, (void)err;\n"
	"\tfor (size_t i = 0; i < n; i++)\n"
	"\t\tfed_tell(to, \"client %u: scale %.4g, share in the mean %.4g\", u[i]->client,\n"
	"\t\t         s->scale, (double)v[i]->weight);\n"
	"\treturn FED_OK;\n"
	"}\n"
	"\n"
	"FED_PLUGIN struct fed_aggregator fed_plugin = {\n"
	"\t.head = FED_AGGREGATOR(struct state, \"NAME\", \"a mean with a factor\",\n"
	"\t                       \"step = scale * weighted mean of the updates\", fields),\n"
	"\t.begin = begin,\n"
	"\t.add = add,\n"
	"\t.finish = finish,\n"
	"\t.tell = tell,\n"
	"};\n";

static const char transport[] =
	"/*\n"
	" * NAME - every message takes the latency of its link and a delay of your own.\n"
	" */\n"
	"#include <fedsh/transport.h>\n"
	"\n"
	"struct state {\n"
	"\tdouble delay; /* seconds */\n"
	"};\n"
	"\n"
	"/* What a user may set: `transport NAME delay=0.5`. */\n"
	"static const struct fed_field fields[] = {\n"
	"\tFED_REAL(struct state, delay, 0.1, 0, 3600, \"seconds that every message takes besides\"),\n"
	"\tFED_END,\n"
	"};\n"
	"\n"
	"/* Decide the message's fate: host->deliver(...) or host->drop(..., \"why\"), once. */\n"
	"static int carry(void *state, const struct fed_transport_host *host,\n"
	"                 const struct fed_message *m, struct fed_error *err)\n"
	"{\n"
	"\tconst struct state *s = state;\n"
	"\tconst bool down = m->from == FED_SERVER;\n"
	"\tstruct fed_link link;\n"
	"\n"
	"\t(void)err;\n"
	"\thost->link(host, down ? m->to : m->from, &link, sizeof link);\n"
	"\tconst double rate = down ? link.down : link.up; /* bytes per second */\n"
	"\thost->deliver(host, m->id,\n"
	"\t              host->clock(host) + s->delay + link.latency + (double)m->bytes / rate);\n"
	"\treturn FED_OK;\n"
	"}\n"
	"\n"
	"FED_PLUGIN struct fed_transport fed_plugin = {\n"
	"\t.head = FED_TRANSPORT(struct state, \"NAME\", \"a link with a delay\",\n"
	"\t                      \"arrival = now + delay + latency + bytes / bandwidth\", fields),\n"
	"\t.send = carry,\n"
	"};\n";

static const char model[] =
	"/*\n"
	" * NAME - one hidden layer.\n"
	" */\n"
	"#include <fedsh/model.h>\n"
	"\n"
	"struct state {\n"
	"\tint64_t units;\n"
	"};\n"
	"\n"
	"/* What a user may set: `model NAME units=100`. */\n"
	"static const struct fed_field fields[] = {\n"
	"\tFED_INT(struct state, units, 64, 1, 65536, \"units of the hidden layer\"),\n"
	"\tFED_END,\n"
	"};\n"
	"\n"
	"/* Append the layers; b->input is the shape of one example, b->outputs what must come out. "
	"*/\n"
	"static int build(const void *state, struct fed_builder *b, struct fed_error *err)\n"
	"{\n"
	"\tconst struct state *s = state;\n"
	"\n"
	"\tif (b->input.rank > 1 && b->flatten(b, err))\n"
	"\t\treturn FED_FAIL;\n"
	"\tif (b->dense(b, (uint32_t)s->units, err) || b->relu(b, err) ||\n"
	"\t    b->dense(b, b->outputs, err))\n"
	"\t\treturn FED_FAIL;\n"
	"\treturn b->loss(b, b->classes > 0 ? FED_LOSS_CROSS_ENTROPY : FED_LOSS_SQUARED, err);\n"
	"}\n"
	"\n"
	"FED_PLUGIN struct fed_model fed_plugin = {\n"
	"\t.head = FED_MODEL(struct state, \"NAME\", \"one hidden layer\",\n"
	"\t                  \"input -> dense(units) -> relu -> dense(outputs)\", fields),\n"
	"\t.build = build,\n"
	"};\n";

static const char attack[] =
	"/*\n"
	" * NAME - the honest update, backwards.\n"
	" *\n"
	" *     sends -scale d\n"
	" */\n"
	"#include <fedsh/attack.h>\n"
	"\n"
	"struct state {\n"
	"\tdouble scale;\n"
	"};\n"
	"\n"
	"/* What a user may set: `inject byzantine 20% attack=NAME scale=2`. */\n"
	"static const struct fed_field fields[] = {\n"
	"\tFED_REAL(struct state, scale, 1, 0, 100, \"times the honest update, backwards\"),\n"
	"\tFED_END,\n"
	"};\n"
	"\n"
	"/* One attacker: a->delta [dim] is what it trained, a->params what it received; out is\n"
	" * sent.  Instead of craft(), collude() makes one message for all attackers from what the\n"
	" * others send, and poison() changes the examples that a client trains on: <fedsh/attack.h>\n"
	" * has them. */\n"
	"static int craft(void *state, const struct fed_attacker *a, float *out,\n"
	"                 struct fed_error *err)\n"
	"{\n"
	"\tconst struct state *s = state;\n"
	"\n"
	"\t(void)err;\n"
	"\tfor (size_t j = 0; j < a->dim; j++)\n"
	"\t\tout[j] = (float)(-s->scale * a->delta[j]);\n"
	"\treturn FED_OK;\n"
	"}\n"
	"\n"
	"FED_PLUGIN struct fed_attack fed_plugin = {\n"
	"\t.head = FED_ATTACK(struct state, \"NAME\", \"its own update backwards\",\n"
	"\t                   \"sends -scale d, d = the honest update\", fields),\n"
	"\t.craft = craft,\n"
	"};\n";

static const char selection[] =
	"/*\n"
	" * NAME - the clients with the highest loss.\n"
	" */\n"
	"#include <fedsh/selection.h>\n"
	"\n"
	"struct state {\n"
	"\tdouble unknown; /* loss of a client that has not reported any */\n"
	"};\n"
	"\n"
	"/* What a user may set: `select NAME unknown=10`. */\n"
	"static const struct fed_field fields[] = {\n"
	"\tFED_REAL(struct state, unknown, 100, 0, 1e6, \"loss of a client that reported none\"),\n"
	"\tFED_END,\n"
	"};\n"
	"\n"
	"/* Choose at most r->wanted of the candidates 0 .. r->candidates - 1.  r->host->draw() draws\n"
	" * uniformly; describe() tells what `knows` declares of one candidate. */\n"
	"static int choose(void *state, const struct fed_selection_round *r, uint32_t *chosen,\n"
	"                  uint32_t *n, struct fed_error *err)\n"
	"{\n"
	"\tconst struct state *s = state;\n"
	"\tdouble *loss = r->host->scratch(r->host, r->wanted, sizeof *loss, err);\n"
	"\tstruct fed_candidate c;\n"
	"\n"
	"\tif (!loss)\n"
	"\t\treturn FED_FAIL;\n"
	"\t*n = 0;\n"
	"\tfor (uint32_t i = 0; i < r->candidates; i++) {\n"
	"\t\tif (!r->host->describe(r->host, i, &c, sizeof c))\n"
	"\t\t\tcontinue; /* away */\n"
	"\t\tconst double its = c.loss == c.loss ? c.loss : s->unknown;\n"
	"\t\tuint32_t at = *n;\n"
	"\t\tif (at == r->wanted && its <= loss[at - 1])\n"
	"\t\t\tcontinue;\n"
	"\t\tif (at < r->wanted)\n"
	"\t\t\t(*n)++;\n"
	"\t\telse\n"
	"\t\t\tat--;\n"
	"\t\tfor (; at > 0 && loss[at - 1] < its; at--) {\n"
	"\t\t\tloss[at] = loss[at - 1];\n"
	"\t\t\tchosen[at] = chosen[at - 1];\n"
	"\t\t}\n"
	"\t\tloss[at] = its;\n"
	"\t\tchosen[at] = i;\n"
	"\t}\n"
	"\treturn FED_OK;\n"
	"}\n"
	"\n"
	"FED_PLUGIN struct fed_selection fed_plugin = {\n"
	"\t.head = FED_SELECTION(struct state, \"NAME\", \"the clients with the highest loss\",\n"
	"\t                      \"the m with the highest mean loss in their last update\", fields),\n"
	"\t.knows = FED_KNOWS_LOSS,\n"
	"\t.select = choose,\n"
	"};\n";

static int check_name(const char *name, struct fed_error *err)
{
	const size_t n = strlen(name);

	if (n == 0 || n > 31 || name[0] < 'a' || name[0] > 'z' ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != n)
		return fed_reject(err,
		                  "%s cannot be a plugin's name: it begins with a letter a to z and has "
		                  "such letters, digits and -, at most 31",
		                  fed_show(name).s);
	return FED_OK;
}

int fed__template_write(enum fed_kind kind, const char *name, struct fed_error *err)
{
	const char *const starters[] = {[FED_KIND_AGGREGATOR] = aggregator,
	                                [FED_KIND_TRANSPORT] = transport,
	                                [FED_KIND_MODEL] = model,
	                                [FED_KIND_ATTACK] = attack,
	                                [FED_KIND_SELECTION] = selection};
	struct fed_file_writer file;
	char path[64];

	if (check_name(name, err))
		return FED_REJECT;
	snprintf(path, sizeof path, "%s.c", name);
	if (access(path, F_OK) == 0)
		return fed_fail(err, "%s exists already; choose another name", path);
	if (fed_file_open(&file, path, err))
		return FED_FAIL;
	for (const char *at = starters[kind], *next; *at; at = next) {
		next = strstr(at, "NAME");
		fed_file_write(&file, at, next ? (size_t)(next - at) : strlen(at));
		if (!next)
			break;
		fed_file_write(&file, name, strlen(name));
		next += 4;
	}
	return fed_file_commit(&file, err);
}
