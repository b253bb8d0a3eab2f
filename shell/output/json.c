/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/json.c - events and results as JSON lines.
 */
#include <errno.h>
#include <string.h>

#include "history/metrics.h"
#include "shell/output/print.h"

#include "history/event_log.h"
#include "session/composition.h"
#include "train/clients/names.h"

static void put_client(const struct fed_shell *shell, uint32_t id, struct fed_text *line)
{
	const char *name = fed_client_name(&fed_session_parts(shell->session)->clients, id);

	fed_text_add(line, ",\"client\":%u", id);
	if (name) {
		fed_text_add(line, ",\"name\":");
		fed_text_json_string(line, name);
	}
}

static void put_json(const struct fed_shell *shell, const struct fed_event *event,
                     struct fed_text *line)
{
	if (event->kind == FED_EVENT_ROUND) {
		fed_record_json(event->record, line);
		return;
	}
	fed_text_add(line,
	             "{\"v\":1,\"event\":\"%s\",\"round\":%llu,\"clock\":", fed_event_name(event->kind),
	             (unsigned long long)event->version);
	fed_text_json_number(line, event->clock);
	if (event->client != FED_SERVER)
		put_client(shell, event->client, line);
	if (event->text) {
		fed_text_add(line, ",\"text\":");
		fed_text_json_string(line, event->text);
	}
	fed_text_add(line, fed_session_open(shell->session) ? ",\"open\":true}" : "}");
}

void fed__print_json(struct fed_shell *shell, struct fed_text *line)
{
	if (shell->json &&
	    (fprintf(shell->json, "%s\n", fed_text_str(line)) < 0 || fflush(shell->json))) {
		shell->json = NULL; /* closed by its opener */
		shell->lines_lost = true;
		fed__print_error(shell, "--json: ", strerror(errno));
	}
	fed_text_release(line);
}

void fed__json_outcome(struct fed_text *line, const struct fed_outcome *o)
{
	fed_text_add(line, ",\"rounds\":%llu,\"clients\":%u", (unsigned long long)o->rounds,
	             o->clients);
	for (const struct fed_field *row = fed_metrics; row->type; row++) {
		fed_text_add(line, ",\"%s\":", row->name);
		fed_text_json_number(line, fed_metric_value(row, &o->total));
	}
	if (*o->why) {
		fed_text_add(line, ",\"why\":");
		fed_text_json_string(line, o->why);
	}
	fed_text_put(line, "}", 1);
}

void fed__json_event(void *ctx, const struct fed_event *event)
{
	struct fed_shell *shell = ctx;
	struct fed_text line = {0};

	if (!shell->json || (fed_event_is_step(event->kind) && !shell->stepping.on))
		return;
	put_json(shell, event, &line);
	fed__print_json(shell, &line);
}
