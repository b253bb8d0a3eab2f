/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/figures/figures.h - figures of a session: the same data as in the terminal's charts.
 *
 * The drawing's width is set; a height of 0 becomes what suits.  heading: NULL or "": none.
 */
#ifndef FED_REPORT_FIGURES_FIGURES_H
#define FED_REPORT_FIGURES_FIGURES_H

#include "figures/drawing.h"
#include "report/histogram.h"
#include "report/input_plane.h"
#include "report/evaluator.h"
#include "report/timeline.h"
#include "report/update_geometry.h"

/* A row a true class, a column an answer, darkness its share of the row. */
int fed_figure_confusion(const struct fed_quality *, const struct fed_dataset *,
                         const char *heading, struct fed_drawing *, struct fed_error *);
/* How many examples of which class each of these clients has.  FED_REJECT: the data have no
 * classes. */
int fed_figure_labels(const struct fed_session *, const uint32_t *ids, uint32_t n,
                      const char *heading, struct fed_drawing *, struct fed_error *);
/* The map of a version's updates. */
int fed_figure_updates(const struct fed_update_geometry *, const struct fed_clients *,
                       const char *heading, struct fed_drawing *, struct fed_error *);
/* Who downloaded, computed, uploaded and waited when. */
int fed_figure_timeline(const struct fed_timeline *, const char *heading, struct fed_drawing *,
                        struct fed_error *);
int fed_figure_histogram(const struct fed_histogram *, const char *heading, struct fed_drawing *,
                         struct fed_error *);
/* Decision regions of the global model and, beside it, of clients; or of one client, at this place
 * among fed_decisions_clients(), before and after its local training. */
int fed_figure_plane(const struct fed_session *, const struct fed_input_plane *, bool one,
                     uint32_t place, const char *heading, struct fed_drawing *, struct fed_error *);

/* What the present run is called beside kept ones. */
#define FED_PRESENT_RUN "present run"
/* A metric over the rounds, of this run and of kept ones.  FED_REJECT: there are no rounds. */
int fed__figure_metric(const struct fed_session *, const struct fed_field *metric,
                       const char *heading, struct fed_drawing *, struct fed_error *);

#endif
