/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/table.h - tables, as text in the width of the screen, as CSV and as JSON lines.
 *
 *     static const struct fed_table_column columns[] = {{.title = "client", .kind =
 * FED_CELL_NUMBER}, ...}; struct fed_table table = {.name = "clients", .column = columns, .columns
 * = 2}; fed__table_integer(&table, 3); fed__table_cell(&table, "phone"); ... row by row
 *     fed__table_print(shell, &table);
 *
 * Where the screen is too narrow prose wraps within its column, then the least important columns
 * are left out, and a line says which.  As data (shell->form) all columns are there, and numbers
 * are not rounded.
 */
#ifndef FED_SHELL_OUTPUT_TABLE_H
#define FED_SHELL_OUTPUT_TABLE_H

#include "shell/shell.h"

enum fed_table_kind {
	FED_CELL_TEXT,
	FED_CELL_NUMBER, /* right-aligned */
	FED_CELL_PROSE,  /* text whose words wrap within the column */
};

struct fed_table_column {
	const char *title;
	enum fed_table_kind kind;
	unsigned rank;   /* 0: the most important; of equal ones the right one is left out first */
	const char *key; /* name in CSV and JSON; NULL: from the title */
};

struct fed_table {
	const char *name;                      /* in JSON */
	const struct fed_table_column *column; /* [columns], the caller's */
	size_t columns;
	bool untitled;                  /* as text it has no row of titles */
	struct fed_text cells;          /* NUL-ended, row by row */
	struct fed_table_figure *value; /* [n] the numbers behind the cells */
	size_t n, capacity;
};

/* A cell of text; "-" in a column of numbers is null as data. */
void fed__table_cell(struct fed_table *, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* A cell that shows a number as this text. */
void fed__table_shown(struct fed_table *, double x, const char *text);
/* Cells of numbers, NaN "-": as fmt has it; "12,345"; "12345"; "1.7 MB"; "3.1 s"; "4.5 GFLOP"; a
 * share as "81.2 %". */
void fed__table_real(struct fed_table *, double x, const char *fmt);
void fed__table_count(struct fed_table *, double n);
void fed__table_integer(struct fed_table *, uint64_t n);
void fed__table_bytes(struct fed_table *, double bytes);
void fed__table_seconds(struct fed_table *, double seconds);
void fed__table_unit(struct fed_table *, double x, const char *unit);
void fed__table_share(struct fed_table *, double share);
/* Print and release the table. */
void fed__table_print(struct fed_shell *, struct fed_table *);
void fed__table_release(struct fed_table *);

#endif
