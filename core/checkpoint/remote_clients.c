/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/remote_clients.c - saver and loader of which clients are on other machines: a section
 * that a file lacks where none is.
 */
#include "checkpoint/parts.h"

void fed__save_remote_clients(struct fed_saver *f, const struct fed_clients *c)
{
	uint32_t n = 0;

	for (uint32_t k = 0; k < c->n_blocks; k++)
		n += c->block[k].remote;
	if (!n)
		return;
	fed_saver_begin(f, "remote clients");
	fed_put_u32(f, n);
	for (uint32_t k = 0; k < c->n_blocks; k++) {
		if (!c->block[k].remote)
			continue;
		fed_put_u32(f, k);
		fed_put_raw(f, c->block[k].key, FED_CLIENT_KEY);
	}
	fed_saver_end(f);
}

void fed__load_remote_clients(struct fed_loader *f, struct fed_clients *c)
{
	if (!fed_loader_begin_optional(f, "remote clients"))
		return;
	for (uint32_t n = fed_get_u32(f); n && !f->failed; n--) {
		const uint32_t k = fed_get_u32(f);

		if (!f->failed && (k >= c->n_blocks || c->block[k].n != 1)) {
			fed_loader_fail(f, "there is no client block %u of one client", k);
			break;
		}
		if (f->failed)
			break;
		fed_get_raw(f, c->block[k].key, FED_CLIENT_KEY);
		c->block[k].key[FED_CLIENT_KEY - 1] = '\0';
		c->block[k].remote = true;
		c->block[k].away = true;
	}
	fed_loader_end(f);
}
