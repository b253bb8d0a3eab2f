/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/join/server_key.c - the key that a server must have.
 */
#include "shell/join/server_key.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int fed__server_key_given(const char *typed, char key[FED_KEY_TEXT], struct fed_error *err)
{
	char line[200] = "";

	if (strlen(typed) == FED_KEY_TEXT - 1) {
		snprintf(key, FED_KEY_TEXT, "%s", typed);
		return FED_OK;
	}
	FILE *f = fopen(typed, "re");
	if (!f)
		return fed_reject(err,
		                  "--key: %s is neither a key of %d characters nor a file that has one: %s",
		                  fed_show(typed).s, FED_KEY_TEXT - 1, strerror(errno));
	if (fgets(line, sizeof line, f))
		line[strcspn(line, " \r\n")] = '\0';
	fclose(f);
	if (strlen(line) != FED_KEY_TEXT - 1)
		return fed_reject(err, "--key: the first line of %s has no key of %d characters",
		                  fed_show(typed).s, FED_KEY_TEXT - 1);
	snprintf(key, FED_KEY_TEXT, "%s", line);
	return FED_OK;
}

static int reject_code(const struct fed_join_call *c, struct fed_error *err)
{
	return fed_reject(err,
	                  "the class code %s is not that of the server at %s: there is a mistake in "
	                  "it, or this is another server",
	                  fed_show(c->code).s, fed_show(fed_network_host_port(c->host, c->port).s).s);
}

int fed__server_key(const struct fed_join_call *c, double timeout, char key[FED_KEY_TEXT],
                    enum fed_network_trouble *trouble, struct fed_error *err)
{
	*trouble = FED_TROUBLE_NONE;
	if (c->key) {
		if (fed__server_key_given(c->key, key, err))
			return FED_REJECT;
		return fed_class_code_is_of(c->code, key) ? FED_OK : reject_code(c, err);
	}
	if (fed__known_server(c->host, c->port, key) && fed_class_code_is_of(c->code, key))
		return FED_OK;
	if (fed_network_ask_key(c->host, c->port, timeout, key, trouble, err))
		return FED_FAIL;
	if (!fed_class_code_is_of(c->code, key))
		return reject_code(c, err);
	if (fed__known_server_check(c->host, c->port, key, err))
		return FED_REJECT;
	struct fed_error unused; /* the code has proved the key; next time it does so again */
	(void)fed__known_server_add(c->host, c->port, key, &unused);
	return FED_OK;
}
