/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history/condition_parse.c - parser of conditions.
 */
#include <ctype.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "history/event_log.h"
#include "history/condition_internal.h"
#include "history/kept_runs.h"
#include "train/clients/names.h"

#define TEXT_MAX 4096
#define TERMS_MAX 64
#define BACK_MAX 1000000

static const struct {
	const char *text;
	enum fed_comparison op;
} operators[] = {
	/* the longer ones first */
	{"<=", FED_LESS_EQUAL}, {">=", FED_MORE_EQUAL}, {"==", FED_EQUAL},
	{"!=", FED_UNEQUAL},    {"<", FED_LESS},        {">", FED_MORE},
};

struct parser {
	const char *start, *at;
	const struct fed_runs *runs;
	bool events;                       /* terms over events are allowed */
	const struct fed_field *fields;    /* names of these in place of metrics; NULL: metrics */
	const struct fed_clients *clients; /* whose names may be used, or NULL */
	struct fed_text text;              /* up to `copied`, with numbers in place of names */
	const char *copied;
	struct fed_error *err;
};

static void skip_blank(struct parser *p)
{
	p->at += strspn(p->at, " \t");
}

/* Error "at `...`", with the text at the cursor, shortened. */
static int unexpected(const struct parser *p, const char *wanted)
{
	char shown[24];
	size_t n = 0;

	for (; p->at[n] && n < sizeof shown - 1; n++)
		shown[n] = isprint((unsigned char)p->at[n]) ? p->at[n] : '?';
	shown[n] = 0;
	if (n == 0)
		return fed_fail(p->err, "the condition ends where %s is expected", wanted);
	return fed_fail(p->err, "`%s`, character %zu of the condition: %s is expected there", shown,
	                (size_t)(p->at - p->start) + 1, wanted);
}

/* Length of the word at the cursor: a name, or `and`, `or`, `nan`. A dash belongs to it only before
 * a letter: in loss-0.1 it subtracts. */
static size_t word_length(const struct parser *p)
{
	size_t n = fed__run_name_next(p->at, true);

	for (size_t more = n; more; n += more)
		more = fed__run_name_next(p->at + n, false);
	return n;
}

static bool take_word(struct parser *p, const char *word)
{
	const size_t n = word_length(p);

	if (n != strlen(word) || strncmp(p->at, word, n) != 0)
		return false;
	p->at += n;
	return true;
}

static size_t number_length(const char *s)
{
	size_t n = s[0] == '-' || s[0] == '+';

	while (isdigit((unsigned char)s[n]) || s[n] == '.' || s[n] == 'e' || s[n] == 'E' ||
	       ((s[n] == '-' || s[n] == '+') && n > 0 && (s[n - 1] == 'e' || s[n - 1] == 'E')))
		n++;
	return n;
}

/* Parse [K] after a metric. */
static int parse_back(struct parser *p, struct fed_operand *o)
{
	char digits[12];
	long long back;

	if (*p->at != '[')
		return FED_OK;
	const size_t n = strspn(p->at + 1, "0123456789");
	if (n == 0 || n >= sizeof digits || p->at[n + 1] != ']')
		return unexpected(p, "a number of rounds ago, as in accuracy[5],");
	memcpy(digits, p->at + 1, n);
	digits[n] = 0;
	if (!fed_parse_int(digits, &back) || back > BACK_MAX)
		return fed_fail(p->err, "[%s]: at most %d rounds ago", digits, BACK_MAX);
	o->back = (uint32_t)back;
	p->at += n + 2;
	return FED_OK;
}

/* Parse a word at the cursor into name[FED_WORD_MAX]. */
static int parse_name(struct parser *p, char *name)
{
	const size_t n = word_length(p);

	if (n == 0)
		return unexpected(p, "a metric such as accuracy");
	if (n >= FED_WORD_MAX)
		return fed_fail(p->err, "`%.20s...`: no metric has a name of %zu letters", p->at, n);
	memcpy(name, p->at, n);
	name[n] = 0;
	p->at += n;
	return FED_OK;
}

/* Read the operand's value from a kept run, now: it never changes. */
static void read_kept_value(struct fed_operand *o, const struct fed_kept_run *run)
{
	const struct fed_history *h = &run->history;

	o->number = fed_history_figure(h, o->metric, o->back);
	o->metric = NULL;
}

static const char *field_at(const void *ctx, size_t i)
{
	return ((const struct fed_field *)ctx)[i].name;
}

static int find_field(struct parser *p, const char *name, const struct fed_field **out)
{
	struct fed_text names = {0};

	*out = fed_fields_find(p->fields, name);
	if (*out)
		return FED_OK;
	const char *near = fed_nearest(name, field_at, p->fields);
	for (const struct fed_field *f = p->fields; f->type; f++)
		fed_text_add(&names, "%s%s", f > p->fields ? ", " : "", f->name);
	fed_fail(p->err, "nothing here is called %s%s%s%s; there are %s", fed_show(name).s,
	         near ? "; did you mean " : "", near ? near : "", near ? "?" : "",
	         fed_text_str(&names));
	fed_text_release(&names);
	return FED_FAIL;
}

static int parse_metric(struct parser *p, struct fed_operand *o)
{
	const char *const begin = p->at;
	const struct fed_kept_run *run = NULL;
	char name[FED_WORD_MAX];

	o->factor = 1;
	if (parse_name(p, name))
		return FED_FAIL;
	if (p->fields) {
		snprintf(o->text, sizeof o->text, "%s", name);
		return find_field(p, name, &o->metric);
	}
	if (*p->at == '.') {
		if (fed_runs_find(p->runs, name, &run, p->err))
			return FED_FAIL;
		p->at++;
		if (parse_name(p, name))
			return FED_FAIL;
	}
	if (fed_metric_find(name, &o->metric, p->err) || parse_back(p, o))
		return FED_FAIL;
	snprintf(o->text, sizeof o->text, "%.*s", (int)(p->at - begin), begin);
	if (run)
		read_kept_value(o, run);
	return FED_OK;
}

static int parse_number(struct parser *p, double *number)
{
	char digits[FED_WORD_MAX];
	const size_t n = number_length(p->at);

	if (n >= sizeof digits)
		return fed_fail(p->err, "`%.20s...`: a number of %zu digits", p->at, n);
	memcpy(digits, p->at, n);
	digits[n] = 0;
	if (!fed_parse_real(digits, number))
		return unexpected(p, "a number or a metric");
	p->at += n;
	return FED_OK;
}

/* Parse [NUMBER *] METRIC [+- NUMBER], the factor already read. */
static int parse_sum(struct parser *p, struct fed_operand *o, double factor)
{
	double plus = 0;

	if (parse_metric(p, o))
		return FED_FAIL;
	skip_blank(p);
	if (*p->at == '+' || *p->at == '-') {
		const double sign = *p->at++ == '-' ? -1 : 1;
		skip_blank(p);
		if (!isdigit((unsigned char)*p->at) && *p->at != '.')
			return unexpected(p, "a number");
		if (parse_number(p, &plus))
			return FED_FAIL;
		plus *= sign;
	}
	o->factor = factor;
	o->shift = plus;
	return FED_OK;
}

static int parse_right(struct parser *p, struct fed_operand *o, enum fed_comparison op)
{
	const bool sign = *p->at == '-' || *p->at == '+';
	double number;

	if (take_word(p, "nan")) {
		if (op != FED_EQUAL && op != FED_UNEQUAL)
			return fed_fail(p->err, "nan compares with == and != alone");
		o->number = NAN;
		return FED_OK;
	}
	if (word_length(p))
		return parse_sum(p, o, 1);
	if (!isdigit((unsigned char)p->at[sign]) && p->at[sign] != '.')
		return unexpected(p, "a number or a metric");
	if (parse_number(p, &number))
		return FED_FAIL;
	skip_blank(p);
	if (*p->at == '*') {
		p->at++;
		skip_blank(p);
		return parse_sum(p, o, number);
	}
	o->number = number;
	return FED_OK;
}

static int parse_operator(struct parser *p, enum fed_comparison *op)
{
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
		const size_t n = strlen(operators[i].text);

		if (strncmp(p->at, operators[i].text, n) == 0) {
			*op = operators[i].op;
			p->at += n;
			return FED_OK;
		}
	}
	return unexpected(p, *p->at == '=' ? "== (equality has two signs)" : "one of < <= > >= == !=");
}

/* Terms over events ------------------------------------------------------ */

static const char *kind_at(const void *ctx, size_t i)
{
	(void)ctx;
	return fed_event_name(i);
}

/* Parse the name of an event kind, as its number. */
static int parse_kind(struct parser *p, double *number)
{
	struct fed_text names = {0};
	char name[FED_WORD_MAX];

	if (word_length(p) == 0)
		return unexpected(p, "a kind of event such as lost");
	if (parse_name(p, name))
		return FED_FAIL;
	for (size_t i = 0; kind_at(NULL, i); i++)
		if (strcmp(kind_at(NULL, i), name) == 0) {
			*number = (double)i;
			return FED_OK;
		}
	for (size_t i = 0; kind_at(NULL, i); i++)
		fed_text_add(&names, "%s%s", i ? ", " : "", kind_at(NULL, i));
	const char *near = fed_nearest(name, kind_at, NULL);
	fed_fail(p->err, "no event is called %s%s%s%s; there are %s", fed_show(name).s,
	         near ? "; did you mean " : "", near ? near : "", near ? "?" : "",
	         fed_text_str(&names));
	fed_text_release(&names);
	return FED_FAIL;
}

/* Parse the name of a client, as its number; *taken: there was one. */
static int parse_client_name(struct parser *p, enum fed_comparison op, double *number, bool *taken)
{
	const size_t n = strcspn(p->at, " \t,");
	char name[FED_CLIENT_NAME_MAX];
	struct fed_error unused;
	uint32_t id;

	snprintf(name, sizeof name, "%.*s", (int)n, p->at);
	*taken = p->clients && n < sizeof name && fed_client_name_check(name, &unused) == FED_OK;
	if (!*taken)
		return FED_OK;
	if (op != FED_EQUAL && op != FED_UNEQUAL)
		return fed_fail(p->err, "a client's name compares with == and != alone");
	if (!fed_client_find(p->clients, name, &id)) {
		const char *near = fed_client_nearest(p->clients, name);
		return fed_fail(p->err, "no client is called %s%s%s%s", fed_show(name).s,
		                near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	}
	fed_text_put(&p->text, p->copied, (size_t)(p->at - p->copied));
	fed_text_add(&p->text, "%u", id);
	p->at += n;
	p->copied = p->at;
	*number = id;
	return FED_OK;
}

static int parse_client(struct parser *p, enum fed_comparison op, double *number)
{
	bool named;

	if (parse_client_name(p, op, number, &named))
		return FED_FAIL;
	if (named)
		return FED_OK;
	if (!isdigit((unsigned char)*p->at))
		return unexpected(p, p->clients ? "a client's number or name" : "a client's number");
	return parse_number(p, number);
}

/* Parse client==7, event==lost or nan.  *taken: there was such a term. */
static int parse_event_term(struct parser *p, struct fed_condition_term *t, bool *taken)
{
	const char *const begin = p->at;

	*taken = true;
	if (p->events && take_word(p, "nan")) {
		t->left.subject = FED_ABOUT_NAN;
		t->op = FED_EQUAL;
		t->right.number = 1;
		skip_blank(p);
		return FED_OK;
	}
	if (take_word(p, "client"))
		t->left.subject = FED_ABOUT_CLIENT;
	else if (take_word(p, "event"))
		t->left.subject = FED_ABOUT_KIND;
	*taken = t->left.subject != FED_ABOUT_FIGURE;
	if (!*taken)
		return FED_OK;
	if (!p->events)
		return fed_fail(p->err, "%.*s is a word of `break`: other conditions compare metrics",
		                (int)(p->at - begin), begin);
	skip_blank(p);
	if (parse_operator(p, &t->op))
		return FED_FAIL;
	if (t->left.subject == FED_ABOUT_KIND && t->op != FED_EQUAL && t->op != FED_UNEQUAL)
		return fed_fail(p->err, "event compares with == and != alone");
	skip_blank(p);
	if (t->left.subject == FED_ABOUT_KIND ? parse_kind(p, &t->right.number)
	                                      : parse_client(p, t->op, &t->right.number))
		return FED_FAIL;
	skip_blank(p);
	return FED_OK;
}

/* ------------------------------------------------------------------------ */

/* Terms over rows --------------------------------------------------------- */

static int choice_of(const struct fed_field *field, const char *word)
{
	for (int i = 0; field->type == FED_TYPE_CHOICE && field->choice[i]; i++)
		if (fed_same_name(field->choice[i], word))
			return i;
	return -1;
}

/* Parse a word of a choice, as its number. */
static int parse_choice(struct parser *p, const struct fed_field *field,
                        struct fed_condition_term *t)
{
	struct fed_text allowed = {0};
	char word[FED_WORD_MAX];

	if (t->op != FED_EQUAL && t->op != FED_UNEQUAL)
		return fed_fail(p->err, "%s compares with == and != alone", field->name);
	if (word_length(p) == 0)
		return unexpected(p, "a word");
	if (parse_name(p, word))
		return FED_FAIL;
	t->right.number = choice_of(field, word);
	if (t->right.number >= 0)
		return FED_OK;
	fed_field_allowed(field, &allowed);
	fed_fail(p->err, "%s is never %s: %s", field->name, fed_show(word).s, fed_text_str(&allowed));
	fed_text_release(&allowed);
	return FED_FAIL;
}

/* Parse a term that is no comparison of numbers.  *taken: there was such a term. */
static int parse_row_term(struct parser *p, struct fed_condition_term *t, bool *taken)
{
	const char *const begin = p->at;
	char word[FED_WORD_MAX];

	*taken = false;
	if (word_length(p) == 0)
		return FED_OK;
	if (parse_name(p, word))
		return FED_FAIL;
	skip_blank(p);
	const struct fed_field *field = fed_fields_find(p->fields, word);
	*taken = true;
	if (field && field->type == FED_TYPE_CHOICE) {
		if (parse_operator(p, &t->op))
			return FED_FAIL;
		skip_blank(p);
		t->left.metric = field;
		return parse_choice(p, field, t);
	}
	t->op = FED_EQUAL;
	t->right.number = 1;
	t->left.metric = field;
	const bool compared = *p->at && strchr("<>=!", *p->at);
	if (field && field->type == FED_TYPE_FLAG && !compared)
		return FED_OK;
	for (const struct fed_field *f = p->fields; !field && f->type; f++) {
		t->right.number = choice_of(f, word);
		t->left.metric = f;
		if (t->right.number >= 0)
			return FED_OK;
	}
	*taken = false;
	*t = (struct fed_condition_term){.first = t->first};
	p->at = begin;
	return FED_OK;
}

static int parse_term(struct parser *p, struct fed_condition_term *t)
{
	bool taken;

	skip_blank(p);
	if (p->fields ? parse_row_term(p, t, &taken) : parse_event_term(p, t, &taken))
		return FED_FAIL;
	skip_blank(p);
	if (taken)
		return FED_OK;
	if (parse_metric(p, &t->left))
		return FED_FAIL;
	skip_blank(p);
	if (parse_operator(p, &t->op))
		return FED_FAIL;
	skip_blank(p);
	bool named = false;
	if (p->fields && strcmp(t->left.text, "client") == 0 &&
	    parse_client_name(p, t->op, &t->right.number, &named))
		return FED_FAIL;
	if (!named && parse_right(p, &t->right, t->op))
		return FED_FAIL;
	skip_blank(p);
	return FED_OK;
}

static int parse_all(struct parser *p, struct fed_condition *c)
{
	bool first = true;

	for (;;) {
		if (c->n == TERMS_MAX)
			return fed_fail(p->err, "a condition has at most %d comparisons", TERMS_MAX);
		struct fed_condition_term *grown =
			fed_resize(c->term, c->n * sizeof *grown, (c->n + 1) * sizeof *grown);
		if (!grown)
			return fed_fail_memory(p->err, (c->n + 1) * sizeof *grown, "the condition");
		c->term = grown;
		c->term[c->n].first = first;
		if (parse_term(p, &c->term[c->n++]))
			return FED_FAIL;
		if (*p->at == 0)
			return FED_OK;
		first = take_word(p, "or");
		if (first || take_word(p, "and"))
			continue;
		if (*p->at != ',')
			return unexpected(p, "`and`, `or` or the end");
		p->at++;
	}
}

static int parse(struct fed_condition **out, const char *text, const struct fed_runs *runs,
                 bool events, const struct fed_field *fields, const struct fed_clients *clients,
                 struct fed_error *err)
{
	if (strnlen(text, TEXT_MAX + 1) > TEXT_MAX)
		return fed_fail(err, "a condition has at most %d characters", TEXT_MAX);
	struct fed_condition *c = fed_alloc(sizeof *c);
	if (!c)
		return fed_fail_memory(err, sizeof *c, "the condition");
	struct parser p = {.start = text,
	                   .at = text,
	                   .runs = runs,
	                   .events = events,
	                   .fields = fields,
	                   .clients = clients,
	                   .copied = text,
	                   .err = err};
	int rc = parse_all(&p, c);
	fed_text_add(&p.text, "%s", p.copied);
	c->text = rc == FED_OK && !p.text.failed ? fed_strdup(fed_text_str(&p.text)) : NULL;
	if (rc == FED_OK && !c->text)
		rc = fed_fail_memory(err, strlen(text), "the condition");
	fed_text_release(&p.text);
	if (rc)
		fed_condition_free(c);
	else
		*out = c;
	return rc ? FED_FAIL : FED_OK;
}

int fed_condition_parse(struct fed_condition **out, const char *text, const struct fed_runs *runs,
                        struct fed_error *err)
{
	return parse(out, text, runs, false, NULL, NULL, err);
}

int fed_condition_parse_event(struct fed_condition **out, const char *text,
                              const struct fed_runs *runs, const struct fed_clients *clients,
                              struct fed_error *err)
{
	return parse(out, text, runs, true, NULL, clients, err);
}

int fed_condition_parse_row(struct fed_condition **out, const char *text,
                            const struct fed_field *fields, const struct fed_clients *clients,
                            struct fed_error *err)
{
	return parse(out, text, NULL, false, fields, clients, err);
}
