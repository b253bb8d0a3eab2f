/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/study/store.c - the file of studies in the user's data folder.
 */
#include "shell/commands/study/study.h"
#include "shell/language/state_folder.h"

int fed__open_store(struct fed_store **store, bool make, struct fed_error *err)
{
	struct fed_text path = {0};

	*store = NULL;
	int rc =
		fed__data_path(&path, "studies.db")
			? fed_store_open(store, fed_text_str(&path), make, err)
			: fed_fail(err, "there is no folder to keep studies in; set HOME or XDG_DATA_HOME");
	fed_text_release(&path);
	return rc;
}

int fed__open_study(struct fed_store **store, const char *name, struct fed_stored_study *study,
                    struct fed_error *err)
{
	if (fed__open_store(store, false, err))
		return FED_FAIL;
	if (fed_store_find(*store, name, study, err) == FED_OK)
		return FED_OK;
	fed_store_close(*store);
	*store = NULL;
	return FED_FAIL;
}
