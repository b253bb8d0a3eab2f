/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/glossary/texts.h - the longer texts of the glossary, each with its formula and source.
 */
#ifndef FED_SHELL_GLOSSARY_TEXTS_H
#define FED_SHELL_GLOSSARY_TEXTS_H

extern const char fed__noise_text[], fed__accuracy_text[], fed__lr_text[], fed__batch_text[],
	fed__epochs_text[], fed__codec_text[], fed__selection_text[], fed__quorum_text[],
	fed__deadline_text[], fed__staleness_text[], fed__filtered_text[], fed__plane_text[],
	fed__quality_text[], fed__chosen_metrics_text[], fed__regression_text[], fed__fairness_text[];

#endif
