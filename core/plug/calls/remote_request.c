/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/calls/remote_request.c - requests about an instance to its worker process: begin, output,
 * send, leave.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "plug/guard/worker.h"
#include "plug/calls/remote.h"
#include "plug/result_checks.h"
#include "plug/wire.h"

int fed__remote_request(const struct fed_instance *instance, enum fed_request what,
                        struct fed_error *err)
{
	struct fed_worker *w = instance->worker;

	if (fed_worker_enter(w, err))
		return fed__fail_by_name(instance, err);
	w->out.values = NULL;
	fed_worker_request(w, what);
	fed_put_state(&w->packet, instance);
	return FED_OK;
}

void *fed__remote_output(const struct fed_instance *instance, size_t bytes, struct fed_error *err)
{
	void *values = fed_worker_output(instance->worker, bytes);

	if (values) {
		fed_put_output(&instance->worker->packet, instance->worker);
		return values;
	}
	fed__remote_leave(instance);
	fed_fail_memory(err, bytes, "a call of a plugin");
	return NULL;
}

int fed__remote_send(const struct fed_instance *instance, const char *function,
                     const struct fed_worker_host *host, struct fed_packet_reader *reply,
                     struct fed_error *err)
{
	struct fed_worker *w = instance->worker;
	struct fed_error words;
	int rc;

	if (fed_worker_call(w, function, host, reply, &rc, &words, err)) {
		rc = fed__fail_by_name(instance, err);
	} else if (rc != FED_OK) {
		*err = words; /* the worker has put the plugin's name before them */
	} else if (w->out.values && !fed_worker_output_intact(w)) {
		fed_fail(err, "%s wrote past the end of its output", function);
		rc = fed__fail_by_name(instance, err);
	}
	if (rc != FED_OK)
		fed__remote_leave(instance);
	return rc;
}

void fed__remote_leave(const struct fed_instance *instance)
{
	fed_worker_drop_copies(instance->worker, 0);
	fed_worker_leave(instance->worker);
}

void fed__remote_report(const struct fed_instance *instance, const struct fed_error *err)
{
	const struct fed_head *head = instance->entry->head;
	char name[80]; /* which the line begins with as well */

	snprintf(name, sizeof name, "%s %s: ", fed_kind_name((enum fed_kind)head->kind), head->name);
	const size_t n = strlen(name);
	fed__worker_report(instance->worker, err->text + (strncmp(err->text, name, n) ? 0 : n));
}
