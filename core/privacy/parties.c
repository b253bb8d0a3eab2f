/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * privacy/parties.c - parties of scheme `vertical` and their cuts.
 */
#include "privacy/parties.h"

#include "nn/columns.h"
#include "session/composition.h"
#include "train/schemes/schemes.h"

int fed__parties_find(struct fed_parties *p, const struct fed_session *s, size_t cut,
                      struct fed_error *err)
{
	const struct fed_composition *parts = fed_session_parts(s);
	const struct fed_net *net = &parts->net;

	*p = (struct fed_parties){0};
	if (parts->scheme != &fed_scheme_vertical)
		return FED_OK;
	p->parts = fed_net_parts(net);
	if (!p->parts)
		return fed_fail(err, "scheme vertical needs a model whose first layers keep columns apart: "
		                     "`model mlp parts=0-391,392-783`, or block_dense in a model of your "
		                     "own");
	p->first = fed_net_first_cut_apart(net);
	p->last = fed_net_layers_apart(net);
	if (p->last >= net->layers)
		p->last = net->layers - 1;
	if (cut == 0 || (cut >= p->first && cut <= p->last))
		return FED_OK;
	return fed_fail(err,
	                "cut=%zu does not keep the parties' columns apart; under scheme vertical "
	                "cuts %zu to %zu of this model do",
	                cut, p->first, p->last);
}

int fed__party_of_client(const struct fed_parties *p, const struct fed_session *s, uint32_t client,
                         uint32_t *party, struct fed_error *err)
{
	const struct fed_clients *clients = &fed_session_parts(s)->clients;
	const uint32_t n = clients->n_present < p->parts->n ? clients->n_present : p->parts->n;

	for (*party = 0; *party < n; ++*party)
		if (clients->present[*party] == client)
			return FED_OK;
	return fed_fail(err, "client %u is no party: the model has %u parts, of the first %u clients",
	                client, p->parts->n, p->parts->n);
}
