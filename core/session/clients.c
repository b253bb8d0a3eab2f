/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/clients.c - addition, removal and equipment of clients.
 */
#include <string.h>

#include "base/mem.h"
#include "session/internal.h"
#include "history/client_selector.h"
#include "train/clients/names.h"
#include "train/round/invitations.h"

static int check_memory(const struct fed_session *s, uint32_t n, const struct fed_partition *how,
                        struct fed_error *err)
{
	const uint32_t owners = s->parts.data->owners;
	const int64_t samples = how->kind == FED_PARTITION_NATURAL && owners
	                            ? s->parts.data->train / owners + 1
	                            : how->samples;
	const double need = (double)fed_clients_estimate(n, samples), have = fed_mem_available();
	struct fed_text text = {0};

	if (need <= have)
		return FED_OK;
	fed_text_count(&text, n);
	fed_text_add(&text, " clients with %lld examples each need ", (long long)samples);
	fed_text_bytes(&text, need);
	fed_text_add(&text, " of memory and ");
	fed_text_bytes(&text, have);
	fed_text_add(&text, " are free; take fewer, or a smaller samples=");
	fed_fail(err, "%s", fed_text_str(&text));
	fed_text_release(&text);
	return FED_FAIL;
}

/* The default number of examples for each client, or fewer if the pool has fewer. */
static int64_t choose_samples(struct fed_session *s, uint32_t n, const struct fed_partition *how)
{
	const int64_t usual = FED_PARTITION_SAMPLES, most = s->parts.clients.pool.left / n;

	if (how->reuse || how->kind == FED_PARTITION_NATURAL || most >= usual || most == 0)
		return usual;
	fed_session_tell(
		s, FED_EVENT_NOTICE,
		"the pool has fewer than %lld examples for each of %s clients; using samples=%lld",
		(long long)usual, fed_count(n).s, (long long)most);
	return most;
}

/* Replace a device and a link without a spread of their own by copies with that of the setting. */
static int spread_by_default(const struct fed_session *s, const struct fed_device_spec **device,
                             struct fed_device_spec *its_device, const struct fed_link_spec **link,
                             struct fed_link_spec *its_link, struct fed_error *err)
{
	double spread;

	if (fed_device_spread_parse(s->parts.settings.device_spread, &spread, err))
		return FED_FAIL;
	if (*device && !(*device)->spread_given) {
		*its_device = **device;
		its_device->spread = spread;
		*device = its_device;
	}
	if (*link && !(*link)->spread_given) {
		*its_link = **link;
		its_link->spread = spread;
		*link = its_link;
	}
	return FED_OK;
}

/* Tell which of the new clients never take part, if any. */
static void tell_unseen(struct fed_session *s, uint32_t first, uint32_t n)
{
	struct fed_text text = {0};
	uint32_t k = 0;

	for (uint32_t id = first; id < first + n; id++)
		if (s->parts.clients.client[id].unseen && k++ < 10)
			fed_text_add(&text, "%s%u", k > 1 ? ", " : "", id);
	if (k)
		fed_session_tell(
			s, FED_EVENT_NOTICE,
			"%s of them never take%s part in training: client%s %s%s; `evaluate unseen` "
			"tells how they are served",
			fed_count(k).s, k == 1 ? "s" : "", k == 1 ? "" : "s", fed_text_str(&text),
			k > 10 ? ", ..." : "");
	fed_text_release(&text);
}

/* Simulated clients live in virtual time. */
static int check_simulated(const struct fed_session *s, struct fed_error *err)
{
	if (s->network)
		return fed_reject(err, "a room is open, and its members are the clients, in real time; "
		                       "`serve stop` closes it");
	if (fed_clients_are_remote(&s->parts.clients))
		return fed_reject(
			err,
			"the session has %u clients on other machines, and simulated ones live in "
			"virtual time; `remove-client all` makes room for them",
			s->parts.clients.n_present);
	return FED_OK;
}

int fed_session_add_clients(struct fed_session *s, uint32_t n,
                            const struct fed_partition *partition,
                            const struct fed_device_spec *device, const struct fed_link_spec *link,
                            const char *names, uint32_t *first, struct fed_error *err)
{
	struct fed_partition how = *partition;

	if (fed_session_check_closed(s, err) || check_simulated(s, err))
		return FED_FAIL;
	if (n == 0)
		return fed_fail(err, "0 clients; give a whole number from 1");
	if (fed__session_complete_data(s, err))
		return FED_FAIL;
	if (how.samples == 0)
		how.samples = choose_samples(s, n, &how);
	if (check_memory(s, n, &how, err))
		return FED_FAIL;
	struct fed_device_spec its_device;
	struct fed_link_spec its_link;
	if (spread_by_default(s, &device, &its_device, &link, &its_link, err))
		return FED_FAIL;
	const struct fed_clients_plan plan = {.n = n,
	                                      .how = how,
	                                      .device = device,
	                                      .link = link,
	                                      .names = names,
	                                      .seed = (uint64_t)s->parts.settings.seed,
	                                      .unseen = s->parts.settings.unseen,
	                                      .holdout = s->parts.settings.holdout};

	if (fed_clients_add(&s->parts.clients, s->parts.data, &plan, first, err))
		return FED_FAIL;
	tell_unseen(s, *first, n);
	return FED_OK;
}

int fed_session_remove_clients(struct fed_session *s, const char *who, uint32_t *n,
                               struct fed_error *err)
{
	uint32_t *ids;

	if (fed_session_check_closed(s, err) ||
	    fed_client_selector_parse(who, &s->parts.clients, (uint64_t)s->parts.settings.seed,
	                              &s->draws, &ids, n, err))
		return FED_FAIL;
	/* A training reads the vectors of its client. */
	for (uint32_t i = 0; s->running && i < *n; i++)
		if (fed_invitation_of(&s->federation, ids[i]))
			fed__session_cancel_in_flight(s, "removing a client at work");
	fed__session_forget_clients(s, ids, *n);
	fed_clients_remove(&s->parts.clients, ids, *n);
	fed_free(ids);
	return FED_OK;
}

static int change_equipment(struct fed_session *s, const uint32_t *ids, uint32_t n,
                            const struct fed_device_spec *device, const struct fed_link_spec *link,
                            struct fed_error *err)
{
	struct fed_round_edit c = {.kind = FED_EDIT_EQUIP};
	struct fed_device_spec its_device;
	struct fed_link_spec its_link;

	if (spread_by_default(s, &device, &its_device, &link, &its_link, err))
		return FED_FAIL;
	c.equip.after = fed_alloc_array((size_t)n + 1, sizeof *c.equip.after);
	if (!c.equip.after)
		return fed_fail_memory(err, n * sizeof *c.equip.after, "devices and links");
	for (; c.equip.n < n; c.equip.n++) {
		struct fed_client x = s->parts.clients.client[ids[c.equip.n]];

		fed_client_equip(&x, ids[c.equip.n], device, link, (uint64_t)s->parts.settings.seed);
		c.equip.after[c.equip.n] = fed_equipment_of(ids[c.equip.n], &x);
	}
	return fed_session_change(s, &c, NULL, err);
}

/* Names are no part of the simulation: they change at any time, and an abort leaves them. */
static void rename_clients(struct fed_session *s, struct fed_client_names *names,
                           const uint32_t *ids)
{
	fed_client_names_give(names, &s->parts.clients, ids);
	s->parts.clients.equipped++;
}

int fed_session_change_clients(struct fed_session *s, const char *who,
                               const struct fed_device_spec *device,
                               const struct fed_link_spec *link, const char *typed, uint32_t *n,
                               struct fed_error *err)
{
	struct fed_client_names names = {0};
	uint32_t *ids;
	uint64_t draws = s->draws;

	if (fed_client_selector_parse(who, &s->parts.clients, (uint64_t)s->parts.settings.seed, &draws,
	                              &ids, n, err))
		return FED_FAIL;
	int rc =
		typed ? fed_client_names_parse(&names, &s->parts.clients, typed, ids, *n, err) : FED_OK;
	if (rc == FED_OK && (device || link))
		rc = change_equipment(s, ids, *n, device, link, err);
	if (rc == FED_OK && typed)
		rename_clients(s, &names, ids);
	s->draws = rc ? s->draws : draws;
	fed_client_names_release(&names);
	fed_free(ids);
	return rc;
}
