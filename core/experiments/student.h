/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/student.h - Student's t distribution.
 */
#ifndef FED_EXPERIMENTS_STUDENT_H
#define FED_EXPERIMENTS_STUDENT_H

/* The probability of a value of at most t with so many degrees of freedom (above 0). */
double fed__student_below(double t, double freedom);
/* The t that a value lies below with probability p, 0.5 <= p < 1, to about 1e-12 of it. */
double fed__student_quantile(double p, double freedom);

#endif
