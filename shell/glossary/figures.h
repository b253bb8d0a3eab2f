/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/glossary/figures.h - figures of the session for words of the glossary.
 *
 * Each appends one clause, "3 of 10 clients", and returns false when there is nothing to say yet.
 */
#ifndef FED_SHELL_GLOSSARY_FIGURES_H
#define FED_SHELL_GLOSSARY_FIGURES_H

#include "session/session.h"

struct fed_text;

typedef bool fed_glossary_figure(const struct fed_session *, struct fed_text *);

/* The composition. */
fed_glossary_figure fed__figure_dataset, fed__figure_model, fed__figure_parameters,
	fed__figure_clients, fed__figure_pool, fed__figure_aggregator, fed__figure_transport,
	fed__figure_scheme, fed__figure_selection, fed__figure_faults, fed__figure_participants;
/* What of the session only rank 0 computes, of a job with ranks. */
fed_glossary_figure fed__figure_rank0;
/* The run. */
fed_glossary_figure fed__figure_version, fed__figure_clock, fed__figure_phase,
	fed__figure_in_flight, fed__figure_breakpoints, fed__figure_kept_runs, fed__figure_events,
	fed__figure_metrics, fed__figure_messages, fed__figure_bytes, fed__figure_saved,
	fed__figure_flops;
/* The last version's updates. */
fed_glossary_figure fed__figure_verdicts, fed__figure_scores, fed__figure_weights,
	fed__figure_norms, fed__figure_cosines, fed__figure_groups, fed__figure_blamed;
/* Split learning. */
fed_glossary_figure fed__figure_cut, fed__figure_head, fed__figure_tail, fed__figure_smashed;

#endif
