/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history/condition_internal.h - parsed conditions; shared by the parser and the evaluator.
 */
#ifndef FED_HISTORY_CONDITION_INTERNAL_H
#define FED_HISTORY_CONDITION_INTERNAL_H

#include "history/condition.h"

#define FED_WORD_MAX 64

enum fed_comparison { FED_LESS, FED_LESS_EQUAL, FED_MORE, FED_MORE_EQUAL, FED_EQUAL, FED_UNEQUAL };

/* Subject of an operand. */
enum fed_subject { FED_ABOUT_FIGURE, FED_ABOUT_CLIENT, FED_ABOUT_KIND, FED_ABOUT_NAN };

/* Operand: a metric some rounds back, or in a kept run, as `factor * value + shift`; or a number;
 * or a member of an event, as a number. */
struct fed_operand {
	enum fed_subject subject;
	const struct fed_field *metric; /* of a FED_ABOUT_FIGURE; NULL: a number */
	uint32_t back;
	double number;               /* value of a number, or of a kept run's metric */
	double factor, shift;        /* of a named operand */
	char text[2 * FED_WORD_MAX]; /* name as typed, for messages; else empty */
};

struct fed_condition_term {
	struct fed_operand left, right;
	enum fed_comparison op;
	bool first; /* begins an alternative: `or` precedes it */
};

struct fed_condition {
	struct fed_condition_term *term; /* [n] */
	size_t n;
	char *text; /* as typed */
};

#endif
