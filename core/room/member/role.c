/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * room/member/role.c - a member's role: offered, taken, injected into its own session, ended.
 */
#include <string.h>

#include "base/mem.h"
#include "report/composition_text.h"
#include "room/member/internal.h"
#include "session/inject.h"

/* What people see ------------------------------------------------------------------------------ */

void fed__join_show_role(struct fed_join *j, const char *text, size_t n)
{
	pthread_mutex_lock(&j->lock);
	fed__room_value(text, n, "attack", j->view.role, sizeof j->view.role);
	j->view.asks = *j->view.role && fed__room_number(text, n, "asks", 1, 0);
	j->view.plays = *j->view.role && !j->view.asks && j->secret_roles;
	pthread_mutex_unlock(&j->lock);
}

static void say_consent(struct fed_join *j, bool takes, const char *why)
{
	struct fed_text text = {0};

	fed_text_add(&text, "takes=%d\n", takes);
	fed__room_line(&text, "why", why);
	fed__join_say(j, FED_ROOM_CONSENT, fed_text_str(&text));
	fed_text_release(&text);
	pthread_mutex_lock(&j->lock);
	j->view.asks = false;
	j->view.plays = takes;
	if (!takes)
		j->view.role[0] = '\0';
	pthread_mutex_unlock(&j->lock);
}

/* The fault ---------------------------------------------------------------------------------------
 */

static int end_faults(struct fed_join *j, struct fed_error *err)
{
	uint64_t healed;

	return fed_session_heal(j->session, NULL, NULL, &healed, err);
}

/* The settings of a role's text as assignments that point into it; the text is cut. */
static size_t cut_settings(char *text, const char **fault, struct fed_assign *assign, size_t most)
{
	char *rest = text, *line;
	size_t n = 0;

	*fault = "";
	while ((line = strsep(&rest, "\n")) != NULL && n < most) {
		char *value = strchr(line, '=');

		if (!value)
			continue;
		*value++ = '\0';
		if (strcmp(line, "fault") == 0)
			*fault = value;
		else if (strncmp(line, "set.", 4) == 0)
			assign[n++] = (struct fed_assign){line + 4, value};
	}
	return n;
}

static int inject(struct fed_join *j, struct fed_error *err)
{
	enum { SETTINGS = 16 };
	struct fed_assign assign[SETTINGS];
	char *text = fed_strdup(fed_text_str(&j->role)), who[16];
	struct fed_injection in = {.who = who, .assign = assign};

	if (!text)
		return fed_fail_memory(err, j->role.len, "the role");
	snprintf(who, sizeof who, "%u", j->client);
	in.n = cut_settings(text, &in.fault, assign, SETTINGS);
	const int rc =
		end_faults(j, err) || fed_session_inject(j->session, &in, err) ? FED_REJECT : FED_OK;
	fed_free(text);
	return rc;
}

/* Become what the role says, as soon as the member is a client. */
static void take(struct fed_join *j)
{
	struct fed_error why = {""};

	j->plays = true;
	if (j->client == FED_SERVER)
		return;
	const int rc = inject(j, &why);
	j->plays = rc == FED_OK;
	say_consent(j, rc == FED_OK, why.text);
}

/* The working thread
 * -------------------------------------------------------------------------------- */

void fed__join_hear_role(struct fed_join *j, const char *text, size_t n)
{
	struct fed_error unused;

	fed_text_clear(&j->role);
	fed_text_put(&j->role, text, n);
	j->plays = false;
	(void)end_faults(j, &unused);
	if (n == 0 || fed__room_number(text, n, "asks", 1, 0))
		return;
	if (j->secret_roles)
		take(j);
	else
		say_consent(j, false, "it has not agreed to secret roles");
}

void fed__join_hear_consent(struct fed_join *j, bool takes)
{
	if (j->role.len == 0)
		return;
	if (takes)
		take(j);
	else
		say_consent(j, false, "");
}

void fed__join_renew_role(struct fed_join *j)
{
	if (j->plays)
		take(j);
}
