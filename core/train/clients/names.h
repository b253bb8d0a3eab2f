/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/clients/names.h - names of clients, beside their numbers.
 *
 * A name begins with a letter of any script and has letters, digits, _ and -.  It is unique in a
 * session and no word that a selection or a filter of clients knows.  Natural clients have the name
 * of their owner in the data, with - for what a name cannot have.
 */
#ifndef FED_TRAIN_CLIENTS_NAMES_H
#define FED_TRAIN_CLIENTS_NAMES_H

#include "train/clients/clients.h"

#define FED_CLIENT_NAME_MAX 64 /* bytes, with the NUL */

/* The client's name, or NULL. */
const char *fed_client_name(const struct fed_clients *, uint32_t id);
bool fed_clients_named(const struct fed_clients *); /* whether any present client has one */
/* The present client of that name; false: none. */
bool fed_client_find(const struct fed_clients *, const char *name, uint32_t *id);
/* The name nearest to a typed one, or NULL. */
const char *fed_client_nearest(const struct fed_clients *, const char *typed);
/* Append "client 3 (name)", or "client 3"; clients NULL: without their names. */
void fed_client_put(struct fed_text *, const struct fed_clients *, uint32_t id);
/* Append "3 name", or "3". */
void fed_client_put_label(struct fed_text *, const struct fed_clients *, uint32_t id);
/* The widest label of n clients in columns, 0 where none has a name or clients is
 * NULL. */
int fed_client_label_width(const struct fed_clients *, const uint32_t *ids, uint32_t n);

/* Names for clients, before they get them. */
struct fed_client_names {
	char **name; /* [n]; NULL: none */
	uint32_t n;
};
/* From a typed list of n names, or of one, which n > 1 clients get with a number; "": none of them
 * gets one.  ids [n]: clients that change theirs; NULL: new ones. */
int fed_client_names_parse(struct fed_client_names *, const struct fed_clients *, const char *typed,
                           const uint32_t *ids, uint32_t n, struct fed_error *);
/* Names of new natural clients, whose first examples are at `first`. */
int fed__client_names_natural(struct fed_client_names *, const struct fed_clients *,
                              const struct fed_dataset *, const uint32_t *const *first, uint32_t n,
                              struct fed_error *);
/* Move names to the rows. */
void fed_client_names_give(struct fed_client_names *, struct fed_clients *, const uint32_t *ids);
void fed_client_names_release(struct fed_client_names *); /* zeroed is fine */
int fed_client_name_check(const char *name, struct fed_error *);
/* What someone is called as a client's name: what such a name may not have becomes a dash, and
 * there is room left in `size` for a number behind it.  "": nothing is left. */
void fed_client_name_of(const char *called, char *name, size_t size);
/* Whether two clients have the same name, as only a damaged file says. */
bool fed_client_names_twice(const struct fed_clients *);

#endif
