/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/studies.c - the file of studies in the user's data folder.
 */
#include "shell/language/studies.h"

#include "shell/language/state_folder.h"

int fed__open_store(struct fed_store **store, enum fed_store_use use, struct fed_error *err)
{
	struct fed_text path = {0};

	*store = NULL;
	int rc =
		fed__data_path(&path, "studies.db")
			? fed_store_open(store, fed_text_str(&path), use, err)
			: fed_fail(err, "there is no folder to keep studies in; set HOME or XDG_DATA_HOME");
	fed_text_release(&path);
	return rc;
}

/* Who is told the names. */
struct name_taker {
	const char *end;
	void (*take)(void *ctx, const char *name);
	void *ctx;
};

static bool take_study(void *ctx, const struct fed_stored_study *study)
{
	const struct name_taker *names = ctx;
	struct fed_text text = {0};

	fed_text_add(&text, "%s%s", study->name, names->end);
	if (!text.failed)
		names->take(names->ctx, text.s);
	fed_text_release(&text);
	return true;
}

void fed__study_names(const char *end, void (*take)(void *ctx, const char *name), void *ctx)
{
	struct name_taker names = {end, take, ctx};
	struct fed_store *store;
	struct fed_error unused;

	if (fed__open_store(&store, FED_STORE_LOOK, &unused))
		return;
	fed_store_each_study(store, take_study, &names, &unused);
	fed_store_close(store);
}
