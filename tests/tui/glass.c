/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/glass.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

static void hear(void *ctx, const char *line)
{
	struct glass *g = ctx;
	const size_t len = strlen(g->said);

	snprintf(g->said + len, sizeof g->said - len, "%s\n", line);
}

void glass_init(struct glass *g, const char *lines)
{
	*g = (struct glass){.watched = {.session = &g->session, .command = hear, .ctx = g}};
	small_init(&g->session, NULL);
	if (*lines)
		small_do(&g->session, lines);
}

void glass_open(struct glass *g, const struct fed_view *view)
{
	struct fed_error err = {""};

	g->view = view;
	g->state = fed_alloc(view->state_size);
	ck_assert_ptr_nonnull(g->state);
	if (view->open)
		fed_assert_ok(view->open(g->state, &g->watched, &err), &err);
}

void glass_close(struct glass *g)
{
	if (g->view && g->view->close)
		g->view->close(g->state);
	fed_free(g->state);
	g->state = NULL;
	g->view = NULL;
}

void glass_release(struct glass *g)
{
	glass_close(g);
	fed_text_release(&g->text);
	fed_free(g->watched.marked);
	fed__session_release(&g->session);
}

int glass_try(struct glass *g, const struct fed_press *press, struct fed_error *err)
{
	for (const struct fed_key *k = g->view->keys; k->code; k++)
		if (k->code == press->code || (k->also && k->also == press->code))
			return k->press(g->state, &g->watched, press, err);
	return FED_OK;
}

void glass_press(struct glass *g, const char *names)
{
	char text[256], *rest = text;

	snprintf(text, sizeof text, "%s", names);
	while (rest) {
		const char *name = strsep(&rest, ",");
		const struct fed_key *k = g->view->keys;
		struct fed_error err = {""};

		while (k->code && strcmp(k->name, name) != 0)
			k++;
		ck_assert_msg(k->code, "no key is called %s", name);
		const struct fed_press press = {.code = k->code, .columns = 80, .rows = 24};
		fed_assert_ok(k->press(g->state, &g->watched, &press, &err), &err);
	}
}

/* Check that every cell has a printable character, wide ones with their right halves. */
static void check(const struct fed_canvas *canvas)
{
	for (int i = 0; i < canvas->columns * canvas->rows; i++) {
		const uint32_t code = canvas->cell[i].code;
		const bool first = i % canvas->columns == 0, last = (i + 1) % canvas->columns == 0;

		ck_assert(!fed_utf8_control(code) || code == 0);
		ck_assert(code != 0 || !first);
		if (code && fed_utf8_columns(code) == 2)
			ck_assert(!last && canvas->cell[i + 1].code == 0);
		if (code == 0)
			ck_assert_int_eq(fed_utf8_columns(canvas->cell[i - 1].code), 2);
	}
}

const char *glass_look(struct glass *g, int columns, int rows, bool utf8)
{
	struct fed_canvas canvas;
	struct fed_error err = {""};

	g->watched.utf8 = utf8;
	fed_assert_ok(fed__canvas_init(&canvas, columns, rows, &err), &err);
	fed_assert_ok(g->view->paint(g->state, &g->watched, &canvas, &err), &err);
	check(&canvas);
	fed_text_clear(&g->text);
	fed__canvas_text(&canvas, &g->text, utf8, false);
	fed__canvas_release(&canvas);
	return fed_text_str(&g->text);
}

void glass_compare(const char *seen, const char *name)
{
	struct fed_text golden = {0};
	struct fed_error err = {""};
	char path[512];

	snprintf(path, sizeof path, FED_SOURCE_DIR "/tests/tui/golden/%s.txt", name);
	if (getenv("FEDSH_GOLDEN")) {
		FILE *f = fopen(path, "w");
		ck_assert_ptr_nonnull(f);
		fputs(seen, f);
		ck_assert_int_eq(fclose(f), 0);
	}
	fed_assert_ok(fed_file_read(path, 1 << 20, &golden, &err), &err);
	fed_text_put(&golden, "", 1);
	ck_assert_msg(strcmp(seen, golden.s) == 0, "%s:\n%s\nis not\n%s", name, seen, golden.s);
	fed_text_release(&golden);
}

void glass_golden(struct glass *g, const char *name, int columns, int rows, bool utf8)
{
	char file[128];

	snprintf(file, sizeof file, "view-%s", name);
	glass_compare(glass_look(g, columns, rows, utf8), file);
}

void glass_shows(struct glass *g, const char *words)
{
	ck_assert_msg(strstr(fed_text_str(&g->text), words), "no \"%s\" in\n%s", words,
	              fed_text_str(&g->text));
}

void glass_hides(struct glass *g, const char *words)
{
	ck_assert_msg(!strstr(fed_text_str(&g->text), words), "\"%s\" in\n%s", words,
	              fed_text_str(&g->text));
}
