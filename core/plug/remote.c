/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/remote.c - worker processes of entries and instances.
 */
#include "plug/remote.h"

#include <string.h>

#include "base/mem.h"
#include "plug/guard/worker.h"
#include "plug/guard/protocol.h"
#include "plug/wire.h"

/* Keep what the reader holds, for the strings that point into it. */
static int keep_words(struct fed_packet_reader *r, struct fed_entry *entry, struct fed_error *err)
{
	const size_t n = (size_t)(r->end - r->at);

	entry->words = fed_alloc(n ? n : 1);
	if (!entry->words)
		return fed_fail_memory(err, n, "a plugin");
	memcpy(entry->words, r->at, n);
	r->at = entry->words;
	r->end = entry->words + n;
	return FED_OK;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* A worker with the entry's library, entered. */
static int begin_worker(struct fed_worker **w, const struct fed_entry *entry,
                        struct fed_guard *guard, struct fed_error *err)
{
	const int files[FED_WORKER_FILES] = {fed_entry_file(entry), -1, -1};

	if (fed_worker_new(w, guard, last_part(entry->path), FED_WORKER_CALLS, files, err))
		return FED_FAIL;
	if (fed_worker_enter(*w, err) == FED_OK)
		return FED_OK;
	fed_worker_free(*w);
	return FED_FAIL;
}

int fed__remote_describe(struct fed_entry *entry, struct fed_error *err)
{
	struct fed_packet_reader reply;
	struct fed_error words;
	struct fed_worker *w;
	int rc;

	if (begin_worker(&w, entry, entry->guard, err))
		return FED_FAIL;
	fed_worker_request(w, FED_ASK_DESCRIPTOR);
	if (fed_worker_call(w, "its constructor", NULL, &reply, &rc, &words, err))
		rc = FED_REJECT;
	else if (rc != FED_OK)
		*err = words;
	else
		rc = keep_words(&reply, entry, err);
	if (rc == FED_OK)
		rc = fed__get_descriptor(&reply, entry, err);
	fed_worker_leave(w);
	fed_worker_free(w);
	return rc;
}

int fed__remote_try(const struct fed_entry *entry, struct fed_guard *guard, struct fed_error *err)
{
	struct fed_packet_reader reply;
	struct fed_error words;
	struct fed_worker *w;
	int rc;

	if (begin_worker(&w, entry, guard, err))
		return FED_FAIL;
	fed_worker_request(w, FED_ASK_DESCRIPTOR);
	const bool lost = fed_worker_call(w, "its constructor", NULL, &reply, &rc, &words, err);
	fed_worker_leave(w);
	fed_worker_free(w);
	return lost ? FED_REJECT : FED_OK;
}

int fed__remote_attach(struct fed_instance *instance, struct fed_error *err)
{
	const struct fed_entry *entry = instance->entry;
	const struct fed_entry *before = instance->after ? instance->after->entry : NULL;
	struct fed_guard *guard = entry->guard ? entry->guard : before ? before->guard : NULL;

	if (!guard)
		return FED_OK;
	const int files[FED_WORKER_FILES] = {fed_entry_file(entry),
	                                     before ? fed_entry_file(before) : -1, -1};
	return fed_worker_new(&instance->worker, guard, entry->head->name, FED_WORKER_CALLS, files,
	                      err);
}

void fed_instance_work(const struct fed_instance *instance, struct fed_work *sum)
{
	const struct fed_worker *w = instance->worker;

	if (!w)
		return;
	sum->calls += w->calls;
	sum->losses += w->starts - (w->pid != 0);
	sum->seconds += w->seconds;
}

void fed__remote_detach(struct fed_instance *instance)
{
	if (instance->entry) /* entries belong to the registry and are never constant objects */
		fed_instance_work(instance, &((struct fed_entry *)instance->entry)->work);
	fed_worker_free(instance->worker);
	instance->worker = NULL;
}

struct fed_guard *fed__remote_guard(const struct fed_instance *instance)
{
	return instance->worker ? instance->worker->guard : NULL;
}
