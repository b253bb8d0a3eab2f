/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A crash in every function of every kind of plugin: it is told by the function's name, and the
 * next rounds give, bit for bit, the model that they give without.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "session/small.h"

#define COMPOSITION                                                                                \
	"dataset blobs train=80 test=40;model softmax;aggregator fedavg;transport local;add 4 iid 12;" \
	"set batch 5"

static const char *const plugins[] = {
	"crash_stream", "crash_columns",   "crash_mix",   "crash_craft", "crash_collude",
	"crash_poison", "crash_transport", "crash_model", "crash_codec", "crash_select",
};

/* Lines of which one fails, or none where the function has no error; what is said of it. */
static const struct crash {
	const char *lines, *words;
} crashes[] = {
	{"aggregator crash-stream how=write-null in=begin;round 1", "crashed in begin()"},
	{"aggregator crash-stream how=write-null in=add;round 1", "crashed in add()"},
	{"aggregator crash-stream how=write-null in=finish;round 1", "crashed in finish()"},
	{"aggregator crash-stream how=write-null in=plan;round 1", "crashed in plan()"},
	{"aggregator crash-stream how=write-null in=per-step;scheme async;round 1",
     "updates_per_step()"},
	{"aggregator crash-stream how=write-null in=scratch;round 1", NULL},
	{"aggregator crash-columns how=write-null in=columns;round 1", "crashed in columns()"},
	{"aggregator crash-columns how=write-null in=weigh;round 1", "crashed in columns()"},
	{"aggregator crash-columns how=write-null in=local-gradient;round 1",
     "crash-columns: crashed in a training at crash"},
	{"aggregator crash-columns how=write-null in=local-end;round 1",
     "crash-columns: crashed in a training at crash"},
	{"aggregator fedavg after=crash-mix after.how=write-null after.in=mix;round 1",
     "aggregator crash-mix: crashed in finish()"},
	{"aggregator fedavg after=crash-mix after.how=exit after.in=mixtures;round 1",
     "aggregator crash-mix: called exit(0) in begin()"},
	{"inject byzantine 1 attack=crash-craft how=write-null;round 1", "crashed in craft()"},
	{"inject byzantine 1 attack=crash-craft how=exit;round 1", "called exit(0) in craft()"},
	{"inject byzantine 1 attack=crash-collude how=write-null;round 1", "crashed in collude()"},
	{"inject byzantine 1 attack=crash-poison how=write-null in=poison;round 1", "crash-poison"},
	{"inject byzantine 1 attack=crash-poison how=write-null in=suits;round 1",
     "crashed in suits()"},
	{"set codec crash-codec:how=write-null:in=bound;round 1", "crashed in bound()"},
	{"set codec crash-codec:how=write-null:in=encode;round 1", "crashed in encode()"},
	{"set codec crash-codec:how=write-null:in=decode;round 1", "crashed in decode()"},
	{"set codec crash-codec:how=write-null:in=memory;round 1", "crashed in memory()"},
	{"set codec crash-codec:how=write-null:in=scratch;round 1", "crashed in encode()"},
	{"set codec down=crash-codec:how=exit:in=encode;round 1", "called exit(0) in encode()"},
	{"select crash-select how=write-null in=select;set participants 2;round 1",
     "crashed in select()"},
	{"select crash-select how=write-null in=asks;set participants 2;round 1", "crashed in asks()"},
	{"select crash-select how=write-null in=ask;set participants 2;round 1", "crashed in ask()"},
	{"transport crash-transport how=write-null in=open;round 1", "crashed in open()"},
	{"transport crash-transport how=write-null in=send;round 1", "crashed in send()"},
	{"transport crash-transport how=write-null in=poll;round 1", "crashed in poll()"},
	{"transport crash-transport how=write-null in=now;round 1",
     "crash-transport: crashed in poll()"},
	{"transport crash-transport how=write-null in=close;round 1;transport local", NULL},
	{"model crash-model how=write-null in=build", "crashed in build()"},
	{"model crash-model how=write-null in=shape", "crashed in shape()"},
	{"model crash-model how=write-null in=param-count;round 1", "param_count()"},
	{"model crash-model how=write-null in=init;round 1", "init()"},
	{"model crash-model how=write-null in=forward;round 1", "forward()"},
	{"model crash-model how=write-null in=backward;round 1", "backward()"},
	{"model crash-model how=write-null in=flops;round 1", "flops()"},
	{"model crash-model how=write-null in=cache-floats;round 1", "cache_floats()"},
	{"model crash-model how=write-null in=tensor;round 1", NULL},
	{"model crash-model how=write-null in=describe;round 1", NULL},
};

static struct heard heard;

/* Of the plugins, those that the lines name. */
static void load(struct fed_session *s, const char *lines)
{
	const struct fed_entry *entry;
	struct fed_error err;
	char path[400];

	fed_assert_ok(fed_session_guard(s, FED_BUILD_DIR "/fedsh-worker", &err), &err);
	for (size_t i = 0; i < sizeof plugins / sizeof *plugins; i++) {
		char name[24];

		snprintf(name, sizeof name, "%s", plugins[i]);
		*strchr(name, '_') = '-';
		if (!strstr(lines, name))
			continue;
		snprintf(path, sizeof path, "%s/fixtures/%s.so", FED_BUILD_DIR, plugins[i]);
		fed_assert_ok(fed_session_load(s, path, &entry, &err), &err);
	}
}

/* Children of this process that still run. */
static unsigned children(void)
{
	DIR *all = opendir("/proc");
	unsigned n = 0;

	for (struct dirent *e; (e = readdir(all)) != NULL;) {
		char path[300], state = 0;
		int parent = 0;

		snprintf(path, sizeof path, "/proc/%s/stat", e->d_name);
		FILE *f = atoi(e->d_name) > 0 ? fopen(path, "r") : NULL;
		if (f && fscanf(f, "%*d (%*[^)]) %c %d", &state, &parent) == 2)
			n += parent == getpid();
		if (f)
			fclose(f);
	}
	closedir(all);
	return n;
}

/* Run lines until one fails; true: it is said. */
static bool says(struct fed_session *s, const char *lines, const char *words,
                 struct fed_error *last)
{
	char text[300], *rest = text;
	struct fed_error err = {""};
	int rc = FED_OK;

	snprintf(text, sizeof text, "%s", lines);
	for (char *line; rc == FED_OK && (line = strsep(&rest, ";"));)
		rc = small_try(s, line, &err);
	if (!words || strstr(err.text, words) || strstr(heard.text, words))
		return true;
	*last = err;
	return false;
}

START_TEST(a_crash_costs_its_call_alone)
{
	struct fed_session s, plain;
	struct fed_error last;

	small_init(&plain, NULL);
	small_do(&plain, COMPOSITION ";round 2");
	small_init(&s, &heard);
	load(&s, crashes[_i].lines);
	small_do(&s, COMPOSITION);
	const bool said = says(&s, crashes[_i].lines, crashes[_i].words, &last);
	small_try(&s, "heal all", &(struct fed_error){{0}});
	small_do(&s, "scheme sync;transport local;model softmax;aggregator fedavg;set codec none;"
	             "select uniform;set participants by-fraction;restart;round 2");
	ck_assert_uint_eq(fed_session_version(&s), 2);
	ck_assert_mem_eq(fed_session_params(&s), fed_session_params(&plain),
	                 s.parts.net.dim * sizeof(float));
	ck_assert_msg(said, "%s: \"%s\" \"%s\"", crashes[_i].lines, last.text, heard.text);
	fed__session_release(&s);
	fed__session_release(&plain);
	ck_assert_uint_eq(children(), 0);
}
END_TEST

/* The session keeps the model that it has, and one process is all that is tried. */
START_TEST(a_layer_that_crashes_is_not_chosen)
{
	static const char *const lines[] = {"model crash-model how=write-null in=forward",
	                                    "model crash-model how=exit in=init",
	                                    "model crash-model how=divide in=flops"};
	static const char *const words[] = {"crash-model: crashed in forward() at ",
	                                    "crash-model: called exit(0) in init()",
	                                    "crash-model: crashed in flops() at "};
	struct fed_session s, plain;
	struct fed_error err = {""};
	const struct fed_entry *entry;

	small_init(&plain, NULL);
	small_do(&plain, COMPOSITION ";round 2");
	small_init(&s, &heard);
	load(&s, "crash-model");
	small_do(&s, COMPOSITION ";round 1");
	ck_assert_int_eq(small_try(&s, lines[_i], &err), FED_FAIL);
	ck_assert_msg(strstr(err.text, words[_i]), "%s", err.text);
	fed_assert_ok(
		fed_registry_find(fed_session_plugins(&s), FED_KIND_MODEL, "crash-model", &entry, &err),
		&err);
	ck_assert_uint_eq(fed_session_plugin_work(&s, entry).losses, 1);
	small_do(&s, "round 1");
	ck_assert_uint_eq(fed_session_version(&s), 2);
	ck_assert_mem_eq(fed_session_params(&s), fed_session_params(&plain),
	                 s.parts.net.dim * sizeof(float));
	fed__session_release(&s);
	fed__session_release(&plain);
}
END_TEST

/* Trainings go well, evaluations do not: they are given up, and said to be. */
START_TEST(layers_are_given_up_after_three_crashes)
{
	struct fed_session s;
	struct fed_error err = {""};
	const struct fed_entry *entry;

	small_init(&s, &heard);
	load(&s, "crash-model");
	small_do(&s, COMPOSITION ";model crash-model how=write-null in=large;round 6");
	fed_assert_ok(
		fed_registry_find(fed_session_plugins(&s), FED_KIND_MODEL, "crash-model", &entry, &err),
		&err);
	ck_assert_uint_eq(fed_session_version(&s), 6);
	ck_assert_uint_eq(fed_session_plugin_work(&s, entry).losses, 3);
	const char *said = strstr(heard.text, "its layers failed 3 times in a row");
	ck_assert_msg(said && !strstr(said + 1, "its layers failed"), "%s", heard.text);
	fed__session_release(&s);
}
END_TEST

FED_SUITE(crashes)
{
	Suite *s = suite_create("crashes");
	TCase *t = tcase_create("crashes");

	tcase_set_timeout(t, 10);
	tcase_add_loop_test(t, a_crash_costs_its_call_alone, 0, sizeof crashes / sizeof *crashes);
	tcase_add_loop_test(t, a_layer_that_crashes_is_not_chosen, 0, 3);
	tcase_add_test(t, layers_are_given_up_after_three_crashes);
	suite_add_tcase(s, t);
	return s;
}
