/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small session for targets that read files of one. */
#include "fuzz/lab.h"

#include <unistd.h>

#include "base/file.h"
#include "fuzz/fuzz.h"

static void must(int rc, const struct fed_error *err)
{
	if (rc == FED_OK)
		return;
	fprintf(stderr, "fuzz: %s\n", err->text);
	fed_fuzz_claim(!"the session of the seeds");
}

void lab_bare(struct fed_session *session)
{
	struct fed_error err;
	must(fed__session_init(session, FED_PLUGIN_DIR, (struct fed_sink){0}, &err), &err);
	must(fed_session_set(session, "threads", "1", &err), &err);
}

void lab_trained(struct fed_session *session, uint64_t rounds)
{
	static const struct fed_partition how = {.kind = FED_PARTITION_IID, .samples = 5};
	struct fed_text rows = {0};
	struct fed_error err;
	uint32_t first;
	struct fed_run_result result;

	for (int i = 0; i < 30; i++)
		fed_text_add(&rows, "%d,%d,%d\n", i, i * i % 7, i % 3);
	fed_fuzz_file("data.csv", rows.s, rows.len);
	fed_text_release(&rows);
	lab_bare(session);
	must(fed_session_dataset(session, fed_fuzz_path("data.csv"), NULL, 0, &err), &err);
	must(fed_session_model(session, "softmax", NULL, 0, &err), &err);
	must(fed_session_aggregator(session, "fedavgm", NULL, 0, &err), &err);
	must(fed_session_add_clients(session, 3, &how, NULL, NULL, NULL, &first, &err), &err);
	must(fed_session_run(session, rounds, NULL, &result, &err), &err);
}

void lab_seed_from(const char *name)
{
	struct fed_text bytes = {0};
	struct fed_error err;
	must(fed_file_read(fed_fuzz_path(name), 1 << 20, &bytes, &err), &err);
	fed_fuzz_seed(bytes.s, bytes.len);
	fed_text_release(&bytes);
	unlink(fed_fuzz_path(name));
}

void lab_end(void)
{
	unlink(fed_fuzz_path("data.csv"));
}
