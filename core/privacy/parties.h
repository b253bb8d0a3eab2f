/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * privacy/parties.h - what the parties of scheme `vertical` have: columns of the inputs, and their
 * share of the numbers at a cut.
 */
#ifndef FED_PRIVACY_PARTIES_H
#define FED_PRIVACY_PARTIES_H

#include "base/ranges.h"
#include "session/session.h"

#define FED_NO_PARTY UINT32_MAX

struct fed_parties {
	const struct fed_ranges *parts; /* columns of each; NULL: another scheme */
	size_t first, last;             /* cuts that keep them apart */
};

/* The parties of the session.  cut 0: any; FED_FAIL: one that does not keep them apart. */
int fed__parties_find(struct fed_parties *, const struct fed_session *, size_t cut,
                      struct fed_error *);
/* Which party a client is, as a round would have it; FED_FAIL: none. */
int fed__party_of_client(const struct fed_parties *, const struct fed_session *, uint32_t client,
                         uint32_t *party, struct fed_error *);

#endif
