/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker/server.c - what requests share: the instance, its vectors, threads, questions to fedsh.
 */
#include "worker/serve.h"

#include "base/mem.h"

int fed__serve_open(struct fed_server *s, const char *path, const char *before,
                    struct fed_error *err)
{
	int rc = fed_entry_open(&s->entry[0], path, err);

	if (rc == FED_OK && before)
		rc = fed_entry_open(&s->entry[1], before, err);
	if (rc == FED_OK)
		rc = fed_instance_init(&s->instance, s->entry[0], NULL, 0, err);
	if (rc != FED_OK || !before)
		return rc;
	struct fed_instance *after = fed_alloc(sizeof *after);
	if (!after)
		return fed_fail_memory(err, sizeof *after, "a pre-aggregation");
	rc = fed_instance_init(after, s->entry[1], NULL, 0, err);
	if (rc == FED_OK)
		s->instance.after = after;
	else
		fed_free(after);
	return rc;
}

int fed__serve_state(struct fed_server *s, struct fed_packet_reader *r, struct fed_error *err)
{
	return fed_get_state(r, &s->instance, err);
}

int fed__serve_vectors(struct fed_server *s, struct fed_packet_reader *r, struct fed_error *err)
{
	const uint64_t dim = fed_get_number(r);
	const size_t bytes = fed_instance_vector_bytes(&s->instance, dim);
	const size_t whole = (bytes + s->memory.page - 1) / s->memory.page * s->memory.page;
	const uint64_t offset = dim ? fed_get_number(r) : 0;
	double *block = bytes ? fed__worker_window(&s->memory, offset, whole, FED_FAULT_VECTOR) : NULL;

	if (bytes && !block)
		return fed_fail(err, "its vectors cannot be mapped");
	fed_instance_lend_vectors(&s->instance, dim, block);
	return FED_OK;
}

struct fed_pool *fed__serve_pool(struct fed_server *s, uint64_t threads)
{
	struct fed_error unused;

	if (threads > 1 && s->threads != (int)threads) {
		fed_pool_free(s->pool);
		s->pool = NULL;
		s->threads = 0;
		if (threads < 1024 && fed_pool_init(&s->pool, (int)threads, 1, &unused) == FED_OK)
			s->threads = (int)threads;
	}
	return threads > 1 ? s->pool : NULL;
}

bool fed__serve_ask(struct fed_server *s, const struct fed_packet *p, struct fed_packet_reader *r)
{
	if (fed_packet_send(p, s->socket) != 0)
		return false;
	return !r || (fed_packet_receive(s->socket, &s->received, FED_PACKET_MOST, NULL, r) == 0 &&
	              r->kind == FED_REPLY);
}
