/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Models as text: what is written is read as the same model, and what is wrong is told with its
 * place.
 */
#include <string.h>

#include "report/export.h"
#include "report/model_file.h"
#include "session/small.h"

static const char *const models[] = {"resnet8 width=4",
                                     "resnet8 width=4 norm=batch",
                                     "lenet",
                                     "mlp hidden=7,5",
                                     "mlp hidden=7,5 lora=2",
                                     "resnet8 width=4 norm=batch lora=3",
                                     "resnet8 width=4 norm=batch lora=3 lora-on=conv,dense"};

/* The session goes on as the one whose model was written. */
START_TEST(written_models_are_read_as_the_same)
{
	struct fed_session s, same;
	struct fed_temp temp;
	struct fed_error err;
	char line[64];

	fed_temp_make(&temp);
	const char *path = fed_temp_file(&temp, "one.fed-model");
	small_init(&s, NULL);
	small_init(&same, NULL);
	small_do(&s, "dataset glyphs train=60 test=20");
	small_do(&same, "dataset glyphs train=60 test=20");
	snprintf(line, sizeof line, "model %s", models[_i]);
	small_do(&s, line);
	fed_assert_ok(fed_session_export(&s, path, NULL, &err), &err);
	fed_assert_ok(fed_session_model_from_file(&same, path, &err), &err);
	fed_temp_write(&temp, "one.fed-model", "dense\n",
	               6); /* the session has the lines, not the file */
	small_do(&s, "add 2 iid 20;round 1");
	small_do(&same, "add 2 iid 20;round 1");
	small_same(&s, &same);
	fed__session_release(&s);
	fed__session_release(&same);
	fed_temp_remove(&temp);
}
END_TEST

static const char *const wrong[][2] = {
	{"relu\nconv filtrs=3\n", ":2:6: no parameter filtrs; did you mean filters?"},
	{"# a net\n\n  dens units=3\n", ":3:3: dens is no layer; did you mean dense?"},
	{"relu rate=1", ":1:6: relu takes no settings, gets rate=1"},
	{"dropout rate=2", ":1:9: rate=2: must be a number from 0 to 0.99"},
	{"relu; dense", ":1:5: a layer a line, without ;"},
	{"flatten\n\nconv filters=2\ndense", "line 3: conv filters=2: conv needs an image"},
	{"residual\nrelu\n", "a residual block has no end"},
	{"relu\nend\n", "line 2: end: an end without a residual block"},
	{"shortcut\n", "line 1: shortcut: a shortcut outside of a residual block"},
	{"residual\nend\n", "line 2: end: a residual block has no layers"},
	{"residual\nresidual\n", "line 2: residual: a residual block within another one"},
	{"residual\ndense units=3\nend\ndense", "a shortcut with layers makes them equal"},
	{"dense units=3", "the last layer gives 3, the dataset needs 4 outputs"},
	{"lora rank=0\ndense units=4\n",
     "nothing is trained: lora has rank 0 or meets no layer of those that it is on"},
	{"lora rank=9\ndense units=4\n",
     "line 2: dense units=4: rank 9 of a dense layer of 2 inputs and 4 units; at most 4"},
	{"lora rank=1 on=q,w\ndense units=4\n", ":1:1: an adapter is on dense, q, k, v, out, "},
	{"lora rank=1 on=conv\ndense units=4\n",
     "nothing is trained: lora has rank 0 or meets no layer of those that it is on"},
	{"lora rnk=1\ndense units=4\n", ":1:6: no parameter rnk; did you mean rank?"},
	{"", "the model has no layers"},
};

START_TEST(what_is_wrong_is_told_with_its_place)
{
	struct fed_session s;
	struct fed_temp temp;
	struct fed_error err = {{0}};

	fed_temp_make(&temp);
	const char *path = fed_temp_write(&temp, "one.fed-model", wrong[_i][0], strlen(wrong[_i][0]));
	small_init(&s, NULL);
	small_do(&s, "dataset blobs classes=4 train=60 test=20;model softmax");
	ck_assert_int_eq(fed_session_model_from_file(&s, path, &err), FED_FAIL);
	ck_assert_msg(strstr(err.text, wrong[_i][1]), "%s", err.text);
	ck_assert_str_eq(s.parts.model.entry->head->name, "softmax");
	/* the line that it is about, where the message has one */
	char line[80] = "";
	size_t at = 0;
	unsigned number = 0, column = 0;
	const char *place = strstr(err.text, ".fed-model:") + strlen(".fed-model:");
	const bool with_line = fed_model_file_line(path, err.text, line, sizeof line, &at);

	const char *said = strstr(place, "model layers: line ");

	ck_assert_int_eq(with_line, sscanf(place, "%u:%u", &number, &column) == 2 ||
	                                (said && sscanf(said, "model layers: line %u", &number) == 1));
	if (with_line) {
		const char *from = wrong[_i][0];

		for (unsigned k = 1; k < number; k++)
			from += strcspn(from, "\n") + 1;
		ck_assert_uint_eq(strlen(line), strcspn(from, "\n"));
		ck_assert_int_eq(strncmp(line, from, strlen(line)), 0);
		ck_assert_uint_eq(at, column ? column - 1 : 0);
	}
	fed__session_release(&s);
	fed_temp_remove(&temp);
}
END_TEST

FED_SUITE(model_file)
{
	Suite *suite = suite_create("model_file");
	TCase *tests = tcase_create("model_file");

	tcase_add_loop_test(tests, written_models_are_read_as_the_same, 0,
	                    sizeof models / sizeof *models);
	tcase_add_loop_test(tests, what_is_wrong_is_told_with_its_place, 0,
	                    sizeof wrong / sizeof *wrong);
	suite_add_tcase(suite, tests);
	return suite;
}
