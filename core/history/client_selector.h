/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history/client_selector.h - parser of client selectors (WHO): "3", "1-5", "1,4,7-9", "20%",
 * "random:3", "all", a client's name, and several of them joined by commas.
 *
 * A share ("20%") is rounded to the nearest number, at least one client; it and random:N draw with
 * the session's seed, so the same line picks the same clients in a replay.
 */
#ifndef FED_HISTORY_CLIENT_SELECTOR_H
#define FED_HISTORY_CLIENT_SELECTOR_H

#include "train/clients/clients.h"

/* Parse a selector.  *ids: ascending, distinct, all present; the caller's (fed_free).  *draw counts
 * the random draws of a session.  The error names the part that is wrong and the clients that
 * exist. */
int fed_client_selector_parse(const char *text, const struct fed_clients *, uint64_t seed,
                              uint64_t *draw, uint32_t **ids, uint32_t *n, struct fed_error *);

/* One client by number or name; one that was removed, too, by its number. */
int fed_client_parse(const char *text, const struct fed_clients *, uint32_t *id,
                     struct fed_error *);

/* Whether id is among ascending ids. */
bool fed_client_ids_contain(const uint32_t *ids, uint32_t n, uint32_t id);

/* Append ascending ids as a selector, "1,4,7-9"; beyond `most` characters, "1,4,7-9,... (200 in
 * all)". */
void fed_client_ids_put(struct fed_text *, const uint32_t *ids, uint32_t n, size_t most);
/* The same to be read: with the names that clients have, "1,4,7-9,12 Ada". */
void fed_client_labels_put(struct fed_text *, const struct fed_clients *, const uint32_t *ids,
                           uint32_t n, size_t most);

#endif
