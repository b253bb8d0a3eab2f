/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/study/store.c - a study in the file of studies, and what is asked of one.
 */
#include "shell/commands/study/study.h"

#include <string.h>

int fed__open_study(struct fed_store **store, enum fed_store_use use, const char *name,
                    struct fed_stored_study *study, struct fed_error *err)
{
	if (fed__open_store(store, use, err))
		return FED_FAIL;
	if (fed_store_find(*store, name, study, err) == FED_OK)
		return FED_OK;
	fed_store_close(*store);
	*store = NULL;
	return FED_FAIL;
}

int fed__read_study_words(char *words, const char **metrics, const char **by, struct fed_error *err)
{
	char *at = strstr(words, " by ");

	*by = "";
	*metrics = words;
	if (strncmp(words, "by ", 3) == 0) {
		*metrics = "";
		*by = words + 3;
	} else if (at) {
		*at = 0;
		*by = at + 4;
	}
	if (strchr(*metrics, ' ') || strchr(*by, ' '))
		return fed_fail(err, "`%s` is not METRIC by FACTOR,FACTOR (without blanks at the commas)",
		                fed_show(strchr(*metrics, ' ') ? *metrics : *by).s);
	return FED_OK;
}
