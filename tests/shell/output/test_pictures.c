/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/output/test_pictures.c - a folder of colour pictures from the prompt: learned, drawn, saved
 * and restored. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "shell/lab.h"
#include "support/pictures.h"
#include "support/suite.h"

enum { SIDE = 16, EACH = 12 };

static struct shell_lab lab;
static struct fed_temp temp;

/* Red and blue noise: as grey pictures the two classes are alike. */
static void put_picture(int client, int class, int i)
{
	static uint8_t file[4000];
	uint8_t rows[SIDE * SIDE * 3];
	const struct picture_png p = {
		.height = SIDE, .width = SIDE, .depth = 8, .type = 2, .rows = rows};
	char name[100];

	for (int k = 0; k < SIDE * SIDE; k++) {
		const uint8_t light = (uint8_t)((k * 37 + i * 101 + client * 53) % 100);

		rows[3 * k] = (uint8_t)(class ? light : 38 + light);      /* of the same brightness: */
		rows[3 * k + 1] = light;                                  /* 0.299 of 38 is */
		rows[3 * k + 2] = (uint8_t)(class ? 100 + light : light); /* 0.114 of 100 */
	}
	snprintf(name, sizeof name, "set/%s", client ? "bob" : "ann");
	mkdir(fed_temp_file(&temp, "set"), 0700);
	mkdir(fed_temp_file(&temp, name), 0700);
	snprintf(name, sizeof name, "set/%s/%s", client ? "bob" : "ann", class ? "blue" : "red");
	mkdir(fed_temp_file(&temp, name), 0700);
	snprintf(name + strlen(name), sizeof name - strlen(name), "/%d.png", i);
	fed_temp_write(&temp, name, file, picture_png(file, &p));
}

static void open_world(void)
{
	fed_temp_make(&temp);
	setenv("XDG_CACHE_HOME", temp.dir, 1);
	for (int i = 0; i < 4 * EACH; i++)
		put_picture(i % 2, i / 2 % 2, i / 4);
	shell_lab_open(&lab, FED_PLUGIN_DIR);
}

static void close_world(void)
{
	shell_lab_close(&lab);
	unsetenv("XDG_CACHE_HOME");
	fed_temp_remove(&temp);
}

static const char *said(const char *line, enum fed_exit wanted)
{
	return shell_lab_reply(&lab, line, wanted);
}

static const char *chosen(const char *args)
{
	char line[300];

	snprintf(line, sizeof line, "dataset %s/set %s", temp.dir, args);
	return said(line, FED_EXIT_OK);
}

START_TEST(colours_are_learned)
{
	assert_shows(chosen("test=0.4"), "16x16 pixels in 3 channels, 2 classes, 2 users\n");
	said("model lenet; add-client 2 natural", FED_EXIT_OK);
	assert_shows(said("round 1", FED_EXIT_OK), "round 1 ");
	said("restart; model softmax; set lr 0.5; round 8; expect test_accuracy == 1", FED_EXIT_OK);
	said("model mlp hidden=16", FED_EXIT_OK);
	const char *drawn = said("reconstruct 1", FED_EXIT_OK);
	assert_shows(drawn, "MSE 0, PSNR infinite");
	/* the same of one channel, where brightness says nothing */
	said("reset", FED_EXIT_OK);
	assert_shows(chosen("colour=grey test=0.4"), "16x16 pixels, 2 classes");
	said("model softmax; add-client 2 natural; set lr 0.5; round 8; expect test_accuracy < 0.9",
	     FED_EXIT_OK);
}
END_TEST

START_TEST(what_is_told_of_them)
{
	chosen("");
	const char *shown = said("dataset", FED_EXIT_OK);
	assert_shows(shown, "each");
	assert_shows(shown, "16x16 pixels in 3 channels");
	assert_shows(shown, "2: blue (");
	assert_shows(shown, "2: ann (");
	assert_shows(shown, "CLIENT/CLASS/picture");
	assert_shows(shown, "layout=classes");
	said("reset", FED_EXIT_OK);
	chosen("");
	assert_shows(said("dataset", FED_EXIT_OK), "the data cache");
}
END_TEST

/* A saved session finds its pictures again, and refuses others. */
START_TEST(saved_and_restored)
{
	char line[300];

	chosen("size=8");
	said("model softmax; add-client 2 natural; round 2", FED_EXIT_OK);
	snprintf(line, sizeof line, "save %s/s.fed", temp.dir);
	said(line, FED_EXIT_OK);
	said("reset", FED_EXIT_OK);
	snprintf(line, sizeof line, "restore %s/s.fed", temp.dir);
	said(line, FED_EXIT_OK);
	said("expect round == 2", FED_EXIT_OK);
	put_picture(0, 1, 0); /* the same one: nothing has changed but its time */
	said(line, FED_EXIT_OK);
	put_picture(0, 1, 77);
	assert_shows(said(line, FED_EXIT_IO), "has other contents now");
	said("expect round == 2", FED_EXIT_OK);
}
END_TEST

FED_SUITE(pictures)
{
	Suite *suite = suite_create("pictures");
	TCase *tests = tcase_create("pictures");

	tcase_add_checked_fixture(tests, open_world, close_world);
	tcase_add_test(tests, colours_are_learned);
	tcase_add_test(tests, what_is_told_of_them);
	tcase_add_test(tests, saved_and_restored);
	if (FED_READS_PICTURES)
		suite_add_tcase(suite, tests);
	return suite;
}
