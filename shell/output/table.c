/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/table.c - cells of tables, their layout and their forms.
 */
#include "shell/output/table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "shell/output/print.h"
#include "base/wrap.h"

#define COLUMNS_MAX 64
#define PROSE_LEAST 20 /* columns of a screen, below which prose is not squeezed */
#define WORD_MOST 24   /* columns of a word of prose, as a path, that is not broken */
#define GAP 2          /* blanks before each column */

/* The number behind a cell. */
struct fed_table_figure {
	double x;
	bool known; /* else the cell is text */
};

/* Cells -------------------------------------------------------------------- */

static void add_figure(struct fed_table *t, struct fed_table_figure figure)
{
	if (t->n == t->capacity) {
		const size_t more = t->capacity ? 2 * t->capacity : 64;
		struct fed_table_figure *grown =
			fed_resize(t->value, t->capacity * sizeof *grown, more * sizeof *grown);

		if (!grown) {
			t->cells.failed = true;
			return;
		}
		t->value = grown;
		t->capacity = more;
	}
	fed_text_put(&t->cells, "", 1);
	t->value[t->n++] = figure;
}

void fed__table_cell(struct fed_table *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fed_text_vadd(&t->cells, fmt, ap);
	va_end(ap);
	add_figure(t, (struct fed_table_figure){0});
}

void fed__table_shown(struct fed_table *t, double x, const char *text)
{
	fed_text_add(&t->cells, "%s", text);
	add_figure(t, (struct fed_table_figure){x, true});
}

void fed__table_real(struct fed_table *t, double x, const char *fmt)
{
	fed_text_number(&t->cells, fmt, x);
	add_figure(t, (struct fed_table_figure){x, true});
}

/* A cell of a number that `put` appends. */
static void put_number(struct fed_table *t, double x, void (*put)(struct fed_text *, double))
{
	if (isnan(x))
		fed_text_add(&t->cells, "-");
	else
		put(&t->cells, x);
	add_figure(t, (struct fed_table_figure){x, true});
}

void fed__table_count(struct fed_table *t, double n)
{
	put_number(t, n, fed_text_count);
}

void fed__table_integer(struct fed_table *t, uint64_t n)
{
	fed_text_add(&t->cells, "%llu", (unsigned long long)n);
	add_figure(t, (struct fed_table_figure){(double)n, true});
}

void fed__table_bytes(struct fed_table *t, double bytes)
{
	put_number(t, bytes, fed_text_bytes);
}

void fed__table_seconds(struct fed_table *t, double seconds)
{
	put_number(t, seconds, fed_text_clock);
}

void fed__table_unit(struct fed_table *t, double x, const char *unit)
{
	if (isnan(x))
		fed_text_add(&t->cells, "-");
	else
		fed_text_si(&t->cells, x, unit);
	add_figure(t, (struct fed_table_figure){x, true});
}

void fed__table_share(struct fed_table *t, double share)
{
	char text[64];

	snprintf(text, sizeof text, "%.1f %%", 100 * share);
	fed__table_shown(t, share, isnan(share) ? "-" : text);
}

void fed__table_release(struct fed_table *t)
{
	fed_text_release(&t->cells);
	fed_free(t->value);
	*t = (struct fed_table){0};
}

/* Layout -------------------------------------------------------------------- */

/* Columns of the screen for each column of a table. */
struct table_layout {
	int width[COLUMNS_MAX]; /* without the gap */
	int whole[COLUMNS_MAX]; /* the widest cell */
	bool left_out[COLUMNS_MAX];
	size_t shown;
};

static int max_of(int a, int b)
{
	return a > b ? a : b;
}

/* The widest cells, and how narrow each column may become. */
static void measure(const struct fed_table *t, struct table_layout *l)
{
	const char *cell = fed_text_str(&t->cells);

	for (size_t k = 0; k < t->columns && !t->untitled; k++)
		l->whole[k] = l->width[k] = fed_text_width(t->column[k].title);
	for (size_t i = 0; i < t->n; i++, cell += strlen(cell) + 1) {
		const size_t k = i % t->columns;
		const int whole = fed_text_width(cell), word = fed_wrap_longest(cell);
		const int least =
			max_of(word < WORD_MOST ? word : WORD_MOST, whole < PROSE_LEAST ? whole : PROSE_LEAST);

		l->whole[k] = max_of(l->whole[k], whole);
		l->width[k] = max_of(l->width[k], t->column[k].kind == FED_CELL_PROSE ? least : whole);
	}
}

static int total(const struct fed_table *t, const struct table_layout *l)
{
	int sum = 0;

	for (size_t k = 0; k < t->columns; k++)
		sum += l->left_out[k] ? 0 : GAP + l->width[k];
	return sum;
}

/* The column to leave out first. */
static size_t least_important(const struct fed_table *t, const struct table_layout *l)
{
	size_t least = t->columns;

	for (size_t k = 0; k < t->columns; k++)
		if (!l->left_out[k] && (least == t->columns || t->column[k].rank >= t->column[least].rank))
			least = k;
	return least;
}

/* Give columns of prose what is left of the screen, the narrowest first. */
static void widen(const struct fed_table *t, struct table_layout *l, int spare)
{
	for (; spare > 0; spare--) {
		size_t narrow = t->columns;

		for (size_t k = 0; k < t->columns; k++)
			if (!l->left_out[k] && l->width[k] < l->whole[k] &&
			    (narrow == t->columns || l->width[k] < l->width[narrow]))
				narrow = k;
		if (narrow == t->columns)
			return;
		l->width[narrow]++;
	}
}

/* Fit the columns into a screen; width 0: it has no edge. */
static void fit(const struct fed_table *t, int width, struct table_layout *l)
{
	measure(t, l);
	l->shown = t->columns;
	if (width <= 0) {
		memcpy(l->width, l->whole, sizeof l->width);
		return;
	}
	for (; l->shown > 1 && total(t, l) > width; l->shown--)
		l->left_out[least_important(t, l)] = true;
	if (total(t, l) > width) {
		for (size_t k = 0; k < t->columns; k++)
			l->width[k] = max_of(width - GAP, 1);
		return;
	}
	widen(t, l, width - total(t, l));
}

/* Text ---------------------------------------------------------------------- */

/* Append line `at` of a cell that is wrapped in its column; false: it has no more lines. */
static bool put_cell(const struct fed_table *t, const struct table_layout *l, size_t k,
                     const char *cell, int at, struct fed_text *line)
{
	struct fed_text wrapped = {0};
	const char *part;

	fed_wrap_line(&wrapped, cell, strlen(cell), l->width[k], 0);
	part = fed_text_str(&wrapped);
	for (int i = 0; part && i < at; i++) {
		part = strchr(part, '\n');
		part = part ? part + 1 : NULL;
	}
	char *end = part ? strchr(part, '\n') : NULL;
	if (end)
		*end = 0;
	const int pad = l->width[k] - (part ? fed_text_width(part) : 0);
	const bool right = t->column[k].kind == FED_CELL_NUMBER;
	fed_text_add(line, "%*s%s%*s", GAP + (right && pad > 0 ? pad : 0), "", part ? part : "",
	             right || pad < 0 ? 0 : pad, "");
	fed_text_release(&wrapped);
	return end != NULL;
}

static void put_lines(struct fed_shell *shell, const struct fed_table *t,
                      const struct table_layout *l, const char *const *cell,
                      enum fed_emphasis style)
{
	struct fed_text line = {0};
	bool more = true;

	for (int at = 0; more; at++) {
		more = false;
		fed_text_clear(&line);
		for (size_t k = 0; k < t->columns; k++)
			if (!l->left_out[k])
				more |= put_cell(t, l, k, cell[k], at, &line);
		while (line.len && line.s[line.len - 1] == ' ')
			line.s[--line.len] = 0;
		fed__print_styled(shell, style, "%s\n", fed_text_str(&line));
	}
	fed_text_release(&line);
}

static void say_left_out(struct fed_shell *shell, const struct fed_table *t,
                         const struct table_layout *l)
{
	struct fed_text names = {0};

	if (l->shown == t->columns)
		return;
	for (size_t k = 0; k < t->columns; k++)
		if (l->left_out[k])
			fed_text_add(&names, "%s%s", names.len ? ", " : "", t->column[k].title);
	fed__print_styled(shell, FED_EMPHASIS_DIM, "  left out: %s; -w or a wider window shows all\n",
	                  fed_text_str(&names));
	fed_text_release(&names);
}

static void print_text(struct fed_shell *shell, const struct fed_table *t)
{
	const char *row[COLUMNS_MAX], *cell = fed_text_str(&t->cells);
	struct table_layout l = {0};

	if (t->n == 0)
		return;
	fit(t, shell->screen.width, &l);
	for (size_t k = 0; k < t->columns; k++)
		row[k] = t->column[k].title;
	if (!t->untitled)
		put_lines(shell, t, &l, row, FED_EMPHASIS_DIM);
	for (size_t i = 0; i < t->n; i += t->columns) {
		for (size_t k = 0; k < t->columns; k++, cell += strlen(cell) + 1)
			row[k] = cell;
		put_lines(shell, t, &l, row, FED_EMPHASIS_PLAIN);
	}
	say_left_out(shell, t, &l);
}

/* Data ---------------------------------------------------------------------- */

/* The column's name as data: "cos(step)" is cos_step. */
static void put_key(const struct fed_table_column *c, struct fed_text *out)
{
	bool gap = false;

	if (c->key) {
		fed_text_add(out, "%s", c->key);
		return;
	}
	for (const char *s = c->title; *s; s++) {
		const bool letter = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
		                    (*s >= '0' && *s <= '9') || (unsigned char)*s >= 0x80;

		if (letter)
			fed_text_add(out, "%s%c", gap && out->len ? "_" : "",
			             *s >= 'A' && *s <= 'Z' ? *s - 'A' + 'a' : *s);
		gap = !letter;
	}
}

/* Whether a cell of text stands for no number. */
static bool is_null(const struct fed_table *t, size_t i, const char *cell)
{
	return t->column[i % t->columns].kind == FED_CELL_NUMBER && (!*cell || strcmp(cell, "-") == 0);
}

static void put_csv_field(struct fed_text *out, const char *s)
{
	if (!s[strcspn(s, "\",\r\n")]) {
		fed_text_add(out, "%s", s);
		return;
	}
	fed_text_add(out, "\"");
	for (; *s; s++)
		fed_text_add(out, "%s%c", *s == '"' ? "\"" : "", *s);
	fed_text_add(out, "\"");
}

static void put_csv(const struct fed_table *t, struct fed_text *out)
{
	const char *cell = fed_text_str(&t->cells);
	struct fed_text key = {0};

	for (size_t k = 0; k < t->columns; k++) {
		fed_text_clear(&key);
		put_key(&t->column[k], &key);
		fed_text_add(out, "%s", k ? "," : "");
		put_csv_field(out, fed_text_str(&key));
	}
	fed_text_add(out, "\n");
	for (size_t i = 0; i < t->n; i++, cell += strlen(cell) + 1) {
		if (t->value[i].known && isinf(t->value[i].x))
			fed_text_add(out, t->value[i].x > 0 ? "inf" : "-inf");
		else if (t->value[i].known && !isnan(t->value[i].x))
			fed_text_json_number(out, t->value[i].x);
		else if (!t->value[i].known && !is_null(t, i, cell))
			put_csv_field(out, cell);
		fed_text_add(out, i % t->columns == t->columns - 1 ? "\n" : ",");
	}
	fed_text_release(&key);
}

static void put_json(const struct fed_table *t, struct fed_text *out)
{
	const char *cell = fed_text_str(&t->cells);
	struct fed_text key = {0};

	for (size_t i = 0; i < t->n; i++, cell += strlen(cell) + 1) {
		const size_t k = i % t->columns;

		if (k == 0) {
			fed_text_add(out, "{\"v\":1,\"table\":");
			fed_text_json_string(out, t->name);
		}
		fed_text_clear(&key);
		put_key(&t->column[k], &key);
		fed_text_add(out, ",");
		fed_text_json_string(out, fed_text_str(&key));
		fed_text_add(out, ":");
		if (t->value[i].known || is_null(t, i, cell))
			fed_text_json_number(out, t->value[i].known ? t->value[i].x : NAN);
		else
			fed_text_json_string(out, cell);
		if (k == t->columns - 1)
			fed_text_add(out, "}\n");
	}
	fed_text_release(&key);
}

void fed__table_print(struct fed_shell *shell, struct fed_table *t)
{
	struct fed_text data = {0};

	if (t->cells.failed || t->columns > COLUMNS_MAX) {
		fed__print_warning(shell, "out of memory: a table is not shown");
	} else if (shell->form == FED_FORM_TEXT) {
		print_text(shell, t);
	} else {
		if (shell->form == FED_FORM_CSV)
			put_csv(t, &data);
		else
			put_json(t, &data);
		fed__print_data(shell, &data);
	}
	fed_text_release(&data);
	fed__table_release(t);
}
